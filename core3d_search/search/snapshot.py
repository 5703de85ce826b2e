"""One generation of the database, as questions see it: scenes turned upright, objects, embeddings, rankings."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache, partial, reduce
from heapq import merge
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Hit, Reason
from core3d_search.errors import StoreError
from core3d_search.geometry import level_from_world
from core3d_search.query import Phrase, Query, ReferenceFrame, parse
from core3d_search.query.mixture import parse_mixture
from core3d_search.query.nouns import canonical, likeness
from core3d_search.relations import ObjectTable
from core3d_search.search.belief import MOST_TARGETS
from core3d_search.search.bounds import Turns, bounded_objects
from core3d_search.search.candidates import Bounded, Ids, from_index, is_of_single_objects, probes
from core3d_search.search.explanation import Explanation
from core3d_search.search.given_names import called_probability, named_probability, with_names
from core3d_search.search.kept import MostRecent
from core3d_search.search.ranking import Match, PhraseMatch, rank_scenes
from core3d_search.search.scoring import POWERS
from core3d_search.search.spaces import EmbeddingSpace, Question
from core3d_search.search.ties import order
from core3d_search.store import Store, StoredObjects
from core3d_search.vectors.mapped import MappedIndex

if TYPE_CHECKING:
    from core3d_search.query.llm import LlmParser

MOST_KEPT = 256
"""Scenes whose objects stay in memory; the least recently asked go first."""

READ_TOGETHER = 5
"""Scenes whose rows are read in one statement."""

FIRST_RANKED, GROWTH = 32, 4
"""Single objects that are ranked at first, and how many times more at each further step."""

RIVAL = 0.25
"""Bound on a score below which a name is too unlikely to stand in the way of another one in an order."""


Rank = Callable[[float], list[Hit]]
"""Returns the hits of some scenes or objects, none below a threshold."""

Held = tuple[StoredObjects, npt.NDArray[np.float32]]
"""The objects of a scene and their embeddings (N, D), both by id."""


class Snapshot:
    """One generation of the database, loaded piece by piece as questions need it."""

    def __init__(
        self, store: Store, llm: LlmParser | None, before: Snapshot | None = None, language: str | None = None
    ) -> None:
        """Begin with what is known of the scenes; `before` is an earlier generation of the same database."""
        self.store, self.llm, self.generation = store, llm, store.generation
        self.language = language
        self._scenes = {scene.name: scene for scene in store.searchable_scenes()}
        models = {scene.model.key: scene.model for scene in self._scenes.values() if scene.object_count}
        earlier = {} if before is None else before.spaces
        self.spaces: dict[tuple[str, str], EmbeddingSpace] = {
            key: EmbeddingSpace(store, model, earlier.get(key)) for key, model in models.items()
        }
        self._ids = {name: scene.id for name, scene in self._scenes.items()}
        self._names = {scene.id: name for name, scene in self._scenes.items()}
        turns = {scene.id: level_from_world(scene.up) for scene in self._scenes.values() if _is_tilted(scene.up)}
        self._turns: Turns = turns
        self._kept = MostRecent[Held](MOST_KEPT)
        self.table = lru_cache(MOST_KEPT)(self._table)

    @cached_property
    def _spelled_labels(self) -> list[str]:
        return self.store.labels()

    @cached_property
    def _lowered(self) -> list[tuple[str, str]]:
        """The names of all scenes in lower case, and as they are."""
        return [(name.lower(), name) for name in self._scenes]

    @cached_property
    def _given_labels(self) -> list[str]:
        """The labels that some scene's own files gave to an object; all labels where that is not known at once."""
        given: set[str] = set()
        for space in self.spaces.values():
            if not isinstance(space.index, MappedIndex):
                return self._spelled_labels
            given.update(name for part in space.index.parts for name in part.names[part.given].tolist())
        return [label for label in self._spelled_labels if label in given]

    @cached_property
    def _labels(self) -> frozenset[str]:
        return frozenset(label.lower() for label in self._spelled_labels)

    @cached_property
    def _kinds(self) -> frozenset[str]:
        return self._labels | {canonical(label) for label in self._labels}

    def read(self, text: str) -> Explanation:
        labels = set(self._labels)
        if parse_mixture(text):
            return Explanation(Query(Phrase(noun=text.strip()), text=text))
        if self.llm is None:
            lowered = text.lower()
            mentioned = [name for low, name in self._lowered if low in lowered]
            return Explanation(parse(text, labels, mentioned, self.language))
        reading = self.llm.parse(text, vocabulary=labels, scenes=list(self._scenes))
        return Explanation(reading.query, reading.by, reading.note)

    def question(self, text: str, image: Any, like: int | None, frame: ReferenceFrame | None) -> Question:
        mixture = parse_mixture(text)
        if mixture:
            query = Query(Phrase(noun=text.strip()), text=text)
            return Question(query, mixture, image, like)
        if image is not None or like is not None:
            text = re.sub(
                r"^\s*(?:(?:something |one )?like (?:this|that|it)\b)?[\s,]*(?:but|only)?\s*", "", text, flags=re.I
            )
        query = self.read(text).query if text else Query(Phrase())
        return Question(replace(query, target=_framed(query.target, frame)), (), image, like)

    def named(self, scenes: Collection[str] | None, question: Question) -> list[str] | None:
        """Return the scenes that the caller or the text names, None where all are asked."""
        if scenes is None and question.query.scene is not None:
            scenes = [question.query.scene]
        if scenes is None:
            return None
        return sorted(name if name in self._scenes else self.store.scene(name).name for name in set(scenes))

    @cached_property
    def filled(self) -> list[str]:
        """The scenes that have objects, by name."""
        return sorted(name for name, scene in self._scenes.items() if scene.object_count)

    def allowed(self, label: str | None, tag: str | None) -> npt.NDArray[np.int64] | None:
        """Return the ids of the objects with this label and this tag; None where neither is asked for."""
        sets = [] if label is None else [self.store.ids_labelled(label)]
        sets += [] if tag is None else [self.store.objects_tagged(tag)]
        return reduce(np.intersect1d, sets) if sets else None

    def to_rank(
        self, question: Question, named: Sequence[str] | None, least: float, ids: Ids | None = None
    ) -> Iterator[tuple[float, float, Rank]]:
        """Yield steps, each with the best score that it or any later one may reach, and the greatest similarity that
        goes with such a score: a function that ranks the scenes or objects of the step and returns their hits, none
        below the threshold it is given.

        `named` are the scenes that are asked, None for all. What cannot reach `least` may be left out. With `ids` only
        scenes that have one of these objects.
        """
        if named is not None:
            yield from ((1.0, 1.0, partial(self.fitting, scene, question)) for scene in named)
        elif is_of_single_objects(question.query):
            yield from self._groups_by_bound(question, least, ids)
        else:
            visits = self._read_ahead(self.by_bound(question, least, ids))
            yield from ((bound, 1.0, partial(self.fitting, scene, question)) for bound, scene in visits)

    def _read_ahead(self, visits: Iterator[tuple[float, str]]) -> Iterator[tuple[float, str]]:
        """Yield `visits`; the scenes of the next few are read together, which takes half the time."""
        while some := list(islice(visits, READ_TOGETHER)):
            self._read([scene for _, scene in some])
            yield from some

    def _read(self, names: Sequence[str]) -> None:
        """Read objects and embeddings of those scenes that are not in memory."""
        by_model: dict[tuple[str, str], list[int]] = {}
        for scene in (self._scenes[name] for name in names if name in self._scenes and name not in self._kept):
            by_model.setdefault(scene.model.key, []).append(scene.id)
        for key, scene_ids in by_model.items():
            stored = self.store.objects_in(scene_ids)
            embedded = self.store.embeddings(self.spaces[key].model, scene_ids) if key in self.spaces else None
            owners = np.array([self._ids.get(name, -1) for name in stored.scenes], np.int64)
            for scene_id in scene_ids:
                own = np.zeros((0, 0), np.float32)
                if embedded is not None:
                    own = embedded.vectors[embedded.scene_ids == scene_id]
                self._kept.put(self._names[scene_id], (stored.among(owners == scene_id), own))

    def _held(self, scene: str) -> Held:
        """Return objects and embeddings of `scene`."""
        held = self._kept.get(scene)
        if held is None and scene in self._scenes:
            self._read([scene])
            held = self._kept.get(scene)
        return (self.store.object_table(scene), np.zeros((0, 0), np.float32)) if held is None else held

    def stored(self, scene: str) -> StoredObjects:
        return self._held(scene)[0]

    def by_bound(self, question: Question, least: float, ids: Ids | None = None) -> Iterator[tuple[float, str]]:
        """Yield the scenes to rank, each with the best score that a hit in it or in any later one may reach.

        With `ids` only scenes that have one of these objects.
        """
        naming = self._naming(question)
        yield from ((1.0, name) for name in naming)
        visited = {self._ids[name] for name in naming}
        for _, found in self._objects_by_bound(question, least, ids):
            if found is None:
                yield from ((1.0, name) for name in self.filled if name not in naming)
                return
            for bound, scene in zip(found.bounds.tolist(), found.scenes.tolist(), strict=True):
                if scene not in visited:
                    visited.add(scene)
                    yield bound, self._names[scene]

    def _groups_by_bound(
        self, question: Question, least: float, ids: Ids | None
    ) -> Iterator[tuple[float, float, Rank]]:
        """Yield the steps of `to_rank` for a question of single objects."""
        naming = self._naming(question)
        yield from ((1.0, 1.0, partial(self.fitting, name, question)) for name in naming)
        known = np.array([self._ids[name] for name in naming], np.int64)
        size = FIRST_RANKED
        for space, found in self._objects_by_bound(question, least, ids):
            if space is None or found is None:
                rest = (name for name in self.filled if name not in naming)
                yield from ((1.0, 1.0, partial(self.fitting, name, question)) for name in rest)
                return
            found = found[~np.isin(found.scenes, known)]
            start = 0
            while start < len(found):
                some = found[start : start + size]
                rank = partial(self.fitting_objects, space, some.ids, question)
                yield float(some.bounds[0]), float(some.similar[0]), rank
                start, size = start + size, min(size * GROWTH, MOST_TARGETS)

    def _objects_by_bound(
        self, question: Question, least: float, ids: Ids | None
    ) -> Iterator[tuple[EmbeddingSpace | None, Bounded | None]]:
        """Yield all objects, those of several spaces in turns, bounds descending from one group to the next; nothing
        (None) where any object is as good as any other."""
        each = []
        for space in self.spaces.values():
            bounded = bounded_objects(space, question, self._kinds, self._turns, least, ids)
            if bounded is None:
                asked = probes(space, question)
                if asked is None:
                    yield None, None
                    return
                each += [_with(space, from_index(space, one, self._ids, ids)) for one in asked]
            else:
                each.append(_with(space, bounded))
        yield from each[0] if len(each) == 1 else _in_turns(each)

    def _naming(self, question: Question) -> list[str]:
        """Return the scenes whose own files give an object the name that is asked for."""
        if question.has_reference:
            return []
        labels = self._given_labels
        if not labels:
            return []
        named = named_probability(question.query.target.noun, labels) + called_probability(question.query.text, labels)
        return sorted(self.store.scenes_naming([labels[k] for k in np.flatnonzero(named)]))

    def rivals(self, question: Question) -> list[str]:
        """Return the scenes that an order over all scenes is taken over: those where some name may reach `RIVAL`."""
        likely = takewhile(lambda pair: pair[0] >= RIVAL, self.by_bound(question, RIVAL))
        return sorted(scene for _, scene in likely)

    def _table(self, scene: str) -> ObjectTable:
        """Return the objects of `scene`, turned so that z points up."""
        stored = self.stored(scene)
        self._check_count(scene, len(stored), "objects")
        return self._upright(stored, scene)

    def _upright(self, stored: StoredObjects, scene: str = "") -> ObjectTable:
        """Return objects of one scene or of several, each turned so that z points up."""
        centers, rotations, fronts = stored.centers, stored.rotations, stored.fronts
        if self._turns:
            turn = np.stack([self._turns.get(self._ids.get(name, -1), np.eye(3)) for name in stored.scenes or ("",)])
            centers, fronts = (np.einsum("nij,nj->ni", turn[: len(stored)], each) for each in (centers, fronts))
            rotations = turn[: len(stored)] @ rotations
        return ObjectTable(
            ids=stored.ids,
            centers=centers,
            extents=stored.extents,
            rotations=rotations,
            colors=stored.dominant_colors.astype(np.float64),
            fronts=fronts,
            labels=stored.labels,
            scene=scene,
        )

    def _vectors(self, scene: str) -> npt.NDArray[np.float32]:
        """Return the embeddings (N, D) of the objects of `scene`, by id."""
        vectors = self._held(scene)[1]
        self._check_count(scene, len(vectors), "embeddings")
        return vectors

    def _check_count(self, scene: str, count: int, what: str) -> None:
        """Raise StoreError where rows of a scene are lost: half a scene would be an answer that looks complete."""
        expected = self._scenes[scene].object_count if scene in self._scenes else 0
        if count != expected and self.store.generation == self.generation:
            raise StoreError(
                f"scene {scene!r} in {self.store.location} is damaged: it has {count} {what} where {expected} were "
                "written; index it again with --force, or see `core3d db repair`"
            )

    def fitting(self, scene: str, question: Question, threshold: float) -> list[Hit]:
        """Return the objects of `scene` that fit, best first, none below `threshold`."""
        return self.fitting_together([scene], question, threshold)

    def fitting_objects(self, space: EmbeddingSpace, ids: Ids, question: Question, threshold: float) -> list[Hit]:
        """Return those of some objects that fit, for a question of single objects; best first, none below the
        threshold."""
        stored = self.store.objects_with(ids.tolist())
        embedded = self.store.embeddings_of(space.model, ids.tolist())
        if not np.array_equal(stored.ids, embedded.ids) or len(stored) < len(ids):
            if self.store.generation == self.generation:
                lost = sorted(set(ids.tolist()) - (set(stored.ids.tolist()) & set(embedded.ids.tolist())))
                raise StoreError(
                    f"object {lost[0]} in {self.store.location} is damaged: its row or its embedding is missing; index "
                    "its scene again with --force, or see `core3d db repair`"
                )
            both = np.intersect1d(stored.ids, embedded.ids)  # an indexer is writing: the next search sees it whole
            return self.fitting_objects(space, both, question, threshold) if len(both) else []
        scene = dict(zip(stored.ids.tolist(), stored.scenes, strict=True))
        noun = question.query.target.noun
        partly = np.array([label is not None and 0 < likeness(noun, label) < 1 for label in stored.labels], bool)
        if partly.any() and not question.has_reference:  # who is merely alike counts by the rest of its scene
            own = set(stored.ids[partly].tolist())
            within = sorted({scene[key] for key in own})
            found = [hit for name in within for hit in self.fitting(name, question, threshold) if hit.object_id in own]
            rest = stored.ids[~partly]
            return found + (self.fitting_objects(space, rest, question, threshold) if len(rest) else [])
        pair = self._upright(stored), self._matching(space, embedded.vectors, _given(stored), question)
        hits = self._ranked([pair], question, threshold)
        return [replace(hit, scene=scene[hit.object_id]) for hit in hits]

    def _ranked(self, pairs: Sequence[tuple[ObjectTable, Match]], question: Question, threshold: float) -> list[Hit]:
        kinds = self._kinds if not question.has_reference else frozenset[str]()
        several = question.query.scene is None and len(self.filled) > 1
        return rank_scenes(question.query, pairs, threshold=threshold, powers=POWERS, kinds=kinds, several=several)

    def fitting_together(self, scenes: Sequence[str], question: Question, threshold: float) -> list[Hit]:
        """Return the objects of several scenes that fit; orders ("the largest") are taken over all of them."""
        pairs = [(self.table(scene), self.match(scene, question)) for scene in scenes]
        hits = self._ranked(pairs, question, threshold)
        found = {hit.object_id: hit for hit in hits}
        for hit in (called for scene in scenes for called in self._called(scene, question)):
            if hit.score >= threshold and (hit.object_id not in found or hit.score > found[hit.object_id].score):
                found[hit.object_id] = hit
        return sorted(found.values(), key=order)

    def _called(self, scene: str, question: Question) -> list[Hit]:
        """Return the objects whose given names hold every word of the question, however it is read otherwise."""
        names = self._given_names(scene)
        if question.has_reference or not any(names):
            return []
        table, text = self.table(scene), question.query.text
        called = called_probability(text, names)
        reasons = {row: f"{text}, by its name {names[row]!r}" for row in np.flatnonzero(called).tolist()}
        return [
            Hit(
                scene, int(table.ids[row]), float(called[row]), 0.0, table.box(row), table.labels[row],
                (Reason("target", said, float(called[row])),),
            )
            for row, said in reasons.items()
        ]  # fmt: skip

    def _given_names(self, scene: str) -> tuple[str | None, ...]:
        """Return the name that the scene's own files gave to each object, None where a model chose the label."""
        return _given(self.stored(scene))

    def match(self, scene: str, question: Question) -> Match:
        """Return the function that compares phrases with the objects of `scene`."""
        if not len(self.table(scene)):
            return lambda texts: [PhraseMatch(np.zeros(0), np.zeros(0)) for _ in texts]
        space = self.spaces[self._scenes[scene].model.key]
        return self._matching(space, self._vectors(scene), self._given_names(scene), question)

    def _matching(
        self, space: EmbeddingSpace, vectors: npt.NDArray[np.float32], given: Sequence[str | None], question: Question
    ) -> Match:
        referring = question.query.target.noun if question.has_reference else None

        def match(texts: Sequence[str]) -> list[PhraseMatch]:
            words = [text for text in texts if text != referring]
            found = dict(zip(words, space.compare_texts(words, vectors), strict=True))
            named = {text: with_names(match, text, given) for text, match in found.items()}
            return [named[text] if text in named else space.compare_reference(question, vectors) for text in texts]

        return match

    def is_within(self, hit: Hit, sphere: tuple[float, float, float, float]) -> bool:
        return bool(np.linalg.norm(self._placed(hit).box.center - sphere[:3]) <= sphere[3])

    def in_world(self, hits: Sequence[Hit]) -> list[Hit]:
        """Return `hits` with their boxes in the scans' own coordinates: as stored, the scenes' origins added."""
        return [self._placed(hit) for hit in hits]

    def _placed(self, hit: Hit) -> Hit:
        scene = self._scenes.get(hit.scene)
        if scene is None:
            return hit
        box = hit.box
        if scene.id in self._turns:  # turned back it would not be what was stored to the last bit
            stored = self.stored(hit.scene)
            box = stored.box(int(stored.positions([hit.object_id])[0]))
        return replace(hit, box=box.moved(scene.origin))


