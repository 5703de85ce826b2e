"""Depth of one frame, seen from another: how well the two agree, under any reading of the poses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core3d_search.indexer.checks.sample import Sample

Floats = npt.NDArray[np.float64]

STEP_PX = 5
"""Pixels of the small image between the points that are projected."""
TOLERANCE_SHARE = 0.035
"""Two depths agree within this share: noise of depth cameras and half a pixel of a slanted wall, at the sample's size.

No absolute tolerance: depths in a wrong unit would all lie within it.
"""


@dataclass(frozen=True)
class Agreement:
    """What M pairs of frames say together.

    `points` that were projected, `landed` on a depth of the other frame, `agreeing` with it; `residual_m` and
    `residual_share` the median difference of those that landed, in metres and of the depth.
    """

    points: int
    landed: int
    agreeing: int
    residual_m: float
    residual_share: float

    @property
    def share(self) -> float:
        """Which part of what landed agrees, 0 where nothing did."""
        return self.agreeing / self.landed if self.landed else 0.0

    @property
    def overlap(self) -> float:
        """Which part of all points agrees."""
        return self.agreeing / self.points if self.points else 0.0


@dataclass(frozen=True, eq=False)
class Reading:
    """One way to read a sample: its poses (F, 4, 4), a factor on depth, its intrinsics (F, 3, 3)."""

    poses: Floats
    intrinsics: Floats
    depth_factor: float = 1.0


def as_stored(sample: Sample) -> Reading:
    """Return the sample as it is."""
    return Reading(sample.poses, sample.intrinsics)


def agreement(sample: Sample, reading: Reading) -> Agreement:
    """Return how the pairs of a sample agree under a reading of it; each pair is looked at from both sides."""
    if not len(sample.pairs):
        return Agreement(0, 0, 0, float("inf"), float("inf"))
    pairs = np.concatenate([sample.pairs, sample.pairs[:, ::-1]])
    seen, points = _seen(sample, reading, pairs, STEP_PX)
    differences, depths = seen.measured - seen.expected, seen.expected
    if not len(differences):
        return Agreement(points, 0, 0, float("inf"), float("inf"))
    off = np.abs(differences)
    agreeing = off < TOLERANCE_SHARE * depths
    return Agreement(points, len(off), int(agreeing.sum()), float(np.median(off)), float(np.median(off / depths)))


def residual_image(sample: Sample, reading: Reading, first: int, second: int) -> npt.NDArray[np.float64]:
    """Return (h, w) by how many tolerances the depth of `second` differs from what `first` expects, NaN unseen."""
    seen, _ = _seen(sample, reading, np.array([[first, second]]), 1)
    image = np.full(sample.depth.shape[1:], np.nan)
    image[seen.rows, seen.columns] = np.abs(seen.measured - seen.expected) / (TOLERANCE_SHARE * seen.expected)
    return image


@dataclass(frozen=True, eq=False)
class _Seen:
    """Points of one frame where another measured depth: pixels (L,) there, depth `measured` and `expected` (L,)."""

    rows: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]
    measured: npt.NDArray[np.float32]
    expected: npt.NDArray[np.float32]


def _seen(sample: Sample, reading: Reading, pairs: npt.NDArray[np.int64], step: int) -> tuple[_Seen, int]:
    """Return what of every `step`-th pixel of the first landed in the second, and how many were projected."""
    height, width = sample.depth.shape[1:]
    rows, columns = np.mgrid[step // 2 : height : step, step // 2 : width : step].reshape(2, -1)
    pixels = np.stack([columns, rows, np.ones_like(rows)]).astype(np.float64)
    source, target = pairs.T
    z = sample.depth[:, rows, columns] * reading.depth_factor
    rays = np.linalg.inv(reading.intrinsics) @ pixels
    camera = rays * z[:, None]
    with np.errstate(all="ignore"):  # what is tried may put points anywhere
        b_from_a = np.linalg.inv(reading.poses[target]) @ reading.poses[source]
        seen = b_from_a[:, :3, :3] @ camera[source] + b_from_a[:, :3, 3:]
        projected = reading.intrinsics[target] @ seen
        u, v = projected[:, 0] / projected[:, 2], projected[:, 1] / projected[:, 2]
        valid = (z[source] > 0) & (seen[:, 2] > 0.05) & (u > -0.5) & (u < width - 0.5) & (v > -0.5) & (v < height - 0.5)
    which, point = np.nonzero(valid)
    u, v = np.round(u[which, point]).astype(int), np.round(v[which, point]).astype(int)
    u, v = u.clip(0, width - 1), v.clip(0, height - 1)
    measured = sample.depth[target[which], v, u] * np.float32(reading.depth_factor)
    expected = seen[which, 2, point].astype(np.float32)
    known = measured > 0
    return _Seen(v[known], u[known], measured[known], expected[known]), int((z[source] > 0).sum())
