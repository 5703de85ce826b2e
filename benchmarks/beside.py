"""The mapped vector index beside other engines, on the same vectors in the same run: time, recall, size.

    python benchmarks/beside.py --db /tmp/scale/100000.db --engines faiss usearch sqlite-vec
    python benchmarks/beside.py --db /tmp/scale/1000000.db --engines faiss

The vectors are those of a database of benchmarks/store.py. A query is a stored vector with as much noise as its
neighbours have; each is asked alone, on one thread, and timed in CPU. `mapped` chooses candidates in files and ranks
them by float32 vectors: from memory ("vectors alone", what the others do), or from the database, each verified by its
checksum. `faiss` has as many lists as `mapped`, looks into as many, has eight bits a number as well, and the
second time ranks its candidates by float32 vectors too. Needs faiss; usearch; apsw and sqlite-vec.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from vectors import recall

from core3d_search.store import EmbeddingModel, Store
from core3d_search.vectors import open_index
from core3d_search.vectors.mapped import MappedIndex
from core3d_search.vectors.segments import LEAST_PROBED

K, GOAL, REFINED = 10, 0.98, 40
SCENES_AT_ONCE = 500
Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]
Ask = Callable[[Floats], Ids]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--db", type=Path, required=True)
    parser.add_argument("--engines", nargs="*", default=["faiss"], help="faiss, usearch, sqlite-vec")
    parser.add_argument("--queries", type=int, default=100)
    options = parser.parse_args()
    import faiss

    faiss.omp_set_num_threads(1)
    with Store.open(options.db) as store:
        model = store.models()[0]
        ids, vectors = stored(store, model)
        queries = near(vectors, options.queries)
        truth = exactly(ids, vectors, queries)
        print(f"{len(ids)} vectors of {vectors.shape[1]} numbers, {len(queries)} queries, one thread")
        print(f"{'engine':<44} {'built, CPU s':>12} {'query, CPU ms':>14} {'recall@10':>10}")
        index = open_index(store, model, "mapped")
        assert isinstance(index, MappedIndex)

        def fetch(wanted: Ids) -> tuple[Ids, Floats]:
            return wanted, vectors[np.searchsorted(ids, wanted)]

        alone = replace(index, fetch=fetch)
        line("mapped, vectors alone", None, lambda query: alone.search(query, K).ids[0], queries, truth)
        line("mapped, ranked from the database", None, lambda query: index.search(query, K).ids[0], queries, truth)
    for engine in options.engines:
        ENGINES[engine](ids, vectors, queries, truth)


def with_faiss(ids: Ids, vectors: Floats, queries: Floats, truth: Ids) -> None:
    import faiss

    lists = round(len(ids) ** 0.5)
    sample = np.sort(np.random.default_rng(0).choice(len(ids), min(len(ids), 40 * lists), replace=False))
    start = time.process_time()
    index = faiss.index_factory(vectors.shape[1], f"IVF{lists},SQ8", faiss.METRIC_INNER_PRODUCT)
    index.train(vectors[sample])
    index.add(vectors)
    built = time.process_time() - start
    index.nprobe = LEAST_PROBED
    name = f"faiss IVF{lists},SQ8"
    line(name, built, lambda query: ids[index.search(query, K)[1][0]], queries, truth)

    def refined(query: Floats) -> Ids:
        near = index.search(query, REFINED)[1][0]
        best = np.argpartition(-(vectors[near] @ query[0]), K - 1)[:K]
        return ids[near[best]]

    line(f"{name}, best {REFINED} by float32", None, refined, queries, truth)


def with_usearch(ids: Ids, vectors: Floats, queries: Floats, truth: Ids) -> None:
    from usearch.index import Index

    start = time.process_time()
    index = Index(ndim=vectors.shape[1], metric="ip", dtype="i8", connectivity=16, expansion_add=128)
    index.add(ids, vectors, threads=1)
    built: float | None = time.process_time() - start
    for expansion in (64, 256, 1024):
        index.expansion_search = expansion
        name = f"usearch HNSW, int8, expansion {expansion}"
        found = line(name, built, lambda query: index.search(query[0], K).keys.astype(np.int64), queries, truth)
        built = None
        if found >= GOAL:
            return


def with_sqlite_vec(ids: Ids, vectors: Floats, queries: Floats, truth: Ids) -> None:
    import apsw
    import sqlite_vec

    connection = apsw.Connection(":memory:")
    connection.enable_load_extension(True)
    connection.load_extension(sqlite_vec.loadable_path())
    start = time.process_time()
    columns = f"vector float[{vectors.shape[1]}] distance_metric=cosine"
    connection.execute(f"CREATE VIRTUAL TABLE stored USING vec0({columns})")
    with connection:
        rows = ((int(key), vector.tobytes()) for key, vector in zip(ids, vectors, strict=True))
        connection.executemany("INSERT INTO stored (rowid, vector) VALUES (?, ?)", rows)
    built = time.process_time() - start

    def ask(query: Floats) -> Ids:
        asked = f"SELECT rowid FROM stored WHERE vector MATCH ? AND k = {K} ORDER BY distance"
        return np.array([row[0] for row in connection.execute(asked, (query.tobytes(),))], np.int64)

    line("sqlite-vec, float32, all compared", built, ask, queries, truth)


ENGINES: dict[str, Callable[[Ids, Floats, Floats, Ids], None]] = {
    "faiss": with_faiss,
    "usearch": with_usearch,
    "sqlite-vec": with_sqlite_vec,
}


def line(name: str, built: float | None, ask: Ask, queries: Floats, truth: Ids) -> float:
    """Print one row of the table; return the recall."""
    for query in queries:  # what is mapped into memory has been there, as what the others hold
        ask(query[None])
    found, seconds = [], []
    for query in queries:
        start = time.process_time()
        found.append(ask(query[None]))
        seconds.append(time.process_time() - start)
    agreement = recall(np.stack(found), truth)
    made = "" if built is None else f"{built:.1f}"
    print(f"{name:<44} {made:>12} {1e3 * float(np.median(seconds)):14.2f} {agreement:10.3f}", flush=True)
    return agreement


def stored(store: Store, model: EmbeddingModel) -> tuple[Ids, Floats]:
    """Return the ids (N,), ascending, and vectors (N, D) of a database, read some scenes at a time."""
    scenes = [scene.id for scene in store.searchable_scenes()]
    parts = [store.embeddings(model, some) for some in _groups(scenes)]
    ids = np.concatenate([part.ids for part in parts])
    vectors = np.empty((len(ids), model.dimension), np.float32)
    start = 0
    while parts:
        part = parts.pop(0)
        vectors[start : start + len(part.ids)] = part.vectors
        start += len(part.ids)
    order = np.argsort(ids)
    return ids[order], vectors if (order[1:] > order[:-1]).all() else vectors[order]


def _groups(scenes: Sequence[int]) -> list[Sequence[int]]:
    return [scenes[start : start + SCENES_AT_ONCE] for start in range(0, len(scenes), SCENES_AT_ONCE)]


def near(vectors: Floats, count: int) -> Floats:
    """Return unit vectors near some of the stored ones."""
    generator: Any = np.random.default_rng(1)
    chosen = vectors[generator.choice(len(vectors), count, replace=False)]
    noisy = chosen + generator.normal(size=chosen.shape) / vectors.shape[1] ** 0.5
    return (noisy / np.linalg.norm(noisy, axis=1, keepdims=True)).astype(np.float32)


def exactly(ids: Ids, vectors: Floats, queries: Floats) -> Ids:
    """Return the true nearest (Q, K) by id."""
    best = np.full((len(queries), K), -np.inf, np.float32)
    found = np.zeros((len(queries), K), np.int64)
    for start in range(0, len(ids), 50_000):
        products = np.concatenate([best, queries @ vectors[start : start + 50_000].T], axis=1)
        some = np.broadcast_to(ids[start : start + 50_000], (len(queries), products.shape[1] - K))
        keys = np.concatenate([found, some], axis=1)
        order = np.argpartition(-products, K - 1, axis=1)[:, :K]
        best, found = np.take_along_axis(products, order, axis=1), np.take_along_axis(keys, order, axis=1)
    return found


if __name__ == "__main__":
    main()
