"""What a depth camera adds and loses: noise that grows with distance, steps, and holes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def noisy_depth(
    depth: Floats, slope: Floats, dark: npt.NDArray[np.bool_], shiny: npt.NDArray[np.bool_], rng: np.random.Generator
) -> Floats:
    """Return depth (H, W) in metres as a structured-light camera would report it, in whole millimetres.

    Axial noise is sigma(z) = 0.0012 + 0.0019 (z - 0.4)^2 metres (Nguyen, Izadi, Lovell, "Modeling Kinect Sensor Noise
    for Improved 3D Reconstruction and Tracking", 3DIMPVT 2012, eq. 4), correlated over 2 pixels. Holes: beside depth
    steps, where the surface turns away (`slope`, the cosine to the ray, below about 0.12), in blotches on `dark` and
    `shiny` surfaces, beyond 8 m and nearer than 0.35 m.
    """
    sigma = np.float32(0.0012) + np.float32(0.0019) * (depth - np.float32(0.4)) ** 2
    grain = rng.standard_normal(depth.shape, np.float32)
    grain = (grain + np.roll(grain, 1, 0) + np.roll(grain, 1, 1) + np.roll(grain, (1, 1), (0, 1))) / np.float32(2)
    noisy = depth + sigma * grain
    patches = _patches(depth.shape, rng)
    step = np.zeros(depth.shape, bool)
    limit = 0.03 * depth
    for axis in (0, 1):
        jump = np.abs(np.diff(depth, axis=axis)) > (limit[1:] if axis == 0 else limit[:, 1:])
        pad_low = ((1, 0), (0, 0)) if axis == 0 else ((0, 0), (1, 0))
        pad_high = ((0, 1), (0, 0)) if axis == 0 else ((0, 0), (0, 1))
        step |= np.pad(jump, pad_low) | np.pad(jump, pad_high)
    lost = step & (patches > 0.35)
    lost |= slope < 0.12 * patches + 0.03
    lost |= dark & (patches > 0.72)
    lost |= shiny & (patches > 0.62)
    lost |= (depth < 0.35) | (depth > 8.0)
    return np.where(lost, 0, np.round(noisy * 1000) / 1000).astype(np.float32)


def noisy_color(rgb: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Return the image with a slight white-balance error and grain of 1 to 3 gray levels."""
    balance = rng.normal(1, 0.015, 3).astype(np.float32)
    grain = np.float32(rng.uniform(0.8, 2.6)) * rng.standard_normal(rgb.shape[:2], np.float32)
    return np.clip(rgb * balance + grain[..., None], 0, 255).astype(np.uint8)


def _patches(shape: tuple[int, ...], rng: np.random.Generator) -> npt.NDArray[Any]:
    """Return blotches in [0, 1] of about 8 pixels with fine grain."""
    coarse = rng.random((shape[0] // 8 + 1, shape[1] // 8 + 1)).astype(np.float32)
    grown = np.repeat(np.repeat(coarse, 8, 0), 8, 1)[: shape[0], : shape[1]]
    return 0.6 * grown + 0.4 * rng.random(shape, dtype=np.float32)
