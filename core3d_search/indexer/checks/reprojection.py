"""Depth of one frame, seen from another: how well the two agree, under any reading of the poses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core3d_search.indexer.checks.sample import Sample

Floats = npt.NDArray[np.float64]

STEP_PX = 5
"""Pixels of the small image between the points that are projected."""
TOLERANCE_M, TOLERANCE_SHARE = 0.02, 0.03
"""Two depths agree within this: noise of depth cameras and half a pixel of a slanted wall, at the sample's size."""


@dataclass(frozen=True)
class Agreement:
    """What M pairs of frames say together.

    `points` that were projected, `landed` on a depth of the other frame, `agreeing` with it; `residual_m` and
    `residual_share` the median difference in metres and of the depth, over those that landed within 0.5 m of any
    surface or did not (all of them).
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
    differences, depths, points = _differences(sample, reading, pairs)
    if not len(differences):
        return Agreement(points, 0, 0, float("inf"), float("inf"))
    off = np.abs(differences)
    agreeing = off < np.maximum(TOLERANCE_M, TOLERANCE_SHARE * depths)
    return Agreement(
        points, len(off), int(agreeing.sum()), float(np.median(off)), float(np.median(off / depths))
    )


def per_pair(sample: Sample, reading: Reading) -> npt.NDArray[np.float64]:
    """Return (M,) which part of what landed agrees in each pair, NaN where less than a tenth of the points landed."""
    shares = np.full(len(sample.pairs), np.nan)
    for row, pair in enumerate(sample.pairs):
        differences, depths, points = _differences(sample, reading, np.stack([pair, pair[::-1]]))
        if len(differences) > 0.1 * points:
            shares[row] = np.mean(np.abs(differences) < np.maximum(TOLERANCE_M, TOLERANCE_SHARE * depths))
    return shares


def _differences(
    sample: Sample, reading: Reading, pairs: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], int]:
    """Return measured minus expected depth (L,) of what landed, the expected depth (L,), and how many were projected."""
    height, width = sample.depth.shape[1:]
    rows, columns = np.mgrid[STEP_PX // 2 : height : STEP_PX, STEP_PX // 2 : width : STEP_PX].reshape(2, -1)
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
    measured = sample.depth[target[which], v.clip(0, height - 1), u.clip(0, width - 1)] * np.float32(reading.depth_factor)
    expected = seen[which, 2, point].astype(np.float32)
    known = measured > 0
    return (measured - expected)[known], expected[known], int((z[source] > 0).sum())
