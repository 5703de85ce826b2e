"""Vector indexes: nearest embeddings by cosine similarity; one engine a file.

SQL holds the embeddings; an index is a cache of them, bound to the generation of the database that it was made from.
"""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Matches
from core3d_search.errors import InputError
from core3d_search.store import EmbeddingModel, Store, StoredEmbeddings

Kind = Literal["auto", "exact", "faiss", "torch"]

FAISS_FROM = 50_000
"""Vectors from which a FAISS index file pays: below, NumPy has answered before FAISS is imported and its file checked
(benchmarks/vectors.py)."""


class VectorIndex(Protocol):
    """Unit embeddings by the database ids of their objects; `generation` is that of the database they came from."""

    generation: int

    def __len__(self) -> int: ...

    def search(self, queries: npt.NDArray[np.float32], k: int, ids: npt.ArrayLike | None = None) -> Matches:
        """Return the `k` nearest to each of `queries` (Q, D), unit vectors.

        Similarities descend, equal ones go by id, places that nothing fills have id -1 and similarity -1. `ids`
        leaves only objects with these ids in the race; ids that are not in the index are passed over. Raises
        ModelError for queries of another dimension.
        """


def open_index(
    store: Store, model: EmbeddingModel, kind: Kind = "auto", stored: StoredEmbeddings | None = None
) -> VectorIndex:
    """Return an index over every embedding that `model` made, up to date with the database.

    "auto" is "faiss" from FAISS_FROM vectors on and "exact" below; "torch" is exact search on the GPU where there is
    one. `stored` saves reading the embeddings again where the caller has them. Raises ModelError where the database
    holds embeddings of other models only.
    """
    if kind == "auto":
        kind = "faiss" if store.embedding_count(model) >= FAISS_FROM else "exact"
    if kind == "faiss":
        from core3d_search.vectors.faiss import open_faiss

        return open_faiss(store, model)
    if kind not in ("exact", "torch"):
        raise InputError(f"no vector index called {kind!r}; there are: auto, exact, faiss, torch")
    stored = stored or store.embeddings(model)
    if kind == "torch":
        from core3d_search.vectors.torch import TorchIndex

        return TorchIndex(stored.ids, stored.vectors, stored.generation)
    from core3d_search.vectors.exact import ExactIndex

    return ExactIndex(stored.ids, stored.vectors, stored.generation)
