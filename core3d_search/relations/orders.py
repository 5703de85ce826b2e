"""Orders: who is first, second, last among candidates that are themselves only probable."""

from __future__ import annotations

import numpy as np

from core3d_search.relations.looks import bulk, lab
from core3d_search.relations.pairs import Pairs
from core3d_search.relations.places import in_middle
from core3d_search.relations.table import Array, ObjectTable
from core3d_search.relations.viewpoint import Gaze, right_of, unit

SIDEWARDS = {"leftmost": -1.0, "rightmost": 1.0}
FORWARDS = {"frontmost": -1.0, "backmost": 1.0}
TOLERANCE = {
    "largest": 0.15, "smallest": 0.15, "tallest": 0.08, "shortest": 0.08, "longest": 0.1, "widest": 0.1,
    "narrowest": 0.1, "highest": 0.1, "lowest": 0.1, "darkest": 6.0, "lightest": 6.0, "closest": 0.18,
    "farthest": 0.15, "leftmost": 0.15, "rightmost": 0.15, "frontmost": 0.25, "backmost": 0.25, "middle": 0.2,
    "loneliest": 0.3,
}  # fmt: skip
"""Differences below which two values count as equal: metres, log area for sizes, CIELAB L for lightness. [ours]"""


def place_probability(values: Array, weights: Array, rank: int, tolerance: float) -> Array:
    """Return the probability (C,) that a candidate has the `rank`-th largest value among the real candidates.

    `values` (C,), `weights` in [0, 1]: (C,) the probability that a candidate counts at all, or (C, C) with one row for
    each candidate that is compared with all others. A rival is ahead with
    probability weight * logistic(difference / tolerance); the number of rivals ahead is a sum of independent
    Bernoulli variables (Poisson binomial), and `rank` - 1 of them must be. `rank` < 0 counts from the end.
    """
    if rank < 0:
        return place_probability(-values, weights, -rank, tolerance)
    ahead = 1.0 / (1.0 + np.exp(np.clip((values[:, None] - values[None, :]) / (tolerance / 2), -40, 40)))
    ahead = ahead * (weights if weights.ndim == 2 else weights[None, :])
    np.fill_diagonal(ahead, 0.0)
    ahead = np.minimum(ahead, 0.995)
    if rank == 1:
        return np.exp(np.log1p(-ahead).sum(axis=1))
    counts = np.zeros((len(values), rank))
    counts[:, 0] = 1.0
    for rival in range(len(values)):
        p = ahead[:, rival, None]
        shifted = np.concatenate([np.zeros((len(values), 1)), counts[:, :-1]], axis=1)
        counts = counts * (1 - p) + shifted * p
    return counts[:, rank - 1]


def own_values(table: ObjectTable, rows: Array, order: str) -> Array:
    """Return the value (R,) that `order` sorts by, larger first, for orders that need neither anchor nor viewer."""
    half = table.half[rows]
    flat = half[:, :2].max(axis=1)
    if order in ("largest", "smallest"):
        return bulk(table, rows) * (1 if order == "largest" else -1)
    if order in ("tallest", "shortest"):
        return 2 * half[:, 2] * (1 if order == "tallest" else -1)
    if order in ("longest", "widest"):
        return 2 * flat
    if order == "narrowest":
        return -2 * flat
    if order == "highest":
        return table.centers[rows, 2]
    if order == "lowest":
        return -table.centers[rows, 2]
    lightness = lab(np.nan_to_num(table.colors[rows], nan=128.0))[:, 0]
    return lightness if order == "lightest" else -lightness


def nearness(pairs: Pairs) -> Array:
    """Return (T, A) how near targets are: box gap and centre distance share, larger is nearer."""
    return -(0.6 * pairs.gap + 0.4 * pairs.distance)


def lonely_values(table: ObjectTable, rows: Array, weights: Array) -> Array:
    """Return (R,) the distance in metres to the nearest other candidate, unlikely candidates counting as farther."""
    distance = np.linalg.norm(table.centers[rows, None] - table.centers[None, rows], axis=-1)
    distance = distance - 2.0 * np.log(np.maximum(weights, 1e-3))[None, :]
    np.fill_diagonal(distance, 99.0)
    return distance.min(axis=1)


def middle_values(table: ObjectTable, rows: Array, weights: Array) -> Array:
    """Return (R,) minus the distance to the weighted mean position of the candidates."""
    share = weights / max(weights.sum(), 1e-9)
    centre = share @ table.centers[rows]
    return -np.linalg.norm(table.centers[rows] - centre, axis=1)


