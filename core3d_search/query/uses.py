"""Reads what things serve for and what parts they have: "something to sit on", "where food is kept cold"."""

from __future__ import annotations

from core3d_search.query.affordances import USE_WORDS
from core3d_search.query.meaning import Attribute
from core3d_search.query.nouns import GENERIC
from core3d_search.query.reading import Reading

_OPENERS = frozenset("to that which for where what can could i you we one is are used be may should would".split())
_ENDS = frozenset("on in with from into at through".split())
_PLACED = {"on": "put things on", "onto": "put things on", "in": "store things", "into": "store things"}
_LENGTHS: dict[str, int] = {}
for _words in USE_WORDS:
    _LENGTHS[_words[0]] = max(_LENGTHS.get(_words[0], 0), len(_words))


def use(r: Reading) -> bool:
    """ "to sit on", "that gives light", "where can I hang my clothes": what a thing serves for."""
    skipped = 0
    while r.word(skipped) in _OPENERS and skipped < 5:
        skipped += 1
    generic = r.i > 0 and r.words[r.i - 1] in GENERIC
    found = _use_ahead(r, skipped) if skipped or generic or r.i == 0 else None
    if found is None or (skipped == 1 and r.word() in ("one", "is", "are")):
        return False
    length, meant = found
    r.eat(skipped + length)
    if r.word() in _ENDS and r.at_clause_end(1):
        r.eat()
    owner = r.head if r.head is not None else r.current()
    owner.attributes.append(Attribute("use", meant, r.taken_negation()))
    if owner is r.target and not owner.noun:
        owner.pronoun = False
    return True


def _use_ahead(r: Reading, offset: int) -> tuple[int, str] | None:
    start = r.i + offset
    for length in range(_LENGTHS.get(r.word(offset), 0), 0, -1):
        meant = USE_WORDS.get(tuple(r.words[start : start + length]))
        if meant is not None:
            return length, meant
    if r.word(offset) in ("put", "place", "set"):  # "to put a vase on"
        for length in range(2, 6):
            if r.word(offset + length) in _PLACED and r.at_clause_end(offset + length + 1):
                return length + 1, _PLACED[r.word(offset + length)]
    return None
