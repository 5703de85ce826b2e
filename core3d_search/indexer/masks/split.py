"""Masks that cover separate things in 3D come apart (paper section 3.1)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Floats
from core3d_search.indexer.clusters import cluster
from core3d_search.indexer.config import MaskConfig
from core3d_search.indexer.detections import Detections
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.surfaces import back_project

SAMPLED_PX = 240
"""Pixels of the longer side at which a mask is asked whether it hangs together."""
NEAR_PX = 12
"""Pixels from a cluster within which its mask's holes in the depth are counted to it."""
WHOLE_FRACTION = 0.95
"""Fraction of a mask's points with depth in one cluster from which the mask stays as it is, holes included."""
Masks = npt.NDArray[np.bool_]


def split_in_3d(detections: Detections, frame: Frame, config: MaskConfig) -> Detections:
    """Return `detections` with each mask replaced by the clusters (DBSCAN) that its points fall into.

    A cluster keeps its own pixels, and its mask's score and level; pixels without depth go to the nearest one in the
    image, if it is near. A mask of which one cluster is nearly all, or with too little depth to tell, stays whole.
    Clusters below the smallest area are dropped.
    """
    smallest = max(1.0, config.min_area_fraction * frame.depth.size)
    step = -(-max(frame.depth.shape) // SAMPLED_PX)
    points = back_project(frame.depth, frame.intrinsics)
    masks, sources = [], []
    for row, (mask, box) in enumerate(zip(detections.masks, detections.boxes, strict=True)):
        x0, y0, x1, y1 = (int(value) for value in box)
        part = (slice(y0, y1), slice(x0, x1))
        owner = _owners(mask[part], points[part], smallest, step, config)
        if owner is None:
            masks.append(mask)
            sources.append(row)
            continue
        for number in range(int(owner.max()) + 1):
            masks.append(np.zeros_like(mask))
            masks[-1][part] = owner == number
            sources.append(row)
    if not masks:
        return detections[:0]
    return Detections.from_masks(np.stack(masks), detections.scores[sources], detections.levels[sources])


def _owners(
    mask: Masks, points: Floats, smallest: float, step: int, config: MaskConfig
) -> npt.NDArray[np.int64] | None:
    """Return (h, w) the number of the cluster that each pixel of `mask` (h, w) goes to, -1 outside all, or None where
    the mask stays whole; `points` (h, w, 3) lie at depth 0 where there is none."""
    usable = mask & (points[..., 2] > 0)
    known = points[usable]
    if len(known) < smallest:
        return None
    reach = max(config.split_eps_m, config.split_eps_per_m * float(np.median(known[:, 2])))
    sampled = np.s_[::step, ::step]
    pieces = _linked_pixels(usable[sampled], points[sampled], reach)
    if _one_is_nearly_all(pieces, smallest / step**2):
        return None
    labels = cluster(known, reach, config.split_min_points, config.split_voxel_m)
    if _one_is_nearly_all(labels + 1, smallest):
        return None
    large = np.bincount(labels + 1)[1:] >= smallest
    owner = np.full(mask.shape, -1)
    owner[usable] = np.append(np.where(large, np.cumsum(large) - 1, -1), -1)[labels]
    return _nearest_owner(owner, mask & ~usable)


def _linked_pixels(usable: Masks, points: Floats, reach: float) -> npt.NDArray[np.int32]:
    """Return (P,) the number, from 1, of the piece that each `usable` pixel (h, w) is in: pixels side by side are
    linked where their `points` (h, w, 3) are within `reach`, as they are on a surface. A piece lies in one
    cluster."""
    from scipy.ndimage import label

    height, width = usable.shape
    # pixels at even places, the links between them at odd ones
    woven = np.zeros((2 * height - 1, 2 * width - 1), bool)
    woven[::2, ::2] = usable
    for ahead, behind, links in (
        (np.s_[:, 1:], np.s_[:, :-1], woven[::2, 1::2]),
        (np.s_[1:], np.s_[:-1], woven[1::2, ::2]),
    ):
        offset = points[ahead] - points[behind]
        links[:] = usable[ahead] & usable[behind] & (np.einsum("hwc,hwc->hw", offset, offset) <= reach**2)
    pieces: npt.NDArray[np.int32] = label(woven)[0][::2, ::2][usable]
    return pieces


def _one_is_nearly_all(numbers: npt.NDArray[np.integer], smallest: float) -> bool:
    """Return whether one of the `numbers` (P,), 0 being none, has nearly all places, and no other the `smallest`."""
    sizes = np.sort(np.append(np.bincount(numbers)[1:], 0))
    return bool(len(sizes) > 1 and sizes[-1] >= WHOLE_FRACTION * len(numbers) and sizes[-2] < smallest)


def _nearest_owner(owner: npt.NDArray[np.int64], holes: Masks) -> npt.NDArray[np.int64]:
    """Return `owner` (h, w) with pixels of `holes` given the nearest owner (-1 is none) within NEAR_PX pixels."""
    from scipy.ndimage import distance_transform_edt

    if not holes.any():
        return owner
    distance, nearest = distance_transform_edt(owner < 0, return_indices=True)
    return np.where(holes & (distance <= NEAR_PX), owner[tuple(nearest)], owner)
