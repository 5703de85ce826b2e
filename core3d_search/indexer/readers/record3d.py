"""Record3D's `.r3d` recordings from iPhones and iPads, zipped or unpacked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError
from core3d_search.indexer.readers import images
from core3d_search.indexer.readers.files import Archive, File, files_under, read_bytes, read_json_object
from core3d_search.indexer.readers.lzfse_bytes import decompress
from core3d_search.indexer.readers.posed_images import Camera, FrameParts, PosedImagesReader
from core3d_search.indexer.readers.trajectories import pose_of

LEAST_CONFIDENCE = 1
"""ARKit's levels are 0 low, 1 medium, 2 high; low is mostly guessed at edges."""
MAX_DEPTH_SIDE = 4096


class Record3DReader(PosedImagesReader):
    """Reads `metadata` (JSON) and `rgbd/N.jpg`, `rgbd/N.depth`, `rgbd/N.conf` from a `.r3d` zip or its folder.

    Depth is LZFSE-compressed float32 metres, `dh` x `dw`, NaN where nothing was measured; confidence one byte a pixel.
    `K` is column by column, `perFrameIntrinsicCoeffs` (fx, fy, cx, cy) goes above it; both are for `w` x `h` pixels.
    `poses` are quaternion x y z w and position, camera-to-world with ARKit's axes: the camera looks along -z, y is up.
    """

    format = "record3d"
    layout = "a .r3d file, or its folder: metadata, rgbd/0.jpg, rgbd/0.depth, rgbd/0.conf"
    suffixes = (".r3d",)
    usual_axes = "opengl"
    usual_up = (0.0, 1.0, 0.0)
    usual_depth_scale = 1.0

    @classmethod
    def recognises(cls, source: Path) -> bool:
        """Return whether `source` is a `.r3d` file or the folder of one."""
        if source.suffix.lower() == ".r3d" and source.is_file():
            return True
        return (source / "metadata").is_file() and (source / "rgbd").is_dir()

    def list_frames(self) -> Sequence[FrameParts]:
        """Return a frame for each pose that has a colour image."""
        files = self._files_by_name()
        if "metadata" not in files:
            raise InputError(f"{self.source} holds no metadata: no Record3D recording")
        where, values = files["metadata"], read_json_object(files["metadata"])
        poses = _array(values, "poses", 7, where)
        stored = pose_of(poses[:, 4:], poses[:, :4], where)
        height, width = _size(values, "dh", "dw", where)
        cameras = _cameras(values, len(poses), where)
        return [
            FrameParts(
                color=partial(images.read_color, files[f"rgbd/{i}.jpg"]),
                depth=partial(
                    _depth, files.get(f"rgbd/{i}.depth"), height, width, self.units_per_metre, f"{where}: {i}"
                ),
                pose=partial(images.rigid_transform, stored[i], f"{where}: pose {i}"),
                camera=cameras[i],
                confident=partial(_confident, files[f"rgbd/{i}.conf"], height, width)
                if f"rgbd/{i}.conf" in files
                else None,
                where=str(files[f"rgbd/{i}.jpg"]),
            )
            for i in range(len(poses))
            if f"rgbd/{i}.jpg" in files
        ]

    def files(self) -> list[Path]:
        """Return the archive, or every file of the folder that a frame is read from."""
        if self.source.is_file():
            return [self.source]
        return files_under(*(self.source / part for part in ("metadata", "rgbd", "scene.json")))

    def _files_by_name(self) -> Mapping[str, File]:
        if self.source.is_file():
            return Archive(self.source).members()
        inside = files_under(self.source / "metadata", self.source / "rgbd")
        return {file.relative_to(self.source).as_posix(): file for file in inside}


def _cameras(values: dict[str, Any], count: int, where: File) -> list[Camera]:
    """Return the camera of each frame."""
    height, width = _size(values, "h", "w", where)
    if values.get("perFrameIntrinsicCoeffs"):
        rows = _array(values, "perFrameIntrinsicCoeffs", 4, where)
        if len(rows) < count:
            raise InputError(f"{where}: {len(rows)} perFrameIntrinsicCoeffs for {count} poses")
        return [Camera(images.pinhole(fx, fy, cx, cy, where), (width, height)) for fx, fy, cx, cy in rows.tolist()]
    matrix = np.asarray(_array(values, "K", None, where)).ravel()
    if len(matrix) != 9:
        raise InputError(f"{where}: K must have nine numbers, has {len(matrix)}")
    return [Camera(images.pinhole(matrix[0], matrix[4], matrix[6], matrix[7], where), (width, height))] * count


def _depth(file: File | None, height: int, width: int, units: float, where: str) -> npt.NDArray[np.float32]:
    if file is None:
        raise InputError(f"{where}: the frame has no depth")
    size = 4 * height * width
    stream = read_bytes(file, 2 * size + 4096)  # what cannot be compressed grows by a few bytes a block
    content = stream if len(stream) == size else decompress(stream, size, file)
    return images.depth_in_metres(np.frombuffer(content, "<f4").reshape(height, width), units, file)


def _confident(file: File, height: int, width: int) -> npt.NDArray[np.bool_]:
    stream = read_bytes(file, 2 * height * width + 4096)
    content = stream if len(stream) == height * width else decompress(stream, height * width, file)
    return np.frombuffer(content, np.uint8).reshape(height, width) >= LEAST_CONFIDENCE


def _array(values: dict[str, Any], key: str, columns: int | None, where: File) -> npt.NDArray[np.float64]:
    try:
        array = np.asarray(values[key], np.float64)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{where}: {key} must be lists of numbers") from error
    if columns is not None and (array.ndim != 2 or array.shape[1] != columns):
        raise InputError(f"{where}: {key} must be lists of {columns} numbers")
    return array


def _size(values: dict[str, Any], height: str, width: str, where: File) -> tuple[int, int]:
    sides = values.get(height), values.get(width)
    if not all(isinstance(side, int) and 0 < side <= MAX_DEPTH_SIDE for side in sides):
        raise InputError(f"{where}: {height} and {width} must be the sides of an image, got {sides}")
    return int(sides[0] or 0), int(sides[1] or 0)
