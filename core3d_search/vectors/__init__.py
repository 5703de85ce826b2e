"""Vector indexes: nearest embeddings by cosine similarity; one engine a file, a plugin group (`core3d.vectors`).

SQL holds the embeddings; an index is a cache of them, bound to the generation of the database that it was made from.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from core3d_search import plugins
from core3d_search.datatypes import Matches
from core3d_search.store import EmbeddingModel, Store

MAPPED_FROM = 5_000
"""Vectors from which files that are mapped into memory pay: below, NumPy has read and compared all of them in 0.2 s
(benchmarks/vectors.py)."""


class VectorIndex(Protocol):
    """Unit embeddings by the database ids of their objects; `generation` is that of the database they came from."""

    generation: int

    @classmethod
    def open(cls, store: Store, model: EmbeddingModel) -> VectorIndex:
        """Return an index over every embedding that `model` made, at the database's generation.

        Raises ModelError where the database holds embeddings of other models only.
        """

    def sync(self) -> VectorIndex:
        """Return an index at the generation that the database has now: this very one where nothing has changed.

        This one stays as it is, for those who are still reading it.
        """

    def __len__(self) -> int: ...

    def search(self, queries: npt.NDArray[np.float32], k: int, ids: npt.ArrayLike | None = None) -> Matches:
        """Return the `k` nearest to each of `queries` (Q, D), unit vectors.

        Similarities descend, equal ones go by id, places that nothing fills have id -1 and similarity -1. `ids`
        leaves only objects with these ids in the race; ids that are not in the index are passed over. Raises
        ModelError for queries of another dimension.
        """


def open_index(store: Store, model: EmbeddingModel, kind: str = "auto") -> VectorIndex:
    """Return an index of a registered `kind` over every embedding that `model` made, up to date with the database.

    "auto" is "exact" (all vectors in memory) below MAPPED_FROM vectors, and "mapped" from there on, which itself scans
    all up to 50,000 vectors of a segment, looks into the nearest lists beyond, and compares exactly where a filter
    leaves few. "faiss" and "torch" are exact search in memory, on the GPU where there is one; "pgvector" searches in a
    PostgreSQL server. A kind may also be an address, as qdrant://HOST:6333, whose scheme is the registered name. Raises
    InputError for an unknown kind, ModelError where the database holds embeddings of other models only.
    """
    if kind == "auto":
        kind = "exact" if store.embedding_count(model) < MAPPED_FROM else "mapped"
    scheme, is_address, _ = kind.partition("://")
    made = plugins.load("core3d.vectors", scheme)
    index: VectorIndex = made.open(store, model, kind) if is_address else made.open(store, model)
    return index
