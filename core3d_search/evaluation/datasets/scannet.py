"""ScanNet: labels of the vertices of a scan's mesh, 20 or 200 classes, and its objects.

Frames are what the readers `scannet` (exported) and `sens` read. Where `<scan>.txt` gives axisAlignment, both frames
and truth are turned by it; `scan_from_world` turns back, since boxes of language tables are taken unaligned.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Box3D
from core3d_search.errors import InputError
from core3d_search.evaluation.class_lists import published
from core3d_search.evaluation.datasets.needs import Need, Source, found
from core3d_search.evaluation.datasets.ply import column, read_ply, vertices
from core3d_search.evaluation.metrics.semantic import NOTHING
from core3d_search.evaluation.truth import SceneTruth, Thing
from core3d_search.indexer.frames import SceneReader
from core3d_search.indexer.readers.checksums import checksum_of_files
from core3d_search.indexer.readers.files import read_json_object, read_text
from core3d_search.indexer.readers.scannet import read_axis_alignment
from core3d_search.indexer.surfaces import to_world

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

SCENES = (
    "scene0011_00", "scene0030_00", "scene0046_00", "scene0086_00",
    "scene0222_00", "scene0378_00", "scene0389_00", "scene0435_00",
)  # fmt: skip
"""The eight scenes of BBQ and CORE-3D (BBQ, evaluation/object_grounding/pred_scripts)."""
HOV_SG_SCENES = ("scene0011_00", "scene0050_00", "scene0231_00", "scene0378_00", "scene0518_00")
"""The five of HOV-SG, OVO and DualMap."""
RELEASE = Source(
    "each scan's .sens (or exported frames), _vh_clean_2.ply, _vh_clean_2.labels.ply, "
    "_vh_clean_2.0.010000.segs.json, .aggregation.json and .txt, by the script that they send",
    "http://www.scan-net.org",
    "the ScanNet terms of use, signed and sent by e-mail: non-commercial research",
)
LABEL_MAP = Source("tasks/scannetv2-labels.combined.tsv, by the same script", RELEASE.page, RELEASE.terms)
COLUMNS: dict[int, str] = {20: "nyu40id", 200: "id"}
"""Which column of the label map numbers the classes of each list."""
STUFF = frozenset({"wall", "floor"})


def folder_of(root: Path, scan: str) -> Path:
    """Return the folder of a scan: below `root`, or its scans/ or scans_test/."""
    places = (root / scan, root / "scans" / scan, root / "scans_test" / scan)
    return next((place for place in places if place.is_dir()), root / scan)


def needs(root: Path, scan: str, class_count: Literal[20, 200]) -> list[Need]:
    """Return the files that the evaluation of `scan` reads, relative to `root`."""
    folder = folder_of(root, scan).relative_to(root)
    frames = Need((f"{folder}/color", f"{folder}/{scan}.sens"), RELEASE)
    mesh = [f"{scan}_vh_clean_2.ply", f"{scan}_vh_clean_2.0.010000.segs.json", f"{scan}.aggregation.json"]
    mesh += [f"{scan}_vh_clean_2.labels.ply"] if class_count == 20 else []
    map_places = ("scannetv2-labels.combined.tsv", "tasks/scannetv2-labels.combined.tsv")
    return [frames, *(Need((f"{folder}/{name}",), RELEASE) for name in mesh), Need(map_places, LABEL_MAP)]


@dataclass(frozen=True, eq=False)
class ScanObjects:
    """The objects of a scan: `instances` (N,) of each vertex, 0 for none, else the object's id + 1; `labels` by that
    number as annotators wrote them; `points` (N, 3) metres, unaligned; `files` that said so."""

    points: Floats
    instances: Ints
    labels: dict[int, str]
    files: tuple[Path, ...]

    def boxes(self) -> dict[int, Box3D]:
        """Return the box along the axes around each object's vertices, unaligned, as language tables take it."""
        boxes = {}
        for key in self.labels:
            own = self.points[self.instances == key]
            if len(own):
                low, high = own.min(axis=0), own.max(axis=0)
                boxes[key] = Box3D((low + high) / 2, high - low)
        return boxes


