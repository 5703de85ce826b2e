"""Names that a scene's own files gave to its objects, compared with the words of a search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from core3d_search.meshes.names import spoken
from core3d_search.query.lexicon import COLORS
from core3d_search.query.nouns import canonical, likeness
from core3d_search.query.words import singular
from core3d_search.search.belief import PhraseMatch

SAME, ALL_WORDS, LIKE = 0.98, 0.95, 0.9
"""What an object's own name says for it: the same name or a synonym; all words of the search are in the name; else
this times how likely somebody who says the one means the other. Never 1: files are named by people."""
LEAST_LIKE = 0.5
"""Names less alike than this say nothing."""
ARTICLES = frozenset(("a", "an", "the", "my", "find", "show", "where", "is"))


def named_probability(text: str, names: Sequence[str | None]) -> npt.NDArray[np.float64]:
    """Return (N,) the probability that each object is `text`, by its given name alone; 0 where it has none.

    A longer name of the same words comes after a shorter one.
    """
    said = text.lower().split()
    thing = [word for word in said if word not in COLORS] or said  # the colour is measured, whatever the name says
    if not thing or not any(names):
        return np.zeros(len(names))
    return np.array([_probability(" ".join(thing), name.lower()) if name else 0.0 for name in names])


def called_probability(text: str, names: Sequence[str | None]) -> npt.NDArray[np.float64]:
    """Return (N,) the probability that each object is what `text` as a whole calls it; 0 where its name lacks a word.

    A file may be called "table with tablecloth" or "oak_table_02", which a grammar reads as a table and its relation or
    material.
    """
    said = " ".join(word for word in spoken(text).split() if word not in ARTICLES)
    if not said or not any(names):
        return np.zeros(len(names))
    found = np.array([_probability(said, name.lower()) if name else 0.0 for name in names])
    doubt = 0.2 if " " in said else 1.0  # that several words agree is no chance
    return np.where(found > LIKE, 1.0 - doubt * (1.0 - found), 0.0)


def with_names(match: PhraseMatch, text: str, names: Sequence[str | None]) -> PhraseMatch:
    """Return `match` of N objects, raised to what their given names say, and which name that was."""
    named = named_probability(text, names)
    better = named > match.probability
    if not better.any():
        return match
    said = tuple(name if wins else None for name, wins in zip(names, better.tolist(), strict=True))
    return replace(match, probability=np.where(better, named, match.probability), names=said)


@lru_cache(maxsize=65536)
def _probability(text: str, name: str) -> float:
    wanted = {singular(word) for word in text.split()}
    own = {singular(word) for word in name.split()}
    wanted = {word for word in wanted if word in own or not word.isdigit()} or wanted  # "chair 3" finds chairs, too
    name = " ".join(word for word in name.split() if not word.isdigit()) or name
    if canonical(text) == canonical(name) or wanted == own:
        return SAME
    if wanted <= own:
        begins = 0.012 if name.startswith(f"{text} ") else 0.0
        return ALL_WORDS + begins - 0.002 * min(sum(not word.isdigit() for word in own - wanted), 20)
    alike = likeness(text, name)
    return LIKE * alike if alike >= LEAST_LIKE else 0.0
