"""Tiling procedural patterns: one bank of gray images in [0, 1] that mixes the two colours of a surface."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

SIZE = 128
LEVELS = 4
Image = npt.NDArray[np.float64]


def _noise(rng: np.random.Generator, *, power: float, stretch: float = 1.0) -> Image:
    """Return tiling noise in [0, 1] with a 1/f^`power` spectrum, drawn out along u by `stretch`."""
    fu = np.fft.fftfreq(SIZE)[None] * SIZE * stretch
    fv = np.fft.fftfreq(SIZE)[:, None] * SIZE
    frequency = np.hypot(fu, fv)
    frequency[0, 0] = 1
    spectrum = np.fft.fft2(rng.normal(size=(SIZE, SIZE))) / frequency**power
    spectrum[0, 0] = 0
    image = np.fft.ifft2(spectrum).real
    clipped: Image = np.clip(0.5 + image / (4 * image.std()), 0, 1)
    return clipped


def _grid() -> tuple[Image, Image]:
    steps = (np.arange(SIZE) + 0.5) / SIZE
    u, v = np.meshgrid(steps, steps)
    return u, v


def _grain(rng: np.random.Generator) -> Image:
    _, v = _grid()
    rings = 0.5 + 0.5 * np.sin(2 * np.pi * (6 * v + 1.6 * _noise(rng, power=1.8, stretch=5)))
    return np.clip(0.55 * rings + 0.45 * _noise(rng, power=0.8, stretch=10), 0, 1)


def _planks(rng: np.random.Generator) -> Image:
    u, v = _grid()
    row = np.floor(v * 4).astype(int)
    shift = np.array([0.0, 0.5, 0.25, 0.75])[row]
    tone = rng.uniform(0, 0.55, (4, 2))[row, np.floor(((u + shift) % 1) * 2).astype(int)]
    seam = ((v * 4) % 1 < 0.04) | (((u + shift) * 2) % 1 < 0.015)
    return np.where(seam, 1.0, np.clip(tone + 0.35 * _grain(rng), 0, 1))


def _herringbone(rng: np.random.Generator) -> Image:
    u, v = _grid()
    block = (np.floor(u * 4) + np.floor(v * 4)).astype(int) % 2
    stripe = np.where(block == 0, (u * 16) % 1, (v * 16) % 1)
    tone = rng.uniform(0, 0.6, 16)[np.where(block == 0, np.floor(u * 16), np.floor(v * 16)).astype(int)]
    return np.where(stripe < 0.1, 1.0, tone + 0.2 * _noise(rng, power=1))


def _tiles(rng: np.random.Generator) -> Image:
    u, v = _grid()
    cell = (np.floor(u * 2) + 2 * np.floor(v * 2)).astype(int)
    grout = ((u * 2) % 1 < 0.035) | ((v * 2) % 1 < 0.035)
    return np.where(grout, 1.0, rng.uniform(0, 0.18, 4)[cell] + 0.08 * _noise(rng, power=1.2))


def _checker(rng: np.random.Generator) -> Image:
    u, v = _grid()
    return ((np.floor(u * 2) + np.floor(v * 2)) % 2) * 0.9 + 0.1 * _noise(rng, power=1)


def _bricks(rng: np.random.Generator) -> Image:
    u, v = _grid()
    row = np.floor(v * 8).astype(int)
    along = u * 4 + 0.5 * (row % 2)
    tone = rng.uniform(0, 0.45, (8, 4))[row, np.floor(along).astype(int) % 4]
    return np.where(((v * 8) % 1 < 0.12) | (along % 1 < 0.05), 1.0, tone + 0.15 * _noise(rng, power=0.8))


def _weave(rng: np.random.Generator) -> Image:
    u, v = _grid()
    over = np.sin(2 * np.pi * 8 * u) * np.sin(2 * np.pi * 8 * v)
    return np.clip(0.4 + 0.35 * over + 0.25 * _noise(rng, power=0.4), 0, 1)


def _wicker(rng: np.random.Generator) -> Image:
    u, v = _grid()
    along = np.abs(np.sin(np.pi * 6 * (v + (np.floor(u * 6) % 2) / 12)))
    return np.clip(1 - along + 0.3 * _noise(rng, power=0.6) - 0.15, 0, 1)


def _leather(rng: np.random.Generator) -> Image:
    fine = _noise(rng, power=1.0)
    return np.clip(0.6 * np.abs(fine - 0.5) * 4 * 0.5 + 0.4 * _noise(rng, power=1.8), 0, 1)


def _stripes(rng: np.random.Generator) -> Image:
    _, v = _grid()
    return np.where((v * 4) % 1 < 0.36, 0.9, 0.0) + 0.1 * _noise(rng, power=0.5)


def _plaid(rng: np.random.Generator) -> Image:
    u, v = _grid()
    return 0.4 * ((u * 2) % 1 < 0.35) + 0.4 * ((v * 2) % 1 < 0.35) + 0.15 * _noise(rng, power=0.4)


def _dots(rng: np.random.Generator) -> Image:
    u, v = _grid()
    v2 = v * 4
    u2 = u * 4 + 0.5 * (np.floor(v2) % 2)
    return (np.hypot(u2 % 1 - 0.5, v2 % 1 - 0.5) < 0.26) * 0.9 + 0.08 * _noise(rng, power=0.5)


def _marble(rng: np.random.Generator) -> Image:
    veins = np.abs(_noise(rng, power=1.6) - 0.5) * 2
    return np.clip(np.exp(-((veins / 0.06) ** 2)) * 0.7 + 0.35 * _noise(rng, power=1.8), 0, 1)


def _ornament(rng: np.random.Generator) -> Image:
    u, v = _grid()
    waves = np.zeros((SIZE, SIZE))
    for _ in range(5):
        a, b = rng.integers(1, 6, 2)
        waves += np.cos(2 * np.pi * a * u) * np.cos(2 * np.pi * b * v) + np.cos(2 * np.pi * b * u) * np.cos(
            2 * np.pi * a * v
        )
    return np.where(waves > 0.8, 0.95, np.where(waves < -1.6, 0.6, 0.0)) + 0.05 * _noise(rng, power=0.4)


def _leaf(rng: np.random.Generator) -> Image:
    u, v = _grid()
    veins = (np.abs(((u + np.abs(v - 0.5)) * 6) % 1 - 0.5) < 0.06) | (np.abs(v - 0.5) < 0.02)
    return np.clip(0.7 * _noise(rng, power=1.4) - 0.3 * veins + 0.1, 0, 1)


def _text(rng: np.random.Generator) -> Image:
    _, v = _grid()
    line = (v * 16) % 1
    words = np.repeat(rng.random((16, 32)) < 0.78, SIZE // 32, axis=1)[np.floor(v * 16).astype(int)[:, 0]]
    return np.where((line > 0.3) & (line < 0.7) & words, 1.0, 0.0)


def _sky(rng: np.random.Generator) -> Image:
    _, v = _grid()
    return np.clip(0.8 * v + 0.25 * (_noise(rng, power=1.9) - 0.5), 0, 1)


PATTERNS: dict[str, Callable[[np.random.Generator], Image]] = {
    "plain": lambda rng: np.zeros((SIZE, SIZE)),
    "plaster": lambda rng: _noise(rng, power=0.9),
    "grain": _grain,
    "planks": _planks,
    "herringbone": _herringbone,
    "tiles": _tiles,
    "checker": _checker,
    "bricks": _bricks,
    "weave": _weave,
    "wicker": _wicker,
    "leather": _leather,
    "stripes": _stripes,
    "plaid": _plaid,
    "dots": _dots,
    "marble": _marble,
    "speckle": lambda rng: np.clip(1.4 * _noise(rng, power=0.3) - 0.2, 0, 1),
    "carpet": lambda rng: np.clip(0.5 * _noise(rng, power=0.2) + 0.5 * _noise(rng, power=1.2), 0, 1),
    "brushed": lambda rng: _noise(rng, power=0.5, stretch=12),
    "ornament": _ornament,
    "leaf": _leaf,
    "text": _text,
    "sky": _sky,
}
INDEX = {name: index for index, name in enumerate(PATTERNS)}


@lru_cache(maxsize=1)
def bank() -> npt.NDArray[np.float32]:
    """Return every pattern at LEVELS blurs, (LEVELS, len(PATTERNS), SIZE, SIZE); each level halves the detail."""
    images = np.stack([make(np.random.default_rng(7 + i)) for i, make in enumerate(PATTERNS.values())])
    frequency = np.hypot(np.fft.fftfreq(SIZE)[None], np.fft.fftfreq(SIZE)[:, None])
    levels = [images]
    for sigma in (1.0, 2.5, 7.0):
        low_pass = np.exp(-2 * (np.pi * sigma * frequency) ** 2)
        levels.append(np.fft.ifft2(np.fft.fft2(images) * low_pass).real)
    return np.stack(levels).astype(np.float32)
