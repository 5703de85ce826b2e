"""Light on what a camera sees: area lights with soft shadows, openness, highlights, and the camera's response.

Images here are planar, (C, H, W) float32: NumPy then works on long contiguous rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.synthetic.room import Light

Floats = npt.NDArray[np.float32]
Hits = Callable[[Floats, Floats, float], npt.NDArray[np.bool_]]
"""Whether rays from starts (3, h, w) along directions (3, h, w) hit anything before `far` direction lengths."""

COARSE = 2
"""Shadow rays are cast for every second pixel in both directions."""
OPENNESS_REACH = 0.8
"""Geometry within this distance in metres darkens its surroundings."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What each pixel sees: world `point`, shading `normal`, unit `view` direction, all (3, H, W)."""

    point: Floats
    normal: Floats
    view: Floats


def dot(a: Floats, b: Floats) -> Floats:
    """Return the dot product of vectors (3, ...)."""
    total: Floats = a[0] * b[0]
    total += a[1] * b[1]
    total += a[2] * b[2]
    return total


def illuminate(seen: Seen, arriving: Floats, gloss: Floats, lights: Sequence[Light]) -> tuple[Floats, Floats]:
    """Return the diffuse light and the highlights, each (3, H, W), that reach the camera from every pixel.

    `arriving` is what `arriving_light` found. What bounces is one ambient term, weighted by the openness of the
    point. Highlights are Blinn and Phong's (exponent 32), and glossy surfaces mirror the bright room at grazing
    angles (Schlick 1994).
    """
    bounce = np.float32(0.15 + 0.05 * sum(float(light.power.mean()) for light in lights))
    ambient = arriving[0] * bounce * (0.8 + 0.2 * seen.normal[2])
    # the floor warms what faces down
    warm = np.clip(-seen.normal[2], 0, 1) * arriving[0] * bounce * 0.55
    diffuse = np.stack([ambient + warm, 0.985 * ambient + 0.92 * warm, 0.955 * ambient + 0.8 * warm])
    shiny = np.flatnonzero(gloss > 0.1)
    strength = gloss.ravel()[shiny]
    point, normal, view = (image.reshape(3, -1)[:, shiny] for image in (seen.point, seen.normal, seen.view))
    mirrored = np.zeros((3, len(shiny)), np.float32)
    normal_point = dot(seen.normal, seen.point)
    for light, share in zip(lights, arriving[1:], strict=True):
        center, power = light.center.astype(np.float32), light.power.astype(np.float32)
        lit = np.maximum(dot(center, seen.normal) - normal_point, 0)
        lit *= share
        for channel in range(3):
            diffuse[channel] += power[channel] * lit
        toward: Floats = center[:, None] - point
        distance: Floats = np.sqrt(dot(toward, toward), dtype=np.float32)
        half: Floats = toward / distance - view
        half /= np.sqrt(dot(half, half)) + np.float32(1e-6)
        shine = np.clip(dot(half, normal), 0, 1)
        for _ in range(5):
            shine *= shine
        mirrored += power[:, None] * (0.8 * strength * shine * distance * share.ravel()[shiny])
    graze = np.clip(1 + dot(view, normal), 0, 1)
    mirrored += 0.3 * strength * (0.08 + graze * graze * graze * graze * graze) * bounce
    highlight = np.zeros_like(diffuse)
    highlight.reshape(3, -1)[:, shiny] = mirrored
    return diffuse, highlight


