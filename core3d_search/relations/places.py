"""Relations without an anchor object (in the corner, at the wall, in the middle) and the one with two (between)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core3d_search.relations.contact import AGAINST
from core3d_search.relations.soft import decay, step
from core3d_search.relations.table import Array, ObjectTable

CORNER, MIDDLE, FLOOR, CEILING, DETOUR = 0.7, 0.4, 0.3, 0.5, 0.25


def in_corner(table: ObjectTable, rows: Array) -> Array:
    """Return (R,): near two sides of the room that meet, 0.5 at `CORNER` metres from the farther one. [3DSSG]"""
    gaps = table.wall_gaps[rows].reshape(-1, 2, 2).min(axis=2)
    return decay(gaps.max(axis=1), CORNER, 1.5) * decay(gaps.min(axis=1), 0.5, 1.5)


def at_wall(table: ObjectTable, rows: Array) -> Array:
    """Return (R,): near a side of the room, 0.5 at `AGAINST` metres. [Sr3D] horizontal gap"""
    return decay(table.wall_gaps[rows].min(axis=1), AGAINST, 1.5)


def in_middle(table: ObjectTable, rows: Array) -> Array:
    """Return (R,): near the middle of the room, 0.5 at `MIDDLE` of the way to its sides. [ours]"""
    size = np.maximum((table.room[1, :2] - table.room[0, :2]) / 2, 0.5)
    return decay(np.linalg.norm((table.centers[rows, :2] - table.middle) / size, axis=1), MIDDLE)


def on_floor(table: ObjectTable, rows: Array) -> Array:
    """Return (R,): the underside is low, 0.5 at `FLOOR` metres above the lowest point of the room. [ours]"""
    return decay(table.low[rows] - table.room[0, 2], FLOOR)


def at_ceiling(table: ObjectTable, rows: Array) -> Array:
    """Return (R,): the top is high, 0.5 at `CEILING` metres below the highest point of the room. [ours]"""
    return decay(table.room[1, 2] - table.high[rows], CEILING)


def between(table: ObjectTable, rows: Array, first: Array, second: Array) -> Array:
    """Return (R, F, S): each of `rows` (R,) lies between its `first` (R, F) and `second` (R, S) anchors.

    The way over the target may be `DETOUR` longer than the straight way for a score of 0.5, the target lies in the
    inner part of it, and anchors that are far apart have less between them. [Sr3D] between, softer
    """
    start, stop = table.centers[first][:, :, None], table.centers[second][:, None, :]
    here = table.centers[rows][:, None, None]
    line = stop - start
    span = np.linalg.norm(line, axis=-1)
    to_start, to_stop = np.linalg.norm(here - start, axis=-1), np.linalg.norm(here - stop, axis=-1)
    detour = (to_start + to_stop) / np.maximum(span, 0.1) - 1.0
    share = ((here - start) * line).sum(axis=-1) / np.maximum(span**2, 0.01)
    inner = step(0.5 - np.abs(share - 0.5), 0.05, 0.3)
    return decay(detour, DETOUR, 1.5) * inner * (0.3 + 0.7 * decay(span, 6.0))


PlaceScore = Callable[[ObjectTable, Array], Array]
_CONTACT = frozenset({"on", "near", "inside", "closest", "touching", "against", "attached"})


@dataclass(frozen=True)
class Place:
    """A part of the room that is named like an object.

    It answers relations among `predicates` (any if empty); `objects_first`: only where no object has that name.
    """

    score: PlaceScore
    predicates: frozenset[str] = frozenset()
    objects_first: bool = False


NAMED = {
    "corner": Place(in_corner),
    "middle": Place(in_middle),
    "center": Place(in_middle),
    "centre": Place(in_middle),
    "floor": Place(on_floor, _CONTACT),
    "ceiling": Place(at_ceiling, _CONTACT | {"below"}),
    "wall": Place(at_wall, _CONTACT, objects_first=True),
}
"""Usual name -> place."""

ALONE: dict[str, PlaceScore] = {"corner": in_corner, "wall": at_wall, "center": in_middle}
"""Predicates without any anchor."""

ROOMS = frozenset({"room", "scene", "area", "space", "kitchen", "bathroom", "bedroom", "office", "hallway", "hall"}) | {
    "restroom",
    "living room",
    "apartment",
}
"""Names of whole rooms: a scene is one, its objects are not."""
