"""Where to look from: at a whole room, at an object with what it was measured against, and the way in between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core3d_search.viewer.room import Room, Vector

ELEVATION_DEG = {"whole": 40.0, "object": 28.0}
"""How far above the horizontal the viewer stands."""
CLOSEST_M = 1.2
MARGIN = 1.15
"""Around what is looked at."""
ASIDE = 0.15
"""Shares of a room's size from its middle within which an object has no side from which the room is behind it."""


@dataclass(frozen=True, eq=False)
class Standpoint:
    """A camera at `position` (3,) that looks at `target` (3,), z up."""

    position: Vector
    target: Vector


def whole(room: Room, fov: float) -> Standpoint:
    """Return where all of a room is seen, from one of its corners and above; `fov` is the narrower angle, radians."""
    low, high = room.corners
    return _from(np.array([-1.0, -1.0]), "whole", (low + high) / 2, float(np.linalg.norm(high - low)) / 2, fov)


def facing(room: Room, rows: Sequence[int], fov: float) -> Standpoint:
    """Return where the objects in `rows` are seen, from the room's middle and above: what stands at a wall is seen
    from the side where the wall is not."""
    low = np.min([room.table.centers[row] - _reach(room, row) for row in rows], axis=0)
    high = np.max([room.table.centers[row] + _reach(room, row) for row in rows], axis=0)
    target = (low + high) / 2
    inwards = (room.corners.mean(axis=0) - target)[:2]
    if np.linalg.norm(inwards) < ASIDE * np.linalg.norm(np.diff(room.corners[:, :2], axis=0)):
        inwards = np.array([-1.0, -1.0])
    return _from(inwards, "object", target, float(np.linalg.norm(high - low)) / 2, fov)


def _reach(room: Room, row: int) -> Vector:
    """Return (3,) how far a box reaches from its centre along x, y and z."""
    return np.append(room.table.flat_half[row], room.table.half[row, 2])


def _from(side: Vector, elevation: str, target: Vector, radius: float, fov: float) -> Standpoint:
    """Return a standpoint on a horizontal `side` (2,) of `target`, so far that a ball of `radius` is seen whole."""
    angle = np.radians(ELEVATION_DEG[elevation])
    flat = side / np.linalg.norm(side) * np.cos(angle)
    distance = max(CLOSEST_M, MARGIN * radius / np.sin(fov / 2))
    return Standpoint(target + distance * np.array([*flat, np.sin(angle)]), target)


def flight(start: Standpoint, end: Standpoint, steps: int) -> Iterator[Standpoint]:
    """Yield `steps` standpoints from after `start` to `end`, slow at both ends; the last is `end` exactly."""
    for step in range(1, steps):
        share = step / steps
        eased = share * share * (3 - 2 * share)
        yield Standpoint(
            start.position + eased * (end.position - start.position), start.target + eased * (end.target - start.target)
        )
    yield end
