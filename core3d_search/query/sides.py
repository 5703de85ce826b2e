"""Reads sides: "on the left", "to the left of the desk", "the upper left one of the two shelves"."""

from __future__ import annotations

from core3d_search.query import lexicon as lex
from core3d_search.query.cursor import MARKS
from core3d_search.query.draft import Draft
from core3d_search.query.noun_phrases import noun_phrase
from core3d_search.query.nouns import canonical
from core3d_search.query.reading import Reading
from core3d_search.query.relation_phrases import is_special, more_anchors, relate_to_it
from core3d_search.query.words import singular

_RELATION_OF_SIDE = {
    "leftmost": "left", "rightmost": "right", "frontmost": "front", "backmost": "behind", "highest": "above",
    "lowest": "below", "middle": "between",
}  # fmt: skip
_PREPOSITIONS = frozenset("on to at in from along towards toward onto".split())
_AFTER_BARE_SIDE = frozenset("of from when if as facing looking and in on by next".split()) | MARKS | {""}


def side(r: Reading) -> bool:
    """ "on the left", "to the left of the desk", "at the far right of the room", "left side"."""
    found = _side_ahead(r)
    if found is None:
        return False
    length, order, second = found
    r.eat(length)
    negated = r.taken_negation()
    if second:
        r.described().pick(second, negated=negated)
    if r.word() in ("of", "from", "to") and _side_of(r, order, negated):
        return True
    owner = r.described()
    relation = _RELATION_OF_SIDE[order]
    if owner in r.others and relation != "between":
        # "there is a lamp to the left": the other thing lies to the left of the target
        r.turn_to_target(owner, relation, negated)
        r.subject = r.head = r.target
    else:
        owner.pick(order, negated=negated)
    return True


def _side_ahead(r: Reading) -> tuple[int, str, str] | None:
    """Return (number of words, order, second order) of a side expression: "on the top left" has two orders."""
    preposition = r.word() in _PREPOSITIONS
    length = int(preposition)
    while r.word(length) in lex.BEFORE_SIDES and length < 6:
        if r.word(length) in lex.SIDES and r.word(length + 1) not in lex.SIDES:
            break
        length += 1
    word = r.word(length)
    if word not in lex.SIDES:
        return None
    order, second = lex.SIDES[word], ""
    sidewards = order in ("leftmost", "rightmost")
    length += 1
    while r.word(length) in ("most", "hand", "left", "right", "middle", "center"):
        if r.word(length) in ("left", "right") and not sidewards:
            second = lex.SIDES[r.word(length)]
        length += 1
    start = length
    horizontal = order in ("leftmost", "rightmost", "backmost", "frontmost")
    while r.word(length) in lex.SIDE_NOUNS or (r.word(length) in ("corner", "wall") and preposition and horizontal):
        length += 1
    nominal = length > start
    after = r.word(length)
    if not (preposition or nominal):
        bare_relation = after == "of" and word in ("front", "back")
        adverb = word == "right" and after != "of" and r.relation_ahead(length) is not None  # "right next to"
        if after not in _AFTER_BARE_SIDE or bare_relation or adverb:
            return None
        if order == "highest" and not second and not r.at_clause_end(length):
            return None
    if not sidewards and after == "of":
        # "on top of", "in front of", "in the middle of X and Y" are relations
        relation = r.relation_ahead()
        if relation is not None and relation[0] > 1 and not _group_follows(r, length + 1):
            return None
    return length, order, second


def _side_of(r: Reading, order: str, negated: bool) -> bool:
    """Read what follows "left of": a group at choice, the room, or an anchor."""
    start = r.i
    r.eat()
    group = _group_follows(r, 0)
    anchor = noun_phrase(r)
    if anchor is None and not group:
        r.back(start)
        return False
    owner = r.described()
    if group or anchor is None or anchor.is_group_word:
        if anchor is not None and not anchor.is_group_word:
            choose_among(r, anchor)
        owner.pick(order, negated=negated)
    elif order == "middle":
        r.back(start)
        owner.pick(order, negated=negated)
    elif anchor.pronoun and not anchor.noun:
        relate_to_it(r, owner, _RELATION_OF_SIDE[order], negated)
    elif not is_special(r, owner, _RELATION_OF_SIDE[order], anchor, negated):
        owner.relate(_RELATION_OF_SIDE[order], [anchor], negated)
        r.owner, r.head = owner, anchor
        more_anchors(r, _RELATION_OF_SIDE[order], negated)
    return True


def _group_follows(r: Reading, offset: int) -> bool:
    """Whether the objects at choice follow as a group: "the two chairs", "all the desks", "the room"."""
    counted = False
    for k in range(offset, offset + 6):
        word = r.word(k)
        found = r.name_ahead(k)
        if found is not None and word not in lex.DETERMINERS and word not in lex.ADJECTIVES:
            name = canonical(found[1])
            if name in ("room", "group", "row", "stack", "pile", "set", "scene"):
                return True
            last = r.word(k + found[0] - 1)
            several = counted or singular(last) != last
            if r.target is None or not r.target.noun:
                return several or (r.target is not None and not r.target.implied)
            return name == r.target.name and several
        if word in MARKS or not word:
            return counted
        counted = counted or word in lex.NUMBERS or word.isdigit() or word in ("them", "others", "all", "many")
    return counted


def choose_among(r: Reading, group: Draft) -> None:
    """ "the left one of the two brown chairs": the group's noun and looks are the target's."""
    target = r.current()
    target.noun = target.noun or group.noun
    if target.is_same_thing_as(group):
        target.attributes += group.attributes
        target.relations += group.relations
        r.head = target
