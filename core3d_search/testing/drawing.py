"""Exactly known frames for the tests of perception: coloured axis-aligned boxes, ray-cast without noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core3d_search.indexer.frames import Frame

Solid = tuple[Sequence[float], Sequence[float], Sequence[int]]
"""Low corner, high corner (metres, z up), RGB."""

TABLE_SCENE: tuple[Solid, ...] = (
    ((-3.0, -3.0, -0.1), (3.0, 3.0, 0.0), (150, 140, 130)),
    ((-0.6, -0.4, 0.4), (0.6, 0.4, 0.5), (130, 90, 50)),
    ((-0.05, -0.2, 0.5), (0.05, -0.1, 0.6), (40, 60, 180)),
    ((-1.1, -0.6, 0.0), (-0.8, -0.3, 0.45), (130, 90, 50)),
)
"""A floor, a brown table, a blue mug on it and a stool as brown as the table that it stands beside."""


def look_at(eye: Sequence[float], target: Sequence[float]) -> npt.NDArray[np.float64]:
    """Return world_from_camera (4, 4) of a level camera, OpenCV axes, z up."""
    forward = np.subtract(target, eye) / np.linalg.norm(np.subtract(target, eye))
    right = np.cross(forward, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, :3] = np.stack([right, np.cross(forward, right), forward], axis=1)
    pose[:3, 3] = eye
    return pose


def draw_solids(
    solids: Sequence[Solid],
    eye: Sequence[float],
    target: Sequence[float],
    index: int = 0,
    size: tuple[int, int] = (120, 160),
) -> tuple[Frame, npt.NDArray[np.int64]]:
    """Return the frame that sees `solids`, and (H, W) which of them each pixel shows, -1 for none.

    The camera stands at `eye` and looks at `target`, metres; `size` is height and width in pixels.
    """
    height, width = size
    focal = width * 0.9
    intrinsics = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1]])
    pose = look_at(eye, target)
    v, u = np.mgrid[:height, :width]
    rays = np.stack([(u - intrinsics[0, 2]) / focal, (v - intrinsics[1, 2]) / focal, np.ones(size)], -1)
    rays = rays @ pose[:3, :3].T
    depth, owner = np.full(size, np.inf), np.full(size, -1)
    rgb = np.zeros((*size, 3), np.uint8)
    with np.errstate(divide="ignore", invalid="ignore"):
        for number, (low, high, color) in enumerate(solids):
            enter, leave = (np.subtract(low, eye) / rays, np.subtract(high, eye) / rays)
            near, far = np.minimum(enter, leave), np.maximum(enter, leave)
            first, last = near.max(-1), far.min(-1)
            hit = (first < last) & (first > 0.05) & (first < depth)
            shade = np.array([0.8, 0.9, 1.0])[near.argmax(-1)]
            depth[hit], owner[hit] = first[hit], number
            rgb[hit] = (np.asarray(color) * shade[..., None]).astype(np.uint8)[hit]
    depth[np.isinf(depth)] = 0
    return Frame(index, rgb, depth.astype(np.float32), intrinsics, pose), owner
