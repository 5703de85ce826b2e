"""Upper bounds on the scores of single objects, from the columns that lie beside a mapped index.

A label that says another name costs a hit so much (name_factors.OTHER_LABEL) that the objects whose labels agree with
the noun come first, and all others only when those are used up. Among the agreeing ones the name is bounded by the
quantised vectors, colours, shapes and measures by the columns, and relations between boxes by all pairs of a target
with an anchor of its scene at once, thousands of scenes together. What cannot be told from there counts as 1, so
nothing that may win is passed over; what is visited is ranked from the database.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from core3d_search.query import Phrase, Relation
from core3d_search.query.nouns import OR, canonical, likeness, spoken_names
from core3d_search.relations import PREDICATES, Circumstances, ObjectTable, looks, places, rooms
from core3d_search.relations.pairs import Pairs
from core3d_search.search.candidates import SLACK, Bounded, Bounds, Ids
from core3d_search.search.given_names import named_probability
from core3d_search.search.look_factors import SEEN
from core3d_search.search.name_factors import OTHER_LABEL
from core3d_search.search.relation_factors import NO_ANCHOR, RELATION_FLOOR
from core3d_search.search.scoring import POWERS, weighted
from core3d_search.search.spaces import EmbeddingSpace, Question
from core3d_search.vectors.mapped import MappedIndex
from core3d_search.vectors.segments import CHUNK, Segment

BOXES_ALONE = frozenset(
    {
        "near",
        "touching",
        "against",
        "attached",
        "on",
        "supports",
        "above",
        "below",
        "inside",
        "contains",
        "part",
        "with",
    }
)
"""Relations that two boxes decide, wherever the room's walls and its viewer are."""

FIRST_REFINED, GROWTH = 1024, 4
"""Objects whose looks and relations are bounded at first, and how many times more at each further step."""

FIRST_CLOSELY, MOST_CLOSELY = 32, 1024
"""Objects whose relations to all objects of their scenes are bounded at first, and at a time."""

LEAST_BELIEF = 0.05
"""What an anchor is believed at the least, so that the many which are nothing like it are not measured."""

FLOAT32 = 1.0005
"""Boxes in the columns are float32: how much a bound made of them is widened."""

DEVIATIONS = 6.0
"""Standard deviations of the rounding of quantised vectors that a bound allows for (segments.rounding)."""

Turns = Mapping[int, npt.NDArray[np.float64]]
"""By scene id the rotation (3, 3) that turns it upright; scenes that stand upright are left out."""


Groups = Mapping[float, Sequence[tuple[int, Ids]]]
"""By how well their labels agree with a noun: positions of segments and rows in them."""


