"""Every reader of ours keeps the contract, on each of the ways in which its scans are written."""

from __future__ import annotations

from pathlib import Path

import pytest
from format_writers import WRITERS

from core3d_search import plugins
from core3d_search.indexer.frames import Frame
from core3d_search.synthetic import generate_room, render_room
from core3d_search.testing import ReaderContract


@pytest.fixture(scope="module")
def room_frames():
    """Three exact frames of one room."""
    rendered = list(render_room(generate_room(7), frames=3, width=80, height=60, noise=False))
    return [Frame(f.index, f.rgb, f.depth, f.intrinsics, f.world_from_camera) for f in rendered]


@pytest.fixture(params=WRITERS)
def written(request, tmp_path, room_frames):
    """The registered name of a reader, and a scan that was written for it."""
    name, write = WRITERS[request.param]
    folder = tmp_path / "scan"
    folder.mkdir()
    path, _ = write(folder, room_frames)
    return name, path


class TestEveryReader(ReaderContract):
    @pytest.fixture
    def reader_class(self, written):
        return plugins.load("core3d.readers", written[0])

    @pytest.fixture
    def scene(self, written):
        return written[1]

    @pytest.fixture
    def damage(self):
        def damage(scene: Path) -> int:
            """Spoil the depth of the second frame."""
            if scene.is_file():
                pytest.skip("one file holds every frame")
            depths = [file for file in scene.rglob("*") if file.is_file() and "depth" in str(file.relative_to(scene))]
            images = sorted(file for file in depths if file.suffix not in (".txt", ".json", ".yaml", ".bin"))
            if len(images) < 3:
                pytest.skip("no file holds the depth of one frame alone")
            images[1].write_bytes(b"lost")
            return 1

        return damage
