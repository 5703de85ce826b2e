"""Scenes go from one database to another as they are, or not at all."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select
from store_samples import scene_objects, write_scene

from core3d_search.errors import StoreError
from core3d_search.schema.tables import metadata
from core3d_search.store import Store

CACHES = {"store", "query_embeddings", "query_readings", "vector_indexes"}


@pytest.fixture
def source(tmp_path):
    """Three scenes, one of them removed, one indexed twice, with what people said."""
    with Store.open(tmp_path / "source.db", create=True) as store:
        write_scene(store, "office", count=5, seed=1)
        write_scene(store)
        store.remove_scene("office")
        write_scene(store, "attic", count=4, seed=2)
        write_scene(store)
        (first, *_) = store.object_table("attic").ids.tolist()
        store.tag(first, ["mine"])
        store.tag("attic", ["upstairs"])
        store.note(first, "a gift", {"year": 1999, "worth": 1.5})
        store.note("kitchen", "ground floor", {})
        yield store


def rows(store: Store, table: str) -> list[tuple]:
    """Every row of a table without the keys that no one sees and the scenes' generations."""
    hidden = {"frames": ("id",), "observations": ("id", "frame_id"), "scenes": ("generation", "row_checksum")}
    hidden["observations"] = (*hidden["observations"], "row_checksum")
    with store.database.reading() as connection:
        found = connection.execute(select(metadata.tables[table]))
        kept = [name for name in found.keys() if name not in hidden.get(table, ())]  # noqa: SIM118
        return sorted((tuple(str(getattr(row, name)) for name in kept) for row in found), key=str)


def assert_same(store: Store, other: Store) -> None:
    assert store.check() == other.check() == []
    assert store.content_checksum() == other.content_checksum()
    for table in metadata.tables:
        if table not in CACHES:
            assert rows(store, table) == rows(other, table), table


def test_a_copy_has_the_same_rows_and_ids(source, tmp_path) -> None:
    with Store.open(tmp_path / "copy.db", create=True) as copy:
        done = source.copy_to(copy)
        assert (done.scenes, done.object_count) == (("kitchen", "attic"), len(source.object_table()))
        assert_same(source, copy)
        assert copy.generation > 0
        assert copy.marks("attic").tags == ("upstairs",)
        new = write_scene(copy, "cellar", count=2, seed=9)
        assert min(new) > source.object_table().ids.max(), "ids go on after those that came along"


def test_one_scene_comes_alone_and_takes_the_place_of_an_older_one(source, tmp_path) -> None:
    with Store.open(tmp_path / "copy.db", create=True) as copy:
        source.copy_to(copy, ["attic"])
        assert [scene.name for scene in copy.scenes()] == ["attic"]
        with pytest.raises(StoreError, match="scene 'attic' is in .*copy.db already: say --replace"):
            source.copy_to(copy)
        before, run = copy.generation, copy.runs("attic")[-1].id
        source.copy_to(copy, replace=True)
        assert copy.runs("attic")[-1].id > run, "an index that knows the former content must notice"
        assert copy.check() == []
        assert copy.content_checksum() == source.content_checksum()
        assert copy.generation > before
        with pytest.raises(StoreError, match="no scene 'cellar'.*there are: attic, kitchen"):
            source.copy_to(copy, ["cellar"], replace=True)


def test_ids_of_other_objects_are_refused_or_numbered_anew(source, tmp_path) -> None:
    with Store.open(tmp_path / "copy.db", create=True) as copy:
        own = write_scene(copy, "cellar", count=20, seed=9)
        before = copy.content_checksum()
        with pytest.raises(StoreError, match="another object of that id: say --new-ids"):
            source.copy_to(copy)
        assert copy.content_checksum() == before
        source.copy_to(copy, fresh_ids=True)
        assert copy.object_table("cellar").ids.tolist() == own
        assert len(copy.object_table()) == len(source.object_table()) + 20
        assert copy.check() == []
        (tagged,) = copy.objects_tagged("mine").tolist()
        assert copy.object(tagged).label == source.object(int(source.objects_tagged("mine")[0])).label
        assert copy.scenes_of([tagged]) == {tagged: "attic"}
        assert np.array_equal(copy.object_table("kitchen").centers, source.object_table("kitchen").centers)
        assert len(copy.observations(copy.objects("kitchen")[0].id)) == 2


def test_a_folder_under_another_name_is_told(source, tmp_path) -> None:
    with Store.open(tmp_path / "copy.db", create=True) as copy:
        source.copy_to(copy, ["attic"])
        copy.rename_scene("attic", "loft")
        with pytest.raises(StoreError, match="already, as scene 'loft', not 'attic'; `core3d rename loft attic`"):
            source.copy_to(copy, ["attic"], replace=True)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("UPDATE objects SET center_x = center_x + 1 WHERE id = 8", "row 8 of objects of scene"),
        ("UPDATE embeddings SET vector = zeroblob(32) WHERE object_id = 8", "row 8/1 of embeddings of scene"),
        ("UPDATE object_notes SET text = 'a theft'", "of object_notes of scene 'attic' in .*source.db is damaged"),
        ("UPDATE frames SET height = 1 WHERE number = 0", "a row of frames of scene"),
        ("DELETE FROM objects WHERE id = 8", "has [0-9]+ objects where [0-9]+ were written"),
    ],
)
def test_damage_is_told_and_nothing_is_copied(source, tmp_path, damage: str, told: str) -> None:
    with closing(sqlite3.connect(source.path)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(damage)
    with Store.open(tmp_path / "copy.db", create=True) as copy:
        with pytest.raises(StoreError, match=told):
            source.copy_to(copy)
        assert copy.scenes() == []


def test_what_is_no_database_or_a_newer_one_is_refused(source, tmp_path) -> None:
    Path(tmp_path / "other").write_bytes(b"GIF89a" * 100)
    with pytest.raises(StoreError, match="this file is something else"):
        Store.open(tmp_path / "other", read_only=True)
    with closing(sqlite3.connect(source.path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer|9999"):
        Store.open(source.path, read_only=True)


def test_scene_objects_outlive_the_way_there_and_back(source, tmp_path) -> None:
    with Store.open(tmp_path / "there.db", create=True) as there, Store.open(tmp_path / "back.db", create=True) as back:
        source.copy_to(there)
        there.copy_to(back)
        assert_same(source, back)
        assert back.objects("kitchen", with_points=True)[0].label == scene_objects()[0].label
