"""`core3d serve` under load: many clients at once, memory over many requests, what HTTP costs, how fast it starts.

    python benchmarks/serve.py --folder /tmp/scale --objects 10000 --clients 50 --seconds 60 --record

The database is the one of benchmarks/store.py, made in the folder where it is not there. The server is a process of its
own; it is stopped and started again between two rounds of load. The clients are one more process on the same machine,
each asks the next question as soon as it has its answer, over one connection that stays open.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from history import add_record_option, record
from store import KINDS, NAMES, fill

from core3d_search import Searcher, plugins

HERE = Path(__file__).resolve().parent
START = (
    "import sys; sys.path[:0] = {paths!r}\n"
    "from core3d_search import cli, plugins\n"
    "plugins.BUILT_IN['core3d.encoders']['benchmark'] = 'store:BenchmarkEncoder'\n"
    "sys.argv = ['core3d', 'serve', '--db', {db!r}, '--port', '0']; cli.main()\n"
)
TEXTS = [text for kind in ("bare noun", "attribute", "one relation") for text in KINDS[kind]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("scale"), help="where the database is made and kept")
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each of the two rounds")
    parser.add_argument("--requests", type=int, default=10_000, help="over which memory is watched")
    add_record_option(parser)
    options = parser.parse_args()
    plugins.BUILT_IN["core3d.encoders"]["benchmark"] = "store:BenchmarkEncoder"
    options.folder.mkdir(parents=True, exist_ok=True)
    database = options.folder / f"{options.objects}.db"
    if not database.exists():
        fill(database, options.objects)
    with running(database) as (port, _):  # the vector index is made, the pages of the file are read
        ask_once(port)
    figures = {}
    rounds = []
    for number in (1, 2):
        with running(database) as (port, seconds):
            print(f"round {number}: first answer {seconds:.2f} s after the start")
            rounds.append((seconds, *asyncio.run(load(port, options.clients, options.seconds))))
            print(f"  {rounds[-1][1]} answers, {rounds[-1][2]} errors", percentiles(rounds[-1][3]))
    with running(database) as (port, _):
        overhead = http_overhead(port, database)
        memory = asyncio.run(memory_over(port, options.clients, options.requests))
    errors = sum(each[2] for each in rounds)
    answers = sum(each[1] for each in rounds)
    worst = max(rounds, key=lambda each: float(np.percentile(each[3], 95)))
    what = f"core3d serve, {options.objects} objects"
    figures[f"{what}: {options.clients} clients, twice {options.seconds:g} s"] = (
        f"{answers} answers, {errors} errors, {percentiles(worst[3])}"
    )
    figures[f"{what}: start to first answer"] = f"{max(each[0] for each in rounds):.2f} s"
    figures[f"{what}: HTTP over in-process, one client"] = f"{overhead:.1f} ms"
    figures[f"{what}: memory over {options.requests} requests"] = memory
    for name, figure in figures.items():
        print(f"{name}: {figure}")
    if options.record:
        record(figures)


def percentiles(seconds: list[float]) -> str:
    p50, p95 = (1e3 * float(np.percentile(seconds, share)) for share in (50, 95))
    return f"p50 {p50:.0f} ms, p95 {p95:.0f} ms"


@contextmanager
def running(database: Path) -> Iterator[tuple[int, float]]:
    """Start the server and give its port, and the seconds to its first answer to a search."""
    code = START.format(paths=[str(HERE), str(HERE.parent)], db=str(database))
    environment = {key: value for key, value in os.environ.items() if not key.startswith("CORE3D_")}
    start = time.perf_counter()
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stderr is not None
        said = server.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", said)
        if found is None:
            raise SystemExit(f"the server did not start: {said}{server.stderr.read()}")
        port = int(found[1])
        while True:
            try:
                ask_once(port)
                break
            except OSError:
                time.sleep(0.01)
        yield port, time.perf_counter() - start
        server.terminate()


def ask_once(port: int, text: str = "chair") -> None:
    body = json.dumps({"text": text, "threshold": 0.0}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/search", body, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert json.load(answer)["hits"]


class Client:
    """A connection that stays open; as little of a client as will do, for it shares the machine with the server."""

    async def connect(self, port: int) -> Client:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        return self

    async def search(self, text: str) -> int:
        """Ask, read the whole answer and return its status."""
        body = json.dumps({"text": text}).encode()
        head = "POST /v1/search HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        self._writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", answer)
        assert length is not None
        await self._reader.readexactly(int(length[1]))
        return int(answer[9:12])

    def close(self) -> None:
        self._writer.close()


async def load(port: int, clients: int, seconds: float, most: int | None = None) -> tuple[int, int, list[float]]:
    """Let `clients` ask at once; return answers, errors, and the seconds that each answer took."""
    texts = itertools.cycle(TEXTS)
    took: list[float] = []
    errors = 0
    end = time.perf_counter() + seconds

    async def one() -> None:
        nonlocal errors
        client = await Client().connect(port)
        while time.perf_counter() < end and (most is None or len(took) < most):
            start = time.perf_counter()
            try:
                errors += await client.search(next(texts)) != 200
            except (OSError, asyncio.IncompleteReadError):
                errors += 1
                client = await Client().connect(port)
            took.append(time.perf_counter() - start)
        client.close()

    await asyncio.gather(*(one() for _ in range(clients)))
    return len(took), errors, took


async def memory_over(port: int, clients: int, requests: int) -> str:
    """Return the megabytes that the server takes after a thousand requests and after `requests` more, and how many of
    these were answered with an error: a server that refuses needs no memory."""
    await load(port, clients, 3600, 1000)
    before = resident(port)
    _, errors, _ = await load(port, clients, 3600, requests)
    return f"{before:.0f} MB, then {resident(port):.0f} MB, {errors} errors"


def resident(port: int) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
        found = re.search(r"^process_resident_memory_bytes (\S+)", answer.read().decode(), re.MULTILINE)
    assert found is not None
    return float(found[1]) / 1e6


def http_overhead(port: int, database: Path) -> float:
    """Return by how many milliseconds the median search over HTTP is slower than in process, asked in turn."""

    async def over_http(texts: list[str]) -> list[float]:
        client = await Client().connect(port)
        took = []
        for text in texts:
            start = time.perf_counter()
            assert await client.search(text) == 200
            took.append(time.perf_counter() - start)
        client.close()
        return took

    texts = NAMES[:40]
    with Searcher.open(database) as searcher:
        for text in texts:
            searcher.search(text)
        asyncio.run(over_http(texts))
        here, there = [], []
        for _ in range(5):
            for text in texts:
                start = time.perf_counter()
                searcher.search(text)
                here.append(time.perf_counter() - start)
            there += asyncio.run(over_http(texts))
    return 1e3 * float(np.median(there) - np.median(here))


if __name__ == "__main__":
    main()
