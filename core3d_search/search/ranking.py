"""Query over a table of objects: one probability an object, and the reasons for it.

Relations form a tree (target - anchors - their anchors), so the best joint explanation is found exactly by passing
messages from the leaves: what a relation contributes to an object is the best product, over all anchors, of the
relation's score and the anchor's own belief. Orders ("closest to", "second from the left") come last: they pick among
the objects that the rest of the phrase leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from core3d_search.datatypes import Hit
from core3d_search.query import Attribute, Phrase, Query, Relation, Selector
from core3d_search.query.nouns import canonical
from core3d_search.relations import PREDICATES, Circumstances, ObjectTable, looks, orders, places
from core3d_search.relations.pairs import Pairs
from core3d_search.relations.table import Array
from core3d_search.relations.viewpoint import Gaze, Spots, gaze_of
from core3d_search.search.reasons import Factor, describe

MOST_TARGETS, MOST_ANCHORS, MOST_ORDERED, MOST_ORIGINS = 2000, 500, 250, 12
"""Beams: the best objects that are looked at as targets, as anchors, in orders, and as what orders measure from."""

NEAREST, NEAREST_ENDS = 24, 12
"""Of many anchors only the ones nearest to each target are measured; between, so many of each end."""

THRESHOLD = 1e-4
"""Below this probability nothing is a hit, however contrary to the description the rest is."""

RELATION_FLOOR, ORDER_FLOOR, NO_ANCHOR = 0.01, 0.03, 0.05
"""A failed relation or order never says zero, boxes and words are both uncertain; nor does an anchor nobody saw."""

IN_ROOM = 0.9
"""What "in the kitchen" leaves where no object is a kitchen: the scene may well be one."""


@dataclass(frozen=True, eq=False)
class PhraseMatch:
    """How well a phrase names each of N objects: `probability` (N,) in [0, 1], raw `similarity` (N,) in [-1, 1].

    `names` (N) are the names by which objects were matched, None for those that were matched by their looks.
    """

    probability: Array
    similarity: Array
    names: tuple[str | None, ...] = ()


Match = Callable[[str], PhraseMatch]
"""Compares a phrase ("red wooden chair") with all objects of the table."""


def rank(
    query: Query, table: ObjectTable, match: Match, *, threshold: float = THRESHOLD, limit: int | None = None
) -> list[Hit]:
    """Return the objects of `table` that fit `query`, best first, ties by id; empty when none reaches `threshold`."""
    if not len(table):
        return []
    evaluation = Evaluation(query, table, match)
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
            reasons=tuple(factor.reason(table, row) for factor in factors),
        )
        for row in best
    ]


def count(query: Query, table: ObjectTable, match: Match, *, threshold: float = 0.5) -> int:
    """Return how many objects fit `query` with at least `threshold` probability."""
    if not len(table):
        return 0
    belief, _ = Evaluation(query, table, match).believe(query.target)
    return int((belief >= threshold).sum())


class Evaluation:
    """The beliefs of every phrase of one query over one table."""

    def __init__(self, query: Query, table: ObjectTable, match: Match) -> None:
        self.table = table
        self.match = match
        self._beliefs: dict[Phrase, tuple[Array, list[Factor]]] = {}
        self._matches: dict[str, PhraseMatch] = {}
        self.gaze: Gaze | None = None  # a viewpoint's own phrases are evaluated without one
        if query.viewpoint is not None:
            standing, facing = self._spots(query.viewpoint.standing), self._spots(query.viewpoint.facing)
            self.gaze = gaze_of(table, standing, facing)

    def matched(self, phrase: Phrase) -> PhraseMatch:
        """Return how well the phrase's noun and looks name the objects."""
        if phrase.text not in self._matches:
            self._matches[phrase.text] = self.match(phrase.text)
        return self._matches[phrase.text]

    def believe(self, phrase: Phrase) -> tuple[Array, list[Factor]]:
        """Return the probability (N,) that each object is what `phrase` describes, and its factors."""
        if phrase in self._beliefs:
            return self._beliefs[phrase]
        named = np.clip(np.asarray(self.matched(phrase).probability, dtype=np.float64), 0.0, 1.0)
        belief = named.copy()
        factors = [Factor("target", phrase.noun or "any object", named, names=self.matched(phrase).names)]

        def add(factor: Factor) -> None:
            nonlocal belief
            belief = belief * factor.score
            factors.append(factor)

        for noun in phrase.excluded:
            add(Factor("negation", f"no {noun}", 1.0 - 0.95 * np.clip(self.match(noun).probability, 0.0, 1.0)))
        rows = _best(belief, MOST_TARGETS, 1e-3)
        if len(rows):
            for attribute in phrase.attributes:
                if attribute.kind in ("color", "size", "shape"):
                    add(self._look(attribute, rows, belief[rows]))
            for bound in phrase.measures:
                values = looks.dimension(self.table, rows, bound.dimension)
                text = f"{bound.dimension} {bound.comparison} {bound.metres:g} m"
                score = looks.measure_score(values, bound.comparison, bound.metres)
                measured = (f"{bound.dimension}_m", self._spread(rows, values, 0.0))
                add(replace(self._factor("attribute", text, score, rows, bound.negated), measured=measured))
            for relation in phrase.relations:
                add(self._relation(relation, rows))
            for selector in phrase.selectors:
                add(self._order(selector, rows, belief, named))
        outside = np.ones(len(self.table), dtype=bool)
        outside[rows] = False
        belief[outside] = 0.0
        self._beliefs[phrase] = belief, factors
        return belief, factors

    def _spread(self, rows: Array, values: Array, rest: float = 1.0) -> Array:
        full = np.full(len(self.table), rest)
        full[rows] = values
        return full

    def _factor(
        self,
        kind: str,
        text: str,
        score: Array,
        rows: Array,
        negated: bool,
        anchors: Array | None = None,
        floor: float = 0.0,
    ) -> Factor:
        """Spread a score (R,) of `rows` over the table, negated and held above the floor."""
        score = floor + (1.0 - floor) * (1.0 - score if negated else score)
        full = None
        if anchors is not None:
            full = np.full((len(self.table), anchors.shape[1]), -1)
            full[rows] = anchors
        text = f"not {text}" if negated and not text.startswith("not ") else text
        return Factor("negation" if negated else kind, text, self._spread(rows, score), full)

    # -- looks -------------------------------------------------------------------------------------------------------

    def _look(self, attribute: Attribute, rows: Array, belief: Array) -> Factor:
        if attribute.kind == "color":
            score = looks.color_score(self.table, rows, attribute.value)
        elif attribute.kind == "shape":
            score = looks.shape_score(self.table, rows, attribute.value)
        elif len(rows) > MOST_ORDERED:
            score = np.full(len(rows), 0.5)
        else:
            # a vague size is judged among the objects of the same name: the share of them that it exceeds
            values = orders.own_values(self.table, rows, looks.SIZE_ORDERS[attribute.value])
            tolerance = 2 * orders.TOLERANCE[looks.SIZE_ORDERS[attribute.value]]
            score = orders.share_exceeded(values, belief / max(float(belief.max()), 1e-9), tolerance)
        return self._factor("attribute", attribute.value, score, rows, attribute.negated)

    # -- relations ---------------------------------------------------------------------------------------------------

    def _relation(self, relation: Relation, rows: Array) -> Factor:
        score, anchors = self._at_place(relation, rows), None
        if score is None and relation.predicate == "between" and len(relation.anchors) == 2:
            score, anchors = self._between(relation, rows)
        elif score is None:
            score, anchors = self._to_anchor(relation, rows)
        factor = self._factor("relation", describe(relation), score, rows, relation.negated, anchors, RELATION_FLOOR)
        return replace(factor, predicate=relation.predicate, around=Circumstances(relation.frame, self.gaze))

    def _at_place(self, relation: Relation, rows: Array) -> Array | None:
        """Return the scores (R,) of relations to a place of the room; None if the anchor is an object."""
        if not relation.anchors:
            place = places.ALONE.get(relation.predicate)
            return place(self.table, rows) if place is not None else np.full(len(rows), 0.5)
        anchor = relation.anchors[0]
        noun = canonical(anchor.noun)
        if noun in places.ROOMS and (noun == "room" or not self._exists(anchor)):
            if relation.predicate in ("center", "between"):
                return places.in_middle(self.table, rows)
            return np.full(len(rows), IN_ROOM)
        found = places.NAMED.get(noun)
        if found is None or (found.predicates and relation.predicate not in found.predicates):
            return None
        if found.objects_first and self._exists(anchor):
            return None
        return found.score(self.table, rows)

    def _exists(self, phrase: Phrase) -> bool:
        return bool(np.max(self.matched(phrase).probability, initial=0.0) >= 0.5)

    def _to_anchor(self, relation: Relation, rows: Array) -> tuple[Array, Array | None]:
        anchor = relation.anchors[0]
        belief, _ = self.believe(anchor)
        columns = _best(belief, MOST_ANCHORS, 0.02 * float(belief.max(initial=0.0)))
        predicate = PREDICATES.get("inside" if relation.predicate == "center" else relation.predicate)
        if not len(columns) or predicate is None:
            return np.full(len(rows), NO_ANCHOR), None
        pairs = Pairs(self.table, rows, self._nearest(rows, columns, NEAREST))
        scores = predicate.score(pairs, Circumstances(relation.frame, self.gaze))
        likely = np.broadcast_to(belief[pairs.a], scores.shape)
        if relation.predicate == "far":  # far from every one that may be meant
            joint = np.where(pairs.same, 1.0, 1.0 - likely * (1.0 - scores))
            best = np.argmin(joint, axis=1)
        else:
            joint = np.where(pairs.same, 0.0, scores * likely)
            best = np.argmax(joint, axis=1)
        score = joint[np.arange(len(rows)), best]
        meant = np.take_along_axis(np.broadcast_to(pairs.a, joint.shape), best[:, None], axis=1)
        number = anchor.number or 1
        if 1 < number <= joint.shape[1] and relation.predicate in COUNTED:
            # "with three monitors on it": the third best must hold as well
            score = np.sqrt(score * np.sort(joint, axis=1)[:, -number])
        return score, meant

    def _between(self, relation: Relation, rows: Array) -> tuple[Array, Array | None]:
        beliefs = [self.believe(anchor)[0] for anchor in relation.anchors]
        ends = [_best(b, MOST_ANCHORS, 0.05 * float(b.max(initial=0.0))) for b in beliefs]
        if not len(ends[0]) or not len(ends[1]):
            return np.full(len(rows), NO_ANCHOR), None
        lists = (self._nearest(rows, end, NEAREST_ENDS) for end in ends)
        first, second = (np.broadcast_to(part, (len(rows), part.shape[-1])) for part in lists)
        scores = places.between(self.table, rows, first, second)
        scores = scores * beliefs[0][first][:, :, None] * beliefs[1][second][:, None, :]
        one = (first[:, :, None] == second[:, None, :]) | (rows[:, None, None] == first[:, :, None])
        scores = np.where(one | (rows[:, None, None] == second[:, None, :]), 0.0, scores).reshape(len(rows), -1)
        best = np.argmax(scores, axis=1)
        every = np.arange(len(rows))
        meant = np.stack([first[every, best // second.shape[1]], second[every, best % second.shape[1]]], axis=1)
        return scores[every, best], meant

    def _nearest(self, rows: Array, columns: Array, most: int) -> Array:
        """Return the `most` of `columns` (A,) nearest to each of `rows`, (R, most); all (A,) if they are few."""
        if len(columns) <= most:
            return columns
        x, y = self.table.centers[:, :2].astype(np.float32).T
        away = (x[rows, None] - x[columns]) ** 2 + (y[rows, None] - y[columns]) ** 2
        np.sqrt(away, out=away)
        away -= self.table.flat_half[columns].max(axis=1).astype(np.float32)
        return columns[np.argpartition(away, most, axis=1)[:, :most]]

    # -- orders ------------------------------------------------------------------------------------------------------

    def _order(self, selector: Selector, rows: Array, belief: Array, named: Array) -> Factor:
        few = rows[np.argsort(-belief[rows], kind="stable")[:MOST_ORDERED]]
        rivals = orders.rival_weights(np.clip(named[few], 1e-6, 1.0), belief[few])
        weights = belief[few] / max(float(belief[few].max()), 1e-12)
        anchors = None
        if selector.order in ("closest", "farthest") and selector.anchors:
            score, anchors = self._by_distance(selector, few, rivals)
        else:
            score = orders.place_in_room(self.table, few, selector.order, selector.rank, rivals, weights, self.gaze)
        factor = self._factor("superlative", describe(selector), score, few, selector.negated, anchors, ORDER_FLOOR)
        left_out = np.setdiff1d(rows, few)
        factor.score[left_out] = ORDER_FLOOR
        return factor

    def _by_distance(self, selector: Selector, rows: Array, rivals: Array) -> tuple[Array, Array | None]:
        """Score by the distance to one anchor for each anchor that may be meant, and to the nearest of them all."""
        sign = 1.0 if selector.order == "closest" else -1.0
        tolerance = orders.TOLERANCE[selector.order]
        anchor = selector.anchors[0]
        place = places.NAMED.get(canonical(anchor.noun))
        if place is not None and not (place.objects_first and self._exists(anchor)):
            values = sign * np.log(place.score(self.table, rows) + 1e-6)
            return orders.place_probability(values, rivals, selector.rank, tolerance), None
        belief, _ = self.believe(anchor)
        columns = _best(belief, MOST_ORIGINS, 0.1 * float(belief.max(initial=0.0)))
        if not len(columns):
            return np.full(len(rows), 2 * NO_ANCHOR), None
        pairs = Pairs(self.table, rows, columns)
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
        best = np.argmax(joint, axis=1)
        return joint[np.arange(len(rows)), best], columns[best][:, None]

    # -- the speaker -------------------------------------------------------------------------------------------------

    def _spots(self, phrase: Phrase | None) -> Spots | None:
        """Return the likeliest objects of a viewpoint's phrase, None where nothing was said."""
        if phrase is None:
            return None
        belief, _ = self.believe(phrase)
        rows = _best(belief, 6, 0.3 * float(belief.max(initial=0.0)))
        return Spots(rows, belief[rows] / max(float(belief[rows].sum()), 1e-12))


COUNTED = frozenset({"with", "supports", "contains", "near", "above", "below", "front", "behind"})
"""Relations in which "two" before the anchor asks for two of them."""


def _best(belief: Array, most: int, least: float) -> Array:
    """Return the rows (R,) with more than `least` belief, the best `most` of them, ascending."""
    rows = np.flatnonzero(belief > max(least, 1e-8))
    if len(rows) > most:
        rows = np.sort(rows[np.argsort(-belief[rows], kind="stable")[:most]])
    return rows
