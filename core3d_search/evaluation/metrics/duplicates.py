"""How often one thing became several objects, and how many objects there are for each true one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

MOSTLY = 0.5
"""Fraction of an object's points on one true instance from which it counts as that instance, whole or in part."""


@dataclass(frozen=True)
class DuplicateScores:
    """`objects` stored, `instances` that are true, `owned` objects that lie mostly on one instance, and how many
    different ones those `touched`. Sums add over scenes."""

    objects: int = 0
    instances: int = 0
    owned: int = 0
    touched: int = 0

    @property
    def rate(self) -> float:
        """Fraction of the owned objects that repeat an instance which another one has already; NaN without any."""
        return (self.owned - self.touched) / self.owned if self.owned else float("nan")

    @property
    def density(self) -> float:
        """Objects for each true instance (DualMap's object density ratio); best at 1."""
        return self.objects / self.instances if self.instances else float("nan")

    def __add__(self, other: DuplicateScores) -> DuplicateScores:
        return DuplicateScores(
            self.objects + other.objects,
            self.instances + other.instances,
            self.owned + other.owned,
            self.touched + other.touched,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return rate and density."""
        return {"duplicates": self.rate, "objects per instance": self.density}


def duplicate_scores(instances: Ints, predicted_points: Sequence[Ints]) -> DuplicateScores:
    """Return the counts of one scene: `instances` (N,) the true instance of each point, 0 for none.

    `predicted_points` are the points of each object, positions among N. An object with no point counts as one that
    owns nothing.
    """
    owners = []
    for points in predicted_points:
        found = np.bincount(instances[points])[1:] if len(points) else np.zeros(0, np.int64)
        if len(found) and found.max() > MOSTLY * len(points):
            owners.append(int(found.argmax()) + 1)
    true = np.unique(instances[instances > 0])
    return DuplicateScores(len(predicted_points), len(true), len(owners), len(set(owners)))
