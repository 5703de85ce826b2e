"""Every reader of ours keeps the contract."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from format_writers import WRITERS
from PIL import Image

from core3d_search import plugins
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


JUNK = b"no image"
SECOND_PICTURE = {
    "frames with a CSV of poses": "images/*.png",
    "Replica": "results/frame*.jpg",
    "ScanNet, exported": "color/*.jpg",
    "TUM": "rgb/*.png",
    "Redwood": "image/*.jpg",
    "Record3D, unpacked": "rgbd/*.jpg",
    "Polycam": "keyframes/images/*.jpg",
    "nerfstudio": "images/*.png",
    "ARKitScenes": "lowres_wide/*.png",
    "COLMAP, binary, depth camera": "images/*.png",
    "COLMAP, text, its own depth": "images/*.png",
}
"""Where the colour images of each written format are; the second is spoilt."""


def spoil(what: str, scene: Path) -> int:
    """Spoil the second frame of a written scene and return its position."""
    if what == "Record3D, .r3d":
        with zipfile.ZipFile(scene) as old:
            members = {name: old.read(name) for name in old.namelist()}
        with zipfile.ZipFile(scene, "w") as new:
            for name, content in members.items():
                new.writestr(name, JUNK if name == "rgbd/1.jpg" else content)
    elif what == "ScanNet, .sens":
        content = scene.read_bytes()
        second = content.index(b"\xff\xd8\xff", content.index(b"\xff\xd8\xff") + 3)
        scene.write_bytes(content[:second] + b"\0\0\0" + content[second + 3 :])
    else:
        sorted(scene.glob(SECOND_PICTURE[what]))[1].write_bytes(JUNK)
    return 1


@pytest.mark.parametrize("what", [what for what in WRITERS if what not in ("frames", "7-Scenes")], scope="class")
class TestWrittenFormats(ReaderContract):
    @pytest.fixture
    def reader_class(self, what):
        return plugins.load("core3d.readers", WRITERS[what][0])

    @pytest.fixture
    def scene(self, what, tmp_path):
        frames = [draw_solids(TABLE_SCENE, (0.4 + n / 10, -1.7, 1.4), (0, 0, 0.4), n, (48, 64))[0] for n in range(3)]
        folder = tmp_path / "scan"
        folder.mkdir()
        scene, _ = WRITERS[what][1](folder, frames)
        if what == "Replica":  # its camera may also stand in the scene's own folder
            shutil.move(folder / "cam_params.json", scene / "cam_params.json")
        return scene

    @pytest.fixture
    def damage(self, what):
        return lambda scene: spoil(what, scene)
