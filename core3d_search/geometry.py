"""Points, voxels and oriented boxes in NumPy; metres, any right-handed world frame."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Box3D

Floats = npt.NDArray[np.floating[Any]]

_VOXEL_RANGE = 1 << 20
"""Voxels a coordinate may lie from the origin: three of them fit one int64 key."""

DENSE_VOXELS = 1 << 17
"""Voxels of a bounding box up to which a table of all of them is made, whatever the number of points."""

_FACES = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]], dtype=np.int64)
"""Corner indices (see `box_corners`) of the faces -x +x -y +y -z +z, each counter-clockwise seen from outside."""

UNIT_CORNERS = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
BOX_EDGES = [(a, b) for a in range(8) for b in range(a + 1, 8) if (UNIT_CORNERS[a] != UNIT_CORNERS[b]).sum() == 1]
"""The corners (8, 3) of a box of extent 1 about zero, and the pairs of them that its 12 edges join."""


def voxel_keys(points: npt.ArrayLike, size: float) -> npt.NDArray[np.int64]:
    """Return one int64 key per point of `points` (N, 3): equal keys mean the same cube of edge `size` metres.

    Raises ValueError for points that are not finite or lie further than 2^20 voxels from the origin.
    """
    scaled = np.floor(np.asarray(points, np.float64) / size)
    if not (np.abs(scaled) < _VOXEL_RANGE).all():
        raise ValueError(f"points must be finite and within {_VOXEL_RANGE * size:.0f} m of the origin")
    cells = scaled.astype(np.int64) + _VOXEL_RANGE
    return (cells[:, 0] << 42) | (cells[:, 1] << 21) | cells[:, 2]


def voxel_cells(keys: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return (N, 3) the cells, counted in voxels from the origin, whose `voxel_keys` are `keys` (N,)."""
    mask = (1 << 21) - 1
    return np.stack([keys >> 42, keys >> 21 & mask, keys & mask], axis=1) - _VOXEL_RANGE


def thin(points: Floats, size: float, *values: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], ...]:
    """Return the mean of `points` (N, 3), and of every array in `values` (N, ...), per voxel of edge `size`.

    A voxel's mean lies in that voxel, so thinning changes no occupancy. Rows are ordered by voxel key, dtypes are kept.
    """
    owner = voxel_numbers(points, size)
    return tuple(means_of(owner, array) for array in (points, *values))


def voxel_numbers(points: npt.ArrayLike, size: float) -> npt.NDArray[np.int64]:
    """Return (N,) the number of the voxel of edge `size` that each of `points` (N, 3) is in: 0 to V - 1, in the order
    of the keys of the V voxels that occur. Raises ValueError as `voxel_keys` does.
    """
    keys = voxel_keys(points, size)
    if not len(keys):
        return keys
    cells = voxel_cells(keys)
    cells -= cells.min(axis=0)
    _, high, deep = spans = (cells.max(axis=0) + 1).tolist()
    if math.prod(spans) > DENSE_VOXELS + 8 * len(keys):
        numbers: npt.NDArray[np.int64] = np.unique(keys, return_inverse=True)[1]
        return numbers
    flat = (cells[:, 0] * high + cells[:, 1]) * deep + cells[:, 2]  # as the keys are ordered
    occupied = np.zeros(math.prod(spans), bool)
    occupied[flat] = True
    ranks: npt.NDArray[np.int64] = np.cumsum(occupied) - 1
    return ranks[flat]


