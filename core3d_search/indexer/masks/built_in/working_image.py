"""A frame as the built-in masks see it: at a fixed size, depth without holes, level with the ground, planes known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Floats
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.planes import Structure
from core3d_search.indexer.surfaces import back_project, filled, normals

LONGEST_PX = 480
"""Pixels: larger frames are scaled down to this longest side, on which the network was trained."""
HALF = 2
"""Pixels of the colour image to one of all else: what the network gives out, and regions are made of."""
FILL_PX = 4.0
"""Pixels at half size over which a hole in the depth is filled from its nearest neighbour."""
NORMAL_WINDOW_PX, NORMAL_STEP = 5, 0.03
"""Of `surfaces.normals`, at half size."""


@dataclass(frozen=True, eq=False)
class WorkingImage:
    """`rgb` (H, W, 3) uint8 and `full_depth` (H, W) metres, sides even; all else at half the size (h, w), float32.

    `depth` metres without small holes and specks, 0 = none; `valid` where there is some; `area` square metres that a
    pixel shows; `points` (h, w, 3) metres from the camera and `normals` (h, w, 3), zero where unknown: to the right,
    ahead (both level with the ground) and up. `off_planes` (h, w, P) metres from the planes of `structure`, which is
    given in the axes of `points`; P is 0 where nothing is known of the room.
    """

    rgb: npt.NDArray[np.uint8]
    full_depth: npt.NDArray[np.float32]
    depth: npt.NDArray[np.float32]
    valid: npt.NDArray[np.bool_]
    area: npt.NDArray[np.float32]
    points: npt.NDArray[np.float32]
    normals: npt.NDArray[np.float32]
    off_planes: npt.NDArray[np.float32]
    structure: Structure

    @classmethod
    def of(cls, frame: Frame, structure: Structure | None) -> WorkingImage:
        """Return `frame` of a scene with `structure`; without one, up is where the camera holds it."""
        from scipy.ndimage import median_filter

        seen = frame.fitted(LONGEST_PX)
        odd = [(0, side % HALF) for side in seen.depth.shape]
        rgb, full_depth = np.pad(seen.rgb, (*odd, (0, 0)), "edge"), np.pad(seen.depth, odd, "edge")
        intrinsics = np.diag([1 / HALF, 1 / HALF, 1]) @ seen.intrinsics
        depth = median_filter(filled(seen.depth[::HALF, ::HALF], FILL_PX), 3)
        valid = depth > 0
        usual = float(np.median(depth[valid])) if valid.any() else 1.0
        focal = float(intrinsics[0, 0] * intrinsics[1, 1])
        area = (np.square(np.where(valid, depth, usual)) / focal).astype(np.float32)
        level_from_camera = level_axes_of(frame, structure)
        turn = level_from_camera.T.astype(np.float32)
        points = back_project(depth, intrinsics) @ turn
        facing = normals(depth, intrinsics, NORMAL_WINDOW_PX, NORMAL_STEP) @ turn
        level = levelled(frame, structure, level_from_camera)
        off_planes = np.zeros((*depth.shape, len(level.planes)), np.float32)
        for number, plane in enumerate(level.planes):
            np.abs(points @ plane.normal.astype(np.float32) - np.float32(plane.offset), out=off_planes[..., number])
        return cls(rgb, full_depth, depth, valid, area, points, facing, off_planes, level)

    def nearest_planes(self, min_facing: float = 0.8) -> npt.NDArray[np.int64]:
        """Return (h, w) the plane that each pixel lies on, and faces as it does; -1 for none."""
        if not self.structure.planes:
            return np.full(self.depth.shape, -1, np.int64)
        nearest = self.off_planes.argmin(axis=-1)
        directions = np.stack([plane.normal for plane in self.structure.planes]).astype(np.float32)
        near = np.take_along_axis(self.off_planes, nearest[..., None], axis=-1)[..., 0]
        on = self.valid & (near < self.structure.tolerance_m + 0.004 * np.square(self.depth))
        on &= np.einsum("hwc,hwc->hw", self.normals, directions[nearest]) > min_facing
        return np.where(on, nearest, -1)


def level_axes_of(frame: Frame, structure: Structure | None) -> npt.NDArray[np.float64]:
    """Return (3, 3) the camera's directions right, ahead and up, level with the ground, in its own axes."""
    turn = frame.world_from_camera[:3, :3]
    up = turn.T @ (-turn[:, 1] if structure is None else structure.up)
    ahead = np.array([0, 0, 1.0]) - up[2] * up
    if np.linalg.norm(ahead) < 1e-3:  # the camera looks straight up or down
        ahead = -np.sign(up[2]) * (np.array([0, -1.0, 0]) + up[1] * up)
    ahead /= np.linalg.norm(ahead)
    return np.stack([np.cross(ahead, up), ahead, up])


def levelled(frame: Frame, structure: Structure | None, level_from_camera: Floats) -> Structure:
    """Return `structure`, of the world, in the level axes of the camera of `frame`."""
    if structure is None:
        return Structure(np.array([0, 0, 1.0]))
    level_from_world: npt.NDArray[Any] = level_from_camera @ frame.world_from_camera[:3, :3].T
    center = frame.world_from_camera[:3, 3]
    planes = (
        replace(plane, normal=level_from_world @ plane.normal, offset=plane.offset - float(plane.normal @ center))
        for plane in structure.planes
    )
    return replace(structure, up=np.array([0, 0, 1.0]), planes=tuple(planes))


def at_frame_size(labels: npt.NDArray[np.int64], shape: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """Return (H, W) `labels` (h, w) of the colour image of a `WorkingImage` for the pixels of its frame of `shape`."""
    scale = min(1.0, LONGEST_PX / max(shape))
    if scale == 1:
        return labels[: shape[0], : shape[1]]
    rows, columns = (((np.arange(n) + 0.5) * max(1, round(n * scale)) / n).astype(int) for n in shape)
    return labels[rows[:, None], columns]
