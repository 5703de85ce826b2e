"""Flipped bits are noticed before they change an answer, and repaired away."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import pytest
from fakes import write_known_scenes
from store_samples import write_scene

from core3d_search import Searcher, plugins
from core3d_search.errors import Core3DError, StoreError
from core3d_search.store import Store

TEXTS = ("chair", "red chair near window", "mug on the table", "lamp", "largest table")
CONTENT = (
    "scenes", "embedding_models", "runs", "objects", "object_points", "embeddings", "query_embeddings",
    "object_tags",
)  # fmt: skip


@pytest.fixture
def known(tmp_path, monkeypatch) -> Path:
    """A database of two known scenes that has been asked before and has a tag."""
    monkeypatch.setitem(plugins.BUILT_IN["core3d.encoders"], "nouns", "fakes:NounEncoder")
    path = tmp_path / "known.db"
    write_known_scenes(path)
    with Store.open(path) as store:
        store.tag(1, ["mine"])
    answers(path)
    return path


def answers(path: Path) -> list[object]:
    """Everything that people can get out of a database."""
    with Searcher.open(path) as searcher:
        found: list[object] = [[hit.to_dict() for hit in searcher.search(text, k=5, threshold=0.1)] for text in TEXTS]
        found.append([hit.to_dict() for hit in searcher.search("chair", tag="mine")])
        store = searcher.store
        for scene in store.scenes():
            found.append((scene.name, scene.path, scene.format, scene.up, scene.object_count))
            found += [run.fingerprint for run in store.runs(scene.name)]
            for item in store.objects(scene.name, with_points=True):
                found.append((item.id, item.label, item.views, item.points.tolist(), item.colors.tolist()))
    return found


def flip(path: Path, generator: np.random.Generator) -> str:
    """Flip one bit of one value of a row of content; return where."""
    with closing(sqlite3.connect(path)) as connection, connection:
        table = CONTENT[int(generator.integers(len(CONTENT)))]
        columns = [name for (_, name, *_) in connection.execute(f"PRAGMA table_info({table})")]
        rows = [key for (key,) in connection.execute(f"SELECT rowid FROM {table}")]
        column, row = columns[int(generator.integers(len(columns)))], rows[int(generator.integers(len(rows)))]
        (value,) = connection.execute(f"SELECT {column} FROM {table} WHERE rowid = ?", (row,)).fetchone()
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        try:
            statement = f"UPDATE {table} SET {column} = ? WHERE rowid = ?"
            connection.execute(statement, (flipped(value, generator), row))
        except sqlite3.IntegrityError:
            return ""  # another row has this key: no such damage in this table
    return f"{table}.{column} of {row}"


def flipped(value: object, generator: np.random.Generator) -> object:
    if value is None:
        return 0
    kind = type(value)
    raw = bytearray(
        value
        if isinstance(value, bytes)
        else value.encode()
        if isinstance(value, str)
        else np.array(value, np.int64 if kind is int else np.float64).tobytes()
    )
    if not raw:
        return b"\0"
    raw[int(generator.integers(len(raw)))] ^= 1 << int(generator.integers(8))
    if kind is bytes:
        return bytes(raw)
    if kind is str:
        return raw.decode("latin-1")
    return kind(np.frombuffer(bytes(raw), np.int64 if kind is int else np.float64)[0])


def test_two_hundred_flipped_bits_change_no_answer_unnoticed(known, tmp_path) -> None:
    before, generator = answers(known), np.random.default_rng(0)
    detected = checked = 0
    while checked < 200:
        shutil.copy(known, tmp_path / "flipped.db")
        where = flip(tmp_path / "flipped.db", generator)
        if not where:
            continue
        checked += 1
        try:
            same = answers(tmp_path / "flipped.db") == before
        except Core3DError:
            detected += 1
            with Store.open(tmp_path / "flipped.db", read_only=True) as store, suppress(StoreError):
                assert store.check(), f"{where} fails, and db check calls it whole"
        else:
            assert same, f"{where} changed an answer without a word"
    assert detected > 100


def test_repair_drops_the_hurt_scene_and_keeps_the_others(tmp_path) -> None:
    with Store.open(tmp_path / "x.db", create=True) as store:
        write_scene(store)
        office = write_scene(store, "office", seed=1)
        store.tag("office", ["mine"])
        assert (store.repair().dropped, store.repair().scenes) == ({}, ())
        generation = store.generation
        with closing(sqlite3.connect(store.path)) as connection, connection:
            connection.execute("UPDATE embeddings SET vector = zeroblob(32) WHERE object_id = 2")
        done = store.repair()
        assert (done.dropped, done.scenes) == ({"embeddings": 1}, ("kitchen",))
        assert store.check() == []
        assert store.generation == generation + 1
        assert [scene.name for scene in store.scenes()] == ["office"]
        assert store.object_table().ids.tolist() == office
        assert store.marks("office").tags == ("mine",)
        assert write_scene(store)


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM object_points WHERE object_id = 2",
        "DELETE FROM embeddings WHERE object_id = 2",
        "DELETE FROM objects WHERE id = 2",
        "UPDATE objects SET scene_id = 77 WHERE id = 2",
        "UPDATE object_points SET object_id = 99 WHERE object_id = 2",
        "UPDATE scenes SET up = 'up' WHERE id = 1",
        "UPDATE objects SET extent_x = -1.0 WHERE id = 2",
        "UPDATE frames SET number = 12345 WHERE number = 5 AND scene_id = 1",
    ],
)
def test_whatever_is_missing_or_wrong_is_told_by_check_and_gone_after_repair(tmp_path, damage: str) -> None:
    with Store.open(tmp_path / "x.db", create=True) as store:
        write_scene(store)
        office = write_scene(store, "office", seed=1)
        with closing(sqlite3.connect(store.path)) as connection, connection:
            connection.execute(damage)
        assert store.check()
        assert store.repair().scenes == ("kitchen",)
        assert store.check() == []
        assert store.object_table().ids.tolist() == office


def test_numbers_without_sense_are_told_even_where_their_checksum_is_right(tmp_path) -> None:
    with Store.open(tmp_path / "x.db", create=True) as store:
        ids = write_scene(store)
        item = store.objects("kitchen", with_points=True)[1]
        object.__setattr__(item.box, "extent", np.array([1.0, -2.0, 1.0]))
        with pytest.raises(StoreError, match="negative size"):
            store.write_scene(*_again(store, item))
        assert store.object_table().ids.tolist() == ids


def _again(store: Store, item):
    from store_samples import run_record, scene_record

    return scene_record(), [], run_record(), [item]
