"""Takes the distortion of a lens out of an image, so that every frame is that of a pinhole camera."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Lens:
    """How a lens bends rays, by the models of OpenCV (docs.opencv.org, Camera Calibration and fisheye).

    `fisheye` False: `coefficients` are k1, k2, p1, p2, k3, k4, k5, k6, of which the first may stand alone (Brown's
    model, rational from k4 on). True: k1 to k4 of the equidistant model.
    """

    coefficients: tuple[float, ...]
    fisheye: bool = False

    @property
    def bends(self) -> bool:
        """Whether there is anything to undo."""
        return self.fisheye or any(self.coefficients)

    def distorted(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return where the lens shows the ray (x, y, 1), as coordinates on the plane z = 1."""
        if self.fisheye:
            k1, k2, k3, k4 = self._padded(4)
            radius = np.hypot(x, y)
            angle = np.arctan(radius)
            square = angle * angle
            bent = angle * (1 + square * (k1 + square * (k2 + square * (k3 + square * k4))))
            factor = np.divide(bent, radius, out=np.ones_like(radius), where=radius > 1e-9)
            return x * factor, y * factor
        k1, k2, p1, p2, k3, k4, k5, k6 = self._padded(8)
        square = x * x + y * y
        factor = (1 + square * (k1 + square * (k2 + square * k3))) / (1 + square * (k4 + square * (k5 + square * k6)))
        return (
            x * factor + 2 * p1 * x * y + p2 * (square + 2 * x * x),
            y * factor + p1 * (square + 2 * y * y) + 2 * p2 * x * y,
        )

    def _padded(self, count: int) -> tuple[float, ...]:
        return (*self.coefficients, *([0.0] * count))[:count]


def undistorted(
    rgb: npt.NDArray[np.uint8], depth: npt.NDArray[np.float32], intrinsics: Floats, lens: Lens
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """Return colour (H, W, 3) and depth (H, W) as the pinhole camera of the same `intrinsics` sees them.

    Colour is interpolated; depth takes the nearest pixel, since a mean of two depths is a point in mid-air. Pixels
    that the lens did not see are black, without depth.
    """
    from scipy.ndimage import map_coordinates

    height, width = depth.shape
    rows, columns = _places(tuple(intrinsics.ravel().tolist()), lens, height, width)
    planes = [
        map_coordinates(rgb[..., c], [rows, columns], order=1, mode="constant", output=np.uint8) for c in range(3)
    ]
    near_row, near_column = np.round(rows).astype(int), np.round(columns).astype(int)
    inside = (near_row >= 0) & (near_row < height) & (near_column >= 0) & (near_column < width)
    straight = np.zeros_like(depth)
    straight[inside] = depth[near_row[inside], near_column[inside]]
    return np.stack(planes, axis=-1), straight


@lru_cache(maxsize=4)
def _places(intrinsics: tuple[float, ...], lens: Lens, height: int, width: int) -> tuple[Floats, Floats]:
    """Return the row and column (H, W) of the distorted image that each pixel of the straight one shows."""
    matrix = np.reshape(intrinsics, (3, 3))
    v, u = np.mgrid[:height, :width].astype(np.float64)
    x, y = lens.distorted((u - matrix[0, 2]) / matrix[0, 0], (v - matrix[1, 2]) / matrix[1, 1])
    return y * matrix[1, 1] + matrix[1, 2], x * matrix[0, 0] + matrix[0, 2]
