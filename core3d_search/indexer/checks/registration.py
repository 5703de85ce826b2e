"""Whether colour and depth lie on each other: where the edges of one correlate with the edges of the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.indexer.frames import Frame

FRAMES = 16
REACH_PX = 24
"""How far, in pixels of the compared images, a shift is looked for."""
LEAST_STEP = 0.04
"""Ratio of depths of neighbouring pixels, as a logarithm, from which on there is an edge: twice the noise at 3 m."""
HIGH_PASS_PX = 4.0
"""Edges are compared without their wider surroundings, which correlate over many pixels (clutter with clutter)."""
PEAK_WIDTH_PX = 1.5


@dataclass(frozen=True)
class Shift:
    """How far colour lies right of and below depth, in shares of the image's width, and how sure that is.

    `peak` is the height of the correlation's peak in its standard deviations: 10 for exact images, 3 is nothing.
    """

    right: float
    down: float
    peak: float


def colour_shift(frames: Sequence[Frame]) -> Shift:
    """Return the shift of colour against depth over frames of one size."""
    from scipy.ndimage import gaussian_filter

    total: Any = 0.0
    for frame in frames[:: -(-len(frames) // FRAMES) or 1]:
        for depth_edges, colour_edges in zip(_depth_edges(frame.depth), _colour_edges(frame.rgb), strict=True):
            spectrum = np.fft.fft2(colour_edges) * np.conj(np.fft.fft2(depth_edges))
            total = total + np.fft.ifft2(spectrum).real
    centred = np.fft.fftshift(total)
    row, column = centred.shape[0] // 2, centred.shape[1] // 2
    reach = min(REACH_PX, row - 1, column - 1)
    window = gaussian_filter(centred[row - reach : row + reach + 1, column - reach : column + reach + 1], PEAK_WIDTH_PX)
    down, right = np.subtract(np.unravel_index(window.argmax(), window.shape), reach)
    peak = (window.max() - np.median(window)) / (window.std() + 1e-12)
    return Shift(float(right) / centred.shape[1], float(down) / centred.shape[1], float(peak))


def _depth_edges(depth: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return steps of depth to the right and down, (h, w) each; holes take the nearest depth first."""
    from scipy.ndimage import distance_transform_edt, median_filter

    if not (depth > 0).any():
        return np.zeros(depth.shape), np.zeros(depth.shape)
    nearest = distance_transform_edt(depth <= 0, return_distances=False, return_indices=True)
    logarithm = np.log(median_filter(depth[tuple(nearest)], 3))
    right, down = _steps(logarithm)
    return _sharpened(np.minimum(right, 0.3) * (right > LEAST_STEP)), _sharpened(
        np.minimum(down, 0.3) * (down > LEAST_STEP)
    )


def _colour_edges(rgb: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return steps of brightness to the right and down, (h, w) each, the strongest twentieth cut off."""
    from scipy.ndimage import gaussian_filter

    right, down = _steps(gaussian_filter(np.log1p(rgb.astype(np.float64).mean(axis=2)), 0.7))
    return _sharpened(np.minimum(right, np.percentile(right, 95))), _sharpened(
        np.minimum(down, np.percentile(down, 95))
    )


def _steps(values: npt.NDArray[Any]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    right, down = np.zeros(values.shape), np.zeros(values.shape)
    right[:, 1:] = np.abs(np.diff(values, axis=1))
    down[1:] = np.abs(np.diff(values, axis=0))
    return right, down


def _sharpened(edges: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    from scipy.ndimage import gaussian_filter

    sharp: npt.NDArray[np.float64] = edges - gaussian_filter(edges, HIGH_PASS_PX)
    return (sharp - sharp.mean()) / (sharp.std() + 1e-9)
