"""A scene's surface as triangles, and which of them belong to which object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import SceneObject

REACH_M = 0.05
"""A triangle belongs to the object that has the nearest point, if that is no further away: two voxels of stored points
(`indexer/config.py`, fusion.voxel_m)."""


@dataclass(frozen=True, eq=False)
class Surface:
    """T triangles in the scan's own axes, metres, measured from the scene's origin where it has one.

    `vertices` (V, 3) float64; `colors` (V, 3) uint8 RGB; `triangles` (T, 3) int64, whose corners stand counterclockwise
    for who sees their outside.
    """

    vertices: npt.NDArray[np.float64]
    colors: npt.NDArray[np.uint8]
    triangles: npt.NDArray[np.int64]

    def part(self, chosen: npt.NDArray[np.bool_]) -> Surface:
        """Return some of the triangles, and the vertices that these have."""
        used, triangles = np.unique(self.triangles[chosen], return_inverse=True)
        return Surface(self.vertices[used], self.colors[used], triangles.reshape(-1, 3))


def owners(surface: Surface, objects: Sequence[SceneObject]) -> npt.NDArray[np.int64]:
    """Return (T,) the position in `objects` of the one that each triangle belongs to, -1 for none."""
    from scipy.spatial import KDTree

    found = np.full(len(surface.triangles), -1, np.int64)
    counts = [len(item.points) for item in objects]
    if not sum(counts) or not len(found):
        return found
    tree = KDTree(np.concatenate([item.points for item in objects]))
    middles = surface.vertices[surface.triangles].mean(axis=1)
    distance, nearest = tree.query(middles, distance_upper_bound=REACH_M)
    near = np.isfinite(distance)
    found[near] = np.repeat(np.arange(len(objects)), counts)[nearest[near]]
    return found
