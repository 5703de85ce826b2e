"""Objects: one by one with their points, or all at once as arrays."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from store_samples import MODEL, observation_records, run_record, scene_objects, scene_record, unit_vectors, write_scene

from core3d_search.errors import StoreError
from core3d_search.schema.blobs import POINT_STEP_M
from core3d_search.store import Store, Thumbnail


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "core3d.db", create=True) as opened:
        yield opened


def damage(store: Store, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute(statement, values)


def test_objects_come_back_as_they_were_written(store: Store) -> None:
    ids = write_scene(store)
    for key, written, found in zip(ids, scene_objects(), store.objects("kitchen", with_points=True), strict=True):
        assert found.id == key
        assert np.abs(found.points - written.points).max() <= POINT_STEP_M / 2 + 1e-7
        assert np.array_equal(found.colors, written.colors)
        assert np.array_equal(found.embedding, written.embedding)
        for name in ("center", "extent", "rotation"):
            assert np.array_equal(getattr(found.box, name), getattr(written.box, name))
        for name in ("scene", "observation_count", "label", "label_score", "front", "views"):
            assert getattr(found, name) == getattr(written, name)


def test_one_object_is_found_by_its_id(store: Store) -> None:
    write_scene(store, "office")
    ids = write_scene(store, "kitchen", seed=1)
    found = store.object(ids[1])
    assert (found.id, found.scene, found.label, len(found.points)) == (ids[1], "kitchen", "thing 1", 50)
    with pytest.raises(StoreError, match="no object 999 in"):
        store.object(999)


def test_points_are_left_out_unless_asked_for(store: Store) -> None:
    write_scene(store)
    assert [item.points.shape for item in store.objects("kitchen")] == [(0, 3)] * 3


def test_an_object_without_points_is_kept(store: Store) -> None:
    write_scene(store, "office")
    nothing = replace(scene_objects()[0], points=np.zeros((0, 3)), colors=np.zeros((0, 3)))
    store.write_scene(scene_record(), [], run_record(), [nothing])
    assert store.objects("kitchen", with_points=True)[0].points.shape == (0, 3)
    assert store.object_table("kitchen").point_counts.tolist() == [0]


def test_observations_belong_to_their_object_and_frame(store: Store) -> None:
    ids = write_scene(store)
    for found, written in zip(store.observations(ids[1]), observation_records()[1], strict=True):
        assert (found.frame, found.level, found.score, found.box, found.visible_pixels) == (
            written.frame,
            written.level,
            written.score,
            written.box,
            written.visible_pixels,
        )
        assert (found.embedding is None) == (written.embedding is None)
    assert np.array_equal(store.observations(ids[1])[1].embedding, observation_records()[1][1].embedding)


def test_the_table_tells_what_the_objects_tell(store: Store) -> None:
    write_scene(store, "office", count=4, seed=1)
    write_scene(store, "kitchen")
    table = store.object_table()
    each = [*store.objects("office", with_points=True), *store.objects("kitchen", with_points=True)]
    assert len(table) == len(each) == 7
    assert table.ids.tolist() == [item.id for item in each] == sorted(item.id for item in each)
    assert list(table.scenes) == [item.scene for item in each]
    assert list(table.labels) == [item.label for item in each]
    assert table.observation_counts.tolist() == [item.observation_count for item in each]
    assert table.point_counts.tolist() == [len(item.points) for item in each]
    for position, item in enumerate(each):
        for name in ("center", "extent", "rotation"):
            assert np.array_equal(getattr(table.box(position), name), getattr(item.box, name))
        assert table.label_scores[position] == item.label_score or np.isnan(table.label_scores[position])
        assert np.array_equal(table.fronts[position], item.front or (np.nan,) * 3, equal_nan=True)
        assert np.array_equal(table.mean_colors[position], np.rint(item.colors.mean(axis=0)))
    assert table.positions([each[5].id, 999, each[0].id]).tolist() == [5, -1, 0]


def test_the_table_of_one_scene_has_that_scene_only(store: Store) -> None:
    write_scene(store, "office", seed=1)
    ids = write_scene(store, "kitchen")
    assert store.object_table("kitchen").ids.tolist() == ids


def test_an_empty_table_has_the_shapes_of_a_full_one(store: Store) -> None:
    table = store.object_table()
    assert table.centers.shape == table.fronts.shape == table.mean_colors.shape == (0, 3)
    assert table.rotations.shape == (0, 3, 3)
    assert table.positions([1, 2]).tolist() == [-1, -1]


def test_the_dominant_color_is_the_commonest_and_not_the_mean(store: Store) -> None:
    red, white = (200, 10, 10), (250, 250, 250)
    colors = np.array([red] * 6 + [white] * 4, np.uint8)
    chair = replace(scene_objects()[0], points=np.zeros((10, 3)), colors=colors)
    store.write_scene(scene_record(), [], run_record(), [chair])
    table = store.object_table()
    assert table.dominant_colors.tolist() == [list(red)]
    assert table.mean_colors.tolist() == [[220, 106, 106]]


def test_embeddings_come_as_one_matrix_by_id(store: Store) -> None:
    first = write_scene(store, "office", seed=1)
    second = write_scene(store, "kitchen")
    stored = store.embeddings(MODEL)
    assert stored.ids.tolist() == first + second
    assert np.array_equal(stored.vectors, np.concatenate([unit_vectors(3, seed=1), unit_vectors(3)]))
    assert stored.generation == store.generation == 2
    assert store.embedding_count(MODEL) == 6


@pytest.mark.parametrize("blob", [b"", b"garbage", b"C3DP" + bytes(40)])
def test_damaged_points_are_told_with_their_object_and_what_to_do(store: Store, blob: bytes) -> None:
    ids = write_scene(store)
    damage(store, "UPDATE object_points SET points = ? WHERE object_id = ?", blob, ids[1])
    message = rf"object {ids[1]} of scene 'kitchen' .* is damaged: .*; index the scene again with --force"
    with pytest.raises(StoreError, match=message):
        store.object(ids[1])
    with pytest.raises(StoreError, match=message):
        store.objects("kitchen", with_points=True)
    assert store.object(ids[0]).label is None
    assert len(store.objects("kitchen")) == 3, "what needs no points goes on"
    assert any(f"points of object {ids[1]} of scene 'kitchen'" in line for line in store.check())


def test_a_damaged_embedding_is_told(store: Store) -> None:
    ids = write_scene(store)
    damage(store, "UPDATE embeddings SET vector = ? WHERE object_id = ?", bytes(5), ids[2])
    with pytest.raises(StoreError, match=r"the embedding of object 3 in .* is damaged: it does not match its checksum"):
        store.embeddings(MODEL)
    assert f"embedding of object {ids[2]}: vector 0 has 5 bytes where 8 numbers take 32" in store.check()


def test_a_thumbnail_is_kept_with_its_object(store: Store) -> None:
    picture = Thumbnail(b"RIFF....WEBP", 96, 64)
    ids = store.write_scene(scene_record(), [], run_record(), scene_objects(), thumbnails=[None, picture, None])
    assert [store.thumbnail(key) for key in ids] == [None, picture.webp, None]
    assert store.thumbnails("kitchen") == {ids[1]: picture.webp}
    again = store.write_scene(scene_record(), [], run_record(), scene_objects())
    assert again == ids
    assert store.thumbnail(ids[1]) is None, "the picture went with the run that took it"


def test_pictures_that_come_later_take_the_place_of_those_there_were(store: Store) -> None:
    ids = write_scene(store)
    elsewhere = write_scene(store, "office", seed=1)
    before = store.content_checksum(), store.generation
    now = store.scene("kitchen").generation
    store.add_thumbnails("kitchen", {ids[0]: Thumbnail(b"old", 4, 3), ids[2]: Thumbnail(b"kept", 4, 3)}, now)
    store.add_thumbnails("kitchen", {ids[0]: Thumbnail(b"new", 4, 3), elsewhere[0]: Thumbnail(b"no", 4, 3)}, now)
    assert store.thumbnails("kitchen") == {ids[0]: b"new", ids[2]: b"kept"}
    assert store.thumbnails("office") == {}, "an object of another scene gets none"
    assert (store.content_checksum(), store.generation) == before, "nothing that is searched has changed"
    assert store.check() == []
    write_scene(store)
    with pytest.raises(StoreError, match="'kitchen' was indexed again meanwhile"):
        store.add_thumbnails("kitchen", {ids[0]: Thumbnail(b"late", 4, 3)}, now)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("objects", "center_x", 0.125),
        ("objects", "center_x", "left"),
        ("objects", "label", "thing 7"),
        ("objects", "front", "[0.0, 1.0, 0.0]"),
        ("objects", "rotation", b"short"),
        ("embeddings", "vector", bytes(32)),
    ],
)
def test_whatever_was_changed_behind_our_back_is_told_and_never_answered(store, table, column, value) -> None:
    ids = write_scene(store)
    owner = "id" if table == "objects" else "object_id"
    damage(store, f"UPDATE {table} SET {column} = ? WHERE {owner} = ?", value, ids[1])
    with pytest.raises(StoreError, match=rf"object {ids[1]} of scene 'kitchen' .* is damaged: .*checksum; index"):
        store.objects("kitchen")
    assert any(f"row {ids[1]}" in line and f"of {table} does not match" in line for line in store.check())


def test_labels_are_listed_once_and_objects_know_their_scenes(store: Store) -> None:
    assert store.labels() == []
    kitchen, office = write_scene(store), write_scene(store, "office", count=4, seed=1)
    assert store.labels() == ["thing 1", "thing 2", "thing 3"]
    assert store.scenes_of([office[3], 999, kitchen[0]]) == {office[3]: "office", kitchen[0]: "kitchen"}


def test_embeddings_of_some_scenes_are_read_alone(store: Store) -> None:
    kitchen, office = write_scene(store), write_scene(store, "office", seed=1)
    key = store.scene("office").id
    assert store.embeddings(MODEL, [key]).ids.tolist() == office
    assert store.embeddings(MODEL, []).vectors.shape == (0, 8)
    assert store.embeddings(MODEL).ids.tolist() == kitchen + office
