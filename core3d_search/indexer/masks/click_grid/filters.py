"""Filters of an automatic mask generator, in NumPy: grid, stability, boxes, greedy suppression, small regions.

Source: docs/semantic-sam.md, section 8; Kirillov et al., "Segment Anything", ICCV 2023, appendix B.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image
from torch import Tensor

Masks = npt.NDArray[np.bool_]
Boxes = npt.NDArray[np.float32]


def grid_points(per_side: int) -> npt.NDArray[np.float64]:
    """Return (per_side ** 2, 2): the centres x, y in [0, 1] of a regular grid, x running fastest."""
    centres = (np.arange(per_side) + 0.5) / per_side
    return np.stack([np.tile(centres, per_side), np.repeat(centres, per_side)], axis=1)


def stability(logits: Tensor, offset: float) -> npt.NDArray[np.float32]:
    """Return (M,): pixels above +offset by pixels above -offset of `logits` (M, H, W); NaN where there are none."""
    with np.errstate(invalid="ignore"):
        return np.divide(count(logits > offset), count(logits > -offset), dtype=np.float32)


def count(masks: Tensor) -> npt.NDArray[np.int64]:
    """Return (M,): the true pixels of `masks` (M, H, W)."""
    if masks.device.type == "cpu":  # NumPy counts bytes some twenty times faster than torch sums them
        return np.array([np.count_nonzero(mask) for mask in masks.numpy()], np.int64)
    return masks.sum(dim=(1, 2)).cpu().numpy()


def inclusive_boxes(masks: Masks) -> Boxes:
    """Return (M, 4): first column, first row, last column, last row of `masks` (M, H, W); zeros for an empty mask."""
    boxes = np.zeros((len(masks), 4), np.float32)
    for box, mask in zip(boxes, masks, strict=True):
        columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
        if len(columns):
            box[:] = columns[0], rows[0], columns[-1], rows[-1]
    return boxes


def suppress(boxes: Boxes, scores: npt.NDArray[np.floating], threshold: float) -> npt.NDArray[np.int64]:
    """Return the positions that greedy non-maximum suppression keeps, best score first, ties in their given order.

    A box goes when its IoU with a better kept one exceeds `threshold`. `boxes` (M, 4) xyxy; one without area has an
    undefined IoU with its like, and stays.
    """
    order = np.argsort(-scores, kind="stable")
    x0, y0, x1, y1 = boxes[order].T
    areas = (x1 - x0) * (y1 - y0)
    alive = np.ones(len(order), bool)
    for i in range(len(order)):
        if not alive[i]:
            continue
        rest = slice(i + 1, None)
        width = np.minimum(x1[i], x1[rest]) - np.maximum(x0[i], x0[rest])
        height = np.minimum(y1[i], y1[rest]) - np.maximum(y0[i], y0[rest])
        shared = np.maximum(width, 0) * np.maximum(height, 0)
        with np.errstate(invalid="ignore"):
            alive[rest] &= ~(shared / (areas[i] + areas[rest] - shared) > threshold)
    return order[alive]


def without_small_regions(mask: Masks, min_area: int) -> tuple[Masks, bool]:
    """Fill holes, then drop islands, of fewer than `min_area` pixels; return the mask and whether it changed.

    Pixels that touch at a corner are connected. Where every island is small the largest stays.
    """
    filled, holes = _without_small_parts(~mask, min_area, keep_largest=False)
    cleaned, islands = _without_small_parts(~filled, min_area, keep_largest=True)
    return cleaned, holes or islands


def _without_small_parts(mask: Masks, min_area: int, keep_largest: bool) -> tuple[Masks, bool]:
    from scipy.ndimage import label  # 0.2 s to import

    parts, _ = label(mask, structure=np.ones((3, 3), int))
    areas = np.bincount(parts.ravel())
    keep = areas >= min_area
    keep[0] = False  # what is outside the mask
    if keep[1:].all():
        return mask, False
    if keep_largest and not keep.any():
        keep[1 + np.argmax(areas[1:])] = True
    return keep[parts], True


def resize_mask(mask: Masks, size: tuple[int, int]) -> Masks:
    """Return `mask` (H, W) at `size` (h, w): a pixel is inside where the mask covers at least half of it."""
    if mask.shape == size:
        return mask
    grey = Image.fromarray(mask.astype(np.uint8) * 255)
    return np.asarray(grey.resize((size[1], size[0]), Image.Resampling.BILINEAR)) >= 128
