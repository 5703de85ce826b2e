"""Points spread over a model's surface, the same ones every time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core3d_search.meshes.model import Floats, Model, face_normals


@dataclass(frozen=True, eq=False)
class Samples:
    """N points of a surface: `points` and unit `normals` (N, 3), the `triangle` (N,) each lies on and its `barycentric`
    weights of corners 1 and 2 (N, 2)."""

    points: Floats
    normals: Floats
    triangle: npt.NDArray[np.int32]
    barycentric: Floats


def sample_surface(model: Model, count: int, triangles: npt.NDArray[np.int64] | None = None, seed: int = 0) -> Samples:
    """Return `count` points evenly over the area of the model, or of those `triangles` of it; deterministic."""
    rng = np.random.default_rng([seed, count])
    chosen = np.arange(len(model)) if triangles is None else triangles
    normals, areas = face_normals(model.corners[chosen])
    reach = np.cumsum(areas.astype(np.float64))
    if reach[-1] <= 0:  # all triangles are lines or points
        reach = np.arange(1.0, len(chosen) + 1)
    # one point in each of `count` equal parts of the area: even, without the clusters of pure chance
    at = (np.arange(count) + rng.random(count)) / count * reach[-1]
    local = np.minimum(np.searchsorted(reach, at), len(chosen) - 1)
    root, share = np.sqrt(rng.random(count)), rng.random(count)
    barycentric = np.stack([root * (1 - share), root * share], -1).astype(np.float32)
    corners = model.corners[chosen[local]]
    u, v = barycentric[:, :1], barycentric[:, 1:]
    points = corners[:, 0] + u * (corners[:, 1] - corners[:, 0]) + v * (corners[:, 2] - corners[:, 0])
    return Samples(points.astype(np.float32), normals[local], chosen[local].astype(np.int32), barycentric)
