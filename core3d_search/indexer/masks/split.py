"""Masks that cover separate things in 3D come apart (paper section 3.1)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Floats
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
    """Return `detections` with each mask replaced by the clusters that its points fall into.

    A cluster keeps its own pixels, and its mask's score and level; pixels without depth go to the nearest one in the
    image, if it is near. A mask of which one cluster is nearly all, or with too little depth to tell, stays whole.
    Clusters below the smallest area are dropped.
    """
    smallest = max(1.0, config.min_area_fraction * frame.depth.size)
    points = back_project(frame.depth, frame.intrinsics)
    masks, sources = [], []
    for row, (mask, box) in enumerate(zip(detections.masks, detections.boxes, strict=True)):
        x0, y0, x1, y1 = (int(value) for value in box)
        part = (slice(y0, y1), slice(x0, x1))
        owner = _owners(mask[part], points[part], smallest, -(-max(mask.shape) // SAMPLED_PX), config)
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
    total = int(usable.sum())
    if total < smallest:
        return None
    reach = max(config.split_eps_m, config.split_eps_per_m * float(np.median(points[..., 2][usable])))
    sampled = np.s_[::step, ::step]
    sizes = np.sort(np.bincount(_linked_pieces(usable[sampled], points[sampled], reach).ravel())[1:])
    if _one_is_nearly_all(sizes, int(usable[sampled].sum()), smallest / step**2):
        return None
    pieces = _linked_pieces(usable, points, reach)
    cluster = _joined(pieces[sampled], int(pieces.max()), points[sampled], reach, config.split_min_points)[pieces]
    sizes = np.bincount(cluster.ravel() + 1)[1:]
    large = np.flatnonzero(sizes >= smallest)
    if _one_is_nearly_all(np.sort(sizes), total, smallest):
        return None
    number = np.full(len(sizes) + 1, -1)
    number[large] = np.arange(len(large))
    return _nearest_owner(number[cluster], mask & ~usable)


def _one_is_nearly_all(sizes: npt.NDArray[np.int64], total: int, smallest: float) -> bool:
    """Return whether the last of the rising `sizes` is nearly the `total`, and no other one counts."""
    largest, next_largest = (int(sizes[-place]) if len(sizes) >= place else 0 for place in (1, 2))
    return largest >= max(WHOLE_FRACTION * total, 1) and next_largest < smallest


def _linked_pieces(usable: Masks, points: Floats, reach: float) -> npt.NDArray[np.int32]:
    """Return (h, w) the number of the piece that each `usable` pixel is in, 0 for others: pixels side by side whose
    `points` (h, w, 3) are within `reach` are linked."""
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
    pieces: npt.NDArray[np.int32] = label(woven)[0][::2, ::2]
    return pieces


def _joined(
    pieces: npt.NDArray[np.int32], last: int, points: Floats, reach: float, min_points: int
) -> npt.NDArray[np.int64]:
    """Return (`last` + 1,) the cluster of each of the pieces 1 to `last`, -1 for none and for 0: pieces of which two of the `points`
    (h, w, 3) are within `reach` are one cluster.

    `pieces` (h, w) may be sampled. Those of less than `min_points` pixels link no others: as in DBSCAN, they are noise
    unless they lie by a larger one.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    flat = pieces.ravel()
    count = np.bincount(flat, minlength=last + 1)
    rising = np.argsort(count[1:], kind="stable") + 1
    ends = np.cumsum(count[rising])
    place = np.empty(len(count), np.int64)
    place[rising] = np.arange(len(rising))
    known = np.flatnonzero(flat)
    known = known[np.argsort(place[flat[known]], kind="stable")]  # the smallest piece first
    sorted_pieces, sorted_points = flat[known], points.reshape(-1, 3)[known]
    links = [np.zeros((0, 2), np.int64)]
    host, host_distance = np.full(len(count), -1), np.full(len(count), np.inf)
    for number, end in zip(rising, ends, strict=True):
        start = end - count[number]
        if count[number] < max(min_points, 1):
            continue
        own = sorted_points[start:end]
        near = (
            (sorted_points[:start] >= own.min(axis=0) - reach) & (sorted_points[:start] <= own.max(axis=0) + reach)
        ).all(axis=1)
        distance, _ = cKDTree(own, balanced_tree=False).query(sorted_points[:start][near], distance_upper_bound=reach)
        closest = np.full(len(count), np.inf)
        np.minimum.at(closest, sorted_pieces[:start][near], distance)
        reached = np.flatnonzero(np.isfinite(closest))
        linking = reached[count[reached] >= min_points]
        links.append(np.stack([linking, np.full(len(linking), number)], axis=1))
        guests = np.flatnonzero((count < min_points) & (closest < host_distance))
        host[guests], host_distance[guests] = number, closest[guests]
    joined = np.concatenate(links)
    graph = coo_matrix((np.ones(len(joined), bool), (joined[:, 0], joined[:, 1])), shape=(len(count), len(count)))
    cluster = connected_components(graph, directed=False)[1].astype(np.int64)
    guest = count < min_points
    cluster[guest] = np.where(host[guest] >= 0, cluster[host[guest]], -1)
    cluster[0] = -1
    found, compact = np.unique(cluster, return_inverse=True)
    return compact - int(found[0] < 0)


def _nearest_owner(owner: npt.NDArray[np.int64], holes: Masks) -> npt.NDArray[np.int64]:
    """Return `owner` (h, w) with pixels of `holes` given the nearest owner (-1 is none) within NEAR_PX pixels."""
    from scipy.ndimage import distance_transform_edt

    if not holes.any():
        return owner
    distance, nearest = distance_transform_edt(owner < 0, return_indices=True)
    return np.where(holes & (distance <= NEAR_PX), owner[tuple(nearest)], owner)
