"""The file names of Microsoft's 7-Scenes data set (Kinect, one folder a sequence)."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from core3d_search.errors import InputError
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.readers import images

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
    _color_name = re.compile(r"frame-(\d+)\.color\.(?:png|jpg|jpeg)")

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.name = self.path.name
        self.up = None
        intrinsics = path / "camera-intrinsics.txt"
        self._intrinsics = images.read_intrinsics(intrinsics) if intrinsics.exists() else KINECT_INTRINSICS
        matches = ((self._color_name.fullmatch(file.name), file) for file in self.path.iterdir())
        self._colors = sorted((int(match[1]), file) for match, file in matches if match)
        if not self._colors:
            raise InputError(f"{path} holds no image such as frame-000000.color.png")

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Return whether a colour image of the data set's naming is there."""
        return any(cls._color_name.fullmatch(file.name) for file in path.glob("frame-*.color.*"))

    @classmethod
    def open(cls, path: Path) -> SevenScenesReader:
        """Return the scene at `path`; raises InputError."""
        return cls(path)

    def __len__(self) -> int:
        return len(self._colors)

    def __getitem__(self, position: int) -> Frame:
        """Return the frame at `position` in the order of the numbers; raises InputError naming the file at fault."""
        _, color = self._colors[position]
        stem = color.name.split(".")[0]
        rgb = images.read_color(color)
        depth_path = self.path / f"{stem}.depth.png"
        depth = images.read_depth(depth_path, 1000.0, INVALID_DEPTH)
        return Frame(
            index=position,
            rgb=rgb,
            depth=images.registered_depth(depth, rgb, depth_path),
            intrinsics=self._intrinsics,
            world_from_camera=images.read_rigid_transform(self.path / f"{stem}.pose.txt"),
        )

    def fingerprint(self) -> str:
        """Return the SHA-256 over every file that a frame is read from."""
        files = [file for file in self.path.iterdir() if file.name.startswith("frame-") and file.is_file()]
        intrinsics = self.path / "camera-intrinsics.txt"
        return images.checksum_of_files(self.path, files + ([intrinsics] if intrinsics.exists() else []))
