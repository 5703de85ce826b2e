"""Every reader of ours keeps the contract."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core3d_search.indexer.readers.frames_folder import FramesFolderReader
from core3d_search.indexer.readers.seven_scenes import SevenScenesReader
from core3d_search.testing import ReaderContract
from core3d_search.testing.drawing import TABLE_SCENE, draw_solids


def write_frames(folder: Path, color: str, depth: str, pose: str) -> Path:
    """Write three frames of the table under names made from their number, and return the folder."""
    for number in range(3):
        frame, _ = draw_solids(TABLE_SCENE, (0.4 + number / 10, -1.7, 1.4), (0, 0, 0.4), number, (48, 64))
        for name, image in ((color, frame.rgb), (depth, np.round(frame.depth * 1000).astype(np.uint16))):
            path = folder / name.format(number)
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(path)
        path = folder / pose.format(number)
        path.parent.mkdir(exist_ok=True)
        np.savetxt(path, frame.world_from_camera)
    np.savetxt(folder / "intrinsics.txt", frame.intrinsics)
    return folder


class TestFramesFolderReader(ReaderContract):
    @pytest.fixture
    def reader_class(self):
        return FramesFolderReader

    @pytest.fixture
    def scene(self, tmp_path):
        return write_frames(tmp_path / "table", "color/{:05}.png", "depth/{:05}.png", "pose/{:05}.txt")

    @pytest.fixture
    def damage(self):
        def damage(scene: Path) -> int:
            (scene / "depth" / "00001.png").unlink()
            return 1

        return damage


class TestSevenScenesReader(ReaderContract):
    @pytest.fixture
    def reader_class(self):
        return SevenScenesReader

    @pytest.fixture
    def scene(self, tmp_path):
        return write_frames(
            tmp_path / "seq-01", "frame-{:06}.color.png", "frame-{:06}.depth.png", "frame-{:06}.pose.txt"
        )

    @pytest.fixture
    def damage(self):
        def damage(scene: Path) -> int:
            (scene / "frame-000002.pose.txt").write_text("lost", encoding="utf-8")
            return 2

        return damage
