"""Query over a table of objects: one probability an object, and the reasons for it.

Relations form a tree (target - anchors - their anchors), so the best joint explanation is found exactly by passing
messages from the leaves: what a relation contributes to an object is the best product, over all anchors, of the
relation's score and the anchor's own belief. Orders ("closest to", "second from the left") come last: they pick among
the objects that the rest of the phrase leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core3d_search.datatypes import Hit, Reason
from core3d_search.query.nouns import canonical
from core3d_search.query.types import Phrase, Query, Relation, Selector
from core3d_search.relations import looks, orders
from core3d_search.relations.pairs import Pairs
from core3d_search.relations.predicates import PREDICATES, Circumstances, at_wall, between, corner, in_middle
from core3d_search.relations.table import Array, ObjectTable
from core3d_search.relations.viewpoint import Gaze, unit

MOST_TARGETS, MOST_ANCHORS, MOST_PAIRED, MOST_ORDERED = 2000, 400, 32, 400
"""Beams: the best objects that are looked at as targets, as anchors, as anchors of "between", and in orders."""

THRESHOLD = 1e-4
"""Below this probability nothing is a hit."""

ORDER_WEIGHT, LOOKS_WEIGHT = 0.6, 0.7
"""Exponents of orders and looks beside relations: how much their evidence counts in the product."""

RELATION_FLOOR, ORDER_FLOOR = 0.02, 0.02
"""A failed relation or order never says zero: boxes and words are both uncertain."""


@dataclass(frozen=True, eq=False)
class PhraseMatch:
    """How well a noun phrase names each of N objects: `probability` (N,) in [0, 1], raw `similarity` (N,) in [-1, 1]."""

    probability: Array
    similarity: Array


Match = Callable[[str], PhraseMatch]


@dataclass(frozen=True, eq=False)
class _Factor:
    """One factor of the score over all rows: `score` (N,), for relations the best anchor rows (N, k) or None."""

    kind: str
    text: str
    score: Array
    anchors: Array | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


def rank(
    query: Query, table: ObjectTable, match: Match, *, threshold: float = THRESHOLD, limit: int | None = None
) -> list[Hit]:
    """Return the objects of `table` that fit `query`, best first, ties by id; empty when none reaches `threshold`."""
    if not len(table):
        return []
    evaluation = _Evaluation(query, table, match)
    belief, factors = evaluation.believe(query.target)
    similarity = evaluation.matched(query.target).similarity
    fit = np.flatnonzero(belief >= threshold)
    best = fit[np.lexsort((table.ids[fit], -belief[fit]))][:limit]
    return [
        Hit(
            scene=table.scene,
            object_id=int(table.ids[row]),
            score=float(min(belief[row], 1.0)),
            similarity=float(similarity[row]),
            box=table.box(row),
            label=table.labels[row],
            reasons=tuple(_reason(table, factor, row) for factor in factors),
        )
        for row in best
    ]


def count(query: Query, table: ObjectTable, match: Match, *, threshold: float = 0.5) -> int:
    """Return how many objects fit `query` with at least `threshold` probability."""
    return len(rank(query, table, match, threshold=threshold))


class _Evaluation:
    """The beliefs of every phrase of one query over one table."""

    def __init__(self, query: Query, table: ObjectTable, match: Match) -> None:
        self.table = table
        self.match = match
        self._beliefs: dict[Phrase, tuple[Array, list[_Factor]]] = {}
        self._matches: dict[str, PhraseMatch] = {}
        self.gaze: Gaze | None = None
        self.gaze = self._gaze(query)

    def matched(self, phrase: Phrase) -> PhraseMatch:
        text = phrase.text
        if text not in self._matches:
            self._matches[text] = self.match(text)
        return self._matches[text]

    def believe(self, phrase: Phrase) -> tuple[Array, list[_Factor]]:
        """Return the probability (N,) that each object is what `phrase` describes, and its factors."""
        if phrase in self._beliefs:
            return self._beliefs[phrase]
        table = self.table
        n = len(table)
        belief = np.clip(np.asarray(self.matched(phrase).probability, dtype=np.float64), 0.0, 1.0).copy()
        factors = [_Factor("target", phrase.noun or "any object", belief.copy())]
        for noun in phrase.excluded:
            same = 1.0 - 0.95 * np.clip(self.match(noun).probability, 0, 1)
            belief *= same
            factors.append(_Factor("negation", f"no {noun}", same))
        rows = _best_rows(belief, MOST_TARGETS, 1e-3)
        if len(rows):
            for factor in (*self._looks(phrase, rows, belief), *self._relations(phrase, rows)):
                measured = factor.kind == "attribute" and factor.values
                belief *= factor.score ** (LOOKS_WEIGHT if factor.kind == "attribute" and not measured else 1.0)
                factors.append(factor)
            for selector in phrase.selectors:
                factor = self._ordered(selector, rows, belief, factors[0].score)
                belief *= factor.score**ORDER_WEIGHT
                factors.append(factor)
        outside = np.ones(n, dtype=bool)
        outside[rows] = False
        belief[outside] = 0.0
        self._beliefs[phrase] = belief, factors
        return belief, factors

    def _spread(self, rows: Array, values: Array, rest: float = 1.0) -> Array:
        full = np.full(len(self.table), rest)
        full[rows] = values
        return full

    # -- looks -------------------------------------------------------------------------------------------------

    def _looks(self, phrase: Phrase, rows: Array, belief: Array) -> list[_Factor]:
        table = self.table
        found: list[_Factor] = []
        for attribute in phrase.attributes:
            if attribute.kind == "color":
                score = looks.color_score(table, rows, attribute.value)
            elif attribute.kind == "size":
                score = self._size(attribute.value, rows, belief[rows])
            elif attribute.kind == "shape":
                score = looks.shape_score(table, rows, attribute.value)
            else:
                continue
            score = 1.0 - score if attribute.negated else score
            text = ("not " if attribute.negated else "") + attribute.value
            found.append(_Factor("negation" if attribute.negated else "attribute", text, self._spread(rows, score)))
        for bound in phrase.measures:
            values = looks.dimension(table, rows, bound.dimension)
            score = looks.measure_score(values, bound.comparison, bound.metres)
            score = 1.0 - score if bound.negated else score
            text = f"{'not ' if bound.negated else ''}{bound.dimension} {bound.comparison} {bound.metres:g} m"
            found.append(
                _Factor(
                    "attribute",
                    text,
                    self._spread(rows, score),
                    values={f"{bound.dimension}_m": self._spread(rows, values, 0.0)},
                )
            )
        return found

    def _size(self, word: str, rows: Array, belief: Array) -> Array:
        """A vague size is judged among the objects of the same name: the share of them that it exceeds."""
        order = looks.SIZE_ORDERS[word]
        values = orders.own_values(self.table, rows, order)
        weights = belief / max(belief.max(), 1e-9)
        if len(rows) > MOST_ORDERED:
            return np.full(len(rows), 0.5)
        width = orders.TOLERANCE[order] * 2
        beats = 1.0 / (1.0 + np.exp(np.clip((values[None, :] - values[:, None]) / (width / 2), -40, 40)))
        np.fill_diagonal(beats, 0.0)
        others = weights[None, :] * (1 - np.eye(len(rows)))
        share = (beats * others).sum(axis=1) / np.maximum(others.sum(axis=1), 1e-9)
        alone = others.sum(axis=1) < 0.3
        return np.where(alone, 0.8, 0.1 + 0.9 * share)

    # -- relations ---------------------------------------------------------------------------------------------

    def _relations(self, phrase: Phrase, rows: Array) -> list[_Factor]:
        return [self._relation(relation, rows) for relation in phrase.relations]

    def _relation(self, relation: Relation, rows: Array) -> _Factor:
        text = describe(relation)
        kind = "negation" if relation.negated else "relation"
        place = self._place(relation, rows)
        if place is not None:
            score, anchors = place, None
        elif relation.predicate == "between" and len(relation.anchors) == 2:
            score, anchors = self._between(relation, rows)
        else:
            score, anchors = self._single(relation, rows)
        score = 1.0 - score if relation.negated else score
        score = RELATION_FLOOR + (1 - RELATION_FLOOR) * score
        full = None
        if anchors is not None:
            full = np.full((len(self.table), anchors.shape[1]), -1)
            full[rows] = anchors
        return _Factor(
            kind, text, self._spread(rows, score), full, {"frame": relation.frame or ""} if relation.frame else {}
        )

    def _place(self, relation: Relation, rows: Array) -> Array | None:
        """Return scores for anchors that are places of the room, not objects; None if the anchor is an object."""
        here = Pairs(self.table, rows, rows[:1])
        if not relation.anchors:
            unary = {"corner": corner, "wall": at_wall, "center": in_middle}.get(relation.predicate)
            return unary(here) if unary else np.full(len(rows), 0.5)
        anchor = relation.anchors[0]
        noun = canonical(anchor.noun)
        if noun == "corner":
            return corner(here)
        if noun in ("room", "scene", "area", "space") or (noun in ROOMS and not self._exists(anchor)):
            return in_middle(here) if relation.predicate in ("center", "between") else np.full(len(rows), 0.9)
        if noun in ("middle", "center", "centre"):
            return in_middle(here)
        if noun == "floor" and relation.predicate in (
            "on",
            "near",
            "inside",
            "closest",
            "touching",
            "against",
            "attached",
        ):
            height = self.table.low[rows] - self.table.room[0, 2]
            return np.asarray(1.0 / (1.0 + (np.maximum(height, 0.0) / 0.3) ** 2))
        if noun == "ceiling" and relation.predicate in ("on", "near", "inside", "closest", "touching", "against", "attached", "below"):
            height = self.table.room[1, 2] - self.table.high[rows]
            return np.asarray(1.0 / (1.0 + (np.maximum(height, 0.0) / 0.5) ** 2))
        if (
            noun == "wall"
            and not self._exists(anchor)
            and relation.predicate in ("on", "near", "against", "attached", "touching", "inside")
        ):
            return at_wall(here)
        return None

    def _exists(self, phrase: Phrase) -> bool:
        return bool(np.max(self.matched(phrase).probability, initial=0.0) >= 0.5)

    def _single(self, relation: Relation, rows: Array) -> tuple[Array, Array | None]:
        anchor = relation.anchors[0]
        belief, _ = self.believe(anchor)
        columns = _best_rows(belief, MOST_ANCHORS, 0.02 * max(float(belief.max(initial=0.0)), 1e-6))
        predicate = PREDICATES.get("inside" if relation.predicate == "center" else relation.predicate)
        if not len(columns) or predicate is None:
            return np.full(len(rows), 0.05), None
        pairs = Pairs(self.table, rows, columns)
        scores = predicate.score(pairs, Circumstances(relation.frame, self.gaze))
        joint = np.where(pairs.same, 0.0, scores * belief[columns][None, :])
        best = np.argmax(joint, axis=1)
        score = joint[np.arange(len(rows)), best]
        if (anchor.number or 1) > 1 and relation.predicate in COUNTED and len(columns) >= (anchor.number or 1):
            # "with three monitors on it": the third best must hold as well
            score = np.sqrt(score * np.sort(joint, axis=1)[:, -(anchor.number or 1)])
        return score, columns[best][:, None]

    def _between(self, relation: Relation, rows: Array) -> tuple[Array, Array | None]:
        beliefs = [self.believe(anchor)[0] for anchor in relation.anchors]
        columns = [_best_rows(b, MOST_PAIRED, 0.05 * max(float(b.max(initial=0.0)), 1e-6)) for b in beliefs]
        if not len(columns[0]) or not len(columns[1]):
            return np.full(len(rows), 0.05), None
        together = np.concatenate(columns)
        pairs = Pairs(self.table, rows, together)
        first, second = (
            m.ravel()
            for m in np.meshgrid(
                np.arange(len(columns[0])), len(columns[0]) + np.arange(len(columns[1])), indexing="ij"
            )
        )
        keep = together[first] != together[second]
        first, second = first[keep], second[keep]
        if not len(first):
            return np.full(len(rows), 0.05), None
        scores = between(pairs, first, second) * (beliefs[0][together[first]] * beliefs[1][together[second]])[None]
        itself = (rows[:, None] == together[first][None]) | (rows[:, None] == together[second][None])
        scores = np.where(itself, 0.0, scores)
        best = np.argmax(scores, axis=1)
        anchors = np.stack([together[first[best]], together[second[best]]], axis=1)
        return scores[np.arange(len(rows)), best], anchors

    # -- orders ------------------------------------------------------------------------------------------------

    def _ordered(self, selector: Selector, rows: Array, belief: Array, named: Array) -> _Factor:
        text = describe(selector)
        few = rows[np.argsort(-belief[rows], kind="stable")[:MOST_ORDERED]]
        top = max(float(belief[few].max(initial=0.0)), 1e-12)
        weights = belief[few] / top
        rivals = _rival_weights(np.clip(named[few], 1e-6, 1), belief[few])
        tolerance = orders.TOLERANCE.get(selector.order, 0.15)
        anchors = None
        if selector.order in ("closest", "farthest"):
            score, anchors = self._by_distance(selector, few, rivals, tolerance)
        elif selector.order in orders.SIDEWARDS or selector.order in orders.FORWARDS:
            gaze = orders.looks_along(self.table, few, weights, self.gaze)
            score = np.zeros(len(few))
            for direction, share in zip(gaze.directions, gaze.weights, strict=True):
                values = orders.seen_values(self.table, few, selector.order, direction)
                score += share * orders.place_probability(values, rivals, selector.rank, tolerance)
        elif selector.order == "middle":
            values = orders.middle_values(self.table, few, weights)
            score = orders.place_probability(values, rivals, selector.rank, tolerance)
            if weights.sum() < 2.5:
                score = 0.5 * score + 0.5 * in_middle(Pairs(self.table, few, few[:1]))
        elif selector.order == "loneliest":
            values = orders.lonely_values(self.table, few, weights)
            score = orders.place_probability(values, rivals, selector.rank, tolerance)
        elif selector.order in orders.TOLERANCE:
            values = orders.own_values(self.table, few, selector.order)
            score = orders.place_probability(values, rivals, selector.rank, tolerance)
        else:
            score = np.full(len(few), 0.5)
        score = 1.0 - score if selector.negated else score
        score = ORDER_FLOOR + (1 - ORDER_FLOOR) * score
        full = None
        if anchors is not None:
            full = np.full((len(self.table), 1), -1)
            full[few] = anchors[:, None]
        return _Factor(
            "negation" if selector.negated else "superlative", text, self._spread(few, score, ORDER_FLOOR), full
        )

    def _by_distance(
        self, selector: Selector, rows: Array, rivals: Array, tolerance: float
    ) -> tuple[Array, Array | None]:
        sign = 1.0 if selector.order == "closest" else -1.0
        here = Pairs(self.table, rows, rows[:1])
        if not selector.anchors and self.gaze is not None:
            # the closest one, without saying to what, is the closest to the speaker
            score = np.zeros(len(rows))
            for direction, share in zip(self.gaze.directions, self.gaze.weights, strict=True):
                values = -sign * orders.seen_values(self.table, rows, "backmost", direction)
                score += share * orders.place_probability(values, rivals, selector.rank, tolerance)
            return score, None
        if not selector.anchors:
            away = -np.linalg.norm(self.table.centers[rows, :2] - self.table.middle, axis=1)
            return orders.place_probability(sign * away, rivals, selector.rank, tolerance), None
        anchor = selector.anchors[0]
        noun = canonical(anchor.noun)
        place = {"corner": corner, "middle": in_middle, "center": in_middle, "room": in_middle}.get(noun)
        if noun == "wall" and not self._exists(anchor):
            place = at_wall
        if place is not None:
            return orders.place_probability(sign * np.log(place(here) + 1e-6), rivals, selector.rank, tolerance), None
        belief, _ = self.believe(anchor)
        columns = _best_rows(belief, MOST_PAIRED, 0.1 * max(float(belief.max(initial=0.0)), 1e-6))
        if not len(columns):
            return np.full(len(rows), 0.1), None
        pairs = Pairs(self.table, rows, columns)
        near = np.where(pairs.same, np.nan, orders.nearness(pairs))
        scores = np.zeros((len(rows), len(columns)))
        share = belief[columns]
        for k in range(len(columns)):
            valid = ~np.isnan(near[:, k])
            scores[valid, k] = orders.place_probability(sign * near[valid, k], rivals[np.ix_(valid, valid)], selector.rank, tolerance)
        if selector.rank == 1 and len(columns) > 1:
            # with several such anchors, the nearest to any of them is meant at least as often as to one of them
            any_near = np.nanmax(
                np.where(np.isnan(near), -99.0, near) + np.log(np.maximum(share / share.max(), 1e-6))[None], axis=1
            )
            overall = orders.place_probability(sign * any_near, rivals, 1, tolerance)
            joint = 0.5 * scores * share[None] + 0.5 * (overall * share.max())[:, None] * np.where(
                np.isnan(near), 0, np.exp(near - np.nanmax(near, axis=1, keepdims=True))
            )
        else:
            joint = scores * share[None]
        best = np.argmax(joint, axis=1)
        return joint[np.arange(len(rows)), best], columns[best]

    # -- the speaker -------------------------------------------------------------------------------------------

    def _gaze(self, query: Query) -> Gaze | None:
        """Return where the speaker looks, as the text says: at `facing`, from `standing` or from the room's middle."""
        view = query.viewpoint
        if view is None:
            return None
        table = self.table
        directions: list[Array] = []
        shares: list[float] = []

        def add(direction: Array, share: float) -> None:
            if np.hypot(*direction) > 1e-6 and share > 0:
                directions.append(unit(direction))
                shares.append(share)

        standing = self._spots(view.standing)
        facing = self._spots(view.facing)
        if view.facing is not None and not facing and not standing:
            return None
        for row, p in facing:
            spot = table.centers[row, :2]
            for start, q in standing:
                add(spot - table.centers[start, :2], 1.0 * p * q)
            if not standing:
                add(spot - table.middle, 0.5 * p)
                add(table.wall_normals[row], 0.6 * p * float(np.exp(-table.wall_gaps[row].min())))
                front = table.fronts[row, :2]
                if np.isfinite(front).all():
                    add(-front, 1.5 * p)
        if facing and not standing and len(facing) > 1:
            weights = np.array([p for _, p in facing])
            add(weights @ table.centers[[r for r, _ in facing], :2] / weights.sum() - table.middle, 0.5)
        if standing and not facing:
            for start, q in standing:
                add(table.middle - table.centers[start, :2], 0.5 * q)
                add(-table.wall_normals[start], 0.5 * q)
        if not directions:
            return None
        return Gaze(np.array(directions), np.array(shares) / sum(shares))

    def _spots(self, phrase: Phrase | None) -> list[tuple[int, float]]:
        if phrase is None:
            return []
        belief, _ = self.believe(phrase)
        rows = _best_rows(belief, 6, 0.3 * max(float(belief.max(initial=0.0)), 1e-6))
        total = belief[rows].sum()
        return [(int(r), float(belief[r] / total)) for r in rows] if total > 0 else []


