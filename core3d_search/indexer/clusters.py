"""Points that belong together: DBSCAN on a voxel grid, in time and memory near the number of voxels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.geometry import Floats, means_of, voxel_numbers

LARGEST_GRID = 1 << 23
"""Cubes of a bounding box up to which all of them are looked at at once to find what touches."""


def cluster(points: Floats, reach: float, min_points: int, voxel: float) -> npt.NDArray[np.int64]:
    """Return (N,) the DBSCAN cluster of each of `points` (N, 3), -1 for noise (Ester et al. 1996).

    Points are thinned to a grid of `voxel` metres first and take their voxel's cluster. A point with `min_points`
    (itself counted) within `reach` is a core point; cores within reach of each other are one cluster; other points
    join the cluster of the nearest core in reach.

    Exact, by the grid of Gunawan (2013): what shares a cell with the diagonal `reach` is in reach of each other, so
    that full cells need no counting, and only cells not linked yet are compared point by point.
    """
    from scipy.spatial import cKDTree

    inverse = voxel_numbers(points, voxel)
    centers = means_of(inverse, points).astype(np.float64)
    cells = voxel_numbers(centers, 0.999 * reach / np.sqrt(3))
    core = np.bincount(cells)[cells] >= min_points
    sparse = np.flatnonzero(~core)
    if len(sparse) and min_points > 1:
        core[sparse] = cKDTree(centers).query_ball_point(centers[sparse], reach, return_length=True) >= min_points
    labels = np.full(len(centers), -1)
    if core.any():
        component = _linked(centers[core], cells[core], reach)
        labels[core] = component
        others = np.flatnonzero(~core)
        if len(others):
            reached = np.nextafter(reach, np.inf)
            distance, nearest = cKDTree(centers[core]).query(centers[others], distance_upper_bound=reached)
            labels[others[np.isfinite(distance)]] = component[nearest[np.isfinite(distance)]]
    found, compact = np.unique(labels, return_inverse=True)
    return (compact - int(found[0] < 0))[inverse]


def _linked(cores: Floats, cells: npt.NDArray[np.int64], reach: float) -> npt.NDArray[Any]:
    """Return (N,) the component of each of `cores` (N, 3), linked where within `reach`; what shares one of `cells` (N,)
    is."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree
    from scipy.spatial.distance import cdist

    cell = np.unique(cells, return_inverse=True)[1]
    count, pieces = int(cell.max()) + 1, _touching(cores, reach)
    graph = coo_matrix((np.ones(len(cores), bool), (cell, count + pieces)), shape=(count + int(pieces.max()) + 1,) * 2)
    components, component = connected_components(graph, directed=False)
    component = component[:count]
    if components > 1:
        order = np.argsort(cell, kind="stable")
        members = np.split(order, np.cumsum(np.bincount(cell))[:-1])
        middles = means_of(cell, cores)
        pairs = cKDTree(middles).query_pairs(2.01 * reach, output_type="ndarray")  # no farther can they touch
        for a, b in pairs[component[pairs[:, 0]] != component[pairs[:, 1]]]:
            if component[a] != component[b] and cdist(cores[members[a]], cores[members[b]]).min() <= reach:
                component[component == component[b]] = component[a]
    return component[cell]


def _touching(points: Floats, reach: float) -> npt.NDArray[np.int64]:
    """Return (N,) the number, from 0, of the piece of each of `points` (N, 3): what lies in cubes of edge `reach` / 3
    that share a face or an edge, two diagonals of whose faces are at most `reach` apart."""
    from scipy.ndimage import generate_binary_structure, label

    edge = 0.999 * reach / 3
    found = np.floor((points - points.min(axis=0)) / edge).astype(np.int64)
    spans = found.max(axis=0) + 1
    if float(np.prod(spans.astype(float))) > LARGEST_GRID:
        return voxel_numbers(points, edge)
    occupied = np.zeros(spans, bool)
    occupied[tuple(found.T)] = True
    pieces: npt.NDArray[np.int64] = label(occupied, generate_binary_structure(3, 2))[0][tuple(found.T)].astype(np.int64)
    return pieces - 1
