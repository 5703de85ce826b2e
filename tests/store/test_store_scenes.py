"""Scenes and runs: written whole, replaced whole, never mixed up."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

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
    write_scene,
)

from core3d_search.errors import ModelError, StoreError
from core3d_search.store import Store


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "core3d.db", create=True) as opened:
        yield opened


def test_a_new_database_is_empty(store: Store) -> None:
    assert store.scenes() == []
    assert store.models() == []
    assert store.generation == 0
    assert len(store.object_table()) == 0


def test_a_scene_comes_back_as_it_was_written(store: Store) -> None:
    write_scene(store)
    (scene,) = store.scenes()
    assert scene == replace(scene_record(), id=scene.id, frame_count=3, object_count=3, indexed=run_record().started)
    assert store.scene("kitchen") == scene


def test_frames_come_back_exactly_and_say_why_they_were_skipped(store: Store) -> None:
    write_scene(store)
    for found, written in zip(store.frames("kitchen"), frame_records(), strict=True):
        assert (found.number, found.height, found.width, found.skip_reason) == (
            written.number,
            written.height,
            written.width,
            written.skip_reason,
        )
        if written.world_from_camera is not None:
            assert np.array_equal(found.world_from_camera, written.world_from_camera)
            assert np.array_equal(found.intrinsics, written.intrinsics)
    assert store.frames("kitchen")[2].world_from_camera is None


def test_a_run_remembers_everything_that_made_it(store: Store) -> None:
    write_scene(store)
    (run,) = store.runs("kitchen")
    assert run == run_record(id=run.id)
    assert run.model == MODEL
    assert run.model.calibration == MODEL.calibration


def test_times_of_any_zone_mean_the_same_moment(store: Store) -> None:
    started = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=5)))
    write_scene(store, started=started)
    assert store.runs("kitchen")[0].started == started


def test_writing_again_replaces_objects_and_frames_and_keeps_the_runs(store: Store) -> None:
    first = write_scene(store, count=5)
    second = write_scene(store, count=2, seed=1, fingerprint="input-2")
    assert store.object_table("kitchen").ids.tolist() == second
    assert not set(first) & set(second), "an id in an old answer names another object"
    assert [run.fingerprint for run in store.runs("kitchen")] == ["input-1", "input-2"]
    counts = store.info().counts
    assert [counts[name] for name in ("frames", "objects", "object_points", "embeddings", "observations")] == [
        3,
        2,
        2,
        2,
        4,
    ]


def test_ids_are_not_used_again_after_a_scene_is_gone(store: Store) -> None:
    gone = write_scene(store)
    store.remove_scene("kitchen")
    assert min(write_scene(store)) > max(gone)


def test_removing_a_scene_leaves_nothing_of_it_and_all_of_the_others(store: Store) -> None:
    write_scene(store, "kitchen")
    kept = write_scene(store, "office", seed=1)
    store.remove_scene("kitchen")
    assert [scene.name for scene in store.scenes()] == ["office"]
    assert store.object_table().ids.tolist() == kept
    assert store.info().counts["runs"] == 1
    assert store.info().counts["observations"] == 6


def test_an_unknown_scene_is_told_with_those_there_are(store: Store) -> None:
    write_scene(store, "office")
    write_scene(store, "kitchen")
    for ask in (store.scene, store.remove_scene, store.runs, store.frames, store.objects, store.object_table):
        with pytest.raises(StoreError, match=r"no scene 'attic' in .*core3d\.db; there are: kitchen, office"):
            ask("attic")


def test_a_scene_is_current_only_for_the_same_input_and_config(store: Store) -> None:
    assert not store.is_current("kitchen", "input-1", "config-1")
    write_scene(store)
    assert store.is_current("kitchen", "input-1", "config-1")
    assert not store.is_current("kitchen", "input-2", "config-1")
    assert not store.is_current("kitchen", "input-1", "config-2")
    assert not store.is_current("office", "input-1", "config-1")
    write_scene(store, config_checksum="config-2")
    assert not store.is_current("kitchen", "input-1", "config-1"), "what is stored came from config-2"


def test_a_failed_run_is_told_and_touches_nothing(store: Store) -> None:
    ids = write_scene(store)
    before, generation = store.content_checksum(), store.generation
    store.record_failed_run(replace(scene_record(), path="/elsewhere", up=None), failed_run(fingerprint="input-2"))
    assert (store.content_checksum(), store.generation) == (before, generation)
    assert store.object_table().ids.tolist() == ids
    assert store.scene("kitchen").path == "/scans/kitchen"
    assert [(run.status, run.error) for run in store.runs("kitchen")] == [
        ("complete", None),
        ("failed", "no frame of scene 'kitchen' can be used"),
    ]
    assert store.is_current("kitchen", "input-1", "config-1")
    assert not store.is_current("kitchen", "input-2", "config-1")


def test_a_scene_whose_only_run_failed_is_listed_and_not_current(store: Store) -> None:
    store.record_failed_run(scene_record(), failed_run(model=OTHER_MODEL))
    (scene,) = store.scenes()
    assert (scene.object_count, scene.indexed) == (0, None)
    assert not store.is_current("kitchen", "input-1", "config-1")
    assert store.runs("kitchen")[0].model == OTHER_MODEL
    write_scene(store)
    assert store.is_current("kitchen", "input-1", "config-1")


def test_two_folders_of_one_name_are_told_apart(store: Store) -> None:
    write_scene(store)
    other = scene_record(path="/other/kitchen")
    with pytest.raises(StoreError, match=r"scene 'kitchen' .* is the folder /scans/kitchen, not /other/kitchen; give"):
        store.write_scene(other, [], run_record(fingerprint="input-2"), [])
    assert store.scene("kitchen").object_count == 3


def test_a_folder_that_moved_with_its_content_is_the_same_scene(store: Store) -> None:
    write_scene(store)
    store.write_scene(scene_record(path="/moved/kitchen"), frame_records(), run_record(), scene_objects())
    assert store.scene("kitchen").path == "/moved/kitchen"


def test_one_folder_under_two_names_is_told(store: Store) -> None:
    write_scene(store)
    with pytest.raises(StoreError, match=r"/scans/kitchen is in .* already, as scene 'kitchen', not 'bath'; .*remove"):
        store.write_scene(scene_record("bath", "/scans/kitchen"), [], run_record(), [])


def test_the_generation_rises_with_every_change_of_content_and_only_then(store: Store) -> None:
    generations = [store.generation]
    write_scene(store)
    generations.append(store.generation)
    write_scene(store, "office", seed=1)
    generations.append(store.generation)
    store.record_failed_run(scene_record(), failed_run())
    store.cache_query_embeddings({"red chair": np.ones(8, np.float32)}, MODEL)
    assert store.generation == generations[-1]
    store.remove_scene("office")
    generations.append(store.generation)
    assert generations == [0, 1, 2, 3]


def test_a_refused_scene_leaves_the_former_content_whole(store: Store) -> None:
    write_scene(store)
    before, generation = store.content_checksum(), store.generation
    objects = scene_objects(seed=5)
    with pytest.raises(KeyError):  # found in the middle of the transaction, when objects are already replaced
        store.write_scene(scene_record(), frame_records()[:1], run_record(), objects, observation_records())
    assert (store.content_checksum(), store.generation) == (before, generation)


def test_embeddings_that_are_not_the_models_are_refused(store: Store) -> None:
    short = replace(scene_objects()[0], embedding=np.ones(4, np.float32) / 2)
    long = replace(scene_objects()[0], embedding=np.ones(8, np.float32))
    for wrong in (short, long):
        with pytest.raises(ModelError, match=r"toy/encoder .* makes unit vectors of 8"):
            store.write_scene(scene_record(), [], run_record(), [wrong])
    assert store.scenes() == []


def test_complete_and_failed_runs_are_not_mixed_up(store: Store) -> None:
    with pytest.raises(ValueError, match="complete run with its model"):
        store.write_scene(scene_record(), [], failed_run(), [])
    with pytest.raises(ValueError, match="complete run with its model"):
        store.write_scene(scene_record(), [], run_record(model=None), [])
    with pytest.raises(ValueError, match="status is 'failed'"):
        store.record_failed_run(scene_record(), run_record())


def test_a_scene_without_objects_is_a_scene(store: Store) -> None:
    assert write_scene(store, count=0) == []
    assert store.scene("kitchen").object_count == 0
    assert store.objects("kitchen", with_points=True) == []


def test_what_a_search_knows_of_scenes_beforehand(store: Store) -> None:
    write_scene(store, "office", count=4)
    write_scene(store, "kitchen", model=OTHER_MODEL)
    store.record_failed_run(scene_record("attic"), failed_run())
    store.record_failed_run(scene_record("office"), failed_run(object_count=0))
    kitchen, office = store.searchable_scenes()
    assert (kitchen.name, kitchen.object_count, kitchen.model, kitchen.generation) == ("kitchen", 3, OTHER_MODEL, 2)
    assert (office.name, office.object_count, office.model, office.generation) == ("office", 4, MODEL, 1)
    assert office.up == scene_record().up