def read_objects(root: Path, scan: str) -> ScanObjects:
    """Return the annotated objects of a scan; raises InputError that says what is missing or wrong."""
    _, mesh_need, segments_need, groups_need, *_ = needs(root, scan, 20)
    mesh, segments, groups = (found(root, need) for need in (mesh_need, segments_need, groups_need))
    points = vertices(read_ply(mesh), mesh)
    try:
        segment_of = np.asarray(read_json_object(segments)["segIndices"], np.int64)
        listed = [(int(g["objectId"]) + 1, str(g["label"]), list(g["segments"])) for g in _groups(groups)]
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{segments} and {groups} must hold segIndices and segGroups ({error})") from error
    if len(segment_of) != len(points):
        raise InputError(f"{segments} has {len(segment_of)} vertices, {mesh} {len(points)}")
    owner_of = np.zeros(int(segment_of.max(initial=0)) + 1, np.int64)
    for key, _, own in listed:
        owner_of[[one for one in own if 0 <= one < len(owner_of)]] = key
    return ScanObjects(points, owner_of[segment_of], {key: label for key, label, _ in listed}, (mesh, segments, groups))


def read_truth(root: Path, scan: str, reader: SceneReader, class_count: Literal[20, 200] = 20) -> SceneTruth:
    """Return the truth of `scan` in the frames' world; raises InputError that says what is missing or wrong.

    With 20 classes points have what `_vh_clean_2.labels.ply` says, with 200 the class of their object's raw label.
    """
    objects = read_objects(root, scan)
    classes_of = published(f"scannet{class_count}")
    position = {number: place for place, number in enumerate(classes_of.numbers)}
    wanted = needs(root, scan, class_count)
    label_map = found(root, wanted[-1])
    numbers = _numbers(label_map, COLUMNS[class_count])
    class_of = np.full(max(objects.labels, default=0) + 1, NOTHING, np.int64)
    for key, label in objects.labels.items():
        class_of[key] = position.get(numbers.get(label, -1), NOTHING)
    classes = class_of[objects.instances]
    files = [*objects.files, label_map]
    if class_count == 20:
        labelled = found(root, wanted[-2])
        files.append(labelled)
        said = column(read_ply(labelled), labelled, "vertex", "label").astype(np.int64)
        if len(said) != len(classes):
            raise InputError(f"{labelled} has {len(said)} vertices, the mesh {len(classes)}")
        classes = np.array([position.get(int(one), NOTHING) for one in said], np.int64)
    aligned_from_scan = read_axis_alignment(folder_of(root, scan))
    points = to_world(objects.points, aligned_from_scan)
    names = classes_of.names
    things = {}
    for key in objects.labels:
        own = objects.instances == key
        if own.any() and class_of[key] != NOTHING and names[class_of[key]] not in STUFF:
            low, high = points[own].min(axis=0), points[own].max(axis=0)
            things[key] = Thing(names[class_of[key]], Box3D((low + high) / 2, high - low))
    return SceneTruth(
        reader.name, points.astype(np.float32), classes, objects.instances, names, things,
        checksum_of_files(root, files), STUFF,
    )  # fmt: skip


def read_aligned_boxes(root: Path, scan: str) -> dict[int, tuple[str, Box3D]]:
    """Return the raw label and the box along the aligned axes of each annotated object, by instance."""
    objects = read_objects(root, scan)
    points = to_world(objects.points, read_axis_alignment(folder_of(root, scan)))
    aligned = ScanObjects(points, objects.instances, objects.labels, objects.files)
    return {key: (objects.labels[key], box) for key, box in aligned.boxes().items()}


def scan_from_world(root: Path, scan: str) -> Floats:
    """Return the (4, 4) that turns the frames' world back into the scan's own axes."""
    inverse: Floats = np.linalg.inv(read_axis_alignment(folder_of(root, scan))).astype(np.float64)
    return inverse


def _groups(path: Path) -> list[dict[str, Any]]:
    listed = read_json_object(path)["segGroups"]
    if not isinstance(listed, list):
        raise TypeError("segGroups is no list")
    return listed


def _numbers(path: Path, name: str) -> dict[str, int]:
    """Return the class number of each raw label; raises InputError where the columns are missing."""
    rows = list(csv.DictReader(io.StringIO(read_text(path)), delimiter="\t"))
    if not rows or not {"raw_category", name} <= rows[0].keys():
        raise InputError(f"{path} must be a table with the columns raw_category and {name}")
    return {row["raw_category"]: int(row[name]) for row in rows if (row[name] or "").strip().isdigit()}
