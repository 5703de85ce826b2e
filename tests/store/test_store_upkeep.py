"""Looking after the database: what it holds, whether it is sound, copies of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from store_samples import (
    MODEL,
    OTHER_MODEL,
    failed_run,
    frame_records,
    observation_records,
    run_record,
    scene_objects,
    scene_record,
    unit_vectors,
    write_scene,
)

from core3d_search.errors import ModelError, StoreError
from core3d_search.store import IndexStamp, Store, caches
from core3d_search.version import __version__


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "core3d.db", create=True) as opened:
        yield opened


def checksum_of(tmp_path, name: str, *scenes: str, **changes: object) -> str:
    with Store.open(tmp_path / name, create=True) as store:
        for scene in scenes:
            write_scene(store, scene, **changes)
        return store.content_checksum()


def test_the_same_input_twice_gives_the_same_content(tmp_path) -> None:
    first = checksum_of(tmp_path, "a.db", "kitchen", "office")
    assert checksum_of(tmp_path, "b.db", "kitchen", "office") == first
    assert checksum_of(tmp_path, "c.db", "office", "kitchen") == first, "the order of scenes does not matter"
    assert checksum_of(tmp_path, "d.db", "kitchen", "office", "kitchen", "office") == first, "nor does doing it again"
    assert checksum_of(tmp_path, "e.db", "kitchen", "office", seconds=99.0, stage_seconds={}) == first, "nor time"


def test_any_difference_in_what_was_found_shows_in_the_checksum(store: Store) -> None:
    objects, frames, observations = scene_objects(), frame_records(), observation_records()

    def checksum(scene=None, frames=frames, objects=objects, observations=observations) -> str:
        store.write_scene(scene or scene_record(), frames, run_record(), objects, observations)
        return store.content_checksum()

    def with_first(**changes) -> list:
        return [replace(objects[0], **changes), *objects[1:]]

    moved = objects[0].points + np.float32(0.001)
    turned = unit_vectors(1, seed=4)[0]
    found = [
        checksum(),
        checksum(replace(scene_record(), up=(0.0, 0.0, 1.0))),
        checksum(frames=[replace(frames[0], world_from_camera=np.eye(4) + 1e-12), *frames[1:]]),
        checksum(frames=[*frames[:2], replace(frames[2], skip_reason="too dark")]),
        checksum(objects=with_first(points=moved)),
        checksum(objects=with_first(colors=objects[1].colors)),
        checksum(objects=with_first(box=objects[1].box)),
        checksum(objects=with_first(embedding=turned)),
        checksum(objects=with_first(label="lamp")),
        checksum(objects=with_first(views=())),
        checksum(objects=objects[:2], observations=observations[:2]),
        checksum(observations=None),
        checksum(observations=[observations[0][:1], *observations[1:]]),
    ]
    assert len(set(found)) == len(found)
    assert checksum() == found[0]
    assert checksum(objects=[*reversed(objects)], observations=[*reversed(observations)]) == found[0]


def test_info_tells_what_there_is(store: Store) -> None:
    write_scene(store)
    info = store.info()
    assert (info.url, info.generation, info.written_by, info.models) == (
        str(store.path),
        1,
        __version__,
        (MODEL,),
    )
    assert info.size_bytes > 10_000
    assert (info.counts["objects"], info.counts["observations"], info.counts["frames"]) == (3, 6, 3)


def test_a_sound_database_has_nothing_to_tell(store: Store) -> None:
    write_scene(store)
    assert store.check() == []


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE objects SET point_count = 7 WHERE id = 2", "object 2 of scene 'kitchen' counts 7 points"),
        ("DELETE FROM object_points WHERE object_id = 2", "object 2 of scene 'kitchen' has no points"),
        ("UPDATE object_points SET colors = x'00' WHERE object_id = 2", "points of object 2 of scene 'kitchen'"),
        ("UPDATE embeddings SET vector = zeroblob(32) WHERE object_id = 2", "embedding of object 2 has length 0"),
        ("DELETE FROM frames", "row 1 of observations refers to a row of frames that is not there"),
    ],
)
def test_damage_is_told_with_its_place(store: Store, statement: str, told: str) -> None:
    write_scene(store)
    with closing(sqlite3.connect(store.path)) as connection, connection:  # without foreign keys
        connection.execute(statement)
    assert any(line.startswith(told) for line in store.check()), store.check()


def test_overwritten_pages_are_told(tmp_path) -> None:
    with Store.open(tmp_path / "x.db", create=True) as store:
        write_scene(store, count=100)
    with open(tmp_path / "x.db", "r+b") as file:
        file.seek(20 * 4096)
        file.write(b"\xff" * 8 * 4096)
    try:
        with Store.open(tmp_path / "x.db") as store:
            findings = store.check()
    except StoreError as error:
        findings = [str(error)]
    assert findings
    assert any("SQLite" in line or "malformed" in line for line in findings), findings


def test_a_backup_is_the_whole_database_even_while_it_is_open(store: Store, tmp_path) -> None:
    write_scene(store)
    store.backup(tmp_path / "copy.db")
    write_scene(store, "office")
    with Store.open(tmp_path / "copy.db") as copy:
        assert [scene.name for scene in copy.scenes()] == ["kitchen"]
        assert copy.check() == []
    with pytest.raises(StoreError, match=r"copy\.db exists already"):
        store.backup(tmp_path / "copy.db")
    with pytest.raises(StoreError, match="check that its folder exists"):
        store.backup(tmp_path / "no" / "folder.db")


def test_vacuum_gives_space_back_and_the_store_goes_on(store: Store) -> None:
    write_scene(store, "kitchen", count=400)
    write_scene(store, "office")
    store.vacuum()
    full = store.info().size_bytes
    store.remove_scene("kitchen")
    before = store.content_checksum()
    store.vacuum()
    store.close()
    with Store.open(store.path) as again:
        assert again.info().size_bytes < full / 2
        assert again.content_checksum() == before
        write_scene(again, "attic")


# The cache of query embeddings, and the models that vectors belong to


def test_query_embeddings_are_remembered_for_their_model_alone(store: Store) -> None:
    write_scene(store)
    chair, lamp = unit_vectors(2)
    assert store.cached_query_embeddings(["red chair"], MODEL) == {}
    assert store.cache_query_embeddings({"red chair": chair, "lamp": lamp}, MODEL)
    assert store.cache_query_embeddings({"lamp": chair}, MODEL), "a second time replaces the first"
    found = store.cached_query_embeddings(["red chair", "lamp", "sofa"], MODEL)
    assert {text: vector.tolist() for text, vector in found.items()} == {
        "red chair": chair.tolist(),
        "lamp": chair.tolist(),
    }
    assert store.cached_query_embeddings(["red chair"], OTHER_MODEL) == {}
    assert store.cached_query_embeddings([], MODEL) == {}


def test_a_cache_of_queries_that_is_full_begins_anew(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caches, "MOST_CACHED_TEXTS", 3)
    write_scene(store)
    store.record_failed_run(scene_record("attic"), failed_run(model=OTHER_MODEL))
    vector = unit_vectors(1)[0]
    for text in ("chair", "lamp", "sofa"):
        assert store.cache_query_embeddings({text: vector}, MODEL)
    assert store.cache_query_embeddings({"chair": vector}, OTHER_MODEL), "another model has room of its own"
    assert store.info().counts["query_embeddings"] == 4
    assert store.cache_query_embeddings({"bed": vector}, MODEL)
    assert set(store.cached_query_embeddings(["chair", "lamp", "sofa", "bed"], MODEL)) == {"bed"}
    assert set(store.cached_query_embeddings(["chair"], OTHER_MODEL)) == {"chair"}


def test_very_long_queries_are_not_remembered(store: Store) -> None:
    write_scene(store)
    assert store.cache_query_embeddings({"chair " * 200: unit_vectors(1)[0]}, MODEL)
    assert store.info().counts["query_embeddings"] == 0


def test_readings_of_an_llm_are_remembered_beside_the_content(store: Store) -> None:
    write_scene(store)
    before = store.content_checksum(), store.generation
    readings = store.query_readings
    assert readings.get("request") is None
    readings["request"] = '{"target": {"noun": "chair"}}'
    readings["request"] = '{"target": {"noun": "café"}}'
    assert store.query_readings.get("request") == '{"target": {"noun": "café"}}', "a second time replaces the first"
    assert store.info().counts["query_readings"] == 1
    assert (store.content_checksum(), store.generation) == before


def test_another_model_is_refused_with_those_that_are_there(store: Store) -> None:
    write_scene(store)
    for ask in (
        store.embeddings,
        store.embedding_count,
        lambda model: store.cache_query_embeddings({"x": unit_vectors(1)[0]}, model),
        lambda model: store.stamp_index(model, "faiss", IndexStamp(1, 3, "0" * 64)),
    ):
        with pytest.raises(ModelError, match=r"no embeddings by toy/other \(b{12}\); it has those of: toy/encoder \(a"):
            ask(OTHER_MODEL)


def test_new_weights_under_an_old_name_are_another_model(store: Store) -> None:
    write_scene(store)
    with pytest.raises(ModelError, match=r"toy/encoder \(d{12}\); it has those of: toy/encoder \(a{12}\)"):
        store.embeddings(replace(MODEL, checksum="d" * 64))


def test_scenes_of_two_models_live_side_by_side(store: Store) -> None:
    first = write_scene(store, "kitchen")
    second = write_scene(store, "office", model=OTHER_MODEL)
    assert store.models() == [MODEL, OTHER_MODEL]
    assert store.embeddings(MODEL).ids.tolist() == first
    assert store.embeddings(OTHER_MODEL).ids.tolist() == second


def test_a_new_calibration_of_the_same_weights_replaces_the_old(store: Store) -> None:
    write_scene(store)
    write_scene(store, model=replace(MODEL, calibration={"scale": 30.0}))
    assert [model.calibration for model in store.models()] == [{"scale": 30.0}]
