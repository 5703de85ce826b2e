"""What many observations say of each voxel of one object, added up: memory grows with its surface, not with views."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
import numpy.typing as npt

from core3d_search.geometry import voxel_keys
from core3d_search.indexer.lifting import Observation
from core3d_search.indexer.surfaces import depth_noise

AT_ONCE = 64
"""Observations whose points are in memory twice while they are added."""
POINTS, OBSERVATIONS, PRECISION = 0, 1, 2
MEANS = slice(3, 9)


class SurfaceSums:
    """Sums over observations of one object, per voxel of edge `size` metres, ordered by voxel key."""

    def __init__(self, observations: Iterable[Observation], size: float) -> None:
        keys, rows = np.zeros(0, np.int64), np.zeros((0, 9))
        for batch in _batches(observations, AT_ONCE):
            parts = [_rows(observation, size) for observation in batch]
            keys, rows = _added([keys, *(part for part, _ in parts)], [rows, *(part for _, part in parts)])
        self._rows = rows

    @property
    def points(self) -> npt.NDArray[np.float32]:
        """(V, 3) the mean of the points in each voxel, world metres."""
        mean: npt.NDArray[np.float32] = self._means()[:, :3].astype(np.float32)
        return mean

    @property
    def colors(self) -> npt.NDArray[np.uint8]:
        """(V, 3) the mean colour in each voxel, RGB."""
        mean: npt.NDArray[np.uint8] = np.rint(self._means()[:, 3:]).astype(np.uint8)
        return mean

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """(V,) in how many observations each voxel was seen."""
        counts: npt.NDArray[np.int64] = self._rows[:, OBSERVATIONS].astype(np.int64)
        return counts

    @property
    def precision(self) -> npt.NDArray[np.float64]:
        """(V,) the sum over observations of one over the variance of their depth, 1 / m^2."""
        return self._rows[:, PRECISION]

    def _means(self) -> npt.NDArray[np.float64]:
        means: npt.NDArray[np.float64] = self._rows[:, MEANS] / self._rows[:, POINTS, None]
        return means


def _rows(observation: Observation, size: float) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return (P,) the voxel of each point of one observation and (P, 9) what it adds there."""
    keys = voxel_keys(observation.points, size)
    rows = np.zeros((len(keys), 9))
    rows[:, POINTS] = 1
    rows[np.unique(keys, return_index=True)[1], OBSERVATIONS] = 1
    rows[:, PRECISION] = rows[:, OBSERVATIONS] * depth_noise(observation.depth_m) ** -2
    rows[:, 3:6], rows[:, 6:9] = observation.points, observation.colors
    return keys, rows


def _added(
    keys: Sequence[npt.NDArray[np.int64]], rows: Sequence[npt.NDArray[np.float64]]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return each key once, rising, and the sum of its rows."""
    distinct, inverse = np.unique(np.concatenate(keys), return_inverse=True)
    every = np.concatenate(rows)
    columns = [np.bincount(inverse, column, len(distinct)) for column in every.T]
    sums: npt.NDArray[np.float64] = np.stack(columns, axis=1).astype(np.float64)
    return distinct, sums


def _batches(observations: Iterable[Observation], size: int) -> Iterator[list[Observation]]:
    remaining = iter(observations)
    while batch := list(islice(remaining, size)):
        yield batch
