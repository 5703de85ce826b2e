"""A vector index in memory-mapped files beside the database: opened in milliseconds, followed scene by scene.

    core3d.db.<space>.vectors/
        manifest.npz      which segments there are, and which scenes, as of which run, they cover
        <segment>/*.npy   see segments.py; never changed once written

`sync` drops the scenes that are gone or were indexed again, and adds a segment with those that are new: no other vector
is read. Small segments are joined when there are MOST_SEGMENTS, and all of them once a quarter is dead or in the tail.
The files of a database on a server are in the cache folder of each user who searches it.
Two processes that sync at once write different segments; the manifest is replaced in one step, so one of them wins
whole, and the other's segments are swept away later.

The files choose candidates only. Their similarities are computed anew from the vectors in the database, each verified
by its checksum: a damaged file can lose an answer (`core3d db recall` measures that), never make one up.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from uuid import uuid4
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Matches
from core3d_search.store import EmbeddingModel, SearchableScene, Store
from core3d_search.vectors import eight_bit, segments
from core3d_search.vectors.columns import COLUMNS, NO_LABEL, Columns, Names, columns_of, joined
from core3d_search.vectors.exact import check_queries, exact_matches, positions_of
from core3d_search.vectors.segments import Floats, Ids, Segment
from core3d_search.vectors.tokens import token_of

KIND = "mapped"
MOST_SEGMENTS = 8
SCENES_AT_ONCE = 100
"""Scenes whose vectors are read from the database at a time."""

EXACT_FILTER = 2000
"""Up to so many allowed objects are compared by their stored vectors alone."""

ORPHAN_AGE_S = 3600.0

FORMAT = 2

log = logging.getLogger(__name__)

Fetch = Callable[[Ids], tuple[Ids, Floats]]
"""Returns those of the ids that are there, ascending, and their exact vectors."""

COVERED = np.dtype([("scene", np.int64), ("stamp", np.int64), ("segment", np.int32)])


@dataclass(frozen=True, eq=False)
class MappedIndex:
    """Segments, and which scenes they cover (COVERED, `segment` its position); vectors of other scenes are dead."""

    generation: int
    dimension: int
    parts: Sequence[Segment]
    covered: npt.NDArray[np.void]
    fetch: Fetch
    source: tuple[Store, EmbeddingModel] | None = field(default=None)

    @classmethod
    def open(cls, store: Store, model: EmbeddingModel) -> MappedIndex:
        """Return the index from its files, brought up to date."""
        empty = cls(-1, model.dimension, (), np.zeros(0, COVERED), _fetching(store, model), (store, model))
        folder = index_folder(store, model)
        kept = None if folder is None else empty._loaded(folder)
        return (kept or empty)._followed(store, model)

    @classmethod
    def build(cls, ids: Ids, vectors: Floats, generation: int) -> MappedIndex:
        """Return an index in memory of `vectors` (N, D) whose `ids` (N,) ascend."""

        def fetch(wanted: Ids) -> tuple[Ids, Floats]:
            rows = positions_of(ids, wanted)
            return ids[rows], vectors[rows]

        unknown = np.zeros(len(ids), COLUMNS)
        unknown["label"] = NO_LABEL
        described = unknown, np.zeros(0, "U1")
        part = segments.made(ids, np.zeros(len(ids), np.int64), *eight_bit.quantised(vectors), described)
        return cls(generation, vectors.shape[1], (part,), np.array([(0, 0, 0)], COVERED), fetch)

    def __len__(self) -> int:
        pairs = zip(self.parts, self.live, strict=True)
        return sum(len(part) if live is None else int(live.sum()) for part, live in pairs)

    def search(self, queries: Floats, k: int, ids: npt.ArrayLike | None = None) -> Matches:
        check_queries(queries, self.dimension)
        if ids is not None:
            allowed = np.unique(np.asarray(ids, np.int64))
            return self._among(queries, k, allowed)
        answers = [self._ranked(query, k, self._candidates(query, k)) for query in queries]
        return _stacked(answers, k)

    def sync(self) -> MappedIndex:
        if self.source is None or self.source[0].generation == self.generation:
            return self
        return self._followed(*self.source)

    def _followed(self, store: Store, model: EmbeddingModel) -> MappedIndex:
        """Return the index of what the database holds now; what is covered already is not read again."""
        generation = store.generation
        wanted = [s for s in store.searchable_scenes() if s.model.key == model.key and s.object_count]
        there = _members(self.covered, {scene.id: scene.stamp for scene in wanted})
        known = set(self.covered["scene"][there].tolist())
        fresh = [scene for scene in wanted if scene.id not in known]
        if there.all() and not fresh:
            return replace(self, generation=generation)
        followed = self._with(fresh, self.covered[there], generation)
        folder = index_folder(store, model)
        return followed if folder is None or store.read_only else followed._kept(folder)

    # Searching

    @cached_property
    def live(self) -> list[npt.NDArray[np.bool_] | None]:
        """For each segment which rows are of a covered scene; None where all are."""
        masks: list[npt.NDArray[np.bool_] | None] = []
        for number, part in enumerate(self.parts):
            scenes = np.sort(self.covered["scene"][self.covered["segment"] == number])
            there = np.isin(part.scene_ids, scenes)
            masks.append(None if there.all() else there)
        return masks

    def _candidates(self, query: Floats, k: int) -> Ids:
        found, products = [], []
        width = 0.0
        for part, live in zip(self.parts, self.live, strict=True):
            rows, near = part.nearest(query, k, live) if k else (np.zeros(0, np.intp), np.zeros(0, np.float32))
            found.append(part.ids[rows])
            products.append(near)
            width = max(width, eight_bit.rounding(query, part.scales[rows[:1000]]))
        ids = np.concatenate([np.zeros(0, np.int64), *found])
        values = np.concatenate([np.zeros(0, np.float32), *products])
        if len(ids) > k > 0:
            ids = ids[values >= np.partition(values, -k)[-k] - width]
        return np.sort(ids)

    def _ranked(self, query: Floats, k: int, candidates: Ids) -> Matches:
        ids, vectors = self.fetch(candidates)
        return exact_matches(query[None], ids, vectors, k)

    def _among(self, queries: Floats, k: int, allowed: Ids) -> Matches:
        """Search among some objects only; an exact scan of their quantised vectors where there are many."""
        if len(allowed) <= EXACT_FILTER:
            inside = np.concatenate([np.zeros(0, np.int64), *(part.ids[rows] for part, rows in self._rows_of(allowed))])
            return exact_matches(queries, *self.fetch(np.sort(inside)), k)
        answers = []
        for query in queries:
            found = [(part.ids[rows], part.products(query, rows)) for part, rows in self._rows_of(allowed)]
            ids, values = (np.concatenate(each) for each in zip(*found, strict=True))
            if len(ids) > k > 0:
                width = max(eight_bit.rounding(query, part.scales[:1000]) for part in self.parts)
                ids = ids[values >= np.partition(values, -k)[-k] - width]
            answers.append(self._ranked(query, k, np.sort(ids)))
        return _stacked(answers, k)

    def _rows_of(self, allowed: Ids) -> list[tuple[Segment, npt.NDArray[np.intp]]]:
        chosen = []
        for part, live in zip(self.parts, self.live, strict=True):
            there = np.isin(part.ids, allowed)
            chosen.append((part, np.flatnonzero(there if live is None else there & live)))
        return chosen

    # Following the database

    def _with(self, fresh: Sequence[SearchableScene], kept: npt.NDArray[np.void], generation: int) -> MappedIndex:
        """Return the index of the scenes `kept` and `fresh`."""
        parts, covered = list(self.parts), kept
        if fresh:
            added = np.array([(scene.id, scene.stamp, len(parts)) for scene in fresh], COVERED)
            parts.append(self._segment_of([scene.id for scene in fresh]))
            covered = np.concatenate([kept, added])
        index = MappedIndex(generation, self.dimension, parts, covered, self.fetch, self.source)
        return index._joined()

    def _segment_of(self, scene_ids: Sequence[int]) -> Segment:
        """Read the vectors of some scenes from the database, a few at a time."""
        assert self.source is not None
        store, model = self.source
        columns = []
        for start in range(0, len(scene_ids), SCENES_AT_ONCE):
            some = scene_ids[start : start + SCENES_AT_ONCE]
            stored = store.embeddings(model, some)
            described = columns_of(store.objects_in(some), stored.ids)
            columns.append((stored.ids, stored.scene_ids, *eight_bit.quantised(stored.vectors), described))
        return _segment(columns)

    def _joined(self) -> MappedIndex:
        """Return the index with small segments joined where there are too many, all where too much is dead or new."""
        sizes = np.array([len(part) for part in self.parts])
        if not len(sizes):
            return self
        total, largest = int(sizes.sum()), int(sizes.max())
        dead = total - len(self)
        if dead > total / 4 or (len(sizes) > 1 and total - largest > max(total / 4, segments.LISTS_FROM)):
            chosen = list(range(len(sizes)))
        elif len(sizes) > MOST_SEGMENTS:
            chosen = [number for number in range(len(sizes)) if number != int(sizes.argmax())]
        else:
            return self
        if dead == total:
            return MappedIndex(self.generation, self.dimension, (), self.covered[:0], self.fetch, self.source)
        columns = []
        for number in chosen:
            part, live = self.parts[number], self.live[number]
            rows = slice(None) if live is None else live
            described = part.columns[rows], part.names
            columns.append((part.ids[rows], part.scene_ids[rows], part.codes[rows], part.scales[rows], described))
        joined = _segment(columns)
        rest = [number for number in range(len(sizes)) if number not in chosen]
        parts = [*(self.parts[number] for number in rest), joined]
        renumbered = self.covered.copy()
        new_number = np.array([rest.index(number) if number in rest else len(rest) for number in range(len(sizes))])
        renumbered["segment"] = new_number[self.covered["segment"]] if len(self.covered) else 0
        return MappedIndex(self.generation, self.dimension, parts, renumbered, self.fetch, self.source)

    # Files

    def _loaded(self, folder: Path) -> MappedIndex | None:
        """Return the index that `folder` holds, None (and a line in the log) where it is not to be used."""
        if not (folder / "manifest.npz").exists():
            return None
        try:
            with np.load(folder / "manifest.npz", allow_pickle=False) as manifest:
                version, dimension, generation = manifest["facts"].tolist()
                if (version, dimension) != (FORMAT, self.dimension):
                    raise ValueError(f"format {version} of {dimension} numbers")
                parts = tuple(segments.opened(folder, name) for name in manifest["names"].tolist())
                covered = manifest["covered"]
        except (OSError, ValueError, KeyError, EOFError, SyntaxError, BadZipFile) as error:
            log.warning("%s cannot be used (%s): made anew", folder, error)
            return None
        return MappedIndex(int(generation), self.dimension, parts, covered.astype(COVERED), self.fetch, self.source)

    def _kept(self, folder: Path) -> MappedIndex:
        """Write what is not in `folder` yet; return the index as mapped from there. A cache not kept is no error."""
        try:
            parts = [part if (folder / part.name).is_dir() else part.write(folder) for part in self.parts]
            draft = folder / f"manifest.{uuid4().hex}.part"
            folder.mkdir(parents=True, exist_ok=True)
            facts = np.array([FORMAT, self.dimension, self.generation], np.int64)
            with draft.open("wb") as file:
                np.savez(file, facts=facts, names=np.array([part.name for part in parts], "U32"), covered=self.covered)
            os.replace(draft, folder / "manifest.npz")
        except OSError as error:
            log.warning("%s cannot be kept (%s): it stays in memory", folder, error)
            return self
        _sweep(folder, {part.name for part in parts})
        return MappedIndex(self.generation, self.dimension, parts, self.covered, self.fetch, self.source)


def index_folder(store: Store, model: EmbeddingModel) -> Path | None:
    """Return where the files of `model` belong: beside the database, or in this user's cache where it is on a server;
    None for one in memory."""
    space = hashlib.sha256(f"{model.name}\n{model.checksum}".encode()).hexdigest()[:8]
    if store.path is not None:
        return store.beside(f".{space}.vectors")
    token = None if store.database.engine.dialect.name == "sqlite" else token_of(store, model, KIND)
    if token is None:
        return None
    from platformdirs import user_cache_path

    return user_cache_path("core3d", appauthor=False) / "vectors" / f"{token}.{space}.vectors"


def _fetching(store: Store, model: EmbeddingModel) -> Fetch:
    def fetch(ids: Ids) -> tuple[Ids, Floats]:
        stored = store.embeddings_of(model, ids.tolist())
        return stored.ids, stored.vectors

    return fetch


def _members(covered: npt.NDArray[np.void], stamps: Mapping[int, int]) -> npt.NDArray[np.bool_]:
    """Return which rows of `covered` are scenes with the stamps that they have now."""
    pairs = zip(covered["scene"].tolist(), covered["stamp"].tolist(), strict=True)
    return np.array([stamps.get(scene) == stamp for scene, stamp in pairs], bool)


def _segment(columns: Sequence[tuple[Ids, Ids, npt.NDArray[np.int8], Floats, tuple[Columns, Names]]]) -> Segment:
    """Return one segment of several groups of ids, scene ids, codes, scales and columns with their names."""
    ids, scene_ids, codes, scales, described = zip(*columns, strict=True)
    vectors = np.concatenate(codes), np.concatenate(scales)
    return segments.made(np.concatenate(ids), np.concatenate(scene_ids), *vectors, joined(described))


def _stacked(answers: Sequence[Matches], k: int) -> Matches:
    ids = [np.zeros((0, k), np.int64), *(answer.ids for answer in answers)]
    return Matches(np.concatenate(ids), np.concatenate([np.zeros((0, k)), *(a.similarities for a in answers)]))


def _sweep(folder: Path, used: set[str]) -> None:
    """Delete what no manifest names and nobody has touched for a while: leftovers of others and of interruptions."""
    for path in folder.iterdir():
        old = path.is_dir() and path.name not in used
        if old and time.time() - path.stat().st_mtime > ORPHAN_AGE_S:
            shutil.rmtree(path, ignore_errors=True)
