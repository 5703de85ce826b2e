"""Factors of relations: to anchors that are themselves only believed in, to places of the room, to kinds of rooms."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core3d_search.query import Phrase, Relation
from core3d_search.query.nouns import canonical
from core3d_search.relations import PREDICATES, Circumstances, orders, places, rooms
from core3d_search.relations.pairs import Pairs
from core3d_search.relations.table import Array
from core3d_search.search.belief import MOST_ANCHORS, MOST_ORDERED, Belief
from core3d_search.search.belief import best as likeliest
from core3d_search.search.name_factors import name_factors
from core3d_search.search.reasons import Factor, describe

if TYPE_CHECKING:
    from core3d_search.search.evaluation import Evaluation

NEAREST, NEAREST_ENDS = 24, 12
"""Of many anchors only the ones nearest to each target are measured; between, so many of each end."""

RELATION_FLOOR, NO_ANCHOR = 0.01, 0.03
"""A failed relation never says zero, boxes and words are both uncertain; nor does an anchor nobody saw."""

NEAREST_SHARE = 0.15
"""How much "near" and "far" mean the nearest and the farthest of all, where the speaker knows that there is one: read
off ScanRefer's utterances and made-up questions over Sr3D's and Nr3D's training rooms."""

IN_ROOM = 0.9
"""What "in the kitchen" leaves where no object is a kitchen and only one scene is asked: the scene may well be one."""

COUNTED = frozenset({"with", "supports", "contains", "near", "above", "below", "front", "behind"})
"""Relations in which "two" before the anchor asks for two of them."""


def relation_factor(e: Evaluation, relation: Relation, belief: Belief) -> Factor:
    """Return the factor of one relation for the rows of what is believed so far."""
    rows = belief.rows
    score, anchors = _at_place(e, relation, rows), None
    if score is None and relation.predicate == "between" and len(relation.anchors) == 2:
        score, anchors = _between(e, relation, rows)
    elif score is None:
        score, anchors = _to_anchor(e, relation, belief)
    factor = e.factor("relation", describe(relation), score, rows, relation.negated, anchors, RELATION_FLOOR)
    return replace(factor, predicate=relation.predicate, around=Circumstances(relation.frame, e.gaze))


def _at_place(e: Evaluation, relation: Relation, rows: Array) -> Array | None:
    """Return the scores (R,) of relations to a place of the room; None if the anchor is an object."""
    if not relation.anchors:
        place = places.ALONE.get(relation.predicate)
        return place(e.table, rows) if place is not None else np.full(len(rows), 0.5)
    anchor = relation.anchors[0]
    noun = canonical(anchor.noun)
    room = rooms.SAME_ROOM.get(noun, noun)
    if (noun in places.ROOMS or room in rooms.TYPICAL) and (noun == "room" or not e.labelled(noun)):
        if relation.predicate in ("center", "between"):
            return places.in_middle(e.table, rows)
        likely = _room_likelihood(e, room) if e.several and room in rooms.TYPICAL else IN_ROOM
        return np.full(len(rows), likely)
    found = places.NAMED.get(noun)
    if found is None or (found.predicates and relation.predicate not in found.predicates):
        return None
    if found.objects_first and e.exists(anchor):
        return None
    return found.score(e.table, rows)


