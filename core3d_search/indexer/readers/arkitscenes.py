"""Apple's ARKitScenes: the low-resolution stream, whose depth needs no registration."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError
from core3d_search.indexer.readers import images
from core3d_search.indexer.readers.files import files_under, read_text
from core3d_search.indexer.readers.posed_images import Camera, FrameParts, PosedImagesReader
from core3d_search.indexer.readers.trajectories import nearest

TOLERANCE_S = 0.02
"""The farthest that a pose may lie from its image; poses come at 10 to 60 Hz."""
LEAST_CONFIDENCE = 1
"""ARKit's levels are 0 low, 1 medium, 2 high."""


class ArkitScenesReader(PosedImagesReader):
    """Reads `lowres_wide/ID_TIME.png`, `lowres_depth/` (millimetres), `lowres_wide_intrinsics/*.pincam`, `confidence/`.

    `lowres_wide.traj` holds lines of time, angle-axis and position of world-to-camera, OpenCV axes. An image without a
    pose within 20 ms is left out, as is one without depth: the raw data has poses for every sixth image.
    """

    format = "arkitscenes"
    layout = "lowres_wide/ID_TIME.png, lowres_depth/, lowres_wide_intrinsics/*.pincam, lowres_wide.traj; confidence/"
    usual_up = (0.0, 0.0, 1.0)  # the data set's boxes and meshes stand along z

    @classmethod
    def recognises(cls, source: Path) -> bool:
        """Return whether the data set's folders are there."""
        return (source / "lowres_wide").is_dir() and (source / "lowres_wide_intrinsics").is_dir()

    def list_frames(self) -> Sequence[FrameParts]:
        """Return a frame for each colour image with depth and a pose, in the order of time."""
        for part, what in (("lowres_depth", "depth"), ("lowres_wide.traj", "poses")):
            if not (self.source / part).exists():
                raise InputError(
                    f"{self.source} is an ARKitScenes video without {what}: {part} is missing, fetch it too"
                )
        colors = sorted((time_of(file), file) for file in files_under(self.source / "lowres_wide"))
        times, poses = read_traj(self.source / "lowres_wide.traj")
        pose_at = nearest(times, np.array([time for time, _ in colors]), TOLERANCE_S)
        pincams = {time_of(file): file for file in files_under(self.source / "lowres_wide_intrinsics")}
        pincam_times = np.array(sorted(pincams))
        pincam_at = nearest(pincam_times, np.array([time for time, _ in colors]), TOLERANCE_S)
        depth, confidence = self.source / "lowres_depth", self.source / "confidence"
        return [
            FrameParts(
                color=partial(images.read_color, color),
                depth=partial(images.read_depth, depth / color.name, self.units_per_metre),
                pose=partial(
                    images.rigid_transform, poses[at], f"{self.source / 'lowres_wide.traj'}, time {times[at]}"
                ),
                camera=partial(_camera, pincams[pincam_times[camera_at]]),
                confident=partial(images.read_confidence, confidence / color.name, LEAST_CONFIDENCE)
                if (confidence / color.name).is_file()
                else None,
                where=str(color),
            )
            for (_, color), at, camera_at in zip(colors, pose_at, pincam_at, strict=True)
            if at >= 0 and camera_at >= 0 and (depth / color.name).is_file()
        ]

    def files(self) -> list[Path]:
        """Return every file that a frame is read from."""
        parts = (
            "lowres_wide",
            "lowres_depth",
            "lowres_wide_intrinsics",
            "confidence",
            "lowres_wide.traj",
            "scene.json",
        )
        return files_under(*(self.source / part for part in parts))


def time_of(file: Path) -> float:
    """Return the seconds in a name such as `41069021_305.375.png`; raises InputError."""
    try:
        return float(file.stem.rpartition("_")[2])
    except ValueError as error:
        raise InputError(f"{file} is not named by its time, such as 41069021_305.375.png") from error


def read_traj(file: Path) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return times (N,) and world_from_camera (N, 4, 4) of a `.traj` file; raises InputError."""
    from scipy.spatial.transform import Rotation

    rows = [line.split() for line in read_text(file).splitlines() if line.strip()]
    try:
        values = np.array(rows, np.float64).reshape(-1, 7)
    except ValueError as error:
        raise InputError(f"{file} must hold lines of 7 numbers: time, angle-axis, position") from error
    if not np.isfinite(values).all():
        raise InputError(f"{file} holds numbers that are not finite")
    camera_from_world = np.tile(np.eye(4), (len(values), 1, 1))
    camera_from_world[:, :3, :3] = Rotation.from_rotvec(values[:, 1:4]).as_matrix()
    camera_from_world[:, :3, 3] = values[:, 4:]
    return values[:, 0], np.asarray(np.linalg.inv(camera_from_world), np.float64)


def _camera(file: Path) -> Camera:
    """Return the camera of a `.pincam` file: width height fx fy cx cy."""
    try:
        width, height, fx, fy, cx, cy = (float(word) for word in read_text(file).split())
        size = int(width), int(height)
    except (ValueError, OverflowError) as error:
        raise InputError(f"{file} must hold the numbers width height fx fy cx cy") from error
    if min(size) <= 0:
        raise InputError(f"{file}: an image of {size[0]}x{size[1]} pixels cannot be")
    return Camera(images.pinhole(fx, fy, cx, cy, file), size)
