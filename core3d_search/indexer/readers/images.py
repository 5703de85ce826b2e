"""Reads the files that every image-folder format is made of, each error naming the file and what to do."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError
from core3d_search.indexer.readers.files import File, read_bytes, read_text

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS = 100_000_000
"""The largest image that is opened; the largest cameras in phones have 50 to 108 million, shrunk in every export."""

IMAGE_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "PPM")
"""Pillow's names of what is opened; others that it knows run programs or are no photographs."""
MATRIX_BYTES = 1 << 16
"""The longest file that is read as one matrix."""
PLAUSIBLE_DEPTH = (0.02, 100.0)
"""Metres: a frame whose median depth lies outside was written in another unit (no room camera sees either)."""


class DepthUnitError(InputError):
    """Depths that no room camera sees: `median_m` is what the median would be with the unit that was declared."""

    def __init__(self, message: str, median_m: float) -> None:
        super().__init__(message)
        self.median_m = median_m


def read_color(path: File) -> npt.NDArray[np.uint8]:
    """Return an image as (H, W, 3) uint8 RGB; raises InputError."""
    return np.asarray(_opened(path, "RGB"), np.uint8)


def like_depth(rgb: npt.NDArray[np.uint8], depth_shape: tuple[int, ...], path: File | None) -> npt.NDArray[np.uint8]:
    """Return the colours of an image file, turned by its EXIF orientation where only so they show what depth shows.

    `rgb` (H, W, 3) is what `path` stores, `depth_shape` (h, w). Phones store what the sensor saw and a tag by which
    viewers turn it; most exports write depth and cameras for the stored pixels, some for the turned ones. Half turns
    and mirrors leave the shape as it is: there the stored pixels count. Raises InputError as `read_color` does.
    """
    if path is None or same_view(depth_shape, rgb.shape) or not same_view(depth_shape, rgb.shape[1::-1]):
        return rgb
    turned = np.asarray(_decoded(read_bytes(path), "RGB", path, upright=True), np.uint8)
    return turned if same_view(depth_shape, turned.shape) else rgb


def read_depth(path: File, units_per_metre: float, invalid: Iterable[int] = (0,)) -> npt.NDArray[np.float32]:
    """Return a one-channel depth image as (H, W) float32 metres; the `invalid` stored values become 0.

    Raises InputError, also where the median depth is implausible: then the unit is not the declared one.
    """
    stored = np.asarray(_opened(path, None))
    if stored.ndim != 2 or stored.dtype == np.uint8:
        raise InputError(f"{path}: depth must be a 16-bit image of one channel, got {stored.dtype} {stored.shape}")
    return depth_in_metres(np.where(np.isin(stored, list(invalid)), 0, stored), units_per_metre, path)


def read_depth_array(path: File, units_per_metre: float) -> npt.NDArray[np.float32]:
    """Return depth stored as a NumPy file (`.npy`, never a pickle), in metres; raises InputError."""
    try:
        stored = np.load(io.BytesIO(read_bytes(path)), allow_pickle=False)
    except (ValueError, EOFError, OSError, SyntaxError, MemoryError, TypeError) as error:
        raise InputError(f"{path} cannot be read as a NumPy array: {error}") from error
    if isinstance(stored, np.ndarray) and stored.ndim == 3 and stored.shape[2] == 1:
        stored = stored[..., 0]
    if not isinstance(stored, np.ndarray) or stored.ndim != 2 or stored.dtype.kind not in "uif":
        raise InputError(f"{path}: depth must be numbers in two dimensions")
    return depth_in_metres(stored, units_per_metre, path)


def depth_in_metres(stored: npt.NDArray[Any], units_per_metre: float, where: object) -> npt.NDArray[np.float32]:
    """Return stored depths (H, W) as float32 metres; what is not finite and positive becomes 0.

    Raises DepthUnitError where the median depth is implausible: then the unit is not the declared one.
    """
    valid = np.isfinite(stored) & (stored > 0)
    depth = np.where(valid, stored / np.float32(units_per_metre), 0).astype(np.float32)
    median = float(np.median(depth[valid])) if valid.any() else 1.0
    if not PLAUSIBLE_DEPTH[0] <= median <= PLAUSIBLE_DEPTH[1]:
        raise DepthUnitError(
            f"{where}: the median depth would be {median:.3g} m with {units_per_metre:g} units to the metre; "
            "give the right one with --depth-scale, or as depth_scale in scene.json",
            median,
        )
    return depth


def read_matrix(path: File, size: int) -> npt.NDArray[np.float64]:
    """Return a (size, size) matrix from a text file; raises InputError for any other content."""
    text = read_text(path, MATRIX_BYTES)
    try:
        matrix = np.loadtxt(text.splitlines(), dtype=np.float64, ndmin=2)
    except ValueError as error:
        raise InputError(f"{path} is not a {size}x{size} matrix of numbers: {error}") from error
    if matrix.shape == (1, size * size):
        matrix = matrix.reshape(size, size)
    if matrix.shape != (size, size) or not np.isfinite(matrix).all():
        raise InputError(f"{path} must hold a finite {size}x{size} matrix, got shape {matrix.shape}")
    return matrix


def read_rigid_transform(path: File) -> npt.NDArray[np.float64]:
    """Return a (4, 4) rotation and translation; raises InputError for anything else (a lost camera writes inf)."""
    return rigid_transform(read_matrix(path, 4), path)


