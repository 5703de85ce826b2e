"""What every scene reader promises; a test class inherits it and gives three fixtures."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core3d_search.errors import InputError
from core3d_search.indexer.frames import Frame, ReadOptions, SceneReader
from core3d_search.indexer.readers import fingerprint

ReaderClass = type[SceneReader]
Damage = Callable[[Path], int]


def files_of(scene: Path) -> list[Path]:
    """Return every file of a scene, which may be a file itself, in order."""
    return [scene] if scene.is_file() else sorted(path for path in scene.rglob("*") if path.is_file())


def copy_of(scene: Path, folder: Path) -> Path:
    """Return a copy of `scene`, with what lies beside it, in the new `folder`; its files are written a day later."""
    shutil.copytree(scene.parent, folder)
    for file in files_of(folder):
        os.utime(file, (file.stat().st_atime, file.stat().st_mtime + 86_400))
    return folder / scene.name


class ReaderContract:
    """Inherit as `class TestX(ReaderContract)` with three fixtures.

    `reader_class` is the reader; `scene` the path of a scene in its format with at least two frames, in a folder of
    its own, with nothing beside it but what belongs to it; `damage` a function that spoils one frame of the scene at a
    path and returns its position.
    """

    @pytest.fixture
    def reader(self, reader_class: ReaderClass, scene: Path) -> SceneReader:
        return reader_class.open(scene)

    def test_says_what_it_reads_in_one_line(self, reader_class: ReaderClass) -> None:
        for text in (reader_class.format, reader_class.layout):
            assert text.strip() == text
            assert len(text.splitlines()) == 1
        assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in reader_class.suffixes)

    def test_recognises_its_own_and_nothing_else(
        self, reader_class: ReaderClass, scene: Path, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        elsewhere = tmp_path_factory.mktemp("no_scene")
        (elsewhere / "notes.txt").write_text("no scene", encoding="utf-8")
        assert reader_class.recognises(scene)
        assert not reader_class.recognises(elsewhere)
        assert not reader_class.recognises(elsewhere / "notes.txt")
        assert not reader_class.recognises(elsewhere / "missing")

    def test_opens_with_a_name_and_a_direction_or_none(self, reader: SceneReader) -> None:
        assert len(reader) >= 2
        assert reader.name
        assert reader.up is None or np.linalg.norm(reader.up) == pytest.approx(1)

    def test_names_files_that_are_there(self, reader: SceneReader, scene: Path) -> None:
        named = {file.resolve() for file in reader.files()}
        assert named
        assert named <= {file.resolve() for file in files_of(scene.parent)}

    def test_what_a_person_says_goes_above_the_files(self, reader_class: ReaderClass, scene: Path) -> None:
        said = ReadOptions(up=(0.0, 1.0, 0.0))
        told = reader_class.open(scene, said)
        assert told.options == said
        np.testing.assert_array_equal(told.up, [0, 1, 0])

    def test_every_frame_is_metric_registered_and_posed(self, reader: SceneReader) -> None:
        for position in range(len(reader)):
            frame = reader[position]
            assert isinstance(frame, Frame)
            assert frame.index == position
            assert np.isfinite(frame.depth).all()
            assert (frame.depth >= 0).all()
            assert 0.02 < np.median(frame.depth[frame.depth > 0]) < 100, "metres along the optical axis, 0 for none"
            rotation = frame.world_from_camera[:3, :3]
            np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=0.02)
            assert np.linalg.det(rotation) > 0, "a reflection is no camera"
            np.testing.assert_array_equal(frame.world_from_camera[3], [0, 0, 0, 1])
            assert (np.diag(frame.intrinsics) > 0).all()
            np.testing.assert_allclose(frame.intrinsics[2], [0, 0, 1], atol=1e-6)

    def test_a_frame_is_the_same_whenever_it_is_read(self, reader: SceneReader) -> None:
        last = reader[len(reader) - 1]
        first = reader[0]
        for once, again in ((first, reader[0]), (last, reader[len(reader) - 1])):
            for part in ("rgb", "depth", "intrinsics", "world_from_camera"):
                np.testing.assert_array_equal(getattr(once, part), getattr(again, part))

    def test_behind_the_last_frame_is_none(self, reader: SceneReader) -> None:
        with pytest.raises(IndexError):
            reader[len(reader)]

    def test_reading_leaves_the_scene_alone(self, reader_class: ReaderClass, scene: Path) -> None:
        before = {file: file.stat().st_mtime_ns for file in files_of(scene)}
        reader = reader_class.open(scene)
        reader[0]
        reader.files()
        assert {file: file.stat().st_mtime_ns for file in files_of(scene)} == before

    def test_a_spoilt_frame_is_an_error_of_that_frame_alone(
        self, reader_class: ReaderClass, scene: Path, damage: Damage
    ) -> None:
        names = {file.name for file in files_of(scene)}
        position = damage(scene)
        reader = reader_class.open(scene)
        with pytest.raises(InputError) as caught:
            reader[position]
        assert any(name in str(caught.value) for name in names), "the message names the file at fault"
        other = (position + 1) % len(reader)
        assert reader[other].index == other

    def test_what_is_no_scene_is_refused_with_a_reason(
        self, reader_class: ReaderClass, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        with pytest.raises(InputError):
            reader_class.open(tmp_path_factory.mktemp("empty"))

    def test_the_fingerprint_follows_the_content_not_the_clock(
        self, reader_class: ReaderClass, scene: Path, damage: Damage, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        before = fingerprint(reader_class.open(scene))
        copy = copy_of(scene, tmp_path_factory.mktemp("copies") / "later")
        assert fingerprint(reader_class.open(copy)) == before
        damage(copy)
        assert fingerprint(reader_class.open(copy)) != before
