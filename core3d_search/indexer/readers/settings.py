"""What `scene.json` and the command line say about a scan, checked and in our units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError
from core3d_search.indexer.frames import ReadOptions
from core3d_search.indexer.known import OBJECT_KINDS
from core3d_search.indexer.readers.files import read_json_object

CAMERA_AXES = {
    "opencv": np.eye(4),
    "opengl": np.diag([1.0, -1.0, -1.0, 1.0]),
}
"""opencv_from_axes of each name: opencv is x right, y down, z forward; opengl (ARKit, Blender) y up, z backward."""
MAX_NAME = 100
"""Characters of a scene's name."""


@dataclass(frozen=True)
class SceneSettings:
    """The name of a scene and the options it is read with."""

    name: str
    options: ReadOptions

    @property
    def up(self) -> npt.NDArray[np.float64] | None:
        """The unit world direction against gravity, (3,), None where nobody says."""
        return None if self.options.up is None else np.asarray(self.options.up, np.float64)

    def units_per_metre(self, usual: float) -> float:
        """Return how many stored depth units make a metre; `usual` is the format's own number."""
        scale = self.options.depth_scale or usual
        return scale if scale >= 1 else 1 / scale

    def world_from_camera(self, stored: npt.NDArray[np.float64], usual_axes: str) -> npt.NDArray[np.float64]:
        """Return a stored (4, 4) pose in metres with OpenCV axes; `usual_axes` are the format's own."""
        pose = np.linalg.inv(stored) if self.options.invert_poses else stored
        pose = pose @ CAMERA_AXES[self.options.camera_axes or usual_axes]
        if self.options.scale is not None:
            pose[:3, 3] *= self.options.scale
        return pose


def settings_of(source: Path, options: ReadOptions, file: str = "scene.json") -> SceneSettings:
    """Return what the `scene.json` in the folder `source` says, under what `options` say; raises InputError.

    A source that is a file has no settings of its own: its name is that of the file.
    """
    source = source.resolve()
    if not source.is_dir():
        return SceneSettings(clean_name(source.stem), options)
    values = read_json_object(source / file) if (source / file).exists() else {}
    name = clean_name(str(values.get("name") or "")) or clean_name(source.name) or "scene"
    return SceneSettings(name, options.over(checked_options(values, str(source / file))))


def clean_name(text: str) -> str:
    """Return a name as it can be stored and shown: one line of at most 100 characters that can all be written.

    Control characters, lone surrogates (names of files that are not UTF-8) and what turns the direction of writing
    become replacement marks.
    """
    clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text.strip())
    return clean if len(clean) <= MAX_NAME else clean[: MAX_NAME - 1] + "\N{HORIZONTAL ELLIPSIS}"


def checked_options(values: Mapping[str, Any], where: str) -> ReadOptions:
    """Return the options among `values`; raises InputError that names `where` and the value that is wrong.

    `where` is the file that the values come from; other keys are ignored.
    """
    found = {
        key: check(values[key], f"{where}: {key}") for key, check in _CHECKS.items() if values.get(key) is not None
    }
    return ReadOptions(**found)


def _unit_vector(value: Any, what: str) -> tuple[float, float, float]:
    try:
        vector = np.asarray(value, np.float64).reshape(3)
        length = float(np.linalg.norm(vector))
    except (TypeError, ValueError):
        length = 0.0
    if not np.isfinite(length) or length < 1e-9:
        raise InputError(f"{what} must be three numbers such as [0, 0, 1], got {value!r}")
    x, y, z = (vector / length).tolist()
    return x, y, z


def _positive_number(value: Any, what: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < float("inf"):
        raise InputError(f"{what} must be a positive number, got {value!r}")
    return float(value)


def _axes(value: Any, what: str) -> str:
    if not isinstance(value, str) or value.lower() not in CAMERA_AXES:
        raise InputError(f"{what} must be one of {', '.join(CAMERA_AXES)}, got {value!r}")
    return value.lower()


def _flag(value: Any, what: str) -> bool:
    if not isinstance(value, bool):
        raise InputError(f"{what} must be true or false, got {value!r}")
    return value


def _objects(value: Any, what: str) -> str:
    if value not in OBJECT_KINDS:
        raise InputError(f"{what} must be one of {', '.join(OBJECT_KINDS)}, got {value!r}")
    return str(value)


_CHECKS: dict[str, Callable[[Any, str], Any]] = {
    "depth_scale": _positive_number,
    "camera_axes": _axes,
    "invert_poses": _flag,
    "up": _unit_vector,
    "scale": _positive_number,
    "objects": _objects,
    "estimate_poses": _flag,
}
