"""The whole pipeline on one small generated room: what is stored, what is skipped, and what survives a failure."""

import io
import shutil
import sqlite3

import numpy as np
import pytest
from fakes import NounEncoder
from PIL import Image

from core3d_search.errors import InputError
from core3d_search.indexer.config import ThumbnailConfig, resolve
from core3d_search.indexer.masks.progressive import make_generator
from core3d_search.indexer.pipeline import index_scene, index_scenes
from core3d_search.indexer.readers import find_scenes
from core3d_search.indexer.readers.frames_folder import FramesFolderReader
from core3d_search.indexer.thumbnails import add_missing
from core3d_search.store import Store
from core3d_search.synthetic import generate_room, write_room

CONFIG = resolve(overrides=["frames.limit=4", "frames.longest_side_px=160"])


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    return write_room(generate_room(7), tmp_path_factory.mktemp("rooms") / "den", frames=5, width=160, height=120)


@pytest.fixture
def scene(room, tmp_path):
    """A copy of the room that a test may damage."""
    return shutil.copytree(room, tmp_path / "den")


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "core3d.db", create=True) as store:
        yield store


def index(scene, store, config=CONFIG, **options):
    (reader,) = find_scenes(scene)
    return index_scene(reader, store, make_generator(config.masks), NounEncoder(), config, **options)


def test_objects_are_stored_with_everything_that_search_needs(scene, store):
    report = index(scene, store)
    (record,) = store.scenes()
    objects = store.objects(record.name, with_points=True)
    assert report.objects == len(objects) > 3
    assert (report.frames, report.skipped) == (4, ())
    assert set(report.seconds) >= {"structure", "read", "masks", "granularity", "embed", "lift", "fuse", "label"}
    for found in objects:
        assert len(found.points) >= CONFIG.fusion.min_voxels
        assert np.linalg.norm(found.embedding) == pytest.approx(1, abs=1e-5)
        assert found.label in NounEncoder.vocabulary
        assert 0 <= found.views[0].frame < 5
        assert len(store.observations(found.id)) == found.observation_count
    (run,) = store.runs(record.name)
    assert run.config == CONFIG.to_dict()
    assert (run.mask_generator, run.model.name) == ("built-in", "nouns/1")


def test_an_unchanged_scene_is_skipped_until_forced_or_configured_otherwise(scene, store):
    first = index(scene, store)
    again = index(scene, store)
    assert again.unchanged
    assert again.objects == first.objects
    assert not index(scene, store, force=True).unchanged
    other = resolve(overrides=["frames.limit=3", "frames.longest_side_px=160"])
    assert not index(scene, store, other).unchanged
    np.savetxt(scene / "pose" / "00000.txt", np.eye(4))
    assert not index(scene, store, other).unchanged


def test_every_object_gets_one_picture_and_equal_input_gives_equal_ones(scene, store, tmp_path):
    report = index(scene, store)
    (record,) = store.scenes()
    pictures = store.thumbnails(record.name)
    assert len(pictures) == report.objects
    assert "thumbnails" in report.seconds
    for picture in pictures.values():
        image = Image.open(io.BytesIO(picture))
        assert (image.format, max(image.size)) == ("WEBP", 256)
    with Store.open(tmp_path / "second.db", create=True) as second:
        index(scene, second)
        assert second.thumbnails(record.name) == pictures


def test_pictures_can_be_left_out_and_made_later_and_nothing_else_differs(scene, store, tmp_path):
    index(scene, store)
    (record,) = store.scenes()
    plain = resolve(overrides=["frames.limit=4", "frames.longest_side_px=160", "thumbnails.enabled=false"])
    assert index(scene, store, plain).unchanged, "they say nothing to whether a scene must be indexed again"
    with Store.open(tmp_path / "second.db", create=True) as second:
        index(scene, second, plain)
        assert second.thumbnails(record.name) == {}
        assert second.content_checksum() == store.content_checksum()
        assert add_missing(second, ThumbnailConfig(), record.name) == record.object_count
        made = second.thumbnails(record.name)
        assert add_missing(second, ThumbnailConfig(), record.name) == 0
        assert second.thumbnails(record.name) == made
        assert second.content_checksum() == store.content_checksum()
        with sqlite3.connect(second.path) as connection:
            connection.execute("DELETE FROM thumbnails WHERE object_id = 1")
        np.savetxt(scene / "pose" / "00000.txt", np.eye(4))
        with pytest.raises(InputError, match="has changed since; index it again"):
            add_missing(second, ThumbnailConfig(), record.name)


