"""Upper bounds on the scores of single objects, from the columns that lie beside a mapped index.

A label that says another name costs a hit so much (name_factors.OTHER_LABEL) that the objects whose labels agree with
the noun come first, and all others only when those are used up. Among the agreeing ones the name is bounded by the
quantised vectors (name_bounds.py), colours, shapes and measures by the columns, and relations between boxes by the
pairs of a target with an anchor of its scene (relation_bounds.py). What cannot be told from there counts as 1, so
nothing that may win is passed over; what is visited is ranked from the database.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from core3d_search.query import Phrase
from core3d_search.query.nouns import canonical
from core3d_search.relations import ObjectTable, looks
from core3d_search.search.candidates import Bounded
from core3d_search.search.index_rows import Floats, Ids, IndexRows, Turns
from core3d_search.search.label_groups import LabelGroup, LabelGroups
from core3d_search.search.look_factors import SEEN
from core3d_search.search.name_bounds import Names
from core3d_search.search.relation_bounds import FLOAT32, RelationBounds, one_thing
from core3d_search.search.scoring import POWERS, weighted
from core3d_search.search.spaces import EmbeddingSpace, Question
from core3d_search.vectors.mapped import MappedIndex

FIRST_REFINED, GROWTH = 1024, 4
"""Objects whose looks and relations are bounded at first, and how many times more at each further step."""

FIRST_CLOSELY, MOST_CLOSELY = 32, 1024
"""Objects whose relations to all objects of their scenes are bounded at first, and at a time."""


def bounded_objects(
    space: EmbeddingSpace,
    question: Question,
    kinds: Collection[str],
    turns: Turns,
    least: float,
    allowed: Ids | None,
) -> Iterator[Bounded] | None:
    """Yield all objects that may reach `least`, best bound first, bounds descending within each and from each to the
    next.

    None where labels do not say the noun (`kinds` are the usual names of all labels), or nothing lies beside the
    vectors: then names alone are a bound (candidates.py).
    """
    index = space.index
    if not isinstance(index, MappedIndex) or not is_told_by_labels(question, kinds):
        return None
    if not index.parts:
        return iter(())
    return _Bounding(space, index, question, kinds, turns, least, allowed).all()


def is_told_by_labels(question: Question, kinds: Collection[str]) -> bool:
    """Return whether labels have a say in what the target of a question is called."""
    target = question.query.target
    single = target.names == one_thing(target.noun) and not question.has_reference
    return single and canonical(target.noun) in kinds


@dataclass(frozen=True, eq=False)
class _Bounding:
    """The bounds of one question in one space."""

    space: EmbeddingSpace
    index: MappedIndex
    question: Question
    kinds: Collection[str]
    turns: Turns
    least: float
    allowed: Ids | None

    @property
    def target(self) -> Phrase:
        return self.question.query.target

    @cached_property
    def names(self) -> Names:
        return Names(self.space, self.index, self.kinds)

    @cached_property
    def relations(self) -> RelationBounds:
        return RelationBounds(self.index, self.names, self.target, self.kinds, self.turns)

    def all(self) -> Iterator[Bounded]:
        found = _settled(self._by_name())
        return _settled(self._looked_closely(found)) if self.relations.relations else found

    def _looked_closely(self, roughly: Iterator[Bounded]) -> Iterator[tuple[Bounded, float]]:
        """Yield the objects with what relations to any object of their scenes leave, a growing number at a time, and
        what all later ones can reach."""
        size = FIRST_CLOSELY
        for found in roughly:
            start = 0
            while start < len(found):
                some = found[start : start + size]
                start, size = start + size, min(size * 2, MOST_CLOSELY)
                later = float(found.bounds[start]) if start < len(found) else float(some.bounds[-1])
                bounds = self.relations.by_all(some.ids, some.scenes, some.alone, self.least)
                yield replace(some, bounds=np.minimum(some.bounds, bounds)), later

    def _by_name(self) -> Iterator[tuple[Bounded, float]]:
        """Yield the objects in the order of what names and labels leave, and what all later ones can reach."""
        groups = list(LabelGroups(self.index, self.target.noun))
        ceilings = [group.factor for group in groups]
        for group, later in zip(groups, [*ceilings[1:], 0.0], strict=True):
            named = self._named(group)
            rest, size = np.flatnonzero(named.bounds >= self.least), FIRST_REFINED
            while len(rest):
                chosen, rest = _first(named, rest, size)
                left = float(named.bounds[rest].max(initial=0.0))
                yield self._refined(named[chosen]), max(left, later)
                size *= GROWTH
                if max(left, later) * self.relations.most < self.least:
                    return
            if later * self.relations.most < self.least:
                return

    def _named(self, group: LabelGroup) -> _Named:
        rows = self._rows_of(group)
        if self.allowed is not None:
            rows = rows[np.isin(rows.ids, self.allowed)]
        named = self.names.of(rows, self.target.noun)
        return _Named(rows, weighted("target", named.most, POWERS) * group.factor, named.similar)

    def _rows_of(self, group: LabelGroup) -> IndexRows:
        """Return the objects of a group; of those whose labels say something else, who are most, only such as stand
        well enough beside the anchors to make up for it."""
        if group.likeness == 0 and self.relations.relations:
            near = self.relations.worth_looking_at(self.least / group.factor)
            if near is not None:
                return near[np.flatnonzero(near.by_label(group.of.alike) == 0)]
        return group.rows

    # Looks and relations

    def _refined(self, named: _Named) -> Bounded:
        """Return objects with what looks and relations leave of their bounds."""
        alone, target = named.bounds, self.target
        if target.attributes or target.measures:
            table = named.rows.table(self.turns)
            for factor in self._look_bounds(table):
                alone = alone * factor
            alone = np.minimum(alone * FLOAT32, named.bounds)
        bounds = alone
        if self.relations.relations:
            bounds = self.relations.by_labels(named.rows, alone, self.least)
        able = np.flatnonzero(bounds >= self.least)
        rows = named.rows[able]
        return Bounded(bounds[able], rows.ids, rows.scenes, alone[able], named.similar[able])

    def _look_bounds(self, table: ObjectTable) -> Iterator[Floats]:
        rows = np.arange(len(table))
        for attribute in self.target.attributes:
            if attribute.negated:
                continue
            if attribute.kind == "color":  # the encoder's opinion counts SEEN and is 1 at most
                yield weighted("attribute", looks.color_score(table, rows, attribute.value) ** (1 - SEEN), POWERS)
            elif attribute.kind == "shape":
                yield weighted("attribute", looks.shape_score(table, rows, attribute.value), POWERS)
        for measure in self.target.measures:
            if not measure.negated:
                values = looks.dimension(table, rows, measure.dimension)
                fits = looks.measure_score(values, measure.comparison, measure.metres)
                yield weighted("attribute", np.minimum(fits * FLOAT32, 1.0), POWERS)


@dataclass(frozen=True, eq=False)
class _Named:
    """Objects with what names and labels leave of their scores, and the most similarity of their names."""

    rows: IndexRows
    bounds: Floats
    similar: Floats

    def __getitem__(self, where: Ids) -> _Named:
        return _Named(self.rows[where], self.bounds[where], self.similar[where])


def _first(named: _Named, among: Ids, count: int) -> tuple[Ids, Ids]:
    """Return which `count` of the objects `among` have the best bounds, of equal bounds the most similar, best first,
    and all others of them."""
    bounds, similar = named.bounds[among], named.similar[among]
    chosen = np.ones(len(among), bool)
    if len(among) > count:
        last = np.partition(bounds, -count)[-count]
        chosen = bounds > last
        equal, wanted = np.flatnonzero(bounds == last), count - int(chosen.sum())
        chosen[equal[np.argpartition(-similar[equal], wanted - 1)[:wanted]]] = True
    best = np.flatnonzero(chosen)
    best = best[np.lexsort((-similar[best], -bounds[best]))]
    return among[best], among[~chosen]


def _settled(steps: Iterator[tuple[Bounded, float]]) -> Iterator[Bounded]:
    """Yield the objects of all steps in one order; each step comes with what all later ones can reach."""
    waiting: Sequence[Bounded] = ()
    for candidates, least in steps:
        together = Bounded.sorted([*waiting, candidates])
        ready = int((together.bounds > least).sum())  # of equal bounds the more similar come first, later ones too
        if ready:
            yield together[:ready]
        waiting = (together[ready:],)
    if waiting and len(waiting[0]):
        yield waiting[0]
