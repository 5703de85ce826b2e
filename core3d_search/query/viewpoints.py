"""Reads where the speaker stands and looks: "facing the door, ...", "if you enter through the white door"."""

from __future__ import annotations

from core3d_search.query import lexicon as lex
from core3d_search.query.cursor import MARKS
from core3d_search.query.draft import Draft
from core3d_search.query.noun_phrases import noun_phrase
from core3d_search.query.reading import Reading
from core3d_search.query.relation_phrases import carried
from core3d_search.query.statements import mark

_LOOKS = frozenset("looking look looks staring turned pointed".split())
_TOWARD = frozenset("at toward towards into in out directly straight through down across over".split())
_STANDS = frozenset("standing stand using sitting sit lying laying seated stood".split())
_ENTERS = frozenset(
    "entering enter enters walk walking come coming go going exiting leaving exit entered leave".split()
)
_THROUGH = frozenset("through from by at via using".split())


def viewpoint(r: Reading) -> bool:
    """Read a viewpoint at the start of a clause, after "when" or "if", or after "on the left"."""
    start = r.i
    opened = r.eat_any(lex.VIEW_OPENERS)
    if opened:
        r.eat_any(lex.VIEW_SUBJECTS)
    sided = r.target is not None and any(s[0] in ("leftmost", "rightmost") for s in r.target.selectors)
    free = opened or sided or r.target is None or r.at_clause_start(start)
    kind = _kind(r, opened) if free else ""
    if not kind:
        r.back(start)
        return False
    r.eat()
    if _fillers(r):
        return True
    place = noun_phrase(r)
    if place is None:
        if kind == "entering":
            r.standing = r.standing or Draft("door")
        return True
    if place.pronoun and r.target is not None:
        place = r.target
    if kind == "entering" and r.word() in _THROUGH:
        r.eat()
        place = noun_phrase(r) or place
    if r.word() == "of":
        r.eat()
        noun_phrase(r)
    _details(r, place)
    _see(r, kind, place)
    if r.word() == ",":
        mark(r)
    return True


def _kind(r: Reading, opened: bool) -> str:
    """Return what begins here: facing, standing or entering, or "" for no viewpoint."""
    word, after = r.word(), r.word(1)
    first = opened or r.target is None
    if word in ("facing", "face", "viewing", "faced"):
        return "facing"
    if word in _LOOKS:
        if after == "from":
            return "standing"
        # "look at the picture above the seat" asks for the picture; "look at the doors, ..." is a viewpoint
        stands = r.standing is not None and r.i > 0 and r.words[r.i - 1] == "and"
        said = opened or stands or word != "look" or "," in r.words[r.i : r.i + 8]
        return "facing" if said and (after in _TOWARD or (after == "to" and opened)) else ""
    if word in _STANDS and first:
        return "standing"
    if word in ("walk", "go") and after == "to" and not opened and not _goes_on(r):
        return ""  # "walk to the seat on the right" asks for the seat
    if word in _ENTERS and (opened or (first and word not in ("exit", "go", "come", "leave"))):
        return "entering"
    from_place = word == "from" and after not in ("left", "right", "top", "bottom")
    if from_place and (first or r.at_clause_start(r.i)):
        return "standing"
    if word == "back" and opened and after in ("is", "against", "to", "towards", "facing"):
        return "standing"
    return ""


def _goes_on(r: Reading) -> bool:
    """Whether another clause follows: "walk to the door, and look at the windows"."""
    return any(word in MARKS or word in _LOOKS or word in ("facing", "face") for word in r.words[r.i : -1])


def _fillers(r: Reading) -> bool:
    """Skip "towards the front of ..."; return whether another viewpoint follows ("and face")."""
    while r.word() in lex.VIEW_FILLERS:
        word, after = r.word(), r.word(1)
        if (word == "with" and after not in ("your", "my", "the")) or (
            word in ("right", "left") and after in ("", ",", "side")
        ):
            break
        if word == "and":
            if after not in ("facing", "looking", "look", "face", "turn"):
                break
            r.eat()
            return True
        r.eat()
        if word == "room" and r.word() not in _THROUGH:
            break
    return False


def _details(r: Reading, place: Draft) -> None:
    """Attach what directly follows: "facing the wall with the windows"."""
    for _ in range(2):
        found = r.relation_ahead()
        if found is None or found[1] not in ("with", "near", "on", "above", "inside", "below", "end"):
            return
        start = r.i
        r.eat(found[0])
        inner = noun_phrase(r)
        goes_on = found[1] == "with" or r.word() in ("", ",", "with", "and")
        if inner is None or not goes_on:
            r.back(start)
            return
        place.relate(found[1], [inner])
        carried(r, place)


def _see(r: Reading, kind: str, place: Draft) -> None:
    if kind == "facing":
        r.facing = place
    elif kind == "entering":
        is_door = place.name.split()[-1:] == ["door"] or place.name == "doorframe"
        r.standing = place if is_door else Draft("door")
    elif not place.is_group_word:
        r.standing = r.standing or place
