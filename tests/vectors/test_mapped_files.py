"""The mapped files follow the database scene by scene, and are made anew where they are not its own."""

from __future__ import annotations

import os
import shutil
import time

import numpy as np
import pytest
from store_samples import MODEL, OTHER_MODEL, unit_vectors, write_scene

from core3d_search.store import Store
from core3d_search.vectors import mapped, open_index, segments
from core3d_search.vectors.mapped import MappedIndex, index_folder


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "core3d.db", create=True) as opened:
        for number in range(6):
            write_scene(opened, f"room-{number}", count=20, seed=number)
        yield opened


def assert_knows_all(index: MappedIndex, store: Store) -> None:
    asked = unit_vectors(5, seed=77)
    truth, found = open_index(store, MODEL, "exact").search(asked, 30), index.search(asked, 30)
    assert np.array_equal(found.ids, truth.ids)
    assert found.similarities.tobytes() == truth.similarities.tobytes()
    assert (len(index), index.generation) == (store.embedding_count(MODEL), store.generation)


@pytest.fixture
def scenes_read(store, monkeypatch) -> list[int]:
    """How many scenes' vectors were read from the database, read by read."""
    counts: list[int] = []
    read = store.embeddings
    monkeypatch.setattr(store, "embeddings", lambda model, ids=None: counts.append(len(ids or ())) or read(model, ids))
    return counts


def test_files_are_made_once_and_then_mapped(store, scenes_read) -> None:
    assert_knows_all(MappedIndex.open(store, MODEL), store)
    assert scenes_read[0] == 6
    scenes_read.clear()
    again = MappedIndex.open(store, MODEL)
    assert scenes_read == []
    assert isinstance(again.parts[0].codes, np.memmap)
    assert_knows_all(again, store)


def test_one_more_scene_is_added_alone_and_a_lost_one_is_dropped(store, scenes_read) -> None:
    index = MappedIndex.open(store, MODEL)
    assert index.sync() is index
    scenes_read.clear()
    write_scene(store, "attic", count=7, seed=50)
    grown = index.sync()
    assert scenes_read == [1]
    assert_knows_all(grown, store)
    assert len(index) == 120, "who still reads the former one is not disturbed"
    scenes_read.clear()
    write_scene(store, "room-3", count=9, seed=51)
    store.remove_scene("room-1")
    changed = grown.sync()
    assert scenes_read == [1]
    assert_knows_all(changed, store)
    assert_knows_all(MappedIndex.open(store, MODEL), store)


def test_many_small_segments_are_joined_without_reading_the_database(store, scenes_read, monkeypatch) -> None:
    monkeypatch.setattr(mapped, "MOST_SEGMENTS", 3)
    index = MappedIndex.open(store, MODEL)
    for number in range(5):
        write_scene(store, f"new-{number}", count=3, seed=60 + number)
        scenes_read.clear()
        index = index.sync()
        assert scenes_read == [1]
        assert len(index.parts) <= 3
        assert_knows_all(index, store)


def test_what_is_dead_is_left_behind_once_it_is_a_quarter(store) -> None:
    index = MappedIndex.open(store, MODEL)
    for number in range(3):
        store.remove_scene(f"room-{number}")
        index = index.sync()
        assert_knows_all(index, store)
    assert sum(len(part) for part in index.parts) < 100
    for number in range(3, 6):
        store.remove_scene(f"room-{number}")
    assert len(index.sync()) == 0


@pytest.mark.parametrize("damage", ["no manifest", "half a manifest", "no codes", "short codes", "foreign"])
def test_files_that_are_not_whole_or_not_ours_are_made_anew(store, tmp_path, damage: str) -> None:
    MappedIndex.open(store, MODEL)
    folder = index_folder(store, MODEL)
    (segment,) = (path for path in folder.iterdir() if path.is_dir())
    if damage == "no manifest":
        (folder / "manifest.npz").unlink()
    elif damage == "half a manifest":
        whole = (folder / "manifest.npz").read_bytes()
        (folder / "manifest.npz").write_bytes(whole[: len(whole) // 2])
    elif damage == "no codes":
        (segment / "codes.npy").unlink()
    elif damage == "short codes":
        (segment / "codes.npy").write_bytes((segment / "codes.npy").read_bytes()[:-30])
    else:
        with Store.open(tmp_path / "other.db", create=True) as other:
            for number in range(6):
                write_scene(other, f"room-{number}", count=20, seed=100 + number, seconds=3.25)
            MappedIndex.open(other, MODEL)
            shutil.rmtree(folder)
            shutil.copytree(index_folder(other, MODEL), folder)
    assert_knows_all(MappedIndex.open(store, MODEL), store)
    assert_knows_all(MappedIndex.open(store, MODEL), store)


def test_flipped_codes_never_change_a_similarity(store) -> None:
    MappedIndex.open(store, MODEL)
    (codes,) = index_folder(store, MODEL).glob("*/codes.npy")
    damaged = bytearray(codes.read_bytes())
    damaged[-400::7] = bytes(len(damaged[-400::7]))
    codes.write_bytes(damaged)
    asked = unit_vectors(1, seed=8)
    found = MappedIndex.open(store, MODEL).search(asked, 20)
    known = store.embeddings(MODEL)
    for key, similarity in zip(found.ids[0], found.similarities[0], strict=True):
        assert similarity == pytest.approx(float(known.vectors[known.ids == key][0] @ asked[0]), abs=1e-6)


def test_two_processes_may_sync_at_once(store) -> None:
    left, right = MappedIndex.open(store, MODEL), MappedIndex.open(store, MODEL)
    write_scene(store, "attic", count=7, seed=50)
    left, right = left.sync(), right.sync()
    for index in (left, right, MappedIndex.open(store, MODEL)):
        assert_knows_all(index, store)


def test_leftovers_are_swept_away_after_a_while(store) -> None:
    MappedIndex.open(store, MODEL)
    folder = index_folder(store, MODEL)
    for name, age in (("new", 0), ("old", 2 * mapped.ORPHAN_AGE_S)):
        (folder / name).mkdir()
        os.utime(folder / name, (time.time() - age,) * 2)
    write_scene(store, "attic")
    MappedIndex.open(store, MODEL)
    assert ((folder / "new").exists(), (folder / "old").exists()) == (True, False)


def test_files_that_cannot_be_written_are_done_without(store, monkeypatch, caplog) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert_knows_all(MappedIndex.open(store, MODEL), store)
    assert "No space left on device" in caplog.text
    assert not list(index_folder(store, MODEL).glob("*.part/*"))


def test_each_model_has_its_own_files(store) -> None:
    write_scene(store, "office", count=5, seed=1, model=OTHER_MODEL)
    assert (len(MappedIndex.open(store, MODEL)), len(MappedIndex.open(store, OTHER_MODEL))) == (120, 5)


def test_lists_find_nearly_all_in_clustered_vectors() -> None:
    generator = np.random.default_rng(1)
    centers = generator.normal(size=(60, 48))
    vectors = centers[generator.integers(60, size=6000)] + 0.7 * generator.normal(size=(6000, 48))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    ids = np.arange(1, 6001)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(segments, "LISTS_FROM", 1000)
        index = MappedIndex.build(ids, vectors, 1)
    assert len(index.parts[0].starts) - 1 == 77
    found = index.search(vectors[:50], 10)
    truth = np.argsort(-(vectors[:50] @ vectors.T), axis=1)[:, :10] + 1
    recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found.ids.tolist(), truth.tolist(), strict=True)])
    assert recall >= 0.98
