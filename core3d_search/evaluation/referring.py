"""Which object does a text mean? Sr3D+, Nr3D and ScanRefer, in their own files and in BBQ's selection of them.

Over our own map a text is right at 0.1 (0.25) where the first hit's box has such an IoU with the true one: both the
boxes along the axes of the scan as it was recorded, around the points of the object (BBQ,
compute_accuracy_bbq_objects_sr3d.py). With true boxes and labels it is right where the object itself is chosen.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Box3D
from core3d_search.errors import InputError
from core3d_search.evaluation.metrics.retrieval import axis_aligned_iou
from core3d_search.indexer.readers.files import read_json_object, read_text
from core3d_search.search.grounding import LabelledObject, ground
from core3d_search.search.searcher import Searcher
from core3d_search.store import Store

TEXT = ("utterance", "description", "text")
SCENE = ("scan_id", "scene_id", "scene")
TARGET = ("target_id", "object_id", "target")
"""What ReferIt3D, ScanRefer and BBQ call the same three things."""
FILES = {
    "sr3d": ("sr3d+_all_queries", "sr3d+.csv", "sr3d.csv", "sr3d.jsonl"),
    "nr3d": ("nr3d_all_types_of_queries", "nr3d.csv", "nr3d.jsonl"),
    "scanrefer": ("ScanRefer_sample", "ScanRefer_filtered_val.json", "scanrefer.jsonl"),
}
"""Where the texts of each set are looked for below the root, in this order."""


@dataclass(frozen=True)
class Utterance:
    """A text about one scene and the id of the object it means, as ScanNet numbers objects (from 0)."""

    scene: str
    text: str
    target: int
    easy: bool | None = None
    view_dependent: bool | None = None


def queries_file(root: Path, dataset: str) -> Path:
    """Return where the texts of `dataset` lie below `root`; raises InputError that names the files and their source."""
    for name in FILES[dataset]:
        if (root / name).exists():
            return root / name
    pages = {
        "sr3d": "https://referit3d.github.io (sr3d+.csv), or BBQ's selection of 661 for its eight scenes from "
        "https://github.com/linukc/BeyondBareQueries, evaluation/object_grounding/data/scannet/sr3d+_all_queries",
        "nr3d": "https://referit3d.github.io (nr3d.csv), or BBQ's selection from "
        "https://github.com/linukc/BeyondBareQueries, evaluation/object_grounding/data/scannet",
        "scanrefer": "https://daveredrum.github.io/ScanRefer (after its terms are accepted), or BBQ's sample from "
        "https://github.com/linukc/BeyondBareQueries, evaluation/object_grounding/data/scannet",
    }
    raise InputError(
        f"{root} lacks the texts of {dataset}, one of {', '.join(FILES[dataset])}; they come from {pages[dataset]}; "
        "Nr3D and Sr3D state no data licence, ScanRefer is CC BY-NC-SA 3.0"
    )


def read_utterances(path: Path) -> list[Utterance]:
    """Return the texts of a CSV (ReferIt3D), JSON (ScanRefer), JSON lines, or a folder of BBQ's annotations by scene.

    Raises InputError that names the file and row where a field is missing.
    """
    if path.is_dir():
        files = sorted(path.glob("*_annotation.json"))
        if not files:
            raise InputError(f"{path} holds no SCENE_annotation.json")
        return [one for file in files for one in _listed(file, {"scene_id": file.stem.removesuffix("_annotation")})]
    if path.suffix == ".csv":
        rows = list(csv.DictReader(io.StringIO(read_text(path))))
        return [_utterance(row, f"{path}, row {number}") for number, row in enumerate(rows, 2)]
    if path.suffix == ".jsonl":
        lines = read_text(path).splitlines()
        return [_utterance(_json(line, path), f"{path}, line {number}") for number, line in enumerate(lines, 1)]
    return _listed(path, {})


def _listed(path: Path, common: Mapping[str, str]) -> list[Utterance]:
    rows = _json(read_text(path), path)
    if not isinstance(rows, list):
        raise InputError(f"{path} must hold a list of texts")
    return [_utterance({**common, **row}, f"{path}, entry {number}") for number, row in enumerate(rows)]


def _json(text: str, path: Path) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InputError(f"{path} is not valid JSON: {error}") from error


def _utterance(row: Mapping[str, Any], where: str) -> Utterance:
    values: list[Any] = [next((row[name] for name in names if name in row), None) for names in (SCENE, TEXT, TARGET)]
    if None in values:
        raise InputError(f"{where}: a text needs one of {TEXT}, one of {SCENE}, one of {TARGET}")
    easy = row.get("is_easy", row.get("easy"))
    view_dependent = row.get("is_view_dep", row.get("view_dependent"))
    try:
        return Utterance(str(values[0]), str(values[1]), int(values[2]), _truth(easy), _truth(view_dependent))
    except ValueError as error:
        raise InputError(f"{where}: the target must be a whole number, got {values[2]!r}") from error


def _truth(value: object) -> bool | None:
    return None if value is None else str(value).lower() in ("true", "1")


def shifted(boxes: Mapping[int, Box3D]) -> dict[int, Box3D]:
    """Return boxes by ScanNet's object ids, which texts name, from those by instance (`ScanObjects`), one higher."""
    return {key - 1: box for key, box in boxes.items()}


