"""Gravity, floor, walls and ceiling of a scene, found over a sample of its frames before any mask is made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.geometry import level_axes, voxel_keys
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.surfaces import back_project, normals, to_world

Floats = npt.NDArray[np.floating[Any]]

SAMPLE_STEP_PX = 6
"""Pixels between the samples of a frame."""
MAX_RANGE_M = 6.0
"""Metres along the optical axis: farther samples are too noisy."""
MIN_FLOOR_M2 = 1.5
"""Square metres that a floor or ceiling must show."""
MIN_WALL_M2 = 1.0
"""Square metres that a wall must show."""
MIN_WALL_HEIGHT_M = 1.0
"""Metres from the lowest to the highest visible part of a wall."""
SKIRTING_M = 0.12
"""Metres above the floor up to which whatever is flush with a wall is its skirting board."""
BEHIND_M = 0.12
"""Metres: only what lies farther behind a plane speaks against its being the outside of the room."""
AROUND_M = 1.0
"""Metres to both sides of a wall where things behind it count too: so a wardrobe's front is no wall."""
MAX_BEHIND = 0.04
"""Fraction of the samples in front of and behind a plane that may lie behind it (doors, windows, noise)."""


@dataclass(frozen=True, eq=False)
class Plane:
    """A bounding plane of the room: `normal` (3,) points into the room, points on it have `normal . p` = `offset`.

    `kind` is "floor", "wall" or "ceiling"; `color` (3,) is the Lab colour most of it has, `color_spread` (2,) how
    far lightness and chroma of that paint or board stray from it.
    """

    kind: str
    normal: npt.NDArray[np.float64]
    offset: float
    color: npt.NDArray[np.float64]
    color_spread: npt.NDArray[np.float64]

    def has_color_of(self, lab: Floats) -> npt.NDArray[np.bool_]:
        """Return (...,) which of `lab` (..., 3) may be this plane's own colour; shade counts less than hue."""
        difference = lab - self.color
        lightness, chroma = np.abs(difference[..., 0]), np.hypot(difference[..., 1], difference[..., 2])
        alike: npt.NDArray[np.bool_] = (lightness <= self.color_spread[0]) & (chroma <= self.color_spread[1])
        return alike


@dataclass(frozen=True, eq=False)
class Structure:
    """Floor, walls and ceiling of one scene, and the direction against gravity, `up` (3,) unit, world frame."""

    up: npt.NDArray[np.float64]
    planes: tuple[Plane, ...] = ()
    tolerance_m: float = 0.03

    def nearest(self, points: Floats, depth: Floats | float = 1.0) -> npt.NDArray[np.int64]:
        """Return (...,) the plane that each of world `points` (..., 3) lies on, -1 for none.

        `depth` (...,) metres, the distance at which the point was measured, widens the tolerance: the noise of
        depth cameras grows with its square (Khoshelham and Elberink 2012).
        """
        return self.nearest_of(self.distances(points), depth)

    def distances(self, points: Floats) -> Floats:
        """Return (K, ...) the distance in metres of each of `points` (..., 3) from each of the K planes."""
        normals = np.array([plane.normal for plane in self.planes], points.dtype).reshape(-1, 3)
        found = normals @ points.reshape(-1, 3).T
        found -= np.array([plane.offset for plane in self.planes], points.dtype)[:, None]
        return np.abs(found, out=found).reshape(len(self.planes), *points.shape[:-1])

    def nearest_of(self, distances: Floats, depth: Floats | float = 1.0) -> npt.NDArray[np.int64]:
        """Return what `nearest` does, of what `distances` gave."""
        found = np.full(distances.shape[1:], -1, np.int64)
        best = np.empty(distances.shape[1:], distances.dtype)
        best[...] = self.tolerance_m + 0.004 * np.square(depth)
        for number, distance in enumerate(distances):
            closer = distance < best
            np.copyto(found, number, where=closer)
            np.copyto(best, distance, where=closer)
        return found

    def from_camera(self, world_from_camera: npt.NDArray[np.float64]) -> Structure:
        """Return this structure in the axes of the camera that stands there (4, 4)."""
        turn, place = world_from_camera[:3, :3], world_from_camera[:3, 3]
        planes = tuple(
            replace(plane, normal=plane.normal @ turn, offset=float(plane.offset - plane.normal @ place))
            for plane in self.planes
        )
        return Structure(self.up @ turn, planes, self.tolerance_m)

    def bare(self, points: Floats, rgb: npt.NDArray[np.uint8], depth: Floats | float = 1.0) -> npt.NDArray[np.bool_]:
        """Return (...,) which of world `points` (..., 3) of colours `rgb` (..., 3) are bare floor, wall or ceiling.

        What lies on a plane in another colour (a rug, a picture, a door) is not bare; a skirting board is.
        """
        on = self.nearest(points, depth)
        if not (on >= 0).any():
            return np.zeros(on.shape, bool)
        return self.bare_on(on, points, to_lab(rgb))

    def bare_on(self, on: npt.NDArray[np.int64], points: Floats, lab: Floats) -> npt.NDArray[np.bool_]:
        """Return (...,) which of world `points` (..., 3) on planes `on` (...,), of Lab colours `lab`, are bare."""
        floors = [plane for plane in self.planes if plane.kind == "floor"]
        bare = np.zeros(on.shape, bool)
        for number, plane in enumerate(self.planes):
            there = on == number
            alike = plane.has_color_of(lab[there])
            if plane.kind == "wall" and floors:
                alike |= points[there] @ floors[0].normal - floors[0].offset < SKIRTING_M
            bare[there] = alike
        return bare


