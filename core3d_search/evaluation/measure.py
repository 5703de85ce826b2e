"""One scene's objects against its truth: everything that is averaged later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Box3D
from core3d_search.evaluation.labelling import label_points, most_similar
from core3d_search.evaluation.metrics.duplicates import DuplicateScores, duplicate_scores
from core3d_search.evaluation.metrics.instances import InstanceScene
from core3d_search.evaluation.metrics.retrieval import Answer
from core3d_search.evaluation.metrics.semantic import NOTHING, Counts, confusion_matrix
from core3d_search.evaluation.rules import Rules
from core3d_search.evaluation.transfer import nearest
from core3d_search.evaluation.truth import SceneTruth

REACH_M = 0.05
"""Metres: two voxels. A true point belongs to the object that has a point so near; the nearest one wins."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """What was found in a scene: `points` (P, 3) and `boxes` of N objects, their `similarities` (N, C) to the C
    class names of the truth, and how often each was observed."""

    points: Sequence[npt.NDArray[np.float32]]
    boxes: Sequence[Box3D]
    similarities: npt.NDArray[np.float32]
    observation_counts: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SceneMeasurement:
    """What one scene adds: its `confusion` (C, C + 1) of the C `class_names`, instances with classes and without,
    duplicates, and the answers to each class name that is asked for; `also_predicted` as the rules say."""

    name: str
    confusion: Counts
    instances: InstanceScene
    agnostic: InstanceScene
    duplicates: DuplicateScores
    answers: tuple[Answer, ...] = field(default=())
    class_names: tuple[str, ...] = ()
    also_predicted: bool = False


def measure(
    truth: SceneTruth,
    found: Prediction,
    rules: Rules,
    frame_points: npt.NDArray[np.float32] | None = None,
) -> SceneMeasurement:
    """Return what the objects `found` are worth; `frame_points` (M, 3) are those of the scan, for rules that label it.

    Without them such rules label the true points.
    """
    judged = np.array(rules.judged(truth.class_names), np.int64)
    true = np.where(np.isin(truth.classes, judged), truth.classes, NOTHING)
    allowed = np.intersect1d(judged, truth.present()) if rules.present_only else judged
    classes = most_similar(found.similarities, allowed)
    points = truth.points
    seen_classes = true
    if rules.onto == "scan" and frame_points is not None:
        points = frame_points
        seen_classes = np.append(true, NOTHING)[nearest(frame_points, truth.points)]
    points, seen_classes = points[seen_classes != NOTHING], seen_classes[seen_classes != NOTHING]
    labels = label_points(points, found.points, classes, neighbours=rules.neighbours)
    owned = _owned_points(truth.points, found.points)
    confidences = found.similarities[np.arange(len(classes)), classes] if len(classes) else np.zeros(0)
    stuff = [number for number, name in enumerate(truth.class_names) if name in truth.stuff]
    instances = np.where(np.isin(truth.classes, stuff), 0, truth.instances)
    countable = np.where(np.isin(true, stuff), NOTHING, true)
    things = np.where(instances > 0, 0, NOTHING)
    return SceneMeasurement(
        truth.name,
        confusion_matrix(seen_classes, labels.classes, len(truth.class_names)),
        InstanceScene(countable, instances, owned, classes, confidences.astype(np.float64)),
        InstanceScene(things, instances, owned, np.zeros_like(classes), found.observation_counts.astype(np.float64)),
        duplicate_scores(instances, owned),
        tuple(_answers(truth, found)),
        truth.class_names,
        rules.also_predicted,
    )


def _owned_points(
    points: npt.NDArray[np.float32], object_points: Sequence[npt.NDArray[np.float32]]
) -> list[npt.NDArray[np.int64]]:
    """Return for each object which of `points` (N, 3) are nearest to it, within REACH_M."""
    labels = label_points(points, object_points, np.zeros(len(object_points), np.int64), REACH_M)
    order = np.argsort(labels.objects, kind="stable")
    limits = np.searchsorted(labels.objects[order], np.arange(len(object_points) + 1))
    return [order[low:high] for low, high in pairwise(limits)]


def _answers(truth: SceneTruth, found: Prediction) -> list[Answer]:
    """Return the answers to the name of each class that counted things have: all objects, most similar first."""
    answers = []
    for column, name in enumerate(truth.class_names):
        right = [thing.box for thing in truth.things.values() if thing.label == name and thing.counts]
        if right:
            order = np.argsort(-found.similarities[:, column], kind="stable")[:MOST_ANSWERS]
            answers.append(Answer.of([found.boxes[row] for row in order], right))
    return answers


MOST_ANSWERS = 5
"""Answers kept for each name: the largest k of the tables."""
