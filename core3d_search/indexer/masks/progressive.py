"""Masks of all levels to the masks of a frame: novelty, filters and the 3D split (paper section 3.1)."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search import plugins
from core3d_search.geometry import thin, voxel_keys
from core3d_search.indexer.config import MaskConfig
from core3d_search.indexer.detections import Detections
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.masks import MaskGenerator
from core3d_search.indexer.planes import Structure
from core3d_search.indexer.surfaces import back_project, to_world

Masks = npt.NDArray[np.bool_]


def make_generator(config: MaskConfig, structure: Structure | None = None) -> MaskGenerator:
    """Return the configured generator; `levels` and `structure` go to those that take them.

    Raises InputError for an unknown name, MissingDependencyError and ModelError as the generator does.
    """
    kind = plugins.load("core3d.masks", config.generator)
    offered: dict[str, Any] = {"levels": config.levels, "structure": structure}
    taken = inspect.signature(kind).parameters
    arguments = {key: value for key, value in offered.items() if key in taken} | dict(config.options)
    generator: MaskGenerator = kind(**arguments)
    return generator


def progressive_masks(
    detections: Detections, frame: Frame, config: MaskConfig, structure: Structure | None = None
) -> Detections:
    """Return the masks of `frame`: the union over the configured levels of what each finds that is new.

    Works on the detections of any generator. Bare `structure`, too small, too large and border masks are dropped,
    then masks that cover separate things in 3D are split.
    """
    keep = np.isin(detections.levels, config.levels) & (detections.scores >= config.min_score)
    candidates = _plausible(detections[keep], config)
    if structure is not None:
        candidates = without_structure(candidates, frame, structure, config.max_structure)
    found = novel_masks(candidates, config)
    return split_in_3d(found, frame, config) if config.split else found


def novel_masks(detections: Detections, config: MaskConfig) -> Detections:
    """Return, coarse to fine, the masks of which no single earlier-level mask covers more than the level's novelty.

    |m and m'| / |m| < tau_k for every kept mask m' of an earlier level: the denominator is the NEW mask's area.
    """
    kept: list[int] = []
    flat = detections.masks.reshape(len(detections), -1)
    for position, level in enumerate(config.levels):
        rows = np.flatnonzero(detections.levels == level)
        if position and kept and len(rows):
            earlier = flat[kept].astype(np.float32)
            new = flat[rows].astype(np.float32)
            covered = (new @ earlier.T).max(axis=1) / np.maximum(new.sum(axis=1), 1)
            rows = rows[covered < config.novelty[position - 1]]
        kept += rows.tolist()
    return detections[np.array(kept, np.int64)]


def _plausible(detections: Detections, config: MaskConfig) -> Detections:
    """Return the detections of plausible area that do not lie whole in the margin at the image border."""
    masks = detections.masks
    pixels = masks.shape[1] * masks.shape[2]
    areas = masks.sum(axis=(1, 2))
    keep = (areas >= config.min_area_fraction * pixels) & (areas <= config.max_area_fraction * pixels) & (areas > 0)
    if config.border_px > 0:
        inner = (slice(None), *(slice(config.border_px, -config.border_px),) * 2)
        keep &= masks[inner].any(axis=(1, 2))
    return detections[keep]


def without_structure(
    detections: Detections, frame: Frame, structure: Structure, max_fraction: float
) -> Detections:
    """Return the detections without those that show more than `max_fraction` of bare floor, wall or ceiling.

    The fraction is of the pixels with depth; a mask without any is kept.
    """
    points = to_world(back_project(frame.depth, frame.intrinsics), frame.world_from_camera)
    valid = frame.depth > 0
    bare = structure.bare(points, frame.rgb, frame.depth) & valid
    known = (detections.masks & valid).sum(axis=(1, 2))
    return detections[(detections.masks & bare).sum(axis=(1, 2)) <= max_fraction * known]


def split_in_3d(detections: Detections, frame: Frame, config: MaskConfig) -> Detections:
    """Return `detections` with each mask replaced by the clusters (DBSCAN) that its world points fall into.

    A cluster keeps its own pixels, and its mask's score and level; pixels without depth go to no cluster. A mask in
    one cluster, or with no depth to tell, stays whole. Clusters below the smallest area are dropped.
    """
    points = to_world(back_project(frame.depth, frame.intrinsics), frame.world_from_camera)
    valid = frame.depth > 0
    minimum = config.min_area_fraction * valid.size
    masks, sources = [], []
    for row, mask in enumerate(detections.masks):
        usable = mask & valid
        if usable.sum() < minimum:
            masks.append(mask)
            sources.append(row)
            continue
        reach = max(config.split_eps_m, config.split_eps_per_m * float(np.median(frame.depth[usable])))
        labels = cluster(points[usable], reach, config.split_min_points, config.split_voxel_m)
        sizes = np.bincount(labels[labels >= 0])
        large = np.flatnonzero(sizes >= max(minimum, 1))
        if len(large) == 1 and sizes[large[0]] >= 0.9 * len(labels):
            masks.append(mask)
            sources.append(row)
            continue
        for number in large:
            part = np.zeros_like(mask)
            part[usable] = labels == number
            masks.append(part)
            sources.append(row)
    if not masks:
        return detections[:0]
    return Detections.from_masks(np.stack(masks), detections.scores[sources], detections.levels[sources])


def cluster(
    points: npt.NDArray[np.float64], reach: float, min_points: int, voxel: float
) -> npt.NDArray[np.int64]:
    """Return (N,) the DBSCAN cluster of each of `points` (N, 3), -1 for noise (Ester et al. 1996).

    Points are thinned to a grid of `voxel` metres first and take their voxel's cluster. A point with `min_points`
    (itself counted) within `reach` is a core point; cores within reach of each other are one cluster; other points
    join the cluster of a core in reach.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    _, inverse = np.unique(voxel_keys(points, voxel), return_inverse=True)
    (centers,) = thin(points, voxel)
    pairs = cKDTree(centers).query_pairs(reach, output_type="ndarray")
    count = len(centers)
    core = 1 + np.bincount(pairs.ravel(), minlength=count) >= min_points
    linked = pairs[core[pairs].all(axis=1)]
    graph = coo_matrix((np.ones(len(linked), bool), (linked[:, 0], linked[:, 1])), shape=(count, count))
    _, component = connected_components(graph, directed=False)
    labels = np.where(core, component, -1)
    for near, far in ((0, 1), (1, 0)):
        border = pairs[core[pairs[:, near]] & ~core[pairs[:, far]]]
        labels[border[::-1, far]] = component[border[::-1, near]]
    found, compact = np.unique(labels, return_inverse=True)
    return (compact - int(found[0] < 0))[inverse]
