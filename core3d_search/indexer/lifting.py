"""Detections to observations: mask pixels with trustworthy depth as world points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import checked
from core3d_search.errors import InputError
from core3d_search.geometry import thin
from core3d_search.indexer.config import LiftConfig
from core3d_search.indexer.detections import Detections, PackedMask
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.surfaces import back_project, jumps, to_world


@dataclass(frozen=True, eq=False)
class Observation:
    """One detection in 3D.

    `frame` is the frame's index; `box` (4,) xyxy pixels; `score` in [0, 1]; `level` 1 to 6; `points` (P, 3) float32
    world metres, one a voxel; `colors` (P, 3) uint8 RGB; `mask` the pixels it was seen at, `pixel_count` of them;
    `at_border` whether the mask touches the image border, so that more of the thing may lie outside; `depth_m` median
    distance along the optical axis; `sharpness` the RMS of the Laplacian of the grey image (0 to 255) in the mask,
    which blur lowers (Pech-Pacheco et al., ICPR 2000); `embedding` (D,) float32 unit, only where fusion is asked to
    compare looks.
    """

    frame: int
    box: npt.NDArray[np.float32]
    score: float
    level: int
    points: npt.NDArray[np.float32]
    colors: npt.NDArray[np.uint8]
    mask: PackedMask
    pixel_count: int
    at_border: bool
    depth_m: float
    sharpness: float = 1.0
    embedding: npt.NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "box", checked("box", self.box, (4,), np.float32))
        object.__setattr__(self, "points", checked("points", self.points, (None, 3), np.float32))
        object.__setattr__(self, "colors", checked("colors", self.colors, (len(self.points), 3), np.uint8))
        if self.embedding is not None:
            object.__setattr__(self, "embedding", checked("embedding", self.embedding, (None,), np.float32))


def lift(frame: Frame, detections: Detections, config: LiftConfig) -> list[Observation]:
    """Return the observations of `detections`, in order; those with too few points are left out.

    Ignored are pixels without depth, beyond the range, beside a jump of depth, and on the rim of the mask. Raises
    InputError that names the frame.
    """
    if not np.isfinite(frame.world_from_camera).all():
        raise InputError(f"frame {frame.index}: world_from_camera is not finite")
    usable = (frame.depth > 0) & (frame.depth <= config.max_range_m)
    if config.step_ratio > 0:
        usable &= ~jumps(frame.depth, config.step_ratio)
    curvature = _curvature(frame.rgb)
    camera_points = back_project(frame.depth, frame.intrinsics)
    height, width = frame.depth.shape
    observations = []
    for mask, box, score, level in zip(
        detections.masks, detections.boxes, detections.scores, detections.levels, strict=True
    ):
        rows, columns = np.nonzero(_without_rim(mask, box, config.erode_px) & usable)
        if not len(rows):
            continue
        world = to_world(camera_points[rows, columns], frame.world_from_camera)
        points, colors = thin(world, config.voxel_m, frame.rgb[rows, columns])
        if len(points) < config.min_points:
            continue
        at_border = bool(box[0] <= 0 or box[1] <= 0 or box[2] >= width or box[3] >= height)
        observations.append(
            Observation(
                frame.index,
                box,
                float(score),
                int(level),
                points,
                colors,
                PackedMask.of(mask, box),
                int(mask.sum()),
                at_border,
                float(np.median(frame.depth[rows, columns])),
                float(np.sqrt(curvature[rows, columns].mean())),
            )
        )
    return observations


def _curvature(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return (H, W) the squared Laplacian of the grey image."""
    from scipy.ndimage import laplace

    squared: npt.NDArray[np.float32] = np.square(laplace(rgb.mean(axis=2, dtype=np.float32)))
    return squared


def _without_rim(mask: npt.NDArray[np.bool_], box: npt.NDArray[np.float32], rim: int) -> npt.NDArray[np.bool_]:
    """Return `mask` without a rim of so many pixels, or as it is where less than half of it would remain."""
    if rim == 0:
        return mask
    from scipy.ndimage import binary_erosion

    x0, y0, x1, y1 = (int(value) for value in box)
    inner = np.zeros_like(mask)
    inner[y0:y1, x0:x1] = binary_erosion(mask[y0:y1, x0:x1], iterations=rim)
    return inner if 2 * inner.sum() >= mask.sum() else mask
