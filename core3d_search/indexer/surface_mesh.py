"""The surface of a stored scene, fused from the depth of its frames by Open3D.

A truncated signed distance field (Curless and Levoy, "A volumetric method for building complex models from range
images", SIGGRAPH 1996), whose memory grows with the surface: blocks of voxels are made where depth falls.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError
from core3d_search.exports import Surface
from core3d_search.indexer.config import LiftConfig
from core3d_search.indexer.drawing import scan_of
from core3d_search.indexer.frames import Frame
from core3d_search.open3d import load_open3d
from core3d_search.store import Store

TRUNCATED = 4.0
"""Voxels before and behind a surface in which distances are kept."""
BLOCK, BLOCKS = 16, 10_000
"""Voxels along a block; blocks that there is room for at first, 0.8 GB, as many as a flat has at 2 cm."""
RANGE_M = LiftConfig().max_range_m
"""Depth beyond is left out, as where objects are lifted."""


def fused_surface(store: Store, scene: str, voxel_m: float) -> Surface:
    """Return the surface of the scene called `scene`, from the frames that it was indexed from.

    Raises StoreError for an unknown scene, InputError
    where the scan is gone or no frame has depth, MissingDependencyError where Open3D does not load.
    """
    open3d = load_open3d("core3d export --mesh")
    scan, apart = scan_of(store, scene)
    volume = _Volume(open3d, voxel_m)
    for record in store.frames(scene):
        if record.skip_reason is None and record.number < len(scan):
            volume.add(scan[record.number])
    surface = volume.surface()
    if not len(surface.triangles):
        raise InputError(f"the frames of {scene!r} have no depth within {RANGE_M:g} m to make a surface from")
    return surface if apart is None else replace(surface, vertices=surface.vertices - apart)


class _Volume:
    """Distances to the surface in blocks of voxels, near where frames see it."""

    def __init__(self, open3d: Any, voxel_m: float) -> None:
        self._o3d = open3d
        number = open3d.core.float32
        self._grid = open3d.t.geometry.VoxelBlockGrid(
            attr_names=("tsdf", "weight", "color"),
            attr_dtypes=(number, number, number),
            attr_channels=((1), (1), (3)),
            voxel_size=voxel_m,
            block_resolution=BLOCK,
            block_count=BLOCKS,
        )

    def add(self, frame: Frame) -> None:
        """Add what a frame sees within range; Open3D refuses frames that see nothing."""
        if not ((frame.depth > 0) & (frame.depth < RANGE_M)).any():
            return
        camera, place = self._tensor(frame.intrinsics), self._tensor(np.linalg.inv(frame.world_from_camera))
        depth, color = self._image(frame.depth), self._image(frame.rgb / np.float32(255))
        seen = 1.0, RANGE_M, TRUNCATED  # units to the metre, farthest, voxels about the surface
        blocks = self._grid.compute_unique_block_coordinates(depth, camera, place, *seen)
        self._grid.integrate(blocks, depth, color, camera, camera, place, *seen)

    def surface(self) -> Surface:
        """Return the triangles where the distance is zero."""
        if not self._grid.hashmap().size():
            none = np.zeros((0, 3))
            return Surface(none, none.astype(np.uint8), none.astype(np.int64))
        mesh = self._grid.extract_triangle_mesh(weight_threshold=1.0)
        colors = np.rint(mesh.vertex.colors.numpy().clip(0, 1) * 255).astype(np.uint8)
        vertices, triangles = mesh.vertex.positions.numpy(), mesh.triangle.indices.numpy()
        return Surface(vertices.astype(np.float64), colors, triangles.astype(np.int64))

    def _tensor(self, values: npt.NDArray[np.floating]) -> Any:
        return self._o3d.core.Tensor(np.ascontiguousarray(values))

    def _image(self, values: npt.NDArray[np.floating]) -> Any:
        return self._o3d.t.geometry.Image(np.ascontiguousarray(values, np.float32))
