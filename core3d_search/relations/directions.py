"""Relations of direction: in front, behind, left, right in the frames of `viewpoint`; facing, opposite, in a line."""

from __future__ import annotations

import numpy as np

from core3d_search.relations.contact import near
from core3d_search.relations.pairs import Pairs
from core3d_search.relations.predicates import Circumstances, predicate
from core3d_search.relations.soft import decay, step
from core3d_search.relations.table import Array, ObjectTable
from core3d_search.relations.viewpoint import views

OFF_AXIS, BEGIN, STRIP, OPENING = 0.15, 0.3, 0.17, 0.23
"""The strip ahead of an anchor: cost of metres aside, share of its half depth where it begins, metres aside of its edge
where the score is 0.5, and how many more of them a metre ahead allows."""
REACH, BESIDE = 2.7, 2.0
"""Gap in metres at which "in front of" and "left of" have lost half."""
LEVEL = 0.22
"""What a pair loses that shares no height."""
_ACROSS = float(np.degrees(np.arctan(OPENING)))


@predicate("front", _ACROSS, "deg", "[Sr3D] allocentric, wider cone")
def front(pairs: Pairs, around: Circumstances) -> Array:
    """In the strip before the anchor, which opens with the distance."""
    return _in_strip(pairs, around, "front") * decay(pairs.gap, REACH, 1.5)


@predicate("behind", _ACROSS, "deg", "[Sr3D] allocentric, wider cone")
def behind(pairs: Pairs, around: Circumstances) -> Array:
    """In the strip behind the anchor, which opens with the distance."""
    return _in_strip(pairs, around, "behind") * decay(pairs.gap, REACH, 1.5)


@predicate("left", _ACROSS, "deg", "[Sr3D] allocentric, wider cone")
def left(pairs: Pairs, around: Circumstances) -> Array:
    """In the strip to the left of the anchor, which opens with the distance."""
    return _in_strip(pairs, around, "left") * decay(pairs.gap, BESIDE, 1.5)


@predicate("right", _ACROSS, "deg", "[Sr3D] allocentric, wider cone")
def right(pairs: Pairs, around: Circumstances) -> Array:
    """In the strip to the right of the anchor, which opens with the distance."""
    return _in_strip(pairs, around, "right") * decay(pairs.gap, BESIDE, 1.5)


def _in_strip(pairs: Pairs, around: Circumstances, along: str) -> Array:
    """Mix over the frames how well the target lies in the strip that extends from the anchor in one direction.

    The strip is as wide as the anchor and opens with the distance ahead: Sr3D's region is the strip with a cone of 10
    degrees, people's words reach further aside.
    """
    total = np.zeros(pairs.offset.shape[:2])
    half = pairs.table.flat_half[pairs.a]
    anchors, where = np.unique(pairs.a, return_inverse=True)
    where = where.reshape(pairs.a.shape)
    for view in views(pairs.table, anchors, around.frame, around.gaze, along):
        direction = {"front": view.front, "behind": -view.front, "right": view.right, "left": -view.right}[along][where]
        across = np.stack([-direction[..., 1], direction[..., 0]], axis=-1)
        ahead = (pairs.offset * direction).sum(axis=-1)
        aside = np.abs((pairs.offset * across).sum(axis=-1))
        depth, width = (np.abs(direction) * half).sum(axis=-1), (np.abs(across) * half).sum(axis=-1)
        free = np.maximum(aside - width, 0.0) + OFF_AXIS * aside
        inside = decay(free, STRIP + OPENING * np.maximum(ahead, 0.0), 1.5)
        total += view.weight[where] * step(ahead, BEGIN * depth, 0.6) * inside
    level = (1.0 - LEVEL * step(pairs.height_gap, 0.05, 0.1)) * decay(pairs.height_gap, 2.0)
    return (0.02 + 0.98 * total) * level


@predicate("facing", 45.0, "deg", "[SpatialReasoner] seeing")
def facing(pairs: Pairs, _: Circumstances) -> Array:
    """The target's front, or where it has none the direction away from its wall, points at the anchor."""
    ahead = _front_or_inward(pairs.table, pairs.t)
    angle = _angle(-pairs.offset, ahead)
    return step(-angle, -np.pi / 4, np.pi / 2) * (0.4 + 0.6 * decay(pairs.gap, 3.0))


@predicate("opposite", 45.0, "deg", "[SpatialReasoner] opposite")
def opposite(pairs: Pairs, _: Circumstances) -> Array:
    """Across free space, straight ahead of the anchor's front or of its wall."""
    inward = _angle(pairs.offset, -pairs.table.wall_normals[pairs.a])
    angle = np.minimum(_angle(pairs.offset, _front_or_inward(pairs.table, pairs.a)), inward + 0.25)
    return step(-angle, -np.pi / 4, np.pi / 3) * step(pairs.flat_gap, 0.5, 1.0)


def _front_or_inward(table: ObjectTable, rows: Array) -> Array:
    fronts = table.headings[rows]
    known = np.asarray(np.isfinite(fronts).all(axis=-1))
    return np.where(known[..., None], np.nan_to_num(fronts), -table.wall_normals[rows])


def _angle(vectors: Array, directions: Array) -> Array:
    cosine = (vectors * directions).sum(axis=-1) / np.maximum(np.linalg.norm(vectors, axis=-1), 1e-6)
    return np.asarray(np.arccos(np.clip(cosine, -1.0, 1.0)))


@predicate("aligned", 0.25, "m", "[SpatialReasoner] aligned")
def aligned(pairs: Pairs, _: Circumstances) -> Array:
    """The centres are on one line parallel to a wall, at about one height."""
    return decay(np.abs(pairs.offset).min(axis=-1), 0.25) * decay(np.abs(pairs.rise), 0.6)


@predicate("end", 0.0, "m", "[ours]")
def end(pairs: Pairs, around: Circumstances) -> Array:
    """Beyond one of the short sides of the anchor, near it."""
    half = pairs.table.half[pairs.a, :2]
    local = np.abs(np.einsum("...ik,...k->...i", pairs.table.axes[pairs.a], pairs.offset))
    long_first = half[..., 0] >= half[..., 1]
    beyond = local - half
    along = np.where(long_first, beyond[..., 0], beyond[..., 1])
    aside = np.where(long_first, local[..., 1] - 0.5 * half[..., 1], local[..., 0] - 0.5 * half[..., 0])
    return (0.2 + 0.8 * step(along - aside, 0.0, 0.6)) * near(pairs, around)


@predicate("same side", 3.0, "m", "[ours]")
def same_side(pairs: Pairs, _: Circumstances) -> Array:
    """At the same wall of the room as the anchor."""
    normals = pairs.table.wall_normals
    same = (normals[pairs.t] * normals[pairs.a]).sum(axis=-1) > 0.5
    return (0.1 + 0.9 * same) * decay(pairs.gap, 3.0)
