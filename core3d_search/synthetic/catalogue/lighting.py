"""Lamps."""

from __future__ import annotations

import numpy as np

from core3d_search.synthetic.catalogue.category import Model, category
from core3d_search.synthetic.shape import Shape
from core3d_search.synthetic.surfaces import BLACK_METAL, CHROME, Surface, plain

SHADES = {"fabric": ("white", "beige", "red", "orange", "yellow", "green", "blue", "purple", "pink", "black")}
BULB = plain((255, 236, 190), glow=1.5)


def _shade(shape: Shape, main: Surface, low: float, top: float, high: float, z: float) -> None:
    lit = Surface(main.color, main.second, main.pattern, main.tile, 0.0, 0.25)
    shape.lathe(lit, [(low, 0), (top, high)], (0, 0, z), segments=28)
    shape.ball(BULB, 0.04, (0, 0, z + high * 0.45), segments=10)


@category("lamp", finishes=SHADES, place="top", synonyms=("table lamp", "desk lamp", "bedside lamp"))
def lamp(rng: np.random.Generator, main: Surface) -> Model:
    """A table lamp: a turned or slim base under a fabric shade of the lamp's colour."""
    shape = Shape()
    k = rng.uniform(0.85, 1.2)
    base = (CHROME, BLACK_METAL, plain((236, 232, 224), gloss=0.5), plain((120, 78, 44), gloss=0.2))[
        int(rng.integers(4))
    ]
    if rng.random() < 0.5:
        line = [
            (0, 0),
            (0.07, 0),
            (0.075, 0.02),
            (0.05, 0.05),
            (0.085, 0.12),
            (0.06, 0.19),
            (0.015, 0.23),
            (0.012, 0.26),
            (0, 0.26),
        ]
        shape.lathe(base, [(r * k, z * k) for r, z in line], (0, 0, 0))
    else:
        shape.cylinder(base, 0.08 * k, 0.015, (0, 0, 0), segments=20)
        shape.cylinder(base, 0.011, 0.26 * k, (0, 0, 0.01), segments=10)
    _shade(shape, main, 0.115 * k, rng.uniform(0.06, 0.105) * k, 0.19 * k, 0.24 * k)
    return Model(shape)


@category("floor lamp", finishes=SHADES, place="free", synonyms=("standing lamp",))
def floor_lamp(rng: np.random.Generator, main: Surface) -> Model:
    """A shade on a pole, on a round foot or a tripod."""
    shape = Shape()
    high = rng.uniform(1.15, 1.4)
    metal = BLACK_METAL if rng.random() < 0.5 else CHROME
    if rng.random() < 0.6:
        shape.cylinder(metal, 0.14, 0.02, (0, 0, 0), segments=24)
        shape.cylinder(metal, 0.013, high, (0, 0, 0.01), segments=10)
    else:
        wood = plain((140, 92, 52), gloss=0.1)
        for a in np.linspace(0, 2 * np.pi, 4)[:-1]:
            shape.tube(wood, [(0.22 * np.cos(a), 0.22 * np.sin(a), 0), (0, 0, high)], 0.014)
    _shade(shape, main, rng.uniform(0.18, 0.23), rng.uniform(0.12, 0.18), 0.28, high)
    return Model(shape)


@category(
    "ceiling lamp",
    finishes=SHADES | {"metal": ("black", "white", "silver", "gold", "red")},
    place="ceiling",
    synonyms=("pendant lamp", "hanging lamp", "chandelier"),
)
def ceiling_lamp(rng: np.random.Generator, main: Surface) -> Model:
    """A shade, dome or globe on a cord from the ceiling; z = 0 is the ceiling."""
    shape = Shape()
    cord, r = rng.uniform(0.3, 0.6), rng.uniform(0.17, 0.25)
    shape.cylinder(BLACK_METAL, 0.05, 0.03, (0, 0, -0.03), segments=14)
    shape.cylinder(BLACK_METAL, 0.006, cord, (0, 0, -cord), segments=6)
    if main.pattern == "weave":
        _shade(shape, main, r, r * 0.75, 0.22, -cord - 0.2)
    else:
        profile = [(r * np.sin(a), r * 0.85 * np.cos(a)) for a in np.linspace(0.1, np.pi / 2, 10)]
        shape.lathe(main, profile, (0, 0, -cord - 0.18), segments=28)
        shape.ball(BULB, 0.055, (0, 0, -cord - 0.15), segments=12)
    return Model(shape)
