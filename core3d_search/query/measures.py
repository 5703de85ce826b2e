"""Reads measures: "wider than 1 m", "at least 2 metres tall", "1.5 m wide"."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from core3d_search.query import lexicon as lex
from core3d_search.query.cursor import Cursor
from core3d_search.query.meaning import Measure
from core3d_search.query.reading import Reading

_ABOUT = frozenset("about around approximately roughly circa nearly almost exactly".split())
_OPPOSITE = {"<": ">", ">": "<"}
_BOUNDS = {"over": ">", "above": ">", "under": "<", "below": "<"}
_OPENINGS = frozenset({*_ABOUT, *_BOUNDS, *lex.COMPARED, *lex.NUMBERS, "no", "at", "up"})
"""The words that a measure begins with, beside digits."""


def measure(r: Reading) -> bool:
    """ "wider than 1 m", "at least 2 metres tall", "about 1.5 m wide"."""
    if _range(r):
        return True
    found = measure_ahead(r)
    if found is None:
        return False
    length, bound = found
    r.eat(length)
    r.current().measures.append(replace(bound, negated=r.taken_negation()))
    return True


def _range(r: Reading) -> bool:
    """ "between 1 and 2 m long", "from 50 cm to 1 m wide"."""
    word = r.word()
    if word not in ("between", "from"):
        return False
    unit = lex.UNITS.get(r.word(2))
    middle = 2 if unit is None else 3
    low, high, last = _number(r.word(1)), _number(r.word(middle + 1)), lex.UNITS.get(r.word(middle + 2))
    if low is None or high is None or last is None or r.word(middle) not in ("and", "to"):
        return False
    r.eat(middle + 3)
    r.eat_any(("in",))
    dimension: Any = lex.DIMENSIONS.get(r.word())
    if dimension is not None:
        r.eat()
    bounds = (Measure(dimension or "size", ">", low * (unit or last)), Measure(dimension or "size", "<", high * last))
    r.current().measures.extend(bounds)
    return True


def measure_ahead(r: Cursor) -> tuple[int, Measure] | None:
    """Return (number of words, the bound) of a measure at the position."""
    word = r.word()
    if word not in _OPENINGS and not word[:1].isdigit():
        return None
    after = r.word(1)
    dimension, sign, length = "size", "=", 0
    if after == "than" and word in lex.COMPARED:
        dimension, sign = lex.COMPARED[word]
        length = 2
    elif word == "no" and after in lex.COMPARED and r.word(2) == "than":  # "no bigger than"
        dimension, sign = lex.COMPARED[after]
        sign, length = _OPPOSITE[sign], 3
    elif word in _BOUNDS:
        sign, length = _BOUNDS[word], 1
    elif word == "at" and after in ("least", "most"):
        sign, length = (">" if after == "least" else "<"), 2
    elif (word, after) == ("up", "to"):
        sign, length = "<", 2
    elif word in _ABOUT:
        length = 1
    number = _number(r.word(length))
    unit = lex.UNITS.get(r.word(length + 1))
    if number is None or unit is None:
        return None
    length += 2
    prefix = 1 if r.word(length) == "in" else 0
    named = lex.DIMENSIONS.get(r.word(length + prefix))
    if named is not None:
        dimension, length = named, length + prefix + 1
    elif sign == "=":
        return None
    return length, Measure(dimension, sign, number * unit)  # type: ignore[arg-type]


def _number(word: str) -> float | None:
    if word in lex.NUMBERS and word not in ("pair", "couple", "both"):
        return float(lex.NUMBERS[word])
    try:
        return float(word) if word[:1].isdigit() and len(word) < 9 else None
    except ValueError:
        return None
