"""One generation of the database, as questions see it: scenes turned upright, objects, embeddings, rankings."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
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
from core3d_search.store import Store

if TYPE_CHECKING:
    from core3d_search.query.llm import LlmParser

CANDIDATES = 500
"""Objects most similar to the target, over all scenes: a scene that holds none of them is not ranked."""


class Snapshot:
    """One generation of the database, loaded piece by piece as questions need it."""

    def __init__(self, store: Store, llm: LlmParser | None) -> None:
        self.store, self.llm, self.generation = store, llm, store.generation
        self._scenes = {record.name: record for record in store.scenes()}
        self._objects = store.object_table()
        self._rows = _rows_by_scene(self._objects.scenes)
        self._spaces = [EmbeddingSpace(store, model) for model in store.models() if store.embedding_count(model)]
        self._space_of = {
            name: space
            for space in self._spaces
            for name, rows in self._rows.items()
            if len(rows) and space.holds(self._objects.ids[rows[0]])
        }
        self._tables: dict[str, ObjectTable] = {}

    def read(self, text: str) -> Explanation:
        labels = {label.lower() for label in self._objects.labels if label}
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
        if everywhere:
            yield from sorted(self._space_of)
            return
        found: set[str] = set()
        for space in self._spaces:
            for vector in space.probes(question):
                ids = space.index.search(vector[None], min(CANDIDATES, len(space.index))).ids[0]
                rows = self._objects.positions(ids[ids >= 0])
                found.update(self._objects.scenes[row] for row in rows if row >= 0)
        yield from sorted(found)

    def table(self, scene: str) -> ObjectTable:
        """Return the objects of `scene`, turned so that z points up."""
        if scene not in self._tables:
            rows, stored = self._rows.get(scene, np.zeros(0, np.int64)), self._objects
            turn = _level_from_world(self._scenes[scene].up)
            self._tables[scene] = ObjectTable(
                ids=stored.ids[rows],
                centers=stored.centers[rows] @ turn.T,
                extents=stored.extents[rows],
                rotations=turn @ stored.rotations[rows],
                colors=stored.dominant_colors[rows].astype(np.float64),
                fronts=stored.fronts[rows] @ turn.T,
                labels=tuple(stored.labels[row] for row in rows),
                scene=scene,
            )
        return self._tables[scene]

    def fitting(self, scene: str, question: Question, threshold: float) -> list[Hit]:
        """Return the objects of `scene` that fit, their scores comparable, none below `threshold`."""
        hits = rank(question.query, self.table(scene), self.match(scene, question), threshold=LEAST_PRODUCT)
        return [hit for hit in map(comparable, hits) if hit.score >= threshold]

    def match(self, scene: str, question: Question) -> Match:
        """Return the function that compares a phrase with the objects of `scene`."""
        ids = self.table(scene).ids
        space = self._space_of.get(scene)
        if space is None:
            return lambda text: PhraseMatch(np.zeros(len(ids)), np.zeros(len(ids)))
        vectors = space.vectors(ids)
        target = question.query.target.text

        def match(text: str) -> PhraseMatch:
            if text == target and question.has_reference:
                return space.compare_reference(question, vectors)
            return space.compare_text(text, vectors)

        return match

    def is_within(self, hit: Hit, sphere: tuple[float, float, float, float]) -> bool:
        center = self._objects.centers[self._objects.positions([hit.object_id])[0]]
        return bool(np.linalg.norm(center - sphere[:3]) <= sphere[3])

    def in_world(self, hit: Hit) -> Hit:
        """Return `hit` with its box as it was stored, in the axes of the scan."""
        return replace(hit, box=self._objects.box(int(self._objects.positions([hit.object_id])[0])))


def _rows_by_scene(scenes: Sequence[str]) -> Mapping[str, npt.NDArray[np.int64]]:
    rows: dict[str, list[int]] = {}
    for row, scene in enumerate(scenes):
        rows.setdefault(scene, []).append(row)
    return {scene: np.array(found, np.int64) for scene, found in rows.items()}


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
