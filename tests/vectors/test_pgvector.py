"""The index inside PostgreSQL keeps the contract of all indexes, follows the database, and falls back where it must."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime, timezone

import numpy as np
import pytest
from fakes import write_known_scenes
from sqlalchemy import text
from store_samples import MODEL, unit_vectors, write_scene

from core3d_search import Searcher, plugins
from core3d_search.datatypes import Box3D, SceneObject
from core3d_search.errors import StoreError
from core3d_search.schema import tables
from core3d_search.schema.checksums import sealed
from core3d_search.store import EmbeddingModel, RunRecord, SceneRecord, Store
from core3d_search.testing.vectors import VectorIndexContract
from core3d_search.vectors import open_index, pgvector
from core3d_search.vectors.mapped import MappedIndex
from core3d_search.vectors.pgvector import PgvectorIndex

pytest.importorskip("psycopg")


@pytest.fixture
def new_url(postgresql_server):
    def made() -> str:
        name = f"scans_{uuid.uuid4().hex[:8]}"
        postgresql_server.psql(f"CREATE DATABASE {name};")
        return postgresql_server.get_uri(database=name)

    return made


@pytest.fixture
def store(new_url):
    with Store.open(new_url(), create=True) as opened:
        for number in range(4):
            write_scene(opened, f"room-{number}", count=20, seed=number)
        yield opened


def assert_knows_all(index: PgvectorIndex, store: Store) -> None:
    asked = unit_vectors(5, seed=77)
    truth, found = open_index(store, MODEL, "exact").search(asked, 30), index.search(asked, 30)
    assert np.array_equal(found.ids, truth.ids)
    assert found.similarities.tobytes() == truth.similarities.tobytes()
    assert (len(index), index.generation) == (store.embedding_count(MODEL), store.generation)


@pytest.mark.parametrize("hnsw_from", [10**9, 0])
def test_it_follows_the_database_scene_by_scene(store, monkeypatch, hnsw_from) -> None:
    monkeypatch.setattr(pgvector, "HNSW_FROM", hnsw_from)
    index = PgvectorIndex.open(store, MODEL)
    assert_knows_all(index, store)
    assert index.sync() is index
    read, original = [], store.embeddings
    monkeypatch.setattr(store, "embeddings", lambda model, ids=None: read.append(ids) or original(model, ids))
    write_scene(store, "attic", count=7, seed=50)
    write_scene(store, "room-3", count=9, seed=51)
    store.remove_scene("room-1")
    index = index.sync()
    assert [len(ids) for ids in read] == [2]
    assert_knows_all(index, store)
    assert_knows_all(PgvectorIndex.open(store, MODEL), store)


def test_a_filter_never_returns_fewer_than_there_are(store, monkeypatch) -> None:
    monkeypatch.setattr(pgvector, "HNSW_FROM", 0)
    monkeypatch.setattr(pgvector, "EXACT_FILTER", 0)
    index = PgvectorIndex.open(store, MODEL)
    ids, asked = store.object_table().ids, unit_vectors(3, seed=5)
    for allowed in (ids[::2], ids[40:60], ids[[3, 17]]):
        found = index.search(asked, 10, allowed)
        truth = open_index(store, MODEL, "exact").search(asked, 10, allowed)
        assert np.array_equal(found.ids, truth.ids)


def test_the_planner_takes_files_in_the_users_cache_and_pgvector_where_it_is_named(
    store, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr("core3d_search.vectors.MAPPED_FROM", 10)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    index = open_index(store, MODEL)
    assert isinstance(index, MappedIndex)
    assert list((tmp_path / "cache" / "core3d" / "vectors").glob("*.vectors/manifest.npz"))
    read, original = [], store.embeddings
    monkeypatch.setattr(store, "embeddings", lambda model, ids=None: read.append(ids) or original(model, ids))
    assert len(open_index(store, MODEL)) == 80
    assert not read, "the files were there"
    assert isinstance(open_index(store, MODEL, "pgvector"), PgvectorIndex)
    with Store.open(tmp_path / "x.db", create=True) as local:
        write_scene(local)
        with pytest.raises(StoreError, match="has no pgvector"):
            open_index(local, MODEL, "pgvector")


class TestPgvector(VectorIndexContract):
    @pytest.fixture
    def build(self, postgresql_server):
        """One database a test; each index takes the place of the one before."""
        stores = []

        def made(ids: np.ndarray, vectors: np.ndarray, generation: int) -> PgvectorIndex:
            name = f"scans_{uuid.uuid4().hex[:8]}"
            postgresql_server.psql(f"CREATE DATABASE {name};")
            store = Store.open(postgresql_server.get_uri(database=name), create=True)
            stores.append(store)
            return filled(store, ids, vectors, generation)

        yield made
        for store in stores:
            store.close()

    test_agrees_with_plain_python_on_anything = None  # forty databases: the rest of the contract says the same


def filled(store: Store, ids: np.ndarray, vectors: np.ndarray, generation: int) -> PgvectorIndex:
    """Write the vectors as objects of one scene, and give these their ids."""
    model = EmbeddingModel("contract", "0", vectors.shape[1])
    box, nothing = Box3D(np.zeros(3), np.ones(3)), (np.zeros((1, 3), np.float32), np.zeros((1, 3), np.uint8))
    run = RunRecord(datetime.now(timezone.utc), 0, "", {}, "", "none", "", model=model)
    first = SceneObject("first", *nothing, box, np.eye(vectors.shape[1], dtype=np.float32)[0], 1)
    store.write_scene(SceneRecord("first", "/first", "none"), [], run, [first])  # so that the model is known
    store.remove_scene("first")
    if len(ids):
        beyond = text(f"SELECT setval(pg_get_serial_sequence('objects', 'id'), {int(ids.max()) + 10**6})")
        with store.database.writing() as connection:
            connection.execute(beyond)
        objects = [SceneObject("all", *nothing, box, vector, 1) for vector in vectors]
        made = store.write_scene(SceneRecord("all", "/all", "none"), [], run, objects)
        new = dict(zip(made, ids.tolist(), strict=True))
        with store.database.writing() as connection:
            connection.execute(text("SET session_replication_role = replica"))  # references are changed one by one
            for table, column in ((tables.embeddings, "object_id"), (tables.objects, "id")):
                rows = [row._asdict() for row in connection.execute(table.select())]
                connection.execute(table.delete())
                connection.execute(table.insert(), [sealed(table, {**row, column: new[row[column]]}) for row in rows])
    index = PgvectorIndex.open(store, model)
    return replace(index, generation=generation)


def test_answers_are_those_of_sqlite(new_url, tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(plugins.BUILT_IN["core3d.encoders"], "nouns", "fakes:NounEncoder")
    url = new_url()
    for where in (url, tmp_path / "x.db"):
        write_known_scenes(where)
    with Searcher.open(url, vectors="pgvector") as there, Searcher.open(tmp_path / "x.db") as here:
        for asked in ("chair", "red chair near window", "something to sit on", "the largest table"):
            found, expected = there.search(asked, threshold=0), here.search(asked, threshold=0)
            assert [(hit.object_id, hit.score) for hit in found] == [(hit.object_id, hit.score) for hit in expected]
        (space,) = there._current().spaces.values()
        assert isinstance(space.index, PgvectorIndex)
        assert there.count("chair") == here.count("chair")
