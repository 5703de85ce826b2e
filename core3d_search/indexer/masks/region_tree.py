"""Hierarchical merging of adjacent image regions: a tree that can be cut at any height."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class RegionTree:
    """A binary tree over `leaves` regions: nodes 0 to leaves - 1 are leaves, later nodes unions, in order of merging.

    `parents` (M,) is -1 at a root; `heights` (M,) is the dissimilarity at which a node formed, at least that of its
    children.
    """

    leaves: int
    parents: npt.NDArray[np.int64]
    heights: npt.NDArray[np.float64]

    def cut(self, height: float) -> npt.NDArray[np.int64]:
        """Return (leaves,) the node that each leaf belongs to once all merges up to `height` are made."""
        owner = np.arange(len(self.parents))
        for node in range(len(self.parents) - 1, -1, -1):
            parent = self.parents[node]
            if parent >= 0 and self.heights[parent] <= height:
                owner[node] = owner[parent]
        return owner[: self.leaves]

    def persistence(self) -> npt.NDArray[np.float64]:
        """Return (M,) how much stands around each node compared with inside it, in [0, 1]; 1 for roots."""
        outer = np.where(self.parents >= 0, self.heights[self.parents], np.inf)
        return 1 - np.divide(self.heights, outer, out=np.ones_like(self.heights), where=outer > 0)


def merge_regions(
    pairs: npt.NDArray[np.int64],
    lengths: Floats,
    contrasts: Floats,
    areas: Floats,
    colors: Floats,
    color_scale: float,
    free_area: float,
) -> RegionTree:
    """Return the tree that joins, again and again, the two adjacent regions with the least between them.

    `pairs` (E, 2) are adjacent leaves a < b with shared borders of `lengths` (E,) and mean contrast `contrasts` (E,);
    `areas` (N,) and mean `colors` (N, C) describe the leaves. Between two regions lies the mean contrast of their
    border plus the squared difference of their mean colours over `color_scale`, less where the smaller one's area
    is below `free_area`: small fragments join first (as in Felzenszwalb and Huttenlocher 2004).
    """
    count = len(areas)
    area: list[float] = [float(a) for a in areas]
    color: list[list[float]] = [[float(c) for c in row] for row in colors]
    borders: list[dict[int, tuple[float, float]]] = [{} for _ in range(count)]
    for (a, b), length, contrast in zip(pairs.tolist(), lengths.tolist(), contrasts.tolist(), strict=True):
        borders[a][b] = borders[b][a] = (length, length * contrast)
    parents, heights, node = [-1] * count, [0.0] * count, list(range(count))
    scale = 1 / color_scale**2

    def between(a: int, b: int) -> float:
        length, total = borders[a][b]
        ca, cb = color[a], color[b]
        apart = sum((x - y) * (x - y) for x, y in zip(ca, cb, strict=True)) * scale
        smaller = min(area[a], area[b])
        factor = 1.0 if smaller >= free_area else (smaller / free_area) ** 0.5
        return (total / length + min(apart, 4.0)) * factor

    heap = [(between(a, b), a, b) for a in range(count) for b in borders[a] if a < b]
    heapq.heapify(heap)
    while heap:
        height, a, b = heapq.heappop(heap)
        if b not in borders[a]:
            continue
        now = between(a, b)
        if now > height * 1.01 + 1e-9:  # stale: one of the two has grown since
            heapq.heappush(heap, (now, a, b))
            continue
        if len(borders[a]) < len(borders[b]):
            a, b = b, a
        whole = area[a] + area[b]
        color[a] = [(x * area[a] + y * area[b]) / whole for x, y in zip(color[a], color[b], strict=True)]
        area[a] = whole
        parents[node[a]] = parents[node[b]] = len(parents)
        heights.append(max(now, heights[node[a]], heights[node[b]]))
        node[a] = len(parents)
        parents.append(-1)
        del borders[a][b]
        for other, (length, total) in borders[b].items():
            if other == a:
                continue
            known = borders[a].get(other, (0.0, 0.0))
            borders[a][other] = borders[other][a] = (known[0] + length, known[1] + total)
            del borders[other][b]
            low, high = (a, other) if a < other else (other, a)
            heapq.heappush(heap, (between(a, other), low, high))
        borders[b] = {}
    return RegionTree(count, np.array(parents, np.int64), np.array(heights, np.float64))
