"""Reads where the speaker stands and looks: "facing the door, ...", "if you enter through the white door"."""

from __future__ import annotations

from core3d_search.query import lexicon as lex
from core3d_search.query.clauses import Clauses
from core3d_search.query.draft import Draft

_LOOKS = frozenset("looking look looks staring turned pointed".split())
_TOWARD = frozenset("at toward towards into in out directly straight through down across over".split())
_STANDS = frozenset("standing stand using sitting sit lying laying seated stood".split())
_ENTERS = frozenset(
    "entering enter enters walk walking come coming go going exiting leaving exit entered leave".split()
)
_THROUGH = frozenset("through from by at via using".split())


class Viewpoints(Clauses):
    """Adds `viewpoint`: a step that fills `standing` and `facing`."""

    def viewpoint(self) -> bool:
        """Read a viewpoint at the start of a clause, after "when" or "if", or after "on the left"."""
        start = self.i
        opened = self.eat_any(lex.VIEW_OPENERS)
        if opened:
            self.eat_any(lex.VIEW_SUBJECTS)
        sided = self.target is not None and any(s[0] in ("leftmost", "rightmost") for s in self.target.selectors)
        free = opened or sided or self.target is None or self.at_clause_start(start)
        kind = self._kind(opened) if free else ""
        if not kind:
            self.back(start)
            return False
        self.eat()
        if self._fillers():
            return True
        place = self.noun_phrase()
        if place is None:
            if kind == "entering":
                self.standing = self.standing or Draft("door")
            return True
        if place.pronoun and self.target is not None:
            place = self.target
        if kind == "entering" and self.word() in _THROUGH:
            self.eat()
            place = self.noun_phrase() or place
        if self.word() == "of":
            self.eat()
            self.noun_phrase()
        self._details(place)
        self._see(kind, place)
        if self.word() == ",":
            self.mark()
        return True

    def _kind(self, opened: bool) -> str:
        """Return what begins here: facing, standing or entering, or "" for no viewpoint."""
        word, after = self.word(), self.word(1)
        first = opened or self.target is None
        if word in ("facing", "face", "viewing", "faced"):
            return "facing"
        if word in _LOOKS:
            if after == "from":
                return "standing"
            # "look at the picture above the seat" asks for the picture; "look at the doors, ..." is a viewpoint
            said = opened or word != "look" or "," in self.words[self.i : self.i + 8]
            return "facing" if said and (after in _TOWARD or (after == "to" and opened)) else ""
        if word in _STANDS and first:
            return "standing"
        if word in _ENTERS and (opened or (first and word not in ("exit", "go", "come", "leave"))):
            return "entering"
        from_place = word == "from" and after not in ("left", "right", "top", "bottom")
        if from_place and (first or self.at_clause_start(self.i)):
            return "standing"
        if word == "back" and opened and after in ("is", "against", "to", "towards", "facing"):
            return "standing"
        return ""

    def _fillers(self) -> bool:
        """Skip "towards the front of ..."; return whether another viewpoint follows ("and face")."""
        while self.word() in lex.VIEW_FILLERS:
            word, after = self.word(), self.word(1)
            if (word == "with" and after not in ("your", "my", "the")) or (
                word in ("right", "left") and after in ("", ",", "side")
            ):
                break
            if word == "and":
                if after not in ("facing", "looking", "look", "face", "turn"):
                    break
                self.eat()
                return True
            self.eat()
            if word == "room" and self.word() not in _THROUGH:
                break
        return False

    def _details(self, place: Draft) -> None:
        """Attach what directly follows: "facing the wall with the windows"."""
        for _ in range(2):
            found = self.relation_ahead()
            if found is None or found[1] not in ("with", "near", "on", "above", "inside", "below", "end"):
                return
            start = self.i
            self.eat(found[0])
            inner = self.noun_phrase()
            goes_on = found[1] == "with" or self.word() in ("", ",", "with", "and")
            if inner is None or not goes_on:
                self.back(start)
                return
            place.relate(found[1], [inner])
            self.carried(place)

    def _see(self, kind: str, place: Draft) -> None:
        if kind == "facing":
            self.facing = place
        elif kind == "entering":
            is_door = place.name.split()[-1:] == ["door"] or place.name == "doorframe"
            self.standing = place if is_door else Draft("door")
        elif not place.is_group_word:
            self.standing = self.standing or place
