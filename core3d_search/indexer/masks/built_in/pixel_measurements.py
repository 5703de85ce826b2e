"""All that is measured at a pixel of an RGB-D image, and at the border between two."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Floats
from core3d_search.geometry import level_axes
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.masks.built_in.pixel_net import PixelEmbedder, difference
from core3d_search.indexer.planes import Structure, to_lab
from core3d_search.indexer.surfaces import back_project, filled, normals, to_world

Pixels = tuple[npt.NDArray[np.integer[Any]], ...]

COLOR_UNIT = 14.0
"""Lab units of contrast that count 1."""
CREASE_UNIT = 0.45
"""Radians between normals that count 1."""
STEP_UNIT_M = 0.012
"""Metres at zero depth; grows as 1 + z^2 / 2, as the noise of depth cameras does (Khoshelham and Elberink 2012)."""
PLACE_GAIN = 1.0
"""What two things to the pixel network, certainly, count in the strength of an edge."""


class PixelMeasurements:
    """All that is measured at a pixel: colour, point, normal, area, structure plane, place in the network's space, edge
    strength."""

    def __init__(self, frame: Frame, structure: Structure | None, embedder: PixelEmbedder) -> None:
        from scipy.ndimage import gaussian_filter, gaussian_gradient_magnitude, median_filter

        self.lab = gaussian_filter(to_lab(frame.rgb), (1, 1, 0))
        self.depth = median_filter(filled(frame.depth), 3)
        self.valid = self.depth > 0
        self.points = back_project(self.depth, frame.intrinsics)
        self.normals = normals(self.depth, frame.intrinsics)
        up = -frame.world_from_camera[:3, 1] if structure is None else structure.up
        self.level_from_camera = level_axes(up).T @ frame.world_from_camera[:3, :3]
        self.level = (self.points @ self.level_from_camera.T).astype(np.float64)
        usual = float(np.median(self.depth[self.valid])) if self.valid.any() else 1.0
        focal = float(frame.intrinsics[0, 0] * frame.intrinsics[1, 1])
        self.area = np.where(self.valid, self.depth, usual).astype(np.float64) ** 2 / focal
        self.plane = np.full(self.depth.shape, -1, np.int64)
        self.bare = np.zeros(self.depth.shape, bool)
        if structure is not None and structure.planes:
            self._find_planes(frame, structure)
        bend = np.stack([gaussian_gradient_magnitude(self.normals[..., axis], 1.5) for axis in range(3)])
        inverse = np.where(self.valid, 1 / np.maximum(self.depth, 0.1), 0)
        steps = gaussian_gradient_magnitude(inverse, 1.0) / np.maximum(inverse, 0.1)
        color = np.stack([gaussian_gradient_magnitude(self.lab[..., axis], 1.0) for axis in range(3)])
        self.places, self.built = embedder.embed(frame, structure)
        edges = np.linalg.norm(color, axis=0) / 8 + np.minimum(steps * 30, 3) + np.linalg.norm(bend, axis=0) * 5
        self.edges = (edges + PLACE_GAIN * self._change_of_place()).astype(np.float32)

    def _change_of_place(self) -> npt.NDArray[np.float32]:
        """Return (H, W) the probability that the neighbours of a pixel, across it, show two things."""
        change = np.zeros(self.depth.shape, np.float32)
        for axis in (0, 1):
            along = np.moveaxis(self.places, axis, 0)
            inner = np.moveaxis(change, axis, 0)[1:-1]
            np.maximum(inner, difference(np.square(along[2:] - along[:-2]).sum(axis=-1)), out=inner)
        return change

    def _find_planes(self, frame: Frame, structure: Structure) -> None:
        world = to_world(self.points, frame.world_from_camera)
        plane = structure.nearest(world, self.depth)
        facing = np.stack([p.normal for p in structure.planes]) @ frame.world_from_camera[:3, :3]
        agrees = np.einsum("hwc,hwc->hw", self.normals, facing.astype(np.float32)[plane])
        self.plane = np.where(self.valid & (plane >= 0) & (agrees > 0.8), plane, -1)
        self.bare = structure.bare_on(self.plane, world, self.lab)

    def moments(self) -> list[npt.NDArray[np.float64]]:
        """Return the (H, W) images of which a region sums each to a column of `Moment`."""
        x, y, z = np.moveaxis(self.level, -1, 0)
        known = self.area * self.valid
        facing = self.normals @ self.level_from_camera.T.astype(np.float32)
        rim = np.ones(self.depth.shape, bool)
        rim[2:-2, 2:-2] = False
        lab = [self.lab[..., axis] for axis in range(3)]
        seen = [x, y, z, x * x, y * y, z * z, x * y, x * z, y * z, *np.moveaxis(facing, -1, 0)]
        return [
            self.area,
            *(self.area * value for value in (*lab, *(channel**2 for channel in lab))),
            known,
            *(known * value for value in seen),
            *(self.area * value for value in (self.bare, self.plane >= 0, rim, self.built)),
            *(self.area * place for place in np.moveaxis(self.places, -1, 0)),
            self.area * np.square(self.places).sum(axis=-1),
        ]

    def border_evidence(self, back: Pixels, ahead: Pixels, axis: int) -> npt.NDArray[np.float64]:
        """Return (P, 11), columns of `Evidence`, between adjacent pixels, looked for a few pixels to both sides."""
        near_a, near_b = self._apart(back, ahead, axis, 1)
        far_a, far_b = self._apart(back, ahead, axis, 4)
        color = np.linalg.norm(self.lab[near_a] - self.lab[near_b], axis=-1) / COLOR_UNIT
        unit = STEP_UNIT_M * (1 + np.minimum(self.depth[near_a], self.depth[near_b]) ** 2 / 2)
        offset = self.points[near_b] - self.points[near_a]
        rise = np.einsum("ij,ij->i", self.normals[near_a], offset) / unit
        fall = np.einsum("ij,ij->i", self.normals[near_b], offset) / unit
        known = self.valid[near_a] & self.valid[near_b]
        turn, toward = self.normals[far_a], self.normals[far_b]
        faced = (np.abs(turn).sum(axis=1) > 0) & (np.abs(toward).sum(axis=1) > 0)
        angle = np.where(faced, np.arccos(np.clip(np.einsum("ij,ij->i", turn, toward), -1, 1)) / CREASE_UNIT, 0)
        concave = np.einsum("ij,ij->i", turn - toward, self.points[far_b] - self.points[far_a]) > 0
        plane_a, plane_b = self.plane[far_a], self.plane[far_b]
        columns = [
            np.minimum(color, 2),
            np.where(known, np.minimum(np.maximum(np.abs(rise), np.abs(fall)), 3), 0),
            np.where(known, np.clip((rise + fall) / 2, -3, 3), 0),
            np.where(concave, np.minimum(angle, 2), 0),
            np.where(concave, 0, np.minimum(angle, 2)),
            ~known,
            plane_a != plane_b,
            self.bare[far_a] != self.bare[far_b],
            (plane_a == plane_b) & (plane_a >= 0),
            self._differ(near_a, near_b),
            self._differ(far_a, far_b),
        ]
        evidence: npt.NDArray[np.float64] = np.column_stack(columns).astype(np.float64)
        return evidence

    def _differ(self, one: Pixels, other: Pixels) -> Floats:
        return difference(np.square(self.places[one] - self.places[other]).sum(axis=-1))

    def _apart(self, back: Pixels, ahead: Pixels, axis: int, steps: int) -> tuple[Pixels, Pixels]:
        """Return the pixels `steps` further back and ahead along `axis`, kept inside the image."""
        low, high = list(back), list(ahead)
        low[axis] = np.maximum(low[axis] - steps, 0)
        high[axis] = np.minimum(high[axis] + steps, self.depth.shape[axis] - 1)
        return tuple(low), tuple(high)
