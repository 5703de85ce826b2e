"""One generation of the database, as questions see it: scenes turned upright, objects, embeddings, rankings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial, reduce
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Hit, Reason
from core3d_search.errors import StoreError
from core3d_search.query import Phrase, Query, ReferenceFrame, parse
from core3d_search.query.mixture import parse_mixture
from core3d_search.query.nouns import canonical, likeness
from core3d_search.relations import ObjectTable
from core3d_search.search.answers import counted
from core3d_search.search.belief import MOST_TARGETS
from core3d_search.search.candidates import Ids, is_of_single_objects
from core3d_search.search.counting import tallied
from core3d_search.search.explanation import Explanation
from core3d_search.search.given_names import called_probability, named_probability, with_names
from core3d_search.search.ranking import Match, PhraseMatch, rank_scenes
from core3d_search.search.scene_rows import SceneRows, given_names
from core3d_search.search.scoring import POWERS, calibrated
from core3d_search.search.spaces import EmbeddingSpace, Question
from core3d_search.search.ties import order
from core3d_search.search.visits import SceneVisit, Visits
from core3d_search.store import Store, StoredObjects
from core3d_search.vectors.mapped import MappedIndex

if TYPE_CHECKING:
    from core3d_search.query.llm import LlmParser

RIVAL = float(calibrated(0.25))
"""Bound on a score below which a name is too unlikely to stand in the way of another one in an order."""


Rank = Callable[[float], list[Hit]]
"""Returns the hits of some scenes or objects, none below a threshold."""


class Snapshot:
    """One generation of the database, loaded piece by piece as questions need it."""

    def __init__(
        self,
        store: Store,
        llm: LlmParser | None,
        before: Snapshot | None = None,
        language: str | None = None,
        vectors: str = "auto",
    ) -> None:
        """Begin with what is known of the scenes; `before` is an earlier generation of the same database."""
        self.store, self.llm, self.generation = store, llm, store.generation
        self.language = language
        self._scenes = {scene.name: scene for scene in store.searchable_scenes()}
        models = {scene.model.key: scene.model for scene in self._scenes.values() if scene.object_count}
        earlier = {} if before is None else before.spaces
        self.spaces: dict[tuple[str, str], EmbeddingSpace] = {
            key: EmbeddingSpace(store, model, earlier.get(key), vectors) for key, model in models.items()
        }
        self._rows = SceneRows(store, self.generation, self._scenes, self.spaces)

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
            return
        visits = self._visits(question, least, ids)
        single = is_of_single_objects(question.query)
        for visit in visits.of_objects() if single else visits.of_scenes_read_ahead():
            if isinstance(visit, SceneVisit):
                yield visit.bound, visit.similar, partial(self.fitting, visit.scene, question)
            else:
                yield visit.bound, visit.similar, partial(self.fitting_objects, visit.space, visit.ids, question)

    def _visits(self, question: Question, least: float, ids: Ids | None = None) -> Visits:
        naming = self._naming(question)
        return Visits(self._rows, self.spaces.values(), question, self._kinds, naming, self.filled, least, ids)

    def counts(self, question: Question, threshold: float) -> dict[str, int] | None:
        """Return how many objects of each scene fit, those with none left out; None where that takes ranking them."""
        if not is_of_single_objects(question.query):
            return None
        naming, counts = self._naming(question), Counter[str]()
        known = np.array([self._rows.ids[name] for name in naming], np.int64)
        hits = []
        for space in self.spaces.values():
            tally = tallied(space, question, self._kinds, threshold, known)
            if tally is None:
                return None
            counts.update({self._rows.names[scene]: count for scene, count in tally.sure.items()})
            for start in range(0, len(tally.unsure), MOST_TARGETS):
                some = np.array(tally.unsure[start : start + MOST_TARGETS], np.int64)
                hits += self.fitting_objects(space, some, question, threshold)
        for scene in naming:
            hits += self.fitting(scene, question, threshold)
        counts.update(hit.scene for hit in counted(question.query, hits))
        return dict(counts)

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
        visits = self._visits(question, RIVAL).of_scenes()
        return sorted(visit.scene for visit in takewhile(lambda visit: visit.bound >= RIVAL, visits))

    def table(self, scene: str) -> ObjectTable:
        """Return the objects of `scene`, turned so that z points up."""
        return self._rows.table(scene)

    def fitting(self, scene: str, question: Question, threshold: float) -> list[Hit]:
        """Return the objects of `scene` that fit, best first, none below `threshold`."""
        return self.fitting_together([scene], question, threshold)

    def fitting_objects(self, space: EmbeddingSpace, ids: Ids, question: Question, threshold: float) -> list[Hit]:
        """Return those of some objects that fit, for a question of single objects; best first, none below the
        threshold."""
        stored, vectors = self._read_objects(space, ids)
        noun = question.query.target.noun
        alike = np.array([0.0 if label is None else likeness(noun, label) for label in stored.labels])
        partly = (alike > 0) & (alike < 1) & (not question.has_reference)
        hits = self._fitting_rows(space, stored.among(~partly), vectors[~partly], question, threshold)
        if partly.any():  # who is merely alike counts by whether an object of its scene bears the very name
            hits += self._fitting_alike(space, stored.among(partly), question, threshold)
        return sorted(hits, key=order)

    def _fitting_alike(
        self, space: EmbeddingSpace, alike: StoredObjects, question: Question, threshold: float
    ) -> list[Hit]:
        noun = question.query.target.noun
        labels = frozenset(label for label in self._spelled_labels if likeness(noun, label) == 1.0)
        witnesses = self._rows.with_label(sorted(set(alike.scenes)), labels)
        beside = np.array([scene in witnesses for scene in alike.scenes], bool)
        hits = []
        for own, witness in ((alike.ids[~beside], []), (alike.ids[beside], list(witnesses.values())[:1])):
            if len(own):
                read = self._read_objects(space, np.union1d(own, np.array(witness, np.int64)))
                found = self._fitting_rows(space, *read, question, threshold)
                hits += [hit for hit in found if hit.object_id not in witness]
        return hits

    def _read_objects(self, space: EmbeddingSpace, ids: Ids) -> tuple[StoredObjects, npt.NDArray[np.float32]]:
        """Return some objects and their embeddings (N, D), by id; raises StoreError where one is lost."""
        stored = self.store.objects_with(ids.tolist())
        embedded = self.store.embeddings_of(space.model, ids.tolist())
        if np.array_equal(stored.ids, embedded.ids) and len(stored) == len(ids):
            return stored, embedded.vectors
        both = np.intersect1d(stored.ids, embedded.ids)
        if self.store.generation == self.generation:
            lost = np.setdiff1d(ids, both)
            raise StoreError(
                f"object {lost[0]} in {self.store.location} is damaged: its row or its embedding is missing; index "
                "its scene again with --force, or see `core3d db repair`"
            )
        # an indexer is writing: the next search sees it whole
        return stored.among(np.isin(stored.ids, both)), embedded.vectors[np.isin(embedded.ids, both)]

    def _fitting_rows(
        self, space: EmbeddingSpace, stored: StoredObjects, vectors: npt.NDArray[np.float32], question: Question,
        threshold: float,
    ) -> list[Hit]:  # fmt: skip
        """Return the hits among objects of any scenes, each for itself."""
        if not len(stored):
            return []
        scene = dict(zip(stored.ids.tolist(), stored.scenes, strict=True))
        pair = self._rows.upright(stored), self._matching(space, vectors, given_names(stored), question)
        return [replace(hit, scene=scene[hit.object_id]) for hit in self._ranked([pair], question, threshold)]

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
        called = calibrated(called_probability(text, names))
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
        return given_names(self._rows.stored(scene))

    def space_of(self, scene: str) -> EmbeddingSpace:
        """Return the space of the encoder that embedded the objects of `scene`, which has some."""
        return self.spaces[self._scenes[scene].model.key]

    def match(self, scene: str, question: Question) -> Match:
        """Return the function that compares phrases with the objects of `scene`."""
        if not len(self.table(scene)):
            return lambda texts: [PhraseMatch(np.zeros(0), np.zeros(0)) for _ in texts]
        return self._matching(self.space_of(scene), self._rows.vectors(scene), self._given_names(scene), question)

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
        if scene.id in self._rows.turns:  # turned back it would not be what was stored to the last bit
            stored = self._rows.stored(hit.scene)
            box = stored.box(int(stored.positions([hit.object_id])[0]))
        return replace(hit, box=box.moved(scene.origin))


def _framed(phrase: Phrase, frame: ReferenceFrame | None) -> Phrase:
    """Return `phrase` with `frame` in every relation that names none itself."""
    if frame is None:
        return phrase
    relations = tuple(
        replace(r, frame=r.frame or frame, anchors=tuple(_framed(a, frame) for a in r.anchors))
        for r in phrase.relations
    )
    return replace(phrase, relations=relations)
