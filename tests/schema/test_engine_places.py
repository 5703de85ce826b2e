"""Where databases are found, and what is said where they are not."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from store_samples import write_scene

from core3d_search.errors import StoreError
from core3d_search.schema.engine import as_store_errors, locate, location, sqlite_path
from core3d_search.store import Store


def test_a_given_path_comes_before_the_environment_and_that_before_the_folder(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CORE3D_DB", raising=False)
    assert sqlite_path(locate(None)) == tmp_path / "core3d.db"
    monkeypatch.setenv("CORE3D_DB", str(tmp_path / "set.db"))
    assert sqlite_path(locate(None)) == tmp_path / "set.db"
    assert sqlite_path(locate("given.db")) == tmp_path / "given.db"
    assert sqlite_path(locate(Path("given.db"))) == tmp_path / "given.db"


def test_urls_are_taken_as_they_are() -> None:
    assert locate("postgresql+psycopg://me:secret@host/scans").get_backend_name() == "postgresql"
    assert sqlite_path(locate("sqlite:////data/x.db")) == Path("/data/x.db")
    assert sqlite_path(locate("sqlite://")) is None


def test_the_environment_may_name_a_url(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("CORE3D_DB", f"sqlite:///{tmp_path / 'url.db'}")
    with Store.open(create=True) as store:
        write_scene(store)
    assert (tmp_path / "url.db").exists()


def test_an_impossible_url_is_told() -> None:
    with pytest.raises(StoreError, match="is not a database URL"):
        locate("://nowhere")
    with pytest.raises(StoreError, match="no driver for 'nonsense' databases"):
        Store.open("nonsense://host/scans")


@pytest.mark.parametrize("name", ["with space.db", "50%.db", "what?.db", "a#b.db", "ünïcode.db", "mode=ro&x.db"])
def test_any_file_name_will_do(tmp_path, name: str) -> None:
    with Store.open(tmp_path / name, create=True) as store:
        write_scene(store)
    with Store.open(tmp_path / name) as store:
        assert store.scene("kitchen").object_count == 3
    assert os.listdir(tmp_path) == [name]


def test_a_database_in_memory_works() -> None:
    with Store.open("sqlite://", create=True) as store:
        write_scene(store)
        assert store.scene("kitchen").object_count == 3
        assert store.beside(".faiss") is None
        assert store.info().size_bytes is None


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("database or disk is full", "free some space and run the same command again"),
        ("database is locked", "another process is writing"),
        ("attempt to write a readonly database", "write permission on the file and its folder"),
        ("database disk image is malformed", "the file is damaged"),
        ("something nobody foresaw", "core3d db check"),
    ],
)
def test_what_the_driver_says_comes_with_what_to_do(said: str, advice: str) -> None:
    with (
        pytest.raises(StoreError, match=advice) as caught,
        as_store_errors("/data/core3d.db"),
    ):
        raise OperationalError("INSERT", {}, sqlite3.OperationalError(said))
    assert "/data/core3d.db" in str(caught.value)
    assert said in str(caught.value)


def test_a_password_is_not_told() -> None:
    assert location(locate("postgresql://me:secret@host/scans")) == "postgresql://me:***@host/scans"
