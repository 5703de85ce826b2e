"""Exact search with NumPy: the readable truth that the other engines are measured against, and the fastest start."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Matches
from core3d_search.errors import ModelError
from core3d_search.store import EmbeddingModel, Store

ROUNDING = 1e-5
"""Two float32 dot products of unit vectors that differ by less may come in any order, engine by engine."""


Index = TypeVar("Index", bound="ExactIndex")


class ExactIndex:
    """Every vector against every query. `ids` (N,) ascending, `vectors` (N, D) unit float32."""

    _source: tuple[Store, EmbeddingModel] | None = None

    def __init__(self, ids: npt.NDArray[np.int64], vectors: npt.NDArray[np.float32], generation: int) -> None:
        self.generation = generation
        self._ids = ids
        self._vectors = vectors

    @classmethod
    def open(cls: type[Index], store: Store, model: EmbeddingModel) -> Index:
        stored = store.embeddings(model)
        index = cls(stored.ids, stored.vectors, stored.generation)
        index._source = store, model
        return index

    def sync(self: Index) -> Index:
        if self._source is None or self._source[0].generation == self.generation:
            return self
        return self.open(*self._source)

    def __len__(self) -> int:
        return len(self._ids)

    def search(self, queries: npt.NDArray[np.float32], k: int, ids: npt.ArrayLike | None = None) -> Matches:
        check_queries(queries, self._vectors.shape[1])
        if ids is None:
            return exact_matches(queries, self._ids, self._vectors, k)
        chosen = positions_of(self._ids, ids)
        return exact_matches(queries, self._ids[chosen], self._vectors[chosen], k)


def exact_matches(
    queries: npt.NDArray[np.float32], ids: npt.NDArray[np.int64], vectors: npt.NDArray[np.float32], k: int
) -> Matches:
    """Return the `k` best of all `vectors` for each query."""
    candidates = []
    for query in queries:
        similarities = vectors @ query
        if k < len(similarities):
            floor = np.partition(similarities, -k)[-k] - ROUNDING if k else np.inf
            candidates.append(np.flatnonzero(similarities >= floor))
        else:
            candidates.append(np.arange(len(similarities)))
    return ranked(queries, ids, vectors, candidates, k)


def ranked(
    queries: npt.NDArray[np.float32],
    ids: npt.NDArray[np.int64],
    vectors: npt.NDArray[np.float32],
    candidates: Iterable[npt.NDArray[np.int64]],
    k: int,
) -> Matches:
    """Return the `k` best of each query's `candidates` (positions, without repetition), best first, then by id.

    Similarities are summed anew in float64 and rounded once, so that equal vectors get equal similarities and every
    engine gives the same answer to the last bit.
    """
    best = np.full((len(queries), k), -1, np.int64)
    similarities = np.full((len(queries), k), -1, np.float32)
    for row, (query, positions) in enumerate(zip(queries, candidates, strict=True)):
        exact = np.einsum("nd,d->n", vectors[positions].astype(np.float64), query.astype(np.float64))
        found = exact.astype(np.float32)
        order = np.lexsort((ids[positions], -found))[:k]
        best[row, : len(order)] = ids[positions[order]]
        similarities[row, : len(order)] = found[order]
    return Matches(best, similarities)


def candidates_with_ties(
    nearest: Callable[[npt.NDArray[np.float32], int], tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]],
    queries: npt.NDArray[np.float32],
    k: int,
    count: int,
) -> npt.NDArray[np.int64]:
    """Return the positions (Q, n >= k) that `nearest(queries, n)` gives for an n at which no tie is cut in two.

    `nearest` returns similarities and positions, both (Q, n), best first, of `count` vectors.
    """
    n = min(k + 16, count)
    while n:
        similarities, positions = nearest(queries, n)
        if n == count or (similarities[:, -1] < similarities[:, k - 1] - ROUNDING).all():
            return positions
        n = min(4 * n, count)
    return np.zeros((len(queries), 0), np.int64)


def positions_of(ids: npt.NDArray[np.int64], wanted: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return where those of `wanted` that occur in the ascending `ids` stand, each once, ascending."""
    return np.flatnonzero(np.isin(ids, np.asarray(wanted, np.int64)))


def check_queries(queries: npt.NDArray[np.float32], dimension: int) -> None:
    """Raise ModelError unless `queries` is (Q, `dimension`)."""
    if queries.ndim != 2 or queries.shape[1] != dimension:
        raise ModelError(
            f"queries have shape {queries.shape}, the stored embeddings {dimension} numbers each: encode the query "
            "with the encoder that indexed the scenes"
        )
