"""Whether things would overlap: boxes that are only turned about z, as (x, y, half x, half y, yaw, low z, high z)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core3d_search.synthetic.catalogue import Model
from core3d_search.synthetic.mesh import turn_z

Solids = npt.NDArray[np.float64]
SKIN = 0.004
"""Things closer than this, in metres, count as touching but not as overlapping."""


def solids_of(model: Model, at: npt.ArrayLike, yaw: float) -> Solids:
    """Return the collision boxes (K, 7) of a model at a place."""
    bounds = model.parts
    center, half = bounds.mean(1), (bounds[:, 1] - bounds[:, 0]) / 2
    world = center @ turn_z(yaw).T + np.asarray(at)
    low, high = world[:, 2] - half[:, 2], world[:, 2] + half[:, 2]
    return np.column_stack([world[:, :2], half[:, :2], np.full(len(half), yaw), low, high])


def overlaps(a: Solids, b: Solids, skin: float = SKIN) -> npt.NDArray[np.bool_]:
    """Return which boxes of `a` (N, 7) and `b` (M, 7) overlap by more than `skin`, (N, M): separating axes."""
    hit = (a[:, None, 5] + skin < b[None, :, 6]) & (b[None, :, 5] + skin < a[:, None, 6])
    offset = b[None, :, :2] - a[:, None, :2]
    for yaw in (a[:, None, 4] + 0 * b[None, :, 4], b[None, :, 4] + 0 * a[:, None, 4]):
        for turn in (0.0, np.pi / 2):
            axis = np.stack([np.cos(yaw + turn), np.sin(yaw + turn)], -1)
            reach = np.zeros(hit.shape)
            for boxes in (a[:, None], b[None]):
                difference = boxes[..., 4] - yaw - turn
                reach = reach + np.abs(np.cos(difference)) * boxes[..., 2] + np.abs(np.sin(difference)) * boxes[..., 3]
            hit &= np.abs((offset * axis).sum(-1)) < reach - skin
    return hit


def bounds_of(solids: Solids) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the low and high corner (3,) of the axis-aligned box round all solids."""
    c, s = np.abs(np.cos(solids[:, 4])), np.abs(np.sin(solids[:, 4]))
    reach = np.column_stack([c * solids[:, 2] + s * solids[:, 3], s * solids[:, 2] + c * solids[:, 3]])
    low, high = (solids[:, :2] - reach).min(0), (solids[:, :2] + reach).max(0)
    return np.array([*low, solids[:, 5].min()]), np.array([*high, solids[:, 6].max()])
