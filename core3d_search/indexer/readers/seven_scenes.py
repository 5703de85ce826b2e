"""The file names of Microsoft's 7-Scenes data set (Kinect, one folder a sequence)."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from core3d_search.errors import InputError
from core3d_search.indexer.frames import Frame, ReadOptions
from core3d_search.indexer.readers import images
from core3d_search.indexer.readers.settings import settings_of

KINECT_INTRINSICS = np.array([[585.0, 0, 320], [0, 585, 240], [0, 0, 1]])
"""Stated on the 7-Scenes page: focal length 585, principal point 320, 240 (640x480)."""

INVALID_DEPTH = (0, 65535)
"""Stored values without a measurement (7-Scenes page: 65535; 0 occurs in re-encoded copies)."""


class SevenScenesReader:
    """Reads `frame-NNNNNN.color.png|jpg`, `.depth.png` (16-bit millimetres), `.pose.txt` (camera-to-world).

    `camera-intrinsics.txt` is optional. The data set does not say where up is, and its colour and depth are a few
    pixels apart, as the stock Kinect leaves them.
    """

    format = "7scenes"
    layout = "frame-000000.color.png, frame-000000.depth.png, frame-000000.pose.txt"
    suffixes = ()
    _color_name = re.compile(r"frame-(\d+)\.color\.(?:png|jpg|jpeg)")

    def __init__(self, source: Path, options: ReadOptions) -> None:
        self.source, self.options = source.resolve(), options
        self._settings = settings_of(source, options)
        self.name, self.up = self._settings.name, self._settings.up
        intrinsics = source / "camera-intrinsics.txt"
        self._intrinsics = images.read_intrinsics(intrinsics) if intrinsics.exists() else KINECT_INTRINSICS
        matches = ((self._color_name.fullmatch(file.name), file) for file in self.source.iterdir())
        self._colors = sorted((int(match[1]), file) for match, file in matches if match)
        if not self._colors:
            raise InputError(f"{source} holds no image such as frame-000000.color.png")

    @classmethod
    def recognises(cls, source: Path) -> bool:
        """Return whether a colour image of the data set's naming is there."""
        return any(cls._color_name.fullmatch(file.name) for file in source.glob("frame-*.color.*"))

    @classmethod
    def open(cls, source: Path, options: ReadOptions = ReadOptions()) -> SevenScenesReader:
        """Return the scene at `source`; raises InputError."""
        return cls(source, options)

    def __len__(self) -> int:
        return len(self._colors)

    def __getitem__(self, position: int) -> Frame:
        """Return the frame at `position` in the order of the numbers; raises InputError naming the file at fault."""
        _, color = self._colors[position]
        stem = color.name.split(".")[0]
        rgb = images.read_color(color)
        depth_path = self.source / f"{stem}.depth.png"
        depth = images.read_depth(depth_path, self._settings.units_per_metre(1000.0), INVALID_DEPTH)
        stored = images.read_rigid_transform(self.source / f"{stem}.pose.txt")
        return Frame(
            index=position,
            rgb=rgb,
            depth=images.registered_depth(depth, rgb, depth_path),
            intrinsics=self._intrinsics,
            world_from_camera=self._settings.world_from_camera(stored, "opencv"),
        )

    def files(self) -> list[Path]:
        """Return every file that a frame is read from."""
        files = [file for file in self.source.iterdir() if file.name.startswith("frame-") and file.is_file()]
        known = ("camera-intrinsics.txt", "scene.json")
        return files + [file for name in known if (file := self.source / name).is_file()]
