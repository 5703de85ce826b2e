"""Replica rooms in the layout that NICE-SLAM renders and most mapping papers use."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core3d_search.errors import InputError
from core3d_search.indexer.readers import images
from core3d_search.indexer.readers.files import files_under, numbered, read_json_object
from core3d_search.indexer.readers.posed_images import NO_POSES, Camera, FrameParts, PosedImagesReader
from core3d_search.indexer.readers.trajectories import read_matrices

DEFAULT_CAMERA = {"w": 1200, "h": 680, "fx": 600.0, "fy": 600.0, "cx": 599.5, "cy": 339.5, "scale": 6553.5}
"""The published cam_params.json of the renderings: 65535 is 10 m."""


class ReplicaReader(PosedImagesReader):
    """Reads `results/frame*.jpg`, `results/depth*.png`, `traj.txt` (a camera-to-world matrix a line, OpenCV axes).

    `cam_params.json`, beside `results/` or one folder up, gives the camera and the scale of depth.
    """

    format = "replica"
    layout = "results/frame000000.jpg, results/depth000000.png, traj.txt; cam_params.json here or one folder up"
    usual_up = (0.0, 0.0, 1.0)  # the world axes of Replica's meshes

    @classmethod
    def recognises(cls, source: Path) -> bool:
        """Return whether there is a folder of results with numbered frames."""
        results = source / "results"
        return results.is_dir() and any(results.glob("frame*.jpg")) | any(results.glob("frame*.png"))

    def list_frames(self) -> Sequence[FrameParts]:
        """Return a frame for each colour image, with the pose on the line of its number."""
        params = self._camera_file()
        values = self._camera_values(params)
        self.units_per_metre = self.settings.units_per_metre(float(values["scale"]))
        intrinsics = images.pinhole(values["fx"], values["fy"], values["cx"], values["cy"], params or self.source)
        camera = Camera(intrinsics, (int(values["w"]), int(values["h"])))
        results = files_under(self.source / "results")
        colors = numbered(f for f in results if f.stem.startswith("frame") and f.suffix.lower() in (".jpg", ".png"))
        trajectory = self.source / "traj.txt"
        if not self.estimates_poses and not trajectory.is_file():
            raise InputError(f"{trajectory} is missing; {NO_POSES}")
        poses = np.zeros((0, 4, 4)) if self.estimates_poses else read_matrices(trajectory)
        by_order = len(poses) == len(colors)
        return [
            FrameParts(
                color=partial(images.read_color, color),
                depth=partial(images.read_depth, color.with_name(f"depth{color.stem[5:]}.png"), self.units_per_metre),
                pose=partial(_pose, poses, row if by_order else number, trajectory),
                camera=camera,
                where=str(color),
            )
            for row, (number, color) in enumerate(colors.items())
        ]

    def files(self) -> list[Path]:
        """Return every file that a frame is read from."""
        params = self._camera_file()
        own = files_under(self.source / "results", self.source / "traj.txt", self.source / "scene.json")
        return own + ([params] if params else [])

    def _camera_file(self) -> Path | None:
        places = (self.source / "cam_params.json", self.source.parent / "cam_params.json")
        return next((place for place in places if place.is_file()), None)

    def _camera_values(self, params: Path | None) -> dict[str, Any]:
        if params is None:
            return DEFAULT_CAMERA
        said = read_json_object(params).get("camera")
        numbers = said if isinstance(said, dict) else {}
        missing = [key for key in DEFAULT_CAMERA if not isinstance(numbers.get(key), int | float)]
        if missing:
            raise InputError(f"{params}: the numbers {', '.join(missing)} are missing in 'camera'")
        return numbers


def _pose(poses: Any, row: int, trajectory: Path) -> Any:
    if row >= len(poses):
        raise InputError(f"{trajectory} has {len(poses)} poses, none for frame {row}")
    return images.rigid_transform(poses[row], f"{trajectory}, line {row + 1}")
