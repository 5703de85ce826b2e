"""Bounds on how much objects are named by a noun, from the quantised vectors of a mapped index.

An inner product with a quantised vector is off by the rounding of its numbers, whose deviation is known
(eight_bit.rounding): what is within DEVIATIONS of it is bounded from both sides without reading a stored vector.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core3d_search.search.evaluation import asked_names
from core3d_search.search.index_rows import Floats, IndexRows
from core3d_search.search.spaces import EmbeddingSpace
from core3d_search.vectors.mapped import MappedIndex

DEVIATIONS = 6.0
"""Standard deviations of the rounding of quantised vectors that a bound allows for (eight_bit.rounding)."""

ROUNDING = 1e-5
"""Rounding of float32 inner products."""

LEAST_BELIEF = 0.05
"""What an anchor is believed at the least, so that the many which are nothing like it are not measured."""


@dataclass(frozen=True, eq=False)
class NameBounds:
    """How much N objects are named by a noun: `least` and `most` (N,) probability, `similar` (N,) most similarity."""

    least: Floats
    most: Floats
    similar: Floats


class Names:
    """The names of all objects of one space, as far as quantised vectors tell them.

    `kinds` are the usual names of all labels: an encoder is asked by the names that it gives itself.
    """

    def __init__(self, space: EmbeddingSpace, index: MappedIndex, kinds: Collection[str]) -> None:
        self._space, self._index, self._kinds = space, index, kinds

    def of(self, rows: IndexRows, noun: str) -> NameBounds:
        return self.of_each(rows, [noun])[0]

    def of_each(self, rows: IndexRows, nouns: Sequence[str]) -> list[NameBounds]:
        """Return the bounds of several nouns with one reading of the vectors."""
        asked = [asked_names(noun, self._kinds) for noun in nouns]
        texts = list(dict.fromkeys([*(name for names in asked for name in names), *nouns]))
        neutral_phrases = self._space.calibration.neutral_phrases
        vectors = self._space.texts([*texts, *neutral_phrases])
        products = rows.gathered(lambda segment, own: segment.products(vectors, own)).astype(np.float64)
        deviation = rows.gathered(lambda segment, own: segment.scales[own]) / np.sqrt(12) * DEVIATIONS
        neutral = products[:, len(texts) :].max(axis=1, keepdims=True)
        calibration, found = self._space.calibration, []
        for noun, names in zip(nouns, asked, strict=True):
            least, most = np.zeros(len(rows)), np.zeros(len(rows))
            for place in (texts.index(name) for name in names):
                away = float(np.linalg.norm(vectors[len(texts) :] - vectors[place], axis=1).max())
                width = away * deviation + ROUNDING
                most = np.maximum(most, calibration.probability(products[:, place] + width, neutral))
                least = np.maximum(least, calibration.probability(products[:, place] - width, neutral))
            found.append(NameBounds(least, most, products[:, texts.index(noun)] + deviation + ROUNDING))
        return found

    def most_alike(self, noun: str) -> float:
        """Return the most that any object can be believed to be a `noun`, as far as the index finds the nearest."""
        calibration = self._space.calibration
        names = asked_names(noun, self._kinds)
        texts = self._space.texts([*names, *calibration.neutral_phrases])
        nearest = [self._nearest(text - texts[len(names) :].mean(axis=0)) for text in texts[: len(names)]]
        most = calibration.probability(np.array(nearest), np.zeros((len(names), 1)))
        return max(float(most.max()), LEAST_BELIEF)

    def _nearest(self, query: npt.NDArray[np.float32]) -> float:
        """Return the most that the inner product of any object with `query` can be."""
        best = -1.0
        for part, live in zip(self._index.parts, self._index.live, strict=True):
            rows, products = part.nearest(query, 1, live)
            if len(rows):
                width = DEVIATIONS * float(np.linalg.norm(query)) * part.scales[rows] / np.sqrt(12)
                best = max(best, float((products + width).max()) + ROUNDING)
        return best
