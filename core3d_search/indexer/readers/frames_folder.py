"""The frames layout: color/, depth/, pose/ (or a list of poses), intrinsics.txt and an optional scene.json."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError
from core3d_search.indexer.readers import images
from core3d_search.indexer.readers.camera_file import camera_file, read_camera
from core3d_search.indexer.readers.files import files_under, folder_called
from core3d_search.indexer.readers.posed_images import NO_POSES, FrameParts, PosedImagesReader, no_pose
from core3d_search.indexer.readers.trajectories import Trajectory, nearest, read_csv, read_tum

Floats = npt.NDArray[np.float64]
COLOR_FOLDERS = ("color", "images", "rgb", "image", "colors", "colour")
DEPTH_FOLDERS = ("depth", "depths", "depth_images")
POSE_FOLDERS = ("pose", "poses")
COLOR_ENDINGS = (".jpg", ".jpeg", ".png")
DEPTH_ENDINGS = (".png", ".npy", ".tiff", ".tif")
LISTS = ("trajectory.csv", "poses.csv", "trajectory.txt", "poses.txt", "groundtruth.txt")
TOLERANCE_S = 0.02
"""The farthest that a pose may lie from an image that is named by its time (TUM's associate.py)."""


class FramesFolderReader(PosedImagesReader):
    """Reads `color/NNNNN.jpg|png` (or `images/`, `rgb/`), `depth/NNNNN.png`, `pose/NNNNN.txt`, `intrinsics.txt`.

    Folders may be called in the plural (`poses/`) and in capitals (`RGB/`); `intrinsics.json` and the like
    (camera_file.py) may stand in the place of `intrinsics.txt`.
    `scene.json` may set `name` and any of `ReadOptions`. Colour images define the frames: one without depth or pose is
    an error of that frame alone. In the place of `pose/` a `trajectory.csv` or `trajectory.txt` (TUM's lines of time
    and pose) may stand: an image's pose is the one of its file name or number, else the one nearest to the time that is
    its name, else, where there are as many of both, the one in its place.
    """

    format = "frames"
    layout = "color/00000.jpg, depth/00000.png, pose/00000.txt (or trajectory.csv|txt), intrinsics.txt (or .json)"

    @classmethod
    def recognises(cls, source: Path) -> bool:
        """Return whether colour comes with depth or poses; `open` says which is missing."""
        color = folder_called(source, COLOR_FOLDERS)
        if color is None or (source / "transforms.json").exists():
            return False
        if folder_called(source, DEPTH_FOLDERS) is not None:
            return True
        return color.name.lower() == "color" and folder_called(source, POSE_FOLDERS) is not None

    def list_frames(self) -> Sequence[FrameParts]:
        """Return a frame for each colour image, in the order of their numbers."""
        colors = self._colors()
        depth_folder = folder_called(self.source, DEPTH_FOLDERS)
        if depth_folder is None:
            raise InputError(f"{self.source} has colour and poses but no depth/: 16-bit depth images are needed")
        poses = self._poses(colors)
        camera = read_camera(camera_file(self.source) or self.source / "intrinsics.txt")
        depths = _partners(depth_folder, colors, *DEPTH_ENDINGS)
        _refuse_lossy(depth_folder)
        return [
            FrameParts(
                color=partial(images.read_color, color),
                depth=partial(
                    images.read_depth_array if depth.suffix.lower() == ".npy" else images.read_depth,
                    depth,
                    self.units_per_metre,
                ),
                pose=pose,
                camera=camera,
                where=str(depth),
                color_file=color,
            )
            for color, depth, pose in zip(colors, depths, poses, strict=True)
        ]

    def files(self) -> list[Path]:
        """Return every file that a frame is read from."""
        folders = (folder_called(self.source, names) for names in (COLOR_FOLDERS, DEPTH_FOLDERS, POSE_FOLDERS))
        named = ((camera_file(self.source) or Path("intrinsics.txt")).name, "scene.json", *self._list_names())
        return files_under(*(folder for folder in folders if folder), *(self.source / name for name in named))

    def _color_folder(self) -> Path:
        folder = folder_called(self.source, COLOR_FOLDERS)
        if folder is None:
            raise InputError(f"{self.source} holds no folder of colour images: {', '.join(COLOR_FOLDERS)}")
        return folder

    def _colors(self) -> list[Path]:
        folder = self._color_folder()
        found = [
            path for path in folder.iterdir() if path.suffix.lower() in COLOR_ENDINGS and _number(path) is not None
        ]
        if not found:
            raise InputError(f"{folder} holds no numbered image such as 00000.jpg")
        plain = [path for path in found if path.stem.replace(".", "", 1).isdigit()]
        found = plain or found  # thumbnails and the like beside 00000.jpg are no frames
        return sorted(found, key=lambda path: (_number(path), path.name))

    def _list_names(self) -> list[str]:
        """Return the list of poses that is used, none where there is a folder of them."""
        if self.estimates_poses or folder_called(self.source, POSE_FOLDERS) is not None:
            return []
        return [name for name in LISTS if (self.source / name).is_file()][:1]

    def _poses(self, colors: Sequence[Path]) -> list[Callable[[], Floats]]:
        """Return how the pose of each colour image is read."""
        if self.estimates_poses:
            return [no_pose(color) for color in colors]
        folder = folder_called(self.source, POSE_FOLDERS)
        if folder is not None:
            return [partial(images.read_rigid_transform, file) for file in _partners(folder, colors, ".txt")]
        names = self._list_names()
        if not names:
            raise InputError(
                f"{self.source} has colour and depth but no poses: it needs pose/00000.txt or one of "
                f"{', '.join(LISTS)}; {NO_POSES}"
            )
        path = self.source / names[0]
        trajectory = read_csv(path) if path.suffix == ".csv" else read_tum(path)
        rows = matched(trajectory, colors)
        return [partial(_listed_pose, trajectory, row, path, color) for row, color in zip(rows, colors, strict=True)]


def _refuse_lossy(depth_folder: Path) -> None:
    """Raise InputError where depth comes as JPEG alone: eight bits, and smeared at every edge."""
    endings = {file.suffix.lower() for file in files_under(depth_folder)}
    if endings & {".jpg", ".jpeg"} and not endings & set(DEPTH_ENDINGS):
        raise InputError(
            f"{depth_folder} holds JPEG images, which do not keep distances (they are pictures of depth): export it as "
            "16-bit PNG, .npy or TIFF"
        )


def _partners(folder: Path, colors: Sequence[Path], *endings: str) -> list[Path]:
    """Return the file in `folder` of each colour image: of its name, else of its number (rgb_12, depth_12).

    Where there is none, the one that should be there.
    """
    files = [file for file in files_under(folder) if file.suffix.lower() in endings]
    by_name = {file.stem: file for file in reversed(files)}
    by_number = {_number(file): file for file in reversed(files)}
    return [
        by_name.get(color.stem) or by_number.get(_number(color), folder / f"{color.stem}{endings[0]}")
        for color in colors
    ]


def matched(trajectory: Trajectory, colors: Sequence[Path]) -> list[int]:
    """Return the row of `trajectory` for each of `colors`, -1 for none."""
    by_name = {Path(key).stem: row for row, key in enumerate(trajectory.keys)}
    if any(color.stem in by_name for color in colors):
        return [by_name.get(color.stem, -1) for color in colors]
    times = trajectory.times()
    by_number = {int(time): row for row, time in enumerate(times) if time == time // 1}
    numbers = [_number(color) for color in colors]
    if all(number in by_number for number in numbers):
        return [by_number[int(number or 0)] for number in numbers]
    near = nearest(times, np.array([number if number is not None else np.nan for number in numbers]), TOLERANCE_S)
    if (near >= 0).any() or len(trajectory) != len(colors):
        return [int(row) for row in near]
    return list(range(len(colors)))


def _listed_pose(trajectory: Trajectory, row: int, path: Path, color: Path) -> Floats:
    if row < 0:
        raise InputError(f"{path} has no pose for {color.name}")
    return images.rigid_transform(trajectory.poses[row], f"{path}, pose of {color.name}")


def _number(path: Path) -> float | None:
    """Return the number (of a frame, or seconds) that a file is named by, else the last in its name, None without."""
    if path.stem.replace(".", "", 1).isdigit():
        return float(path.stem) if path.stem.isascii() else None
    digits = re.findall(r"[0-9]+", path.stem)
    return float(digits[-1]) if digits else None
