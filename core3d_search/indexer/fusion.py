"""Observations to objects: whatever overlaps in both directions is one thing (paper section 3.3).

Frames are taken viewpoint by viewpoint, along a curve through the places that they were seen from: what one place shows
is united first, then a few dozen neighbouring places with what is there already. Time so grows with the frames, memory
with the voxels, and a hundred looks from one place weigh as much as one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Box3D, View
from core3d_search.errors import InputError
from core3d_search.geometry import fit_box, voxel_keys
from core3d_search.indexer.clusters import cluster
from core3d_search.indexer.config import FusionConfig
from core3d_search.indexer.lifting import Observation
from core3d_search.indexer.merging import Group, absorb_parts, distinct, united
from core3d_search.indexer.planes import Structure
from core3d_search.indexer.surface_sums import SurfaceSums
from core3d_search.indexer.viewpoints import Viewpoints


@dataclass(frozen=True, eq=False)
class FusedObject:
    """One object of a scene: `points` (P, 3) float32 world metres, `colors` (P, 3) uint8.

    `members` are positions in the list of observations that was fused; `views` are the best first; `name` is what the
    scene's own files call it, "" where they do not.
    """

    points: npt.NDArray[np.float32]
    colors: npt.NDArray[np.uint8]
    box: Box3D
    members: tuple[int, ...]
    views: tuple[View, ...]
    name: str = ""

    @property
    def observation_count(self) -> int:
        """How many observations became this object."""
        return len(self.members)


def fuse(
    observations: Sequence[Observation],
    cameras: Mapping[int, npt.NDArray[np.float64]],
    config: FusionConfig,
    up: npt.ArrayLike | None = None,
    structure: Structure | None = None,
) -> list[FusedObject]:
    """Return the objects of a scene, largest first.

    `cameras` gives the world_from_camera (4, 4) of every frame that was used, by its number. Neither the order of
    `observations` nor the numbering of frames matters. `up` (3,) makes boxes stand upright. Objects that are nothing
    but bare `structure` are left out. Raises InputError where the config compares looks and observations come without
    an embedding.
    """
    viewpoints = Viewpoints.of(cameras, config)
    groups = group_observations(observations, viewpoints, config)
    if config.absorb_overlap < 1:
        frames = [observation.frame for observation in observations]
        groups = absorb_parts(groups, frames, config.absorb_overlap)
    weights = _weights(observations, viewpoints)
    needed = _needed(len(viewpoints), config)
    objects = []
    for group in groups:
        if sum(weights[member] for member in group.members) < needed:
            continue
        fused = _build(group, observations, viewpoints, config, up)
        if len(fused.points) < config.min_voxels or _is_bare(fused, structure, config.max_structure):
            continue
        objects.append(fused)
    return sorted(objects, key=lambda fused: (-len(fused.points), tuple(fused.box.center)))


def group_observations(
    observations: Sequence[Observation], viewpoints: Viewpoints, config: FusionConfig
) -> list[Group]:
    """Return the groups of observations that are one object each, in an order that content alone decides."""
    of_frame: dict[int, list[int]] = defaultdict(list)
    for position, observation in enumerate(observations):
        of_frame[observation.frame].append(position)
    repeated = replace(config, gamma=config.repeat_overlap, delta=1.0)
    groups: list[Group] = []
    ranks: dict[int, int] = {}
    for block in viewpoints.blocks(config.block_viewpoints):
        seen: list[Group] = []
        for frames in block:
            members = [position for frame in frames for position in of_frame[frame]]
            single = _singles(members, observations, config)
            ranks |= {group.members[0]: len(ranks) + number for number, group in enumerate(single)}
            seen += united(single, repeated)
        beside, away = _touched(groups, seen)
        groups = sorted(away + united(beside + seen, config), key=lambda group: ranks[group.members[0]])
    return groups


def _singles(members: Sequence[int], observations: Sequence[Observation], config: FusionConfig) -> list[Group]:
    """Return each of the observations at `members` as a group, ordered by content alone."""
    ranked = sorted(members, key=lambda position: _sort_key(observations[position]))
    groups = []
    for position in ranked:
        observation = observations[position]
        voxels = distinct(voxel_keys(observation.points, config.voxel_m))
        groups.append(Group(voxels, (position,), _look(observation, config)))
    return groups


def _sort_key(observation: Observation) -> tuple[Any, ...]:
    """Order by content, so that nothing depends on the order in which observations came."""
    return (observation.level, *observation.box.tolist(), observation.points.tobytes(), observation.frame)


def _look(observation: Observation, config: FusionConfig) -> npt.NDArray[np.float64]:
    """Return the embedding (D,) that `config` compares; (0,) where it is the paper's, which compares none."""
    if config.min_similarity <= -1:
        return np.zeros(0)
    if observation.embedding is None:
        raise InputError("fusion.min_similarity compares embeddings: observations must be embedded before fusion")
    return observation.embedding.astype(np.float64)


