"""An id stays with its thing when the scene is indexed again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from store_samples import MODEL, OTHER_MODEL, run_record, scene_record, unit_vectors

from core3d_search.datatypes import Box3D, SceneObject
from core3d_search.store import Store
from core3d_search.store.identity import same_things


def thing(center, kind: int = 0, noise: float = 0.004, seed: int = 0, size=(0.4, 0.4, 0.8)) -> SceneObject:
    """Return the surface of a box as a scan would see it; objects of another `kind` look otherwise."""
    generator = np.random.default_rng(seed)
    points = generator.uniform(-0.5, 0.5, (800, 3))
    points[np.arange(800), generator.integers(0, 3, 800)] = np.sign(points[:, 0]) / 2
    points = points * size + center + generator.normal(0, noise, (800, 3))
    looks = unit_vectors(9, seed=99)[kind] + 0.1 * unit_vectors(1, seed=seed)[0]
    return SceneObject(
        scene="kitchen",
        points=points.astype(np.float32),
        colors=np.zeros((800, 3), np.uint8),
        box=Box3D(np.array(center, float), np.array(size, float)),
        embedding=(looks / np.linalg.norm(looks)).astype(np.float32),
        observation_count=3,
    )


def kept(before: list[SceneObject], now: list[SceneObject], one_encoder: bool = True) -> list[int | None]:
    """Return which of `before` each of `now` is, by position."""
    found = same_things(before, now, one_encoder=one_encoder)
    return [None if item is None else next(n for n, old in enumerate(before) if old is item) for item in found]


ROOM = [thing((0, 0, 0), 0), thing((1, 0, 0), 1), thing((0, 2, 0), 2)]


def test_new_noise_and_another_order_change_nothing() -> None:
    again = [thing((0, 2, 0.01), 2, seed=5), thing((0.01, 0, 0), 0, seed=6), thing((1, 0.01, 0), 1, seed=7)]
    assert kept(ROOM, again) == [2, 0, 1]


def test_what_was_carried_away_is_another_object_and_so_is_what_came() -> None:
    again = [thing((0, 0, 0), 0), thing((3, 3, 0), 1), thing((0, 2, 0), 2)]
    assert kept(ROOM, again) == [0, None, 2]
    assert kept(ROOM, []) == []
    assert kept([], ROOM) == [None] * 3


def test_one_thing_keeps_one_id_where_masks_took_it_apart() -> None:
    seat, back = thing((0, 0, -0.15), 0, size=(0.4, 0.4, 0.5)), thing((0, 0, 0.3), 0, size=(0.4, 0.4, 0.2))
    assert kept(ROOM[:1], [back, seat]) == [None, 0]


def test_where_two_things_share_a_place_their_looks_decide() -> None:
    pillow, bed = thing((0, 0, 0), 3), thing((0, 0, 0), 4)
    assert kept([pillow, bed], [thing((0, 0, 0), 4, seed=3), thing((0, 0, 0), 3, seed=4)]) == [1, 0]


def test_things_of_another_encoder_are_told_by_their_place() -> None:
    again = [replace(item, embedding=unit_vectors(1, 5, seed=n)[0]) for n, item in enumerate(ROOM)]
    assert kept(ROOM, again, one_encoder=False) == [0, 1, 2]


def test_things_without_points_are_told_by_their_boxes() -> None:
    bare = [replace(item, points=np.zeros((0, 3)), colors=np.zeros((0, 3))) for item in ROOM]
    assert kept(bare, ROOM[::-1]) == [2, 1, 0]


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "core3d.db", create=True) as opened:
        yield opened


def test_ids_are_kept_by_the_store_and_new_ones_never_used_before(store: Store) -> None:
    first = store.write_scene(scene_record(), [], run_record(), ROOM)
    again = [thing((5, 5, 0), 6), thing((0, 2, 0.01), 2, seed=5), thing((0.01, 0, 0), 0, seed=6)]
    second = store.write_scene(scene_record(), [], run_record(), again)
    assert second[1:] == [first[2], first[0]]
    assert second[0] > max(first)
    found = {item.id: item for item in store.objects("kitchen", with_points=True)}
    assert sorted(found) == sorted(second)
    for key, item in zip(second, again, strict=True):
        assert np.array_equal(found[key].embedding, item.embedding), "each id has what was found of its thing now"
        assert np.allclose(found[key].points, item.points, atol=1e-4)
    third = store.write_scene(scene_record(), [], run_record(), ROOM)
    assert [third[0], third[2]] == [first[0], first[2]]
    assert third[1] > max(second), "the id of what was gone is not given again"
    assert store.check() == []


def test_ids_stay_when_the_encoder_changes(store: Store) -> None:
    first = store.write_scene(scene_record(), [], run_record(), ROOM)
    second = store.write_scene(scene_record(), [], run_record(model=OTHER_MODEL), ROOM)
    assert first == second
    assert store.embeddings(OTHER_MODEL).ids.tolist() == first
    assert not len(store.embeddings(MODEL).ids)


def test_a_scene_whose_stored_objects_are_damaged_is_indexed_anew(store: Store) -> None:
    first = store.write_scene(scene_record(), [], run_record(), ROOM)
    with store.database.writing() as connection:
        connection.exec_driver_sql("UPDATE embeddings SET vector = x'00'")
    second = store.write_scene(scene_record(), [], run_record(), ROOM)
    assert min(second) > max(first)
    assert store.check() == []


def test_what_another_process_wrote_between_matching_and_writing_is_matched_again(store: Store, monkeypatch) -> None:
    from core3d_search.store import write

    first = store.write_scene(scene_record(), [], run_record(), ROOM[:1])
    match, other = write._keep_ids, []

    def matched_early(*arguments):
        found = match(*arguments)
        if not other:  # the other process: the same scene, written before our transaction begins
            other.append([])
            other[0] = store.write_scene(scene_record(), [], run_record(), ROOM)
        return found

    monkeypatch.setattr(write, "_keep_ids", matched_early)
    second = store.write_scene(scene_record(), [], run_record(), ROOM)
    assert second == other[0]
    assert second[0] == first[0]
