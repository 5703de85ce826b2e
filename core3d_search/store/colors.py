"""The colours of an object in two numbers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def summarise_colors(colors: npt.NDArray[np.uint8]) -> tuple[int, int]:
    """Return the mean and the dominant of (P, 3) RGB colours as 0xRRGGBB; black for none.

    Dominant is the mean of the fullest of 8 x 8 x 8 equal bins, the darkest of equals.
    """
    if not len(colors):
        return 0, 0
    bins = (colors >> 5).astype(np.int64) @ np.array([64, 8, 1])
    fullest = bins == np.bincount(bins).argmax()
    mean, dominant = (np.rint(group.mean(axis=0, dtype=np.float64)) for group in (colors, colors[fullest]))
    return _packed(mean), _packed(dominant)


def unpacked(packed: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """Return (N, 3) RGB of N colours 0xRRGGBB."""
    channels: npt.NDArray[np.int64] = (packed[:, None] >> np.array([16, 8, 0])) & 255
    return channels.astype(np.uint8)


def _packed(rgb: npt.NDArray[np.float64]) -> int:
    return int(rgb @ np.array([1 << 16, 1 << 8, 1]))