def test_the_same_input_gives_the_same_content(scene, store, tmp_path):
    index(scene, store)
    with Store.open(tmp_path / "second.db", create=True) as second:
        index(scene, second)
        assert second.content_checksum() == store.content_checksum()


def test_a_bad_frame_is_skipped_and_listed(scene, store):
    (scene / "depth" / "00002.png").unlink()
    report = index(scene, store)
    (skipped,) = report.skipped
    assert skipped.position == 2
    assert "depth/00002.png is missing" in skipped.reason
    assert report.objects > 0
    (name,) = (record.name for record in store.scenes())
    assert [frame.skip_reason is not None for frame in store.frames(name)] == [False, False, True, False]


def test_a_failed_run_is_recorded_and_leaves_the_former_content(scene, store):
    index(scene, store)
    before = store.content_checksum()
    shutil.rmtree(scene / "depth")
    (scene / "depth").mkdir()
    with pytest.raises(InputError, match="no frame of scene .* can be used; the first: .*00000.png is missing"):
        index(scene, store)
    assert store.content_checksum() == before
    runs = store.runs(store.scenes()[0].name)
    assert [run.status for run in runs] == ["complete", "failed"]
    assert "00000.png" in runs[-1].error


def test_an_interruption_leaves_the_former_content(scene, store):
    index(scene, store)
    before = store.content_checksum()

    def interrupt(scene, stage, done, total, skipped=0):
        if stage == "frames" and done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index(scene, store, force=True, progress=interrupt)
    assert store.content_checksum() == before


def test_a_bug_in_one_scene_is_told_with_its_place_and_costs_no_other(scene, store, tmp_path, monkeypatch):
    monkeypatch.setattr("core3d_search.indexer.pipeline.load_encoder", lambda name, **options: NounEncoder())
    for name in ("bad", "good"):
        shutil.copytree(scene, tmp_path / "scenes" / name)
        (tmp_path / "scenes" / name / "scene.json").write_text(f'{{"up": [0, 0, 1], "name": "{name}"}}')

    class Buggy(FramesFolderReader):
        def __getitem__(self, position):
            return position / 0

    readers = [Buggy.open(tmp_path / "scenes" / "bad"), FramesFolderReader.open(tmp_path / "scenes" / "good")]
    bad, good = index_scenes(readers, store, CONFIG)
    assert (bad.scene, type(bad.error)) == ("bad", ZeroDivisionError)
    assert "position / 0" in bad.traceback
    assert "position / 0" in store.runs("bad")[-1].error
    assert good.report.objects > 0


def test_one_bad_scene_does_not_stop_the_others(scene, store, tmp_path, monkeypatch):
    monkeypatch.setattr("core3d_search.indexer.pipeline.load_encoder", lambda name, **options: NounEncoder())
    bad = shutil.copytree(scene, tmp_path / "scenes" / "bad")
    good = shutil.copytree(scene, tmp_path / "scenes" / "good")
    (good / "scene.json").write_text('{"up": [0, 0, 1], "name": "good"}')
    (bad / "scene.json").write_text('{"up": [0, 0, 1], "name": "bad", "depth_scale": 1}')
    outcomes = {outcome.scene: outcome for outcome in index_scenes(find_scenes(tmp_path / "scenes"), store, CONFIG)}
    assert "depth_scale" in str(outcomes["bad"].error)
    assert outcomes["good"].report.objects > 0
