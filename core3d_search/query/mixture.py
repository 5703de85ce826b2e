"""Weighted sums of phrases: "2:wooden chair - office" asks for wooden chairs, less what offices look like."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SIGN = re.compile(r"\s+([+-])\s+")
_WEIGHT = re.compile(r"(\d+(?:\.\d+)?)\s*:\s*(.+)", re.DOTALL)


@dataclass(frozen=True)
class Term:
    """One phrase of a mixture and its weight, negative where it is subtracted."""

    weight: float
    text: str


def parse_mixture(text: str) -> tuple[Term, ...]:
    """Return the terms of `text`, or none where it is an ordinary phrase.

    Terms are parted by " + " and " - " (with spaces, so that "t-shirt" stays whole), each with an optional
    "weight:" before it.
    """
    parts = _SIGN.split(text.strip())
    signs, phrases = ["+", *parts[1::2]], parts[::2]
    terms = []
    for sign, phrase in zip(signs, phrases, strict=True):
        weighted = _WEIGHT.fullmatch(phrase.strip())
        weight, words = (float(weighted[1]), weighted[2]) if weighted else (1.0, phrase)
        if not words.strip():
            return ()
        terms.append(Term(-weight if sign == "-" else weight, words.strip()))
    ordinary = len(terms) == 1 and terms[0].text == text.strip()
    return () if ordinary else tuple(terms)
