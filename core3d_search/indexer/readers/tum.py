"""TUM RGB-D sequences: colour, depth and poses in lists of their own times."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError
from core3d_search.indexer.readers import images
from core3d_search.indexer.readers.files import files_under, inside, read_text
from core3d_search.indexer.readers.posed_images import NO_POSES, Camera, FrameParts, PosedImagesReader, no_pose
from core3d_search.indexer.readers.trajectories import nearest, read_tum

TOLERANCE_S = 0.02
"""The farthest that colour, depth and pose may lie apart in time: the default of the data set's own associate.py."""
INTRINSICS = np.array([[525.0, 0, 319.5], [0, 525, 239.5], [0, 0, 1]])
"""The data set's page recommends these for the registered images of every sequence, without undistortion."""


class TumReader(PosedImagesReader):
    """Reads `rgb.txt`, `depth.txt` (`timestamp file` a line) and `groundtruth.txt` (`timestamp tx ty tz qx qy qz qw`).

    Each colour image takes the depth image and the pose nearest in time, within 20 ms; without both it is left out, as
    the data set's own tool does. `intrinsics.txt` (a 3x3 matrix) or `calibration.txt` (fx fy cx cy) may stand beside.
    """

    format = "tum"
    layout = "rgb.txt, depth.txt, groundtruth.txt, rgb/, depth/; optional intrinsics.txt (3x3)"
    usual_depth_scale = 5000.0

    @classmethod
    def recognises(cls, source: Path) -> bool:
        """Return whether the lists of images are there."""
        return all((source / name).is_file() for name in ("rgb.txt", "depth.txt"))

    def list_frames(self) -> Sequence[FrameParts]:
        """Return a frame for each colour image that has depth and a pose at its time."""
        truth = self.source / "groundtruth.txt"
        if not self.estimates_poses and not truth.is_file():
            raise InputError(f"{self.source} is a TUM sequence without poses: {truth.name} is missing; {NO_POSES}")
        colors, depths = self._images("rgb.txt"), self._images("depth.txt")
        trajectory = None if self.estimates_poses else read_tum(truth)
        color_times, depth_times = (np.array([time for time, _ in listed]) for listed in (colors, depths))
        depth_of = nearest(depth_times, color_times, TOLERANCE_S)
        pose_of = depth_of if trajectory is None else nearest(trajectory.times(), color_times, TOLERANCE_S)
        camera = Camera(self._intrinsics())
        frames = [
            FrameParts(
                color=partial(images.read_color, color),
                depth=partial(images.read_depth, depths[depth_at][1], self.units_per_metre),
                pose=no_pose(color)
                if trajectory is None
                else partial(images.rigid_transform, trajectory.poses[pose_at], f"{truth}, time {time}"),
                camera=camera,
                where=str(color),
            )
            for (time, color), depth_at, pose_at in zip(colors, depth_of, pose_of, strict=True)
            if depth_at >= 0 and pose_at >= 0
        ]
        if not frames:
            raise InputError(
                f"{self.source}: no colour image of {len(colors)} has depth and a pose within {TOLERANCE_S} s"
            )
        return frames

    def files(self) -> list[Path]:
        """Return every file that a frame is read from."""
        names = ("rgb.txt", "depth.txt", "groundtruth.txt", "intrinsics.txt", "calibration.txt", "scene.json")
        listed = [path for name in ("rgb.txt", "depth.txt") for _, path in self._images(name)]
        return files_under(*(self.source / name for name in names), *dict.fromkeys(listed))

    def _images(self, name: str) -> list[tuple[float, Path]]:
        """Return the times and files that a list names, in the order of time; raises InputError."""
        path, listed = self.source / name, []
        for line in read_text(path).splitlines():
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            time, _, file = line.strip().partition(" ")
            try:
                listed.append((float(time), self.source / inside(file.strip(), path)))
            except ValueError as error:
                raise InputError(f"{path} must hold lines of a time and a file, got {line.strip()[:80]!r}") from error
        return sorted(listed)

    def _intrinsics(self) -> npt.NDArray[np.float64]:
        matrix, numbers = self.source / "intrinsics.txt", self.source / "calibration.txt"
        if matrix.is_file():
            return images.read_intrinsics(matrix)
        if numbers.is_file():
            return images.pinhole(*_first_four(numbers), numbers)
        return INTRINSICS


def _first_four(path: Path) -> tuple[float, float, float, float]:
    try:
        fx, fy, cx, cy = (float(word) for word in read_text(path).split()[:4])
    except ValueError as error:
        raise InputError(f"{path} must begin with the numbers fx fy cx cy") from error
    return fx, fy, cx, cy
