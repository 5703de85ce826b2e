"""Many scenes on a Ray cluster: a scene a task, on whichever machine has room; this process alone writes the database.

Every machine needs core3d of this version and sees the scans under the same paths. Ray begins a task again where its
worker or machine dies, and gives it so many cores, and so much of a GPU, that tasks do not fight.
"""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core3d_search.encoders import load_encoder
from core3d_search.errors import Core3DError, InputError, MissingDependencyError
from core3d_search.indexer.config import IndexConfig
from core3d_search.indexer.frames import ReadOptions, SceneReader
from core3d_search.indexer.journal import Journal
from core3d_search.indexer.masks.progressive import make_generator
from core3d_search.indexer.pipeline import Outcome, find_scene
from core3d_search.indexer.report import RunReport, StageProgress, silent
from core3d_search.indexer.write import FoundScene, RunInput, failed_run, name_in, write, write_failure
from core3d_search.store import RunRecord, Store
from core3d_search.version import __version__

if TYPE_CHECKING:
    from core3d_search.encoders import Encoder
    from core3d_search.indexer.masks import MaskGenerator

RETRIES = 3
"""How often Ray begins a scene again whose worker or machine died."""


@dataclass(frozen=True)
class Needs:
    """What one scene takes of a machine: cores, and GPUs or a fraction of one (0.25: four scenes share it)."""

    cpus: float = 1.0
    gpus: float = 0.0


@dataclass(frozen=True)
class SceneTask:
    """A scene to index, as what another machine needs to open it; `known` is the input of its last complete run."""

    reader: type[SceneReader]
    source: Path
    options: ReadOptions
    config: IndexConfig
    check: Callable[[SceneReader], object] | None
    known: tuple[str, str] | None
    version: str = __version__


@dataclass(frozen=True, eq=False)
class Found:
    """What a machine found: the scene, or that it is `unchanged`, or the `error` that stopped it and its run."""

    scene: FoundScene | None = None
    unchanged: RunReport | None = None
    error: Exception | None = None
    failed: RunRecord | None = None


def index_on_ray(
    scenes: Sequence[SceneReader],
    store: Store,
    config: IndexConfig,
    address: str,
    needs: Needs | None = None,
    *,
    force: bool = False,
    check: Callable[[SceneReader], object] | None = None,
    progress: StageProgress = silent,
) -> Iterator[Outcome]:
    """Index `scenes` on the Ray cluster at `address` and yield what became of each as it is done and written.

    `address` is "auto" for the cluster that this machine is part of, "local" for a new one on this machine, or
    "ray://host:10001". Raises MissingDependencyError without ray, InputError where no cluster answers.
    `check` must be a function that another process can import.
    """
    needs = needs or Needs()
    with _cluster(address) as ray:
        limits = {"num_cpus": needs.cpus, "num_gpus": needs.gpus, "max_retries": RETRIES}
        find = ray.remote(**limits)(find_on_this_machine)
        running = {
            find.remote(
                SceneTask(type(reader), reader.source, reader.options, config, check, _known(store, reader, force))
            ): reader
            for reader in scenes
        }
        while running:
            (done,), _ = ray.wait(list(running), num_returns=1)
            reader = running.pop(done)
            try:
                found = ray.get(done)
            except ray.exceptions.RayError as error:
                found = Found(error=InputError(f"the cluster gave it up after {RETRIES} retries: {_first_line(error)}"))
            yield _kept(store, reader, found)
            progress("all scenes", "scenes", len(scenes) - len(running), len(scenes))


def find_on_this_machine(task: SceneTask) -> Found:
    """Return what the scene of `task` holds; runs in a worker of the cluster. What goes wrong is returned."""
    try:
        if task.version != __version__:
            told = f"core3d {__version__} on {socket.gethostname()}, {task.version} where it was asked"
            raise InputError(f"{told}: install the same on all machines of the cluster")
        if not task.source.exists():
            raise InputError(f"{socket.gethostname()} does not see {task.source}: mount it there under the same path")
        reader = task.reader.open(task.source, task.options)
        generator, encoder = _models(task.config)
        run = RunInput.of(reader, generator, encoder, task.config)
        if (run.fingerprint, run.config_checksum) == task.known:
            return Found(unchanged=RunReport(reader.name, len(reader), unchanged=True))
    except Exception as error:
        return Found(error=_portable(error))
    journal = Journal()
    try:
        return Found(find_scene(reader, run, journal, generator, encoder, check=task.check))
    except Exception as error:
        return Found(error=_portable(error), failed=failed_run(run, journal, error))


def _known(store: Store, reader: SceneReader, force: bool) -> tuple[str, str] | None:
    """Return fingerprint and config checksum of the scene's last complete run; None where it is to be done anyway."""
    name = name_in(store, reader)
    if force or all(scene.name != name for scene in store.scenes()):
        return None
    complete = [run for run in store.runs(name) if run.status == "complete"]
    return (complete[-1].fingerprint, complete[-1].config_checksum) if complete else None


def _kept(store: Store, reader: SceneReader, found: Found) -> Outcome:
    """Write what was found to the store; return what became of the scene."""
    name = name_in(store, reader)
    try:
        if found.unchanged is not None:
            objects = store.scene(name).object_count
            return Outcome(name, report=replace(found.unchanged, scene=name, objects=objects))
        if found.scene is not None:
            report = write(store, reader, found.scene)
            return Outcome(report.scene, report=report)
    except Core3DError as error:
        return Outcome(name, error=error)
    if found.failed is not None:
        write_failure(store, reader, found.failed)
    return Outcome(name, error=found.error)


def _models(config: IndexConfig) -> tuple[MaskGenerator, Encoder]:
    """Return generator and encoder; a worker keeps those of the last config, for it does one scene after the other."""
    key = json.dumps(config.to_dict(), sort_keys=True)
    if key not in _MODELS:
        _MODELS.clear()
        _MODELS[key] = make_generator(config.masks), load_encoder(config.encoder.name, **config.encoder.options)
    return _MODELS[key]


_MODELS: dict[str, tuple[MaskGenerator, Encoder]] = {}


def _portable(error: Exception) -> Exception:
    """Return `error`, or its words where its class may be unknown on another machine."""
    return error if isinstance(error, Core3DError) else RuntimeError(f"{type(error).__name__}: {error}")


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


@contextmanager
def _cluster(address: str) -> Iterator[Any]:
    """Connect to a cluster, or to the one that is connected already, and give the module `ray`."""
    if address not in ("auto", "local") and not address.startswith("ray://"):  # ray waits minutes for any other
        raise InputError(f"--ray {address}: say auto, local or ray://HOST:10001")
    try:
        import ray
    except ImportError as error:
        raise MissingDependencyError("--ray needs ray: pip install 'core3d-search[ray]'") from error
    if ray.is_initialized():
        yield ray
        return
    try:
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError) as error:
        told = f"no Ray cluster answers at {address!r} ({_first_line(error)})"
        raise InputError(f"{told}: start one with `ray start --head`, or say --ray local") from error
    try:
        yield ray
    finally:
        ray.shutdown()
