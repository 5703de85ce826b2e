"""What things are made of: named colours, named materials, and the surface that a colour and a material make."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

RGB = tuple[float, float, float]

COLORS: dict[str, tuple[int, int, int]] = {
    "red": (190, 32, 34),
    "orange": (228, 116, 28),
    "yellow": (234, 192, 44),
    "green": (52, 128, 62),
    "blue": (36, 82, 172),
    "purple": (112, 56, 150),
    "pink": (230, 130, 168),
    "brown": (110, 68, 38),
    "beige": (212, 188, 148),
    "black": (30, 30, 32),
    "white": (236, 236, 232),
    "gray": (128, 130, 132),
    "silver": (186, 188, 192),
    "gold": (196, 156, 66),
}
"""Every colour name of the ground truth with its typical sRGB value; instances vary around it."""

COLOR_SYNONYMS: dict[str, tuple[str, ...]] = {
    "gray": ("gray", "grey"),
    "purple": ("purple", "violet"),
    "beige": ("beige", "cream", "tan"),
    "silver": ("silver", "metallic"),
    "gold": ("gold", "golden", "brass"),
}
"""Other words for a colour; a colour that is not listed has only its own name."""

BASIC = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "beige", "black", "white", "gray")
BRIGHT = ("red", "orange", "yellow", "green", "blue", "purple", "pink")
NEUTRAL = ("black", "white", "gray", "beige")
WOODS = ("brown", "beige")


@dataclass(frozen=True)
class Surface:
    """How a part looks: linear RGB `color` and `second` in [0, 1], mixed by a tiling `pattern` of `tile` metres.

    `gloss` in [0, 1] is the strength of highlights, `glow` the light it gives off; `glass` lets depth fail. A
    `texture` (H, W, 4) uint8 sRGB, laid by the mesh's own coordinates, multiplies the colour.
    """

    color: RGB
    second: RGB
    pattern: str = "plain"
    tile: float = 0.5
    gloss: float = 0.05
    glow: float = 0.0
    glass: bool = False
    texture: npt.NDArray[np.uint8] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Material:
    """The pattern, its size in metres, its contrast and the gloss that a material gives to any colour."""

    pattern: str
    tile: float
    contrast: float
    gloss: float
    adjective: tuple[str, ...]


MATERIALS: dict[str, Material] = {
    "wood": Material("grain", 0.6, 0.35, 0.12, ("wooden", "wood")),
    "metal": Material("brushed", 0.3, 0.10, 0.60, ("metal", "metallic")),
    "plastic": Material("plain", 0.5, 0.0, 0.25, ("plastic",)),
    "fabric": Material("weave", 0.06, 0.22, 0.0, ("fabric", "cloth", "upholstered")),
    "leather": Material("leather", 0.25, 0.18, 0.22, ("leather",)),
    "glass": Material("plain", 0.5, 0.0, 0.80, ("glass",)),
    "ceramic": Material("plain", 0.5, 0.0, 0.55, ("ceramic", "porcelain")),
    "stone": Material("speckle", 0.4, 0.25, 0.15, ("stone",)),
    "paper": Material("plaster", 0.5, 0.06, 0.0, ("paper", "cardboard")),
    "wicker": Material("wicker", 0.12, 0.45, 0.05, ("wicker", "woven")),
    "foliage": Material("leaf", 0.15, 0.30, 0.08, ("leafy",)),
    "rubber": Material("speckle", 0.1, 0.06, 0.08, ("rubber",)),
}
"""Every material name of the ground truth."""


def linear(color: tuple[float, float, float]) -> RGB:
    """Return sRGB in [0, 255] as linear light in [0, 1] (gamma 2.2)."""
    r, g, b = ((max(c, 0) / 255.0) ** 2.2 for c in color)
    return (r, g, b)


def shade(color: RGB, factor: float) -> RGB:
    """Return `color` made darker (< 1) or lighter (> 1)."""
    r, g, b = (min(1.0, c * factor) for c in color)
    return (r, g, b)


def vary(name: str, rng: np.random.Generator) -> RGB:
    """Return one linear colour that people would still call `name`."""
    h, s, v = colorsys.rgb_to_hsv(*(c / 255 for c in COLORS[name]))
    h = (h + rng.uniform(-0.012, 0.012)) % 1
    s = min(1.0, s * rng.uniform(0.85, 1.12))
    v = min(1.0, v * rng.uniform(0.86, 1.12)) if name != "black" else v * rng.uniform(0.6, 1.3)
    r, g, b = (255 * c for c in colorsys.hsv_to_rgb(h, s, v))
    return linear((r, g, b))


def finish(material: str, color: str, rng: np.random.Generator) -> Surface:
    """Return a surface of the named material and colour; patterned fabrics keep the named colour dominant."""
    made_of = MATERIALS[material]
    base = vary(color, rng)
    surface = Surface(base, shade(base, 1 - made_of.contrast), made_of.pattern, made_of.tile, made_of.gloss)
    if material == "wood" and color not in WOODS:
        return replace(surface, second=shade(base, 0.9), gloss=0.2)
    if color in ("silver", "gold"):
        return replace(surface, gloss=0.7)
    return surface


def plain(color: tuple[float, float, float], *, gloss: float = 0.05, glow: float = 0.0) -> Surface:
    """Return a surface without pattern, of an sRGB colour in [0, 255]."""
    value = linear(color)
    return Surface(value, value, gloss=gloss, glow=glow)


METAL = Surface(linear((176, 178, 182)), linear((158, 160, 165)), "brushed", 0.3, 0.6)
CHROME = Surface(linear((205, 207, 212)), linear((185, 188, 195)), "brushed", 0.3, 0.85)
BLACK_METAL = plain((36, 36, 38), gloss=0.3)
DARK = plain((24, 24, 26), gloss=0.1)
WHITE = plain((238, 238, 234), gloss=0.2)
SCREEN = Surface(linear((14, 15, 18)), linear((20, 22, 28)), "plain", 0.5, 0.5)
PAPER = plain((240, 236, 222))
PLANT = Surface(linear((58, 124, 52)), linear((30, 84, 34)), "leaf", 0.15, 0.08)
SOIL = Surface(linear((66, 48, 34)), linear((40, 28, 20)), "speckle", 0.1)
