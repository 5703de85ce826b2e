"""Upper bounds on what relations leave of the scores of objects, from boxes beside a mapped index.

Pairs of a target with an anchor of its scene are measured thousands of scenes together, and only those that stand near
enough for the relation to count for anything (`REACH`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property

import numpy as np
import numpy.typing as npt

from core3d_search.query import Phrase, Relation
from core3d_search.query.nouns import OR, canonical, spoken_names
from core3d_search.relations import PREDICATES, Circumstances, ObjectTable, places, rooms
from core3d_search.relations.contact import AGAINST, CONTACT, NEAR, NEAR_POWER
from core3d_search.relations.pairs import Pairs
from core3d_search.relations.soft import decay
from core3d_search.search.index_rows import Floats, Ids, IndexRows, Standing, Turns, same_scene
from core3d_search.search.label_groups import LabelGroups, agreed, is_called
from core3d_search.search.name_bounds import LEAST_BELIEF, Names
from core3d_search.search.name_factors import OTHER_LABEL
from core3d_search.search.relation_factors import NO_ANCHOR, RELATION_FLOOR
from core3d_search.search.scoring import POWERS, weighted
from core3d_search.vectors.mapped import MappedIndex

APART = 0.055
"""The most that is left of "inside" where footprints do not meet: of an empty share and of room enough."""


def _on(gap: Floats) -> Floats:
    return np.maximum(np.maximum(0.01, 0.35 * decay(gap, 0.1)), 0.5 * decay(gap, AGAINST, 3.0))


def _near(gap: Floats) -> Floats:
    return decay(gap, NEAR, NEAR_POWER)


def _enclosed(gap: Floats) -> Floats:
    return APART * decay(gap, 0.5)


def _leaning(gap: Floats) -> Floats:
    return decay(gap, AGAINST, 1.5)


def _in_one_column(gap: Floats) -> Floats:
    return 0.3 * decay(gap, 0.3)


REACH: Mapping[str, Callable[[Floats], Floats]] = {
    "near": _near,
    "touching": lambda gap: decay(gap, CONTACT),
    "against": _leaning,
    "attached": _leaning,
    "on": _on,
    "supports": _on,
    "above": _in_one_column,
    "below": _in_one_column,
    "inside": lambda gap: np.maximum(_enclosed(gap), np.maximum(0.7 * _on(gap), 0.35 * _near(gap))),
    "contains": _enclosed,
    "part": lambda gap: 0.5 * decay(gap, CONTACT),
    "with": lambda gap: np.maximum(
        np.maximum(_on(gap), 0.9 * _enclosed(gap)), np.maximum(0.8 * _leaning(gap), 0.6 * _near(gap))
    ),
}
"""The relations that two boxes decide, wherever the room's walls and its viewer are: for each the most that it can be
where footprints are `gap` metres apart, as its definition in relations/contact.py says."""

FARTHEST_M, STEP_M = 20.0, 0.01
ANCHORS_AT_ONCE = 8192

FLOAT32 = 1.0005
"""Boxes in the columns are float32: how much a bound made of them is widened."""


@dataclass(frozen=True, eq=False)
class _Anchors:
    """Objects whose labels say an anchor's noun more or less, scene by scene: what their labels leave of a belief
    (A,), and which of them bear the noun by a name that a file gave (A,)."""

    rows: IndexRows
    standing: Standing
    label: Floats
    named: Floats


class RelationBounds:
    """What the relations of `target` leave of the score of any object of one space."""

    def __init__(self, index: MappedIndex, names: Names, target: Phrase, kinds: Collection[str], turns: Turns) -> None:
        self._index, self._names, self._kinds, self._turns = index, names, kinds, turns
        self.relations = [relation for relation in target.relations if is_told_by_boxes(relation)]
        self._anchors: dict[Relation, _Anchors] = {}
        self._most: dict[str, float] = {}
        self._groups = cache(lambda noun: LabelGroups(index, noun))

    @cached_property
    def most(self) -> float:
        """The most that relations leave of any object's score."""
        return float(np.prod([self._factor_at_most(relation) for relation in self.relations]))

    def by_labels(self, targets: IndexRows, alone: Floats, least: float) -> Floats:
        """Return (N,) what relations to the anchors whose labels agree leave of `alone` (N,), and relations to any
        others at best: a first sieve. For `least` see `_product`."""
        return self._product(alone, least, lambda relation, some: self._joint_by_labels(targets[some], relation))

    def by_all(self, ids: Ids, scenes: Ids, alone: Floats, least: float) -> Floats:
        """Return (N,) what relations to any object of their scenes leave of `alone` (N,) of the objects `ids`."""
        around = _Around(IndexRows.in_scenes(self._index, np.unique(scenes)), self._turns)
        own = around.positions(ids)
        return self._product(alone, least, lambda relation, some: self._joint(around, relation, own[some]))

    def _product(self, alone: Floats, least: float, joint: Callable[[Relation, Ids], Floats]) -> Floats:
        """Return `alone` (N,) times the factors of the relations; of what cannot reach `least` any more, the relations
        that are left are not measured."""
        bounds, left, able = alone.copy(), self.most, np.arange(len(alone))
        for relation in self.relations:
            bounds[able] *= relation_factor(joint(relation, able))
            left /= self._factor_at_most(relation)
            able = able[bounds[able] * left >= least * (1 - 1e-9)]
        return bounds

    def worth_looking_at(self, least: float) -> IndexRows | None:
        """Return the objects whose relations may leave `least`, by where anchors with labels that agree stand; None
        where that tells nothing."""
        rows: IndexRows | None = None
        for relation in self.relations:
            joint = least_joint(least * self._factor_at_most(relation) / self.most)
            if joint > OTHER_LABEL and self._is_label(relation.anchors[0].noun):
                rows = self._near_anchors(relation, joint, rows)
        return rows

    def _is_label(self, noun: str) -> bool:
        """Whether some label of the database could say the noun, so that labels have a say."""
        return canonical(noun) in self._kinds

    def _most_alike(self, noun: str) -> float:
        if noun not in self._most:
            self._most[noun] = self._names.most_alike(noun)
        return self._most[noun]

    def _factor_at_most(self, relation: Relation) -> float:
        return float(relation_factor(np.array([self._most_alike(relation.anchors[0].noun)]))[0])

    # Anchors whose labels agree

    def _labelled(self, relation: Relation) -> _Anchors:
        if relation not in self._anchors:
            noun = relation.anchors[0].noun
            groups = self._groups(noun)
            labels = [np.flatnonzero(alike > 0) for alike in groups.alike]
            rows = groups.rows_labelled(labels)
            rows = rows[np.argsort(rows.scenes, kind="stable")]
            label = agreed(rows.by_label(groups.alike))
            named = np.full(len(rows), np.nan)
            named[rows.columns["given"]] = 1.0  # a file gave the name: its looks have no say
            label[rows.columns["given"]] = 1.0
            self._anchors[relation] = _Anchors(rows, rows.standing(self._turns), label, named)
        return self._anchors[relation]

    def _joint_by_labels(self, targets: IndexRows, relation: Relation) -> Floats:
        """Return (N,) the best of relation times belief."""
        noun = relation.anchors[0].noun
        if not self._is_label(noun):
            return np.full(len(targets), self._most_alike(noun))
        joint = np.full(len(targets), OTHER_LABEL)  # of anchors whose labels say something else
        anchors = self._labelled(relation)
        t, a = same_scene(targets.scenes, anchors.rows.scenes)
        standing = targets.standing(self._turns)
        near = standing.are_near(t, anchors.standing, a, reach(relation.predicate, OTHER_LABEL))
        t, a = t[near], a[near]
        belief = self._believed(anchors, a, noun)
        likely = belief > OTHER_LABEL
        t, a, belief = t[likely], a[likely], belief[likely]
        np.maximum.at(joint, t, _scores(relation, targets, t, anchors.rows, a, self._turns) * belief)
        return joint

    def _believed(self, anchors: _Anchors, wanted: Ids, noun: str) -> Floats:
        """Return the most that some of the anchors can be believed to be the noun."""
        unknown = np.unique(wanted[np.isnan(anchors.named[wanted])])
        if len(unknown):
            anchors.named[unknown] = self._names.of(anchors.rows[unknown], noun).most
        return np.asarray(anchors.label[wanted] * anchors.named[wanted])

    def _near_anchors(self, relation: Relation, joint: float, among: IndexRows | None) -> IndexRows:
        """Return the objects, of `among` or of all, that stand so near an anchor with a label that agrees that the
        relation may be `joint`."""
        anchors = self._labelled(relation)
        sure, found = np.flatnonzero(anchors.label >= joint), []
        for start in range(0, len(sure), ANCHORS_AT_ONCE):
            some = sure[start : start + ANCHORS_AT_ONCE]
            scenes = anchors.rows.scenes[some]
            if among is None:
                around = IndexRows.in_scenes(self._index, np.unique(scenes))
            else:
                around = among[np.flatnonzero(np.isin(among.scenes, scenes))]
            a, t = same_scene(scenes, around.scenes)
            near = around.standing(self._turns).are_near(t, anchors.standing, some[a], reach(relation.predicate, joint))
            found.append(around[np.unique(t[near])])
        return IndexRows.joined(self._index, found)

    # All objects of some scenes as anchors

    def _joint(self, around: _Around, relation: Relation, targets: Ids) -> Floats:
        """Return for each of `targets`, rows of `around`, the best of relation times belief over all its scene."""
        best = np.full(len(targets), LEAST_BELIEF)
        t, a = same_scene(around.rows.scenes[targets], around.rows.scenes)
        near = around.standing.are_near(targets[t], around.standing, a, reach(relation.predicate, LEAST_BELIEF))
        near &= targets[t] != a
        t, a = t[near], a[near]
        wanted, own = np.unique(a, return_inverse=True)
        belief = self._belief(around, relation.anchors[0], wanted)[own]
        likely = belief > LEAST_BELIEF
        t, a, belief = t[likely], a[likely], belief[likely]
        np.maximum.at(best, t, _scores(relation, around.rows, targets[t], around.rows, a, self._turns) * belief)
        return best

    def _belief(self, around: _Around, phrase: Phrase, wanted: Ids) -> Floats:
        """Return the most that can be believed of each of `wanted`, rows of `around`, as the anchor `phrase`."""
        belief = around.likely(self._names, phrase.noun, wanted)
        if self._is_label(phrase.noun):
            rows = around.rows[wanted]
            belief = belief * agreed(rows.by_label(self._groups(phrase.noun).exactly))
        belief = np.where(around.called(self._index, phrase.noun, wanted), 1.0, belief)
        likely = np.flatnonzero(belief > LEAST_BELIEF)
        for relation in phrase.relations:
            if is_told_by_boxes(relation) and len(likely):
                joint = np.maximum(self._joint(around, relation, wanted[likely]), NO_ANCHOR)
                belief[likely] *= RELATION_FLOOR + (1 - RELATION_FLOOR) * np.minimum(joint * FLOAT32, 1.0)
        return np.asarray(belief)


