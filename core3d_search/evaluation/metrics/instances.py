"""Average precision of instances by ScanNet's rules (BenchmarkScripts/3d_evaluation/evaluate_semantic_instance.py).

The steps: a prediction and a true instance of one class match where the IoU of their points exceeds a threshold. Of
several predictions on one instance the most confident one counts, the others are false. A prediction that matches
nothing is false, unless more of it than the threshold lies on points that are not judged or on instances too small to
be. Precision over recall is integrated by half steps, with the point (0, 1) added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.evaluation.metrics.semantic import NOTHING, mean_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

THRESHOLDS = (*(round(0.5 + 0.05 * step, 2) for step in range(9)), 0.25)
"""IoUs from 0.50 to 0.90, whose mean is AP; the last one is that of AP25."""
MIN_POINTS = 100
"""Points: ScanNet's smallest region; smaller true instances are not judged, smaller predictions not counted."""


@dataclass(frozen=True, eq=False)
class InstanceScene:
    """One scene's points: `classes` (N,) the true class of each, NOTHING where it is not judged, `instances` (N,) the
    true instance, 0 for none; and per prediction its points (positions among N), class and confidence."""

    classes: Ints
    instances: Ints
    predicted_points: Sequence[Ints]
    predicted_classes: Ints
    confidences: Floats


@dataclass(frozen=True, eq=False)
class InstanceScores:
    """AP, AP50 and AP25 in [0, 1], means over the classes that the truth holds; `per_class` (C, T), NaN where none."""

    ap: float
    ap50: float
    ap25: float
    per_class: Floats

    def to_dict(self) -> dict[str, Any]:
        """Return the three under the names that papers use."""
        return {"AP": self.ap, "AP50": self.ap50, "AP25": self.ap25}


@dataclass
class _Claims:
    """What one class gathers over scenes at one threshold: for each claim its confidence and whether it is true."""

    scores: list[float] = field(default_factory=list)
    true: list[bool] = field(default_factory=list)
    missed: int = 0
    judged: int = 0
    predicted: int = 0


@dataclass(frozen=True, eq=False)
class _Overlaps:
    """The instances and predictions of one class in one scene: sizes in points, and `shared` (G, P) points."""

    true_sizes: Ints
    predicted_sizes: Ints
    confidences: Floats
    shared: Ints
    void: Ints

    @property
    def iou(self) -> Floats:
        union = self.true_sizes[:, None] + self.predicted_sizes[None] - self.shared
        iou: Floats = self.shared / np.maximum(union, 1)
        return iou


def instance_scores(scenes: Sequence[InstanceScene], class_count: int, min_points: int = MIN_POINTS) -> InstanceScores:
    """Return the scores over all `scenes` together, for classes 0 to `class_count` - 1."""
    per_class = np.full((class_count, len(THRESHOLDS)), np.nan)
    for number in range(class_count):
        overlaps = [_overlaps(scene, number, min_points) for scene in scenes]
        for column, threshold in enumerate(THRESHOLDS):
            claims = _Claims()
            for overlap in overlaps:
                _gather(overlap, threshold, min_points, claims)
            per_class[number, column] = _average_precision(claims)
    all_but_last = per_class[:, :-1].ravel()
    return InstanceScores(mean_of(all_but_last), mean_of(per_class[:, 0]), mean_of(per_class[:, -1]), per_class)


def _overlaps(scene: InstanceScene, number: int, min_points: int) -> _Overlaps:
    of_class = np.where(scene.classes == number, scene.instances, 0)
    ids = np.unique(of_class[of_class > 0])
    rows = [
        row
        for row, points in enumerate(scene.predicted_points)
        if scene.predicted_classes[row] == number and len(points) >= min_points
    ]
    shared = np.zeros((len(ids), len(rows)), np.int64)
    void = np.zeros(len(rows), np.int64)
    for column, row in enumerate(rows):
        points = scene.predicted_points[row]
        void[column] = np.count_nonzero(scene.classes[points] == NOTHING)
        found = of_class[points]
        shared[:, column] = [np.count_nonzero(found == one) for one in ids]
    return _Overlaps(
        np.array([np.count_nonzero(of_class == one) for one in ids], np.int64),
        np.array([len(scene.predicted_points[row]) for row in rows], np.int64),
        np.asarray(scene.confidences, np.float64)[rows] if rows else np.zeros(0),
        shared,
        void,
    )


def _gather(overlap: _Overlaps, threshold: float, min_points: int, claims: _Claims) -> None:
    """Add one scene's claims: a true one for each instance that is found, a false one for each other prediction."""
    iou, judged = overlap.iou, overlap.true_sizes >= min_points
    claims.judged += int(judged.sum())
    claims.predicted += len(overlap.confidences)
    taken = np.zeros(len(overlap.confidences), bool)
    for row in np.flatnonzero(judged):
        best: float | None = None
        for column in np.flatnonzero(iou[row] > threshold):
            if taken[column]:
                continue
            confidence = float(overlap.confidences[column])
            if best is None:
                best, taken[column] = confidence, True
                continue
            claims.scores.append(min(best, confidence))
            claims.true.append(False)
            best = max(best, confidence)
        if best is None:
            claims.missed += 1
        else:
            claims.scores.append(best)
            claims.true.append(True)
    for single in range(len(overlap.confidences)):
        if (iou[:, single] > threshold).any():
            continue
        ignored = int(overlap.void[single]) + int(overlap.shared[~judged, single].sum())
        if ignored / overlap.predicted_sizes[single] <= threshold:
            claims.scores.append(float(overlap.confidences[single]))
            claims.true.append(False)


def _average_precision(claims: _Claims) -> float:
    """Return the area under precision over recall; NaN where the class has no instance, 0 where no prediction."""
    if not claims.judged:
        return float("nan")
    if not claims.predicted or not claims.scores:
        return 0.0
    order = np.argsort(claims.scores, kind="stable")
    scores = np.asarray(claims.scores)[order]
    true = np.asarray(claims.true)[order].astype(np.int64)
    _, first = np.unique(scores, return_index=True)
    below = np.concatenate([[0], np.cumsum(true)])[first]
    hits = true.sum() - below
    precision = np.append(hits / (len(scores) - first), 1.0)
    recall = np.append(hits / (true.sum() + claims.missed) if true.sum() + claims.missed else 0.0 * hits, 0.0)
    padded = np.concatenate([[recall[0]], recall, [0.0]])
    steps = 0.5 * (padded[:-2] - padded[2:])
    return float(precision @ steps)