def arriving_light(
    point: Floats, flat: Floats, lights: Sequence[Light], hits: Hits, rng: np.random.Generator
) -> Floats:
    """Return the openness of each pixel, then for each light what arrives of it per metre, (1 + lights, H, W).

    That is: the part of the light that is in sight, times 1 / (1 + 0.55 d^2), which keeps the far corners of a room
    readable, times the cosine at lights that shine ahead, over the distance d. All but steps in shadow varies slowly,
    so it is found at every `COARSE`-th pixel.
    """
    near, up = (np.ascontiguousarray(image[:, ::COARSE, ::COARSE]) for image in (point, flat))
    start = near + np.float32(2e-3) * up
    even, odd = _strata(near.shape[1:], rng)
    values = np.zeros((1 + len(lights), *near.shape[1:]), np.float32)
    cast = np.zeros_like(values)
    values[0] = 1 - np.float32(0.75) * hits(start, OPENNESS_REACH * _cosine(up, even, odd), 1.0)
    cast[0] = 1
    if lights:
        # one shadow ray a pixel: in each 2 x 2 block the lights take turns, and the smoothing collects them
        rows, columns = np.indices(near.shape[1:])
        turns = (rows + columns) % 2 if len(lights) == 2 else columns % 2 + 2 * (rows % 2)
        turns = turns % len(lights)
        centers, across, along = (np.array(part, np.float32).T for part in zip(*map(_disc, lights), strict=True))
        angle = 2 * np.pi * odd
        toward = centers[:, turns] - start
        toward += across[:, turns] * (np.sqrt(even) * np.cos(angle))
        toward += along[:, turns] * (np.sqrt(even) * np.sin(angle))
        lit = 1 - hits(start, toward, 0.97).astype(np.float32)
        for k in range(len(lights)):
            cast[k + 1] = turns == k
            values[k + 1] = lit * cast[k + 1]
    values = _smooth(values, cast, near, up)
    for light, share in zip(lights, values[1:], strict=True):
        away = near - light.center.astype(np.float32)[:, None, None]
        square = np.maximum(dot(away, away), np.float32(1e-4))
        share /= np.sqrt(square) * (1 + np.float32(0.55) * square)
        if light.direction is not None:
            share *= np.float32(1.6) * np.maximum(dot(light.direction.astype(np.float32), away), 0) / np.sqrt(square)
    return _upsample(values, near, point, flat)


def _disc(light: Light) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the centre of a light and the two radii that span its disc."""
    ahead = np.array([0.0, 0.0, 1.0]) if light.direction is None else light.direction
    across = np.cross(ahead, (0.0, 1.0, 0.0) if light.direction is None else (0.0, 0.0, 1.0))
    return light.center, light.radius * across, light.radius * np.cross(ahead, across)


def _cosine(flat: Floats, far: Floats, turn: Floats) -> Floats:
    """Return directions about the normals `flat`, as dense as their cosine."""
    # a unit vector on the sphere about the tip of the normal: its direction is cosine-distributed
    z = 1 - 2 * far
    ring, angle = np.sqrt(np.maximum(1 - z * z, 0)), 2 * np.pi * turn
    direction = flat * np.float32(1.001)
    direction[0] += ring * np.cos(angle)
    direction[1] += ring * np.sin(angle)
    direction[2] += z
    direction /= np.sqrt(dot(direction, direction)) + np.float32(1e-6)
    return direction


_ORDER = np.array([[0, 2, 8, 10], [3, 1, 11, 9], [12, 14, 4, 6], [15, 13, 7, 5]])
"""Bayer's order, read so that every second row and column of a 4 x 4 block still covers 0 to 15 evenly."""