@dataclass(frozen=True, eq=False)
class _Rows:
    """Some rows of one segment, with an upper bound on the score that their names and labels leave."""

    part: Segment
    rows: Ids
    bounds: Bounds
    similar: Bounds


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
    target = question.query.target
    index = space.index
    if not isinstance(index, MappedIndex) or question.has_reference:
        return None
    if target.names != _one_thing(target.noun) or canonical(target.noun) not in kinds:
        return None
    return _Bounding(space, index, question, kinds, turns, least, allowed).all()


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
    def relations(self) -> list[tuple[Relation, Groups | None]]:
        """The relations that boxes tell, each with the objects that may be its anchor."""
        told = [each for each in self.target.relations if self._is_told_by_boxes(each)]
        return [(each, self._groups_of_anchors(each.anchors[0].noun)) for each in told]

    def _groups_of_anchors(self, noun: str) -> Groups | None:
        """Return None where no label of the database could say the noun, and labels have no say."""
        return _groups(self.index, noun) if canonical(noun) in self.kinds else None

    def all(self) -> Iterator[Bounded]:
        found = _settled(self._by_name())
        return _settled(self._looked_closely(found)) if self.relations else found

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
                yield self._closely(some), later

    def _closely(self, some: Bounded) -> Bounded:
        flat = _Flat.of(self.index, np.unique(some.scenes), self.turns)
        nouns = list(dict.fromkeys(_anchor_nouns([each for each, _ in self.relations])))
        likely = [self._all_named_by(part, rows, nouns) for part, rows, _ in flat.parts]
        for number, noun in enumerate(nouns):
            flat.likely[noun] = np.concatenate([of_part[number][0] for of_part in likely])
        place = flat.places(some.ids)
        factor = np.ones(len(flat.table))
        for relation, _ in self.relations:
            factor *= _relation_factor(self._joint(flat, relation, place))
        return replace(some, bounds=np.minimum(some.bounds, some.alone * factor[place]))

    def _joint(self, flat: _Flat, relation: Relation, targets: Ids) -> Bounds:
        """Return (N,) the best of relation times belief over all anchors in the scene of each of `targets`; 0 for all
        other rows."""
        belief = self._belief(flat, relation.anchors[0])
        anchors = np.flatnonzero(belief > LEAST_BELIEF)
        best = np.zeros(len(flat.table))
        np.maximum.at(best, targets, LEAST_BELIEF)
        own, asked = flat.scenes[anchors], flat.scenes[targets]
        t, a = _paired(asked, own)
        t, a = targets[t], anchors[a]
        differ = t != a
        t, a = t[differ], a[differ]
        if len(t):
            pairs = Pairs(flat.table, t, a[:, None])
            scores = PREDICATES[relation.predicate].score(pairs, Circumstances())[:, 0]
            np.maximum.at(best, t, scores * belief[a])
        return best

    def _belief(self, flat: _Flat, phrase: Phrase) -> Bounds:
        """Return (N,) the most that can be believed of each object as the anchor `phrase`."""
        belief = np.zeros(len(flat.table))
        labelled = canonical(phrase.noun) in self.kinds
        for part, rows, place in flat.parts:
            names = part.names.tolist()
            shares = np.array([*(likeness(phrase.noun, name) for name in names), 1.0])  # the last: no label
            given = np.array([*(_is_called(phrase.noun, name) for name in names), False])
            columns = part.columns[rows]
            label = OTHER_LABEL + (1 - OTHER_LABEL) * shares[columns["label"]] if labelled else 1.0
            named = label * flat.likely[phrase.noun][place : place + len(rows)]
            belief[place : place + len(rows)] = np.where(columns["given"] & given[columns["label"]], 1.0, named)
        likely = np.flatnonzero(belief > LEAST_BELIEF)
        for relation in phrase.relations:
            if self._is_told_by_boxes(relation) and len(likely):
                joint = np.maximum(self._joint(flat, relation, likely), NO_ANCHOR)
                belief[likely] *= RELATION_FLOOR + (1 - RELATION_FLOOR) * np.minimum(joint[likely] * FLOAT32, 1.0)
        return np.asarray(belief)

    def _by_name(self) -> Iterator[tuple[Bounded, float]]:
        """Yield the objects in the order of what names and labels leave, and what all later ones can reach."""
        groups = _groups(self.index, self.target.noun)
        shares = sorted(groups, reverse=True)
        ceilings = [_label_bound(share) for share in shares]
        for share, own, later in zip(shares, ceilings, [*ceilings[1:], 0.0], strict=True):
            named = self._named(groups[share], own)
            order = np.lexsort((-named.similar, -named.bounds))
            order = order[: int((named.bounds >= self.least).sum())]
            size, start = FIRST_REFINED, 0
            while start < len(order):
                chosen = order[start : start + size]
                rest = float(named.bounds[order[start + size]]) if start + size < len(order) else 0.0
                yield self._refined(named, chosen), max(rest, later)
                start, size = start + size, size * GROWTH
                if max(rest, later) * self._most_related < self.least:
                    return
            if later * self._most_related < self.least:
                return

    @cached_property
    def _most_related(self) -> float:
        """The most that relations leave of any object's score."""
        most = (self._most_alike(relation.anchors[0].noun) for relation, _ in self.relations)
        return float(np.prod([_relation_factor(np.array([each]))[0] for each in most]))

    def _named(self, group: Sequence[tuple[int, Ids]], label: float) -> _Named:
        parts = []
        for number, rows in group:
            part = self.index.parts[number]
            rows = _alive(self.index, number, rows)
            if self.allowed is not None:
                rows = rows[np.isin(part.ids[rows], self.allowed)]
            likely, similar = self._named_by(part, rows, self.target.noun)
            parts.append(_Rows(part, rows, weighted("target", likely, POWERS), similar))
        return _Named(parts, label)

    def _probability(self, part: Segment, rows: Ids, noun: str) -> Bounds:
        return self._named_by(part, rows, noun)[0]

    def _named_by(self, part: Segment, rows: Ids, noun: str) -> tuple[Bounds, Bounds]:
        """Return the most that probability and similarity of a name can be for each of `rows`."""
        return self._all_named_by(part, rows, [noun])[0]

    def _all_named_by(self, part: Segment, rows: Ids, nouns: Sequence[str]) -> list[tuple[Bounds, Bounds]]:
        """Return what `_named_by` does, of several nouns with one reading of the vectors."""
        calibration = self.space.calibration
        names = list(dict.fromkeys(name for noun in nouns for name in spoken_names(noun)))
        texts = self.space.texts([*names, *calibration.neutral_phrases])
        products = np.zeros((len(rows), len(texts)))
        for start in range(0, len(rows), CHUNK):
            some = rows[start : start + CHUNK]
            products[start : start + CHUNK] = (part.codes[some].astype(np.float32) @ texts.T) * part.scales[some, None]
        deviation = part.scales[rows] / np.sqrt(12)
        neutral = products[:, len(names) :].max(axis=1, keepdims=True)
        likely = {}
        for place, name in enumerate(names):
            away = float(np.linalg.norm(texts[len(names) :] - texts[place], axis=1).max())
            most = products[:, place] + DEVIATIONS * away * deviation + 1e-5
            likely[name] = calibration.probability(most, neutral)
        found = []
        for noun in nouns:
            best = np.max([likely[name] for name in spoken_names(noun)], axis=0)
            similar = products[:, names.index(noun)] + DEVIATIONS * deviation + 1e-5
            found.append((best, similar))
        return found

    # Looks and relations

    def _refined(self, named: _Named, chosen: Ids) -> Bounded:
        """Return some of the objects with what looks and relations leave of their bounds."""
        alone, ids, scenes = named.bounds[chosen], named.ids[chosen], named.scenes[chosen]
        target, bounds = self.target, alone
        if target.attributes or target.measures or self.relations:
            table = _table(ids, scenes, named.columns(chosen), self.turns)
            for factor in self._look_bounds(table):
                alone = alone * factor
            alone = bounds = np.minimum(alone * FLOAT32, named.bounds[chosen])
            for factor in self._relation_bounds(table, scenes):
                bounds = bounds * factor
        return Bounded(bounds, ids, scenes, alone, named.similar[chosen])

    def _look_bounds(self, table: ObjectTable) -> Iterator[Bounds]:
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

    def _relation_bounds(self, table: ObjectTable, scenes: Ids) -> Iterator[Bounds]:
        """Yield what relations to the anchors whose labels agree leave: a first sieve, before `_closely`."""
        for relation, groups in self.relations:
            if groups is None:  # no label says the noun, and labels have no say
                yield _relation_factor(np.full(len(table), self._most_alike(relation.anchors[0].noun)))
                continue
            joint = np.full(len(table), OTHER_LABEL)  # of anchors whose labels say something else
            for share, group in groups.items():
                if share == 0:
                    continue
                label = OTHER_LABEL + (1 - OTHER_LABEL) * share
                joint = np.maximum(joint, self._pairs_bound(table, scenes, relation, group, label))
            yield _relation_factor(joint)

    def _most_alike(self, noun: str) -> float:
        """Return the most that any object can be believed to be a `noun`, as far as the index finds the nearest."""
        calibration = self.space.calibration
        names = spoken_names(noun)
        texts = self.space.texts([*names, *calibration.neutral_phrases])
        found = self.index.search((texts[: len(names)] - texts[len(names) :].mean(axis=0)).astype(np.float32), 1)
        nearest = found.similarities[:, 0].astype(np.float64) + SLACK
        return max(float(calibration.probability(nearest, np.zeros((len(names), 1))).max()), LEAST_BELIEF)

    def _pairs_bound(
        self, table: ObjectTable, scenes: Ids, relation: Relation, group: Sequence[tuple[int, Ids]], label: float
    ) -> Bounds:
        """Return for each target the best of relation times belief, over the anchors of one group in its scene."""
        best = np.zeros(len(table))
        noun = relation.anchors[0].noun
        asked = np.unique(scenes)
        for number, rows in group:
            part = self.index.parts[number]
            rows = _alive(self.index, number, rows)
            rows = rows[_contains(asked, part.scene_ids[rows])]
            rows = rows[np.argsort(part.scene_ids[rows], kind="stable")]
            own, columns = part.scene_ids[rows], part.columns[rows]
            t, a = _paired(scenes, own)
            if not len(t):
                continue
            belief = np.where(columns["given"], 1.0, label * self._probability(part, rows, noun))
            both = _stacked(table, _table(part.ids[rows], own, columns, self.turns))
            pairs = Pairs(both, t, (len(table) + a)[:, None])
            scores = PREDICATES[relation.predicate].score(pairs, Circumstances())[:, 0] * belief[a]
            scores[table.ids[t] == part.ids[rows][a]] = 0.0
            np.maximum.at(best, t, scores)
        return best

    def _is_told_by_boxes(self, relation: Relation) -> bool:
        if relation.negated or relation.predicate not in BOXES_ALONE or len(relation.anchors) != 1:
            return False
        anchor: Phrase = relation.anchors[0]
        noun = canonical(anchor.noun)
        place = noun in places.NAMED or noun in places.ROOMS or rooms.SAME_ROOM.get(noun, noun) in rooms.TYPICAL
        return anchor.names == _one_thing(anchor.noun) and not place


