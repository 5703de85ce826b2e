"""Superpixels of an RGB-D image, what is measured along their borders, and what that says about a pair of regions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Floats
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.masks.built_in.columns import Evidence, Moment
from core3d_search.indexer.masks.built_in.pixel_measurements import PixelMeasurements
from core3d_search.indexer.masks.built_in.pixel_net import PixelEmbedder, difference
from core3d_search.indexer.planes import Structure

EDGE_BLUR_PX = 1.5
"""Pixels: standard deviation of the blur of edges before the basins are sought; more makes fewer and larger ones."""
FEATURES = 42
"""Of a pair of regions, see `pair_features`."""
SHARES = (Moment.BARE, Moment.ON_PLANE, Moment.AT_RIM, Moment.STRUCTURE)
"""What a pair is compared by as shares of each side's area."""


@dataclass(frozen=True, eq=False)
class Regions:
    """Adjacent regions of an image.

    `labels` (H, W) region of each pixel, 0 to N - 1; `moments` (N, 37), columns of `Moment`; `heights` (N, 2) lowest
    and highest point in metres; `pairs` (E, 2) adjacent regions a < b; `lengths` (E,) of their borders in pixels;
    `evidence` (E, 11) sums over those pixels, columns of `Evidence`.
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
        heights = _spans(group, self.heights[:, 0], self.heights[:, 1], count)
        ends = group[self.pairs]
        outer = ends[:, 0] != ends[:, 1]
        pairs, lengths, evidence = _summed(ends[outer], self.lengths[outer], self.evidence[outer], count)
        return Regions(group[self.labels] if relabel else self.labels, moments, heights, pairs, lengths, evidence)


def find_regions(frame: Frame, structure: Structure | None, embedder: PixelEmbedder) -> Regions:
    """Return the basins of all edges of `frame` together, one for each place where they are weakest."""
    from scipy.ndimage import gaussian_filter
    from scipy.ndimage import label as connected
    from skimage.morphology import local_minima
    from skimage.segmentation import watershed

    measured = PixelMeasurements(frame, structure, embedder)
    markers, count = connected(local_minima(gaussian_filter(measured.edges, EDGE_BLUR_PX)))
    labels = watershed(measured.edges, markers).astype(np.int64) - 1 if count else np.zeros(markers.shape, np.int64)
    flat, count = labels.ravel(), max(count, 1)
    ends, evidence = [], []
    for axis, (before, after) in enumerate(((labels[:-1], labels[1:]), (labels[:, :-1], labels[:, 1:]))):
        places = np.stack(np.nonzero(before != after))
        ends.append(np.stack([before[tuple(places)], after[tuple(places)]], axis=1))
        evidence.append(measured.border_evidence(places, axis))
    moments = measured.moments(labels, count)
    known = measured.surfaces.valid.ravel()
    height = (measured.surfaces.points @ measured.level_from_camera[2]).ravel()[known].astype(np.float64)
    heights = _spans(flat[known], height, height, count)
    sums = np.concatenate(evidence)
    pairs, lengths, summed = _summed(np.concatenate(ends), np.ones(len(sums)), sums, count)
    return Regions(labels, moments, heights, pairs, lengths, summed)


def _summed(
    ends: npt.NDArray[np.int64], lengths: Floats, evidence: Floats, count: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the distinct pairs a < b of `ends` (P, 2), with `lengths` (P,) and `evidence` (P, 11) added up."""
    low, high = ends.min(axis=1), ends.max(axis=1)
    codes, inverse = np.unique(low * count + high, return_inverse=True)
    evidence = evidence.copy()
    evidence[ends[:, 0] > ends[:, 1], Evidence.STEP] *= -1
    added = _added(inverse, np.column_stack([lengths, evidence]), len(codes))
    pairs = np.stack([codes // count, codes % count], axis=1).astype(np.int64)
    return pairs, added[:, 0], added[:, 1:]


def _added(group: npt.NDArray[np.int64], rows: Floats, count: int) -> npt.NDArray[np.float64]:
    """Return (count, C) the sums of `rows` (N, C) with equal `group` (N,)."""
    from scipy.sparse import csc_matrix

    members = csc_matrix((np.ones(len(group)), group, np.arange(len(group) + 1)), shape=(count, len(group)))
    added: npt.NDArray[np.float64] = members @ rows.astype(np.float64, copy=False)
    return added


def _spans(group: npt.NDArray[np.int64], low: Floats, high: Floats, count: int) -> npt.NDArray[np.float64]:
    """Return (count, 2) least of `low` (N,) and greatest of `high` (N,) with equal `group` (N,); inf, -inf of none."""
    spans = np.tile([np.inf, -np.inf], (count, 1))
    np.minimum.at(spans[:, 0], group, low)
    np.maximum.at(spans[:, 1], group, high)
    return spans


def pair_features(regions: Regions) -> npt.NDArray[np.float64]:
    """Return (E, 42) what tells whether two adjacent regions are one thing; of two values the smaller one's is first.

    In order: mean evidence of the border (11, the signed step as a magnitude); share of the smaller's border that the
    two share; border length over the smaller's size; difference of lightness, of chroma, of their spreads; angle of
    mean normals; distance of each centre from the other's plane; log areas; flatness and elongation of each; how
    upright each one faces; log extent of the union; heights of bottom and top of the smaller over those of the
    larger; share of bare structure, of structure planes, of image border and of what the network sees as structure in
    each; how certainly their mean places are two things, and the distance between these; the spread of places in each.
    """
    a, b = regions.pairs.T
    area = regions.moments[:, Moment.AREA]
    swap = area[a] > area[b]
    small, large = np.where(swap, b, a), np.where(swap, a, b)
    mean = regions.evidence / regions.lengths[:, None]
    mean[:, Evidence.STEP] = np.abs(mean[:, Evidence.STEP])
    perimeter = np.bincount(regions.pairs.T.ravel(), np.tile(regions.lengths, 2), len(regions))
    shape = _Shapes(regions)
    tint = shape.color[small] - shape.color[large]
    apart = shape.center[small] - shape.center[large]
    moved = np.square(shape.place[small] - shape.place[large]).sum(axis=1)
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
        *(regions.moments[side, column] / area[side] for column in SHARES for side in (small, large)),
        difference(moved),
        np.minimum(np.sqrt(moved), 5),
        *(np.minimum(shape.place_spread[side], 3) for side in (small, large)),
    ]
    features: npt.NDArray[np.float64] = np.column_stack([mean, *columns])
    return features


class _Shapes:
    """Colours and shapes of regions, from their moments."""

    def __init__(self, regions: Regions) -> None:
        m = regions.moments
        area = m[:, Moment.AREA, None]
        self.color = m[:, Moment.LAB] / area
        self.spread = np.sqrt(np.maximum(m[:, Moment.LAB_SQUARED] / area - self.color**2, 0).sum(axis=1))
        weight = np.maximum(m[:, Moment.KNOWN, None], 1e-9)
        self.known = m[:, Moment.KNOWN] > 1e-9
        self.center = m[:, Moment.POINT] / weight
        xx, yy, zz, xy, xz, yz = (m[:, Moment.POINT_PRODUCTS] / weight).T
        second = np.stack([xx, xy, xz, xy, yy, yz, xz, yz, zz], axis=1).reshape(-1, 3, 3)
        second = second - self.center[:, :, None] * self.center[:, None, :]
        values, axes = np.linalg.eigh(second)
        values = np.maximum(values, 1e-8)
        self.axis = axes[:, :, 0]
        """The direction in which a region is thinnest, (N, 3)."""
        self.flatness = np.sqrt(values[:, 0] / values[:, 1])
        self.elongation = np.sqrt(values[:, 1] / values[:, 2])
        self.extent = 2 * np.sqrt(values[:, 2])
        self.normal = m[:, Moment.NORMAL] / weight
        self.upward = self.normal[:, 2]
        self.place = m[:, Moment.PLACE] / area
        squared = m[:, Moment.PLACE_SQUARED] / area[:, 0]
        self.place_spread = np.sqrt(np.maximum(squared - np.square(self.place).sum(axis=1), 0))