COUNTED = frozenset({"with", "supports", "contains", "near", "above", "below", "front", "behind"})
ROOMS = frozenset(["kitchen", "bathroom", "bedroom", "office", "hallway", "hall", "restroom"]) | {"living room"}


def _rival_weights(named: Array, belief: Array) -> Array:
    """Return (C, C): how much each candidate (row) has to fear each other one (column) in an order.

    What a noun means is one decision for the whole room: if "chair" means the chairs, armchairs do not compete; if it
    means the armchairs too, chairs do. So a rival with the worse name counts little, one with a better name fully.
    """
    rest = belief / named
    rest = rest / max(float(rest.max(initial=0.0)), 1e-12)
    return np.asarray(rest[None, :] * np.minimum(1.0, named[None, :] / named[:, None]) ** 3)


def _best_rows(belief: Array, most: int, least: float) -> Array:
    rows = np.flatnonzero(belief > least)
    if len(rows) > most:
        rows = np.sort(rows[np.argsort(-belief[rows], kind="stable")[:most]])
    return rows


def describe(part: Relation | Selector | Phrase) -> str:
    """Return a short reading of a part of a query, for people."""
    if isinstance(part, Phrase):
        looks_ = " ".join(("not " if a.negated else "") + a.value for a in part.attributes)
        inner = "".join(f" {describe(r)}" for r in part.relations) + "".join(f" {describe(s)}" for s in part.selectors)
        return f"{looks_} {part.noun or 'object'}".strip() + inner
    anchors = " and ".join(f"({describe(a)})" if a.relations or a.selectors else describe(a) for a in part.anchors)
    if isinstance(part, Relation):
        name = part.predicate + (f" [{part.frame}]" if part.frame else "")
    else:
        name = part.order if part.rank == 1 else f"{part.rank}. {part.order}"
    return ("not " if part.negated else "") + f"{name} {anchors}".strip()


