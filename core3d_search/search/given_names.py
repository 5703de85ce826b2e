"""Names that a scene's own files gave to its objects, compared with the words of a search."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core3d_search.query.nouns import canonical, likeness
from core3d_search.query.words import singular

SAME, ALL_WORDS, LIKE = 0.98, 0.95, 0.9
"""What an object's own name says for it: the same name or a synonym; all words of the search are in the name; else
this times how likely somebody who says the one means the other. Never 1: files are named by people."""
LEAST_LIKE = 0.5
"""Names less alike than this say nothing."""


def named_probability(text: str, names: Sequence[str | None]) -> npt.NDArray[np.float64]:
    """Return (N,) the probability that each object is `text`, by its given name alone; 0 where it has none.

    A longer name of the same words comes after a shorter one.
    """
    said = text.lower().split()
    if not said or not any(names):
        return np.zeros(len(names))
    wanted = {singular(word) for word in said}
    return np.array([_probability(text.lower(), wanted, name.lower()) if name else 0.0 for name in names])


def _probability(text: str, wanted: set[str], name: str) -> float:
    own = {singular(word) for word in name.split()}
    if canonical(text) == canonical(name) or wanted == own:
        return SAME
    if wanted <= own:
        return ALL_WORDS - 0.002 * min(len(own - wanted), 20)
    alike = likeness(text, name)
    return LIKE * alike if alike >= LEAST_LIKE else 0.0
