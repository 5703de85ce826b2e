"""Superpixels of an RGB-D image, what is measured along their borders, and what that says about a pair of regions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.geometry import level_axes
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.planes import Structure, to_lab
from core3d_search.indexer.surfaces import back_project, normals, to_world

Floats = npt.NDArray[np.floating[Any]]
Pixels = tuple[npt.NDArray[np.integer[Any]], ...]

COLOR_UNIT = 14.0
"""Lab units of contrast that count 1."""
CREASE_UNIT = 0.45
"""Radians between normals that count 1."""
STEP_UNIT_M = 0.012
"""Metres at zero depth; grows as 1 + z^2 / 2, as the noise of depth cameras does (Khoshelham and Elberink 2012)."""

EVIDENCE = 9
"""Measured at each pixel of a border: colour contrast; distance to the other side's tangent plane; that distance,
signed, so that noise averages away; concave crease; convex crease (convex ones lie inside objects, concave ones
between them: LCCP, Stein et al., CVPR 2014); no depth; different structure planes; bare structure on one side only;
the same structure plane on both."""
MOMENTS = 23
"""Summed over the pixels of a region, weighted by area: 1; Lab; Lab squared; has depth; and, where it has, position
(z up), products of position, normal (z up); bare structure; on a structure plane; at the image border."""
FEATURES = 34
"""Of a pair of regions, see `pair_features`."""


@dataclass(frozen=True, eq=False)
class Regions:
    """Adjacent regions of an image.

    `labels` (H, W) region of each pixel, 0 to N - 1; `moments` (N, 23); `heights` (N, 2) lowest and highest point in
    metres; `pairs` (E, 2) adjacent regions a < b; `lengths` (E,) of their borders in pixels; `evidence` (E, 9) sums
    over those pixels, the signed step from a to b.
    """

    labels: npt.NDArray[np.int64]
    moments: npt.NDArray[np.float64]
    heights: npt.NDArray[np.float64]
    pairs: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.float64]
    evidence: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.moments)

    def joined(self, group: npt.NDArray[np.int64], relabel: bool = True) -> Regions:
        """Return these regions united where `group` (N,), 0 to M - 1, agrees; labels stay as they are on request."""
        count = int(group.max()) + 1
        moments = _added(group, self.moments, count)
        heights = np.stack([np.full(count, np.inf), np.full(count, -np.inf)], axis=1)
        np.minimum.at(heights[:, 0], group, self.heights[:, 0])
        np.maximum.at(heights[:, 1], group, self.heights[:, 1])
        ends = group[self.pairs]
        outer = ends[:, 0] != ends[:, 1]
        pairs, lengths, evidence = _summed(ends[outer], self.lengths[outer], self.evidence[outer], count)
        return Regions(group[self.labels] if relabel else self.labels, moments, heights, pairs, lengths, evidence)


def find_regions(frame: Frame, structure: Structure | None, spacing_px: int) -> Regions:
    """Return the watershed basins of all edges of `frame` together, about `spacing_px` apart."""
    from skimage.segmentation import watershed

    look = _Look(frame, structure)
    basins = watershed(look.edges, markers=max(2, look.edges.size // spacing_px**2), compactness=0.001)
    used = np.bincount(basins.ravel()) > 0
    labels = (np.cumsum(used) - 1)[basins]
    flat, count = labels.ravel(), int(used.sum())
    ends, evidence = [], []
    for axis in (1, 0):
        back = np.nonzero(np.diff(labels, axis=axis))
        ahead = (back[0] + (axis == 0), back[1] + (axis == 1))
        ends.append(np.stack([labels[back], labels[ahead]], axis=1))
        evidence.append(look.measure(back, ahead, axis))
    moments = _added(flat, np.stack([image.ravel() for image in look.moments()], axis=1), count)
    heights = np.stack([np.full(count, np.inf), np.full(count, -np.inf)], axis=1)
    known, height = look.valid.ravel(), look.level[..., 2].ravel()
    np.minimum.at(heights[:, 0], flat[known], height[known])
    np.maximum.at(heights[:, 1], flat[known], height[known])
    sums = np.concatenate(evidence)
    pairs, lengths, summed = _summed(np.concatenate(ends), np.ones(len(sums)), sums, count)
    return Regions(labels, moments, heights, pairs, lengths, summed)


def _summed(
    ends: npt.NDArray[np.int64], lengths: Floats, evidence: Floats, count: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the distinct pairs a < b of `ends` (P, 2), with `lengths` (P,) and `evidence` (P, 9) added up."""
    low, high = ends.min(axis=1), ends.max(axis=1)
    codes, inverse = np.unique(low * count + high, return_inverse=True)
    evidence = evidence.copy()
    evidence[ends[:, 0] > ends[:, 1], 2] *= -1
    added = _added(inverse, np.column_stack([lengths, evidence]), len(codes))
    pairs = np.stack([codes // count, codes % count], axis=1).astype(np.int64)
    return pairs, added[:, 0], added[:, 1:]


def _added(group: npt.NDArray[np.int64], rows: Floats, count: int) -> npt.NDArray[np.float64]:
    """Return (count, C) the sums of `rows` (N, C) with equal `group` (N,)."""
    return np.stack([np.bincount(group, column, count) for column in rows.T], axis=1).astype(np.float64)


def pair_features(regions: Regions) -> npt.NDArray[np.float64]:
    """Return (E, 34) what tells whether two adjacent regions are one thing; of two values the smaller one's is first.

    In order: mean evidence of the border (9, the signed step as a magnitude); share of the smaller's border that the
    two share; border length over the smaller's size; difference of lightness, of chroma, of their spreads; angle of
    mean normals; distance of each centre from the other's plane; log areas; flatness and elongation of each; how
    upright each one faces; log extent of the union; heights of bottom and top of the smaller over those of the
    larger; share of bare structure, of structure planes and of image border in each.
    """
    a, b = regions.pairs.T
    swap = regions.moments[a, 0] > regions.moments[b, 0]
    small, large = np.where(swap, b, a), np.where(swap, a, b)
    mean = regions.evidence / regions.lengths[:, None]
    mean[:, 2] = np.abs(mean[:, 2])
    perimeter = np.bincount(regions.pairs.T.ravel(), np.tile(regions.lengths, 2), len(regions))
    shape = _Shapes(regions)
    area = regions.moments[:, 0]
    tint = shape.color[small] - shape.color[large]
    apart = shape.center[small] - shape.center[large]
    known = shape.known[small] & shape.known[large]
    off_large = np.abs(np.einsum("ij,ij->i", apart, shape.axis[large]))
    off_small = np.abs(np.einsum("ij,ij->i", apart, shape.axis[small]))
    facing = np.einsum("ij,ij->i", shape.normal[small], shape.normal[large])
    heights = np.where(shape.known[:, None], regions.heights, 0)
    bottom, top = (heights[small] - heights[large]).T
    union = np.linalg.norm(apart, axis=1) + shape.extent[small] + shape.extent[large]
    columns = [
        regions.lengths / perimeter[small],
        np.log1p(regions.lengths / 10),
        np.abs(tint[:, 0]) / 20,
        np.hypot(tint[:, 1], tint[:, 2]) / 20,
        np.abs(shape.spread[small] - shape.spread[large]) / 10,
        facing,
        np.where(known, np.minimum(off_large / 0.05, 4), 0),
        np.where(known, np.minimum(off_small / 0.05, 4), 0),
        np.log10(area[small]) + 2,
        np.log10(area[large]) + 1,
        *(value[side] for value in (shape.flatness, shape.elongation, shape.upward) for side in (small, large)),
        np.where(known, np.log10(union + 1e-3), 0),
        np.where(known, np.clip(bottom, -1, 1), 0),
        np.where(known, np.clip(top, -1, 1), 0),
        *(regions.moments[side, column] / area[side] for column in (20, 21, 22) for side in (small, large)),
    ]
    features: npt.NDArray[np.float64] = np.column_stack([mean, *columns])
    return features


class _Shapes:
    """Colours and shapes of regions, from their moments."""

    def __init__(self, regions: Regions) -> None:
        m = regions.moments
        area = m[:, :1]
        self.color = m[:, 1:4] / area
        self.spread = np.sqrt(np.maximum(m[:, 4:7] / area - self.color**2, 0).sum(axis=1))
        weight = np.maximum(m[:, 7:8], 1e-9)
        self.known = m[:, 7] > 1e-9
        self.center = m[:, 8:11] / weight
        xx, yy, zz, xy, xz, yz = (m[:, 11:17] / weight).T
        second = np.stack([xx, xy, xz, xy, yy, yz, xz, yz, zz], axis=1).reshape(-1, 3, 3)
        second = second - self.center[:, :, None] * self.center[:, None, :]
        values, axes = np.linalg.eigh(second)
        values = np.maximum(values, 1e-8)
        self.axis = axes[:, :, 0]
        """The direction in which a region is thinnest, (N, 3)."""
        self.flatness = np.sqrt(values[:, 0] / values[:, 1])
        self.elongation = np.sqrt(values[:, 1] / values[:, 2])
        self.extent = 2 * np.sqrt(values[:, 2])
        self.normal = m[:, 17:20] / weight
        self.upward = self.normal[:, 2]


class _Look:
    """All that is measured at a pixel: colour, point, normal, area, structure plane, edge strength."""

    def __init__(self, frame: Frame, structure: Structure | None) -> None:
        from scipy.ndimage import gaussian_filter, gaussian_gradient_magnitude, median_filter

        self.lab = gaussian_filter(to_lab(frame.rgb), (1, 1, 0))
        self.depth = median_filter(_without_small_holes(frame.depth), 3)
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
        edges = np.linalg.norm(color, axis=0) / 8 + np.minimum(steps * 30, 3) + np.linalg.norm(bend, axis=0) * 5
        self.edges = edges.astype(np.float32)

    def _find_planes(self, frame: Frame, structure: Structure) -> None:
        world = to_world(self.points, frame.world_from_camera)
        plane = structure.nearest(world, self.depth)
        facing = np.stack([p.normal for p in structure.planes]) @ frame.world_from_camera[:3, :3]
        agrees = np.einsum("hwc,hwc->hw", self.normals, facing.astype(np.float32)[plane])
        self.plane = np.where(self.valid & (plane >= 0) & (agrees > 0.8), plane, -1)
        self.bare = structure.bare_on(self.plane, world, self.lab)

    def moments(self) -> list[npt.NDArray[np.float64]]:
        """Return the (H, W) images that MOMENTS sums."""
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
            *(self.area * value for value in (self.bare, self.plane >= 0, rim)),
        ]

    def measure(self, back: Pixels, ahead: Pixels, axis: int) -> npt.NDArray[np.float64]:
        """Return the evidence (P, 9) between adjacent pixels, looked for a few pixels to both sides."""
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
        ]
        evidence: npt.NDArray[np.float64] = np.column_stack(columns).astype(np.float64)
        return evidence

    def _apart(self, back: Pixels, ahead: Pixels, axis: int, steps: int) -> tuple[Pixels, Pixels]:
        """Return the pixels `steps` further back and ahead along `axis`, kept inside the image."""
        low, high = list(back), list(ahead)
        low[axis] = np.maximum(low[axis] - steps, 0)
        high[axis] = np.minimum(high[axis] + steps, self.depth.shape[axis] - 1)
        return tuple(low), tuple(high)


def _without_small_holes(depth: Floats, reach: float = 8.0) -> npt.NDArray[np.float32]:
    """Return `depth` (H, W) with pixels without depth given that of the nearest pixel within `reach` pixels."""
    from scipy.ndimage import distance_transform_edt

    missing = depth <= 0
    if not missing.any() or missing.all():
        return depth.astype(np.float32)
    distance, nearest = distance_transform_edt(missing, return_indices=True)
    filled: npt.NDArray[np.float32] = np.where(distance <= reach, depth[tuple(nearest)], 0).astype(np.float32)
    return filled
