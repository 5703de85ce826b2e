"""Points that belong together: DBSCAN on a voxel grid."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core3d_search.geometry import Floats, thin, voxel_keys


def cluster(points: Floats, reach: float, min_points: int, voxel: float) -> npt.NDArray[np.int64]:
    """Return (N,) the DBSCAN cluster of each of `points` (N, 3), -1 for noise (Ester et al. 1996).

    Points are thinned to a grid of `voxel` metres first and take their voxel's cluster. A point with `min_points`
    (itself counted) within `reach` is a core point; cores within reach of each other are one cluster; other points
    join the cluster of a core in reach.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    _, inverse = np.unique(voxel_keys(points, voxel), return_inverse=True)
    (centers,) = thin(points, voxel)
    pairs = cKDTree(centers).query_pairs(reach, output_type="ndarray")
    count = len(centers)
    core = 1 + np.bincount(pairs.ravel(), minlength=count) >= min_points
    linked = pairs[core[pairs].all(axis=1)]
    graph = coo_matrix((np.ones(len(linked), bool), (linked[:, 0], linked[:, 1])), shape=(count, count))
    _, component = connected_components(graph, directed=False)
    labels = np.where(core, component, -1)
    for near, far in ((0, 1), (1, 0)):
        border = pairs[core[pairs[:, near]] & ~core[pairs[:, far]]]
        labels[border[::-1, far]] = component[border[::-1, near]]
    found, compact = np.unique(labels, return_inverse=True)
    return (compact - int(found[0] < 0))[inverse]
