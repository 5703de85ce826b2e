"""Scenes on a Ray cluster: the objects that one process finds, a lost machine costs nothing, errors are told."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from core3d_search.errors import InputError
from core3d_search.indexer.config import resolve
from core3d_search.indexer.pipeline import index_scenes
from core3d_search.indexer.ray_cluster import SceneTask, find_on_this_machine, index_on_ray
from core3d_search.indexer.readers import find_scenes
from core3d_search.store import Store
from core3d_search.synthetic import generate_room, write_room

CONFIG = resolve(overrides=["frames.longest_side_px=160"])


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    for seed in (7, 8, 9):
        write_room(generate_room(seed), folder / f"room-{seed}", frames=2, width=160, height=120)
    return folder


@pytest.fixture
def cluster(monkeypatch):
    """Two machines of one core each, beside a head that works on nothing."""
    pytest.importorskip("ray", reason="ray is not installed: pip install 'core3d-search[ray]'")
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))  # what the workers import from
    started = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    started.machines = [started.add_node(num_cpus=1, include_dashboard=False) for _ in range(2)]
    monkeypatch.setenv("RAY_ADDRESS", started.address)  # which "auto" connects to
    yield started
    started.shutdown()


def stored(database: Path) -> dict[str, list[bytes]]:
    with Store.open(database) as store:
        return {scene.name: [o.embedding.tobytes() for o in store.objects(scene.name)] for scene in store.scenes()}


def begun(reader) -> None:
    """Note that a scene was begun, and take a while the first time, so that a machine can be lost meanwhile."""
    log = reader.source.parent / f"{reader.name}.begun"
    again = log.exists()
    log.touch()
    if not again:
        time.sleep(20)


def refuse(reader) -> None:
    if reader.source.name == "room-8":
        raise InputError("not to my taste")


@pytest.mark.slow
def test_a_cluster_finds_what_one_process_finds_though_a_machine_is_lost(scenes, cluster, tmp_path) -> None:
    with Store.open(tmp_path / "one.db", create=True) as store:
        assert all(outcome.report for outcome in index_scenes(find_scenes(scenes), store, CONFIG))
    copy = shutil.copytree(scenes, tmp_path / "scenes")
    with Store.open(tmp_path / "cluster.db", create=True) as store:
        outcomes = index_on_ray(find_scenes(copy), store, CONFIG, "auto", check=begun)

        def lose_a_machine() -> None:
            while not list(copy.glob("*.begun")):
                time.sleep(0.1)
            cluster.remove_node(cluster.machines[0], allow_graceful=False)

        loser = threading.Thread(target=lose_a_machine)
        loser.start()
        done = list(outcomes)
        loser.join()
    assert {outcome.scene for outcome in done} == {scene.name for scene in find_scenes(copy)}
    assert [outcome.error for outcome in done] == [None] * 3
    assert stored(tmp_path / "one.db") == stored(tmp_path / "cluster.db")


def test_what_has_not_changed_is_left_alone_and_a_refused_scene_is_told(scenes, cluster, tmp_path) -> None:
    with Store.open(tmp_path / "cluster.db", create=True) as store:
        first = list(index_on_ray(find_scenes(scenes), store, CONFIG, "auto", check=refuse))
        (refused,) = [outcome for outcome in first if outcome.error]
        assert str(refused.error) == "not to my taste"
        assert [run.status for run in store.runs(refused.scene)] == ["failed"]
        again = list(index_on_ray(find_scenes(scenes), store, CONFIG, "auto"))
    assert [outcome.scene for outcome in again if not outcome.report.unchanged] == [refused.scene]


def test_a_machine_says_what_is_wrong_with_it(scenes) -> None:
    (reader,) = find_scenes(scenes / "room-7")
    task = SceneTask(type(reader), reader.source, reader.options, CONFIG, None, None)
    older = find_on_this_machine(replace(task, version="0.0.1"))
    assert "install the same on all machines" in str(older.error)
    elsewhere = find_on_this_machine(replace(task, source=Path("/nowhere/room-7")))
    assert "does not see /nowhere/room-7: mount it there" in str(elsewhere.error)
    assert elsewhere.scene is None


def test_no_cluster_is_a_clear_error(scenes, tmp_path) -> None:
    pytest.importorskip("ray", reason="ray is not installed: pip install 'core3d-search[ray]'")
    with (
        Store.open(tmp_path / "core3d.db", create=True) as store,
        pytest.raises(InputError, match="no Ray cluster answers at 'auto'.*ray start --head"),
    ):
        list(index_on_ray(find_scenes(scenes), store, CONFIG, "auto"))


def test_an_address_that_ray_would_wait_for_is_refused(scenes, tmp_path) -> None:
    with (
        Store.open(tmp_path / "core3d.db", create=True) as store,
        pytest.raises(InputError, match="say auto, local or ray://HOST:10001"),
    ):
        list(index_on_ray(find_scenes(scenes), store, CONFIG, "127.0.0.1:6379"))
