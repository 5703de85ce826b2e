"""The file names of Microsoft's 7-Scenes data set (Kinect, one folder a sequence)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path

import numpy as np

from core3d_search.errors import InputError
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.readers import images, kinect
from core3d_search.indexer.readers.files import files_under
from core3d_search.indexer.readers.posed_images import NO_POSES, Camera, FrameParts, PosedImagesReader

KINECT_INTRINSICS = np.array([[585.0, 0, 320], [0, 585, 240], [0, 0, 1]])
"""Stated on the 7-Scenes page: focal length 585, principal point 320, 240 (640x480)."""

KINECT_SIZE = (480, 640)
SAMPLED_FRAMES = 5
"""Frames that are asked whether colour and depth are registered."""

INVALID_DEPTH = (0, 65535)
"""Stored values without a measurement (7-Scenes page: 65535; 0 occurs in re-encoded copies)."""


class SevenScenesReader(PosedImagesReader):
    """Reads `frame-NNNNNN.color.png|jpg`, `.depth.png` (16-bit millimetres), `.pose.txt` (camera-to-world).

    `camera-intrinsics.txt` is optional. The data set does not say where up is. Its colour and depth are those of two
    cameras side by side, up to 30 pixels apart, as the stock Kinect leaves them: where the edges of both say so, each
    pixel of depth gets its own colour. Poses are the depth camera's.
    """

    format = "7scenes"
    layout = "frame-000000.color.png, frame-000000.depth.png, frame-000000.pose.txt"
    _color_name = re.compile(r"frame-(\d+)\.color\.(?:png|jpg|jpeg)")

    @classmethod
    def recognises(cls, source: Path) -> bool:
        """Return whether a colour image of the data set's naming is there."""
        return source.is_dir() and any(cls._color_name.fullmatch(file.name) for file in source.glob("frame-*.color.*"))

    def list_frames(self) -> Sequence[FrameParts]:
        """Return a frame for each colour image, in the order of the numbers."""
        intrinsics = self.source / "camera-intrinsics.txt"
        camera = Camera(images.read_intrinsics(intrinsics) if intrinsics.exists() else KINECT_INTRINSICS)
        matches = ((self._color_name.fullmatch(file.name), file) for file in self.source.iterdir())
        colors = sorted((int(match[1]), file) for match, file in matches if match)
        if not colors:
            raise InputError(f"{self.source} holds no image such as frame-000000.color.png")
        if not self.estimates_poses and next(self.source.glob("frame-*.pose.txt"), None) is None:
            raise InputError(f"{self.source} has no poses, such as frame-000000.pose.txt; {NO_POSES}")
        return [self._frame(color, camera) for _, color in colors]

    def unplaced(self, position: int) -> Frame:
        """Return the frame at `position`, colour and depth registered, with its camera as the world."""
        frame = self._read_unregistered(position)
        return kinect.registered(frame) if self._unregistered else frame

    def _read_unregistered(self, position: int) -> Frame:
        return super().unplaced(position)

    @cached_property
    def _unregistered(self) -> bool:
        frames = []
        for position in range(0, len(self), -(-len(self) // SAMPLED_FRAMES)):
            try:
                frame = self._read_unregistered(position)
            except InputError:
                continue  # told where that frame is read
            if frame.rgb.shape[:2] == KINECT_SIZE and np.allclose(frame.intrinsics, KINECT_INTRINSICS, atol=1):
                frames.append(frame)
        return bool(frames) and kinect.is_unregistered(frames)

    def files(self) -> list[Path]:
        """Return every file that a frame is read from."""
        frames = [file for file in self.source.iterdir() if file.name.startswith("frame-")]
        return files_under(*frames, self.source / "camera-intrinsics.txt", self.source / "scene.json")

    def _frame(self, color: Path, camera: Camera) -> FrameParts:
        stem = color.name.split(".")[0]
        depth = self.source / f"{stem}.depth.png"
        return FrameParts(
            color=partial(images.read_color, color),
            depth=partial(images.read_depth, depth, self.units_per_metre, INVALID_DEPTH),
            pose=partial(images.read_rigid_transform, self.source / f"{stem}.pose.txt"),
            camera=camera,
            where=str(depth),
        )
