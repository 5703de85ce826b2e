"""A zipped scene is read as its folder is; what is no honest archive of one is refused, and nothing stays of it."""

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from format_writers import WRITERS

from core3d_search.errors import InputError
from core3d_search.indexer.frames import Frame, ReadOptions
from core3d_search.indexer.readers import find_scenes, zipped


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_, **__: tmp_path / "cache" / "core3d")
    return tmp_path / "cache" / "core3d" / "unpacked"


@pytest.fixture
def frames():
    rng = np.random.default_rng(0)
    camera = np.array([[9.0, 0, 8], [0, 9, 6], [0, 0, 1]])
    poses = [np.eye(4), np.eye(4)]
    poses[1][:3, 3] = 0.1, 0.2, 0.3
    colors = rng.integers(0, 255, (2, 12, 16, 3)).astype(np.uint8)
    return [Frame(i, colors[i], np.full((12, 16), 2, np.float32), camera, poses[i]) for i in range(2)]


def zipped_file(folder, path):
    return shutil.make_archive(str(path.with_suffix("")), "zip", folder)


@pytest.mark.parametrize("what", WRITERS)
def test_a_zip_of_any_layout_is_read_as_its_folder(what, frames, tmp_path):
    format, write = WRITERS[what]
    write(tmp_path, frames)
    options = ReadOptions(scale=0.4) if what.startswith("COLMAP, text") else None
    (plain,) = find_scenes(tmp_path, options=options)
    path = Path(zipped_file(tmp_path, tmp_path.parent / f"{tmp_path.name}-my scan.zip"))
    (reader,) = find_scenes(path, options=options)
    assert reader.format == format
    assert (reader.name == plain.name) or reader.name == path.stem
    for position in range(2):
        np.testing.assert_array_equal(reader[position].rgb, plain[position].rgb)
        np.testing.assert_array_equal(reader[position].depth, plain[position].depth)
        np.testing.assert_array_equal(reader[position].world_from_camera, plain[position].world_from_camera)


def test_an_archive_is_unpacked_once_and_again_when_it_changes(frames, tmp_path, cache):
    (tmp_path / "den").mkdir()
    WRITERS["frames"][1](tmp_path / "den", frames)
    path = tmp_path / "den.zip"
    zipped_file(tmp_path / "den", path)
    first = zipped.unpacked(path)
    assert first.name == "den"
    (first / "mark").touch()
    assert (zipped.unpacked(path) / "mark").exists()
    (tmp_path / "den" / "more.txt").write_text("more")
    zipped_file(tmp_path / "den", path)
    again = zipped.unpacked(path)
    assert (again / "more.txt").exists()
    assert not (again / "mark").exists()


@pytest.mark.parametrize(
    "name", ["../outside.txt", "/etc/outside.txt", "a/../../outside.txt", "..\\outside.txt", "c:x"]
)
def test_a_name_that_leads_outside_is_refused(name, tmp_path, cache):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("color/00000.jpg", b"")
        archive.writestr(name, b"out")
    with pytest.raises(InputError, match="only files inside"):
        find_scenes(tmp_path / "a.zip")
    assert not list(tmp_path.rglob("outside*"))
    assert not list(cache.rglob("*.*"))


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, cache):
    with (
        zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("color/00000.png", "w") as file,
    ):
        for _ in range(300):
            file.write(bytes(1 << 20))
    with pytest.raises(InputError, match="more than the 268,435,456 that are unpacked"):
        find_scenes(tmp_path / "a.zip")
    assert not list(cache.rglob("*.png"))


def test_what_is_no_archive_is_refused(tmp_path, cache):
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(InputError, match="cannot be unpacked"):
        find_scenes(tmp_path / "a.zip")
    assert not list(cache.iterdir())


def test_a_zip_without_a_scene_says_so(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("letter.txt", b"hello")
    with pytest.raises(InputError, match="no scene in"):
        find_scenes(tmp_path / "a.zip")


def test_a_zip_that_only_lies_beside_scenes_is_left_alone(frames, tmp_path, cache):
    (tmp_path / "den").mkdir()
    WRITERS["frames"][1](tmp_path / "den", frames)
    zipped_file(tmp_path / "den", tmp_path / "den-backup.zip")
    assert [reader.name for reader in find_scenes(tmp_path)] == ["den"]
    assert not cache.exists()
