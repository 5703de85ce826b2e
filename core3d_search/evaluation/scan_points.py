"""The points of a scan: what all its frames show, thinned; the cloud that ConceptGraphs' rules label."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError
from core3d_search.geometry import thin
from core3d_search.indexer.config import IndexConfig
from core3d_search.indexer.frames import SceneReader
from core3d_search.indexer.perceive import read
from core3d_search.indexer.surfaces import back_project, jumps, to_world

VOXEL_M = 0.025
AT_ONCE = 16
"""Frames whose points are held before they are thinned together."""


def scan_points(reader: SceneReader, config: IndexConfig) -> npt.NDArray[np.float32]:
    """Return (N, 3) the world points of the frames that are looked at, one a voxel; unreadable frames are passed over.

    Left out are depths beyond `lifting.max_range_m` and pixels beside a jump of depth.
    """
    kept = np.zeros((0, 3), np.float32)
    waiting: list[npt.NDArray[np.float32]] = []
    for position in config.frames.positions(len(reader)):
        try:
            frame = read(reader, position, config)
        except InputError:
            continue
        usable = (frame.depth > 0) & (frame.depth <= config.lifting.max_range_m)
        if config.lifting.step_ratio > 0:
            usable &= ~jumps(frame.depth, config.lifting.step_ratio)
        world = to_world(back_project(frame.depth, frame.intrinsics)[usable], frame.world_from_camera)
        waiting.append(world.astype(np.float32))
        if len(waiting) == AT_ONCE:
            (kept,) = thin(np.concatenate([kept, *waiting]), VOXEL_M)
            waiting = []
    (kept,) = thin(np.concatenate([kept, *waiting]), VOXEL_M)
    return kept
