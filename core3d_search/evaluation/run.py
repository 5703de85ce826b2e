"""From the store to what was found in a scene, and its scores against the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from core3d_search.encoders import TextEncoder
from core3d_search.evaluation.datasets.known import read_truth
from core3d_search.evaluation.labelling import class_similarities
from core3d_search.evaluation.measure import Prediction, measure
from core3d_search.evaluation.metrics.semantic import NOTHING, semantic_scores
from core3d_search.evaluation.rules import KNOWN
from core3d_search.evaluation.segment import encoder_of
from core3d_search.evaluation.truth import SceneTruth
from core3d_search.indexer.frames import SceneReader
from core3d_search.store import Store


def predict(store: Store, scene: str, class_names: Sequence[str], encoder: TextEncoder) -> Prediction:
    """Return what the store holds of `scene`, compared with the names of classes."""
    objects = store.objects(scene, with_points=True)
    embeddings = np.array([one.embedding for one in objects], np.float32).reshape(len(objects), encoder.dimension)
    return Prediction(
        [one.points for one in objects],
        [one.box for one in objects],
        class_similarities(embeddings, class_names, encoder),
        np.array([one.observation_count for one in objects], np.int64),
    )


def score_classes(store: Store, reader: SceneReader, scene: str, class_names: Sequence[str]) -> dict[str, Any]:
    """Return mAcc, mIoU and fmIoU of a stored scene whose folder says what is true, and over how many `classes`.

    Objects choose among all of `class_names`; points of things that have none of these names are not judged. Raises
    InputError where the folder has no `ground_truth.json`.
    """
    truth = renamed(read_truth(reader), class_names)
    found = predict(store, scene, class_names, encoder_of(store, scene))
    scores = semantic_scores(measure(truth, found, replace(KNOWN, present_only=False)).confusion)
    return {**scores.to_dict(), "classes": int(scores.averaged.sum())}


def renamed(truth: SceneTruth, class_names: Sequence[str]) -> SceneTruth:
    """Return `truth` with `class_names` in the place of its own; points of other classes have none then."""
    number = {name: position for position, name in enumerate(class_names)}
    new = np.array([number.get(name, NOTHING) for name in truth.class_names] + [NOTHING], np.int64)
    return replace(truth, classes=new[truth.classes], class_names=tuple(class_names))