def read_labelled(root: Path, scene: str) -> list[LabelledObject]:
    """Return the true objects of a scene: of `scenes.json` below `root` where there is one, else of the ScanNet scan.

    `scenes.json` maps a scene to `objects` with id, label, center and extent (metres, z up), and where known rgb, and
    the point in front of it, `front_point`, of the box `obb`. Raises InputError.
    """
    document = root / "scenes.json"
    if document.is_file():
        listed = _scene_objects(document)
        if scene not in listed:
            raise InputError(f"{document} has no scene {scene!r}")
        return listed[scene]
    from core3d_search.evaluation.datasets.scannet import read_aligned_boxes

    return [
        LabelledObject(key - 1, label, box.center.tolist(), box.extent.tolist())
        for key, (label, box) in read_aligned_boxes(root, scene).items()
    ]


@lru_cache(maxsize=2)
def _scene_objects(document: Path) -> dict[str, list[LabelledObject]]:
    try:
        return {
            scene: [_labelled(entry) for entry in content["objects"]]
            for scene, content in read_json_object(document).items()
        }
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{document}: objects need id, label, center and extent ({error!r})") from error


def _labelled(entry: Mapping[str, Any]) -> LabelledObject:
    front = None
    if "front_point" in entry:
        offset = np.subtract(entry["front_point"], entry["obb"][:3])
        length = float(np.linalg.norm(offset))
        front = tuple(offset / length) if length > 1e-6 else None
    return LabelledObject(
        int(entry["id"]), str(entry["label"]), entry["center"], entry["extent"], entry.get("rgb"), front
    )


@dataclass(frozen=True)
class Judged:
    """One text's outcome: the `iou` of the first hit's box with the true one; 1 or 0 where objects are compared."""

    utterance: Utterance
    iou: float


def ask_own_map(
    searcher: Searcher,
    store: Store,
    scene: str,
    utterances: Sequence[Utterance],
    true_boxes: Mapping[int, Box3D],
    scan_from_world: npt.NDArray[np.float64],
) -> list[Judged]:
    """Return what the stored map of `scene` answers; `true_boxes` by target id, unaligned. Targets without a box are
    passed over."""
    boxes: dict[int, Box3D] = {}
    judged = []
    for utterance in utterances:
        if utterance.target not in true_boxes:
            continue
        hits = searcher.search(utterance.text, k=1, scenes=[scene], threshold=0.0)
        if not hits:
            judged.append(Judged(utterance, 0.0))
            continue
        key = hits[0].object_id
        if key not in boxes:
            boxes[key] = unaligned_box(store.object(key).points, scan_from_world)
        judged.append(Judged(utterance, axis_aligned_iou(boxes[key], true_boxes[utterance.target])))
    return judged


def unaligned_box(points: npt.NDArray[np.floating], scan_from_world: npt.NDArray[np.float64]) -> Box3D:
    """Return the box along the scan's own axes around `points` (N, 3) of the world."""
    own = points @ scan_from_world[:3, :3].T + scan_from_world[:3, 3]
    low, high = own.min(axis=0), own.max(axis=0)
    return Box3D((low + high) / 2, high - low)


def ask_true_objects(utterances: Sequence[Utterance], objects: Sequence[LabelledObject]) -> list[Judged]:
    """Return what the engine answers over the true boxes and labels of one scene."""
    judged = []
    for utterance in utterances:
        hits = ground(utterance.text, objects)
        judged.append(Judged(utterance, float(bool(hits) and hits[0].object_id == utterance.target)))
    return judged


def accuracies(judged: Sequence[Judged], threshold: float) -> dict[str, float]:
    """Return the fraction right at `threshold`, overall and for each group that the texts tell."""
    groups = {
        "overall": judged,
        "easy": [one for one in judged if one.utterance.easy],
        "hard": [one for one in judged if one.utterance.easy is False],
        "view-dependent": [one for one in judged if one.utterance.view_dependent],
        "view-independent": [one for one in judged if one.utterance.view_dependent is False],
    }
    return {
        name: float(np.mean([one.iou >= threshold for one in members])) for name, members in groups.items() if members
    }
