"""Reads clauses that set the view by what is seen where: "so that the door is at your right", "with your back to it".

They name no target: what they say holds for the left and right of the whole text.
"""

from __future__ import annotations

from core3d_search.query.cursor import MARKS
from core3d_search.query.draft import Draft
from core3d_search.query.noun_phrases import noun_phrase
from core3d_search.query.nouns import canonical
from core3d_search.query.reading import Reading
from core3d_search.query.statements import mark

_OPENERS = (("so", "that"), ("such", "that"), ("with",), ("having",), ("so",), ("if",), ("when",), ("while",))
_BE = frozenset("is are be being should must will would located standing directly immediately just".split())
_BEFORE_SIDE = frozenset("on to at in off the your my our immediate far direct very".split())
_AFTER_SIDE = frozenset("hand side of in your my our the view you me us field vision".split())
_YOURS = frozenset("your my our you me us".split())
_SIDES = {"left": "left", "right": "right", "behind": "behind", "back": "behind", "front": "facing", "ahead": "facing"}
_FAR = 20
"""Words in which "your" comes, if at all."""
_TO = frozenset("to against towards toward facing at is are on".split())


def seen_side(r: Reading) -> bool:
    """ "the fridge should be left in your view, and ...", "with your back to the window"."""
    start = r.i
    if not _YOURS & set(r.words[start : start + _FAR]):
        return False
    opened = next((words for words in _OPENERS if tuple(r.words[r.i : r.i + len(words)]) == words), ())
    described = opened in (("with",), ("having",)) and r.target is not None and not r.at_clause_start(start)
    r.eat(len(opened))
    found = _own_back(r)
    if found is None and not described:  # unlike "the chair with a lamp on your left"
        found = _thing_at_side(r, bool(opened))
    if found is None:
        r.back(start)
        return False
    side, place = found
    if side == "facing":
        r.facing = r.facing or place
    else:
        r.seen.setdefault(side, place)
    if r.word() == ",":
        mark(r)
    return True


def _own_back(r: Reading) -> tuple[str, Draft] | None:
    """ "your back to the window"."""
    if r.word() not in _YOURS or r.word(1) != "back" or r.word(2) not in _TO:
        return None
    r.eat(2)
    r.eat_any(_TO)
    place = noun_phrase(r)
    return None if place is None or not place.noun else ("behind", place)


def _thing_at_side(r: Reading, opened: bool) -> tuple[str, Draft] | None:
    place = noun_phrase(r)
    if place is None or not place.noun:
        return None
    at = r.i
    r.eat_any(_BE)
    demanded = bool({"should", "must"} & set(r.words[at : r.i]))
    k = 0
    while r.word(k) in _BEFORE_SIDE and k < 5:
        k += 1
    side = _SIDES.get(r.word(k), "")
    end = k + 1
    while r.word(end) in _AFTER_SIDE and end < k + 6:
        end += 1
    yours = _YOURS & set(r.words[r.i : r.i + end])
    if not side or not yours or not (opened or (demanded and _another_follows(r, end, place.name))):
        return None
    r.eat(end)
    return side, place


def _another_follows(r: Reading, offset: int, name: str) -> bool:
    """Whether the next clause is about another thing: then this one only sets the scene."""
    if r.word(offset) != "and" and r.word(offset) not in MARKS:
        return False
    for k in range(offset + 1, offset + 8):
        found = r.name_ahead(k)
        if found is not None and r.word(k) not in ("right", "left", "back", "front"):
            return canonical(found[1]) != name
    return False
