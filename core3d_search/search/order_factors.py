"""Factors of orders: which of the candidates is the largest, the second from the left, the closest to the door.

Orders come last: they pick among the objects that the rest of a phrase leaves, in one scene or over all that are asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core3d_search.query import Selector
from core3d_search.query.nouns import canonical
from core3d_search.relations import orders, places
from core3d_search.relations.pairs import Pairs
from core3d_search.relations.table import Array
from core3d_search.search.belief import MOST_ORDERED, MOST_ORIGINS, Belief, best
from core3d_search.search.reasons import Factor, describe

if TYPE_CHECKING:
    from core3d_search.search.evaluation import Evaluation

ORDER_FLOOR, NO_ORIGIN = 0.03, 0.1
"""A failed order never says zero, measures are uncertain; nor does one that is measured from what nobody saw."""

OVER_SCENES = frozenset(
    "largest smallest tallest shortest longest widest narrowest highest lowest darkest lightest closest "
    "farthest".split()
)
"""Orders whose values compare between scenes; the others (left, front, middle, alone) need one scene's view."""

UNITS = {
    "largest": "", "smallest": "", "tallest": "height_m", "shortest": "height_m", "longest": "length_m",
    "widest": "width_m", "narrowest": "width_m", "highest": "above_floor_m", "lowest": "above_floor_m",
}  # fmt: skip


def order_factor(e: Evaluation, selector: Selector, belief: Belief) -> Factor:
    """Return the factor of an order among the objects of one scene."""
    rows = belief.rows
    if not len(rows):
        return Factor("superlative", describe(selector), np.full(len(e.table), ORDER_FLOOR))
    few = rows[np.argsort(-belief.values[rows], kind="stable")[:MOST_ORDERED]]
    rivals = orders.rival_weights(np.clip(belief.named[few], 1e-6, 1.0), belief.values[few])
    weights = belief.values[few] / max(float(belief.values[few].max()), 1e-12)
    anchors = None
    if selector.order in ("closest", "farthest") and selector.anchors:
        score, anchors = _by_distance(e, selector, few, rivals)
    else:
        score = orders.place_in_room(e.table, few, selector.order, selector.rank, rivals, weights, e.gaze)
    factor = e.factor("superlative", describe(selector), score, few, selector.negated, anchors, ORDER_FLOOR)
    factor.score[np.setdiff1d(rows, few)] = ORDER_FLOOR
    return _measured(e, factor, selector, few)


def order_over_scenes(evaluations: Sequence[Evaluation], selector: Selector, beliefs: Sequence[Belief]) -> None:
    """Add to each scene's belief the factor of an order that is taken over the objects of all scenes together."""
    found = [_values(e, selector, b) for e, b in zip(evaluations, beliefs, strict=True)]
    values, anchors = [v for v, _ in found], [a for _, a in found]
    scene = np.repeat(np.arange(len(beliefs)), [len(b.values) for b in beliefs])
    row = np.concatenate([np.arange(len(b.values)) for b in beliefs])
    believed = np.concatenate([b.values for b in beliefs])
    named = np.concatenate([b.named for b in beliefs])
    value = np.concatenate(values)
    few = best(np.where(np.isfinite(value), believed, 0.0), MOST_ORDERED, 0.0)
    score = np.full(len(value), ORDER_FLOOR)
    notes = {"among": f"{len({int(s) for s in scene[few]})} scenes"}
    if len(few):
        rivals = orders.rival_weights(np.clip(named[few], 1e-6, 1.0), believed[few])
        placed = orders.place_probability(value[few], rivals, selector.rank, orders.TOLERANCE[selector.order])
        placed = 1.0 - placed if selector.negated else placed
        score[few] = ORDER_FLOOR + (1.0 - ORDER_FLOOR) * placed
    for k, (e, belief) in enumerate(zip(evaluations, beliefs, strict=True)):
        own = np.full(len(belief.values), ORDER_FLOOR)
        own[row[scene == k]] = score[scene == k]
        kind, text = ("negation" if selector.negated else "superlative"), describe(selector)
        factor = Factor(kind, text, own, anchors[k], notes=notes)
        belief.add(_measured(e, factor, selector, belief.rows))


