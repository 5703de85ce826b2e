"""Which of a scene's new objects are the ones that were there before, so that an id stays with its thing.

The rule. Two objects may be one thing where at least LEAST_OVERLAP of the surface of each lies within TOLERANCE_M of
the other (the geometric mean of both shares; of boxes without points their IoU), and where that overlap, times the
likeness of their embeddings, (1 + cosine) / 2, is at least LEAST_LIKENESS; objects of different encoders are told apart
by place alone. Among all such pairs those are chosen, one to one, whose sum is largest (the assignment problem;
Crouse, "On implementing 2D rectangular assignment algorithms", 2016, as SciPy solves it). A thing that was carried
elsewhere, or taken apart by other masks, is a new object.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import SceneObject
from core3d_search.geometry import box_corners, box_iou

if TYPE_CHECKING:
    from scipy.spatial import KDTree

TOLERANCE_M = 0.05
"""How far noise and another sampling of views move a surface; as wide as a small thing, so that mugs keep theirs."""

LEAST_OVERLAP, LEAST_LIKENESS = 0.3, 0.25

MOST_POINTS, MOST_SAMPLES = 20_000, 300
"""Points of an object that are measured to, and from."""


def same_things(
    before: Sequence[SceneObject], now: Sequence[SceneObject], *, one_encoder: bool
) -> list[SceneObject | None]:
    """Return, for each object of `now`, the one of `before` that is the same thing, None for a new one.

    `one_encoder` says that the embeddings of both are comparable.
    """
    if not before or not now:
        return [None] * len(now)
    from scipy.optimize import linear_sum_assignment

    overlap = _overlaps(before, now)
    likeness = overlap.copy()
    if one_encoder:
        cosine = np.stack([o.embedding for o in now]) @ np.stack([o.embedding for o in before]).T
        likeness *= (1 + np.clip(cosine, -1, 1)) / 2
    likeness[(overlap < LEAST_OVERLAP) | (likeness < LEAST_LIKENESS)] = 0
    found: list[SceneObject | None] = [None] * len(now)
    for row, column in zip(*linear_sum_assignment(likeness, maximize=True), strict=True):
        if likeness[row, column] > 0:
            found[row] = before[column]
    return found


def _overlaps(before: Sequence[SceneObject], now: Sequence[SceneObject]) -> npt.NDArray[np.float64]:
    """Return (N now, N before) overlaps in [0, 1]."""
    old, new = [_Surface(item) for item in before], [_Surface(item) for item in now]
    overlap = np.zeros((len(new), len(old)))
    low, high = np.stack([surface.low for surface in old]), np.stack([surface.high for surface in old])
    for row, surface in enumerate(new):
        meets = (surface.low <= high + TOLERANCE_M) & (surface.high >= low - TOLERANCE_M)
        for column in np.flatnonzero(meets.all(axis=1)):
            overlap[row, column] = surface.overlap(old[column])
    return overlap


class _Surface:
    """The points of an object, ready to be measured to; its box where it has none."""

    def __init__(self, item: SceneObject) -> None:
        self.box = item.box
        self.points = item.points[:: max(1, -(-len(item.points) // MOST_POINTS))]
        self.samples = self.points[:: max(1, -(-len(self.points) // MOST_SAMPLES))]
        corners: npt.NDArray[Any] = self.points if len(self.points) else box_corners(item.box)
        self.low, self.high = corners.min(axis=0), corners.max(axis=0)
        self._tree: KDTree | None = None

    def overlap(self, other: _Surface) -> float:
        if not len(self.points) or not len(other.points):
            return box_iou(self.box, other.box)
        return float(np.sqrt(self._share_near(other) * other._share_near(self)))

    def _share_near(self, other: _Surface) -> float:
        """Return the share of our samples that have a point of `other` within the tolerance."""
        if other._tree is None:
            from scipy.spatial import KDTree

            other._tree = KDTree(other.points)
        distances, _ = other._tree.query(self.samples, distance_upper_bound=TOLERANCE_M)
        return float(np.isfinite(distances).mean())
