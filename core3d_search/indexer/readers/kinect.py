"""Colour and depth of a first Kinect as its factory leaves them: two cameras side by side, neither registered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Floats
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.surfaces import filled

COLOR_FOCAL_PX = 525.0
"""Of a 640 x 480 picture (OpenNI's factory value); depth has 585."""
COLOR_OFFSET_M = -0.025
"""What is added to a point's x (right) to have it before the colour camera, 25 mm to the right of the depth camera."""
EDGE_PX = 1.5
"""Reach of the derivatives that are compared."""
CLEARLY = 0.05
"""How much better the edges must agree (correlation) for a scan to count as unregistered. On 7-Scenes RedKitchen they
agree by 0.01 as stored and by 0.18 when registered."""


def color_pixels(points: Floats, intrinsics: Floats) -> Floats:
    """Return (N, 2) where the colour camera sees `points` (N, 3), metres before the depth camera of `intrinsics`."""
    moved = points[:, :2] + (COLOR_OFFSET_M, 0)
    found: Floats = COLOR_FOCAL_PX * moved / points[:, 2:] + intrinsics[:2, 2]
    return found


def registered(frame: Frame) -> Frame:
    """Return the frame with the colour that each pixel of depth has in the picture beside it.

    Pixels without depth are taken to be as far as the middle of those that have some.
    """
    height, width = frame.depth.shape
    depth = filled(frame.depth)
    known = depth[depth > 0]
    if not known.size:
        return frame
    depth = np.where(depth > 0, depth, np.median(known))
    focal, (across, down) = frame.intrinsics[0, 0], frame.intrinsics[:2, 2]
    columns = (np.arange(width) - across) * (COLOR_FOCAL_PX / focal) + across + COLOR_FOCAL_PX * COLOR_OFFSET_M / depth
    rows = (np.arange(height) - down) * (COLOR_FOCAL_PX / frame.intrinsics[1, 1]) + down
    column = np.clip(np.round(columns), 0, width - 1).astype(np.intp)
    row = np.clip(np.round(rows), 0, height - 1).astype(np.intp)
    return replace(frame, rgb=np.ascontiguousarray(frame.rgb[row[:, None], column]))


def is_unregistered(frames: Sequence[Frame]) -> bool:
    """Return whether the edges of colour and depth agree clearly better once `frames` are registered."""
    stored, moved = (np.mean([_agreement(one) for one in some]) for some in (frames, [registered(f) for f in frames]))
    return bool(moved > stored + CLEARLY)


def _agreement(frame: Frame) -> float:
    """Return the correlation of how steep brightness and inverse depth are, 0 where either is flat."""
    from scipy.ndimage import gaussian_gradient_magnitude

    depth = filled(frame.depth)
    inverse = np.divide(1, depth, out=np.zeros_like(depth), where=depth > 0)
    steep = gaussian_gradient_magnitude(inverse, EDGE_PX) * (depth > 0)
    bright = gaussian_gradient_magnitude(np.log(frame.rgb.mean(axis=2, dtype=np.float32) + 8), EDGE_PX)
    inner = (slice(20, -20), slice(30, -30))  # what registering repeats at the border says nothing
    return _correlation(*(np.minimum(image, np.quantile(image, 0.98))[inner].ravel() for image in (steep, bright)))


def _correlation(a: npt.NDArray[np.float32], b: npt.NDArray[np.float32]) -> float:
    if a.size < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])
