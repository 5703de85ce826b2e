"""Parsers of bytes and texts answer any content with a value or an InputError, never with another exception."""

import io
import struct
from contextlib import suppress
from pathlib import Path

import lzfse
import numpy as np
import pytest
from format_writers import colmap_binary, sens
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core3d_search.errors import InputError
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.readers import (
    arkitscenes,
    colmap,
    colmap_model,
    images,
    lzfse_bytes,
    scannet_sens,
    trajectories,
)
from core3d_search.indexer.readers.files import Archive, read_json_object
from core3d_search.indexer.readers.record3d import Record3DReader
from core3d_search.indexer.readers.settings import checked_options, clean_name

fuzzed = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
bytes_or_text = st.one_of(st.binary(max_size=400), st.text(max_size=200).map(lambda t: t.encode("utf-8", "replace")))


def frames():
    camera = np.array([[9.0, 0, 8], [0, 9, 6], [0, 0, 1]])
    return [
        Frame(i, np.zeros((12, 16, 3), np.uint8), np.full((12, 16), 2, np.float32), camera, np.eye(4)) for i in (0, 1)
    ]


def damaged(whole: bytes) -> st.SearchStrategy[bytes]:
    """Content that is cut, or has some bytes changed: it gets farther into a parser than random bytes."""

    def damage(cut: int, changes: list[tuple[int, int]]) -> bytes:
        content = bytearray(whole[:cut])
        for place, value in changes:
            if content:
                content[place % len(content)] = value
        return bytes(content)

    changes = st.lists(st.tuples(st.integers(0, len(whole)), st.integers(0, 255)), max_size=8)
    return st.builds(damage, st.integers(0, len(whole)) | st.just(len(whole)), changes)


PARSERS = {
    "pose": images.read_rigid_transform,
    "intrinsics": images.read_intrinsics,
    "colour": images.read_color,
    "depth": lambda path: images.read_depth(path, 1000.0),
    "array": lambda path: images.read_depth_array(path, 1000.0),
    "json": read_json_object,
    "tum": trajectories.read_tum,
    "csv": trajectories.read_csv,
    "log": trajectories.read_log,
    "matrices": trajectories.read_matrices,
    "traj": arkitscenes.read_traj,
    "depth map": colmap.read_depth_map,
    "zip": lambda path: [m.archive.read(m.name, 1000) for m in Archive(path).members().values()],
}


@pytest.mark.parametrize("name", PARSERS)
@fuzzed
@given(content=bytes_or_text | st.lists(st.floats(), max_size=40).map(lambda v: " ".join(map(str, v)).encode()))
def test_any_file_gives_a_value_or_an_input_error(name, content, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(content)
    with suppress(InputError):
        PARSERS[name](path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Good files of the binary formats."""
    folder = tmp_path_factory.mktemp("whole")
    colmap_folder = folder / "colmap"
    colmap_folder.mkdir()
    model = colmap_binary(colmap_folder, frames())[0] / "sparse" / "0"
    return sens(folder, frames())[0].read_bytes(), {path.stem: path.read_bytes() for path in model.iterdir()}


@fuzzed
@given(data=st.data())
def test_a_damaged_sens_file_gives_frames_or_an_input_error(whole, data, tmp_path):
    path = tmp_path / "scan.sens"
    path.write_bytes(data.draw(damaged(whole[0])))
    with suppress(InputError):
        reader = scannet_sens.SensReader.open(path)
        for position in range(min(len(reader), 3)):
            with suppress(InputError):
                reader[position]


@pytest.mark.parametrize("part", ["cameras", "images", "points3D"])
@fuzzed
@given(data=st.data())
def test_a_damaged_colmap_model_gives_a_model_or_an_input_error(part, whole, data, tmp_path):
    for name, content in whole[1].items():
        (tmp_path / f"{name}.bin").write_bytes(data.draw(damaged(content)) if name == part else content)
    with suppress(InputError):
        colmap_model.read_model(tmp_path)


@pytest.mark.parametrize("part", ["cameras", "images", "points3D"])
@fuzzed
@given(lines=st.lists(st.lists(st.one_of(st.integers(), st.floats(), st.text(max_size=5)), max_size=12), max_size=6))
def test_any_colmap_text_gives_a_model_or_an_input_error(part, lines, tmp_path):
    good = {"cameras": "1 PINHOLE 16 12 9 9 8 6\n", "images": "1 1 0 0 0 0 0 0 1 a.png\n\n", "points3D": ""}
    for name, text in good.items():
        fuzz = "\n".join(" ".join(map(str, line)) for line in lines)
        (tmp_path / f"{name}.txt").write_bytes((fuzz if name == part else text).encode("utf-8", "replace"))
    with suppress(InputError):
        colmap_model.read_model(tmp_path)


@fuzzed
@given(values=st.binary(max_size=3000), data=st.data())
def test_lzfse_streams_come_back_whole_and_damaged_ones_are_refused(values, data):
    stream = lzfse.compress(values + b"some more, so that it is never empty")
    size = len(values) + 36
    assert lzfse_bytes.decompress(stream, size, "it") == values + b"some more, so that it is never empty"
    with pytest.raises(InputError):
        lzfse_bytes.decompress(stream, size + 1, "it")
    with suppress(InputError):
        assert len(lzfse_bytes.decompress(data.draw(damaged(stream)), size, "it")) == size


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
KEYS = ("poses", "perFrameIntrinsicCoeffs", "K", "w", "h", "dw", "dh")


@fuzzed
@given(values=st.fixed_dictionaries({}, optional={key: JSON for key in KEYS}))
def test_any_record3d_metadata_gives_frames_or_an_input_error(values, tmp_path):
    import json

    (tmp_path / "rgbd").mkdir(exist_ok=True)
    (tmp_path / "rgbd" / "0.jpg").write_bytes(b"")
    (tmp_path / "metadata").write_text(json.dumps(values))
    with suppress(InputError):
        Record3DReader.open(tmp_path)


@fuzzed
@given(values=st.dictionaries(st.sampled_from(["depth_scale", "camera_axes", "invert_poses", "up", "scale"]), JSON))
def test_any_settings_are_taken_or_refused(values):
    with suppress(InputError):
        checked_options(values, "scene.json")


@fuzzed
@given(text=st.text(st.characters(), max_size=300))
def test_any_name_can_be_stored_and_shown(text):
    name = clean_name(text)
    assert len(name) <= 100
    assert name.isprintable()
    name.encode()


def test_a_count_beyond_the_file_does_not_fill_the_memory(tmp_path):
    (tmp_path / "cameras.bin").write_bytes(struct.pack("<Q", 1 << 60))
    (tmp_path / "images.bin").write_bytes(struct.pack("<Q", 1 << 60))
    with pytest.raises(InputError, match="cut off"):
        colmap_model.read_model(tmp_path)
    with pytest.raises(InputError, match="cut off"):
        scannet_sens.read_header(io.BytesIO(struct.pack("<IQ", 4, 4000)), Path("a.sens"))
