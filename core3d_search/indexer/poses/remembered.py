"""Estimated poses on disk, so that indexing a scan again does not estimate them again."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, cast
from zipfile import BadZipFile

import numpy as np

from core3d_search.indexer.frames import Frame
from core3d_search.indexer.poses.estimate import Drift, EstimatedPoses, estimate_poses

if TYPE_CHECKING:
    from core3d_search.indexer.frames import SceneReader
    from core3d_search.indexer.readers.posed_images import PosedImagesReader


def remembered_poses(
    reader: PosedImagesReader, read: Callable[[int], Frame], progress: Callable[[int, int], None]
) -> EstimatedPoses:
    """Return the estimated poses of a scene: those kept for the same files, options and method, else new ones, kept.

    `read` gives a frame by its position, without a pose. Raises as `estimate_poses` does; a folder that cannot be
    written costs only the memory.
    """
    from core3d_search.indexer.readers import fingerprint

    known = cast("SceneReader", reader)
    place = poses_folder() / f"{fingerprint(known)}.npz"
    kept = _load(place, len(reader))
    if kept is not None:
        return kept
    found = estimate_poses(read, len(reader), progress)
    with suppress(OSError):
        _save(place, found)
    return found


def poses_folder() -> Path:
    """Return the folder for poses in the user's cache folder for core3d."""
    from platformdirs import user_cache_path

    return user_cache_path("core3d", appauthor=False) / "poses"


def _save(place: Path, found: EstimatedPoses) -> None:
    """Write poses whole or not at all."""
    place.parent.mkdir(parents=True, exist_ok=True)
    told = json.dumps({"path_m": found.path_m, "drift": asdict(found.drift) if found.drift else None})
    content = io.BytesIO()
    np.savez(content, poses=found.poses, told=np.array(told))
    half = place.with_suffix(f".{os.getpid()}.part")
    half.write_bytes(content.getvalue())
    half.replace(place)


def _load(place: Path, count: int) -> EstimatedPoses | None:
    """Return the poses kept at `place`, None where there are none or they are damaged."""
    try:
        with np.load(place, allow_pickle=False) as stored:
            poses, told = stored["poses"], json.loads(str(stored["told"]))
        drift = Drift(**told["drift"]) if told["drift"] else None
        return EstimatedPoses(poses, float(told["path_m"]), drift) if poses.shape == (count, 4, 4) else None
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        EOFError,
        BadZipFile,
    ):  # not there, or cut off
        return None
