"""Searches every scene of a database: text, image or object in, ranked hits with their reasons out.

    with Searcher.open("core3d.db") as searcher:
        for hit in searcher.search("red chair near window", k=5):
            print(hit.scene, hit.object_id, hit.score, hit.box.center)

The vector index gives the scenes in the order of the best answer that they may hold; each is then ranked by its
objects' embeddings, colours and boxes, until no scene left can do better (candidates.py). Objects of different encoders
never meet: every encoder's scenes are asked in its own space.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Collection
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Hit
from core3d_search.errors import InputError
from core3d_search.query import Query, ReferenceFrame
from core3d_search.search.answers import Answer, conclude, counted
from core3d_search.search.explanation import Explanation
from core3d_search.search.ranking import over_scenes
from core3d_search.search.scoring import THRESHOLD
from core3d_search.search.snapshot import Snapshot
from core3d_search.search.ties import MOST_TOLD, NEAR_SCORE, cannot_pass, order, with_ties
from core3d_search.store import Store

if TYPE_CHECKING:
    from core3d_search.encoders import Encoder
    from core3d_search.query.llm import LlmParser
    from core3d_search.relations import ObjectTable


Judge = Callable[[list[Hit], float], list[Hit]]
"""Takes hits and the threshold, and gives those that it agrees with, in its own order."""


class Searcher:
    """An open database to ask; close it, or use it in a `with`. Safe to share between threads.

    Texts are read by the grammar, or by `llm` where there is one (see core3d_search/query/llm.py): its readings are
    kept in the database, and the grammar reads what it cannot. `explain` says which of them read a text. `vectors` is
    the kind of vector index, or the address of one (vectors/__init__.py).
    """

    def __init__(
        self, store: Store, llm: LlmParser | None = None, language: str | None = None, vectors: str | None = None
    ) -> None:
        self.store, self.language, self.vectors = store, language, vectors or "auto"
        self.llm = None if llm is None else replace(llm, cache=store.query_readings)
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None

    @classmethod
    def open(
        cls,
        db: str | os.PathLike[str] | None = None,
        *,
        llm: LlmParser | None = None,
        language: str | None = None,
        vectors: str | None = None,
    ) -> Searcher:
        """Open the database at a path or URL; without one at $CORE3D_DB, else ./core3d.db. Raises StoreError.

        `language` of the texts: en, de, fr, es or zh; without one it is detected by their words.
        """
        return cls(Store.open(db), llm, language, vectors)

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
        relation_frame: ReferenceFrame | None = None,
        per_scene: bool = False,
        threshold: float = THRESHOLD,
        tag: str | None = None,
    ) -> list[Hit]:
        """Return at most `k` objects that fit, best first (ties as in ties.py); none where none reaches `threshold`.

        `text` is a description ("the mug on the table next to the window") or a mixture ("2:wooden chair - office").
        `image`, a file or (h, w, 3) uint8 RGB, and `like`, an object id, ask for what looks the same; a text beside
        them refines ("but red", "near a window"), and the score is then the cosine, cut at 0, times what the text says.
        `scenes` names the scenes that are asked. Targets may be bound to a `label`, to boxes whose longest side is at
        least `min_size` metres, to centres `within` (x, y, z, radius) metres in the scan's own coordinates, and to a
        `tag` that they or their scene bear.
        `relation_frame` says whose left and front are meant; `per_scene` takes "the largest" of each scene, not of
        all that are asked. The object `like` itself is no answer. Raises InputError for an empty question, an unknown
        frame or an unreadable image, StoreError for an unknown scene or object, ModelError for missing weights.
        """
        if not text.strip() and image is None and like is None:
            raise InputError("say what to find: a text, an image or an object id")
        if relation_frame not in (None, "viewer", "anchor", "room"):
            raise InputError(f"relation_frame must be viewer, anchor or room, got {relation_frame!r}")
        now = self._current()
        question = now.question(text, image, like, relation_frame)
        if per_scene:
            question = replace(question, query=replace(question.query, per_scene=True))

        allowed = now.allowed(label, tag)

        def passing(found: list[Hit]) -> list[Hit]:
            kept = [hit for hit in found if hit.object_id != like and _passes(hit, allowed, min_size)]
            return kept if within is None else [hit for hit in kept if now.is_within(hit, within)]

        named = now.named(scenes, question)
        if over_scenes(question.query):
            together = now.rivals(question) if named is None else named
            hits = with_ties(passing(now.fitting_together(together, question, threshold)), k)
            return now.in_world(hits)
        hits = []
        for bound, similar, rank in now.to_rank(question, named, threshold, allowed):
            if bound < threshold or (len(hits) >= k and cannot_pass(bound, similar, hits[k - 1])):
                break  # no hit among these, nor among any later ones, is one of the first k
            least = (1.0 - NEAR_SCORE) * hits[k - 1].score if len(hits) >= k else threshold
            hits += passing(rank(max(least, threshold)))
            hits.sort(key=order)
            del hits[k + MOST_TOLD + 1 :]  # what ties with the last ones is told as well
        return now.in_world(with_ties(hits, k))

    def answer(
        self,
        text: str,
        *,
        k: int = 10,
        scenes: Collection[str] | None = None,
        per_scene: bool = False,
        threshold: float = THRESHOLD,
        judge: Judge | None = None,
    ) -> Answer:
        """Return the answer to a question: yes or no, how many, where, in which scene, how large; and the first hits.

        `judge` gives a second opinion on the hits that it is concluded from.
        """
        now = self._current()
        query = now.read(text).query
        asked = sorted(set(scenes)) if scenes is not None else [query.scene] if query.scene else now.filled
        among = asked if scenes is not None or query.scene else None  # of all scenes only those that may hold a hit
        hits = self.search(text, k=sys.maxsize, scenes=among, per_scene=per_scene, threshold=threshold)
        hits = hits if judge is None else judge(hits, threshold)
        others: list[Hit] = []
        if query.other is not None:
            compared = str(Query(query.other))  # the exact notation: nothing is read twice, each time differently
            others = self.search(compared, k=sys.maxsize, scenes=among, per_scene=per_scene, threshold=threshold)
        return conclude(query, hits, k, asked, now.table, others)

    def count(
        self, text: str, *, scenes: Collection[str] | None = None, threshold: float = THRESHOLD
    ) -> dict[str, int]:
        """Return, for each scene asked, how many objects fit `text` with at least `threshold`."""
        now = self._current()
        question = now.question(text, None, None, None)
        named = now.named(scenes, question)
        counts = dict.fromkeys(now.filled if named is None else named, 0)
        if named is None and (at_once := now.counts(question, threshold)) is not None:
            return counts | at_once
        for bound, _, rank in now.to_rank(question, named, threshold):
            if bound < threshold:
                break
            for hit in counted(question.query, rank(threshold)):
                counts[hit.scene] += 1
        return counts

    def similar(self, object_id: int, *, k: int = 10, threshold: float = 0.0) -> list[Hit]:
        """Return at most `k` other objects that look like one, over all scenes that its encoder embedded."""
        return self.search(like=object_id, k=k, threshold=threshold)

    def explain(self, text: str) -> Explanation:
        """Return how `text` is understood."""
        return self._current().read(text)

    def warm(self) -> None:
        """Load what the first question would wait for: the list of scenes and every encoder; raises ModelError."""
        for space in self._current().spaces.values():
            space.encoder()

    def objects(self, scene: str) -> ObjectTable:
        """Return the objects of a scene, turned so that z points up; raises StoreError for an unknown scene."""
        return self._current().table(scene)

    def encoder(self, scene: str) -> Encoder:
        """Return the encoder that embedded the objects of a scene, loaded once.

        Raises StoreError for an unknown scene, InputError for one without objects, ModelError where this machine has
        another encoder.
        """
        now = self._current()
        if not len(now.table(scene)):
            raise InputError(f"scene {scene!r} has no objects: index it first")
        return now.space_of(scene).encoder()

    def _current(self) -> Snapshot:
        """Return the database as it is now; what was loaded before is kept while nothing has changed."""
        with self._lock:
            while self._snapshot is None or self._snapshot.generation != self.store.generation:
                # once more where an indexer wrote while this one was loading
                self._snapshot = Snapshot(self.store, self.llm, self._snapshot, self.language, self.vectors)
            return self._snapshot


def _passes(hit: Hit, allowed: npt.NDArray[np.int64] | None, min_size: float | None) -> bool:
    if allowed is not None and not np.isin(hit.object_id, allowed):
        return False
    return min_size is None or float(hit.box.extent.max()) >= min_size
