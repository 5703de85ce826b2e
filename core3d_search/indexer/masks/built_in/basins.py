"""Basins of a height image: where each drop of rain runs to."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def basins(heights: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Return (H, W) the basin of each pixel of `heights` (H, W), numbered from 0 in the order of their lowest pixels.

    A pixel belongs with the lowest of its eight neighbours, and so on down to a local minimum: the watershed by rain
    (Vincent and Soille 1991, section II), without a queue. Of pixels equally high the first in the image is the lower.
    """
    height, width = heights.shape
    numbers = np.arange(height * width, dtype=np.int32).reshape(height, width)
    lowest, towards = heights.copy(), numbers.copy()
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            if not (down or right):
                continue
            here = (_inside(down, height), _inside(right, width))
            there = (_inside(-down, height), _inside(-right, width))
            earlier = down * width + right < 0
            lower = (np.less_equal if earlier else np.less)(heights[there], lowest[here])
            np.copyto(lowest[here], heights[there], where=lower)
            np.copyto(towards[here], numbers[there], where=lower)
    flow = towards.ravel()
    while True:
        farther = flow[flow]
        if np.array_equal(farther, flow):
            break
        flow = farther
    bottom = np.zeros(flow.size, bool)
    bottom[flow] = True
    labels: npt.NDArray[np.int64] = (np.cumsum(bottom) - 1)[flow].reshape(height, width)
    return labels


def _inside(offset: int, size: int) -> slice:
    """Return the pixels along an axis of `size` that have a neighbour at `offset`, -1 to 1."""
    return slice(max(0, -offset), size - max(0, offset))
