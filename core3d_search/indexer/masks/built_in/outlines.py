"""Regions found at half size, their outlines drawn along the edges of the whole image."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core3d_search.indexer.masks.built_in.working_image import HALF, WorkingImage

COLOR_UNIT = 24.0
"""Steps of red, green and blue together (0 to 255) that count 1 in the strength of an edge."""
DEPTH_UNIT = 0.03
"""Relative step of depth that counts 1, up to 3."""


def outlined(labels: npt.NDArray[np.int64], image: WorkingImage) -> npt.NDArray[np.int64]:
    """Return (H, W) the regions `labels` (h, w) of `image` at its full size.

    A pixel whose neighbours at half size all lie in its region stays there; the others are flooded again from these,
    weakest edges of colour and depth first, so that an outline comes to lie where they are strongest. What is too thin
    to have an inside stays as it is.
    """
    from skimage.segmentation import watershed

    unsure = _unsure(labels)
    full = labels.repeat(HALF, axis=0).repeat(HALF, axis=1)
    if not unsure.any():
        return full
    markers = np.where(unsure, 0, labels + 1).repeat(HALF, axis=0).repeat(HALF, axis=1)
    edges = _edges(image)
    around = _dilated(unsure).repeat(HALF, axis=0).repeat(HALF, axis=1)
    flooded = watershed(edges, markers, mask=around)
    found: npt.NDArray[np.int64] = np.where(flooded > 0, flooded - 1, full)
    return found


def _unsure(labels: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Return (h, w) which pixels lie at an outline, and have a neighbour inside their own region."""
    padded = np.pad(labels, 1, "edge")
    height, width = labels.shape
    shifts = [np.s_[row : row + height, column : column + width] for row in range(3) for column in range(3)]
    inside = np.ones(labels.shape, bool)
    for shift in shifts:
        inside &= padded[shift] == labels
    near = np.pad(inside, 1)
    covered = np.zeros(labels.shape, bool)
    for shift in shifts:
        covered |= near[shift] & (padded[shift] == labels)
    unsure: npt.NDArray[np.bool_] = covered & ~inside
    return unsure


def _dilated(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return `mask` (h, w) grown by one pixel, corners included."""
    padded = np.pad(mask, 1)
    rows = padded[:-2] | padded[1:-1] | padded[2:]
    grown: npt.NDArray[np.bool_] = rows[:, :-2] | rows[:, 1:-1] | rows[:, 2:]
    return grown


def _edges(image: WorkingImage) -> npt.NDArray[np.float32]:
    """Return (H, W) the strength of edges of colour and depth across each pixel."""
    rgb, depth = image.rgb.astype(np.int16), image.full_depth
    edges = np.zeros(depth.shape, np.float32)
    for axis in (0, 1):
        colors, depths, inner = (np.moveaxis(values, axis, 0) for values in (rgb, depth, edges))
        color = np.abs(colors[2:] - colors[:-2]).sum(axis=-1, dtype=np.int16).astype(np.float32) / COLOR_UNIT
        low, high = np.minimum(depths[2:], depths[:-2]), np.maximum(depths[2:], depths[:-2])
        step = np.where(low > 0, (high - low) / np.maximum(high, np.float32(0.1)) / np.float32(DEPTH_UNIT), 0)
        np.maximum(inner[1:-1], color + np.minimum(step, 3), out=inner[1:-1])
    return edges
