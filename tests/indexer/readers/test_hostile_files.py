"""Files made to block, to fill the memory or to lead elsewhere are refused, quickly and with a reason."""

import io
import os
import struct
import time
import zipfile
import zlib

import lzfse
import numpy as np
import pytest
from format_writers import WRITERS
from PIL import Image

from core3d_search.errors import InputError
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.readers import find_scenes, images, lzfse_bytes, survey
from core3d_search.indexer.readers.files import Archive, read_bytes, read_json_object
from core3d_search.indexer.readers.settings import clean_name


@pytest.fixture(autouse=True)
def quick():
    start = time.perf_counter()
    yield
    assert time.perf_counter() - start < 20


@pytest.fixture
def written(tmp_path):
    """Write two frames, 2 m deep, 16x12 pixels, in a format; their cameras stand at `places`."""

    def write(what, *places):
        frames = []
        for i, place in enumerate(places or [(0, 0, 0)] * 2):
            pose = np.eye(4)
            pose[:3, 3] = place
            camera = np.array([[9.0, 0, 8], [0, 9, 6], [0, 0, 1]])
            frames.append(Frame(i, np.zeros((12, 16, 3), np.uint8), np.full((12, 16), 2, np.float32), camera, pose))
        return WRITERS[what][1](tmp_path, frames)[0]

    return write


@pytest.mark.parametrize("name", ["depth/00000.png", "pose/00000.txt", "color/00000.jpg"])
def test_a_pipe_in_the_place_of_a_file_does_not_block(written, name):
    path = written("frames") / name
    path.unlink()
    os.mkfifo(path)
    (reader,) = find_scenes(path.parents[1])
    with pytest.raises(InputError, match="no regular file"):
        reader[0]
    assert reader[1].index == 1


def test_a_link_to_a_device_is_not_read(written):
    path = written("frames") / "pose" / "00001.txt"
    path.unlink()
    path.symlink_to("/dev/zero")
    with pytest.raises(InputError, match="no regular file"):
        find_scenes(path.parents[1])[0][1]


def test_an_image_of_168_megapixels_is_refused_by_the_stated_limit(tmp_path):
    rows = zlib.compress(b"\0" * (14_001 * 12_000 // 8), 1)
    header = struct.pack(">IIBBBBB", 14_000, 12_000, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", rows), (b"IEND", b"")]
    content = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    (tmp_path / "big.png").write_bytes(content)
    with pytest.raises(InputError, match="14000x12000 pixels; images of more than 100 million"):
        images.read_color(tmp_path / "big.png")


def test_formats_of_images_that_run_programs_are_not_opened(tmp_path):
    (tmp_path / "evil.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    with pytest.raises(InputError, match="cannot be read as an image"):
        images.read_color(tmp_path / "evil.png")


@pytest.mark.parametrize("content", ["[" * 100_000, '{"a":' * 100_000, '{"a": ' + "9" * 100_000 + "}"])
def test_json_that_is_nested_or_long_beyond_reason_is_refused(tmp_path, content):
    (tmp_path / "scene.json").write_text(content)
    with pytest.raises(InputError, match=r"scene\.json is not valid JSON"):
        read_json_object(tmp_path / "scene.json")


def test_an_endless_text_is_not_read_as_a_matrix(tmp_path):
    (tmp_path / "pose.txt").write_text("1 " * 200_000)
    with pytest.raises(InputError, match="at most 65536 are read"):
        images.read_rigid_transform(tmp_path / "pose.txt")


def test_a_pickle_in_the_place_of_an_array_is_not_run(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "run"),)

    np.save(tmp_path / "depth.npy", np.array([Evil()], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="cannot be read as a NumPy array"):
        images.read_depth_array(tmp_path / "depth.npy", 1000.0)
    assert not (tmp_path / "run").exists()


def test_names_in_an_archive_lead_nowhere(written, tmp_path):
    path = written("Record3D, .r3d")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../../evil.txt", "x")
        archive.writestr("/tmp/evil-of-core3d.txt", "x")
    before = sorted(tmp_path.parent.rglob("*"))
    (reader,) = find_scenes(path)
    assert reader[0].depth.all()
    assert sorted(tmp_path.parent.rglob("*")) == before


def test_a_zip_bomb_is_read_no_farther_than_its_place_allows(written):
    path = written("Record3D, .r3d")
    content = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, b"\0" * 300_000_000 if name == "rgbd/0.depth" else old.read(name))
    path.write_bytes(content.getvalue())
    (reader,) = find_scenes(path)
    with pytest.raises(InputError, match=r"rgbd/0\.depth is longer than"):
        reader[0]
    assert reader[1].depth.all()


def test_an_lzfse_bomb_is_refused_before_it_is_unpacked():
    bomb = lzfse.compress(b"\0" * 5_000_000)
    assert len(bomb) < 100_000
    with pytest.raises(InputError, match="belong there"):
        lzfse_bytes.decompress(bomb, 49_152, "depth")


def test_an_archive_that_is_cut_off_says_so(written):
    path = written("Record3D, .r3d")
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match="not a readable zip archive"):
        Archive(path).members()


@pytest.mark.parametrize("text", ["a\x1b[31mred\x07", "line\nbreak", "\udcff\udcfe", "\u202eright", "x" * 10_000])
def test_names_are_bounded_and_can_be_shown_and_stored(text):
    name = clean_name(text)
    assert 0 < len(name) <= 100
    assert name.isprintable()
    name.encode()


def test_one_camera_100_km_off_is_skipped_with_that_reason(written):
    (reader,) = find_scenes(written("frames", (0, 0, 1), (0.5, 0, 1), (1e5, 0, 1), (1, 0, 1)))
    assert [reader[i].index for i in (0, 1, 3)] == [0, 1, 3]
    with pytest.raises(InputError, match="100 km from the middle of all others: an outlier"):
        reader[2]


def test_scans_in_utm_coordinates_get_an_origin_of_their_own(written):
    places = [(500_000.25 + i, 5_400_000.5, 312.0) for i in range(3)]
    (reader,) = find_scenes(written("frames", *places))
    np.testing.assert_array_equal(reader.origin, [500_001, 5_400_000, 312])
    for i, place in enumerate(places):
        np.testing.assert_allclose(reader[i].world_from_camera[:3, 3] + reader.origin, place, atol=1e-6)


def test_a_reader_that_raises_anything_hides_no_other_scene(written, tmp_path, monkeypatch):
    import shutil

    from core3d_search.indexer.readers.frames_folder import FramesFolderReader

    path = written("frames")
    shutil.copytree(path, tmp_path / "a" / "odd", ignore=shutil.ignore_patterns("a"))
    shutil.copytree(tmp_path / "a" / "odd", tmp_path / "a" / "plain")
    list_frames = FramesFolderReader.list_frames

    def odd(self):
        if self.name == "odd":
            raise ZeroDivisionError("a bug")
        return list_frames(self)

    monkeypatch.setattr(FramesFolderReader, "list_frames", odd)
    found = survey(tmp_path / "a")
    assert [scene.name for scene in found.scenes] == ["plain"]
    assert "ZeroDivisionError: a bug" in str(found.broken[tmp_path / "a" / "odd"])


def test_a_file_longer_than_its_limit_is_not_read(tmp_path):
    with (tmp_path / "sparse.bin").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(InputError, match="at most"):
        read_bytes(tmp_path / "sparse.bin")


def test_images_are_opened_only_as_images(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.gif")
    with pytest.raises(InputError, match="cannot be read as an image"):
        images.read_color(tmp_path / "a.gif")
