"""nerfstudio's (and instant-ngp's) transforms.json, with depth images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError
from core3d_search.indexer.readers import images
from core3d_search.indexer.readers.files import files_under, inside, read_json_object
from core3d_search.indexer.readers.lens import Lens
from core3d_search.indexer.readers.posed_images import Camera, FrameParts, PosedImagesReader

FISHEYE_MODELS = ("OPENCV_FISHEYE", "FISHEYE")
BROWN = ("k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6")


class NerfstudioReader(PosedImagesReader):
    """Reads `transforms.json`: `frames` with `file_path`, `depth_file_path`, `transform_matrix` (camera-to-world).

    Cameras look along -z (OpenGL axes); `fl_x fl_y cx cy w h` and the distortion `k1 k2 p1 p2 ...` stand in each frame
    or once for all; `camera_angle_x` may stand for them. Depth is 16-bit millimetres (`.png`, `.npy`), or as
    `depth_unit_scale_factor` (metres to the unit) says. Pixels are centred on halves there: ours are half a pixel less.
    """

    format = "nerfstudio"
    layout = "transforms.json whose frames have file_path, depth_file_path and transform_matrix"
    usual_axes = "opengl"

    @classmethod
    def recognises(cls, source: Path) -> bool:
        """Return whether there is a transforms.json."""
        return (source / "transforms.json").is_file()

    def list_frames(self) -> Sequence[FrameParts]:
        """Return a frame for each that names a depth image, in the order of the file."""
        path = self.source / "transforms.json"
        values = read_json_object(path)
        listed = values.get("frames")
        if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
            raise InputError(f"{path} must hold a list of frames")
        with_depth = [(n, item) for n, item in enumerate(listed) if item.get("depth_file_path")]
        if listed and not with_depth:
            raise InputError(
                f"{path} names no depth images: this is a scan for view synthesis; add depth_file_path to its frames "
                "(ns-process-data writes it for Polycam and Record3D), or index the recording that it was made from"
            )
        factor = values.get("depth_unit_scale_factor", 0.001)
        if not isinstance(factor, int | float) or not 0 < factor < float("inf"):
            raise InputError(f"{path}: depth_unit_scale_factor must be a positive number, got {factor!r}")
        units = self.units_per_metre = self.settings.units_per_metre(1 / factor)
        return [self._frame(path, {**values, **item}, n, units) for n, item in with_depth]

    def files(self) -> list[Path]:
        """Return every file that a frame is read from."""
        path = self.source / "transforms.json"
        named = [item.get(key) for item in read_json_object(path)["frames"] for key in ("file_path", "depth_file_path")]
        inside_scene = [self.source / inside(name, path) for name in dict.fromkeys(named) if name]
        return files_under(path, self.source / "scene.json", *inside_scene)

    def _frame(self, path: Path, values: Mapping[str, Any], number: int, units: float) -> FrameParts:
        where = f"{path}, frame {number}"
        color, depth = (self.source / inside(values.get(key), path) for key in ("file_path", "depth_file_path"))
        read = images.read_depth_array if depth.suffix.lower() == ".npy" else images.read_depth
        return FrameParts(
            color=partial(images.read_color, color),
            depth=partial(read, depth, units),
            pose=partial(_pose, values.get("transform_matrix"), where),
            camera=partial(_camera, values, where),
            where=where,
            color_file=color,
        )


def _pose(value: Any, where: str) -> npt.NDArray[np.float64]:
    try:
        matrix = np.asarray(value, np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{where}: transform_matrix must be a 4x4 matrix") from error
    if matrix.shape not in ((4, 4), (3, 4)):
        raise InputError(f"{where}: transform_matrix must be a 4x4 matrix, got the shape {matrix.shape}")
    return images.rigid_transform(np.vstack([matrix[:3], [0, 0, 0, 1]]), where)


def _camera(values: Mapping[str, Any], where: str) -> Camera:
    numbers = {key: float(v) for key, v in values.items() if isinstance(v, int | float) and np.isfinite(v)}
    try:
        width, height = int(numbers["w"]), int(numbers["h"])
        fx = numbers["fl_x"] if "fl_x" in numbers else width / 2 / float(np.tan(numbers["camera_angle_x"] / 2))
    except (KeyError, ZeroDivisionError) as error:
        raise InputError(f"{where}: w, h and fl_x (or camera_angle_x) are needed") from error
    fy = numbers.get("fl_y", fx)
    cx, cy = numbers.get("cx", width / 2) - 0.5, numbers.get("cy", height / 2) - 0.5
    fisheye = str(values.get("camera_model", "")).upper() in FISHEYE_MODELS
    names = ("k1", "k2", "k3", "k4") if fisheye else BROWN
    lens = Lens(tuple(numbers.get(name, 0.0) for name in names), fisheye)
    if min(width, height) <= 0:
        raise InputError(f"{where}: an image of {width}x{height} pixels cannot be")
    return Camera(images.pinhole(fx, fy, cx, cy, where), (width, height), lens)
