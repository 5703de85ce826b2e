"""Query over tables of objects: ordered hits, the product of their factors as score, and the reasons for it.

What is believed of each scene is in evaluation.py, how factors become a score in scoring.py.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from core3d_search.datatypes import Hit
from core3d_search.query import Query
from core3d_search.relations import ObjectTable
from core3d_search.relations.table import Array
from core3d_search.search.belief import Belief, Match, PhraseMatch
from core3d_search.search.evaluation import Evaluation
from core3d_search.search.order_factors import OVER_SCENES, order_factor, order_over_scenes
from core3d_search.search.scoring import weighted
from core3d_search.search.ties import DECIMALS, MOST_TOLD, NEAR_TIE, order, with_ties

__all__ = ["Match", "PhraseMatch", "count", "over_scenes", "rank", "rank_scenes"]

THRESHOLD = 1e-4
"""Below this probability nothing is a hit, however contrary to the description the rest is."""


def over_scenes(query: Query) -> bool:
    """Whether an order of the target is taken over all scenes that are asked, so that they must be ranked together."""
    return not query.per_scene and any(selector.order in OVER_SCENES for selector in query.target.selectors)


def rank(
    query: Query,
    table: ObjectTable,
    match: Match,
    *,
    threshold: float = THRESHOLD,
    limit: int | None = None,
    presumed: bool = False,
) -> list[Hit]:
    """Return the objects of `table` that fit `query`, best first; empty when none reaches `threshold`.

    `presumed`: the speaker knows that there is such a thing. The score is the plain product of the measured factors.
    Ties are ordered as ties.py says; the first hit tells them.
    """
    most = None if limit is None else limit + MOST_TOLD + 1
    hits = rank_scenes(query, [(table, match)], threshold=threshold, limit=most, presumed=presumed)
    return with_ties(hits, limit, NEAR_TIE)


def rank_scenes(
    query: Query,
    scenes: Sequence[tuple[ObjectTable, Match]],
    *,
    threshold: float = THRESHOLD,
    limit: int | None = None,
    powers: Mapping[str, float] | None = None,
    kinds: Collection[str] = (),
    several: bool = False,
    presumed: bool = False,
) -> list[Hit]:
    """Return the objects of several scenes that fit `query`, best first, ties as in ties.py.

    Orders whose values compare between scenes are taken over all of `scenes`, unless the query asks for each scene's
    own. `powers` weigh the kinds of factors in the score (see scoring.py); `kinds` are the labels in the database and
    their usual names; `several` says that more scenes are asked than these, `presumed` that there is such a thing.
    """
    scenes = [(table, match) for table, match in scenes if len(table)]
    several = several or len(scenes) > 1
    evaluations = [Evaluation(query, table, match, kinds, several, presumed) for table, match in scenes]
    beliefs = [evaluation.before_orders(query.target) for evaluation in evaluations]
    for evaluation, belief in zip(evaluations, beliefs, strict=True) if several else ():
        for factor in evaluation.view_factors():
            belief.add(factor)
    for selector in query.target.selectors:
        if len(scenes) > 1 and not query.per_scene and selector.order in OVER_SCENES:
            order_over_scenes(evaluations, selector, beliefs)
            continue
        for evaluation, belief in zip(evaluations, beliefs, strict=True):
            belief.add(order_factor(evaluation, selector, belief))
    hits = []
    for evaluation, belief in zip(evaluations, beliefs, strict=True):
        similarity = evaluation.matched(query.target.noun).similarity
        hits += _hits(evaluation.table, belief, similarity, threshold, powers, limit)
    hits.sort(key=order)
    return hits[:limit]


def count(query: Query, table: ObjectTable, match: Match, *, threshold: float = 0.5) -> int:
    """Return how many objects fit `query` with at least `threshold` probability."""
    return len(rank(query, table, match, threshold=threshold))


def _hits(
    table: ObjectTable, belief: Belief, similarity: Array, threshold: float, powers: Mapping[str, float] | None,
    limit: int | None,
) -> list[Hit]:  # fmt: skip
    """Return what reaches `threshold`, and of it the best `limit` with all that tie with the last of them."""
    shown = [weighted(factor.kind, factor.score, powers) for factor in belief.factors]
    score = np.where(belief.values > 0, np.prod(shown, axis=0), 0.0)
    if limit is not None and limit < len(score):
        threshold = max(threshold, float(np.partition(score, -limit)[-limit]) - 10.0**-DECIMALS)
    return [
        Hit(
            scene=table.scene,
            object_id=int(table.ids[row]),
            score=float(min(score[row], 1.0)),
            similarity=float(similarity[row]),
            box=table.box(row),
            label=table.labels[row],
            reasons=tuple(
                factor.reason(table, row, float(np.clip(own[row], 0.0, 1.0)))
                for factor, own in zip(belief.factors, shown, strict=True)
            ),
        )
        for row in np.flatnonzero((score >= threshold) & (score > 0)).tolist()
    ]
