"""Groups of observations that overlap in both directions (paper section 3.3), and parts joined to what covers them."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from core3d_search.geometry import voxel_cells
from core3d_search.indexer.config import FusionConfig

Voxels = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Group:
    """Observations that show one thing: `voxels` sorted keys of all that they occupy, `members` their positions, the
    first by content first, `look` (D,) the sum of their embeddings, empty where looks are not compared."""

    voxels: Voxels
    members: tuple[int, ...]
    look: npt.NDArray[np.float64]

    @cached_property
    def low(self) -> npt.NDArray[np.int64]:
        """(3,) the cell, in voxels, of the low corner of its surroundings."""
        return voxel_cells(self.voxels).min(axis=0)

    @cached_property
    def high(self) -> npt.NDArray[np.int64]:
        """(3,) the cell of the high corner."""
        return voxel_cells(self.voxels).max(axis=0)


def united(groups: Sequence[Group], config: FusionConfig) -> list[Group]:
    """Return `groups` with those that agree made one, in the order of the first of each."""
    sets = numbered([group.voxels for group in groups])
    looks = np.stack([group.look for group in groups]) if groups else np.zeros((0, 0))
    parts = merge_groups(sets, looks, config)
    return [joined([groups[number] for number in part]) for part in parts]


def joined(parts: Sequence[Group]) -> Group:
    """Return all of `parts` as one group."""
    if len(parts) == 1:
        return parts[0]
    voxels = distinct(np.concatenate([part.voxels for part in parts]))
    members = tuple(member for part in parts for member in part.members)
    return Group(voxels, members, np.sum([part.look for part in parts], axis=0))


def distinct(keys: Voxels) -> Voxels:
    """Return `keys` (N,) sorted, each once. A stable sort merges sorted runs, which is what all callers have."""
    ordered = np.sort(keys, kind="stable")
    first = np.ones(len(ordered), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return ordered[first]


def numbered(voxels: Sequence[Voxels]) -> list[Voxels]:
    """Return sorted voxel keys as sorted numbers, 0 to V - 1, of the V voxels that occur."""
    if not voxels:
        return []
    keys = np.concatenate(voxels)
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    numbers = np.empty(len(keys), np.int64)
    numbers[order] = np.concatenate([[0], np.cumsum(ordered[1:] != ordered[:-1])]) if len(keys) else 0
    return np.split(numbers, np.cumsum([len(part) for part in voxels])[:-1])


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
        sets[new] = union = distinct(np.concatenate([sets.pop(a), sets.pop(b)]))
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


def absorb_parts(groups: Sequence[Group], frames: Sequence[int], overlap: float) -> list[Group]:
    """Return `groups` with each partial view joined to the larger group that covers it, smallest first.

    A group that lies in a larger one by at least `overlap` of its voxels is a partial view of it where the two are
    mostly not seen in the same frames; a cushion that is seen beside its couch in the same frames stays apart.
    `frames` gives the frame of each observation.
    """
    sets = numbered([group.voxels for group in groups])
    alive = {number: [number] for number in range(len(groups))}
    seen = {number: {frames[m] for m in group.members} for number, group in enumerate(groups)}
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
            alive[target] += alive.pop(small)
            seen[target] |= seen[small]
    return [joined([groups[number] for number in sorted(parts)]) for _, parts in sorted(alive.items())]