def to_lab(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return `rgb` (..., 3) uint8 sRGB as CIE Lab (..., 3), lightness 0 to 100."""
    from skimage.color import rgb2lab

    lab: npt.NDArray[np.float32] = rgb2lab(rgb.astype(np.float32) / np.float32(255)).astype(np.float32)
    return lab


def estimate_up(frames: Iterable[Frame]) -> npt.NDArray[np.float64]:
    """Return (3,) the unit direction against gravity, for scans whose format does not say.

    Cameras are held roughly level, so the mean image "up" is the start; then it is turned until most surface normals
    are parallel or orthogonal to it (Gupta et al., CVPR 2013, section 3). +z where there is nothing to go by.
    """
    up = np.zeros(3)
    found = []
    for frame in frames:
        up -= frame.world_from_camera[:3, 1]
        found.append(_samples(frame)[1])
    if not np.linalg.norm(up) > 0:
        return np.array([0.0, 0.0, 1.0])
    up /= np.linalg.norm(up)
    directions = np.concatenate(found)
    for degrees in (45, 45, 45, 15, 15, 15, 5, 5):
        cosine = np.abs(directions @ up)
        along = directions[cosine > np.cos(np.radians(degrees))]
        across = directions[cosine < np.sin(np.radians(degrees))]
        if len(along) + len(across) < 10:
            break
        _, axes = np.linalg.eigh(across.T @ across - along.T @ along)
        up = axes[:, 0] * (1 if axes[:, 0] @ up > 0 else -1)
    return up


def find_structure(frames: Iterable[Frame], up: npt.ArrayLike, tolerance_m: float = 0.03) -> Structure:
    """Return the floor, ceiling and walls that `frames` show; a plane counts where nearly nothing lies behind it."""
    up = np.asarray(up, np.float64) / np.linalg.norm(np.asarray(up, np.float64))
    parts = [_samples(frame) for frame in frames]
    if not parts:
        return Structure(up, (), tolerance_m)
    points, directions, lab = (np.concatenate(column) for column in zip(*parts, strict=True))
    level = level_axes(up)
    planes: list[Plane] = []
    facing = directions @ up
    for kind, normal, mask, minimum in (
        ("floor", up, facing > 0.94, MIN_FLOOR_M2),
        ("ceiling", -up, facing < -0.94, MIN_FLOOR_M2),
    ):
        planes += _outermost(kind, normal, points, lab, mask, up, minimum)[:1]
    upright = np.abs(facing) < 0.2
    azimuth = np.degrees(np.arctan2(directions @ level[:, 1], directions @ level[:, 0])) % 360
    counts = np.bincount((azimuth[upright] // 2).astype(np.int64) % 180, minlength=180).astype(np.float64)
    for _ in range(12):
        smooth = np.stack([np.roll(counts, shift) for shift in (-2, -1, 0, 1, 2)]).sum(axis=0)
        peak = int(np.argmax(smooth))
        if smooth[peak] < 0.02 * max(upright.sum(), 1):
            break
        away = np.abs((azimuth - (peak * 2 + 1) + 180) % 360 - 180)
        near = upright & (away < 10)
        mean = directions[near].mean(axis=0)
        mean -= (mean @ up) * up
        planes += _outermost("wall", mean / np.linalg.norm(mean), points, lab, near, up, MIN_WALL_M2)
        counts[np.abs((np.arange(180) - peak + 90) % 180 - 90) <= 8] = 0
    return Structure(up, tuple(planes), tolerance_m)


def _samples(frame: Frame) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """Return (P, 3) world points, their normals and Lab colours of a grid over `frame`."""
    grid = (slice(SAMPLE_STEP_PX // 2, None, SAMPLE_STEP_PX),) * 2
    depth = frame.depth[grid]
    points = back_project(frame.depth, frame.intrinsics)[grid]
    directions = normals(frame.depth, frame.intrinsics)[grid]
    good = (depth > 0) & (depth < MAX_RANGE_M) & (np.abs(directions).sum(axis=-1) > 0)
    world = to_world(points[good], frame.world_from_camera)
    return world, directions[good] @ frame.world_from_camera[:3, :3].T, to_lab(frame.rgb[grid])[good]


def _outermost(
    kind: str, normal: Floats, points: Floats, lab: Floats, facing: npt.NDArray[np.bool_], up: Floats, minimum: float
) -> list[Plane]:
    """Return the planes across `normal` that bound the room, outermost first.

    `facing` (P,) are the samples whose normals agree; a plane needs `minimum` square metres of them.
    """
    offsets = points @ normal
    if facing.sum() < 50:
        return []
    width = 0.02
    low = offsets[facing].min()
    counts = np.bincount(((offsets[facing] - low) / width).astype(np.int64))
    smooth = np.convolve(counts, np.ones(3))[1:-1]
    planes: list[Plane] = []
    last = -np.inf
    for position in np.flatnonzero(smooth >= max(20.0, 0.05 * smooth.max())):
        around = smooth[max(position - 3, 0) : position + 4]
        center = low + (position + 0.5) * width
        if smooth[position] < around.max() or center - last < 0.15:
            continue
        inliers = facing & (np.abs(offsets - center) < 0.04)
        refined, offset = _refined(points[inliers], normal)
        axis = np.cross(up, refined) if kind == "wall" else level_axes(up)[:, 0]
        flat = np.stack([points @ axis, points @ np.cross(refined, axis)], axis=1)
        cells = np.unique(voxel_keys(np.pad(flat[inliers], ((0, 0), (0, 1))), 0.1))
        height = np.ptp(np.quantile(points[inliers] @ up, (0.02, 0.98)))
        if len(cells) * 0.01 < minimum or (kind == "wall" and height < MIN_WALL_HEIGHT_M):
            continue
        edges = np.quantile(flat[inliers], (0.02, 0.98), axis=0)
        margin = (AROUND_M, 0.0) if kind == "wall" else (0.0, 0.0)
        within = ((flat >= edges[0] - margin) & (flat <= edges[1] + margin)).all(axis=1)
        signed = points @ refined - offset
        if (within & (signed < -BEHIND_M)).sum() > MAX_BEHIND * within.sum():
            continue
        planes.append(Plane(kind, refined, offset, *_paint(lab[inliers])))
        last = center
    return planes


def _refined(points: Floats, normal: Floats) -> tuple[npt.NDArray[np.float64], float]:
    """Return the least-squares plane of `points` (P, 3), its normal on the side of `normal`."""
    center = np.median(points, axis=0)
    _, axes = np.linalg.eigh((points - center).T @ (points - center))
    fitted = axes[:, 0] * (1 if axes[:, 0] @ normal > 0 else -1)
    if fitted @ normal < 0.985:  # clutter near the plane turned it by more than 10 degrees
        fitted = np.asarray(normal, np.float64)
    return fitted, float(np.median(points @ fitted))


def _paint(lab: Floats) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the mode of `lab` (P, 3), by mean shift from the median, and the spread of lightness and chroma there."""
    color = np.median(lab.astype(np.float64), axis=0)
    near = np.ones(len(lab), bool)
    for _ in range(10):
        difference = lab - color
        near = (np.abs(difference[:, 0]) < 30) & (np.hypot(difference[:, 1], difference[:, 2]) < 12)
        if not near.any():
            break
        color = lab[near].mean(axis=0, dtype=np.float64)
    difference = lab[near] - color if near.any() else np.zeros((1, 3))
    lightness = float(np.clip(3 * difference[:, 0].std(), 12, 30))
    chroma = float(np.clip(3 * np.hypot(difference[:, 1], difference[:, 2]).mean(), 6, 14))
    return color, np.array([lightness, chroma])
