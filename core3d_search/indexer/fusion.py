"""Observations to objects: whatever overlaps in both directions is one thing (paper section 3.3)."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Box3D, View
from core3d_search.errors import InputError
from core3d_search.geometry import fit_box, thin, voxel_keys
from core3d_search.indexer.clusters import cluster
from core3d_search.indexer.config import FusionConfig
from core3d_search.indexer.lifting import Observation
from core3d_search.indexer.planes import Structure
from core3d_search.indexer.surfaces import depth_noise

Voxels = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class FusedObject:
    """One object of a scene: `points` (P, 3) float32 world metres, `colors` (P, 3) uint8.

    `members` are positions in the list of observations that was fused; `views` are the best first.
    """

    points: npt.NDArray[np.float32]
    colors: npt.NDArray[np.uint8]
    box: Box3D
    members: tuple[int, ...]
    views: tuple[View, ...]

    @property
    def observation_count(self) -> int:
        """How many observations became this object."""
        return len(self.members)


def fuse(
    observations: Sequence[Observation],
    frame_count: int,
    config: FusionConfig,
    up: npt.ArrayLike | None = None,
    structure: Structure | None = None,
) -> list[FusedObject]:
    """Return the objects of a scene of `frame_count` frames, largest first; the order of `observations` is immaterial.

    `up` (3,) makes boxes stand upright. Objects that are nothing but bare `structure` are left out. Raises InputError
    where the config compares looks and observations come without an embedding.
    """
    order = sorted(range(len(observations)), key=lambda position: _sort_key(observations[position]))
    ranked = [observations[position] for position in order]
    voxels = _number_voxels(ranked, config.voxel_m)
    groups = merge_groups(voxels, _embeddings(ranked, config), config)
    if config.absorb_overlap < 1:
        groups = absorb_parts(groups, voxels, [o.frame for o in ranked], config.absorb_overlap)
    needed = min(config.min_observations, max(3, frame_count // 6)) if frame_count > config.few_frames else 1
    objects = []
    for group in groups:
        if len(group) < needed:
            continue
        fused = _build(group, ranked, order, voxels, config, up)
        if len(fused.points) < config.min_voxels or _is_bare(fused, structure, config.max_structure):
            continue
        objects.append(fused)
    return sorted(objects, key=lambda fused: (-len(fused.points), tuple(fused.box.center)))


def _embeddings(observations: Sequence[Observation], config: FusionConfig) -> npt.NDArray[np.float64]:
    """Return (N, D) the embeddings that `config` compares; (N, 0) where it is the paper's, which compares none."""
    if config.min_similarity <= -1 or not observations:
        return np.zeros((len(observations), 0))
    found = [o.embedding for o in observations if o.embedding is not None]
    if len(found) < len(observations):
        raise InputError("fusion.min_similarity compares embeddings: observations must be embedded before fusion")
    return np.stack(found).astype(np.float64)


def _sort_key(observation: Observation) -> tuple[Any, ...]:
    """Order by content, so that nothing depends on the order in which observations came."""
    return (observation.frame, observation.level, *observation.box.tolist(), observation.points.tobytes())


def _number_voxels(observations: Sequence[Observation], size: float) -> list[Voxels]:
    """Return for each observation the sorted numbers, 0 to V - 1, of the voxels that it occupies."""
    keys = [np.unique(voxel_keys(observation.points, size)) for observation in observations]
    if not keys:
        return []
    _, numbers = np.unique(np.concatenate(keys), return_inverse=True)
    return np.split(numbers.astype(np.int64), np.cumsum([len(part) for part in keys])[:-1])


def agree(shared: float, size_a: int, size_b: int, config: FusionConfig) -> bool:
    """Return the paper's test: both overlaps above gamma, and less than delta apart."""
    a, b = shared / size_a, shared / size_b
    return a > config.gamma and b > config.gamma and abs(a - b) < config.delta


def merge_groups(
    voxels: Sequence[Voxels], embeddings: npt.NDArray[np.float64], config: FusionConfig
) -> list[tuple[int, ...]]:
    """Return the groups of observations that are one object each, by greedy agglomeration.

    The two groups that overlap most (by the smaller of both overlaps; ties by position) and pass the test are united,
    overlaps with the union are measured anew, until no pair passes. Only pairs that touch are ever looked at:
    intersections start from A A^T, A being observations x voxels.
    """
    shared = _pairwise_intersections(voxels)
    sets: dict[int, Voxels] = dict(enumerate(voxels))
    members: dict[int, tuple[int, ...]] = {number: (number,) for number in sets}
    sums: dict[int, npt.NDArray[np.float64]] = dict(enumerate(embeddings))
    heap: list[tuple[float, int, int]] = []

    def offer(a: int, b: int) -> None:
        size_a, size_b, both = len(sets[a]), len(sets[b]), shared[a][b]
        if agree(both, size_a, size_b, config) and _similar(sums[a], sums[b], config.min_similarity):
            heapq.heappush(heap, (-both / max(size_a, size_b), min(a, b), max(a, b)))

    for a, row in shared.items():
        for b in row:
            if a < b:
                offer(a, b)
    inside = np.zeros(1 + max((int(part[-1]) for part in voxels if len(part)), default=0), bool)
    new = len(voxels)
    while heap:
        _, a, b = heapq.heappop(heap)
        if a not in sets or b not in sets:
            continue
        sets[new] = union = np.union1d(sets.pop(a), sets.pop(b))
        members[new] = tuple(sorted(members.pop(a) + members.pop(b)))
        sums[new] = sums.pop(a) + sums.pop(b)
        row_a, row_b = shared.pop(a), shared.pop(b)
        shared[new] = {}
        inside[union] = True
        for other in sorted((row_a.keys() | row_b.keys()) - {a, b}):
            if other in row_a and other in row_b:
                both = int(np.count_nonzero(inside[sets[other]]))
            else:
                both = row_a.get(other, 0) + row_b.get(other, 0)
            shared[other].pop(a, None)
            shared[other].pop(b, None)
            shared[new][other] = shared[other][new] = both
            offer(new, other)
        inside[union] = False
        new += 1
    return sorted(members.values())