@dataclass(frozen=True, eq=False)
class _Around:
    """All objects of some scenes, and how likely each is called a noun, as far as that was asked."""

    rows: IndexRows
    turns: Turns
    known: dict[str, Floats] = field(default_factory=dict)

    @cached_property
    def standing(self) -> Standing:
        return self.rows.standing(self.turns)

    def positions(self, ids: Ids) -> Ids:
        """Return which rows the objects `ids` are."""
        order = np.argsort(self.rows.ids)
        return np.asarray(order[np.searchsorted(self.rows.ids[order], ids)])

    def likely(self, names: Names, noun: str, wanted: Ids) -> Floats:
        """Return the most that each of the rows `wanted` can be called `noun`."""
        known = self.known.setdefault(noun, np.full(len(self.rows), np.nan))
        fresh = wanted[np.isnan(known[wanted])]
        if len(fresh):
            known[fresh] = names.of(self.rows[fresh], noun).most
        return np.asarray(known[wanted])

    def called(self, index: MappedIndex, noun: str, wanted: Ids) -> npt.NDArray[np.bool_]:
        """Return whether a file gave each of the rows `wanted` a name that may mean `noun`."""
        rows = self.rows[wanted]
        if not rows.columns["given"].any():
            return np.zeros(len(wanted), bool)
        called = [np.array([*(is_called(noun, name) for name in part.names.tolist()), False]) for part in index.parts]
        return np.asarray(rows.by_label(called) & rows.columns["given"])


