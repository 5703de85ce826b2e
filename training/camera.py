"""What a real camera does to a clean picture: light, white balance, lens, motion, noise, few pixels, JPEG."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

Pixels = npt.NDArray[np.uint8]


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
