"""Vector indexes side by side: cold start from a database, time per query, agreement with exact search.

    python benchmarks/vectors.py --counts 1000 20000 50000

The embeddings are drawn around random centres, as those of objects of some hundred kinds would be. Every cold start is
a process of its own, from `import` to the first answer. Ratios are to "exact" of the same count.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from statistics import median

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Box3D, SceneObject
from core3d_search.store import EmbeddingModel, RunRecord, SceneRecord, Store
from core3d_search.vectors import open_index

COLD_START = """
import time; start = time.perf_counter()
import sys, numpy as np
from core3d_search.store import Store
from core3d_search.vectors import open_index
ready = time.perf_counter()
store = Store.open(sys.argv[1])
model = store.models()[0]
index = open_index(store, model, sys.argv[2])
index.search(np.full((1, model.dimension), model.dimension ** -0.5, np.float32), 10)
print(ready - start, time.perf_counter() - ready)
"""
K = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", type=int, nargs="+", default=[1_000, 20_000, 50_000], help="vectors")
    parser.add_argument("--dimension", type=int, default=512)
    parser.add_argument("--queries", type=int, default=50)
    parser.add_argument("--kinds", nargs="+", default=["exact", "faiss"], help="exact, faiss, torch")
    parser.add_argument("--factories", nargs="*", default=[], help="other FAISS indexes, such as SQfp16 HNSW32")
    options = parser.parse_args()
    print(
        f"{'count':>7} {'index':<12} {'cold start s':>12} {'build s':>8} {'query ms':>9} {'ratio':>6} {'recall@10':>9}"
    )
    for count in options.counts:
        vectors = clustered(count + options.queries, options.dimension)
        stored, queries = vectors[:count], vectors[count:]
        with tempfile.TemporaryDirectory() as folder:
            measure(stored, queries, Path(folder) / "bench.db", options.kinds, options.factories)


def measure(
    vectors: npt.NDArray[np.float32],
    queries: npt.NDArray[np.float32],
    database: Path,
    kinds: list[str],
    factories: list[str],
) -> None:
    """Print one line for each kind of index over `vectors`."""
    model = EmbeddingModel("benchmark", "0", vectors.shape[1])
    fill(database, vectors, model)
    truth: npt.NDArray[np.int64] | None = None
    base = np.nan
    with Store.open(database) as store:
        for kind in kinds:
            start = time.perf_counter()
            index = open_index(store, model, kind)  # type: ignore[arg-type]
            built = time.perf_counter() - start
            cold = median(cold_start(database, kind) for _ in range(5))
            found, taken = ask(lambda query, index=index: index.search(query, K).ids, queries)
            truth, base = (found, taken) if truth is None else (truth, base)
            line(len(vectors), kind, f"{cold:12.3f}", built, taken, base, recall(found, truth))
        stored = store.embeddings(model)
    for factory in factories:
        import faiss

        start = time.perf_counter()
        other = faiss.index_factory(vectors.shape[1], factory, faiss.METRIC_INNER_PRODUCT)
        other.train(stored.vectors)
        other.add(stored.vectors)
        built = time.perf_counter() - start
        found, taken = ask(lambda query, other=other: stored.ids[other.search(query, K)[1]], queries)
        assert truth is not None
        line(len(vectors), factory, f"{'':>12}", built, taken, base, recall(found, truth))


def line(count: int, name: str, cold: str, built: float, taken: float, base: float, agreement: float) -> None:
    print(
        f"{count:7} {name:<12} {cold} {built:8.2f} {taken * 1e3:9.3f} {taken / base:6.2f} {agreement:9.3f}", flush=True
    )


def ask(
    search: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.int64]], queries: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.int64], float]:
    """Return the answers (Q, K) to single queries and the median seconds of one."""
    search(queries[:1])
    answers, seconds = [], []
    for query in queries:
        start = time.perf_counter()
        answers.append(search(query[None]))
        seconds.append(time.perf_counter() - start)
    return np.concatenate(answers), median(seconds)


def cold_start(database: Path, kind: str) -> float:
    """Return the seconds from an open Python with the store imported to the first answer."""
    command = [sys.executable, "-c", COLD_START, str(database), kind]
    _, seconds = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(seconds)


def recall(found: npt.NDArray[np.int64], truth: npt.NDArray[np.int64]) -> float:
    return float(np.mean([len(np.intersect1d(a, b)) / len(b) for a, b in zip(found, truth, strict=True)]))


def clustered(count: int, dimension: int) -> npt.NDArray[np.float32]:
    """Return unit vectors around 300 random centres."""
    generator = np.random.default_rng(0)
    centers = generator.normal(size=(300, dimension))
    vectors = centers[generator.integers(300, size=count)] + 0.7 * generator.normal(size=(count, dimension))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def fill(database: Path, vectors: npt.NDArray[np.float32], model: EmbeddingModel) -> None:
    """Write a database of one point-sized object a vector, 500 a scene."""
    box = Box3D(np.zeros(3), np.ones(3))
    points, colors = np.zeros((1, 3), np.float32), np.zeros((1, 3), np.uint8)
    with Store.open(database, create=True) as store:
        for start in range(0, len(vectors), 500):
            name = f"scene{start}"
            objects = [SceneObject(name, points, colors, box, vector, 1) for vector in vectors[start : start + 500]]
            run = RunRecord(datetime.now(timezone.utc), 0, "", {}, "", "none", "", model=model)
            store.write_scene(SceneRecord(name, f"/{name}", "none"), [], run, objects)


if __name__ == "__main__":
    main()