def _values(e: Evaluation, selector: Selector, belief: Belief) -> tuple[Array, Array | None]:
    """Return (N,) what an order sorts by, larger first, comparable between scenes, NaN where it cannot be measured."""
    values, rows = np.full(len(e.table), np.nan), belief.rows
    if not len(rows):
        return values, None
    if selector.order not in ("closest", "farthest"):
        values[rows] = orders.own_values(e.table, rows, selector.order)
        if selector.order in ("highest", "lowest"):  # scenes do not share a floor
            values[rows] -= e.table.room[0, 2] * (1 if selector.order == "highest" else -1)
        return values, None
    if not selector.anchors:
        values[rows] = np.linalg.norm(e.table.centers[rows, :2] - e.table.middle, axis=1)
        return values * (-1 if selector.order == "closest" else 1), None
    origin = e.believe(selector.anchors[0]).values
    columns = best(origin, MOST_ORIGINS, max(0.1 * float(origin.max(initial=0.0)), 0.2))
    if not len(columns):
        return values, None
    pairs = Pairs(e.table, rows, columns)
    near = np.where(pairs.same, -99.0, orders.nearness(pairs)) + np.log(origin[columns] / origin[columns].max())
    chosen = near.argmax(axis=1)
    values[rows] = near[np.arange(len(rows)), chosen] * (1.0 if selector.order == "closest" else -1.0)
    anchors = np.full((len(e.table), 1), -1)
    anchors[rows, 0] = columns[chosen]
    return values, anchors


def _measured(e: Evaluation, factor: Factor, selector: Selector, rows: Array) -> Factor:
    """Return `factor` with the measured value of each object, where it has a unit."""
    unit = UNITS.get(selector.order, "")
    if not unit:
        return factor
    values = np.abs(orders.own_values(e.table, rows, selector.order))
    if unit == "above_floor_m":
        values = e.table.centers[rows, 2] - e.table.room[0, 2]
    return replace(factor, measured=(unit, e.spread(rows, values, np.nan)))


def _by_distance(e: Evaluation, selector: Selector, rows: Array, rivals: Array) -> tuple[Array, Array | None]:
    """Score by the distance to one anchor for each anchor that may be meant, and to the nearest of them all."""
    sign = 1.0 if selector.order == "closest" else -1.0
    tolerance = orders.TOLERANCE[selector.order]
    anchor = selector.anchors[0]
    place = places.NAMED.get(canonical(anchor.noun))
    if place is not None and not (place.objects_first and e.exists(anchor)):
        values = sign * np.log(place.score(e.table, rows) + 1e-6)
        return orders.place_probability(values, rivals, selector.rank, tolerance), None
    belief = e.believe(anchor).values
    columns = best(belief, MOST_ORIGINS, 0.1 * float(belief.max(initial=0.0)))
    if not len(columns):
        return np.full(len(rows), NO_ORIGIN), None
    pairs = Pairs(e.table, rows, columns)
    share = belief[columns]
    nearness = np.where(pairs.same, -99.0, orders.nearness(pairs))
    joint = np.zeros(nearness.shape)
    for k in range(len(columns)):
        free = ~pairs.same[:, k]
        values, against = sign * nearness[free, k], rivals[np.ix_(free, free)]
        joint[free, k] = share[k] * orders.place_probability(values, against, selector.rank, tolerance)
    if selector.rank == 1 and len(columns) > 1:
        discount = np.log(np.maximum(share / share.max(), 1e-6))
        overall = orders.place_probability(sign * (nearness + discount).max(axis=1), rivals, 1, tolerance)
        nearest = np.exp(nearness - nearness.max(axis=1, keepdims=True))
        joint = 0.5 * joint + 0.5 * share.max() * overall[:, None] * nearest
    chosen = np.argmax(joint, axis=1)
    return joint[np.arange(len(rows)), chosen], columns[chosen][:, None]
