"""From the points of objects to other points: each takes what its nearest neighbours have."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core3d_search.evaluation.metrics.semantic import NOTHING

Ints = npt.NDArray[np.int64]
Points = npt.NDArray[np.floating]


def nearest(points: Points, of: Points, max_distance_m: float = np.inf) -> Ints:
    """Return (N,) which of `of` (M, 3) is nearest to each of `points` (N, 3); NOTHING where none is near enough."""
    if not len(of) or not len(points):
        return np.full(len(points), NOTHING, np.int64)
    from scipy.spatial import cKDTree

    distances, found = cKDTree(of).query(points, k=1, distance_upper_bound=max_distance_m)
    return np.where(np.isfinite(distances), found, NOTHING).astype(np.int64)


def majority(points: Points, of: Points, values: Ints, neighbours: int = 1, max_distance_m: float = np.inf) -> Ints:
    """Return (N,) the value that most of the `neighbours` nearest of `of` (M, 3) have, for each of `points` (N, 3).

    `values` (M,) are 0 or more. Of equally frequent ones the one of the nearest neighbour wins. NOTHING where none is
    within the distance.
    """
    neighbours = min(neighbours, len(of))
    if neighbours <= 1:
        found = nearest(points, of, max_distance_m)
        return np.where(found == NOTHING, NOTHING, values[found]) if len(of) else found
    from scipy.spatial import cKDTree

    distances, found = cKDTree(of).query(points, k=neighbours, distance_upper_bound=max_distance_m)
    near = np.isfinite(distances)
    named = np.where(near, np.append(values, NOTHING)[np.where(near, found, len(of))], NOTHING)
    votes = (named[:, :, None] == named[:, None, :]).sum(axis=2) * near
    winner: Ints = named[np.arange(len(points)), votes.argmax(axis=1)].astype(np.int64)
    return winner
