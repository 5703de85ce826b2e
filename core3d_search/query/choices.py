"""Reads what picks among several: sides, ordinals, superlatives and measures."""

from __future__ import annotations

from core3d_search.query import lexicon as lex
from core3d_search.query.cursor import MARKS
from core3d_search.query.draft import Draft
from core3d_search.query.meaning import Measure
from core3d_search.query.nouns import canonical
from core3d_search.query.viewpoints import Viewpoints
from core3d_search.query.words import singular

_RELATION_OF_SIDE = {
    "leftmost": "left", "rightmost": "right", "frontmost": "front", "backmost": "behind", "highest": "above",
    "lowest": "below", "middle": "between",
}  # fmt: skip
_PREPOSITIONS = frozenset("on to at in from along towards toward onto".split())
_AFTER_BARE_SIDE = frozenset("of from when if as facing looking and in on by next".split()) | MARKS | {""}


class Choices(Viewpoints):
    """Steps that add orders and measures."""

    def measure(self) -> bool:
        """ "wider than 1 m", "at least 2 metres tall", "1.5 m wide"."""
        word, after = self.word(), self.word(1)
        dimension, sign, length = "size", "=", 0
        if after == "than" and word in lex.COMPARED:
            dimension, sign = lex.COMPARED[word]
            length = 2
        elif word == "at" and after in ("least", "most"):
            sign, length = (">" if after == "least" else "<"), 2
        number = _number(self.word(length))
        unit = lex.UNITS.get(self.word(length + 1))
        if number is None or unit is None:
            return False
        length += 2
        prefix = 1 if self.word(length) == "in" else 0
        named = lex.DIMENSIONS.get(self.word(length + prefix))
        if named is not None:
            dimension, length = named, length + prefix + 1
        elif sign == "=":
            return False
        self.eat(length)
        bound = Measure(dimension, sign, number * unit, self.taken_negation())  # type: ignore[arg-type]
        self.current().measures.append(bound)
        return True

    # -- sides -------------------------------------------------------------------------------------------------------

    def side(self) -> bool:
        """ "on the left", "to the left of the desk", "at the far right of the room", "left side"."""
        found = self._side_ahead()
        if found is None:
            return False
        length, order, second = found
        self.eat(length)
        negated = self.taken_negation()
        if second:
            self.described().pick(second, negated=negated)
        if self.word() in ("of", "from", "to") and self._side_of(order, negated):
            return True
        owner = self.described()
        relation = _RELATION_OF_SIDE[order]
        if owner in self.others and relation != "between":
            # "there is a lamp to the left": the other thing lies to the left of the target
            self.turn_to_target(owner, relation, negated)
            self.subject = self.head = self.target
        else:
            owner.pick(order, negated=negated)
        return True

    def _side_ahead(self) -> tuple[int, str, str] | None:
        """Return (number of words, order, second order) of a side expression: "on the top left" has two orders."""
        preposition = self.word() in _PREPOSITIONS
        length = int(preposition)
        while self.word(length) in lex.BEFORE_SIDES and length < 6:
            if self.word(length) in lex.SIDES and self.word(length + 1) not in lex.SIDES:
                break
            length += 1
        word = self.word(length)
        if word not in lex.SIDES:
            return None
        order, second = lex.SIDES[word], ""
        sidewards = order in ("leftmost", "rightmost")
        length += 1
        while self.word(length) in ("most", "hand", "left", "right", "middle", "center"):
            if self.word(length) in ("left", "right") and not sidewards:
                second = lex.SIDES[self.word(length)]
            length += 1
        start = length
        horizontal = order in ("leftmost", "rightmost", "backmost", "frontmost")
        while self.word(length) in lex.SIDE_NOUNS or (
            self.word(length) in ("corner", "wall") and preposition and horizontal
        ):
            length += 1
        nominal = length > start
        after = self.word(length)
        if not (preposition or nominal):
            bare_relation = after == "of" and word in ("front", "back")
            adverb = word == "right" and after != "of" and self.relation_ahead(length) is not None  # "right next to"
            if after not in _AFTER_BARE_SIDE or bare_relation or adverb:
                return None
            if order == "highest" and not second and not self.at_clause_end(length):
                return None
        if not sidewards and after == "of":
            # "on top of", "in front of", "in the middle of X and Y" are relations
            relation = self.relation_ahead()
            if relation is not None and relation[0] > 1 and not self._group_follows(length + 1):
                return None
        return length, order, second

    def _side_of(self, order: str, negated: bool) -> bool:
        """Read what follows "left of": a group at choice, the room, or an anchor."""
        start = self.i
        self.eat()
        group = self._group_follows(0)
        anchor = self.noun_phrase()
        if anchor is None and not group:
            self.back(start)
            return False
        owner = self.described()
        if group or anchor is None or anchor.is_group_word:
            if anchor is not None and not anchor.is_group_word:
                self._choose_among(anchor)
            owner.pick(order, negated=negated)
        elif order == "middle":
            self.back(start)
            owner.pick(order, negated=negated)
        elif anchor.pronoun and not anchor.noun:
            self.relate_to_it(owner, _RELATION_OF_SIDE[order], negated)
        elif not self.is_special(owner, _RELATION_OF_SIDE[order], anchor, negated):
            owner.relate(_RELATION_OF_SIDE[order], [anchor], negated)
            self.owner, self.head = owner, anchor
            self.more_anchors(_RELATION_OF_SIDE[order], negated)
        return True

    def _group_follows(self, offset: int) -> bool:
        """Whether the objects at choice follow as a group: "the two chairs", "all the desks", "the room"."""
        counted = False
        for k in range(offset, offset + 6):
            word = self.word(k)
            found = self.name_ahead(k)
            if found is not None and word not in lex.DETERMINERS and word not in lex.ADJECTIVES:
                name = canonical(found[1])
                if name in ("room", "group", "row", "stack", "pile", "set", "scene"):
                    return True
                if self.target is None or not self.target.noun:
                    return True
                last = self.word(k + found[0] - 1)
                return name == self.target.name and (counted or singular(last) != last)
            if word in MARKS or not word:
                return counted
            counted = counted or word in lex.NUMBERS or word.isdigit() or word in ("them", "others", "all", "many")
        return counted

    def _choose_among(self, group: Draft) -> None:
        """ "the left one of the two brown chairs": the group's noun and looks are the target's."""
        target = self.current()
        target.noun = target.noun or group.noun
        if target.is_same_thing_as(group):
            target.attributes += group.attributes
            target.relations += group.relations
            self.head = target

    # -- ordinals ----------------------------------------------------------------------------------------------------

    def ordinal(self) -> bool:
        """ "second from the left", "the third chair from the door", "second largest"."""
        if self.word() not in lex.ORDINALS:
            return False
        rank = lex.ORDINALS[self.word()]
        self.eat()
        found = self.order_ahead()
        if found is not None:
            self._pick(found, rank)
            return True
        self.eat_any(("row", "level"))
        start = self.i
        thing = None if self.word() in lex.AFTER_ORDINALS else self.noun_phrase(ranked=True)
        if thing is not None and not thing.pronoun:
            if self.target is None:
                self.focus(thing)
            elif not thing.is_same_thing_as(self.target):
                self.back(start)  # "the third shelf": an ordinal of another thing
                return True
        order, anchors = self._counted_from() or ("first", [])  # a bare ordinal waits for a side
        self.current().pick(order, rank, anchors, self.taken_negation())
        return True

    def _counted_from(self) -> tuple[str, list[Draft]] | None:
        """Read "from the left", "from the door", "on the right", "from left to right", "over from the top"."""
        start = self.i
        if self.word() in ("over", "down", "up", "along", "away", "back", "going", ",", "one") and self.word(1) in (
            "from",
            "on",
            "to",
        ):
            self.eat()
        preposition = self.word() if self.word() in ("from", "on", "to", "in", "at") else ""
        if preposition:
            self.eat()
            self.eat_any(("the", "your", "my", "far", "its", "very"))
        side = lex.SIDES.get(self.word())
        if side is not None and side != "middle" and (preposition or self.word() in ("left", "right")):
            self.eat()
            self.eat_any(("hand", "side", "most", "end"))
            if self.word() == "to" and self.word(1) in lex.SIDES:
                self.eat(2)
            if not (side in ("frontmost", "backmost") and self.word() == "of"):
                return side, []
        elif preposition == "from":
            anchor = self.noun_phrase()
            if anchor is not None and not anchor.pronoun:
                return "closest", [anchor]
        self.back(start)
        return None

    # -- superlatives ------------------------------------------------------------------------------------------------

    def alone(self) -> bool:
        """ "by itself", "alone"."""
        for phrase in lex.ALONE.get(self.word(), ()):
            if tuple(self.words[self.i : self.i + len(phrase)]) == phrase:
                self.eat(len(phrase))
                self.current().pick("loneliest", negated=self.taken_negation())
                return True
        return False

    def selector(self) -> bool:
        """ "closest to the door", "the largest", "tallest lamp"."""
        found = self.order_ahead()
        if found is None or (found[1] in ("frontmost", "backmost") and self.word(found[0]) == "of"):
            return False
        if found[1] in ("highest", "lowest") and self.word(1) == "than":
            return False
        self._pick(found, 1)
        return True

    def _pick(self, found: tuple[int, str], rank: int) -> None:
        length, order = found
        self.eat(length)
        negated = self.taken_negation()
        if order in ("closest", "farthest"):
            self._pick_by_distance(order, rank, negated, length)
            return
        if self.word() == "than":  # "larger than the other"
            self.eat()
            self.noun_phrase()
        elif self.word() == "of":
            self.eat()
            group = self.noun_phrase()
            if group is not None and not group.is_group_word and not group.pronoun:
                self._choose_among(group)
        elif self.target is None:
            thing = self.noun_phrase()
            if thing is not None:
                self.focus(thing)
        named = self.target is not None and not self.target.vague
        (self.described() if named else self.current()).pick(order, rank, negated=negated)

    def _pick_by_distance(self, order: str, rank: int, negated: bool, length: int) -> None:
        named = self.target is not None and not (self.subject is self.target and self.target.vague)
        owner = self.described() if named else None
        toward = self.words[self.i - length : self.i]
        self.eat_any(("to", "from", "away", "towards", "of", "by", "one"))
        if self._side_comes():
            return  # "farthest to the left" is simply leftmost
        anchor = self.noun_phrase()
        if anchor is None or (anchor.pronoun and anchor.plural):
            self.current().pick(order, rank, negated=negated)
            return
        before = self.words[max(0, self.i - 8) : self.i] if owner is None else toward
        is_thing = self.word() in ("to", "from") or (owner is None and not {"to", "from", "by"} & set(before))
        if is_thing and not anchor.pronoun and (owner is None or anchor.is_same_thing_as(self.target)):
            self.adopt(anchor)  # "the closest chair to the door": the noun is the target
            inner = None
            if self.word() in ("to", "from", "by"):
                self.eat()
                inner = self.noun_phrase()
            self.current().pick(order, rank, [inner] if inner is not None else [], negated)
            return
        owner = owner or self.current()
        owner.pick(order, rank, [anchor], negated)
        self.share(anchor)
        self.owner, self.head = owner, anchor
        self.more_anchors(order, negated)

    def _side_comes(self) -> bool:
        k = 0
        while self.word(k) in ("to", "on", "the", "at", "your"):
            k += 1
        return self.word(k) in ("left", "right") and self.word(k + 1) != "of" and not self.noun_follows(k + 1)


def _number(word: str) -> float | None:
    if word in lex.NUMBERS and word not in ("pair", "couple", "both"):
        return float(lex.NUMBERS[word])
    try:
        return float(word) if word[:1].isdigit() and len(word) < 9 else None
    except ValueError:
        return None