def _scores(relation: Relation, targets: IndexRows, t: Ids, anchors: IndexRows, a: Ids, turns: Turns) -> Floats:
    """Return (P,) how well pairs of a target and an anchor stand in the relation; 0 for a thing and itself."""
    if not len(t):
        return np.zeros(0)
    own, first = np.unique(t, return_inverse=True)
    others, second = np.unique(a, return_inverse=True)
    one, other = targets[own].table(turns), anchors[others].table(turns)
    pairs = Pairs(_stacked(one, other), first, (len(one) + second)[:, None])
    scores = PREDICATES[relation.predicate].score(pairs, Circumstances())[:, 0]
    return np.where(one.ids[first] == other.ids[second], 0.0, scores)


def _stacked(first: ObjectTable, second: ObjectTable) -> ObjectTable:
    return ObjectTable(
        np.concatenate([first.ids, second.ids]),
        np.concatenate([first.centers, second.centers]),
        np.concatenate([first.extents, second.extents]),
        np.concatenate([first.rotations, second.rotations]),
    )


def is_told_by_boxes(relation: Relation) -> bool:
    """Return whether two boxes alone decide the relation, to an anchor that is one kind of thing."""
    if relation.negated or relation.predicate not in REACH or len(relation.anchors) != 1:
        return False
    anchor: Phrase = relation.anchors[0]
    noun = canonical(anchor.noun)
    place = noun in places.NAMED or noun in places.ROOMS or rooms.SAME_ROOM.get(noun, noun) in rooms.TYPICAL
    return anchor.names == one_thing(anchor.noun) and not place


