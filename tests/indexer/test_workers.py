"""Scenes on several processes: the same objects as on one, and a dead worker costs nothing."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest

from core3d_search.indexer.config import resolve
from core3d_search.indexer.pipeline import index_scenes
from core3d_search.indexer.readers import find_scenes
from core3d_search.indexer.workers import THREAD_VARIABLES, index_on_workers
from core3d_search.store import Store
from core3d_search.synthetic import generate_room, write_room

CONFIG = resolve(overrides=["frames.longest_side_px=160"])


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    for seed in (7, 8):
        write_room(generate_room(seed), folder / f"room-{seed}", frames=3, width=160, height=120)
    return folder


def die_once(reader) -> None:
    """Kill the worker that meets a scene for the first time."""
    flag = reader.source.parent / f"{reader.name}.died"
    if not flag.exists():
        flag.touch()
        os.kill(os.getpid(), signal.SIGKILL)


def die_always(reader) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def told_threads(reader) -> None:
    (reader.source.parent / f"{reader.name}.threads").write_text(os.environ[THREAD_VARIABLES[0]])


def objects_of(database: Path) -> dict[str, list[bytes]]:
    with Store.open(database) as store:
        return {scene.name: [o.embedding.tobytes() for o in store.objects(scene.name)] for scene in store.scenes()}


@pytest.mark.slow
def test_workers_find_what_one_process_finds_and_one_that_dies_costs_nothing(scenes: Path, tmp_path: Path) -> None:
    with Store.open(tmp_path / "one.db", create=True) as store:
        assert all(outcome.report for outcome in index_scenes(find_scenes(scenes), store, CONFIG))
    Store.open(tmp_path / "two.db", create=True).close()
    copy = shutil.copytree(scenes, tmp_path / "scenes")
    before = dict(os.environ)
    outcomes = list(index_on_workers(find_scenes(copy), str(tmp_path / "two.db"), CONFIG, 2, check=die_once))
    assert [outcome.error for outcome in outcomes] == [None, None]
    assert objects_of(tmp_path / "one.db") == objects_of(tmp_path / "two.db")
    assert dict(os.environ) == before


@pytest.mark.slow
def test_a_scene_that_kills_every_worker_is_given_up_and_told(scenes: Path, tmp_path: Path) -> None:
    Store.open(tmp_path / "two.db", create=True).close()
    (only,) = find_scenes(scenes / "room-7")
    (outcome,) = index_on_workers([only], str(tmp_path / "two.db"), CONFIG, 1, check=die_always)
    assert "its worker process died 2 times" in str(outcome.error)


@pytest.mark.slow
def test_workers_share_out_the_cores(scenes: Path, tmp_path: Path) -> None:
    Store.open(tmp_path / "two.db", create=True).close()
    copy = shutil.copytree(scenes, tmp_path / "scenes")
    list(index_on_workers(find_scenes(copy), str(tmp_path / "two.db"), CONFIG, 2, check=told_threads))
    told = [int(file.read_text()) for file in copy.glob("*.threads")]
    assert told == [max(1, (os.cpu_count() or 1) // 2)] * 2