def _to_anchor(e: Evaluation, relation: Relation, owner: Belief) -> tuple[Array, Array | None]:
    anchor, rows = relation.anchors[0], owner.rows
    belief = e.believe(anchor).values
    columns = likeliest(belief, MOST_ANCHORS, 0.02 * float(belief.max(initial=0.0)))
    predicate = PREDICATES.get("inside" if relation.predicate == "center" else relation.predicate)
    if not len(columns) or predicate is None:
        return np.full(len(rows), NO_ANCHOR), None
    pairs = Pairs(e.table, rows, _nearest(e, rows, columns, NEAREST))
    scores = predicate.score(pairs, Circumstances(relation.frame, e.gaze))
    likely = np.broadcast_to(belief[pairs.a], scores.shape)
    if relation.predicate == "far":  # far from every one that may be meant
        joint = np.where(pairs.same, 1.0, 1.0 - likely * (1.0 - scores))
        best = np.argmin(joint, axis=1)
    else:
        joint = np.where(pairs.same, 0.0, scores * likely)
        best = np.argmax(joint, axis=1)
    score = joint[np.arange(len(rows)), best]
    if e.presumed and relation.predicate in ("near", "far") and len(rows) <= MOST_ORDERED:
        score = (1.0 - NEAREST_SHARE) * score + NEAREST_SHARE * _nearest_of_all(owner, pairs, likely, relation)
    meant = np.take_along_axis(np.broadcast_to(pairs.a, joint.shape), best[:, None], axis=1)
    number = anchor.number or 1
    if 1 < number <= joint.shape[1] and relation.predicate in COUNTED:
        # "with three monitors on it": the third best must hold as well
        score = np.sqrt(score * np.sort(joint, axis=1)[:, -number])
    return score, meant


def _nearest_of_all(owner: Belief, pairs: Pairs, likely: Array, relation: Relation) -> Array:
    """Return (R,) how likely each candidate is the nearest to an anchor, or the farthest from all of them."""
    doubt = np.log(np.maximum(likely / max(float(likely.max()), 1e-12), 1e-6))
    near = (np.where(pairs.same, -99.0, orders.nearness(pairs)) + doubt).max(axis=1)
    rivals = orders.rival_weights(np.clip(owner.named[owner.rows], 1e-6, 1.0), owner.values[owner.rows])
    order, sign = ("closest", 1.0) if relation.predicate == "near" else ("farthest", -1.0)
    return orders.place_probability(sign * near, rivals, 1, orders.TOLERANCE[order])


def _between(e: Evaluation, relation: Relation, rows: Array) -> tuple[Array, Array | None]:
    beliefs = [e.believe(anchor).values for anchor in relation.anchors]
    ends = [likeliest(b, MOST_ANCHORS, 0.05 * float(b.max(initial=0.0))) for b in beliefs]
    if not len(ends[0]) or not len(ends[1]):
        return np.full(len(rows), NO_ANCHOR), None
    lists = (_nearest(e, rows, end, NEAREST_ENDS) for end in ends)
    first, second = (np.broadcast_to(part, (len(rows), part.shape[-1])) for part in lists)
    scores = places.between(e.table, rows, first, second)
    scores = scores * beliefs[0][first][:, :, None] * beliefs[1][second][:, None, :]
    one = (first[:, :, None] == second[:, None, :]) | (rows[:, None, None] == first[:, :, None])
    scores = np.where(one | (rows[:, None, None] == second[:, None, :]), 0.0, scores).reshape(len(rows), -1)
    best = np.argmax(scores, axis=1)
    every = np.arange(len(rows))
    meant = np.stack([first[every, best // second.shape[1]], second[every, best % second.shape[1]]], axis=1)
    return scores[every, best], meant


def _nearest(e: Evaluation, rows: Array, columns: Array, most: int) -> Array:
    """Return the `most` of `columns` (A,) nearest to each of `rows`, (R, most); all (A,) if they are few."""
    if len(columns) <= most:
        return columns
    x, y = e.table.centers[:, :2].astype(np.float32).T
    away = (x[rows, None] - x[columns]) ** 2 + (y[rows, None] - y[columns]) ** 2
    np.sqrt(away, out=away)
    away -= e.table.flat_half[columns].max(axis=1).astype(np.float32)
    return columns[np.argpartition(away, most, axis=1)[:, :most]]


def _room_likelihood(e: Evaluation, room: str) -> float:
    """Return how likely the scene is a `room`, from what stands in it."""
    odds = rooms.PRIOR
    for kind, weight in rooms.TYPICAL[room].items():
        odds += weight * float(np.max(_surely(e, kind), initial=0.0))
    return float(1.0 / (1.0 + np.exp(-odds)))


def _surely(e: Evaluation, kind: str) -> Array:
    """Return (N,) how surely each object is of a `kind`, by name and label together."""
    return np.prod([factor.score for factor in name_factors(e, Phrase(kind))], axis=0)
