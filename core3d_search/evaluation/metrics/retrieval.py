"""Is the right thing among the first k answers? Accuracy at an IoU of boxes, as in Sr3D+ and Nr3D tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Box3D
from core3d_search.geometry import box_corners, box_iou

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Answer:
    """One text's answers: `ious` (K, G) of the boxes found, best first, with the G boxes that would be right."""

    ious: Floats

    @classmethod
    def of(cls, found: Sequence[Box3D], right: Sequence[Box3D], *, axis_aligned: bool = False) -> Answer:
        """Return the answer whose boxes are `found`; `axis_aligned` compares the upright boxes around them."""
        iou = axis_aligned_iou if axis_aligned else box_iou
        ious = np.array([[iou(one, other) for other in right] for one in found], np.float64)
        return cls(ious.reshape(len(found), len(right)))

    def is_right(self, k: int, threshold: float) -> bool:
        """Return whether one of the first `k` has an IoU of at least `threshold` with one that would be right."""
        return bool((self.ious[:k] >= threshold).any())


def accuracy_at(answers: Sequence[Answer], k: int, threshold: float) -> float:
    """Return the fraction of `answers` that are right within the first `k`; NaN where nothing was asked."""
    return float(np.mean([answer.is_right(k, threshold) for answer in answers])) if answers else float("nan")


def axis_aligned_iou(a: Box3D, b: Box3D) -> float:
    """Return the IoU of the boxes along the axes of the world around `a` and `b`, as the tables on ScanNet take it."""
    (low_a, high_a), (low_b, high_b) = _limits(a), _limits(b)
    shared = float(np.clip(np.minimum(high_a, high_b) - np.maximum(low_a, low_b), 0, None).prod())
    union = float((high_a - low_a).prod() + (high_b - low_b).prod()) - shared
    return shared / union if union > 0 else 0.0


def _limits(box: Box3D) -> tuple[Floats, Floats]:
    corners = box_corners(box)
    return corners.min(axis=0), corners.max(axis=0)
