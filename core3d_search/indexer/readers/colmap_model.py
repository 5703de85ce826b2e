"""Parses COLMAP's reconstructions, text and binary (colmap.github.io/format.html)."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError
from core3d_search.indexer.readers import images
from core3d_search.indexer.readers.files import read_bytes, read_text
from core3d_search.indexer.readers.lens import Lens
from core3d_search.indexer.readers.posed_images import Camera
from core3d_search.indexer.readers.trajectories import pose_of

Floats = npt.NDArray[np.float64]
MAX_MODEL_BYTES = 2 << 30
NO_POINT = -1
MAX_NAME = 4096

MODELS = (
    ("SIMPLE_PINHOLE", 3), ("PINHOLE", 4), ("SIMPLE_RADIAL", 4), ("RADIAL", 5), ("OPENCV", 8), ("OPENCV_FISHEYE", 8),
    ("FULL_OPENCV", 12), ("FOV", 5), ("SIMPLE_RADIAL_FISHEYE", 4), ("RADIAL_FISHEYE", 5), ("THIN_PRISM_FISHEYE", 12),
)  # fmt: skip
"""Name and number of parameters by model id (colmap/src/colmap/sensor/models.h)."""
ONE_FOCAL_LENGTH = ("SIMPLE_PINHOLE", "SIMPLE_RADIAL", "RADIAL", "SIMPLE_RADIAL_FISHEYE", "RADIAL_FISHEYE")
NOT_UNDONE = ("FOV", "THIN_PRISM_FISHEYE")


@dataclass(frozen=True, eq=False)
class ModelImage:
    """One image of a model: its world_from_camera (4, 4), and what it saw.

    `pixels` (P, 2) are where, centred on whole numbers, the points of `point_ids` (P,) were seen.
    """

    name: str
    camera_id: int
    world_from_camera: Floats
    pixels: Floats
    point_ids: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Model:
    """A reconstruction: cameras by id, images in the order of their names, and points (3,) by id."""

    cameras: dict[int, Camera]
    images: tuple[ModelImage, ...]
    points: dict[int, Floats]


def find_model(source: Path) -> Path | None:
    """Return the folder of the model in or below `source`, None where there is none."""
    for place in ("sparse/0", "sparse", "colmap/sparse/0", "dense/sparse", "dense/0/sparse", "."):
        folder = source / place
        if any(all((folder / f"{part}{end}").is_file() for part in ("cameras", "images")) for end in (".bin", ".txt")):
            return folder
    return None


def read_model(folder: Path) -> Model:
    """Return the model in `folder`, the binary one where there are both; raises InputError."""
    binary = (folder / "cameras.bin").is_file() and (folder / "images.bin").is_file()
    end, readers = (".bin", _BINARY) if binary else (".txt", _TEXT)
    cameras, found, points = (
        _guarded(read, folder / f"{part}{end}")
        for part, read in zip(("cameras", "images", "points3D"), readers, strict=True)
    )
    return Model(cameras or {}, tuple(sorted(found or (), key=lambda image: image.name)), points or {})


def _guarded(read: Callable[[Path], Any], path: Path) -> Any:
    if path.stem == "points3D" and not path.is_file():
        return None  # points only serve to find the scale
    try:
        return read(path)
    except (struct.error, ValueError, IndexError, OverflowError) as error:
        raise InputError(f"{path} is no COLMAP model, or cut off: {error}") from error


def camera_of(model: str, width: int, height: int, params: list[float], where: object) -> Camera:
    """Return the camera of a model's parameters; COLMAP's first pixel is centred at 0.5, ours at 0."""
    if model in NOT_UNDONE:
        raise InputError(
            f"{where}: cameras of the model {model} are not undistorted here; run colmap image_undistorter"
        )
    lengths, rest = (params[:1] * 2, params[1:]) if model in ONE_FOCAL_LENGTH else (params[:2], params[2:])
    intrinsics = images.pinhole(lengths[0], lengths[1], rest[0] - 0.5, rest[1] - 0.5, where)
    bending = rest[2:]
    fisheye = model.endswith("FISHEYE")
    return Camera(intrinsics, (width, height), Lens(tuple(bending), fisheye) if bending else None)


def _image(
    name: str, camera_id: int, quaternion: Floats, position: Floats, points: Floats, where: object
) -> ModelImage:
    """Return an image from its camera_from_world, quaternion w x y z, and rows of x, y, point id."""
    camera_from_world = pose_of(position[None], np.roll(quaternion, -1)[None], where)[0]
    seen = points[points[:, 2] != NO_POINT] if len(points) else np.zeros((0, 3))
    return ModelImage(name, camera_id, np.linalg.inv(camera_from_world), seen[:, :2] - 0.5, seen[:, 2].astype(np.int64))


class _Bytes:
    """A place in a binary file."""

    def __init__(self, path: Path) -> None:
        self.path, self.content, self.at = path, read_bytes(path, MAX_MODEL_BYTES), 0

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(layout, self.content, self.at)
        self.at += struct.calcsize(layout)
        return values

    def name(self) -> str:
        end = self.content.index(b"\0", self.at, self.at + MAX_NAME)
        text = self.content[self.at : end].decode("utf-8", errors="replace")
        self.at = end + 1
        return text

    def rows(self, dtype: list[tuple[str, str]], count: int) -> npt.NDArray[Any]:
        size = np.dtype(dtype).itemsize * count
        if self.at + size > len(self.content):
            raise ValueError(f"{count} rows at byte {self.at} of {len(self.content)}")
        self.at += size
        return np.frombuffer(self.content, dtype, count, self.at - size)


def _cameras_bin(path: Path) -> dict[int, Camera]:
    data, cameras = _Bytes(path), {}
    for _ in range(data.take("<Q")[0]):
        key, model, width, height = data.take("<iiQQ")
        if not 0 <= model < len(MODELS):
            raise InputError(f"{path}: camera {key} is of an unknown model {model}")
        name, count = MODELS[model]
        cameras[key] = camera_of(name, width, height, list(data.take(f"<{count}d")), f"{path}: camera {key}")
    return cameras


def _images_bin(path: Path) -> list[ModelImage]:
    data, found = _Bytes(path), []
    for _ in range(data.take("<Q")[0]):
        _, *pose, camera_id = data.take("<i7di")
        name, (count,) = data.name(), data.take("<Q")
        rows = data.rows([("x", "<f8"), ("y", "<f8"), ("id", "<i8")], count)
        points = np.stack([rows["x"], rows["y"], rows["id"].astype(np.float64)], axis=1)
        values = np.array(pose)
        found.append(_image(name, camera_id, values[:4], values[4:], points, f"{path}: {name}"))
    return found


def _points_bin(path: Path) -> dict[int, Floats]:
    data, points = _Bytes(path), {}
    for _ in range(data.take("<Q")[0]):
        key, *position = data.take("<Q3d")
        *_, track = data.take("<3BdQ")
        data.rows([("image", "<i4"), ("point", "<i4")], track)
        points[key] = np.array(position)
    return points


def _lines(path: Path) -> list[str]:
    return [line for line in read_text(path, MAX_MODEL_BYTES).splitlines() if not line.startswith("#")]


def _cameras_txt(path: Path) -> dict[int, Camera]:
    cameras = {}
    for line in _lines(path):
        if words := line.split():
            params = [float(word) for word in words[4:]]
            if dict(MODELS).get(words[1]) != len(params):
                raise InputError(
                    f"{path}: camera {words[0]} is of an unknown model {words[1]} with {len(params)} parameters"
                )
            cameras[int(words[0])] = camera_of(
                words[1], int(words[2]), int(words[3]), params, f"{path}: camera {words[0]}"
            )
    return cameras


def _images_txt(path: Path) -> list[ModelImage]:
    """Read two lines an image; the second, of its points, may be empty."""
    lines, found = _lines(path), []
    while lines and not lines[-1].strip():
        lines.pop()
    for first, second in zip(lines[::2], [*lines[1::2], ""], strict=False):
        words = first.split(maxsplit=9)
        values = np.array(words[1:8], np.float64)
        points = np.array(second.split(), np.float64).reshape(-1, 3)
        found.append(_image(words[9].strip(), int(words[8]), values[:4], values[4:], points, f"{path}: {words[9]}"))
    return found


def _points_txt(path: Path) -> dict[int, Floats]:
    return {int(words[0]): np.array(words[1:4], np.float64) for line in _lines(path) if (words := line.split())}


_BINARY: tuple[Callable[[Path], Any], ...] = (_cameras_bin, _images_bin, _points_bin)
_TEXT: tuple[Callable[[Path], Any], ...] = (_cameras_txt, _images_txt, _points_txt)
