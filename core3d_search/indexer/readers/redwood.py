"""Open3D's and Redwood's layout: folders of images and a trajectory.log."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from core3d_search.errors import InputError
from core3d_search.indexer.readers import images
from core3d_search.indexer.readers.camera_file import camera_file, read_camera
from core3d_search.indexer.readers.files import files_under, numbered
from core3d_search.indexer.readers.posed_images import Camera, FrameParts, PosedImagesReader
from core3d_search.indexer.readers.trajectories import read_log

COLOR_FOLDERS = ("image", "color", "rgb")
CAMERA_FILES = ("camera_intrinsic.json", "intrinsic.json")
PRIMESENSE = np.array([[525.0, 0, 319.5], [0, 525, 239.5], [0, 0, 1]])
"""Open3D's PrimeSenseDefault, which Redwood's scenes were recorded with (640x480)."""


class RedwoodReader(PosedImagesReader):
    """Reads `image/*.jpg` (or `color/`, `rgb/`), `depth/*.png` (millimetres) and `trajectory.log`.

    Images and poses go by order where there are as many of both; else an image's number is that of its pose.
    `camera_intrinsic.json` (Open3D's: `intrinsic_matrix`, column by column) is optional.
    """

    format = "redwood"
    layout = "image/00000.jpg (or color/, rgb/), depth/00000.png, trajectory.log; optional camera_intrinsic.json"

    @classmethod
    def recognises(cls, source: Path) -> bool:
        """Return whether a log of poses and folders of images are there."""
        folders = any((source / name).is_dir() for name in COLOR_FOLDERS) and (source / "depth").is_dir()
        return folders and any(source.glob("*.log"))

    def list_frames(self) -> Sequence[FrameParts]:
        """Return a frame for each colour image."""
        colors, depths, log = self._colors(), numbered(files_under(self.source / "depth")), self._log()
        trajectory = read_log(log)
        rows = {n: row for row, n in enumerate(colors)} if len(trajectory) == len(colors) else {n: n for n in colors}
        if len(trajectory) != len(colors) and max(colors, default=0) >= len(trajectory):
            raise InputError(
                f"{log} has {len(trajectory)} poses for {len(colors)} colour images, and their numbers go beyond it"
            )
        same_order = len(depths) == len(colors)  # Redwood names depth by number and time: only the order is shared
        depth_of = dict(zip(colors, depths.values(), strict=True)) if same_order else depths
        camera = self._camera()
        return [
            FrameParts(
                color=partial(images.read_color, color),
                depth=partial(
                    images.read_depth,
                    depth_of.get(n, self.source / "depth" / f"{color.stem}.png"),
                    self.units_per_metre,
                ),
                pose=partial(images.rigid_transform, trajectory.poses[rows[n]], f"{log}, pose {rows[n]}"),
                camera=camera,
                where=str(color),
                color_file=color,
            )
            for n, color in colors.items()
        ]

    def files(self) -> list[Path]:
        """Return every file that a frame is read from."""
        places = [self.source / name for name in (*COLOR_FOLDERS, "depth", *CAMERA_FILES, "scene.json")]
        return files_under(*places, self._log())

    def _colors(self) -> dict[int, Path]:
        folder = next((self.source / name for name in COLOR_FOLDERS if (self.source / name).is_dir()), None)
        if folder is None:
            raise InputError(f"{self.source} holds no folder of colour images: {', '.join(COLOR_FOLDERS)}")
        return numbered(file for file in files_under(folder) if file.suffix.lower() in (".jpg", ".jpeg", ".png"))

    def _log(self) -> Path:
        usual = self.source / "trajectory.log"
        return usual if usual.is_file() else min(self.source.glob("*.log"), default=usual)

    def _camera(self) -> Camera:
        path = camera_file(self.source, CAMERA_FILES)
        if path is None:
            return Camera(PRIMESENSE, (640, 480))
        return read_camera(path)