def means_of(owner: npt.NDArray[np.int64], array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the mean of the rows of `array` (N, ...) with equal `owner` (N,), 0 to V - 1, each of which occurs."""
    counts = np.bincount(owner)
    flat = array.reshape(len(array), -1)
    columns = [np.bincount(owner, weights=column, minlength=len(counts)) / counts for column in flat.T]
    mean = np.stack(columns, axis=1) if columns else np.zeros((len(counts), 0))
    if np.issubdtype(array.dtype, np.integer):
        mean = np.rint(mean)
    return mean.reshape(len(counts), *array.shape[1:]).astype(array.dtype)


def box_corners(box: Box3D) -> npt.NDArray[np.float64]:
    """Return the (8, 3) corners of `box`; corner 4i + 2j + k takes sides i, j, k (0: -, 1: +) of its x, y, z axes."""
    return box.center + (UNIT_CORNERS * box.extent) @ box.rotation.T


def points_in_box(points: npt.ArrayLike, box: Box3D, margin: float = 0.0) -> npt.NDArray[np.bool_]:
    """Return (N,) which of `points` (N, 3) lie in `box`, grown by `margin` metres on every side."""
    local = (np.asarray(points, np.float64) - box.center) @ box.rotation
    inside: npt.NDArray[np.bool_] = np.all(np.abs(local) <= box.extent / 2 + margin + 1e-9, axis=1)
    return inside


def fit_box(
    points: npt.ArrayLike,
    up: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    trim: float = 0.0,
    max_trim_m: float = np.inf,
) -> Box3D:
    """Return the box of `points` (N, 3): z axis along `up`, the smallest rectangle around them on the ground.

    The exact minimum: one side of the smallest rectangle lies on a side of the convex hull (Freeman and Shapira 1975).
    Without `up` the axes are the principal axes of the points. Then each side moves in past the outermost `trim` of
    the points' `weights` (N,), by `max_trim_m` metres at most: noise thickens what is thin. Raises ValueError where
    there are no points.
    """
    points = np.asarray(points, np.float64)
    if points.ndim != 2 or points.shape[1] != 3 or not len(points):
        raise ValueError(f"points must have shape (1 or more, 3), got {points.shape}")
    weights = np.ones(len(points)) if weights is None else np.asarray(weights, np.float64)
    if up is None:
        _, axes = np.linalg.eigh(np.cov(points.T, bias=True))
        rotation = axes[:, ::-1] * np.sign(np.linalg.det(axes[:, ::-1]))
    else:
        level = level_axes(up)
        flat = points @ level[:, :2]
        edges = _hull_directions(flat)
        areas = [
            np.prod(np.diff(_trimmed_range(flat @ [[x, -y], [y, x]], weights, trim, max_trim_m), axis=0))
            for x, y in edges
        ]
        x, y = edges[int(np.argmin(np.round(areas, 12)))]
        rotation = level @ np.array([[x, -y, 0.0], [y, x, 0.0], [0.0, 0.0, 1.0]])
    low, high = _trimmed_range(points @ rotation, weights, trim, max_trim_m)
    return Box3D(rotation @ ((low + high) / 2), high - low, rotation)


def _trimmed_range(values: Floats, weights: Floats, trim: float, most: float) -> npt.NDArray[np.float64]:
    """Return (2, D) the least and greatest of `values` (N, D), moved in past a share `trim` of the weight."""
    limits = np.stack([values.min(axis=0), values.max(axis=0)])
    if trim <= 0:
        return limits
    total = weights.sum()
    for axis, column in enumerate(values.T):
        low, high = limits[:, axis]
        below = _inwards(column - low, weights, trim * total, most)
        above = _inwards(high - column, weights, trim * total, most)
        limits[:, axis] = low + below, high - above
    return limits


def _inwards(depths: Floats, weights: Floats, allowed: float, most: float) -> float:
    """Return how far a side moves in past `allowed` of the weight of points at `depths` (N,) behind it, `most` at most:
    only those no deeper are sorted."""
    outer = np.flatnonzero(depths <= most)
    order = outer[np.argsort(depths[outer], kind="stable")]
    reached = int(np.searchsorted(np.cumsum(weights[order]), allowed))
    return float(depths[order[reached]]) if reached < len(order) else min(most, float(depths.max()))


def level_axes(up: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return a (3, 3) rotation world_from_level whose third column is `up`; identity where `up` is +z."""
    z = np.asarray(up, np.float64)
    z = z / np.linalg.norm(z)
    seed = np.array([1.0, 0.0, 0.0]) if abs(z[0]) < 0.9 else np.array([0.0, 1.0, 0.0])
    x = seed - (seed @ z) * z
    x = x / np.linalg.norm(x)
    return np.stack([x, np.cross(z, x), z], axis=1)


def level_from_world(up: tuple[float, float, float] | None) -> npt.NDArray[np.float64]:
    """Return the (3, 3) rotation that turns `up` to +z; identity where up is unknown or +z already."""
    if up is None or up[2] > 1 - 1e-9:
        return np.eye(3)
    return level_axes(up).T


def convex_hull(points: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the corners of the convex hull of `points` (N, 2), counter-clockwise from the least x, then the least y.

    Points on one line give its two ends, a single place gives itself.
    """
    from scipy.spatial import ConvexHull, QhullError

    flat: npt.NDArray[np.float64] = np.unique(np.asarray(points, np.float64), axis=0)
    if len(flat) < 3:
        return flat
    try:
        corners = flat[ConvexHull(flat).vertices]
    except QhullError:  # no area: sorted by x, then y, the ends are first and last
        return flat[[0, -1]]
    return np.roll(corners, -int(np.lexsort(corners.T[::-1])[0]), axis=0)


def _hull_directions(flat: Floats) -> npt.NDArray[np.float64]:
    """Return (K, 2) unit directions, angles in [0, 90) degrees, of the sides of the hull of `flat`, longest first."""
    hull = convex_hull(flat)
    sides = np.roll(hull, -1, axis=0) - hull
    lengths = np.linalg.norm(sides, axis=1)
    order = np.argsort(-lengths, kind="stable")
    angles = np.arctan2(sides[order, 1], sides[order, 0])[lengths[order] > 1e-9] % (np.pi / 2)
    angles = np.append(angles, 0.0) if not len(angles) else angles
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def box_volume(box: Box3D) -> float:
    """Return the volume of `box` in cubic metres."""
    return float(np.prod(box.extent))


def box_iou(a: Box3D, b: Box3D) -> float:
    """Return the exact intersection over union of two oriented boxes, in [0, 1]; 0 where neither has volume."""
    both = intersection_volume(a, b)
    union = box_volume(a) + box_volume(b) - both
    return both / union if union > 0 else 0.0


def intersection_volume(a: Box3D, b: Box3D) -> float:
    """Return the volume in cubic metres that two oriented boxes share.

    The surface of the common solid is what of a's faces lies in b and of b's faces in a; by the divergence theorem
    its volume is a third of the sum of face area times signed distance from a point of it.
    """
    if np.linalg.norm(a.center - b.center) > (np.linalg.norm(a.extent) + np.linalg.norm(b.extent)) / 2:
        return 0.0
    tolerance = 1e-9 * (1 + float(np.linalg.norm(a.extent) + np.linalg.norm(b.extent)))
    pieces = [piece for piece in _clipped_faces(a, b, tolerance, keep_flush=True) if len(piece) > 2]
    pieces += [piece for piece in _clipped_faces(b, a, tolerance, keep_flush=False) if len(piece) > 2]
    if not pieces:
        return 0.0
    origin = pieces[0][0]
    volume = 0.0
    for piece in pieces:
        fan = piece - origin
        volume += float(np.einsum("ij,ij->i", np.cross(fan[1:-1], fan[2:]), fan[:1].repeat(len(fan) - 2, 0)).sum()) / 6
    return max(0.0, volume)


def _clipped_faces(box: Box3D, other: Box3D, tolerance: float, keep_flush: bool) -> list[npt.NDArray[np.float64]]:
    """Return what of each face of `box` lies in `other`, as polygons (K, 3) counter-clockwise from outside.

    A face flush with one of `other` belongs to both boxes; `keep_flush` decides, so that it counts only once.
    """
    corners = box_corners(box)
    local = (corners - other.center) @ other.rotation
    pieces = []
    for face in _FACES:
        polygon = local[face]
        for axis in range(3):
            for sign in (1.0, -1.0):
                beyond = sign * polygon[:, axis] - other.extent[axis] / 2
                if not keep_flush and len(polygon) and (np.abs(beyond) <= tolerance).all():
                    polygon = polygon[:0]
                polygon = _clip(polygon, sign * polygon[:, axis] - other.extent[axis] / 2, tolerance)
        pieces.append(polygon @ other.rotation.T + other.center)
    return pieces


def _clip(polygon: Floats, beyond: Floats, tolerance: float) -> Floats:
    """Return `polygon` (K, 3) without what has `beyond` (K,) above 0 (Sutherland and Hodgman 1974)."""
    if not len(polygon) or (beyond <= tolerance).all():
        return polygon
    kept = []
    for here, there, d_here, d_there in zip(
        polygon, np.roll(polygon, -1, axis=0), beyond, np.roll(beyond, -1), strict=True
    ):
        if d_here <= tolerance:
            kept.append(here)
        if (d_here <= tolerance) != (d_there <= tolerance):
            kept.append(here + (there - here) * (d_here / (d_here - d_there)))
    return np.array(kept).reshape(-1, 3)
