"""All that is measured at a pixel of an RGB-D image, and at the border between two."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Floats
from core3d_search.indexer.masks.built_in.columns import Evidence, Moment
from core3d_search.indexer.masks.built_in.pixel_net import PixelEmbedder, difference
from core3d_search.indexer.masks.built_in.working_image import HALF, WorkingImage
from core3d_search.indexer.planes import to_lab

Pixels = tuple[npt.NDArray[np.integer[Any]], ...]

COLOR_BLUR_PX = 0.3
"""Pixels: standard deviation of the blur of colours, against the grain of cameras."""
COLOR_UNIT = 14.0
"""Lab units of contrast that count 1."""
CREASE_UNIT = 0.45
"""Radians between normals that count 1."""
STEP_UNIT_M = 0.012
"""Metres at zero depth; grows as 1 + z^2 / 2, as the noise of depth cameras does (Khoshelham and Elberink 2012)."""
PLACE_GAIN = 2.0
"""What two things to the pixel network, certainly, count in the strength of an edge."""
NEAR_PX, FAR_PX = 0, 2
"""Pixels from a border to both sides of it at which evidence is looked for."""
RIM_PX = 1
"""Pixels: the width of the image border."""


class PixelMeasurements:
    """All that is measured at a pixel, each (h, w) or (h, w, C): colour, structure plane, bareness, place in the pixel
    network's space, edge strength; point, normal and area are those of `image`."""

    def __init__(self, image: WorkingImage, embedder: PixelEmbedder) -> None:
        from scipy.ndimage import gaussian_filter

        self.image = image
        height, width = image.depth.shape
        small = image.rgb.reshape(height, HALF, width, HALF, 3).mean(axis=(1, 3), dtype=np.float32).astype(np.uint8)
        self.lab = gaussian_filter(to_lab(small), (COLOR_BLUR_PX, COLOR_BLUR_PX, 0))
        self.plane = image.nearest_planes()
        self.bare = np.zeros(self.plane.shape, bool)
        if image.structure.planes:
            self.bare = image.structure.bare_on(self.plane, image.points, self.lab)
        self.places, self.built = embedder.embed(image)
        self.edges = self._edges()

    def _edges(self) -> npt.NDArray[np.float32]:
        inverse = np.where(self.image.valid, 1 / np.maximum(self.image.depth, np.float32(0.1)), np.float32(0))
        steps = _slope(inverse[..., None]) / np.maximum(inverse, np.float32(0.1))
        edges = _slope(self.lab) / 16 + np.minimum(steps * 15, 3) + _slope(self.image.normals) * 2.5
        edges += PLACE_GAIN * self._change_of_place()
        return edges

    def _change_of_place(self) -> npt.NDArray[np.float32]:
        """Return (h, w) the probability that the neighbours of a pixel, across it, show two things."""
        squared = np.zeros(self.image.depth.shape, np.float32)
        for axis in (0, 1):
            along, inner = np.moveaxis(self.places, axis, 0), np.moveaxis(squared, axis, 0)[1:-1]
            step = along[2:] - along[:-2]
            np.maximum(inner, np.einsum("hwc,hwc->hw", step, step), out=inner)
        return difference(squared)

    def moments(self) -> npt.NDArray[np.float64]:
        """Return (Moment.COUNT, h * w) what each pixel adds to the moments of its region."""
        image = self.image
        found = np.empty((Moment.COUNT, image.depth.size))
        rim = np.ones(image.depth.shape, bool)
        rim[RIM_PX:-RIM_PX, RIM_PX:-RIM_PX] = False
        lab, points, facing, places = (
            np.moveaxis(values, -1, 0).reshape(values.shape[-1], -1)
            for values in (self.lab, image.points.astype(np.float64), image.normals, self.places)
        )
        x, y, z = points
        found[Moment.LAB], found[Moment.LAB_SQUARED] = lab, np.square(lab)
        found[Moment.POINT], found[Moment.NORMAL] = points, facing
        for row, (one, other) in enumerate(
            ((x, x), (y, y), (z, z), (x, y), (x, z), (y, z)), Moment.POINT_PRODUCTS.start
        ):
            np.multiply(one, other, out=found[row])
        found[Moment.KNOWN], found[Moment.BARE] = image.valid.ravel(), self.bare.ravel()
        found[Moment.ON_PLANE], found[Moment.AT_RIM] = (self.plane >= 0).ravel(), rim.ravel()
        found[Moment.STRUCTURE], found[Moment.PLACE] = self.built.ravel(), places
        found[Moment.PLACE_SQUARED] = np.square(places).sum(axis=0)
        found[Moment.KNOWN + 1 : Moment.NORMAL.stop] *= image.valid.ravel()
        found[Moment.AREA] = 1
        found *= image.area.ravel()
        return found

    def border_evidence(self, back: Pixels, ahead: Pixels, axis: int) -> npt.NDArray[np.float32]:
        """Return (P, 12), columns of `Evidence`, between adjacent pixels, looked for a few pixels to both sides."""
        image = self.image
        near_a, near_b = self._apart(back, ahead, axis, NEAR_PX)
        far_a, far_b = self._apart(back, ahead, axis, FAR_PX)
        unit = STEP_UNIT_M * (1 + np.minimum(_at(image.depth, near_a), _at(image.depth, near_b)) ** 2 / 2)
        offset = _at(image.points, near_b) - _at(image.points, near_a)
        rise = np.einsum("ij,ij->i", _at(image.normals, near_a), offset) / unit
        fall = np.einsum("ij,ij->i", _at(image.normals, near_b), offset) / unit
        known = _at(image.valid, near_a) & _at(image.valid, near_b)
        turn, toward = _at(image.normals, far_a), _at(image.normals, far_b)
        faced = turn.any(axis=1) & toward.any(axis=1)
        cosine = np.clip(np.einsum("ij,ij->i", turn, toward), -1, 1)
        angle = np.where(faced, np.minimum(np.arccos(cosine) / CREASE_UNIT, 2), 0)
        concave = np.einsum("ij,ij->i", turn - toward, _at(image.points, far_b) - _at(image.points, far_a)) > 0
        plane_a, plane_b = _at(self.plane, far_a), _at(self.plane, far_b)
        found = np.empty((len(known), len(Evidence)), np.float32)
        beyond = self._apart(back, ahead, axis, NEAR_PX + 1)
        for column, (one, other) in ((Evidence.COLOR, (near_a, near_b)), (Evidence.COLOR_BEYOND, beyond)):
            contrast = np.linalg.norm(_at(self.lab, one) - _at(self.lab, other), axis=-1)
            found[:, column] = np.minimum(contrast / COLOR_UNIT, 2)
        found[:, Evidence.OFF_TANGENT] = known * np.minimum(np.maximum(np.abs(rise), np.abs(fall)), 3)
        found[:, Evidence.STEP] = known * np.clip((rise + fall) / 2, -3, 3)
        found[:, Evidence.CONCAVE] = concave * angle
        found[:, Evidence.CONVEX] = ~concave * angle
        found[:, Evidence.NO_DEPTH] = ~known
        found[:, Evidence.OTHER_PLANE] = plane_a != plane_b
        found[:, Evidence.BARE_SIDE] = _at(self.bare, far_a) != _at(self.bare, far_b)
        found[:, Evidence.SAME_PLANE] = (plane_a == plane_b) & (plane_a >= 0)
        found[:, Evidence.PLACES_NEAR] = self._differ(near_a, near_b)
        found[:, Evidence.PLACES_FAR] = self._differ(far_a, far_b)
        return found

    def _differ(self, one: npt.NDArray[np.int64], other: npt.NDArray[np.int64]) -> Floats:
        step = _at(self.places, one) - _at(self.places, other)
        return difference(np.einsum("ij,ij->i", step, step))

    def _apart(
        self, back: Pixels, ahead: Pixels, axis: int, steps: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the flat pixels `steps` further back and ahead along `axis`, kept inside the image."""
        low, high = list(back), list(ahead)
        low[axis] = np.maximum(low[axis] - steps, 0)
        high[axis] = np.minimum(high[axis] + steps, self.image.depth.shape[axis] - 1)
        width = self.image.depth.shape[1]
        return low[0] * width + low[1], high[0] * width + high[1]


def _at(values: npt.NDArray[Any], flat: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """Return (P,) or (P, C) what `values` (h, w) or (h, w, C) hold at `flat` pixels; far faster than two indices."""
    return values.reshape(-1, *values.shape[2:]).take(flat, axis=0)


def _slope(image: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return (h, w) the length of the gradient of `image` (h, w, C) over all its channels, a pixel."""
    total = np.zeros(image.shape[:2], np.float32)
    for axis in (0, 1):
        along, inner = np.moveaxis(image, axis, 0), np.moveaxis(total, axis, 0)[1:-1]
        step = along[2:] - along[:-2]
        inner += np.einsum("hwc,hwc->hw", step, step)
    total /= 4
    return np.sqrt(total, out=total)