def _reason(table: ObjectTable, factor: _Factor, row: int) -> Reason:
    """Return the factor as it applies to one object, measured against its best anchors."""
    values: dict[str, float | str] = {}
    for key, value in factor.values.items():
        values[key] = value if isinstance(value, str) else round(float(value[row]), 4)
    ids: tuple[int, ...] = ()
    if factor.anchors is not None and factor.anchors[row][0] >= 0:
        anchors = factor.anchors[row]
        ids = tuple(int(table.ids[a]) for a in anchors)
        pairs = Pairs(table, np.array([row]), anchors)
        dx, dy = pairs.offset[0, 0]
        values |= {
            "distance_m": round(float(pairs.gap[0].min()), 3),
            "center_distance_m": round(float(pairs.distance[0].min()), 3),
            "height_difference_m": round(float(pairs.rise[0, 0]), 3),
            "angle_deg": round(float(np.degrees(np.arctan2(dy, dx))), 1),
        }
        predicate = PREDICATES.get(factor.text.removeprefix("not ").split(" (")[0].split(" [")[0].split()[0])
        if predicate is not None:
            values[f"threshold_{predicate.unit}"] = predicate.threshold
    return Reason(factor.kind, factor.text, float(np.clip(factor.score[row], 0, 1)), ids, values)
