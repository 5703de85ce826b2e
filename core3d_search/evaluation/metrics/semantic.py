"""Labels of points against the truth: mAcc, mIoU and frequency-weighted mIoU from a confusion matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

NOTHING = -1
"""The class of a point that has none: left out where the truth says so, a miss where the prediction does."""


def confusion_matrix(true: npt.ArrayLike, predicted: npt.ArrayLike, class_count: int) -> Counts:
    """Return (C, C + 1) how many points of each true class (row) were given each class; the last column is none.

    `true` and `predicted` (N,) are positions in a list of C classes, or NOTHING. Points without a true class are left
    out. Raises ValueError where lengths differ or a position lies outside the list.
    """
    true, predicted = np.asarray(true, np.int64), np.asarray(predicted, np.int64)
    if true.shape != predicted.shape or true.ndim != 1:
        raise ValueError(f"true and predicted classes must be (N,) of one length, got {true.shape}, {predicted.shape}")
    for name, values in (("true", true), ("predicted", predicted)):
        if len(values) and not (values.min() >= NOTHING and values.max() < class_count):
            raise ValueError(f"{name} classes must lie from -1 to {class_count - 1}, got up to {values.max()}")
    known = true != NOTHING
    column = np.where(predicted == NOTHING, class_count, predicted)
    flat = true[known] * (class_count + 1) + column[known]
    counts: Counts = np.bincount(flat, minlength=class_count * (class_count + 1)).astype(np.int64)
    return counts.reshape(class_count, class_count + 1)


@dataclass(frozen=True, eq=False)
class SemanticScores:
    """`mean_accuracy`, `mean_iou` and `weighted_iou` in [0, 1] over the classes of `averaged` (C,); NaN without any.

    `iou` and `accuracy` (C,) are those of each class, NaN where it is not averaged.
    """

    mean_accuracy: float
    mean_iou: float
    weighted_iou: float
    iou: Floats
    accuracy: Floats
    averaged: npt.NDArray[np.bool_]

    def to_dict(self) -> dict[str, Any]:
        """Return the three means under the names that papers use."""
        return {"mAcc": self.mean_accuracy, "mIoU": self.mean_iou, "fmIoU": self.weighted_iou}


def semantic_scores(confusion: Counts, *, also_predicted: bool = False) -> SemanticScores:
    """Return the scores of a confusion matrix (C, C + 1).

    A class's IoU is TP / (TP + FP + FN), its accuracy TP / (TP + FN); the weighted mean takes the share of the true
    points. Averaged are the classes that the truth holds (ConceptGraphs, eval_replica_semseg.py); with
    `also_predicted` those too that only predictions hold (ScanNet, evaluate_semantic_label.py), whose IoU is 0.
    """
    hit = np.diagonal(confusion).astype(np.float64)
    true = confusion.sum(axis=1).astype(np.float64)
    union = true + confusion[:, :-1].sum(axis=0) - hit
    averaged = (true > 0) | ((union > 0) if also_predicted else np.zeros(len(true), bool))
    with np.errstate(invalid="ignore", divide="ignore"):
        iou = np.where(averaged, hit / np.maximum(union, 1), np.nan)
        accuracy = np.where(true > 0, hit / np.maximum(true, 1), np.nan)
    if not averaged.any():
        return SemanticScores(float("nan"), float("nan"), float("nan"), iou, accuracy, averaged)
    weighted = float(np.nansum(iou * true) / true.sum()) if true.sum() else float("nan")
    return SemanticScores(mean_of(accuracy), mean_of(iou), weighted, iou, accuracy, averaged)


def mean_of(values: Floats) -> float:
    """Return the mean of those `values` that are numbers, NaN where none is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
