"""All that is measured at a pixel of an RGB-D image, and at the border between two."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core3d_search.geometry import level_axes
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.masks.built_in.columns import Evidence, Moment
from core3d_search.indexer.masks.built_in.frame_surfaces import FrameSurfaces
from core3d_search.indexer.masks.built_in.pixel_net import DIMENSION, PixelEmbedder, difference
from core3d_search.indexer.planes import Structure, to_lab

Pixels = npt.NDArray[np.int64]
"""Places in an image that is read row by row."""
Images = npt.NDArray[np.float32]

COLOR_UNIT = 14.0
"""Lab units of contrast that count 1."""
CREASE_UNIT = 0.45
"""Radians between normals that count 1."""
STEP_UNIT_M = 0.012
"""Metres at zero depth; grows as 1 + z^2 / 2, as the noise of depth cameras does (Khoshelham and Elberink 2012)."""
PLACE_GAIN = 1.0
"""What two things to the pixel network, certainly, count in the strength of an edge."""
NEAR_PX, FAR_PX = 1, 4
"""Pixels from a border at which its sides are looked at: for steps and colours, and for creases and planes."""
RIM_PX = 2
"""Pixels: width of the image border."""


class PixelMeasurements:
    """All that is measured at a pixel: colour, point, normal, area, structure plane, place in the network's space, edge
    strength. Images are (H, W) or (H, W, C)."""

    def __init__(self, frame: Frame, structure: Structure | None, embedder: PixelEmbedder) -> None:
        from scipy.ndimage import gaussian_filter

        self.lab = gaussian_filter(to_lab(frame.rgb), (1, 1, 0))
        self.surfaces = surfaces = FrameSurfaces.of(frame, structure)
        depth, valid = surfaces.depth, surfaces.valid
        usual = np.median(depth[valid]) if valid.any() else np.float32(1)
        focal = float(frame.intrinsics[0, 0] * frame.intrinsics[1, 1])
        self.area = np.square(np.where(valid, depth, usual), dtype=np.float64) / focal
        self.level_from_camera = level_axes(surfaces.structure.up).T.astype(np.float32)
        self.plane, self.bare = self._planes()
        self.seen = embedder.embed(frame, structure)
        self.edges = self._edges()

    def _planes(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """Return (H, W) the structure plane that each pixel lies on and faces as, -1 for none, and whether it is bare
        there."""
        surfaces, structure = self.surfaces, self.surfaces.structure
        plane = structure.nearest_of(surfaces.off_planes, surfaces.depth)
        plane[~surfaces.valid] = -1
        if structure.planes:
            facing = np.array([p.normal for p in structure.planes], np.float32)
            on = np.nonzero(plane >= 0)
            agrees = np.einsum("pc,pc->p", surfaces.normals[on], facing[plane[on]]) > 0.8
            plane[on] = np.where(agrees, plane[on], -1)
        return plane, structure.bare_on(plane, surfaces.points, self.lab)

    def _edges(self) -> Images:
        """Return how strong an edge of colour, depth, direction or of what the network sees each pixel lies on."""
        from scipy.ndimage import gaussian_gradient_magnitude

        surfaces = self.surfaces
        steps = gaussian_gradient_magnitude(surfaces.inverse, 1.0) / np.maximum(surfaces.inverse, 0.1)
        color, bend = _steepness(self.lab, 1.0), _steepness(surfaces.normals, 1.5)
        return color / 8 + np.minimum(steps * 30, 3) + bend * 5 + PLACE_GAIN * self.seen.change

    def moments(self, labels: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.float64]:
        """Return (count, 37) the sums over the pixels of each region, columns of `Moment`; `labels` (H, W)."""
        from scipy.sparse import csc_matrix

        surfaces, flat = self.surfaces, labels.ravel()
        places = (flat, np.arange(flat.size + 1))
        exact = csc_matrix((self.area.ravel(), *places), shape=(count, flat.size))
        members = exact.astype(np.float32)
        level = surfaces.points @ self.level_from_camera.T
        x, y, z = np.moveaxis(level, -1, 0)
        rim = np.ones(labels.shape, bool)
        rim[RIM_PX:-RIM_PX, RIM_PX:-RIM_PX] = False
        flags = [surfaces.valid, self.bare, self.plane >= 0, rim]
        sums = np.zeros((count, Moment.COUNT))
        sums[:, Moment.AREA] = np.bincount(flat, self.area.ravel(), count)
        for matrix, columns, images in (
            (members, Moment.LAB, self.lab),
            (members, Moment.LAB_SQUARED, np.square(self.lab)),
            (exact, Moment.POINT, level),
            (exact, Moment.POINT_PRODUCTS, np.stack([x * x, y * y, z * z, x * y, x * z, y * z], axis=-1)),
            (members, Moment.NORMAL, surfaces.normals @ self.level_from_camera.T),
            (members, [Moment.KNOWN, Moment.BARE, Moment.ON_PLANE, Moment.AT_RIM], np.stack(flags, axis=-1)),
            (members, [*range(*Moment.PLACE.indices(Moment.COUNT)), Moment.STRUCTURE], self.seen.values),
        ):
            sums[:, columns] = matrix @ images.reshape(flat.size, -1).astype(np.float32, copy=False)
        squared = np.einsum("hwc,hwc->hw", self.seen.places, self.seen.places).ravel()
        sums[:, Moment.PLACE_SQUARED] = members @ squared
        return sums

    def border_evidence(self, ends: npt.NDArray[np.int64], axis: int) -> npt.NDArray[np.float64]:
        """Return (P, 11), columns of `Evidence`, between the pixels at `ends` (2, P) rows and columns and those after
        them along `axis`, looked for a few pixels to both sides."""
        near_a, near_b = self._apart(ends, axis, NEAR_PX)
        far_a, far_b = self._apart(ends, axis, FAR_PX)
        surfaces = self.surfaces
        depth, valid = surfaces.depth.ravel(), surfaces.valid.ravel()
        lab, points, normals = (image.reshape(-1, 3) for image in (self.lab, surfaces.points, surfaces.normals))
        color = _length(lab[near_a] - lab[near_b]) / COLOR_UNIT
        unit = STEP_UNIT_M * (1 + np.square(np.minimum(depth[near_a], depth[near_b])) / 2)
        offset = points[near_b] - points[near_a]
        rise = np.einsum("ij,ij->i", normals[near_a], offset) / unit
        fall = np.einsum("ij,ij->i", normals[near_b], offset) / unit
        known = valid[near_a] & valid[near_b]
        turn, toward = normals[far_a], normals[far_b]
        cosine = np.einsum("ij,ij->i", turn, toward)
        faced = turn.any(axis=1) & toward.any(axis=1)
        angle = np.where(faced, np.arccos(np.clip(cosine, -1, 1)) / CREASE_UNIT, 0)
        concave = np.einsum("ij,ij->i", turn - toward, points[far_b] - points[far_a]) > 0
        plane_a, plane_b = self.plane.ravel()[far_a], self.plane.ravel()[far_b]
        bare = self.bare.ravel()
        evidence = np.empty((ends.shape[1], len(Evidence)))
        for column, values in (
            (Evidence.COLOR, np.minimum(color, 2)),
            (Evidence.OFF_TANGENT, np.where(known, np.minimum(np.maximum(np.abs(rise), np.abs(fall)), 3), 0)),
            (Evidence.STEP, np.where(known, np.clip((rise + fall) / 2, -3, 3), 0)),
            (Evidence.CONCAVE, np.where(concave, np.minimum(angle, 2), 0)),
            (Evidence.CONVEX, np.where(concave, 0, np.minimum(angle, 2))),
            (Evidence.NO_DEPTH, ~known),
            (Evidence.OTHER_PLANE, plane_a != plane_b),
            (Evidence.BARE_SIDE, bare[far_a] != bare[far_b]),
            (Evidence.SAME_PLANE, (plane_a == plane_b) & (plane_a >= 0)),
            (Evidence.PLACES_NEAR, self._differ(near_a, near_b)),
            (Evidence.PLACES_FAR, self._differ(far_a, far_b)),
        ):
            evidence[:, column] = values
        return evidence

    def _differ(self, one: Pixels, other: Pixels) -> Images:
        values = self.seen.values.reshape(self.area.size, -1)
        apart = (values[one] - values[other])[:, :DIMENSION]
        return difference(np.einsum("ij,ij->i", apart, apart))

    def _apart(self, ends: npt.NDArray[np.int64], axis: int, steps: int) -> tuple[Pixels, Pixels]:
        """Return the pixels `steps` before `ends` (2, P) along `axis`, and after their neighbours, inside the image."""
        width = self.area.shape[1]
        low, high = ends.copy(), ends.copy()
        low[axis] = np.maximum(low[axis] - steps, 0)
        high[axis] = np.minimum(high[axis] + 1 + steps, self.area.shape[axis] - 1)
        return low[0] * width + low[1], high[0] * width + high[1]


def _steepness(images: Images, blur_px: float) -> Images:
    """Return (H, W) the length of the gradient a pixel of `images` (H, W, C), over all C."""
    from scipy.ndimage import gaussian_filter1d

    squared = np.zeros(images.shape[:2], np.float32)
    for channel in np.ascontiguousarray(np.moveaxis(images, -1, 0)):
        for axis in (0, 1):
            slope = gaussian_filter1d(gaussian_filter1d(channel, blur_px, axis, order=1), blur_px, 1 - axis)
            squared += np.square(slope)
    return np.sqrt(squared)


def _length(vectors: Images) -> Images:
    return np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
