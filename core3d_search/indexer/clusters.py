"""Points that belong together: DBSCAN on a voxel grid, in time and memory near the number of voxels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.geometry import Floats, thin, voxel_keys


def cluster(points: Floats, reach: float, min_points: int, voxel: float) -> npt.NDArray[np.int64]:
    """Return (N,) the DBSCAN cluster of each of `points` (N, 3), -1 for noise (Ester et al. 1996).

    Points are thinned to a grid of `voxel` metres first and take their voxel's cluster. A point with `min_points`
    (itself counted) within `reach` is a core point; cores within reach of each other are one cluster; other points
    join the cluster of the nearest core in reach.

    Exact, by the grid of Gunawan (2013): what shares a cell with the diagonal `reach` is in reach of each other, so
    that full cells need no counting, and only cells not linked yet are compared point by point.
    """
    from scipy.spatial import cKDTree

    _, inverse = np.unique(voxel_keys(points, voxel), return_inverse=True)
    (centers,) = thin(points, voxel)
    centers = centers.astype(np.float64)
    cells = np.unique(voxel_keys(centers, 0.999 * reach / np.sqrt(3)), return_inverse=True)[1]
    core = np.bincount(cells)[cells] >= min_points
    sparse = np.flatnonzero(~core)
    if len(sparse) and min_points > 1:
        core[sparse] = cKDTree(centers).query_ball_point(centers[sparse], reach, return_length=True) >= min_points
    labels = np.full(len(centers), -1)
    if core.any():
        tree = cKDTree(centers[core])
        component = _linked(centers[core], cells[core], tree, reach, voxel)
        labels[core] = component
        distance, nearest = tree.query(centers[~core], distance_upper_bound=np.nextafter(reach, np.inf))
        labels[np.flatnonzero(~core)[np.isfinite(distance)]] = component[nearest[np.isfinite(distance)]]
    found, compact = np.unique(labels, return_inverse=True)
    return (compact - int(found[0] < 0))[inverse]


def _linked(cores: Floats, cells: npt.NDArray[np.int64], tree: Any, reach: float, voxel: float) -> npt.NDArray[Any]:
    """Return (N,) the component of each of `cores` (N, 3), linked where within `reach`; `tree` holds them."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree
    from scipy.spatial.distance import cdist

    distinct, cell = np.unique(cells, return_inverse=True)
    near = tree.query_pairs(min(reach, 1.75 * voxel), output_type="ndarray")  # next voxels: most links are among them
    graph = coo_matrix((np.ones(len(near), bool), cell[near].T), shape=(len(distinct),) * 2)
    count, component = connected_components(graph, directed=False)
    if count > 1:
        order = np.argsort(cell, kind="stable")
        members = np.split(order, np.cumsum(np.bincount(cell))[:-1])
        middles = np.stack([cores[own].mean(axis=0) for own in members])
        for a, b in cKDTree(middles).query_pairs(2.01 * reach, output_type="ndarray"):  # no farther can they touch
            if component[a] != component[b] and cdist(cores[members[a]], cores[members[b]]).min() <= reach:
                component[component == component[b]] = component[a]
    return component[cell]
