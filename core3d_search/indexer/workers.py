"""Many scenes at once on one machine: a process a worker, a scene a task, cores shared out and not fought over."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
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
"""How often a scene is begun alone that was under way when a worker died; each goes on from what was finished."""


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

    `database` is the path or URL of a database that exists, None for the usual one. A worker that dies (killed, out of
    memory) takes all others with it, and which scene it worked on is not known: each scene that was under way is begun
    again alone, so that none pays for another, and given up with an InputError where its worker dies every time.
    `check` must be a function that another process can import.
    """
    waiting = deque(
        Task(scene.name, type(scene), scene.source, scene.options, database, config, force, check) for scene in scenes
    )
    for done, outcome in enumerate(_outcomes(waiting, workers), 1):
        progress("all scenes", "scenes", done, len(scenes))
        yield outcome


def _outcomes(waiting: deque[Task], workers: int) -> Iterator[Outcome]:
    while waiting:
        suspects = yield from _together(waiting, workers)
        yield from map(_alone, suspects)


def _together(waiting: deque[Task], workers: int) -> Generator[Outcome, None, list[Task]]:
    """Yield what becomes of the `waiting` tasks, so many at once; return those under way when a worker dies, if any."""
    running: dict[Future[Outcome], Task] = {}
    with _pool(workers) as pool:
        while waiting or running:
            try:
                while waiting and len(running) < workers:
                    running[pool.submit(waiting[0].run)] = waiting[0]
                    waiting.popleft()
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    outcome = future.result()
                    del running[future]
                    yield outcome
            except BrokenProcessPool:
                break
    return list(running.values())


def _alone(task: Task) -> Outcome:
    """Return what becomes of a task on a worker of its own."""
    for _ in range(ATTEMPTS):
        with _pool(1) as pool, suppress(BrokenProcessPool):
            return pool.submit(task.run).result()
    told = f"its worker process died {ATTEMPTS} times, out of memory perhaps: index it where there is more"
    return Outcome(task.name, error=InputError(told))


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
