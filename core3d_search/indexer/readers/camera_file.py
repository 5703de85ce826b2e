"""The camera of a folder of images, from a text of numbers or from JSON as other tools write it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError
from core3d_search.indexer.readers import images
from core3d_search.indexer.readers.files import read_json_object
from core3d_search.indexer.readers.posed_images import Camera

TEXTS = ("intrinsics.txt", "intrinsic.txt", "camera-intrinsics.txt")
JSON_FILES = ("intrinsics.json", "intrinsic.json", "camera_intrinsic.json", "camera.json")
CAMERA_FILES = TEXTS + JSON_FILES
NUMBERS = (("fx", "fy", "cx", "cy"), ("fl_x", "fl_y", "cx", "cy"), ("fx", "fy", "ppx", "ppy"))
"""Keys of the plain numbers: most tools, nerfstudio, RealSense."""
MATRICES = ("K", "camera_matrix", "intrinsics", "intrinsic_matrix")
"""Keys of a 3x3 matrix: three rows, or nine numbers row by row, or down the columns as Open3D writes them; the last row
of a pinhole's matrix, 0 0 1, tells which."""
SIZES = (("width", "height"), ("w", "h"))


def camera_file(source: Path, names: Iterable[str] = CAMERA_FILES) -> Path | None:
    """Return the first file of these names in a folder, None without."""
    return next((source / name for name in names if (source / name).is_file()), None)


def read_camera(path: Path) -> Camera:
    """Return the camera that a text (3x3, 4x4 or fx fy cx cy) or a JSON object describes; raises InputError.

    JSON holds fx, fy, cx, cy in pixels, or a 3x3 matrix, alone or in an object such as "camera"; with width and height
    of the images that they are meant for, else they are taken for those that are there.
    """
    if path.suffix.lower() != ".json":
        return Camera(images.read_intrinsics(path))
    outer = read_json_object(path)
    for values in (outer, *(inner for inner in outer.values() if isinstance(inner, dict))):
        try:
            matrix = _matrix(values, path)
            if matrix is not None:
                return Camera(matrix, _size(values) or _size(outer))
        except (TypeError, ValueError, OverflowError) as error:
            raise InputError(f"{path} holds no camera in pixels: {error}") from error
    raise InputError(
        f"{path} describes no camera: it needs fx, fy, cx, cy in pixels, or a 3x3 matrix as {', '.join(MATRICES)}"
    )


def _matrix(values: Mapping[str, Any], path: Path) -> npt.NDArray[np.float64] | None:
    for keys in NUMBERS:
        if all(key in values for key in keys):
            fx, fy, cx, cy = (float(values[key]) for key in keys)
            return images.pinhole(fx, fy, cx, cy, path)
    given = next((values[key] for key in MATRICES if isinstance(values.get(key), list)), None)
    if given is None:
        return None
    written = np.asarray(given, np.float64)
    matrix = written.reshape(3, 3)
    if written.ndim == 1 and not np.array_equal(matrix[2], (0, 0, 1)):
        matrix = matrix.T
    return images.pinhole(matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2], path)


def _size(values: Mapping[str, Any]) -> tuple[int, int] | None:
    found = next(((values[w], values[h]) for w, h in SIZES if w in values and h in values), None)
    if found is None:
        return None
    width, height = int(found[0]), int(found[1])
    if min(width, height) < 1:
        raise ValueError(f"images of {width}x{height} pixels")
    return width, height