def _pairwise_intersections(voxels: Sequence[Voxels]) -> dict[int, dict[int, int]]:
    """Return for each observation the number of voxels shared with every other that it touches."""
    from scipy.sparse import csr_matrix

    shared: dict[int, dict[int, int]] = {number: {} for number in range(len(voxels))}
    if not voxels:
        return shared
    indptr = np.concatenate([[0], np.cumsum([len(part) for part in voxels])])
    indices = np.concatenate(voxels)
    occupied = csr_matrix((np.ones(len(indices), np.int32), indices, indptr))
    touching = (occupied @ occupied.T).tocoo()
    for a, b, count in zip(touching.row.tolist(), touching.col.tolist(), touching.data.tolist(), strict=True):
        if a != b:
            shared[a][b] = count
    return shared


def _similar(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64], minimum: float) -> bool:
    """Return whether two sums of embeddings point alike; always, where `minimum` is -1."""
    return minimum <= -1 or float(a @ b) >= minimum * float(np.linalg.norm(a) * np.linalg.norm(b))


def absorb_parts(
    groups: Sequence[tuple[int, ...]], voxels: Sequence[Voxels], frames: Sequence[int], overlap: float
) -> list[tuple[int, ...]]:
    """Return `groups` with each partial view joined to the larger group that covers it, smallest first.

    A group that lies in a larger one by at least `overlap` of its voxels is a partial view of it where the two are
    mostly not seen in the same frames; a cushion that is seen beside its couch in the same frames stays apart.
    """
    sets = [np.unique(np.concatenate([voxels[m] for m in group])) for group in groups]
    alive = {number: set(group) for number, group in enumerate(groups)}
    seen = {number: {frames[m] for m in group} for number, group in enumerate(groups)}
    sizes = [len(part) for part in sets]
    shared = _pairwise_intersections(sets)
    for small in sorted(range(len(groups)), key=lambda number: (sizes[number], number)):
        best, target = 0.0, -1
        for large, both in sorted(shared[small].items()):
            if large not in alive or (sizes[large], large) <= (sizes[small], small):
                continue
            covered = both / sizes[small]
            together = len(seen[small] & seen[large]) / len(seen[small])
            if covered >= overlap and together <= 0.5 and covered > best:
                best, target = covered, large
        if target >= 0:
            alive[target] |= alive.pop(small)
            seen[target] |= seen[small]
    return sorted(tuple(sorted(group)) for group in alive.values())


def _build(
    group: tuple[int, ...],
    ranked: Sequence[Observation],
    order: Sequence[int],
    voxels: Sequence[Voxels],
    config: FusionConfig,
    up: npt.ArrayLike | None,
) -> FusedObject:
    """Return the object that a group of observations is."""
    parts = [ranked[member] for member in group]
    points, colors = thin(
        np.concatenate([part.points for part in parts]),
        config.voxel_m,
        np.concatenate([part.colors for part in parts]),
    )
    whole = len(points)
    cells = [voxels[member] for member in group]
    precision = np.repeat([depth_noise(part.depth_m) ** -2 for part in parts], [len(part) for part in cells])
    _, inverse, counts = np.unique(np.concatenate(cells), return_inverse=True, return_counts=True)
    weights = np.bincount(inverse, precision)
    solid = well_supported(counts, config.noise_fraction)
    points, colors, counts, weights = points[solid], colors[solid], counts[solid], weights[solid]
    if config.stray_fraction > 0:
        kept = _without_strays(points, counts, config)
        points, colors, weights = points[kept], colors[kept], weights[kept]
    box = fit_box(points, up, weights, config.box_trim, config.box_max_trim_m)
    seen = sorted(
        ((-len(voxels[member]) / whole, member) for member in group),
    )[: config.views]
    views = tuple(
        View(ranked[member].frame, tuple(ranked[member].box.tolist()), min(1.0, -fraction)) for fraction, member in seen
    )
    positions = tuple(sorted(order[member] for member in group))
    return FusedObject(points, colors, box, positions, views)


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
