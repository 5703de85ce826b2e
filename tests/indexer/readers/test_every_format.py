"""One generated room, written in every format: the same world points come out of every reader."""

import numpy as np
import pytest
from format_writers import UNIT_M, WRITERS, world_points

from core3d_search import plugins
from core3d_search.indexer.frames import Frame, ReadOptions
from core3d_search.indexer.readers import GROUP, find_scenes, fingerprint
from core3d_search.synthetic import generate_room, render_room


@pytest.fixture(scope="session")
def room_frames():
    """Three exact frames of one room."""
    rendered = list(render_room(generate_room(7), frames=3, width=160, height=120, noise=False))
    return [Frame(f.index, f.rgb, f.depth, f.intrinsics, f.world_from_camera) for f in rendered]


@pytest.mark.parametrize("what", WRITERS)
def test_every_format_gives_the_same_world_points(what, room_frames, tmp_path):
    format, write = WRITERS[what]
    path, written_from_room = write(tmp_path, room_frames)
    said = ReadOptions(scale=UNIT_M) if what.startswith("COLMAP, text") else None
    (reader,) = find_scenes(tmp_path, options=said)
    assert (reader.format, reader.source, len(reader)) == (format, path.resolve(), len(room_frames))
    for position, true in enumerate(room_frames):
        frame = reader[position]
        assert frame.index == position
        assert (frame.depth.shape, frame.depth.dtype) == (true.depth.shape, np.float32)
        rows, columns = np.nonzero(true.depth)
        assert (frame.depth[rows, columns] > 0).all()
        assert not frame.depth[true.depth == 0].any()
        expected = world_points(true, rows, columns) @ written_from_room[:3, :3].T + written_from_room[:3, 3]
        assert np.abs(world_points(frame, rows, columns) - expected).max() < 0.005
        assert np.abs(frame.rgb.astype(int) - true.rgb).mean() < 8  # JPEG
    if reader.up is not None:
        np.testing.assert_allclose(reader.up, written_from_room[:3, 2], atol=1e-9)


@pytest.mark.parametrize("what", WRITERS)
def test_every_file_of_a_scene_is_part_of_its_fingerprint(what, room_frames, tmp_path):
    WRITERS[what][1](tmp_path, room_frames)
    (reader,) = find_scenes(tmp_path)
    before, files = fingerprint(reader), reader.files()
    written = {file for file in tmp_path.resolve().rglob("*") if file.is_file()}
    assert set(files) == written
    with max(files, key=lambda file: file.stat().st_size).open("ab") as file:
        file.write(b"\n")
    assert fingerprint(reader) != before


@pytest.mark.parametrize("name", plugins.names(GROUP))
def test_every_reader_of_ours_is_written_here_and_describes_its_layout(name):
    reader = plugins.load(GROUP, name)
    assert (reader.format, bool(reader.layout)) == (name, True)
    assert name in {format for format, _ in WRITERS.values()} | {"mesh"}  # a mesh has no frames to write; tests/meshes
