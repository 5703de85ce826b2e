"""Measures between targets and anchors: (T, A) arrays, each computed once and only when a relation asks for it."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from core3d_search.relations.table import Array, ObjectTable


class Pairs:
    """Pairs of `targets` (T,) and `anchors`, rows of `table`; lengths in metres, z up.

    `anchors` (A,) pairs every target with every anchor; (T, A) lists the anchors of each target. `t` and `a` are the
    rows in a shape that broadcasts to (T, A), which every measure has.
    """

    def __init__(self, table: ObjectTable, targets: Array, anchors: Array) -> None:
        self.table = table
        self.t = np.asarray(targets, dtype=np.intp)[:, None]
        self.a = np.asarray(anchors, dtype=np.intp)
        if self.a.ndim == 1:
            self.a = self.a[None, :]

    @cached_property
    def swapped(self) -> Pairs:
        """The same pairs with the roles exchanged; its measures keep the shape (T, A)."""
        other = object.__new__(Pairs)
        other.table, other.t, other.a = self.table, self.a, self.t
        return other

    @cached_property
    def same(self) -> Array:
        """Whether target and anchor are one object."""
        return self.t == self.a

    @cached_property
    def offset(self) -> Array:
        """Horizontal vector (T, A, 2) from the anchor's centre to the target's."""
        centers = self.table.centers
        return centers[self.t, :2] - centers[self.a, :2]

    @cached_property
    def flat_distance(self) -> Array:
        """Horizontal distance of the centres."""
        return np.hypot(self.offset[..., 0], self.offset[..., 1])

    @cached_property
    def rise(self) -> Array:
        """Height of the target's centre above the anchor's."""
        return self.table.centers[self.t, 2] - self.table.centers[self.a, 2]

    @cached_property
    def distance(self) -> Array:
        """Distance of the centres."""
        return np.hypot(self.flat_distance, self.rise)

    @cached_property
    def gaps(self) -> Array:
        """Signed gaps (T, A, 2) along the world's x and y between footprints; negative is the depth of overlap."""
        half = self.table.flat_half
        return np.abs(self.offset) - (half[self.t] + half[self.a])

    @cached_property
    def flat_gap(self) -> Array:
        """Horizontal gap between footprints, 0 when they overlap.

        Exact for parallel boxes. Otherwise the largest of three lower bounds: the separation in the world's axes, in
        the target's and in the anchor's (separating axes), so it never exceeds the true gap.
        """
        outside = np.maximum(self.gaps, 0.0)
        gap = np.hypot(outside[..., 0], outside[..., 1])
        if self.table.aligned:
            return gap
        axes, half = self.table.axes, self.table.half[:, :2]
        turn = np.abs(np.einsum("...ik,...jk->...ij", axes[self.t], axes[self.a]))  # |cos| of target and anchor axes
        for own, other, spread in (
            (self.t, self.a, turn),
            (self.a, self.t, np.swapaxes(turn, -1, -2)),
        ):
            along = np.abs(np.einsum("...ik,...k->...i", axes[own], self.offset))
            reach = half[own] + np.einsum("...ij,...j->...i", spread, half[other])
            free = np.maximum(along - reach, 0.0)
            gap = np.maximum(gap, np.hypot(free[..., 0], free[..., 1]))
        return gap

    @cached_property
    def overlap(self) -> Array:
        """Share of the smaller footprint that the other one covers, in [0, 1], of world-aligned footprints."""
        half = self.table.flat_half
        ht, ha = half[self.t], half[self.a]
        shared = np.clip(-self.gaps, 0.0, 2 * np.minimum(ht, ha))
        smaller = np.minimum((4 * ht.prod(axis=-1)), (4 * ha.prod(axis=-1)))
        return shared.prod(axis=-1) / np.maximum(smaller, 1e-6)

    @cached_property
    def covered(self) -> Array:
        """Share of the target's footprint that lies over or under the anchor's, in [0, 1]."""
        half = self.table.flat_half
        ht, ha = half[self.t], half[self.a]
        shared = np.clip(-self.gaps, 0.0, 2 * np.minimum(ht, ha))
        return shared.prod(axis=-1) / np.maximum(4 * ht.prod(axis=-1), 1e-6)

    @cached_property
    def above_gap(self) -> Array:
        """Height of the target's underside above the anchor's top; negative when it begins lower."""
        return self.table.low[self.t] - self.table.high[self.a]

    @cached_property
    def below_gap(self) -> Array:
        """Height of the anchor's underside above the target's top."""
        return self.table.low[self.a] - self.table.high[self.t]

    @cached_property
    def height_gap(self) -> Array:
        """Vertical gap between the boxes, 0 when they share a height."""
        return np.maximum(np.maximum(self.above_gap, self.below_gap), 0.0)

    @cached_property
    def gap(self) -> Array:
        """Distance between the boxes, 0 when they touch or overlap."""
        return np.hypot(self.flat_gap, self.height_gap)

    @cached_property
    def between_heights(self) -> Array:
        """Share of the target's height range inside the anchor's, in [0, 1]."""
        low = np.maximum(self.table.low[self.t], self.table.low[self.a])
        high = np.minimum(self.table.high[self.t], self.table.high[self.a])
        return np.clip(high - low, 0, None) / np.maximum(2 * self.table.half[self.t, 2], 1e-3)
