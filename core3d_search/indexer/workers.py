"""Many scenes at once on one machine: a process a worker, a scene a task, cores shared out and not fought over."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from core3d_search.errors import Core3DError, InputError
from core3d_search.indexer.config import IndexConfig
from core3d_search.indexer.frames import ReadOptions, SceneReader
from core3d_search.indexer.pipeline import Outcome, index_scenes
from core3d_search.indexer.report import StageProgress, silent
from core3d_search.store import Store

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""What NumPy's and torch's libraries take the number of their threads from, when they are loaded."""
ATTEMPTS = 2
"""How often a scene is begun whose worker dies under it; the second goes on from what the first had finished."""


@dataclass(frozen=True)
class Task:
    """A scene to index, as what another process needs to open it again."""

    name: str
    reader: type[SceneReader]
    source: Path
    options: ReadOptions
    database: str | None
    config: IndexConfig
    force: bool
    check: Callable[[SceneReader], object] | None

    def run(self) -> Outcome:
        """Index the scene and return what became of it."""
        with Store.open(self.database) as store:
            scene = self.reader.open(self.source, self.options)
            (outcome,) = index_scenes([scene], store, self.config, force=self.force, check=self.check)
        if outcome.error is None or isinstance(outcome.error, Core3DError):
            return outcome
        told = (
            f"{type(outcome.error).__name__}: {outcome.error}"  # an error of a plug-in may not pass between processes
        )
        return replace(outcome, error=RuntimeError(told))


def index_on_workers(
    scenes: Sequence[SceneReader],
    database: str | None,
    config: IndexConfig,
    workers: int,
    *,
    force: bool = False,
    check: Callable[[SceneReader], object] | None = None,
    progress: StageProgress = silent,
) -> Iterator[Outcome]:
    """Index `scenes` on so many processes and yield what became of each as it is done.

    `database` is the path or URL of a database that exists, None for the usual one. A scene whose worker dies (killed,
    out of memory) is begun once more, and given up with an InputError if that one dies too. `check` must be a function
    that another process can import.
    """
    tasks = [
        Task(scene.name, type(scene), scene.source, scene.options, database, config, force, check) for scene in scenes
    ]
    begun: Counter[str] = Counter()
    done = 0
    while tasks:
        lost: list[Task] = []
        with _pool(workers) as pool:
            running: dict[Future[Outcome], Task] = {pool.submit(task.run): task for task in tasks}
            for future in as_completed(running):
                try:
                    outcome = future.result()
                except BrokenProcessPool:
                    lost.append(running[future])
                    continue
                done += 1
                progress("all scenes", "scenes", done, len(scenes))
                yield outcome
        begun.update(task.name for task in lost)
        tasks = [task for task in lost if begun[task.name] < ATTEMPTS]
        for task in lost:
            if begun[task.name] >= ATTEMPTS:
                told = f"worker processes died {ATTEMPTS} times, out of memory perhaps: take fewer --workers"
                yield Outcome(task.name, error=InputError(told))


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Give processes that share out the cores; an interruption ends them at once, their finished frames are kept."""
    threads = str(max(1, (os.cpu_count() or 1) // workers))
    before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, threads))  # read by each process when it starts
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_die_when_interrupted)
    try:
        yield pool
    except BaseException:
        for child in multiprocessing.active_children():
            child.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _die_when_interrupted() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
