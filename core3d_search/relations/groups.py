"""Groups of like things: a row, a stack, a pair."""

from __future__ import annotations

import numpy as np

from core3d_search.relations.pairs import Pairs
from core3d_search.relations.soft import decay
from core3d_search.relations.table import Array, ObjectTable

LIKE = 0.3
"""The least share of the best belief that makes an object a member."""
STEP, ASIDE, STACKED, TOGETHER = 1.0, 0.15, 0.1, 0.4
"""Metres: the longest free gap between neighbours of a row, how far a row bends, the gap in a stack, that of a pair."""


def in_group(table: ObjectTable, rows: Array, belief: Array, group: str) -> Array:
    """Return (R,) how likely each of `rows` stands in a `group` ("row", "stack", "pair") of the likely ones. [ours]"""
    members = np.flatnonzero(belief >= LIKE * max(float(belief.max(initial=0.0)), 1e-9))
    score = np.full(len(rows), 0.05)
    if len(members) < 2:
        return score
    pairs = Pairs(table, rows, rows[members])
    if group == "stack":
        rise = np.minimum(np.abs(pairs.above_gap), np.abs(pairs.below_gap))
        joint = np.where(pairs.same, 0.0, np.minimum(2 * pairs.overlap, 1.0) * decay(rise, STACKED))
    elif group == "pair":
        joint = np.where(pairs.same, 0.0, decay(pairs.gap, TOGETHER))
    else:
        joint = np.where(pairs.same, 0.0, _in_line(pairs))
    return np.maximum(score, joint.max(axis=1))


def _in_line(pairs: Pairs) -> Array:
    """Return (T, A): a third one stands on the line of a target and its neighbour."""
    close = decay(pairs.gap, STEP, 4.0) * decay(np.abs(pairs.rise), 0.4)
    others = pairs.table.centers[pairs.a[0], :2]
    here = pairs.table.centers[pairs.t[:, 0], :2]
    line = pairs.offset / np.maximum(pairs.flat_distance, 1e-6)[..., None]
    away = others[None, None] - here[:, None, None]
    along = np.abs((away * line[:, :, None]).sum(axis=-1))
    aside = np.abs(away[..., 0] * line[:, :, None, 1] - away[..., 1] * line[:, :, None, 0])
    third = decay(aside, ASIDE) * decay(along, 3 * STEP, 4.0) * decay(np.abs(pairs.rise)[:, None], 0.4)
    itself = np.eye(others.shape[0], dtype=bool)[None] | pairs.same[:, None]
    return close * np.where(itself, 0.0, third).max(axis=-1)
