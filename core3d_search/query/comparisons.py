"""Questions that two things answer, and questions for measures.

"are there more chairs than tables", "how far is the sofa from the tv" are split into what is said of either thing, and
each half is read like a text of its own. "how tall is the desk" is an opening like "where is".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core3d_search.query import lexicon as lex
from core3d_search.query.cursor import MARKS
from core3d_search.query.meaning import Aim

_COPULAS = frozenset("is are was were".split())
_THERE = tuple(
    tuple(opening.split())
    for opening in (
        "are there", "is there", "do you see", "can you see", "do we have", "do i have", "does it have",
    )
)  # fmt: skip
_COMPARED: dict[tuple[str, ...], tuple[Aim, str]] = {
    ("more",): ("more", "than"), ("fewer",): ("fewer", "than"), ("less",): ("fewer", "than"),
    ("as", "many"): ("equal", "as"),
}  # fmt: skip
"""What stands before the first of two kinds whose numbers are compared: what is asked, and what stands between them."""
_DISTANCES = tuple(
    (tuple(opening.split()), between)
    for opening, between in (
        ("how far apart are", "and"), ("how far away are", "from"), ("how far away is", "from"),
        ("how far is it from", "to"), ("how far are", "from"), ("how far is", "from"),
        ("what is the distance between", "and"), ("what is the distance from", "to"), ("distance between", "and"),
        ("distance from", "to"),
    )
)  # fmt: skip
"""Openings that ask for a distance, and the word between the two things."""


@dataclass(frozen=True)
class TwoThings:
    """What is asked of two things, and the words about either."""

    aim: Aim
    first: list[str]
    second: list[str]


def two_things(words: Sequence[str]) -> TwoThings | None:
    """Return the two things that a question compares, or whose distance it asks for; None for any other text."""
    return _numbers(words) or _distance(words)


def measured(words: Sequence[str]) -> tuple[int, Aim] | None:
    """Return (number of words, the dimension) of an opening that asks for a measure: "how tall is", "what is the height
    of"."""
    if tuple(words[:1]) == ("how",) and len(words) > 3 and words[2] in _COPULAS and words[1] in lex.DIMENSIONS:
        return 3, lex.DIMENSIONS[words[1]]  # type: ignore[return-value]
    if tuple(words[:3]) == ("what", "is", "the") and tuple(words[4:5]) == ("of",) and words[3] in lex.DIMENSIONS:
        return 5, lex.DIMENSIONS[words[3]]  # type: ignore[return-value]
    return None


def _numbers(words: Sequence[str]) -> TwoThings | None:
    opening = next((known for known in _THERE if tuple(words[: len(known)]) == known), None)
    if opening is None:
        return None
    start = len(opening)
    for said, (aim, between) in _COMPARED.items():
        if tuple(words[start : start + len(said)]) == said:
            start += len(said)
            places = (k for k in range(start + 1, len(words)) if words[k] == between)
            # "more chairs than tables wider than 1 m": that "than" belongs to the measure
            at = next((k for k in places if words[k - 1] not in lex.COMPARED), None)
            return None if at is None else _two(aim, words[start:at], words[at + 1 :])
    return None


def _distance(words: Sequence[str]) -> TwoThings | None:
    for opening, between in _DISTANCES:
        if tuple(words[: len(opening)]) == opening:
            said = list(words[len(opening) :])
            if between not in said:  # "how far apart are the two chairs"
                return _two("distance", said, said) if opening[-2:] == ("apart", "are") else None
            at = len(said) - 1 - said[::-1].index(between)
            return _two("distance", said[:at], said[at + 1 :])
    return None


def _two(aim: Aim, first: Sequence[str], second: Sequence[str]) -> TwoThings | None:
    empty = any(not set(part) - MARKS - lex.DETERMINERS for part in (first, second))
    return None if empty else TwoThings(aim, list(first), list(second))
