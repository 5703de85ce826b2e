"""One generation of the database, as questions see it: scenes turned upright, objects, embeddings, rankings."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import cached_property, lru_cache, reduce
from heapq import merge
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Hit
from core3d_search.errors import StoreError
from core3d_search.geometry import level_axes
from core3d_search.query import Phrase, Query, ReferenceFrame, parse
from core3d_search.query.mixture import parse_mixture
from core3d_search.relations import ObjectTable
from core3d_search.search.candidates import counts_by_scene, is_bare, probe, scenes_by_bound
from core3d_search.search.explanation import Explanation
from core3d_search.search.ranking import Match, PhraseMatch, rank
from core3d_search.search.scoring import LEAST_PRODUCT, comparable
from core3d_search.search.spaces import EmbeddingSpace, Question
from core3d_search.store import Store

if TYPE_CHECKING:
    from core3d_search.query.llm import LlmParser

MOST_KEPT = 256
"""Scenes whose objects stay in memory; the least recently asked go first."""


class Snapshot:
    """One generation of the database, loaded piece by piece as questions need it."""

    def __init__(self, store: Store, llm: LlmParser | None, before: Snapshot | None = None) -> None:
        """Begin with what is known of the scenes; `before` is an earlier generation of the same database."""
        self.store, self.llm, self.generation = store, llm, store.generation
        self._scenes = {scene.name: scene for scene in store.searchable_scenes()}
        models = {scene.model.key: scene.model for scene in self._scenes.values() if scene.object_count}
        earlier = {} if before is None else before._spaces
        self._spaces: dict[tuple[str, str], EmbeddingSpace] = {
            key: EmbeddingSpace(store, model, earlier.get(key)) for key, model in models.items()
        }
        self.stored = lru_cache(MOST_KEPT)(store.object_table)
        self.table = lru_cache(MOST_KEPT)(self._table)
        self._vectors = lru_cache(MOST_KEPT)(self._vectors_of)

    @cached_property
    def _labels(self) -> frozenset[str]:
        return frozenset(label.lower() for label in self.store.labels())

    def read(self, text: str) -> Explanation:
        labels = set(self._labels)
        if self.llm is None or parse_mixture(text):
            return Explanation(parse(text, vocabulary=labels, scenes=list(self._scenes)))
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

    @property
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
        each = []
        for space in self._spaces.values():
            asked = probe(space, question)
            if asked is None:
                yield from ((1.0, name) for name in self.filled)
                return
            each.append(scenes_by_bound(space, asked, self.store.scenes_of, ids))
        yield from merge(*each, key=lambda pair: -pair[0])

    def counts(self, question: Question, threshold: float) -> dict[str, int] | None:
        """Return how many objects of each scene that has some fit a bare noun; None for any other question."""
        probes = {key: probe(space, question) for key, space in self._spaces.items()}
        if not is_bare(question.query.target) or threshold <= LEAST_PRODUCT or None in probes.values():
            return None
        names = {scene.id: name for name, scene in self._scenes.items()}
        counted: dict[str, int] = {}
        for key, asked in probes.items():
            assert asked is not None
            found = counts_by_scene(self._spaces[key], asked, question, threshold)
            counted |= {names[scene]: count for scene, count in found.items() if scene in names}
        return counted

    def _table(self, scene: str) -> ObjectTable:
        """Return the objects of `scene`, turned so that z points up."""
        stored = self.stored(scene)
        self._check_count(scene, len(stored), "objects")
        turn = _level_from_world(self._scenes[scene].up if scene in self._scenes else None)
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
        vectors = self._spaces[found.model.key].vectors(found.id)
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
        """Return the objects of `scene` that fit, their scores comparable, none below `threshold`."""
        least = max(LEAST_PRODUCT, threshold) if is_bare(question.query.target) else LEAST_PRODUCT
        hits = rank(question.query, self.table(scene), self.match(scene, question), threshold=least)
        return [hit for hit in map(comparable, hits) if hit.score >= threshold]

    def match(self, scene: str, question: Question) -> Match:
        """Return the function that compares a phrase with the objects of `scene`."""
        if not len(self.table(scene)):
            return lambda text: PhraseMatch(np.zeros(0), np.zeros(0))
        space = self._spaces[self._scenes[scene].model.key]
        vectors = self._vectors(scene)
        target = question.query.target.text

        def match(text: str) -> PhraseMatch:
            if text == target and question.has_reference:
                return space.compare_reference(question, vectors)
            return space.compare_text(text, vectors)

        return match

    def is_within(self, hit: Hit, sphere: tuple[float, float, float, float]) -> bool:
        return bool(np.linalg.norm(self.in_world(hit).box.center - sphere[:3]) <= sphere[3])

    def in_world(self, hit: Hit) -> Hit:
        """Return `hit` with its box as it was stored, in the axes of the scan."""
        stored = self.stored(hit.scene)
        return replace(hit, box=stored.box(int(stored.positions([hit.object_id])[0])))


def _level_from_world(up: tuple[float, float, float] | None) -> npt.NDArray[np.float64]:
    """Return the (3, 3) rotation that turns `up` to +z; identity where up is unknown or +z already."""
    if up is None or up[2] > 1 - 1e-9:
        return np.eye(3)
    return level_axes(up).T


def _framed(phrase: Phrase, frame: ReferenceFrame | None) -> Phrase:
    """Return `phrase` with `frame` in every relation that names none itself."""
    if frame is None:
        return phrase
    relations = tuple(
        replace(r, frame=r.frame or frame, anchors=tuple(_framed(a, frame) for a in r.anchors))
        for r in phrase.relations
    )
    return replace(phrase, relations=relations)
