"""How much of the truth a vector index finds."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Matches
from core3d_search.store import EmbeddingModel, Store
from core3d_search.vectors import VectorIndex, open_index
from core3d_search.vectors.exact import exact_matches

SCENES_AT_ONCE = 100


@dataclass(frozen=True)
class Recall:
    """The share in [0, 1] of the true nearest that an index of `count` vectors finds; milliseconds a query."""

    model: str
    kind: str
    count: int
    recall: float
    index_ms: float
    exact_ms: float


def measure_recall(store: Store, model: EmbeddingModel, queries: int, k: int, kind: str = "auto") -> Recall:
    """Ask the index of a kind (see `open_index`) for the neighbours of stored vectors, and compare with all of them."""
    index = open_index(store, model, kind)
    ids = [scene.id for scene in store.searchable_scenes() if scene.model.key == model.key]
    asked = _some_vectors(store, model, ids, queries)
    start = time.perf_counter()
    found = index.search(asked, k)
    between = time.perf_counter()
    truth = _truth(store, model, ids, asked, k)
    end = time.perf_counter()
    share = [
        len(np.intersect1d(a[b >= 0], b[b >= 0])) / max(1, (b >= 0).sum())
        for a, b in zip(found.ids, truth.ids, strict=True)
    ]
    each = 1e3 / max(1, len(asked))
    return Recall(
        str(model),
        _kind(index),
        len(index),
        float(np.mean(share)) if share else 1.0,
        (between - start) * each,
        (end - between) * each,
    )


def _some_vectors(store: Store, model: EmbeddingModel, scene_ids: list[int], count: int) -> npt.NDArray[np.float32]:
    """Return vectors of objects of scenes drawn by a fixed seed."""
    generator = np.random.default_rng(0)
    drawn = generator.permutation(scene_ids)[: max(1, min(len(scene_ids), count))].tolist()
    vectors = store.embeddings(model, drawn[:SCENES_AT_ONCE]).vectors
    return vectors[np.sort(generator.permutation(len(vectors))[:count])]


def _truth(
    store: Store, model: EmbeddingModel, scene_ids: list[int], asked: npt.NDArray[np.float32], k: int
) -> Matches:
    """Return the `k` nearest of all, reading some scenes at a time."""
    best = Matches(np.zeros((len(asked), 0), np.int64), np.zeros((len(asked), 0), np.float32))
    for start in range(0, len(scene_ids), SCENES_AT_ONCE):
        stored = store.embeddings(model, scene_ids[start : start + SCENES_AT_ONCE])
        some = exact_matches(asked, stored.ids, stored.vectors, k)
        ids = np.concatenate([best.ids, some.ids], axis=1)
        similarities = np.concatenate([best.similarities, some.similarities], axis=1)
        order = np.lexsort((ids, -similarities), axis=1)[:, :k]
        best = Matches(np.take_along_axis(ids, order, 1), np.take_along_axis(similarities, order, 1))
    return best


def _kind(index: VectorIndex) -> str:
    return type(index).__name__.removesuffix("Index").lower()
