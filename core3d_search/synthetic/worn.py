"""What a worn camera makes of a clean frame: light, white balance, lens, motion, noise, few pixels and JPEG in colour;
the projector's shadows, ragged edges, steps and holes in depth."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from core3d_search.synthetic.render import RenderedFrame

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

BASELINE_M, DISPARITY_STEPS = 0.075, 8
"""Metres between camera and projector, and steps to a pixel of disparity: the first Kinect's (Khoshelham and Elberink,
Accuracy and Resolution of Kinect Depth Data, Sensors 12, 2012)."""
LONGEST_SHADOW_PX = 28


def worn_frame(frame: RenderedFrame, rng: np.random.Generator) -> RenderedFrame:
    """Return a frame as a worn camera takes it; colour lies up to two pixels beside depth and truth."""
    depth = worn_depth(frame.depth, frame.rgb, float(frame.intrinsics[0, 0]), rng)
    return replace(frame, rgb=beside(photographed(frame.rgb, rng), rng), depth=depth)


def beside(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Return a picture (H, W, 3) moved by up to two pixels each way, its border repeated."""
    down, right = rng.integers(0, 5, 2)
    height, width = pixels.shape[:2]
    padded = np.pad(pixels, ((2, 2), (2, 2), (0, 0)), mode="edge")
    return np.ascontiguousarray(padded[down : down + height, right : right + width])


def photographed(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Return a picture (H, W, 3) as a worse camera might have taken it; sometimes it stays as it is."""
    if rng.random() < 0.1:
        return pixels
    x = (pixels.astype(np.float32) / 255) ** np.float32(rng.uniform(0.75, 1.35))
    x *= np.exp(rng.normal(0, 0.18) + rng.normal(0, 0.06, 3)).astype(np.float32)
    if rng.random() < 0.3:  # haze and low contrast
        x = x * np.float32(rng.uniform(0.7, 1)) + np.float32(rng.uniform(0, 0.12))
    if rng.random() < 0.25:
        gray = x.mean(axis=2, keepdims=True)
        x = gray + np.float32(rng.uniform(0.5, 1.3)) * (x - gray)
    image = Image.fromarray(np.clip(255 * x, 0, 255).astype(np.uint8))
    width, height = image.size
    if rng.random() < 0.35:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 1.8)))
    if rng.random() < 0.15:
        image = motion(image, int(rng.integers(2, 6)), bool(rng.random() < 0.5))
    if rng.random() < 0.25:
        share = rng.uniform(0.4, 0.9)
        image = image.resize((round(width * share), round(height * share)), Image.Resampling.BILINEAR)
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    if rng.random() < 0.5:
        noisy = np.asarray(image, np.float32) + rng.normal(0, rng.uniform(2, 14), (height, width, 3))
        if rng.random() < 0.3:  # rolling noise: lines that share an error
            noisy += rng.normal(0, rng.uniform(1, 5), (height, 1, 1))
        image = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
    if rng.random() < 0.6:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=int(rng.integers(25, 95)))
        image = Image.open(buffer)
    return np.array(image.convert("RGB"))


def motion(image: Image.Image, length: int, across: bool) -> Image.Image:
    """Return the image smeared over `length` pixels, along its rows or (`across`) columns."""
    x = np.asarray(image, np.float32)
    total = sum(np.roll(x, shift - length // 2, axis=0 if across else 1) for shift in range(length))
    return Image.fromarray(np.clip(total / length, 0, 255).astype(np.uint8))


def worn_depth(depth: Floats, rgb: Pixels, focal_px: float, rng: np.random.Generator) -> Floats:
    """Return depth (H, W) in metres, 0 = none, as a structured-light camera with a projector beside it loses it.

    What stands in front grows ragged over its edges; beside it lies the projector's shadow, as wide as the difference
    of the disparities; disparity comes in steps; what is dark, far or at the image's sides is lost, and blotches of the
    rest. Some pictures lose little.
    """
    wear = float(rng.uniform(0.2, 1))
    blotches = smooth_noise(depth.shape, 12, rng)
    known = np.where(depth > 0, depth, np.inf).astype(np.float32)
    for _ in range(int(rng.integers(3))):
        known = np.where(smooth_noise(depth.shape, 5, rng) < 0.6 * wear, nearest_beside(known), known)
    disparity = focal_px * BASELINE_M / known
    lost = shadowed(disparity, 1 if rng.random() < 0.5 else -1) if rng.random() < 0.8 else np.zeros(depth.shape, bool)
    steps = np.round(disparity * DISPARITY_STEPS) / DISPARITY_STEPS
    found = np.divide(focal_px * BASELINE_M, steps, out=np.zeros_like(known), where=steps > 0)
    lost |= (rgb.max(axis=2) < rng.uniform(10, 45)) & (blotches > 0.35)
    lost |= found > rng.uniform(3.5, 8)
    lost |= blotches > 1 - 0.12 * wear
    side = int(rng.uniform(0, 0.03) * depth.shape[1])
    lost[:, :side] = True
    return np.where(lost | ~np.isfinite(known), 0, found).astype(np.float32)


def shadowed(disparity: Floats, side: int) -> npt.NDArray[np.bool_]:
    """Return which pixels the projector does not reach: those that a nearer one hides from its place at `side`."""
    hidden = np.zeros(disparity.shape, bool)
    for step in range(1, LONGEST_SHADOW_PX):
        beside = np.roll(disparity, side * step, axis=1)
        if side > 0:
            beside[:, :step] = 0
        else:
            beside[:, -step:] = 0
        hidden |= beside - disparity > step
    return hidden


def nearest_beside(depth: Floats) -> Floats:
    """Return the least of each pixel's depth and its four neighbours'."""
    padded = np.pad(depth, 1, mode="edge")
    across = np.minimum(padded[1:-1, :-2], padded[1:-1, 2:])
    return np.minimum(np.minimum(across, np.minimum(padded[:-2, 1:-1], padded[2:, 1:-1])), depth)


def smooth_noise(shape: tuple[int, ...], size_px: int, rng: np.random.Generator) -> Floats:
    """Return (H, W) even noise from 0 to 1 in blotches of about `size_px` pixels."""
    height, width = shape
    coarse = rng.random((height // size_px + 2, width // size_px + 2), np.float32)
    grown = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(grown, np.float32), 0, 1)
