"""The index in Qdrant keeps the contract of all indexes, follows the database, and is made anew where it disagrees.

Qdrant's own local mode stands in for a server: the same client, the same calls.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

import numpy as np
import pytest
from fakes import write_known_scenes
from sqlalchemy import text
from store_samples import MODEL, unit_vectors, write_scene

from core3d_search import Searcher, plugins
from core3d_search.datatypes import Box3D, SceneObject
from core3d_search.errors import InputError, MissingDependencyError, StoreError
from core3d_search.schema import tables
from core3d_search.schema.checksums import sealed
from core3d_search.store import EmbeddingModel, RunRecord, SceneRecord, Store
from core3d_search.testing.vectors import VectorIndexContract
from core3d_search.vectors import open_index, qdrant
from core3d_search.vectors.qdrant import QdrantIndex

models = pytest.importorskip("qdrant_client.models")


@pytest.fixture
def address(tmp_path, monkeypatch) -> str:
    """An address in a folder; one client serves all who open it, as the folder takes one at a time."""
    clients = {}
    original = qdrant.client_of
    monkeypatch.setattr(qdrant, "client_of", lambda at: clients.get(at) or clients.setdefault(at, original(at)))
    yield f"qdrant://{tmp_path / 'qdrant'}"
    for client in clients.values():
        client.close()


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "x.db", create=True) as opened:
        for number in range(4):
            write_scene(opened, f"room-{number}", count=20, seed=number)
        yield opened


def assert_knows_all(index: QdrantIndex, store: Store) -> None:
    asked = unit_vectors(5, seed=77)
    truth, found = open_index(store, MODEL, "exact").search(asked, 30), index.search(asked, 30)
    assert np.array_equal(found.ids, truth.ids)
    assert found.similarities.tobytes() == truth.similarities.tobytes()
    assert (len(index), index.generation) == (store.embedding_count(MODEL), store.generation)


def test_it_follows_the_database_scene_by_scene(store, address, monkeypatch) -> None:
    index = open_index(store, MODEL, address)
    assert isinstance(index, QdrantIndex)
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
    assert_knows_all(open_index(store, MODEL, address), store)


@pytest.mark.parametrize("harm", ["a vector is lost", "a scene is half written", "another size", "all is gone"])
def test_what_does_not_agree_with_the_database_is_made_anew(store, address, harm) -> None:
    index = open_index(store, MODEL, address)
    client, one = index.client, int(store.object_table().ids[3])
    if harm == "a vector is lost":
        client.delete(index.name, models.PointIdsList(points=[one]))
    elif harm == "a scene is half written":
        client.upsert(index.name, [models.PointStruct(id=10**6, vector=[1.0] * 8, payload={"scene": 10**6})])
    else:
        client.delete_collection(index.name)
    if harm == "another size":
        client.create_collection(index.name, models.VectorParams(size=3, distance=models.Distance.DOT))
    assert_knows_all(open_index(store, MODEL, address), store)


def test_two_databases_on_one_server_do_not_meet(store, address, tmp_path) -> None:
    with Store.open(tmp_path / "y.db", create=True) as other:
        write_scene(other, "room-0", count=5, seed=9)
        one, two = open_index(store, MODEL, address), open_index(other, MODEL, address)
        assert one.name != two.name
        assert_knows_all(one, store)
        assert_knows_all(two, other)


def test_a_wide_filter_never_returns_fewer_than_there_are(store, address, monkeypatch) -> None:
    monkeypatch.setattr(qdrant, "EXACT_FILTER", 0)
    index = open_index(store, MODEL, address)
    ids, asked = store.object_table().ids, unit_vectors(3, seed=5)
    for allowed in (ids[::2], ids[40:60], ids[[3, 17]]):
        truth = open_index(store, MODEL, "exact").search(asked, 10, allowed)
        assert np.array_equal(index.search(asked, 10, allowed).ids, truth.ids)


def test_answers_are_those_without_it(address, tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(plugins.BUILT_IN["core3d.encoders"], "nouns", "fakes:NounEncoder")
    write_known_scenes(tmp_path / "x.db")
    with Searcher.open(tmp_path / "x.db", vectors=address) as there, Searcher.open(tmp_path / "x.db") as here:
        for asked in ("chair", "red chair near window", "something to sit on", "the largest table"):
            found, expected = there.search(asked, threshold=0), here.search(asked, threshold=0)
            assert [(hit.object_id, hit.score) for hit in found] == [(hit.object_id, hit.score) for hit in expected]
        (space,) = there._current().spaces.values()
        assert isinstance(space.index, QdrantIndex)


@pytest.mark.parametrize("wrong", ["qdrant://", "qdrant:///", "qdrant://host:port"])
def test_what_is_no_address_is_told(store, wrong) -> None:
    with pytest.raises(InputError, match="address|names no server"):
        open_index(store, MODEL, wrong)


def test_a_server_that_is_not_there_is_told(store) -> None:
    with pytest.raises(
        StoreError, match=r"Qdrant server that --vectors names .* nothing in the database depends on it"
    ):
        open_index(store, MODEL, "qdrant://127.0.0.1:1")


def test_without_the_package_it_says_what_to_install(store, monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "qdrant_client", None)
    with pytest.raises(MissingDependencyError, match=r"core3d-search\[qdrant\]"):
        open_index(store, MODEL, "qdrant://localhost")


class TestQdrant(VectorIndexContract):
    @pytest.fixture
    def build(self, tmp_path, address):
        stores = []

        def made(ids: np.ndarray, vectors: np.ndarray, generation: int) -> QdrantIndex:
            store = Store.open(tmp_path / f"{len(stores)}.db", create=True)
            stores.append(store)
            return filled(store, address, ids, vectors, generation)

        yield made
        for store in stores:
            store.close()

    test_agrees_with_plain_python_on_anything = None  # forty databases: the rest of the contract says the same


def filled(store: Store, address: str, ids: np.ndarray, vectors: np.ndarray, generation: int) -> QdrantIndex:
    """Write the vectors as objects of one scene, and give these their ids."""
    model = EmbeddingModel("contract", "0", vectors.shape[1])
    box, nothing = Box3D(np.zeros(3), np.ones(3)), (np.zeros((1, 3), np.float32), np.zeros((1, 3), np.uint8))
    run = RunRecord(datetime.now(timezone.utc), 0, "", {}, "", "none", "", model=model)
    first = SceneObject("first", *nothing, box, np.eye(vectors.shape[1], dtype=np.float32)[0], 1)
    store.write_scene(SceneRecord("first", "/first", "none"), [], run, [first])  # so that the model is known
    store.remove_scene("first")
    if len(ids):
        objects = [SceneObject("all", *nothing, box, vector, 1) for vector in vectors]
        made = store.write_scene(SceneRecord("all", "/all", "none"), [], run, objects)
        new = dict(zip(made, ids.tolist(), strict=True))
        with store.database.writing() as connection:
            connection.execute(text("PRAGMA defer_foreign_keys = ON"))  # references are changed one by one
            kept = {table: [row._asdict() for row in connection.execute(table.select())] for table in OWNED}
            for table in OWNED:
                connection.execute(table.delete())
            for table, column in zip(OWNED[::-1], ("id", "object_id", "object_id"), strict=True):
                rows = [sealed(table, {**row, column: new[row[column]]}) for row in kept[table]]
                connection.execute(table.insert(), rows)
    return replace(QdrantIndex.open(store, model, address), generation=generation)


OWNED = (tables.embeddings, tables.object_points, tables.objects)
