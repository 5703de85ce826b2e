"""The store and the search at scale: insert rate, size, cold and warm answers, memory, recall.

    python benchmarks/store.py --counts 10000 100000 --folder /tmp/scale

A scene is a flat of generated rooms side by side, about three, cut to a hundred objects: their names, places, sizes and
colours are as often and as near to each other as there. An embedding is the vector of its label plus noise of a length
that is drawn for each object, as things are more and less typical. Databases stay in the folder and are used again.
Every cold start is a process of its own, from its beginning to the first answer.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search import Searcher, plugins
from core3d_search.datatypes import Box3D, SceneObject
from core3d_search.encoders import Calibration
from core3d_search.search import scene_rows
from core3d_search.search.scoring import THRESHOLD
from core3d_search.search.ties import order
from core3d_search.store import EmbeddingModel, RunRecord, SceneRecord, Store
from core3d_search.synthetic.catalogue import CATEGORIES
from core3d_search.synthetic.generate import furnish, room_object
from core3d_search.synthetic.surfaces import COLORS

DIMENSION, A_SCENE = 512, 100
NAMES = sorted(CATEGORIES)
FIRST_ROOM, ROOMS = 20_000, 150
KINDS = {
    "bare noun": [f"{noun}" for noun in NAMES[:40]],
    "attribute": [f"{color} {noun}" for noun in NAMES[3:40:4] for color in ("red", "blue", "white", "brown")],
    "one relation": [
        "chair near the dining table",
        "lamp near the bed",
        "mug on the desk",
        "pillow on the sofa",
        "plant near the window",
        "monitor on the desk",
        "book on the bookshelf",
        "trash can under the desk",
        "rug under the coffee table",
        "picture above the sofa",
        "bottle near the sink",
        "towel near the washbasin",
        "clock near the door",
        "speaker near the tv",
        "keyboard on the desk",
        "nightstand near the bed",
        "kettle near the stove",
        "box near the wardrobe",
        "vase on the dining table",
        "chair near the radiator",
    ],
    "two relations": [
        "lamp near the bed and near the window",
        "mug on the desk near the monitor",
        "chair near the desk near the door",
        "pillow on the sofa near the lamp",
        "book on the table near the window",
        "plant near the sofa and near the tv",
        "keyboard on the desk near the window",
        "vase on the table near the chair",
        "box near the bed near the door",
        "bottle on the kitchen counter near the stove",
        "chair near the table and near the window",
        "rug near the bed near the lamp",
        "picture above the bed near the window",
        "trash can near the desk and near the door",
        "mug near the plate on the table",
        "clock near the window near the door",
        "speaker near the tv near the sofa",
        "towel near the sink near the mirror",
        "backpack near the bed near the desk",
        "stool near the kitchen counter near the sink",
    ],
}


class BenchmarkEncoder:
    """Texts: the sum of fixed random vectors of the labels in them; "object" is their mean."""

    model_id, checksum, dimension = "benchmark/1", "0" * 64, DIMENSION
    calibration = Calibration(scale=15.0, margin=0.4, neutral_phrases=("object",))

    @classmethod
    def from_model_id(cls, model_id: str, **options: Any) -> BenchmarkEncoder:
        return cls()

    def encode_texts(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return np.stack([_encoded(text) for text in texts])


@cache
def _encoded(text: str) -> npt.NDArray[np.float32]:
    summed = np.sum([centers()[n] for n, name in enumerate(NAMES) if name in text] or centers(), axis=0)
    return np.asarray(summed / np.linalg.norm(summed), np.float32)


@cache
def centers() -> npt.NDArray[np.float64]:
    vectors = np.random.default_rng(0).normal(size=(len(NAMES), DIMENSION))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", type=int, nargs="+", default=[10_000, 100_000], help="objects")
    parser.add_argument("--folder", type=Path, default=Path("scale"), help="where the databases are made and kept")
    parser.add_argument("--queries", type=int, default=20, help="of each kind")
    parser.add_argument("--exhaustive", type=int, default=0, help="compare so many answers with ranking every scene")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--text", help=argparse.SUPPRESS)
    options = parser.parse_args()
    plugins.BUILT_IN["core3d.encoders"]["benchmark"] = "__main__:BenchmarkEncoder"
    if options.one:
        print(json.dumps(in_this_process(options.one, options.text, options.queries)))
        return
    options.folder.mkdir(parents=True, exist_ok=True)
    for count in options.counts:
        path = options.folder / f"{count}.db"
        print(f"\n{count} objects in {count // A_SCENE} scenes")
        if not path.exists():
            print(f"  insert               {count / fill(path, count):8.0f} objects/s of CPU")
        if options.exhaustive:
            compare(path, options.exhaustive)
        else:
            measure(count, path, options.queries)


def measure(count: int, path: Path, queries: int) -> None:
    print(f"  database             {path.stat().st_size / count:8.0f} bytes an object")
    first = ask(path, "chair", 0)
    print(f"  index made           {first['cold_s']:8.1f} s of CPU")
    cold = [ask(path, text, 0) for text in ("chair", "lamp", "red chair", "bed", "mug")]
    seconds = np.median([each["cold_s"] for each in cold])
    print(f"  cold process         {seconds:8.2f} s of CPU, {cold[0]['rss_mb']:.0f} MB")
    warm = ask(path, "chair", queries)
    for kind, (p50, p95) in warm["warm_ms"].items():
        print(f"  {kind:<20} {p50:8.1f} ms p50 {p95:8.1f} ms p95, of CPU")
    print(f"  memory               {warm['rss_mb']:8.0f} MB after all of these; at the start {first['rss_mb']:.0f}")
    print(f"  one scene more       {warm['added_s']:8.2f} s of CPU until it is found", flush=True)


def compare(path: Path, queries: int) -> None:
    """Ask for the first ten, and rank every scene: ids and scores must be the same."""
    scene_rows.MOST_KEPT = 10**6
    with Searcher.open(path) as searcher:
        now = searcher._current()
        different, asked = [], [text for each in zip(*map(texts_of, KINDS), strict=True) for text in each][:queries]
        spent = {"search": 0.0, "every scene": 0.0}
        for text in asked:
            start = time.process_time()
            found = searcher.search(text, k=10)
            between = time.process_time()
            question = now.question(text, None, None, None)
            every = [hit for scene in now.filled for hit in now.fitting(scene, question, THRESHOLD)]
            every.sort(key=order)
            spent["search"] += between - start
            spent["every scene"] += time.process_time() - between
            if [(hit.object_id, hit.score) for hit in found] != [(hit.object_id, hit.score) for hit in every[:10]]:
                different.append(text)
    print(f"  different answers    {len(different)} of {len(asked)} {different[:5]}")
    print(
        "  of CPU a text        " + ", ".join(f"{name} {s / len(asked):.3f} s" for name, s in spent.items()), flush=True
    )


def texts_of(kind: str) -> list[str]:
    """Return fifty texts of a kind, made of names at random where there are not so many."""
    generator = np.random.default_rng(0)
    texts = list(KINDS[kind])
    patterns = {"bare noun": "{}", "attribute": "green {}", "one relation": "{} near the {}"}
    while len(texts) < 50:
        texts.append(patterns.get(kind, "{} near the {} and on the {}").format(*generator.choice(NAMES, 3)))
    return texts[:50]


def ask(path: Path, text: str, queries: int) -> dict[str, Any]:
    """Ask in a process of its own."""
    command = [sys.executable, __file__, "--one", str(path), "--text", text, "--queries", str(queries)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}  # threads that wait for each other cost CPU as well
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=one_thread)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cold_s": spent, **json.loads(done.stdout)}


def in_this_process(path: Path, text: str, queries: int) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    with Searcher.open(path) as searcher:
        assert searcher.search(text, threshold=0)
        if queries:
            facts["warm_ms"] = {kind: timed(searcher, texts[:queries]) for kind, texts in KINDS.items()}
            facts["warm_ms"]["count"] = timed(searcher, NAMES[:queries], count=True)
            facts["warm_ms"]["scene filter"] = timed(searcher, NAMES[:queries], scenes=["room-000007"])
            facts["added_s"] = add_one(searcher, path)
    return facts | {"rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def timed(searcher: Searcher, texts: Sequence[str], *, count: bool = False, **options: Any) -> tuple[float, float]:
    """Return median and 95th percentile, in milliseconds of CPU, of texts that were encoded before.

    Of CPU: other processes on the machine then count for little.
    """
    for space in searcher._current().spaces.values():
        space.texts(texts)
    seconds = []
    for text in texts:
        start = time.process_time()
        _ = searcher.count(text) if count else searcher.search(text, k=10, **options)
        seconds.append(1e3 * (time.process_time() - start))
    return float(np.median(seconds)), float(np.percentile(seconds, 95))


def add_one(searcher: Searcher, path: Path) -> float:
    with Store.open(path) as store:
        name = f"added-{time.time_ns()}"
        write(store, name, np.random.default_rng(time.time_ns()))
        start = time.process_time()
        found = searcher.search("chair", k=1000, threshold=0, scenes=[name])
        assert found
        assert searcher.search("chair", k=1)
        seconds = time.process_time() - start
        store.remove_scene(name)
    return seconds


def fill(path: Path, count: int) -> float:
    """Write the database; return the seconds of CPU that took."""
    rooms()
    start = time.process_time()
    with Store.open(path.with_suffix(".part"), create=True) as store:
        for number in range(count // A_SCENE):
            write(store, f"room-{number:06}", np.random.default_rng(number))
    seconds = time.process_time() - start
    path.with_suffix(".part").rename(path)
    return seconds


def write(store: Store, name: str, generator: np.random.Generator, version: int = 0) -> None:
    """Write one scene: as many rooms of the pool in a row as it takes, each thing moved by some centimetres.

    `version` is kept in the fingerprint of its run.
    """
    drawn = [rooms()[number] for number in generator.integers(len(rooms()), size=A_SCENE)]
    things = [(thing, 8.0 * place) for place, room in enumerate(drawn) for thing in room][:A_SCENE]
    labels = BenchmarkEncoder().encode_texts([thing.label for thing, _ in things])
    lengths = generator.uniform(0.4, 2.5, (len(things), 1))
    vectors = labels + lengths * generator.normal(size=labels.shape) / DIMENSION**0.5
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    moves = generator.normal(scale=0.03, size=(len(things), 3))
    objects = []
    for (thing, along), vector, move in zip(things, vectors, moves, strict=True):
        box = Box3D(thing.box.center + move + (along, 0, 0), thing.box.extent, thing.box.rotation)
        color = np.clip(np.array([COLORS[thing.color]]) + generator.integers(-12, 13, 3), 0, 255).astype(np.uint8)
        objects.append(SceneObject(name, box.center[None], color, box, vector, 5, thing.label))
    run = RunRecord(
        datetime.now(timezone.utc),
        0,
        f"{name} {version}",
        {},
        "",
        "none",
        "",
        model=EmbeddingModel.of(BenchmarkEncoder()),
    )
    store.write_scene(SceneRecord(name, f"/{name}", "none", (0.0, 0.0, 1.0)), [], run, objects)


@dataclass(frozen=True)
class Thing:
    label: str
    color: str
    box: Box3D


@cache
def rooms() -> list[list[Thing]]:
    """Return what stands in some generated rooms."""
    made = []
    for seed in range(FIRST_ROOM, FIRST_ROOM + ROOMS):
        _, arrangement = furnish(seed)
        placed = [room_object(item, number) for number, item in enumerate(arrangement.placed)]
        made.append([Thing(item.label, item.color, item.box) for item in placed])
    return made


if __name__ == "__main__":
    main()
