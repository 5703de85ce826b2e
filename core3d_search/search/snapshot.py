"""One generation of the database, as questions see it: scenes turned upright, objects, embeddings, rankings."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Hit
from core3d_search.geometry import level_axes
from core3d_search.query import Phrase, Query, ReferenceFrame, parse
from core3d_search.query.mixture import parse_mixture
from core3d_search.relations import ObjectTable
from core3d_search.search.explanation import Explanation
from core3d_search.search.ranking import Match, PhraseMatch, rank
from core3d_search.search.scoring import LEAST_PRODUCT, comparable
from core3d_search.search.spaces import EmbeddingSpace, Question
from core3d_search.store import Store, StoredObjects

if TYPE_CHECKING:
    from core3d_search.query.llm import LlmParser

CANDIDATES = 500
"""Objects most similar to the target, over all scenes: a scene that holds none of them is not ranked."""


class Snapshot:
    """One generation of the database, loaded piece by piece as questions need it."""

    def __init__(self, store: Store, llm: LlmParser | None) -> None:
        self.store, self.llm, self.generation = store, llm, store.generation
        self._scenes = {scene.name: scene for scene in store.searchable_scenes()}
        models = {scene.model.key: scene.model for scene in self._scenes.values() if scene.object_count}
        self._spaces = {key: EmbeddingSpace(store, model) for key, model in models.items()}
        self._objects: dict[str, StoredObjects] = {}
        self._tables: dict[str, ObjectTable] = {}

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

    def asked(self, scenes: Collection[str] | None, question: Question, *, everywhere: bool = False) -> Iterator[str]:
        """Yield the scenes to rank: those named, else those that hold a candidate (or all of them), by name."""
        if scenes is None and question.query.scene is not None:
            scenes = [question.query.scene]
        if scenes is not None:
            yield from sorted(self.store.scene(name).name for name in set(scenes))
            return
        probes = {key: space.probe(question) for key, space in self._spaces.items()}
        if everywhere or any(probe is None for probe in probes.values()):
            yield from sorted(name for name, scene in self._scenes.items() if scene.object_count)
            return
        found: set[str] = set()
        for key, space in self._spaces.items():
            nearest = space.index.search(np.asarray(probes[key])[None], min(CANDIDATES, len(space.index))).ids[0]
            found.update(self.store.scenes_of(nearest[nearest >= 0].tolist()).values())
        yield from sorted(found)

    def stored(self, scene: str) -> StoredObjects:
        """Return the objects of `scene` as they are stored, in the axes of the scan."""
        if scene not in self._objects:
            self._objects[scene] = self.store.object_table(scene)
        return self._objects[scene]

    def table(self, scene: str) -> ObjectTable:
        """Return the objects of `scene`, turned so that z points up."""
        if scene not in self._tables:
            stored = self.stored(scene)
            turn = _level_from_world(self._scenes[scene].up if scene in self._scenes else None)
            self._tables[scene] = ObjectTable(
                ids=stored.ids,
                centers=stored.centers @ turn.T,
                extents=stored.extents,
                rotations=turn @ stored.rotations,
                colors=stored.dominant_colors.astype(np.float64),
                fronts=stored.fronts @ turn.T,
                labels=stored.labels,
                scene=scene,
            )
        return self._tables[scene]

    def fitting(self, scene: str, question: Question, threshold: float) -> list[Hit]:
        """Return the objects of `scene` that fit, their scores comparable, none below `threshold`."""
        hits = rank(question.query, self.table(scene), self.match(scene, question), threshold=LEAST_PRODUCT)
        return [hit for hit in map(comparable, hits) if hit.score >= threshold]

    def match(self, scene: str, question: Question) -> Match:
        """Return the function that compares a phrase with the objects of `scene`."""
        if not len(self.table(scene)):
            return lambda text: PhraseMatch(np.zeros(0), np.zeros(0))
        space = self._spaces[self._scenes[scene].model.key]
        vectors = space.vectors(self._scenes[scene].id)
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