def rigid_transform(transform: npt.NDArray[np.float64], where: object) -> npt.NDArray[np.float64]:
    """Return `transform` (4, 4) if it is a rotation and a translation; raises InputError that names `where`."""
    rotation = transform[:3, :3]
    if not np.isfinite(transform).all():
        raise InputError(f"{where}: the camera was lost here: its pose is not finite")
    if np.abs(rotation @ rotation.T - np.eye(3)).max() > 0.02 or np.linalg.det(rotation) < 0:
        raise InputError(f"{where} is not a rigid camera-to-world transform: its 3x3 part is no rotation")
    return transform


def read_intrinsics(path: File) -> npt.NDArray[np.float64]:
    """Return a (3, 3) pinhole matrix in pixels, from 3x3, 4x4 or the numbers fx fy cx cy; raises InputError."""
    count = len(read_text(path, MATRIX_BYTES).split())
    if count == 4:
        fx, fy, cx, cy = read_matrix(path, 2).ravel().tolist()
        return pinhole(fx, fy, cx, cy, path)
    intrinsics = read_matrix(path, 4)[:3, :3] if count == 16 else read_matrix(path, 3)
    if intrinsics[0, 0] <= 0 or intrinsics[1, 1] <= 0 or abs(intrinsics[2, 2] - 1) > 1e-6:
        raise InputError(f"{path} is no pinhole matrix [[fx 0 cx] [0 fy cy] [0 0 1]]: {intrinsics.tolist()}")
    return intrinsics


def pinhole(fx: float, fy: float, cx: float, cy: float, where: object) -> npt.NDArray[np.float64]:
    """Return the (3, 3) matrix of a pinhole camera in pixels; raises InputError for what cannot be one."""
    values = np.array([fx, fy, cx, cy], np.float64)
    if not np.isfinite(values).all() or min(fx, fy) <= 0:
        raise InputError(f"{where} is no pinhole camera: fx {fx}, fy {fy}, cx {cx}, cy {cy}")
    return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]], np.float64)


def registered_depth(
    depth: npt.NDArray[np.float32], rgb: npt.NDArray[np.uint8], where: object
) -> npt.NDArray[np.float32]:
    """Return `depth` (h, w) at the size of `rgb` (H, W, 3), by nearest neighbour: a mean would be in mid-air.

    Phones store depth smaller than colour, over the same field of view. Raises InputError where the shapes differ.
    """
    height, width = rgb.shape[:2]
    if not same_view(depth.shape, rgb.shape):
        turn = "; turn one of them by a quarter" if same_view(depth.shape, (width, height)) else ""
        raise InputError(f"{where}: depth {depth.shape} and colour {(height, width)} do not show the same view{turn}")
    return same_size(depth, (height, width))


def same_view(shape: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Return whether two images (h, w) have the same proportions, within 2 %."""
    return bool(abs(shape[1] / shape[0] - other[1] / other[0]) <= 0.02 * other[1] / other[0])


def same_size(values: npt.NDArray[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """Return `values` (h, w) stretched to `shape` (H, W) by nearest neighbour."""
    if values.shape == shape:
        return values
    rows = (np.arange(shape[0]) + 0.5) * values.shape[0] // shape[0]
    columns = (np.arange(shape[1]) + 0.5) * values.shape[1] // shape[1]
    return values[rows.astype(int)[:, None], columns.astype(int)]


def depth_seen_by(
    intrinsics: npt.NDArray[np.float64],
    shape: tuple[int, int],
    depth: npt.NDArray[np.float32],
    depth_intrinsics: npt.NDArray[np.float64],
) -> npt.NDArray[np.float32]:
    """Return (H, W) depth for a camera of `intrinsics` and `shape` in the place of the depth camera.

    Each pixel takes the depth pixel (h, w) that its ray meets, 0 where there is none.
    """
    depth_from_color = depth_intrinsics @ np.linalg.inv(intrinsics)
    columns = np.round(np.arange(shape[1]) * depth_from_color[0, 0] + depth_from_color[0, 2]).astype(int)
    rows = np.round(np.arange(shape[0]) * depth_from_color[1, 1] + depth_from_color[1, 2]).astype(int)
    seen_rows, seen_columns = (rows >= 0) & (rows < depth.shape[0]), (columns >= 0) & (columns < depth.shape[1])
    seen = depth[rows.clip(0, depth.shape[0] - 1)[:, None], columns.clip(0, depth.shape[1] - 1)]
    return np.where(seen_rows[:, None] & seen_columns, seen, np.float32(0))


def read_confidence(path: File, least: int) -> npt.NDArray[np.bool_]:
    """Return (h, w) which pixels of a one-channel confidence image reach `least`; raises InputError."""
    stored = np.asarray(_opened(path, None))
    if stored.ndim != 2:
        raise InputError(f"{path}: confidence must be an image of one channel, got {stored.shape}")
    return stored >= least


def decode_color(content: bytes, where: object) -> npt.NDArray[np.uint8]:
    """Return the image in `content`, a whole image file, as (H, W, 3) uint8 RGB; raises InputError."""
    return np.asarray(_decoded(content, "RGB", where), np.uint8)


def _opened(path: File, mode: str | None) -> Image.Image:
    return _decoded(read_bytes(path), mode, path)


def _decoded(content: bytes, mode: str | None, path: object, *, upright: bool = False) -> Image.Image:
    """Return an image as it is stored, or `upright` as its EXIF orientation says that it is looked at."""
    import warnings

    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit below is ours, and lower
            with Image.open(io.BytesIO(content), formats=IMAGE_FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise InputError(
                        f"{path} has {image.width}x{image.height} pixels; images of more than "
                        f"{MAX_PIXELS // 1_000_000} million pixels are not read: shrink it"
                    )
                shown = ImageOps.exif_transpose(image) if upright else image
                return shown.convert(mode) if mode else shown.copy()
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise InputError(f"{path} cannot be read as an image: {error}") from error
