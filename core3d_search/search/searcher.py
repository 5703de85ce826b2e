"""Searches every scene of a database: text, image or object in, ranked hits with their reasons out.

    with Searcher.open("core3d.db") as searcher:
        for hit in searcher.search("red chair near window", k=5):
            print(hit.scene, hit.object_id, hit.score, hit.box.center)

The vector index chooses the scenes that may hold an answer; each is then ranked by its objects' embeddings, colours
and boxes. Objects of different encoders never meet: every encoder's scenes are asked in its own space.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Hit
from core3d_search.errors import InputError
from core3d_search.geometry import level_axes
from core3d_search.query import Phrase, Query, parse
from core3d_search.query.mixture import parse_mixture
from core3d_search.relations import ObjectTable
from core3d_search.search import ranking
from core3d_search.search.ranking import PhraseMatch
from core3d_search.search.spaces import EmbeddingSpace, Question
from core3d_search.store import Store

if TYPE_CHECKING:
    from core3d_search.query.llm import LlmParser

Frame = Literal["viewer", "anchor", "room"]

THRESHOLD = 0.38
"""Scores below are no answer; chosen with ROOT below, so that most right first hits pass and absent things do not."""

ROOT, NAME_ROOT = 0.28, 0.4
"""Powers that make the scores of texts with several factors comparable with those of a bare noun; from the first hits,
right and wrong, in generated rooms 3000 to 3003, which no benchmark uses (benchmarks/search.py --seed 3000)."""

LEAST = 1e-4
"""Products of factors below are not looked at any further."""

CANDIDATES = 500
"""Objects most similar to the target, over all scenes: a scene that holds none of them is not ranked."""

READERS = {"grammar": "the grammar", "llm": "the LLM", "cache": "the LLM, remembered"}
"""What `Explanation.read_by` means, for people."""


@dataclass(frozen=True)
class Explanation:
    """How a text was understood.

    `notation` is the exact form that parses to the same query, `certainty` in [0, 1] the share of content words that
    were understood, `unparsed` the others; `fallback` says that the text as a whole is compared with the objects.
    `read_by` names the reader: the grammar, the llm, or the cache of what the llm made of it before. `note` says why
    it was the grammar where an llm was asked.
    """

    query: Query
    read_by: Literal["grammar", "llm", "cache"] = "grammar"
    note: str = ""

    @property
    def text(self) -> str:
        """The understanding in a few lines for people."""
        how = "not understood; the text as a whole is compared" if self.query.fallback else "understood as"
        lines = [f"{how}: {self.query} (certainty {self.query.certainty:.2f}, read by {READERS[self.read_by]})"]
        if self.query.unparsed:
            lines.append(f"left aside: {', '.join(self.query.unparsed)}")
        if self.note:
            lines.append(self.note)
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {
            "notation": str(self.query),
            "certainty": self.query.certainty,
            "fallback": self.query.fallback,
            "unparsed": list(self.query.unparsed),
            "read_by": self.read_by,
            "note": self.note,
        }


class Searcher:
    """An open database to ask; close it, or use it in a `with`. Safe to share between threads.

    Texts are read by the grammar, or by `llm` where there is one (see core3d_search/query/llm.py): its readings are
    kept in the database, and the grammar reads what it cannot. `explain` says which of them read a text.
    """

    def __init__(self, store: Store, llm: LlmParser | None = None) -> None:
        self.store = store
        self.llm = None if llm is None else replace(llm, cache=store.query_readings)
        self._lock = threading.Lock()
        self._snapshot: _Snapshot | None = None

    @classmethod
    def open(cls, db: str | os.PathLike[str] | None = None, *, llm: LlmParser | None = None) -> Searcher:
        """Open the database at a path or URL; without one at $CORE3D_DB, else ./core3d.db. Raises StoreError."""
        return cls(Store.open(db), llm)

    def close(self) -> None:
        """Let go of the database."""
        self.store.close()

    def __enter__(self) -> Searcher:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def search(
        self,
        text: str = "",
        *,
        k: int = 10,
        scenes: Collection[str] | None = None,
        image: str | os.PathLike[str] | npt.NDArray[np.uint8] | None = None,
        like: int | None = None,
        label: str | None = None,
        min_size: float | None = None,
        within: tuple[float, float, float, float] | None = None,
        relation_frame: Frame | None = None,
        threshold: float = THRESHOLD,
    ) -> list[Hit]:
        """Return at most `k` objects that fit, best first, ties by id; an empty list where none reaches `threshold`.

        `text` is a description ("the mug on the table next to the window") or a mixture ("2:wooden chair - office").
        `image`, a file or (h, w, 3) uint8 RGB, and `like`, an object id, ask for what looks the same; a text beside
        them refines ("but red", "near a window"), and the score is then the cosine, cut at 0, times what the text says.
        `scenes` names the scenes that are asked. Targets may be bound to a `label`, to boxes whose longest side is at
        least `min_size` metres, and to centres `within` (x, y, z, radius) metres of the scene's own axes.
        `relation_frame` says whose left and front are meant. Raises InputError for an empty question, an unknown
        frame or an unreadable image, StoreError for an unknown scene or object, ModelError for missing weights.
        """
        if not text.strip() and image is None and like is None:
            raise InputError("say what to find: a text, an image or an object id")
        if relation_frame not in (None, "viewer", "anchor", "room"):
            raise InputError(f"relation_frame must be viewer, anchor or room, got {relation_frame!r}")
        now = self._current()
        question = now.question(text, image, like, relation_frame)
        hits = []
        for scene in now.asked(scenes, question):
            for hit in now.fitting(scene, question, threshold):
                if _passes(hit, label, min_size) and (within is None or now.is_within(hit, within)):
                    hits.append(hit)
        hits.sort(key=lambda hit: (-hit.score, -hit.similarity, hit.object_id))
        return [now.in_world(hit) for hit in hits[:k]]

    def count(
        self, text: str, *, scenes: Collection[str] | None = None, threshold: float = THRESHOLD
    ) -> dict[str, int]:
        """Return, for each scene asked, how many objects fit `text` with at least `threshold`."""
        now = self._current()
        question = now.question(text, None, None, None)
        return {
            scene: len(now.fitting(scene, question, threshold))
            for scene in now.asked(scenes, question, everywhere=True)
        }

    def similar(self, object_id: int, *, k: int = 10, threshold: float = 0.0) -> list[Hit]:
        """Return at most `k` other objects that look like one, over all scenes that its encoder embedded."""
        hits = self.search(like=object_id, k=k + 1, threshold=threshold)
        return [hit for hit in hits if hit.object_id != object_id][:k]

    def explain(self, text: str) -> Explanation:
        """Return how `text` is understood."""
        return self._current().read(text)

    def _current(self) -> _Snapshot:
        """Return the database as it is now; what was loaded before is kept while nothing has changed."""
        with self._lock:
            while self._snapshot is None or self._snapshot.generation != self.store.generation:
                # once more where an indexer wrote while this one was loading
                self._snapshot = _Snapshot(self.store, self.llm)
            return self._snapshot


class _Snapshot:
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

    def question(self, text: str, image: Any, like: int | None, frame: Frame | None) -> Question:
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
        hits = ranking.rank(question.query, self.table(scene), self.match(scene, question), threshold=LEAST)
        return [hit for hit in map(_comparable, hits) if hit.score >= threshold]

    def match(self, scene: str, question: Question) -> ranking.Match:
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


def _comparable(hit: Hit) -> Hit:
    """Return `hit` with a score that one threshold serves, however many factors the text has.

    The ranking multiplies its factors, so that every further word lowers the product, true ones too. Here a hit is as
    good as its name and its weakest other factor together, (name * weakest) ** ROOT, but no better than
    name ** NAME_ROOT, so that a true relation does not make a stool a chair. A bare noun keeps its probability; what
    contradicts a "not" is bounded by that alone.
    """
    name, *others = (reason.score for reason in hit.reasons)
    score = min((name * min(others)) ** ROOT, name**NAME_ROOT) if others else hit.score
    return replace(hit, score=min([score, *(r.score for r in hit.reasons if r.kind == "negation")]))


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


def _framed(phrase: Phrase, frame: Frame | None) -> Phrase:
    """Return `phrase` with `frame` in every relation that names none itself."""
    if frame is None:
        return phrase
    relations = tuple(
        replace(r, frame=r.frame or frame, anchors=tuple(_framed(a, frame) for a in r.anchors))
        for r in phrase.relations
    )
    return replace(phrase, relations=relations)


def _passes(hit: Hit, label: str | None, min_size: float | None) -> bool:
    if label is not None and (hit.label or "").lower() != label.lower():
        return False
    return min_size is None or float(hit.box.extent.max()) >= min_size
