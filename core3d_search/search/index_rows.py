"""Rows of a mapped index, of one segment or of several: ids, scenes, columns and boxes of objects, without SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from core3d_search.relations import ObjectTable
from core3d_search.vectors.mapped import MappedIndex
from core3d_search.vectors.segments import Segment

Ids = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

Turns = Mapping[int, npt.NDArray[np.float64]]
"""By scene id the rotation (3, 3) that turns it upright; scenes that stand upright are left out."""

FLOAT32_M = 0.001
"""What float32 may lose of a distance in a scene, metres."""

AT_ONCE = 65_536
"""Objects whose places are found at a time."""

UPRIGHT = 1e-6
"""How far the cosine between a box axis and the vertical may be from 1 for a box to count as standing upright."""


@dataclass(frozen=True, eq=False)
class IndexRows:
    """N rows: for each the position of its segment in `segments`, `part` (N,), and its place there, `row` (N,)."""

    segments: Sequence[Segment]
    part: Ids
    row: Ids

    @classmethod
    def of(cls, index: MappedIndex, rows: Sequence[tuple[int, Ids]]) -> IndexRows:
        """Return the rows of some segments, each given by its position, without those that are dead."""
        alive = [(number, living(index, number, own)) for number, own in rows]
        nothing = np.zeros(0, np.int64)
        part = np.concatenate([nothing, *(np.full(len(own), number) for number, own in alive)])
        return cls(index.parts, part, np.concatenate([nothing, *(own for _, own in alive)]))

    @classmethod
    def in_scenes(cls, index: MappedIndex, scenes: Ids) -> IndexRows:
        """Return the rows of all objects of `scenes`, scene by scene."""
        return cls.of(index, [(number, part.in_scenes(scenes)) for number, part in enumerate(index.parts)])

    @classmethod
    def joined(cls, index: MappedIndex, several: Sequence[IndexRows]) -> IndexRows:
        """Return the rows of `several`, each once, by segment and place."""
        nothing = np.zeros(0, np.int64)
        part = np.concatenate([nothing, *(each.part for each in several)])
        row = np.concatenate([nothing, *(each.row for each in several)])
        order = np.lexsort((row, part))
        part, row = part[order], row[order]
        fresh = np.append(True, (part[1:] != part[:-1]) | (row[1:] != row[:-1]))[: len(row)]
        return cls(index.parts, part[fresh], row[fresh])

    def __len__(self) -> int:
        return len(self.row)

    def __getitem__(self, where: Any) -> IndexRows:
        return IndexRows(self.segments, self.part[where], self.row[where])

    def gathered(self, read: Callable[[Segment, Ids], npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """Return (N, ...) what `read` gives for rows of one segment, in the order of these rows."""
        if not len(self) or (self.part == self.part[0]).all():
            return np.asarray(read(self.segments[int(self.part[0]) if len(self) else 0], self.row))
        made: npt.NDArray[Any] | None = None
        for number in np.unique(self.part).tolist():
            here = np.flatnonzero(self.part == number)
            found = read(self.segments[number], self.row[here])
            if made is None:
                made = np.empty((len(self), *found.shape[1:]), found.dtype)
            made[here] = found
        return np.asarray(made)

    @cached_property
    def ids(self) -> Ids:
        return self.gathered(lambda segment, rows: segment.ids[rows])

    @cached_property
    def scenes(self) -> Ids:
        return self.gathered(lambda segment, rows: segment.scene_ids[rows])

    @cached_property
    def columns(self) -> npt.NDArray[np.void]:
        """What columns.py describes, (N,); `label` is a position in the names of the row's own segment."""
        return self.gathered(lambda segment, rows: segment.columns[rows])

    def by_label(self, of_names: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """Return (N,) values by label: for each segment (names + 1,) are given, the last for what has no label."""
        values = dict(zip((id(segment) for segment in self.segments), of_names, strict=True))
        return self.gathered(lambda segment, rows: values[id(segment)][segment.columns["label"][rows]])

    def standing(self, turns: Turns) -> Standing:
        """Return where the objects stand, seen from above."""
        return Standing(self.gathered(lambda segment, rows: _standing(segment, turns).discs[rows]))

    def table(self, turns: Turns) -> ObjectTable:
        """Return the objects as a table, those of each scene turned upright."""
        columns = self.columns
        centers, rotations = columns["center"].astype(np.float64), columns["rotation"].astype(np.float64)
        if turns:
            turn = _turn_of(self.scenes, turns)
            centers = np.einsum("nij,nj->ni", turn, centers)
            rotations = turn @ rotations
        colors = columns["color"].astype(np.float64)
        return ObjectTable(self.ids, centers, columns["extent"].astype(np.float64), rotations, colors)


@dataclass(frozen=True, eq=False)
class Standing:
    """Objects seen from above: `discs` (N, 3), x, y in their upright scenes and a radius, metres.

    Two objects whose discs are apart have footprints that do not meet along the world's axes: a radius is at least half
    the diagonal of the footprint that `ObjectTable.flat_half` spans.
    """

    discs: npt.NDArray[np.float32]

    @classmethod
    def of(cls, columns: npt.NDArray[np.void], scenes: Ids, turns: Turns) -> Standing:
        extents, centers = columns["extent"].astype(np.float64), columns["center"].astype(np.float64)
        length = np.sqrt((extents**2).sum(axis=1))  # any box turned any way has a footprint within this
        rotations = columns["rotation"]
        upright = (np.abs(rotations[:, 2]) > 1 - UPRIGHT).any(axis=1)
        spread = np.einsum("nij,nj->ni", np.abs(rotations[:, :2]), extents)
        radii = np.hypot(spread[:, 0], spread[:, 1]) / 2 + 0.004 * length  # for what is upright but for UPRIGHT
        if turns:
            upright &= ~np.isin(scenes, list(turns))
            centers = np.einsum("nij,nj->ni", _turn_of(scenes, turns), centers)
        radii = np.where(upright, radii, length)
        return cls(np.column_stack([centers[:, :2], radii]).astype(np.float32))

    def are_near(self, own: Ids, other: Standing, others: Ids, gap: float) -> npt.NDArray[np.bool_]:
        """Return (P,) whether the footprints of pairs of these and of `other` objects may be `gap` metres apart or
        less."""
        one, two = self.discs[own], other.discs[others]
        x, y = one[:, 0] - two[:, 0], one[:, 1] - two[:, 1]
        most = one[:, 2] + two[:, 2] + np.float32(gap + FLOAT32_M)
        return np.asarray((most > 0) & (x * x + y * y <= most * most))


_STANDING: WeakKeyDictionary[Segment, Standing] = WeakKeyDictionary()
"""Where all objects of a segment stand, once that was asked: 0.1 s for a million. A scene that is turned otherwise is
another scene."""


def _standing(segment: Segment, turns: Turns) -> Standing:
    found = _STANDING.get(segment)
    if found is None:
        starts = range(0, max(len(segment), 1), AT_ONCE)
        parts = [
            (segment.columns[start : start + AT_ONCE], segment.scene_ids[start : start + AT_ONCE]) for start in starts
        ]
        found = Standing(np.concatenate([Standing.of(*part, turns).discs for part in parts]))
        _STANDING[segment] = found
    return found


def living(index: MappedIndex, number: int, rows: Ids) -> Ids:
    """Return those of the rows of one segment that are of a scene which the index covers."""
    live = index.live[number]
    return rows if live is None else rows[live[rows]]


def same_scene(first: Ids, second: Ids) -> tuple[Ids, Ids]:
    """Return all pairs of places whose scenes in `first` (T,) and `second` (A,) are the same."""
    ordered = len(second) < 2 or bool((second[1:] >= second[:-1]).all())
    order = np.arange(len(second)) if ordered else np.argsort(second, kind="stable")
    begin, end = (np.searchsorted(second[order], first, side=side) for side in ("left", "right"))
    count = end - begin
    t = np.repeat(np.arange(len(first)), count)
    a = np.arange(len(t)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(begin, count)
    return t, order[a]


def _turn_of(scenes: Ids, turns: Turns) -> Floats:
    own, where = np.unique(scenes, return_inverse=True)
    turn = np.stack([turns.get(int(scene), np.eye(3)) for scene in own]) if len(own) else np.zeros((0, 3, 3))
    return turn[where]