class _Named:
    """Objects of several segments, with what names and labels leave of their scores."""

    def __init__(self, parts: Sequence[_Rows], label: float) -> None:
        self._parts = parts
        self._starts = np.cumsum([0, *(len(each.rows) for each in parts)])
        nothing = np.zeros(0, np.int64)
        self.bounds = np.concatenate([np.zeros(0), *(each.bounds for each in parts)]) * label
        self.similar = np.concatenate([np.zeros(0), *(each.similar for each in parts)])
        self.ids = np.concatenate([nothing, *(each.part.ids[each.rows] for each in parts)])
        self.scenes = np.concatenate([nothing, *(each.part.scene_ids[each.rows] for each in parts)])

    def columns(self, chosen: Ids) -> npt.NDArray[np.void]:
        """Return the columns of some of the objects, in their order."""
        if len(self._parts) == 1:
            return np.asarray(self._parts[0].part.columns[self._parts[0].rows[chosen]])
        where = np.searchsorted(self._starts, chosen, side="right") - 1
        made = np.empty(len(chosen), self._parts[0].part.columns.dtype)
        for number, each in enumerate(self._parts):
            here = where == number
            made[here] = each.part.columns[each.rows[chosen[here] - self._starts[number]]]
        return made


@dataclass(frozen=True, eq=False)
class _Flat:
    """All objects of some scenes: their `table`, scene by scene the ids of their `scenes` (N,), and of which rows of
    which segments they are, each with the first place in the table. `likely` (N,) is the most that they can be called a
    noun."""

    table: ObjectTable
    scenes: Ids
    parts: Sequence[tuple[Segment, Ids, int]]
    likely: dict[str, Bounds] = field(default_factory=dict)

    @classmethod
    def of(cls, index: MappedIndex, wanted: Ids, turns: Turns) -> _Flat:
        parts, place = [], 0
        for number, part in enumerate(index.parts):
            rows = _alive(index, number, part.in_scenes(wanted))
            if len(rows):
                parts.append((part, rows, place))
                place += len(rows)
        ids = np.concatenate([part.ids[rows] for part, rows, _ in parts])
        scenes = np.concatenate([part.scene_ids[rows] for part, rows, _ in parts])
        columns = np.concatenate([part.columns[rows] for part, rows, _ in parts])
        return cls(_table(ids, scenes, columns, turns), scenes, parts)

    def places(self, ids: Ids) -> Ids:
        """Return where in the table the objects `ids` are."""
        order = np.argsort(self.table.ids)
        return np.asarray(order[np.searchsorted(self.table.ids[order], ids)])


