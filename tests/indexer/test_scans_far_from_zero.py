"""A room in UTM coordinates is found, filtered and drawn as the same room at zero is, moved."""

import shutil

import numpy as np
import pytest
from fakes import NounEncoder
from PIL import Image

from core3d_search import Searcher, plugins
from core3d_search.indexer.config import resolve
from core3d_search.indexer.drawing import draw_answer
from core3d_search.indexer.masks.progressive import make_generator
from core3d_search.indexer.pipeline import index_scene
from core3d_search.indexer.readers import find_scenes
from core3d_search.store import Store
from core3d_search.synthetic import generate_room, write_room

UTM = np.array([691_000.25, 5_334_000.5, 500.75])
CONFIG = resolve(overrides=["frames.limit=4", "frames.longest_side_px=160", "structure.frames=4"])


@pytest.fixture(scope="module")
def databases(tmp_path_factory):
    """The databases of one room at zero (`near`) and at `UTM` (`far`)."""
    place = tmp_path_factory.mktemp("rooms")
    write_room(generate_room(7), place / "near", frames=5, width=160, height=120)
    shutil.copytree(place / "near", place / "far")
    for path in (place / "far" / "pose").iterdir():
        pose = np.loadtxt(path)
        pose[:3, 3] += UTM
        np.savetxt(path, pose)
    for name in ("near", "far"):
        (reader,) = find_scenes(place / name)
        with Store.open(place / f"{name}.db", create=True) as store:
            index_scene(reader, store, make_generator(CONFIG.masks), NounEncoder(), CONFIG)
    return place


@pytest.fixture
def near_and_far(databases, monkeypatch):
    monkeypatch.setitem(plugins.BUILT_IN["core3d.encoders"], "nouns", "fakes:NounEncoder")
    with Searcher.open(databases / "near.db") as near, Searcher.open(databases / "far.db") as far:
        yield near, far


def all_hits(searcher, **options):
    return searcher.search("chair", k=1000, threshold=0, **options)


def nearest(hit, hits):
    return min(hits, key=lambda other: np.linalg.norm(other.box.center - hit.box.center - UTM))


def test_boxes_are_in_the_coordinates_of_the_scan_and_points_stay_local(near_and_far):
    near, far = near_and_far
    (at_zero,), (scene,) = near.store.scenes(), far.store.scenes()
    assert at_zero.origin is None
    np.testing.assert_allclose(scene.origin, UTM, atol=10)
    np.testing.assert_array_equal(scene.origin, np.round(scene.origin))
    hits, moved = all_hits(near), all_hits(far)
    assert len(hits) == len(moved) > 3
    for hit in hits:
        found = nearest(hit, moved)
        np.testing.assert_allclose(found.box.center, hit.box.center + UTM, atol=0.01)
        points = far.store.object(found.object_id).points
        middle = (points.min(axis=0) + points.max(axis=0)).astype(np.float64) / 2
        assert np.abs(points).max() < 20
        np.testing.assert_allclose(middle + scene.origin, found.box.center, atol=np.max(found.box.extent) / 2)


def test_within_is_asked_in_the_coordinates_of_the_scan(near_and_far):
    near, far = near_and_far
    hit = all_hits(near)[0]
    center = nearest(hit, all_hits(far)).box.center
    found = all_hits(far, within=(*center, 0.02))
    assert len(found) == len(all_hits(near, within=(*hit.box.center, 0.02))) >= 1
    np.testing.assert_allclose(found[0].box.center, center, atol=0.02)
    assert all_hits(far, within=(*hit.box.center, 100.0)) == []


def test_an_answer_is_drawn_where_it_is_also_after_frames_went(near_and_far, databases, tmp_path):
    near, far = near_and_far
    hit = all_hits(near)[0]
    moved = nearest(hit, all_hits(far))
    draw_answer(near.store, hit, tmp_path / "near.png")
    draw_answer(far.store, moved, tmp_path / "far.png")
    wanted = np.asarray(Image.open(tmp_path / "near.png")).astype(int)

    def apart(path):
        return np.mean(np.abs(np.asarray(Image.open(path)).astype(int) - wanted).max(axis=2) > 40)

    captions_and_rounding = 0.03
    assert apart(tmp_path / "far.png") < captions_and_rounding
    (scene,) = far.store.scenes()
    shown = far.store.object(moved.object_id).views[0].frame
    for path in sorted((databases / "far" / "pose").iterdir()):
        if int(path.stem) != shown:  # the middle of the cameras moves: the scan is read from another origin now
            path.write_text("no pose")
    (reader,) = find_scenes(databases / "far")
    assert not np.array_equal(reader.origin, scene.origin)
    draw_answer(far.store, moved, tmp_path / "later.png")
    np.testing.assert_array_equal(Image.open(tmp_path / "later.png"), Image.open(tmp_path / "far.png"))
