"""Reads what picks among several: ordinals and superlatives, "second from the left", "closest to the door"."""

from __future__ import annotations

from core3d_search.query import lexicon as lex
from core3d_search.query.draft import Draft
from core3d_search.query.noun_phrases import noun_follows, noun_phrase
from core3d_search.query.reading import Reading
from core3d_search.query.relation_phrases import more_anchors, share
from core3d_search.query.sides import choose_among

_COMPARED = {
    "largest": "larger", "smallest": "smaller", "tallest": "taller", "shortest": "shorter", "longest": "wider",
    "widest": "wider", "narrowest": "narrower",
}  # fmt: skip
"""What a comparative says of a named thing: "bigger than the microwave"."""


def _is_another_thing(r: Reading, draft: Draft) -> bool:
    return bool(draft.noun) and not draft.vague and not draft.is_group_word and not draft.continues(r.target)


def ordinal(r: Reading) -> bool:
    """ "second from the left", "the third chair from the door", "second largest"."""
    if r.word() not in lex.ORDINALS:
        return False
    rank = lex.ORDINALS[r.word()]
    r.eat()
    found = r.order_ahead()
    if found is not None:
        _pick(r, found, rank)
        return True
    r.eat_any(("row", "level"))
    start = r.i
    thing = None if r.word() in lex.AFTER_ORDINALS else noun_phrase(r, ranked=True)
    if thing is not None and not thing.pronoun:
        if r.target is None:
            r.focus(thing)
        elif not thing.is_same_thing_as(r.target):
            r.back(start)  # "the third shelf": an ordinal of another thing
            return True
    order, anchors = _counted_from(r) or ("first", [])  # a bare ordinal waits for a side
    r.current().pick(order, rank, anchors, r.taken_negation())
    return True


def _counted_from(r: Reading) -> tuple[str, list[Draft]] | None:
    """Read "from the left", "from the door", "on the right", "from left to right", "over from the top"."""
    start = r.i
    if r.word() in ("over", "down", "up", "along", "away", "back", "going", ",", "one") and r.word(1) in (
        "from",
        "on",
        "to",
    ):
        r.eat()
    preposition = r.word() if r.word() in ("from", "on", "to", "in", "at") else ""
    if preposition:
        r.eat()
        r.eat_any(("the", "your", "my", "far", "its", "very"))
    side = lex.SIDES.get(r.word())
    if side is not None and side != "middle" and (preposition or r.word() in ("left", "right")):
        r.eat()
        r.eat_any(("hand", "side", "most", "end"))
        if r.word() == "to" and r.word(1) in lex.SIDES:
            r.eat(2)
        if not (side in ("frontmost", "backmost") and r.word() == "of"):
            return side, []
    elif preposition == "from":
        anchor = noun_phrase(r)
        if anchor is not None and not anchor.pronoun:
            return "closest", [anchor]
    r.back(start)
    return None


def alone(r: Reading) -> bool:
    """ "by itself", "alone"."""
    for phrase in lex.ALONE.get(r.word(), ()):
        if tuple(r.words[r.i : r.i + len(phrase)]) == phrase:
            r.eat(len(phrase))
            r.current().pick("loneliest", negated=r.taken_negation())
            return True
    return False


def selector(r: Reading) -> bool:
    """ "closest to the door", "the largest", "tallest lamp"."""
    found = r.order_ahead()
    if found is None or (found[1] in ("frontmost", "backmost") and r.word(found[0]) == "of"):
        return False
    if found[1] in ("highest", "lowest") and r.word(1) == "than":
        return False
    _pick(r, found, 1)
    return True


def _pick(r: Reading, found: tuple[int, str], rank: int) -> None:
    length, order = found
    r.eat(length)
    negated = r.taken_negation()
    if order in ("closest", "farthest"):
        _pick_by_distance(r, order, rank, negated, length)
        return
    if r.word() == "than":  # "larger than the other"
        r.eat()
        other = noun_phrase(r)
        if other is not None and order in _COMPARED and _is_another_thing(r, other):
            owner = r.described()
            owner.relate(_COMPARED[order], [other], negated)
            r.owner, r.head = owner, other
            return
    elif r.word() == "of":
        r.eat()
        group = noun_phrase(r)
        if group is not None and not group.is_group_word and not group.pronoun:
            choose_among(r, group)
    elif r.target is None:
        thing = noun_phrase(r)
        if thing is not None:
            r.focus(thing)
    named = r.target is not None and not r.target.vague
    (r.described() if named else r.current()).pick(order, rank, negated=negated)


def _pick_by_distance(r: Reading, order: str, rank: int, negated: bool, length: int) -> None:
    named = r.target is not None and not (r.subject is r.target and r.target.vague)
    owner = r.described() if named else None
    toward = r.words[r.i - length : r.i]
    r.eat_any(("to", "from", "away", "towards", "of", "by", "one"))
    if _side_comes(r):
        return  # "farthest to the left" is simply leftmost
    anchor = noun_phrase(r)
    if anchor is None or (anchor.pronoun and anchor.plural):
        r.current().pick(order, rank, negated=negated)
        return
    before = r.words[max(0, r.i - 8) : r.i] if owner is None else toward
    is_thing = r.word() in ("to", "from") or (owner is None and not {"to", "from", "by"} & set(before))
    if is_thing and not anchor.pronoun and (owner is None or anchor.is_same_thing_as(r.target)):
        r.adopt(anchor)  # "the closest chair to the door": the noun is the target
        inner = None
        if r.word() in ("to", "from", "by"):
            r.eat()
            inner = noun_phrase(r)
        r.current().pick(order, rank, [inner] if inner is not None else [], negated)
        return
    owner = owner or r.current()
    owner.pick(order, rank, [anchor], negated)
    share(r, anchor)
    r.owner, r.head = owner, anchor
    more_anchors(r, order, negated)


def _side_comes(r: Reading) -> bool:
    k = 0
    while r.word(k) in ("to", "on", "the", "at", "your"):
        k += 1
    return r.word(k) in ("left", "right") and r.word(k + 1) != "of" and not noun_follows(r, k + 1)
