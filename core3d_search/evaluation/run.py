"""From the store to what was found in its scenes, and what that is worth against the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from core3d_search.encoders import Encoder, TextEncoder
from core3d_search.errors import InputError
from core3d_search.evaluation.datasets.known import read_truth
from core3d_search.evaluation.labelling import class_similarities
from core3d_search.evaluation.measure import Prediction, measure
from core3d_search.evaluation.metrics.intervals import bootstrap
from core3d_search.evaluation.metrics.semantic import NOTHING, semantic_scores
from core3d_search.evaluation.referring import Judged, accuracies
from core3d_search.evaluation.report import SEED, Figure, Outcome, provenance, summary
from core3d_search.evaluation.rules import KNOWN, Rules
from core3d_search.evaluation.scan_points import scan_points
from core3d_search.evaluation.segment import encoder_of
from core3d_search.evaluation.tables import Table
from core3d_search.evaluation.truth import SceneTruth
from core3d_search.indexer.config import IndexConfig
from core3d_search.indexer.frames import SceneReader
from core3d_search.indexer.report import StageProgress, silent
from core3d_search.indexer.write import READING, name_in
from core3d_search.store import RunRecord, Store


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


def evaluate(
    table: Table, readers: Mapping[str, SceneReader], store: Store, rules: Rules, profile: str, *,
    notes: Sequence[str] = (), seeds: Mapping[str, int] | None = None, progress: StageProgress = silent,
) -> Outcome:  # fmt: skip
    """Return what the scenes of `table`, which `store` holds under the names of their `readers`, are worth.

    Raises StoreError for a scene that is not in the store, InputError where its truth cannot be read.
    """
    measured, truths, runs = [], {}, {}
    encoders: dict[tuple[str, str], Encoder] = {}
    for done, scene in enumerate(table.scenes, 1):
        reader = readers[scene.name]
        name = name_in(store, reader)
        run = last_run(store, name)
        if run.model is None:
            raise InputError(f"the run that filled {name} names no encoder: index it again")
        if run.model.key not in encoders:
            encoders[run.model.key] = encoder_of(store, name)
        truth = scene.read_truth(reader)
        found = predict(store, name, truth.class_names, encoders[run.model.key])
        config = IndexConfig.from_dict({key: value for key, value in run.config.items() if key != READING})
        cloud = scan_points(reader, config) if rules.onto == "scan" else None
        measured.append(replace(measure(truth, found, rules, cloud), name=scene.name))
        truths[scene.name], runs[scene.name] = truth.checksum, run
        progress(scene.name, "measure", done, len(table.scenes))
    figures, of_scene = summary(measured, table.min_points)
    return Outcome(
        table.dataset, rules.name, rules.source, profile, figures, of_scene, provenance(runs, truths, seeds),
        tuple(notes),
    )  # fmt: skip


def last_run(store: Store, scene: str) -> RunRecord:
    """Return the run that filled a scene; raises InputError where none has finished."""
    complete = [run for run in store.runs(scene) if run.status == "complete"]
    if not complete:
        raise InputError(f"scene {scene!r} has no finished run: index it first")
    return complete[-1]


def evaluate_referring(
    dataset: str,
    judged: Mapping[str, Sequence[Judged]],
    profile: str,
    made: Mapping[str, Any],
    thresholds: Sequence[float],
    notes: Sequence[str] = (),
) -> Outcome:
    """Return the accuracies of `judged` texts by scene at each of the IoU `thresholds`; one of 1 compares objects."""
    random = np.random.default_rng(SEED)
    every = [one for scene in judged.values() for one in scene]
    if not every:
        raise InputError("no text asks for an object of these scenes")
    figures, groups = {}, {}
    for threshold in thresholds:
        name = "accuracy" if threshold >= 1 else f"A@{threshold:g}"
        found = accuracies(every, threshold)
        low, high = bootstrap(list(judged.values()), partial(_accuracy, threshold=threshold), random)
        figures[name] = Figure(found["overall"], low, high)
        groups[name] = found
    scenes = {
        scene: {name: accuracies(texts, float(name[2:]) if name[:2] == "A@" else 1.0)["overall"] for name in figures}
        for scene, texts in judged.items()
        if texts
    }
    what = "the first hit of our own map" if len(thresholds) > 1 else "true boxes and labels"
    rules = "BBQ, evaluation/object_grounding: boxes along the axes of the scan, IoU at least the threshold"
    provenance_of = {**made, "texts": len(every)}
    return Outcome(dataset, what, rules, profile, figures, scenes, provenance_of, tuple(notes), groups)


def _accuracy(scenes: Sequence[Sequence[Judged]], threshold: float) -> float:
    texts = [one for scene in scenes for one in scene]
    return accuracies(texts, threshold)["overall"] if texts else float("nan")


def renamed(truth: SceneTruth, class_names: Sequence[str]) -> SceneTruth:
    """Return `truth` with `class_names` in the place of its own; points of other classes have none then."""
    number = {name: position for position, name in enumerate(class_names)}
    new = np.array([number.get(name, NOTHING) for name in truth.class_names] + [NOTHING], np.int64)
    return replace(truth, classes=new[truth.classes], class_names=tuple(class_names))
