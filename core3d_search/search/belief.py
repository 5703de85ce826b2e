"""What phrases and factors leave of N objects, as one probability each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from core3d_search.relations.table import Array
from core3d_search.search.reasons import Factor

MOST_TARGETS, MOST_ANCHORS, MOST_ORDERED, MOST_ORIGINS = 2000, 500, 250, 12
"""Beams: the best objects that are looked at as targets, as anchors, in orders, and as what orders measure from."""


LEAST_BELIEVED = 1e-3
"""What is named less is no target, whatever else is said."""


@dataclass(frozen=True, eq=False)
class PhraseMatch:
    """How well a phrase names each of N objects: `probability` (N,) in [0, 1], raw `similarity` (N,) in [-1, 1].

    `scale` turns differences of similarity into log odds; 0 where similarities tell nothing beyond the probability.
    `names` (N) are the names that files gave to objects and that match, None for those that were matched by looks.
    """

    probability: Array
    similarity: Array
    scale: float = 0.0
    names: tuple[str | None, ...] = ()


Match = Callable[[Sequence[str]], "list[PhraseMatch]"]
"""Compares phrases ("red wooden chair") with all objects of the table; those that are asked together are looked up
together."""


@dataclass(eq=False)
class Belief:
    """The probability (N,) that each object is what a phrase describes: the product of `factors`, 0 outside `rows`."""

    values: Array
    named: Array
    rows: Array
    factors: list[Factor] = field(default_factory=list)

    def add(self, factor: Factor) -> None:
        """Multiply by a further factor."""
        self.values = self.values * factor.score
        self.factors.append(factor)


def best(belief: Array, most: int, least: float) -> Array:
    """Return the rows (R,) with more than `least` belief, the best `most` of them, ascending."""
    rows = np.flatnonzero(belief > max(least, 1e-8))
    if len(rows) > most:
        rows = np.sort(rows[np.argsort(-belief[rows], kind="stable")[:most]])
    return rows
