"""Casts rays at triangles: embreex where it has a wheel, Open3D's rays elsewhere (Linux on ARM); both are Embree.

One thread a call, and no system library beside the wheel with embreex.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError
from core3d_search.open3d import load_open3d

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class RayHits:
    """The nearest hit of each ray, of the rays' shape.

    `distance` (...) float32 in lengths of the ray's direction, inf where nothing was hit; `triangle` (...) int32, -1
    where none; `barycentric` (..., 2) float32, the weights of the triangle's corners 1 and 2; `normal` (..., 3)
    float32, the unit normal by the right-hand rule over the corners. The last two mean nothing where nothing was hit.
    """

    distance: Floats
    triangle: npt.NDArray[np.int32]
    barycentric: Floats
    normal: Floats


class RayScene(Protocol):
    """Triangles that rays can be cast at; rays are origins and directions (..., 3), which broadcast."""

    def intersect(self, origins: npt.ArrayLike, directions: npt.ArrayLike) -> RayHits:
        """Return the nearest hit of each ray, from its origin to infinity."""

    def occluded(self, origins: npt.ArrayLike, directions: npt.ArrayLike, far: float = 1.0) -> npt.NDArray[np.bool_]:
        """Return whether each ray hits anything nearer than `far` lengths of its direction."""


def ray_scene(vertices: npt.ArrayLike, triangles: npt.ArrayLike) -> RayScene:
    """Return `vertices` (V, 3) and `triangles` (T, 3), indices into them, made ready for rays.

    Raises InputError for arrays of other shapes or indices out of range, MissingDependencyError where no engine loads.
    """
    corners = np.ascontiguousarray(vertices, np.float32)
    indices = np.ascontiguousarray(triangles, np.int32)
    if corners.ndim != 2 or corners.shape[1] != 3:
        raise InputError(f"vertices must be (V, 3), got {corners.shape}")
    if indices.ndim != 2 or indices.shape[1] != 3 or not len(indices):
        raise InputError(f"triangles must be (T, 3) with T > 0, got {indices.shape}")
    if indices.min() < 0 or indices.max() >= len(corners):
        raise InputError(f"triangles name vertices {indices.min()} to {indices.max()} of 0 to {len(corners) - 1}")
    try:
        return EmbreexScene(corners, indices)
    except ModuleNotFoundError:
        return Open3DScene(corners, indices)


class EmbreexScene:
    """Embree 4 as the package embreex wraps it."""

    def __init__(self, vertices: Floats, triangles: npt.NDArray[np.int32]) -> None:
        from embreex.mesh_construction import TriangleMesh
        from embreex.rtcore_scene import EmbreeScene

        self._scene = EmbreeScene(robust=True)  # no ray slips between two triangles that share an edge
        TriangleMesh(self._scene, vertices, triangles)

    def intersect(self, origins: npt.ArrayLike, directions: npt.ArrayLike) -> RayHits:
        """Return the nearest hit of each ray."""
        shape, start, along = _flat(origins, directions)
        found = self._scene.run(start, along, output=True)
        missed = found["primID"] < 0
        normal = found["Ng"]
        squared = normal * normal
        length = np.sqrt(squared[:, 0] + squared[:, 1] + squared[:, 2])
        length[missed] = 1
        normal *= (1 / length)[:, None]
        distance = np.where(missed, np.float32(np.inf), found["tfar"])
        barycentric = np.stack([found["u"], found["v"]], -1)
        return RayHits(
            distance.reshape(shape),
            found["primID"].reshape(shape),
            barycentric.reshape(*shape, 2),
            normal.reshape(*shape, 3),
        )

    def occluded(self, origins: npt.ArrayLike, directions: npt.ArrayLike, far: float = 1.0) -> npt.NDArray[np.bool_]:
        """Return whether each ray hits anything nearer than `far`."""
        shape, start, along = _flat(origins, directions)
        reach = np.full(len(start), far, np.float32)
        found: npt.NDArray[np.int32] = self._scene.run(start, along, reach, query="OCCLUDED")
        return (found >= 0).reshape(shape)


class Open3DScene:
    """Embree 4 as Open3D wraps it."""

    def __init__(self, vertices: Floats, triangles: npt.NDArray[np.int32]) -> None:
        o3d = load_open3d("casting rays without embreex")
        self._tensor = o3d.core.Tensor
        self._scene = o3d.t.geometry.RaycastingScene(nthreads=1)
        self._scene.add_triangles(self._tensor(vertices), self._tensor(triangles.astype(np.uint32)))

    def intersect(self, origins: npt.ArrayLike, directions: npt.ArrayLike) -> RayHits:
        """Return the nearest hit of each ray."""
        shape, rays = self._rays(origins, directions)
        found = {name: values.numpy() for name, values in self._scene.cast_rays(rays).items()}
        distance = found["t_hit"].reshape(shape)
        triangle = found["primitive_ids"].astype(np.int32).reshape(shape)
        return RayHits(
            distance,
            np.where(np.isfinite(distance), triangle, np.int32(-1)),
            found["primitive_uvs"].reshape(*shape, 2),
            found["primitive_normals"].reshape(*shape, 3),
        )

    def occluded(self, origins: npt.ArrayLike, directions: npt.ArrayLike, far: float = 1.0) -> npt.NDArray[np.bool_]:
        """Return whether each ray hits anything nearer than `far`."""
        shape, rays = self._rays(origins, directions)
        found: npt.NDArray[np.bool_] = self._scene.test_occlusions(rays, 0.0, far).numpy()
        return found.reshape(shape)

    def _rays(self, origins: npt.ArrayLike, directions: npt.ArrayLike) -> tuple[tuple[int, ...], Any]:
        shape, start, along = _flat(origins, directions)
        return shape, self._tensor(np.concatenate([start, along], -1))


def _flat(origins: npt.ArrayLike, directions: npt.ArrayLike) -> tuple[tuple[int, ...], Floats, Floats]:
    """Return the shape of the rays, and their origins and directions as (N, 3) contiguous rows."""
    start, along = np.broadcast_arrays(np.asarray(origins, np.float32), np.asarray(directions, np.float32))
    return start.shape[:-1], np.ascontiguousarray(start.reshape(-1, 3)), np.ascontiguousarray(along.reshape(-1, 3))
