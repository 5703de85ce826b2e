"""Search with FAISS, and its index file: a cache beside the database, on the GPU where FAISS sees one.

The file is read only after its SHA-256 was found equal to the one that the database notes: FAISS trusts the bytes it
loads (facebookresearch/faiss issue 5400), and a file of another time, database or version is noticed the same way.
"""

from __future__ import annotations

import hashlib
import logging
import os
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Matches
from core3d_search.store import EmbeddingModel, IndexStamp, Store
from core3d_search.vectors.exact import candidates_with_ties, check_queries, exact_matches, positions_of, ranked

KIND = "faiss"
LARGEST_GPU_ANSWER = 2048
"""The most neighbours that FAISS finds on a GPU; more are left to the CPU."""

log = logging.getLogger(__name__)


class FaissIndex:
    """A flat inner-product index: all answers exact. `index` is a faiss.IndexIDMap over an IndexFlatIP; ids ascend."""

    _source: tuple[Store, EmbeddingModel] | None = None

    def __init__(self, index: Any, generation: int) -> None:
        import faiss

        self.generation = generation
        self._index = index
        self._flat = cast(Any, faiss.downcast_index(index.index))  # a flat index, as `build` made it
        self._ids = faiss.vector_to_array(index.id_map)
        shape = self._flat.ntotal, self._flat.d
        self._vectors = faiss.rev_swig_ptr(self._flat.get_xb(), shape[0] * shape[1]).reshape(shape)
        self.on_gpu = faiss.get_num_gpus() > 0
        if self.on_gpu:
            self._gpu = faiss.StandardGpuResources()
            self._flat_on_gpu = faiss.index_cpu_to_gpu(self._gpu, 0, self._flat)

    @classmethod
    def open(cls, store: Store, model: EmbeddingModel) -> FaissIndex:
        """Return the index from its file if that is sound and of this generation; else build it and try to keep it."""
        path = index_path(store, model)
        index = None if path is None else _from_file(path, store, model)
        if index is None:
            stored = store.embeddings(model)
            index = cls.build(stored.ids, stored.vectors, stored.generation)
            if path is not None and not store.read_only:
                _keep(index, path, store, model)
        index._source = store, model
        return index

    def sync(self) -> FaissIndex:
        if self._source is None or self._source[0].generation == self.generation:
            return self
        return self.open(*self._source)

    @classmethod
    def build(cls, ids: npt.NDArray[np.int64], vectors: npt.NDArray[np.float32], generation: int) -> FaissIndex:
        """Return an index of `vectors` (N, D), unit, whose `ids` (N,) ascend."""
        import faiss

        index = faiss.IndexIDMap(faiss.IndexFlatIP(vectors.shape[1]))
        index.add_with_ids(np.ascontiguousarray(vectors), np.ascontiguousarray(ids))
        return cls(index, generation)

    @classmethod
    def from_bytes(cls, written: bytes, generation: int) -> FaissIndex:
        """Return the index that `to_bytes` wrote; only for bytes whose checksum was verified."""
        import faiss

        return cls(faiss.deserialize_index(np.frombuffer(written, np.uint8)), generation)

    def to_bytes(self) -> bytes:
        """Return the index as an ordinary FAISS file."""
        import faiss

        return bytes(faiss.serialize_index(self._index).tobytes())

    def __len__(self) -> int:
        return len(self._ids)

    def search(self, queries: npt.NDArray[np.float32], k: int, ids: npt.ArrayLike | None = None) -> Matches:
        check_queries(queries, self._flat.d)
        if ids is not None:
            chosen = positions_of(self._ids, ids)
            return exact_matches(queries, self._ids[chosen], self._vectors[chosen], k)
        candidates = candidates_with_ties(self._nearest, np.ascontiguousarray(queries), k, len(self))
        return ranked(queries, self._ids, self._vectors, candidates, k)

    def _nearest(
        self, queries: npt.NDArray[np.float32], n: int
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        flat = self._flat_on_gpu if self.on_gpu and n <= LARGEST_GPU_ANSWER else self._flat
        similarities, positions = flat.search(queries, n)
        return similarities, positions


def centroids_of(vectors: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.float32]:
    """Return `count` centres (count, D) of `vectors` by k-means on the unit sphere."""
    import faiss

    means = faiss.Kmeans(vectors.shape[1], count, niter=8, spherical=True, seed=0)
    means.train(np.ascontiguousarray(vectors, np.float32))
    return np.asarray(means.centroids, np.float32).reshape(count, -1)


def index_path(store: Store, model: EmbeddingModel) -> Path | None:
    """Return where the index file of `model` belongs: beside the database, None where that is no file."""
    space = hashlib.sha256(f"{model.name}\n{model.checksum}".encode()).hexdigest()[:8]
    return store.beside(f".{space}.faiss")


def _from_file(path: Path, store: Store, model: EmbeddingModel) -> FaissIndex | None:
    """Return the index in the file at `path`, None (and a line in the log that says why) where it is not to be used."""
    stamp = store.index_stamp(model, KIND)
    if stamp is None or not path.exists():
        return None
    generation = store.generation
    if stamp.generation != generation:
        log.info("%s covers generation %d, the database is at %d: rebuilt", path, stamp.generation, generation)
        return None
    try:
        written = path.read_bytes()
    except OSError as error:
        log.warning("%s cannot be read (%s): rebuilt", path, error)
        return None
    if hashlib.sha256(written).hexdigest() != stamp.checksum:
        log.warning("%s is not the index that the database knows of: rebuilt", path)
        return None
    return FaissIndex.from_bytes(written, generation)


def _keep(index: FaissIndex, path: Path, store: Store, model: EmbeddingModel) -> None:
    """Write the index file in one step, then have the database vouch for it; a cache not kept is no error."""
    written = index.to_bytes()
    draft = path.with_name(f"{path.name}.{uuid4().hex}.part")
    try:
        draft.write_bytes(written)
        os.replace(draft, path)
    except OSError as error:
        log.warning("%s cannot be kept (%s): it stays in memory", path, error)
        draft.unlink(missing_ok=True)
        return
    checksum = hashlib.sha256(written).hexdigest()
    store.stamp_index(model, KIND, IndexStamp(index.generation, len(index), checksum))