Spaced = tuple[EmbeddingSpace, Bounded]


def _with(space: EmbeddingSpace, groups: Iterator[Bounded]) -> Iterator[Spaced]:
    return ((space, group) for group in groups)


def _in_turns(several: Sequence[Iterator[Spaced]]) -> Iterator[Spaced]:
    """Yield the objects of several orders in one order, each object once."""

    def singly(groups: Iterator[Spaced]) -> Iterator[Spaced]:
        return ((space, group[n : n + 1]) for space, group in groups for n in range(len(group)))

    seen: set[int] = set()
    together: list[Bounded] = []
    last: EmbeddingSpace | None = None
    for space, one in merge(*map(singly, several), key=lambda pair: -float(pair[1].bounds[0])):
        if last is not None and together and (space is not last or len(together) == FIRST_RANKED):
            yield last, Bounded.sorted(together)
            together = []
        last = space
        if int(one.ids[0]) not in seen:
            seen.add(int(one.ids[0]))
            together.append(one)
    if last is not None and together:
        yield last, Bounded.sorted(together)


def _given(stored: StoredObjects) -> tuple[str | None, ...]:
    """Return the name that the scene's own files gave to each object, None where a model chose the label."""
    given = (stored.label_scores == 1.0).tolist()
    return tuple(label if sure else None for sure, label in zip(given, stored.labels, strict=True))


def _is_tilted(up: tuple[float, float, float] | None) -> bool:
    return up is not None and up[2] <= 1 - 1e-9


def _framed(phrase: Phrase, frame: ReferenceFrame | None) -> Phrase:
    """Return `phrase` with `frame` in every relation that names none itself."""
    if frame is None:
        return phrase
    relations = tuple(
        replace(r, frame=r.frame or frame, anchors=tuple(_framed(a, frame) for a in r.anchors))
        for r in phrase.relations
    )
    return replace(phrase, relations=relations)
