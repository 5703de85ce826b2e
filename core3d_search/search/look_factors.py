"""Factors of looks and sizes: colour, material, shape, vague sizes, parts, uses, groups, measures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core3d_search.query import Attribute, Measure, Phrase
from core3d_search.query import lexicon as lex
from core3d_search.query.affordances import kinds_for
from core3d_search.query.materials import usual_share
from core3d_search.query.nouns import GENERIC, canonical
from core3d_search.query.parts import has_part
from core3d_search.relations import groups, looks, orders
from core3d_search.relations.table import Array
from core3d_search.search.belief import MOST_ORDERED
from core3d_search.search.reasons import Factor

if TYPE_CHECKING:
    from core3d_search.search.evaluation import Evaluation

SUBSTANCES = ("wooden", "metal", "glass", "leather", "plastic", "fabric", "stone", "ceramic", "wicker", "paper")
UNKNOWN_PART, PART_SURE = 0.5, 0.03
"""What a part is worth where nobody knows whether the kind has it; what is left where the kind has not."""
SEEN = 0.35
"""The share of the encoder's opinion in a colour, beside the measured mean colour."""


def look_factor(e: Evaluation, attribute: Attribute, phrase: Phrase, rows: Array, belief: Array) -> Factor | None:
    """Return the factor of one attribute for `rows` (R,) with `belief` (R,); None where it says nothing of its own."""
    kind, value = attribute.kind, attribute.value
    text, notes = value, dict[str, str]()
    score: Array | None
    if kind == "color":
        score = looks.color_score(e.table, rows, value)
        seen = _among(e, phrase, value, tuple(lex.COLORS), rows)
        if seen is not None:
            score = score ** (1 - SEEN) * seen**SEEN
    elif kind == "material":
        score = _material(e, phrase, value, rows)
    elif kind == "shape":
        score = looks.shape_score(e.table, rows, value)
    elif kind == "part":
        score, unknown = _part(e, phrase, value, rows)
        text, notes = f"has {value}", {"known": "no, nobody looked"} if unknown.all() else {}
    elif kind == "use":
        if not phrase.noun or canonical(phrase.noun) in GENERIC:
            return None  # the use is the name
        score = np.max([e.probability(k)[rows] for k in kinds_for(value)], axis=0, initial=0.0)
        score, text = 0.3 + 0.7 * score, f"to {value}"
    elif kind == "group":
        score, text = groups.in_group(e.table, rows, belief, value), f"in a {value}"
    else:
        score = _vague_size(e, value, rows, belief)
    if score is None:
        return None
    factor = e.factor("attribute", text, score, rows, attribute.negated)
    return replace(factor, notes=notes)


def _vague_size(e: Evaluation, value: str, rows: Array, belief: Array) -> Array:
    if len(rows) > MOST_ORDERED or value not in looks.SIZE_ORDERS:
        return np.full(len(rows), 0.5)
    # a vague size is judged among the objects of the same name: the share of them that it exceeds
    values = orders.own_values(e.table, rows, looks.SIZE_ORDERS[value])
    tolerance = 2 * orders.TOLERANCE[looks.SIZE_ORDERS[value]]
    return orders.share_exceeded(values, belief / max(float(belief.max()), 1e-9), tolerance)


def _among(e: Evaluation, phrase: Phrase, value: str, values: tuple[str, ...], rows: Array) -> Array | None:
    """Return (R,) how much rather the encoder sees `value` than other `values` of its kind; None without an encoder."""
    noun = phrase.noun or "object"
    scale = e.matched(noun).scale
    if scale <= 0:
        return None
    matches = e.matched_each([f"{other} {noun}" for other in (value, *values) if other])
    seen = np.stack([match.similarity[rows] for match in matches])
    odds = np.exp(np.clip(scale * (seen - seen.max(axis=0)), -60.0, 0.0))
    return np.asarray(odds[0] / np.maximum(odds[1:].max(axis=0), odds[0]))


def _material(e: Evaluation, phrase: Phrase, value: str, rows: Array) -> Array | None:
    known = e.table.materials
    if any(known):
        same = [m is not None and lex.ADJECTIVES.get(m, ("", m))[1] == value for m in known]
        return np.where(np.array(same)[rows], 0.97, 0.05)
    if value in SUBSTANCES:
        return _substance(e, phrase, value, rows)
    noun = phrase.noun or "object"
    plain, said = e.matched_each((noun, f"{value} {noun}"))
    if plain.scale <= 0:
        return None
    lead = plain.scale * (said.similarity[rows] - plain.similarity[rows])
    return np.asarray(0.2 + 0.8 / (1.0 + np.exp(-np.clip(lead, -60, 60))))


def _substance(e: Evaluation, phrase: Phrase, value: str, rows: Array) -> Array:
    """Return (R,) how likely each is of a substance: what its kind is usually made of, weighed with what is seen."""
    usual = np.array([usual_share(value, e.table.labels[row] or phrase.noun) for row in rows])
    noun = phrase.noun or "object"
    scale = e.matched(noun).scale
    if scale <= 0:
        return usual
    seen = np.stack([match.similarity[rows] for match in e.matched_each([f"{other} {noun}" for other in SUBSTANCES])])
    share = np.exp(np.clip(scale * (seen - seen.max(axis=0)), -60.0, 0.0))
    lead = len(SUBSTANCES) * share[SUBSTANCES.index(value)] / share.sum(axis=0)  # 1 where nothing is seen
    return np.asarray(usual * lead / (usual * lead + 1.0 - usual))


def _part(e: Evaluation, phrase: Phrase, part: str, rows: Array) -> tuple[Array, Array]:
    """Return (R,) how likely each has the part, and (R,) whether that is a mere guess."""
    kinds = [canonical(label or phrase.noun) for label in e.table.labels]
    known = [has_part(kinds[row], part) for row in rows]
    score = [UNKNOWN_PART if has is None else 1 - PART_SURE if has else PART_SURE for has in known]
    return np.array(score), np.array([has is None for has in known])


def measure_factor(e: Evaluation, bound: Measure, rows: Array) -> Factor:
    """Return the factor of a bound on a dimension for `rows` (R,)."""
    values = looks.dimension(e.table, rows, bound.dimension)
    text = f"{bound.dimension} {bound.comparison} {bound.metres:g} m"
    score = looks.measure_score(values, bound.comparison, bound.metres)
    measured = (f"{bound.dimension}_m", e.spread(rows, values, 0.0))
    return replace(e.factor("attribute", text, score, rows, bound.negated), measured=measured)
