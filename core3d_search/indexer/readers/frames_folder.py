"""The frames layout: color/, depth/, pose/, intrinsics.txt and an optional scene.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.readers import images

CAMERA_AXES = {
    "opencv": np.eye(4),
    "opengl": np.diag([1.0, -1.0, -1.0, 1.0]),
}
"""opencv_from_axes of each name: opencv is x right, y down, z forward; opengl (ARKit, Blender) y up, z backward."""


class FramesFolderReader:
    """Reads `color/NNNNN.jpg|png`, `depth/NNNNN.png`, `pose/NNNNN.txt`, `intrinsics.txt`.

    `scene.json` may set `name`, `up` (world direction against gravity), `depth_scale` (stored units to the metre,
    1000 = millimetres; a value below 1 is read as metres to the unit) and `camera_axes` ("opencv" or "opengl").
    Colour images define the frames: one without depth or pose is an error of that frame alone.
    """

    format = "frames"
    layout = "color/00000.jpg, depth/00000.png, pose/00000.txt, intrinsics.txt"

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._settings = _read_settings(path / "scene.json")
        self.name: str = str(self._settings.get("name") or self.path.name)
        self.up = _unit_up(self._settings.get("up"), path)
        scale = _positive_number(self._settings.get("depth_scale", 1000.0), path)
        self._units_per_metre = scale if scale >= 1 else 1 / scale
        self._opencv_from_axes = _camera_axes(self._settings.get("camera_axes", "opencv"), path)
        self._intrinsics = images.read_intrinsics(path / "intrinsics.txt")
        color = path / "color"
        self._colors = sorted(
            (p for p in color.iterdir() if p.suffix.lower() in (".jpg", ".jpeg", ".png") and p.stem.isdigit()),
            key=lambda p: (int(p.stem), p.name),
        )
        if not self._colors:
            raise InputError(f"{color} holds no numbered image such as 00000.jpg")

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Return whether the three folders are there."""
        return all((path / part).is_dir() for part in ("color", "depth", "pose"))

    @classmethod
    def open(cls, path: Path) -> FramesFolderReader:
        """Return the scene at `path`; raises InputError."""
        return cls(path)

    def __len__(self) -> int:
        return len(self._colors)

    def __getitem__(self, position: int) -> Frame:
        """Return the frame at `position` in the order of the numbers; raises InputError naming the file at fault."""
        color = self._colors[position]
        rgb = images.read_color(color)
        depth_path = self.path / "depth" / f"{color.stem}.png"
        depth = images.read_depth(depth_path, self._units_per_metre)
        world_from_axes = images.read_rigid_transform(self.path / "pose" / f"{color.stem}.txt")
        return Frame(
            index=position,
            rgb=rgb,
            depth=images.registered_depth(depth, rgb, depth_path),
            intrinsics=self._intrinsics,
            world_from_camera=world_from_axes @ self._opencv_from_axes,
        )

    def fingerprint(self) -> str:
        """Return the SHA-256 over every file that a frame is read from."""
        parts = [self.path / part for part in ("color", "depth", "pose")]
        files = [file for part in parts for file in part.iterdir() if file.is_file()]
        files += [file for name in ("intrinsics.txt", "scene.json") if (file := self.path / name).is_file()]
        return images.checksum_of_files(self.path, files)


def _read_settings(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is not valid JSON: {error}") from error
    if not isinstance(settings, dict):
        raise InputError(f"{path} must hold a JSON object, got {type(settings).__name__}")
    return settings


def _unit_up(up: Any, path: Path) -> npt.NDArray[np.float64] | None:
    if up is None:
        return None
    try:
        vector = np.asarray(up, np.float64).reshape(3)
        length = float(np.linalg.norm(vector))
    except (TypeError, ValueError):
        length = 0.0
    if not np.isfinite(length) or length < 1e-9:
        raise InputError(f"{path / 'scene.json'}: up must be three numbers such as [0, 0, 1], got {up!r}")
    return vector / length


def _positive_number(value: object, path: Path) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < float("inf"):
        raise InputError(f"{path / 'scene.json'}: depth_scale must be a positive number, got {value!r}")
    return float(value)


def _camera_axes(name: object, path: Path) -> npt.NDArray[np.float64]:
    if not isinstance(name, str) or name.lower() not in CAMERA_AXES:
        raise InputError(f"{path / 'scene.json'}: camera_axes must be one of {', '.join(CAMERA_AXES)}, got {name!r}")
    return CAMERA_AXES[name.lower()]
