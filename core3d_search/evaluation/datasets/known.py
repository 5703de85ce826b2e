"""Scenes with a `ground_truth.json` beside their frames, as `core3d demo` writes them, or anybody in the same layout.

Needed are `ground_truth.json` with `objects` (id, label, box: center, extent, rotation) and `instance/NNNNN.png`, one
16-bit image a frame in the order of the frames, of the ids each pixel shows, 0 for none.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Box3D
from core3d_search.errors import InputError
from core3d_search.evaluation.metrics.semantic import NOTHING
from core3d_search.evaluation.truth import SceneTruth, Thing
from core3d_search.geometry import voxel_keys
from core3d_search.indexer.frames import SceneReader
from core3d_search.indexer.readers.checksums import checksum_of_files
from core3d_search.indexer.readers.files import files_under, read_json_object
from core3d_search.indexer.surfaces import back_project, jumps, to_world

VOXEL_M = 0.025
"""Metres: true points are thinned to this grid, each voxel given to what most of its pixels show."""
STEP_RATIO = 0.04
"""Fraction of depth: pixels beside a larger jump are flying pixels and say nothing (`lifting.step_ratio`)."""
MIN_FRAMES, MIN_PIXELS = 3, 200
"""A thing is asked for where so many frames show so many pixels of it each (benchmarks/perception.py)."""


def read_truth(reader: SceneReader) -> SceneTruth:
    """Return the truth of the scene that `reader` opened; raises InputError that names what is missing or wrong."""
    folder = reader.source
    document = folder / "ground_truth.json"
    objects = _objects(document, read_json_object(document))
    images = sorted(files_under(folder / "instance")) if (folder / "instance").is_dir() else []
    if len(images) != len(reader):
        raise InputError(
            f"{folder / 'instance'} must hold one image of object ids for each of the {len(reader)} frames, "
            f"it holds {len(images)}"
        )
    highest = max(objects, default=0)
    points, owners, frames_of = _labelled_points(reader, images, highest)
    labels = sorted({entry["label"] for entry in objects.values()})
    number = {label: position for position, label in enumerate(labels)}
    class_of = np.full(highest + 1, NOTHING, np.int64)
    for key, entry in objects.items():
        class_of[key] = number[entry["label"]]
    things = {
        key: Thing(entry["label"], _box(document, key, entry), bool(frames_of[key] >= MIN_FRAMES))
        for key, entry in objects.items()
    }
    checksum = checksum_of_files(folder, [document, *images])
    return SceneTruth(reader.name, points, class_of[owners], owners, tuple(labels), things, checksum)


def _objects(document: Path, content: Mapping[str, Any]) -> dict[int, dict[str, Any]]:
    listed = content.get("objects")
    if not isinstance(listed, list):
        raise InputError(f"{document} has no list of 'objects'")
    found = {}
    for entry in listed:
        if not (isinstance(entry, dict) and isinstance(entry.get("id"), int) and isinstance(entry.get("label"), str)):
            raise InputError(f"{document}: an object needs a whole number 'id' and a 'label', got {str(entry)[:80]}")
        if entry["id"] < 1:
            raise InputError(f"{document}: ids of objects begin at 1, got {entry['id']}")
        found[entry["id"]] = entry
    return found


def _box(document: Path, key: int, entry: Mapping[str, Any]) -> Box3D:
    said: Any = entry.get("box")
    try:
        return Box3D(said["center"], said["extent"], said.get("rotation", np.eye(3)))
    except (TypeError, KeyError, ValueError) as error:
        raise InputError(f"{document}: object {key} needs a box of center, extent and rotation ({error})") from error


def _labelled_points(
    reader: SceneReader, images: list[Path], highest: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return one point a voxel (N, 3), the id it mostly shows (N,), and in how many frames each id is seen well."""
    places, ids = [], []
    frames_of = np.zeros(highest + 1, np.int64)
    for position, image in enumerate(images):
        frame = reader[position]
        shown = _ids(image)
        if shown.shape != frame.depth.shape:
            raise InputError(f"{image} is {shown.shape}, its frame {frame.depth.shape}")
        if shown.max(initial=0) > highest:
            raise InputError(f"{image} shows object {shown.max()}, which ground_truth.json does not list")
        frames_of += np.bincount(shown.ravel(), minlength=highest + 1) >= MIN_PIXELS
        usable = (frame.depth > 0) & ~jumps(frame.depth, STEP_RATIO)
        world = to_world(back_project(frame.depth, frame.intrinsics)[usable], frame.world_from_camera)
        places.append(world.astype(np.float32))
        ids.append(shown[usable])
    return *_voted(np.concatenate(places), np.concatenate(ids), highest), frames_of


def _ids(image: Path) -> npt.NDArray[np.int64]:
    from PIL import Image

    try:
        with Image.open(image) as opened:
            shown = np.asarray(opened)
    except OSError as error:
        raise InputError(f"{image} cannot be read: {error}") from error
    if shown.ndim != 2:
        raise InputError(f"{image}: object ids must be an image of one channel, got {shown.shape}")
    return shown.astype(np.int64)


def _voted(
    points: npt.NDArray[np.float32], ids: npt.NDArray[np.int64], highest: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Return the mean point of each voxel, and the id that most of its points have; of equals the smaller one."""
    keys, voxel = np.unique(voxel_keys(points, VOXEL_M), return_inverse=True)
    counts = np.bincount(voxel, minlength=len(keys))
    means = np.stack([np.bincount(voxel, column, len(keys)) / counts for column in points.T], axis=1)
    pairs, votes = np.unique(voxel * (highest + 1) + ids, return_counts=True)
    order = np.lexsort((pairs, -votes, pairs // (highest + 1)))
    owner = pairs[order] // (highest + 1)
    first = np.append(True, owner[1:] != owner[:-1])
    return means.astype(np.float32), (pairs[order] % (highest + 1))[first]