def _touched(groups: Sequence[Group], seen: Sequence[Group]) -> tuple[list[Group], list[Group]]:
    """Return the `groups` whose surroundings box meets that of all `seen` together, and the others."""
    if not groups or not seen:
        return list(groups), []
    low = np.min([group.low for group in seen], axis=0)
    high = np.max([group.high for group in seen], axis=0)
    lows, highs = np.stack([group.low for group in groups]), np.stack([group.high for group in groups])
    near = ((lows <= high) & (highs >= low)).all(axis=1)
    return [g for g, is_near in zip(groups, near, strict=True) if is_near], [
        g for g, is_near in zip(groups, near, strict=True) if not is_near
    ]


def _weights(observations: Sequence[Observation], viewpoints: Viewpoints) -> npt.NDArray[np.float64]:
    """Return (N,) what each observation counts: those of one viewpoint share what one frame there would count."""
    viewpoint = viewpoints.of_frame()
    return np.array([1 / len(viewpoints.frames[viewpoint[observation.frame]]) for observation in observations])


def _needed(viewpoint_count: int, config: FusionConfig) -> float:
    """Return the weight of observations that an object needs; a little less, since weights are fractions."""
    if viewpoint_count <= config.few_frames:
        return 0.0
    return min(config.min_observations, max(3, viewpoint_count // 6)) - 1e-6


def _build(
    group: Group,
    observations: Sequence[Observation],
    viewpoints: Viewpoints,
    config: FusionConfig,
    up: npt.ArrayLike | None,
) -> FusedObject:
    """Return the object that a group of observations is."""
    sums = SurfaceSums((observations[member] for member in group.members), config.voxel_m)
    points, colors, counts, weights = sums.points, sums.colors, sums.counts, sums.precision
    solid = well_supported(counts, config.noise_fraction)
    whole = len(points)
    points, colors, counts, weights = points[solid], colors[solid], counts[solid], weights[solid]
    if config.stray_fraction > 0:
        kept = _without_strays(points, counts, config)
        points, colors, weights = points[kept], colors[kept], weights[kept]
    box = fit_box(points, up, weights, config.box_trim, config.box_max_trim_m)
    views = _views(group, observations, viewpoints, whole, config)
    return FusedObject(points, colors, box, tuple(sorted(group.members)), views)


def _views(
    group: Group, observations: Sequence[Observation], viewpoints: Viewpoints, voxel_count: int, config: FusionConfig
) -> tuple[View, ...]:
    """Return the views that show most of an object, best first, one a viewpoint at most."""
    viewpoint = viewpoints.of_frame()
    best: dict[int, View] = {}
    for member in sorted(group.members, key=lambda m: -len(observations[m].points)):
        seen = observations[member]
        share = min(1.0, len(seen.points) / voxel_count)
        best.setdefault(viewpoint[seen.frame], View(seen.frame, tuple(seen.box.tolist()), share))
    return tuple(list(best.values())[: config.views])


def well_supported(counts: npt.NDArray[np.int64], noise_fraction: float) -> npt.NDArray[np.bool_]:
    """Return (V,) which voxels to keep, given in how many observations each was seen.

    Sensor noise fills voxels that few observations repeat: those seen least are dropped as long as they hold no more
    than `noise_fraction` of all that was seen; voxels seen equally often stay or go together.
    """
    seen = np.bincount(counts) * np.arange(counts.max() + 1)
    dropped = np.flatnonzero(np.cumsum(seen) <= noise_fraction * seen.sum())
    return counts > (dropped[-1] if len(dropped) else 0)


def _without_strays(
    points: npt.NDArray[np.float32], counts: npt.NDArray[np.int64], config: FusionConfig
) -> npt.NDArray[np.bool_]:
    """Return (P,) which points lie in clusters that hold at least the stray fraction of what was seen."""
    labels = cluster(points, config.stray_gap_m, 1, config.voxel_m)
    share = np.bincount(labels, counts) / counts.sum()
    return share[labels] >= min(config.stray_fraction, share.max())


def _is_bare(fused: FusedObject, structure: Structure | None, max_fraction: float) -> bool:
    """Return whether more than `max_fraction` of an object is bare floor, wall or ceiling."""
    return structure is not None and float(structure.bare(fused.points, fused.colors).mean()) > max_fraction