def _settled(steps: Iterator[tuple[Bounded, float]]) -> Iterator[Bounded]:
    """Yield the objects of all steps in one order; each step comes with what all later ones can reach."""
    waiting = Bounded.nothing()
    for candidates, least in steps:
        waiting = Bounded.sorted([waiting, candidates])
        ready = int((waiting.bounds > least).sum())  # of equal bounds the more similar come first, later ones too
        if ready:
            yield waiting[:ready]
            waiting = waiting[ready:]
    if len(waiting):
        yield waiting


def _paired(first: Ids, second: Ids) -> tuple[Ids, Ids]:
    """Return all pairs of places whose values in `first` (T,) and `second` (A,) are equal."""
    order = np.argsort(second, kind="stable")
    begin, end = (np.searchsorted(second[order], first, side=side) for side in ("left", "right"))
    count = end - begin
    t = np.repeat(np.arange(len(first)), count)
    a = np.arange(len(t)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(begin, count)
    return t, order[a]


def _one_thing(noun: str) -> tuple[str, ...] | None:
    """Return the names of a noun that asks for one kind of thing; None for "sofa or bench"."""
    return None if OR in noun or not noun else spoken_names(noun)


def _anchor_nouns(relations: Sequence[Relation]) -> Iterator[str]:
    """Yield the nouns of all anchors, and of the anchors of these."""
    for anchor in (anchor for relation in relations for anchor in relation.anchors):
        yield anchor.noun
        yield from _anchor_nouns(anchor.relations)


def _relation_factor(joint: Bounds) -> Bounds:
    joint = np.minimum(np.maximum(joint, NO_ANCHOR) * FLOAT32, 1.0)
    return weighted("relation", RELATION_FLOOR + (1 - RELATION_FLOOR) * joint, POWERS)


@lru_cache(maxsize=65536)
def _is_called(noun: str, name: str) -> bool:
    """Whether a file that gave an object this name may have meant `noun`."""
    return bool(named_probability(noun, [name])[0] > 0)


def _groups(index: MappedIndex, noun: str) -> Groups:
    """Return, by how well labels agree with `noun`, the rows of each segment that bear them."""
    found: dict[float, list[tuple[int, Ids]]] = {}
    for number, part in enumerate(index.parts):
        by_share: dict[float, list[int]] = {1.0: [-1]}  # what has no label is contradicted by none
        for code, (name, given) in enumerate(zip(part.names.tolist(), part.given.tolist(), strict=True)):
            by_share.setdefault(1.0 if given and _is_called(noun, name) else likeness(noun, name), []).append(code)
        for share, codes in by_share.items():
            rows = np.sort(np.concatenate([part.labelled(code) for code in codes]))
            found.setdefault(share, []).append((number, rows))
    return found


def _label_bound(share: float) -> float:
    agreed = OTHER_LABEL + (1 - OTHER_LABEL) * share
    return float(weighted("label", np.array([agreed]), POWERS)[0])


def _alive(index: MappedIndex, number: int, rows: Ids) -> Ids:
    live = index.live[number]
    return rows if live is None else rows[live[rows]]


def _contains(ascending: Ids, values: Ids) -> npt.NDArray[np.bool_]:
    place = np.minimum(np.searchsorted(ascending, values), len(ascending) - 1)
    return np.asarray(ascending[place] == values)


def _table(ids: Ids, scenes: Ids, columns: npt.NDArray[np.void], turns: Turns) -> ObjectTable:
    """Return objects of several scenes, each turned upright."""
    centers, rotations = columns["center"].astype(np.float64), columns["rotation"].astype(np.float64)
    if turns:
        own, where = np.unique(scenes, return_inverse=True)
        turn = np.stack([turns.get(int(scene), np.eye(3)) for scene in own])[where]
        centers = np.einsum("nij,nj->ni", turn, centers)
        rotations = turn @ rotations
    colors = columns["color"].astype(np.float64)
    return ObjectTable(ids, centers, columns["extent"].astype(np.float64), rotations, colors)


def _stacked(first: ObjectTable, second: ObjectTable) -> ObjectTable:
    return ObjectTable(
        np.concatenate([first.ids, second.ids]),
        np.concatenate([first.centers, second.centers]),
        np.concatenate([first.extents, second.extents]),
        np.concatenate([first.rotations, second.rotations]),
    )
