"""Hierarchical merging of adjacent regions by a small learned classifier: a tree that can be cut at any height."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Floats
from core3d_search.indexer.masks.built_in.borders import Regions, pair_features

ClassifyBorders = Callable[[Regions], npt.NDArray[np.float64]]
"""Regions to (E,) the log odds that each adjacent pair is two things."""


BOUND = 8.0
"""Standard deviations from the mean beyond which a feature says no more: none in training went farther."""
BEYOND_DOUBT = -3.5
"""Log odds at or below which a region joins its most likely partner, whatever that one's own may be."""


@dataclass(frozen=True, eq=False)
class BorderClassifier:
    """A small network over `pair_features`: standardised by `mean` and `scale`, then layers (weights, bias), ReLU."""

    mean: Floats
    scale: Floats
    layers: tuple[tuple[Floats, Floats], ...]

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> BorderClassifier:
        """Return the network of arrays `mean`, `scale`, `weight0`, `bias0`, `weight1`, ..."""
        count = sum(name.startswith("weight") for name in arrays)
        layers = tuple((arrays[f"weight{i}"], arrays[f"bias{i}"]) for i in range(count))
        return cls(arrays["mean"], arrays["scale"], layers)

    def __call__(self, regions: Regions) -> npt.NDArray[np.float64]:
        """Return (E,) the log odds that each adjacent pair is two things."""
        x: Floats = np.clip((pair_features(regions) - self.mean) / self.scale, -BOUND, BOUND).astype(np.float32)
        for number, (weight, bias) in enumerate(self.layers):
            x = x @ weight + bias
            if number + 1 < len(self.layers):
                x = np.maximum(x, 0)
        return x[:, 0].astype(np.float64)


@dataclass(frozen=True, eq=False)
class RegionTree:
    """A binary tree over `leaves` regions: nodes 0 to leaves - 1 are leaves, later nodes unions, in order of merging.

    `parents` (M,) is -1 at a root; `heights` (M,) is the log odds at which a node formed, at least those of its
    children, -inf for leaves.
    """

    leaves: int
    parents: npt.NDArray[np.int64]
    heights: npt.NDArray[np.float64]

    def cut(self, height: float) -> npt.NDArray[np.int64]:
        """Return (leaves,) the node that each leaf belongs to once all merges up to `height` are made."""
        numbers = np.arange(len(self.parents))
        owner = np.where((self.parents >= 0) & (self.heights[self.parents] <= height), self.parents, numbers)
        while True:  # heights rise towards the root: what a parent joins, its child joins
            farther = owner[owner]
            if np.array_equal(farther, owner):
                return owner[: self.leaves]
            owner = farther

    def certainty(self) -> npt.NDArray[np.float64]:
        """Return (M,) the probability that each node is one thing and ends at its border, in [0, 1]."""
        outer = np.where(self.parents >= 0, self.heights[self.parents], np.inf)
        sure: npt.NDArray[np.float64] = _probability(-self.heights) * _probability(outer)
        return sure


def _probability(log_odds: Floats) -> npt.NDArray[np.float64]:
    return 1 / (1 + np.exp(-np.clip(log_odds, -50, 50)))


def merge_regions(
    regions: Regions,
    classify: ClassifyBorders,
    highest: float = np.inf,
    watch: Callable[[Regions, Floats], None] | None = None,
) -> RegionTree:
    """Return the tree that joins adjacent regions in rounds, until no pair is at most at `highest`.

    In a round every two regions that are each other's most likely partner join (as in Boruvka's algorithm), and every
    region joins its most likely partner where that is beyond doubt; then all pairs are classified anew. `watch` sees
    the regions and log odds of every round.
    """
    leaves = len(regions)
    node, parents, heights = np.arange(leaves), np.full(2 * leaves, -1), np.full(2 * leaves, -np.inf)
    count = leaves
    while len(regions.pairs):
        odds = classify(regions)
        if watch is not None:
            watch(regions, odds)
        chosen = _best_pairs(regions.pairs, odds, len(regions), highest)
        if not len(chosen):
            break
        chosen = chosen[np.argsort(odds[chosen], kind="stable")]
        root = _join(regions.pairs[chosen], odds[chosen], node, parents, heights, count)
        count += len(chosen)
        kept, group = np.unique(root, return_inverse=True)
        node = node[kept]
        regions = regions.joined(group, relabel=watch is not None)
    return RegionTree(leaves, parents[:count], heights[:count])


def _join(
    pairs: npt.NDArray[np.int64],
    odds: Floats,
    node: npt.NDArray[np.int64],
    parents: npt.NDArray[np.int64],
    heights: npt.NDArray[np.float64],
    first: int,
) -> npt.NDArray[np.int64]:
    """Join `pairs` (E, 2) of N regions, likeliest first, to the nodes `first`, `first` + 1, ... of the tree that
    `parents` and `heights` hold; return (N,) the region that stands for each, whose `node` (N,) is the new one.

    Each pair is the best of one of its ends, so that together they hold no circle and each makes one node.
    """
    roots, nodes, tops = list(range(len(node))), node.tolist(), heights.tolist()  # lists: they are read one by one
    ones, others = [], []
    for made, ((a, b), odd) in enumerate(zip(pairs.tolist(), odds.tolist(), strict=True), first):
        while roots[a] != a:
            roots[a] = a = roots[roots[a]]
        while roots[b] != b:
            roots[b] = b = roots[roots[b]]
        one, other = nodes[a], nodes[b]
        ones.append(one)
        others.append(other)
        tops[made] = max(odd, tops[one], tops[other])
        roots[b], nodes[a] = a, made
    made_nodes = np.arange(first, first + len(pairs))
    parents[ones] = parents[others] = made_nodes
    heights[made_nodes] = tops[first : first + len(pairs)]
    node[:] = nodes
    root = np.array(roots)
    while (root[root] != root).any():
        root = root[root]
    return root


def _best_pairs(pairs: npt.NDArray[np.int64], odds: Floats, count: int, highest: float) -> npt.NDArray[np.int64]:
    """Return the rows of `pairs` (E, 2) that join in a round; ties go to the first row."""
    order = np.argsort(odds, kind="stable")
    rank = np.empty(len(odds), np.int64)
    rank[order] = np.arange(len(odds))
    best = np.full(count, len(odds))
    np.minimum.at(best, pairs[:, 0], rank)
    np.minimum.at(best, pairs[:, 1], rank)
    first, second = best[pairs[:, 0]] == rank, best[pairs[:, 1]] == rank
    return np.flatnonzero((first & second & (odds <= highest)) | ((first | second) & (odds <= BEYOND_DOUBT)))
