"""What the depth of one frame says of surfaces, measured once for the pixel network and for the regions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core3d_search.indexer.frames import Frame
from core3d_search.indexer.planes import Structure
from core3d_search.indexer.surfaces import back_project, filled, normals


@dataclass(frozen=True, eq=False)
class FrameSurfaces:
    """Surfaces in camera axes (x right, y down, z forward), all float32.

    `depth` (H, W) metres, without small holes and single outliers; `valid` where there is any; `inverse` (H, W) one
    over it; `points` (H, W, 3) metres; `normals` (H, W, 3) unit, facing the camera, zeros where there is no depth;
    `structure` that of the scene, in camera axes, and `off_planes` (K, H, W) metres from each of its planes.
    """

    depth: npt.NDArray[np.float32]
    valid: npt.NDArray[np.bool_]
    inverse: npt.NDArray[np.float32]
    points: npt.NDArray[np.float32]
    normals: npt.NDArray[np.float32]
    structure: Structure
    off_planes: npt.NDArray[np.float32]

    @classmethod
    def of(cls, frame: Frame, structure: Structure | None, *, smooth: bool = True) -> FrameSurfaces:
        """Return the surfaces of `frame`; without a `structure`, up is where the top of the image is.

        `smooth` takes single outliers away, and with them what is one or two pixels thin.
        """
        depth = filled(frame.depth)
        if smooth:
            depth = median_of_nine(depth)
        valid = depth > 0
        inverse = np.divide(1, np.maximum(depth, 0.1), where=valid, out=np.zeros_like(depth))
        points = back_project(depth, frame.intrinsics)
        if structure is None:
            structure = Structure(-frame.world_from_camera[:3, 1])
        seen = structure.from_camera(frame.world_from_camera)
        return cls(depth, valid, inverse, points, normals(depth, frame.intrinsics), seen, seen.distances(points))


def median_of_nine(image: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return (H, W) the median of each pixel of `image` (H, W) and its eight neighbours, mirrored at the border.

    Of three sorted columns, the median of nine is the median of the largest of the least, the median of the middle
    ones and the least of the largest (Smith, Implementing median filters in XC4000E FPGAs, 1996).
    """
    padded = np.pad(image, 1, mode="symmetric")
    a, b, c = padded[:-2], padded[1:-1], padded[2:]
    low, high = np.minimum(a, b), np.maximum(a, b)
    least, most = np.minimum(low, c), np.maximum(high, c)
    middle = np.maximum(low, np.minimum(high, c))

    def beside(columns: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], ...]:
        return columns[:, :-2], columns[:, 1:-1], columns[:, 2:]

    left, center, right = beside(least)
    largest = np.maximum(np.maximum(left, center), right)
    left, center, right = beside(most)
    smallest = np.minimum(np.minimum(left, center), right)
    return _median_of_three(largest, _median_of_three(*beside(middle)), smallest)


def _median_of_three(
    a: npt.NDArray[np.float32], b: npt.NDArray[np.float32], c: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    median: npt.NDArray[np.float32] = np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c))
    return median
