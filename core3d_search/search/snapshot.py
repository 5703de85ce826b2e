"""One generation of the database, as questions see it: scenes turned upright, objects, embeddings, rankings."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache, reduce
from heapq import merge
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Hit, Reason
from core3d_search.errors import StoreError
from core3d_search.geometry import level_from_world
from core3d_search.query import Phrase, Query, ReferenceFrame, parse
from core3d_search.query.mixture import parse_mixture
from core3d_search.query.nouns import canonical
from core3d_search.relations import ObjectTable
from core3d_search.search.candidates import counts_by_scene, is_bare, probes, scenes_by_bound
from core3d_search.search.explanation import Explanation
from core3d_search.search.given_names import called_probability, named_probability, with_names
from core3d_search.search.ranking import Match, PhraseMatch, rank_scenes
from core3d_search.search.scoring import POWERS
from core3d_search.search.spaces import EmbeddingSpace, Question
from core3d_search.search.ties import order
from core3d_search.store import Store

if TYPE_CHECKING:
    from core3d_search.query.llm import LlmParser

MOST_KEPT = 256
"""Scenes whose objects stay in memory; the least recently asked go first."""

RIVAL = 0.25
"""Bound on a score below which a name is too unlikely to stand in the way of another one in an order."""


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
        self.stored = lru_cache(MOST_KEPT)(store.object_table)
        self.table = lru_cache(MOST_KEPT)(self._table)
        self._vectors = lru_cache(MOST_KEPT)(self._vectors_of)

    @cached_property
    def _labels(self) -> frozenset[str]:
        return frozenset(label.lower() for label in self.store.labels())

    @cached_property
    def _kinds(self) -> frozenset[str]:
        return frozenset(canonical(label) for label in self._labels)

    def read(self, text: str) -> Explanation:
        labels = set(self._labels)
        if parse_mixture(text):
            return Explanation(Query(Phrase(noun=text.strip()), text=text))
        if self.llm is None:
            return Explanation(parse(text, labels, list(self._scenes), self.language))
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
        return None if scenes is None else sorted(self.store.scene(name).name for name in set(scenes))

    @cached_property
    def filled(self) -> list[str]:
        """The scenes that have objects, by name."""
        return sorted(name for name, scene in self._scenes.items() if scene.object_count)

    def allowed(self, label: str | None, tag: str | None) -> npt.NDArray[np.int64] | None:
        """Return the ids of the objects with this label and this tag; None where neither is asked for."""
        sets = [] if label is None else [self.store.ids_labelled(label)]
        sets += [] if tag is None else [self.store.objects_tagged(tag)]
        return reduce(np.intersect1d, sets) if sets else None

    def by_bound(self, question: Question, ids: npt.NDArray[np.int64] | None = None) -> Iterator[tuple[float, str]]:
        """Yield the scenes to rank, each with the best score that a hit in it or in any later one may reach.

        With `ids` only scenes that have one of these objects.
        """
        naming = self._naming(question)
        yield from ((1.0, name) for name in naming)
        each = []
        for space in self.spaces.values():
            asked = probes(space, question)
            if asked is None:
                yield from ((1.0, name) for name in self.filled if name not in naming)
                return
            each += [scenes_by_bound(space, one, self.store.scenes_of, ids) for one in asked]
        visited = set(naming)
        for bound, scene in merge(*each, key=lambda pair: -pair[0]):
            if scene not in visited:
                visited.add(scene)
                yield bound, scene

    def _naming(self, question: Question) -> list[str]:
        """Return the scenes whose own files give an object the name that is asked for."""
        if question.has_reference:
            return []
        labels = self.store.labels()
        named = named_probability(question.query.target.noun, labels) + called_probability(question.query.text, labels)
        return sorted(self.store.scenes_naming([labels[k] for k in np.flatnonzero(named)]))

    def rivals(self, question: Question) -> list[str]:
        """Return the scenes that an order over all scenes is taken over: those where some name may reach `RIVAL`."""
        return sorted(scene for bound, scene in self.by_bound(question, None) if bound >= RIVAL)

    def counts(self, question: Question, threshold: float) -> dict[str, int] | None:
        """Return how many objects of each scene that has some fit a bare noun; None for any other question.

        None too for a noun that labels name, for then the label has a say in every score.
        """
        target = question.query.target
        if self._naming(question):
            return None
        asked = {key: probes(space, question) for key, space in self.spaces.items()}
        one_name = is_bare(target) and len(target.names) == 1 and canonical(target.noun) not in self._kinds
        if not one_name or threshold <= 0 or None in asked.values():
            return None
        names = {scene.id: name for name, scene in self._scenes.items()}
        counted: dict[str, int] = {}
        for key, found in asked.items():
            for one in found or ():
                held = counts_by_scene(self.spaces[key], one, question, threshold)
                counted |= {names[scene]: count for scene, count in held.items() if scene in names}
        return counted

    def _table(self, scene: str) -> ObjectTable:
        """Return the objects of `scene`, turned so that z points up."""
        stored = self.stored(scene)
        self._check_count(scene, len(stored), "objects")
        turn = level_from_world(self._scenes[scene].up if scene in self._scenes else None)
        return ObjectTable(
            ids=stored.ids,
            centers=stored.centers @ turn.T,
            extents=stored.extents,
            rotations=turn @ stored.rotations,
            colors=stored.dominant_colors.astype(np.float64),
            fronts=stored.fronts @ turn.T,
            labels=stored.labels,
            scene=scene,
        )

    def _vectors_of(self, scene: str) -> npt.NDArray[np.float32]:
        """Return the embeddings (N, D) of the objects of `scene`, by id."""
        found = self._scenes[scene]
        vectors = self.spaces[found.model.key].vectors(found.id)
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

    def fitting_together(self, scenes: Sequence[str], question: Question, threshold: float) -> list[Hit]:
        """Return the objects of several scenes that fit; orders ("the largest") are taken over all of them."""
        pairs = [(self.table(scene), self.match(scene, question)) for scene in scenes]
        kinds = self._kinds if not question.has_reference else frozenset[str]()
        several = question.query.scene is None and len(self.filled) > 1
        hits = rank_scenes(question.query, pairs, threshold=threshold, powers=POWERS, kinds=kinds, several=several)
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
        stored = self.stored(scene)
        given = (stored.label_scores == 1.0).tolist()
        return tuple(label if sure else None for sure, label in zip(given, stored.labels, strict=True))

    def match(self, scene: str, question: Question) -> Match:
        """Return the function that compares phrases with the objects of `scene`."""
        if not len(self.table(scene)):
            return lambda texts: [PhraseMatch(np.zeros(0), np.zeros(0)) for _ in texts]
        space = self.spaces[self._scenes[scene].model.key]
        vectors = self._vectors(scene)
        referring = question.query.target.noun if question.has_reference else None
        given = self._given_names(scene)

        def match(texts: Sequence[str]) -> list[PhraseMatch]:
            words = [text for text in texts if text != referring]
            found = dict(zip(words, space.compare_texts(words, vectors), strict=True))
            named = {text: with_names(match, text, given) for text, match in found.items()}
            return [named[text] if text in named else space.compare_reference(question, vectors) for text in texts]

        return match

    def is_within(self, hit: Hit, sphere: tuple[float, float, float, float]) -> bool:
        return bool(np.linalg.norm(self.in_world(hit).box.center - sphere[:3]) <= sphere[3])

    def in_world(self, hit: Hit) -> Hit:
        """Return `hit` with its box in the scan's own coordinates: as it was stored, the scene's origin added."""
        stored = self.stored(hit.scene)
        box = stored.box(int(stored.positions([hit.object_id])[0]))
        return replace(hit, box=box.moved(self._scenes[hit.scene].origin if hit.scene in self._scenes else None))


def _framed(phrase: Phrase, frame: ReferenceFrame | None) -> Phrase:
    """Return `phrase` with `frame` in every relation that names none itself."""
    if frame is None:
        return phrase
    relations = tuple(
        replace(r, frame=r.frame or frame, anchors=tuple(_framed(a, frame) for a in r.anchors))
        for r in phrase.relations
    )
    return replace(phrase, relations=relations)
