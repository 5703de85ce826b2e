"""Reads the files that every image-folder format is made of, each error naming the file and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError

if TYPE_CHECKING:
    from PIL import Image

PLAUSIBLE_DEPTH = (0.02, 100.0)
"""Metres: a frame whose median depth lies outside was written in another unit (no room camera sees either)."""


def read_color(path: Path) -> npt.NDArray[np.uint8]:
    """Return an image as (H, W, 3) uint8 RGB; raises InputError."""
    return np.asarray(_opened(path, "RGB"), np.uint8)


def read_depth(path: Path, units_per_metre: float, invalid: Iterable[int] = (0,)) -> npt.NDArray[np.float32]:
    """Return a one-channel depth image as (H, W) float32 metres; the `invalid` stored values become 0.

    Raises InputError, also where the median depth is implausible: then the unit is not the declared one.
    """
    stored = np.asarray(_opened(path, None))
    if stored.ndim != 2 or stored.dtype == np.uint8:
        raise InputError(f"{path}: depth must be a 16-bit image of one channel, got {stored.dtype} {stored.shape}")
    valid = ~np.isin(stored, list(invalid)) & (stored > 0)
    depth = np.where(valid, stored / np.float32(units_per_metre), 0).astype(np.float32)
    median = float(np.median(depth[valid])) if valid.any() else 1.0
    if not PLAUSIBLE_DEPTH[0] <= median <= PLAUSIBLE_DEPTH[1]:
        raise InputError(
            f"{path}: the median depth would be {median:.3g} m with {units_per_metre:g} units to the metre; "
            "give the right one with --depth-scale, or as depth_scale in scene.json"
        )
    return depth


def read_matrix(path: Path, size: int) -> npt.NDArray[np.float64]:
    """Return a (size, size) matrix from a text file; raises InputError for any other content."""
    try:
        matrix = np.loadtxt(path, dtype=np.float64, ndmin=2)
    except FileNotFoundError as error:
        raise InputError(f"{path} is missing") from error
    except (ValueError, OSError) as error:
        raise InputError(f"{path} is not a {size}x{size} matrix of numbers: {error}") from error
    if matrix.shape == (1, size * size):
        matrix = matrix.reshape(size, size)
    if matrix.shape != (size, size) or not np.isfinite(matrix).all():
        raise InputError(f"{path} must hold a finite {size}x{size} matrix, got shape {matrix.shape}")
    return matrix


def read_rigid_transform(path: Path) -> npt.NDArray[np.float64]:
    """Return a (4, 4) rotation and translation; raises InputError for anything else (a lost camera writes inf)."""
    transform = read_matrix(path, 4)
    rotation = transform[:3, :3]
    if np.abs(rotation @ rotation.T - np.eye(3)).max() > 0.02 or np.linalg.det(rotation) < 0:
        raise InputError(f"{path} is not a rigid camera-to-world transform: its 3x3 part is no rotation")
    return transform


def read_intrinsics(path: Path) -> npt.NDArray[np.float64]:
    """Return a (3, 3) pinhole matrix in pixels; raises InputError."""
    intrinsics = read_matrix(path, 3)
    if intrinsics[0, 0] <= 0 or intrinsics[1, 1] <= 0 or abs(intrinsics[2, 2] - 1) > 1e-6:
        raise InputError(f"{path} is no pinhole matrix [[fx 0 cx] [0 fy cy] [0 0 1]]: {intrinsics.tolist()}")
    return intrinsics


def registered_depth(depth: npt.NDArray[np.float32], rgb: npt.NDArray[np.uint8], path: Path) -> npt.NDArray[np.float32]:
    """Return `depth` (h, w) at the size of `rgb` (H, W, 3), by nearest neighbour (means would be points in mid-air).

    Phones store depth smaller than colour, over the same field of view. Raises InputError where the shapes differ.
    """
    height, width = rgb.shape[:2]
    if depth.shape == (height, width):
        return depth
    if abs(depth.shape[1] / depth.shape[0] - width / height) > 0.02 * width / height:
        raise InputError(f"{path}: depth {depth.shape} and colour {(height, width)} do not show the same view")
    rows = (np.arange(height) + 0.5) * depth.shape[0] // height
    columns = (np.arange(width) + 0.5) * depth.shape[1] // width
    return depth[rows.astype(int)[:, None], columns.astype(int)]


def _opened(path: Path, mode: str | None) -> Image.Image:
    from PIL import Image

    try:
        with Image.open(path) as image:
            return image.convert(mode) if mode else image.copy()
    except FileNotFoundError as error:
        raise InputError(f"{path} is missing") from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(f"{path} cannot be read as an image: {error}") from error