def looks_along(table: ObjectTable, rows: Array, weights: Array, gaze: Gaze | None) -> Gaze:
    """Return the directions in which somebody looks who speaks of left and right among `rows`.

    By the text if it says so. Else from the room's middle at the candidates, straight at the wall that they stand at,
    across the row that they form, and at their fronts.
    """
    if gaze is not None:
        return gaze
    share = weights / max(weights.sum(), 1e-9)
    positions = table.centers[rows, :2]
    centre = share @ positions
    out = centre - table.middle
    directions = [unit(out)]
    shares = [0.5 * float(np.hypot(*out) / (np.hypot(*out) + 0.7))]
    normals = table.wall_normals[rows]
    mean = share @ normals
    directions.append(unit(mean))
    shares.append(0.6 * float(np.hypot(*mean)))
    spread = (positions - centre) * np.sqrt(share)[:, None]
    _, sizes, basis = np.linalg.svd(spread, full_matrices=False) if len(rows) > 1 else (None, np.zeros(2), np.eye(2))
    across = np.array([-basis[0][1], basis[0][0]])
    row_like = 1.0 - float(sizes[-1] / sizes[0]) if sizes[0] > 1e-6 else 0.0
    sign = np.sign(across @ (out + 0.3 * mean)) or 1.0
    directions.append(across * sign)
    shares.append(0.8 * row_like)
    fronts = table.headings[rows]
    known = np.isfinite(fronts).all(axis=1)
    if known.any():
        mean_front = (share * known) @ np.nan_to_num(fronts)
        directions.append(unit(-mean_front))
        shares.append(0.8 * float(np.hypot(*mean_front)))
    total = max(sum(shares), 1e-9)
    return Gaze(np.array(directions), np.array(shares) / total)


def seen_values(table: ObjectTable, rows: Array, order: str, direction: Array) -> Array:
    """Return (R,) metres to the asked side (left, right) or depth (front, back) for one direction of looking."""
    positions = table.centers[rows, :2] - table.middle
    if order in SIDEWARDS:
        return SIDEWARDS[order] * (positions @ right_of(direction))
    return FORWARDS[order] * (positions @ direction)


def rival_weights(named: Array, belief: Array) -> Array:
    """Return (C, C): how much each candidate (row) has to fear each other one (column) in an order.

    What a noun means is one decision for the whole room: if "chair" means the chairs, armchairs do not compete; if it
    means the armchairs too, chairs do. So a rival with the worse name counts little, one with a better name fully.
    """
    rest = belief / named
    rest = rest / max(float(rest.max(initial=0.0)), 1e-12)
    return np.asarray(rest[None, :] * np.minimum(1.0, named[None, :] / named[:, None]) ** 3)


def share_exceeded(values: Array, weights: Array, tolerance: float) -> Array:
    """Return (C,) in [0.1, 1]: the share of the other candidates that each one exceeds, 0.8 where it has no rival."""
    beats = 1.0 / (1.0 + np.exp(np.clip((values[None, :] - values[:, None]) / (tolerance / 2), -40, 40)))
    others = weights[None, :] * (1 - np.eye(len(values)))
    total = others.sum(axis=1)
    return np.where(total < 0.3, 0.8, 0.1 + 0.9 * (beats * others).sum(axis=1) / np.maximum(total, 1e-9))


def place_in_room(
    table: ObjectTable, rows: Array, order: str, rank: int, rivals: Array, weights: Array, gaze: Gaze | None
) -> Array:
    """Return the probability (C,) of the `rank`-th place in an order that needs no anchor, 0.5 in an unknown order.

    `rivals` (C, C) see `rival_weights`, `weights` (C,) the candidates' shares in [0, 1].
    """
    tolerance = TOLERANCE.get(order, 0.15)
    by_gaze = order in ("closest", "farthest") and gaze is not None
    if by_gaze:  # the closest one, without saying to what, is the closest to the speaker
        order = "frontmost" if order == "closest" else "backmost"
    if order in SIDEWARDS or order in FORWARDS:
        looked = looks_along(table, rows, weights, gaze)
        score = np.zeros(len(rows))
        for direction, share in zip(looked.directions, looked.weights, strict=True):
            values = seen_values(table, rows, order, direction)
            score += share * place_probability(values, rivals, rank, tolerance)
        return score
    if order == "middle":
        score = place_probability(middle_values(table, rows, weights), rivals, rank, tolerance)
        return 0.5 * score + 0.5 * in_middle(table, rows) if weights.sum() < 2.5 else score
    if order in ("closest", "farthest"):
        away = np.linalg.norm(table.centers[rows, :2] - table.middle, axis=1)
        return place_probability(away * (-1 if order == "closest" else 1), rivals, rank, tolerance)
    if order not in TOLERANCE:
        return np.full(len(rows), 0.5)
    values = lonely_values(table, rows, weights) if order == "loneliest" else own_values(table, rows, order)
    return place_probability(values, rivals, rank, tolerance)