def _strata(shape: tuple[int, ...], rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return two images of numbers in [0, 1) that cover the unit square evenly in every 4 x 4 block."""
    height, width = shape
    images = []
    for order in (_ORDER, np.rot90(_ORDER)):
        block = ((order + 0.5) / 16 + rng.random()) % 1
        images.append(np.tile(block, (height // 4 + 1, width // 4 + 1))[:height, :width].astype(np.float32))
    return images[0], images[1]


def _smooth(values: Floats, cast: Floats, point: Floats, flat: Floats) -> Floats:
    """Average `values`, where they were `cast` (0 or 1), over 4 x 4 neighbours in the same plane, and once more."""
    gathered: Floats = _gather(np.concatenate([values, cast]), point, flat, range(4), range(4))
    once: Floats = np.divide(gathered[: len(values)], np.maximum(gathered[len(values) :], 1e-6), dtype=np.float32)
    for rows, columns in (((0, 1, 3), (2,)), ((2,), (0, 1, 3))):
        parts = _gather(np.concatenate([once, np.ones_like(once[:1])]), point, flat, rows, columns)
        once = np.divide(once + parts[:-1], 1 + parts[-1], dtype=np.float32)
    return once


def _gather(values: Floats, point: Floats, flat: Floats, rows: Iterable[int], columns: Iterable[int]) -> Floats:
    """Return the sum of `values` over neighbours, offset by rows and columns less 2, within 12 mm of the same plane."""
    _, height, width = values.shape
    own = dot(point, flat)
    edges = ((0, 0), (2, 1), (2, 1))
    values_wide, points_wide = np.pad(values, edges, mode="edge"), np.pad(point, edges, mode="edge")
    total = np.zeros_like(values)
    for dy in rows:
        for dx in columns:
            window = (slice(None), slice(dy, dy + height), slice(dx, dx + width))
            near = (np.abs(dot(points_wide[window], flat) - own) < 0.012).astype(np.float32)
            total += near * values_wide[window]
    return total


def _upsample(values: Floats, coarse: Floats, point: Floats, flat: Floats) -> Floats:
    """Return `values` at full size: each pixel from those coarse neighbours that lie in its own plane."""
    _, height, width = point.shape
    edges = ((0, 0), (0, 1), (0, 1))
    values_wide, points_wide = np.pad(values, edges, mode="edge"), np.pad(coarse, edges, mode="edge")
    result = np.empty((len(values), height, width), np.float32)
    for y in range(COARSE):
        for x in range(COARSE):
            fine = (slice(None), slice(y, None, COARSE), slice(x, None, COARSE))
            own_flat = np.ascontiguousarray(flat[fine])
            own = dot(point[fine], own_flat)
            h, w = own.shape
            total = np.zeros((len(values), h, w), np.float32)
            weight = np.zeros((h, w), np.float32)
            for dy in range(y + 1):
                for dx in range(x + 1):
                    window = (slice(None), slice(dy, dy + h), slice(dx, dx + w))
                    near = 1 / (np.float32(1e-3) + np.abs(dot(points_wide[window], own_flat) - own))
                    total += near * values_wide[window]
                    weight += near
            result[fine] = total / weight
    return result


def develop(radiance: Floats, rng: np.random.Generator, *, noise: bool) -> npt.NDArray[np.uint8]:
    """Return linear light (3, H, W) as an 8-bit image (H, W, 3): lens blur, exposure, vignetting, a shoulder, gamma."""
    if noise:
        radiance = _blurred(radiance)
    middle = float(np.quantile(radiance[:, ::8, ::8].mean(0), 0.6))
    exposure = 0.36 / max(middle, 1e-3) * (rng.uniform(0.86, 1.14) if noise else 1.0)
    height, width = radiance.shape[1:]
    steps = radiance * (np.float32(exposure * 1023) * _vignette(height, width))
    table = _response()
    planes = table[np.minimum(steps, len(table) - 1).astype(np.int16)]
    return np.ascontiguousarray(planes.transpose(1, 2, 0))


def _blurred(image: Floats) -> Floats:
    """Return the image as a small lens spreads it: 1/8, 3/4, 1/8 in both directions."""
    image = np.minimum(image, np.float32(8))
    for axis in (1, 2):
        middle = [slice(None)] * 3
        before, after = list(middle), list(middle)
        middle[axis], before[axis], after[axis] = slice(1, -1), slice(None, -2), slice(2, None)
        spread = np.float32(0.125) * (image[tuple(before)] + image[tuple(after)])
        image = image.copy()
        image[tuple(middle)] *= np.float32(0.75)
        image[tuple(middle)] += spread
    return image


@lru_cache(maxsize=4)
def _vignette(height: int, width: int) -> npt.NDArray[Any]:
    y, x = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)
    return (1 - 0.06 * (x**2 + y**2)).astype(np.float32)


@lru_cache(maxsize=1)
def _response() -> npt.NDArray[np.uint8]:
    """Return the film curve for steps of 1/1023 up to four times white: linear to 0.6, then a soft shoulder."""
    light = np.arange(4 * 1023) / 1023
    light = np.where(light > 0.6, 0.6 + 0.4 * (1 - np.exp(-(light - 0.6) / 0.4)), light)
    return np.round(255 * light ** (1 / 2.2)).astype(np.uint8)
