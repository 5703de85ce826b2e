"""What a depth image says about surfaces: points, normals and jumps; camera axes (x right, y down, z forward)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]


def back_project(depth: Floats, intrinsics: Floats) -> npt.NDArray[np.float32]:
    """Return (H, W, 3) points in metres of `depth` (H, W) metres; pixels without depth give the origin."""
    height, width = depth.shape
    fx, fy, cx, cy = (np.float32(intrinsics[i, j]) for i, j in ((0, 0), (1, 1), (0, 2), (1, 2)))
    points = np.empty((height, width, 3), np.float32)
    points[..., 0] = (np.arange(width, dtype=np.float32) - cx) / fx * depth
    points[..., 1] = ((np.arange(height, dtype=np.float32) - cy) / fy)[:, None] * depth
    points[..., 2] = depth
    return points


def to_world(points: Floats, world_from_camera: Floats) -> npt.NDArray[np.float64]:
    """Return camera `points` (..., 3) in world coordinates."""
    world: npt.NDArray[np.float64] = points @ world_from_camera[:3, :3].T + world_from_camera[:3, 3]
    return world


def jumps(depth: Floats, ratio: float) -> npt.NDArray[np.bool_]:
    """Return (H, W) pixels without depth, or beside one or a jump: flying pixels of a depth camera lie among them.

    A jump is where 1/z, which is linear over any plane in view, bends by more than `ratio` of itself.
    """
    invalid = depth <= 0
    inverse = np.where(invalid, 0, 1 / np.where(invalid, 1, depth))
    padded = np.pad(inverse, 1, mode="edge")
    middle = np.maximum(inverse, 1e-6)
    across = np.abs(padded[1:-1, :-2] + padded[1:-1, 2:] - 2 * inverse) > ratio * middle
    down = np.abs(padded[:-2, 1:-1] + padded[2:, 1:-1] - 2 * inverse) > ratio * middle
    marked: npt.NDArray[np.bool_] = invalid | across | down
    return marked


def normals(depth: Floats, intrinsics: Floats, window: int = 9, ratio: float = 0.02) -> npt.NDArray[np.float32]:
    """Return (H, W, 3) unit surface normals that face the camera; zeros where there is no depth near.

    Over a plane n.p = d the inverse depth is (K^-T n / d) . (u, v, 1): its gradient, averaged over a window without
    the steps larger than `ratio`, gives K^-T n / d and so the normal.
    """
    from scipy.ndimage import uniform_filter

    valid = depth > 0
    inverse = np.where(valid, 1 / np.where(valid, depth, 1), 0).astype(np.float32)
    gradients = []
    for axis in (1, 0):
        step = np.zeros_like(inverse)
        usable = np.zeros_like(inverse)
        ahead = (slice(None), slice(1, None)) if axis else (slice(1, None), slice(None))
        behind = (slice(None), slice(None, -1)) if axis else (slice(None, -1), slice(None))
        difference = inverse[ahead] - inverse[behind]
        good = valid[ahead] & valid[behind] & (np.abs(difference) < ratio * inverse[behind])
        step[behind] = np.where(good, difference, 0)
        usable[behind] = good
        weight = uniform_filter(usable, window, mode="constant")
        gradients.append(uniform_filter(step, window, mode="constant") / np.maximum(weight, 1e-6))
        valid = valid & (weight > 0.05)
    height, width = depth.shape
    a, b = gradients
    c = inverse - a * np.arange(width, dtype=np.float32) - b * np.arange(height, dtype=np.float32)[:, None]
    found: npt.NDArray[np.float32] = -(np.stack([a, b, c], axis=-1) @ intrinsics.astype(np.float32))
    length = np.linalg.norm(found, axis=-1, keepdims=True)
    unit: npt.NDArray[np.float32] = np.where(valid[..., None] & (length > 0), found / np.maximum(length, 1e-12), 0)
    return unit


def filled(depth: Floats, reach: float = 8.0) -> npt.NDArray[np.float32]:
    """Return `depth` (H, W) with pixels without depth given that of the nearest pixel within `reach` pixels."""
    from scipy.ndimage import distance_transform_edt

    missing = depth <= 0
    if not missing.any() or missing.all():
        return depth.astype(np.float32)
    distance, nearest = distance_transform_edt(missing, return_indices=True)
    filled: npt.NDArray[np.float32] = np.where(distance <= reach, depth[tuple(nearest)], 0).astype(np.float32)
    return filled


def depth_noise(depth: float) -> float:
    """Return the standard deviation in metres of what a depth camera measures at `depth` metres.

    0.0012 + 0.0019 (z - 0.4)^2: Nguyen, Izadi, Lovell, 3DIMPVT 2012, equation 4, for the Kinect; others differ in size
    but grow alike, and only ratios are used here.
    """
    return 0.0012 + 0.0019 * (depth - 0.4) ** 2
