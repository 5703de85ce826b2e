"""Attributes that can be measured: colour against a mean colour, size among the objects of the same name."""

from __future__ import annotations

import numpy as np

from core3d_search.relations.soft import step
from core3d_search.relations.table import Array, ObjectTable

HUES = {
    "red": 30.0,
    "orange": 58.0,
    "yellow": 92.0,
    "green": 140.0,
    "blue": 265.0,
    "purple": 315.0,
    "pink": 5.0,
    "brown": 62.0,
    "beige": 80.0,
}
"""CIELAB hue angles in degrees of the basic colour words (Berlin and Kay's terms, focal colours)."""


def lab(rgb: Array) -> Array:
    """Return CIELAB (N, 3), D65, of sRGB (N, 3) in 0..255 (IEC 61966-2-1, CIE 15)."""
    c = np.asarray(rgb, dtype=np.float64) / 255.0
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    matrix = np.array(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    )
    xyz = linear @ matrix.T / np.array([0.95047, 1.0, 1.08883])
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)


def color_score(table: ObjectTable, rows: Array, word: str) -> Array:
    """Return in [0, 1] how well the mean colour of `rows` deserves `word`; 0.5 where no colour is known.

    Mean colours of scans are dull: shadows darken white, white balance tints gray. Chroma thresholds are therefore low
    and hue counts by its projection, so that among dull candidates the least dull one wins.
    """
    rgb = table.colors[rows]
    known = np.isfinite(rgb).all(axis=1)
    lightness, a, b = lab(np.nan_to_num(rgb, nan=128.0)).T
    chroma = np.hypot(a, b)
    if word == "black":
        score = step(-lightness, -38, 40) * step(-chroma, -25, 30)
    elif word == "white":
        score = step(lightness, 58, 45) * step(-chroma, -22, 30)
    elif word == "gray":
        score = step(-chroma, -12, 24) * step(lightness, 25, 25) * step(-lightness, -80, 30)
    elif word == "dark":
        score = step(-lightness, -42, 40)
    elif word == "bright":
        score = step(lightness, 60, 40)
    elif word == "colorful":
        score = step(chroma, 20, 25)
    elif word in HUES:
        angle = np.deg2rad(HUES[word])
        toward = a * np.cos(angle) + b * np.sin(angle)
        aside = np.abs(-a * np.sin(angle) + b * np.cos(angle))
        score = step(toward - 0.8 * aside, 8.0, 26.0)
        if word == "brown":
            score = step(toward - 0.6 * aside, 7.0, 22.0) * step(-lightness, -62, 40)
        elif word == "beige":
            score = step(toward - 0.6 * aside, 6.0, 20.0) * step(lightness, 50, 40)
    else:
        return np.full(len(rows), 0.5)
    return np.where(known, 0.02 + 0.98 * score, 0.5)


def dimension(table: ObjectTable, rows: Array, name: str) -> Array:
    """Return metres (R,): width and depth are the larger and smaller horizontal side, size the largest side."""
    half = table.half[rows]
    flat = np.sort(half[:, :2], axis=1)
    return (
        2
        * {
            "height": half[:, 2],
            "width": flat[:, 1],
            "length": flat[:, 1],
            "depth": flat[:, 0],
            "size": half.max(axis=1),
        }[name]
    )


def measure_score(values: Array, comparison: str, metres: float) -> Array:
    """Return the probability that `values` pass the bound, with 3 % of uncertainty in the measured size."""
    width = 0.12 * max(metres, 0.02)
    if comparison == "=":
        return np.exp(-0.5 * ((values - metres) / (0.15 * max(metres, 0.02))) ** 2)
    return step(values, metres, width) if comparison == ">" else step(-values, -metres, width)


def bulk(table: ObjectTable, rows: Array) -> Array:
    """Return the logarithm of the area (R,) of the largest face: what people call large, also of flat things."""
    sides = np.sort(np.maximum(table.half[rows] * 2, 0.01), axis=1)
    return np.log(sides[:, 1] * sides[:, 2])


SIZE_ORDERS = {
    "large": "largest", "small": "smallest", "tall": "tallest", "short": "shortest", "long": "longest",
    "wide": "widest", "narrow": "narrowest", "low": "lowest", "high": "highest",
}  # fmt: skip
"""Vague size words and the order that they belong to."""


def shape_score(table: ObjectTable, rows: Array, word: str) -> Array:
    """Return in [0, 1] what a box can tell of a shape: a round or square thing has two equal sides."""
    half = np.maximum(table.half[rows], 0.005)
    flat = np.sort(half[:, :2], axis=1)
    face = np.sort(half, axis=1)[:, 1:]
    ratio = np.maximum(flat[:, 0] / flat[:, 1], face[:, 0] / face[:, 1])
    if word == "round":
        return 0.2 + 0.6 * step(ratio, 0.75, 0.4)
    if word == "square":
        return 0.2 + 0.6 * step(ratio, 0.75, 0.4)
    if word == "rectangular":
        return 0.3 + 0.4 * step(-ratio, -0.8, 0.4)
    if word == "horizontal":
        return 0.2 + 0.6 * step(np.log(flat[:, 1] / half[:, 2]), 0.0, 1.0)
    if word == "vertical":
        return 0.2 + 0.6 * step(np.log(half[:, 2] / flat[:, 1]), 0.0, 1.0)
    return np.full(len(rows), 0.5)
