"""What is believed of the objects of one scene: for each phrase of a query, a probability an object and its factors.

Relations form a tree (target - anchors - their anchors), so the best joint explanation is found exactly by passing
messages from the leaves: what a relation contributes to an object is the best product, over all anchors, of the
relation's score and the anchor's own belief.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from core3d_search.query import Phrase, Query
from core3d_search.query.meaning import VIEW_PARTS
from core3d_search.query.nouns import OR, canonical, spoken_names
from core3d_search.relations import ObjectTable
from core3d_search.relations.table import Array
from core3d_search.relations.viewpoint import Gaze, Spots, gaze_of
from core3d_search.search.belief import LEAST_BELIEVED, MOST_TARGETS, Belief, Match, PhraseMatch, best
from core3d_search.search.look_factors import look_factor, measure_factor
from core3d_search.search.name_factors import name_factors
from core3d_search.search.order_factors import order_factor
from core3d_search.search.reasons import Factor, describe
from core3d_search.search.relation_factors import relation_factor

IN_EVERY_ROOM = frozenset("door doorframe window wall floor ceiling room corner entrance".split())
VIEW_FLOOR = 0.05
"""What is left in a scene that has nothing of what the viewpoint names: it may not have been recognised."""


class Evaluation:
    """The beliefs of every phrase of one query over one table.

    `kinds` are the labels of the database and their usual names; without any, labels are no second opinion on names.
    `several` says that other scenes are asked as well, so that "in the kitchen" chooses among them. `presumed`: the
    speaker knows that there is one, so that "near the door" may mean the nearest, however far it is.
    """

    def __init__(
        self, query: Query, table: ObjectTable, match: Match, kinds: Collection[str] = (), several: bool = False,
        presumed: bool = False,
    ) -> None:  # fmt: skip
        self.query = query
        self.table, self.match, self.kinds, self.several, self.presumed = table, match, kinds, several, presumed
        self._beliefs: dict[Phrase, Belief] = {}
        self._matches: dict[str, PhraseMatch] = {}
        self.gaze: Gaze | None = None  # a viewpoint's own phrases are evaluated without one
        if query.viewpoint is not None:
            view = {name: self._spots(getattr(query.viewpoint, name)) for name in VIEW_PARTS}
            self.gaze = gaze_of(table, view.pop("standing"), view.pop("facing"), view)

    def matched(self, text: str) -> PhraseMatch:
        """Return how well a text names the objects; each text is compared once."""
        return self.matched_each((text,))[0]

    def matched_each(self, texts: Sequence[str]) -> list[PhraseMatch]:
        """Return how well each of `texts` names the objects: one look-up for all that were not asked before."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self._matches]
        if fresh:
            self._matches |= zip(fresh, self.match(fresh), strict=True)
        return [self._matches[text] for text in texts]

    def probability(self, text: str) -> Array:
        """Return the probability (N,) in [0, 1] that each object is called `text`.

        Where an encoder compares names it is asked by the name that it gives itself: "radiator" for "heater"; by what
        was said and by the usual name where it gives neither.
        """
        names = asked_names(text, self.kinds) if self.matched(text).scale > 0 else [text]
        each = [np.asarray(match.probability, dtype=np.float64) for match in self.matched_each(names)]
        return np.clip(np.max(each, axis=0), 0.0, 1.0)

    def exists(self, phrase: Phrase) -> bool:
        """Whether some object has the name of `phrase`."""
        return bool(np.max(self.probability(phrase.noun), initial=0.0) >= 0.5)

    def labelled(self, noun: str) -> bool:
        """Whether some object carries the name `noun` as its label."""
        return any(label is not None and canonical(label) == canonical(noun) for label in self.table.labels)

    def believe(self, phrase: Phrase) -> Belief:
        """Return what is believed of every object as `phrase`, orders among them included."""
        if phrase not in self._beliefs:
            belief = self.before_orders(phrase)
            for selector in phrase.selectors:
                belief.add(order_factor(self, selector, belief))
            self._beliefs[phrase] = belief
        return self._beliefs[phrase]

    def before_orders(self, phrase: Phrase) -> Belief:
        """Return what is believed of every object before orders pick among them."""
        factors = name_factors(self, phrase)
        named = np.prod([factor.score for factor in factors], axis=0)
        belief = Belief(named, named, np.arange(len(named)), list(factors))
        for noun in phrase.excluded:
            belief.add(Factor("negation", f"no {noun}", 1.0 - 0.95 * self.probability(noun)))
        belief.rows = best(belief.values, MOST_TARGETS, LEAST_BELIEVED)
        rows = belief.rows
        if len(rows):
            for attribute in phrase.attributes:
                factor = look_factor(self, attribute, phrase, rows, belief.values[rows])
                if factor is not None:
                    belief.add(factor)
            for bound in phrase.measures:
                belief.add(measure_factor(self, bound, rows))
            for relation in phrase.relations:
                belief.add(relation_factor(self, relation, belief))
        outside = np.ones(len(self.table), dtype=bool)
        outside[rows] = False
        belief.values = np.where(outside, 0.0, belief.values)
        return belief

    def spread(self, rows: Array, values: Array, rest: float = 1.0) -> Array:
        """Return `values` (R,) of `rows` over the whole table, `rest` elsewhere."""
        full = np.full(len(self.table), rest)
        full[rows] = values
        return full

    def factor(
        self, kind: str, text: str, score: Array, rows: Array, negated: bool, anchors: Array | None = None,
        floor: float = 0.0,
    ) -> Factor:  # fmt: skip
        """Spread a score (R,) of `rows` over the table, negated and held above the floor."""
        score = floor + (1.0 - floor) * (1.0 - score if negated else score)
        full = None
        if anchors is not None:
            full = np.full((len(self.table), anchors.shape[1]), -1)
            full[rows] = anchors
        text = f"not {text}" if negated and not text.startswith("not ") else text
        return Factor("negation" if negated else kind, text, self.spread(rows, score), full)

    def view_factors(self) -> list[Factor]:
        """Return a factor for each thing that the viewpoint names: who faces the sofa is in a scene that has one."""
        view = self.query.viewpoint
        places = [(name, getattr(view, name, None)) for name in VIEW_PARTS]
        named = [(name, place) for name, place in places if place and canonical(place.noun) not in IN_EVERY_ROOM]
        seen = [float(np.max(self.believe(place).values, initial=0.0)) for _, place in named]
        return [
            Factor("relation", f"{name} {describe(place)}", np.full(len(self.table), max(there, VIEW_FLOOR)))
            for (name, place), there in zip(named, seen, strict=True)
        ]

    def _spots(self, phrase: Phrase | None) -> Spots | None:
        """Return the likeliest objects of a viewpoint's phrase, None where nothing was said."""
        if phrase is None:
            return None
        belief = self.believe(phrase).values
        rows = best(belief, 6, 0.3 * float(belief.max(initial=0.0)))
        return Spots(rows, belief[rows] / max(float(belief[rows].sum()), 1e-12))


def asked_names(noun: str, kinds: Collection[str]) -> list[str]:
    """Return what an encoder is asked for a noun: of its names the first that is one of `kinds`, all where none is."""
    asked: list[str] = []
    for one in noun.split(OR):
        names = spoken_names(one)
        asked += next(([name] for name in names if name in kinds), names)
    return asked
