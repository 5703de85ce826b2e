"""Points that belong together: DBSCAN on a voxel grid."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core3d_search.geometry import Floats, voxel_keys

FIRST_REACH = 2.5
"""Voxels: how far points are linked at first. Pairs grow with the cube of the reach, and nearly all of what lies within
the whole reach hangs together by shorter links."""
CRUMB = 50
"""Points: pieces smaller than this are compared at once, as one."""


def cluster(points: Floats, reach: float, min_points: int, voxel: float) -> npt.NDArray[np.int64]:
    """Return (N,) the DBSCAN cluster of each of `points` (N, 3), -1 for noise (Ester et al. 1996).

    Points are thinned to a grid of `voxel` metres first and take their voxel's cluster. A point with `min_points`
    (itself counted) within `reach` is a core point; cores within reach of each other are one cluster; other points
    join the cluster of the nearest core in reach.
    """
    from scipy.spatial import cKDTree

    _, inverse, sizes = np.unique(voxel_keys(points, voxel), return_inverse=True, return_counts=True)
    centers = np.stack([np.bincount(inverse, column) for column in points.T], axis=1) / sizes[:, None]
    tree = cKDTree(centers, balanced_tree=False)
    pairs = tree.query_pairs(min(reach, FIRST_REACH * voxel), output_type="ndarray")
    counts = 1 + np.bincount(pairs.ravel(), minlength=len(centers))
    unsure = np.flatnonzero(counts < min_points)
    counts[unsure] = tree.query_ball_point(centers[unsure], reach, return_length=True)
    core = counts >= min_points
    labels = np.full(len(centers), -1)
    if core.any():
        number = np.cumsum(core) - 1
        labels[core] = _linked(centers[core], reach, number[pairs[core[pairs].all(axis=1)]])
        distance, nearest = cKDTree(centers[core]).query(centers[~core], distance_upper_bound=reach * (1 + 1e-12))
        in_reach = np.isfinite(distance)
        labels[np.flatnonzero(~core)[in_reach]] = labels[core][nearest[in_reach]]
    return labels[inverse]


def _linked(points: Floats, reach: float, links: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return (N,) the number of the single-linkage cluster at `reach` of each of `points` (N, 3), where `links` (E, 2)
    already tells some of the pairs within it.

    Two pieces that the given links make are one where a point of the one is within `reach` of a point of the other:
    crumbs are compared point by point, every larger piece by its nearest points to the others.
    """
    from scipy.spatial import cKDTree

    piece = _components(links, len(points))
    sizes = np.bincount(piece)
    if len(sizes) == 1:
        return piece
    joins, earlier = [np.zeros((0, 2), np.int64)], []
    crumbs = np.flatnonzero(sizes[piece] < CRUMB)
    if len(crumbs):
        joins.append(piece[crumbs[cKDTree(points[crumbs]).query_pairs(reach, output_type="ndarray")]])
        earlier.append((crumbs, points[crumbs]))
    rising = np.argsort(sizes, kind="stable")
    for number in rising[sizes[rising] >= CRUMB]:
        own = np.flatnonzero(piece == number)
        tree = cKDTree(points[own], balanced_tree=False)
        low, high = points[own].min(axis=0) - reach, points[own].max(axis=0) + reach
        for rows, others in earlier:
            close = ((others >= low) & (others <= high)).all(axis=1)
            distance, _ = tree.query(others[close], distance_upper_bound=reach * (1 + 1e-12))
            joined = np.unique(piece[rows[close][np.isfinite(distance)]])
            joins.append(np.stack([joined, np.full(len(joined), number)], axis=1))
        earlier.append((own, points[own]))
    return _components(np.concatenate(joins), len(sizes))[piece]


def _components(links: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int64]:
    """Return (count,) the connected component of each node, numbered by their first nodes."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    graph = coo_matrix((np.ones(len(links), bool), (links[:, 0], links[:, 1])), shape=(count, count))
    component: npt.NDArray[np.int64] = connected_components(graph, directed=False)[1].astype(np.int64)
    return component