def one_thing(noun: str) -> tuple[str, ...] | None:
    """Return the names of a noun that asks for one kind of thing; None for "sofa or bench"."""
    return None if OR in noun or not noun else spoken_names(noun)


def relation_factor(joint: Floats) -> Floats:
    """Return the factor of a relation in a score, at most, of relation times belief."""
    joint = np.minimum(np.maximum(joint, NO_ANCHOR) * FLOAT32, 1.0)
    return weighted("relation", RELATION_FLOOR + (1 - RELATION_FLOOR) * joint, POWERS)


def least_joint(factor: float) -> float:
    """Return what relation times belief is at the least where its factor is at least `factor`; 2 where it cannot be."""
    tried = np.linspace(0.0, 1.0, 1001)
    enough = relation_factor(tried) >= factor
    return float(tried[max(int(enough.argmax()) - 1, 0)]) if enough.any() else 2.0


@cache
def reach(predicate: str, least: float) -> float:
    """Return how far apart in metres footprints may be for a relation to be more than `least`."""
    gaps = np.arange(STEP_M, FARTHEST_M, STEP_M)
    more = np.flatnonzero(REACH[predicate](gaps) > least)
    return STEP_M if not len(more) else np.inf if more[-1] == len(gaps) - 1 else float(gaps[more[-1]] + 2 * STEP_M)
