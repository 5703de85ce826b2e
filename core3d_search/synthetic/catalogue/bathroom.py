"""Bathroom fixtures."""

from __future__ import annotations

import numpy as np

from core3d_search.synthetic.catalogue.appliances import tap
from core3d_search.synthetic.catalogue.category import Model, category
from core3d_search.synthetic.shape import Shape
from core3d_search.synthetic.surfaces import BLACK_METAL, CHROME, METAL, Surface, plain

FIXTURES = {"ceramic": ("white", "beige", "gray", "pink", "green")}


@category(
    "toilet",
    finishes={"ceramic": ("white", "beige", "pink", "gray")},
    place="wall",
    front=True,
    synonyms=("wc", "lavatory"),
)
def toilet(rng: np.random.Generator, main: Surface) -> Model:
    """A bowl with seat and lid before a cistern."""
    shape = Shape()
    d, w = rng.uniform(0.66, 0.72), rng.uniform(0.37, 0.42)
    back = d / 2
    shape.cushion(main, (w, 0.19, 0.37), (0, back - 0.095, 0.4), 0.025)
    shape.box(main, (w + 0.01, 0.2, 0.025), (0, back - 0.1, 0.765))
    shape.cylinder(CHROME, 0.025, 0.012, (0, back - 0.1, 0.79), segments=14)
    long = d - 0.19
    y = -d / 2 + long / 2
    rx, ry = w / 2 - 0.01, long / 2
    line = [(0, 0), (0.62, 0), (0.6, 0.12), (0.72, 0.22), (1.0, 0.37), (1.0, 0.4), (0, 0.4)]
    shape.lathe(main, [(r * rx, z) for r, z in line], (0, y, 0), stretch=(1, ry / rx), segments=28)
    shape.lathe(
        main,
        [(0, 0), (rx + 0.008, 0), (rx + 0.008, 0.02), (0, 0.028)],
        (0, y, 0.405),
        stretch=(1, (ry + 0.004) / (rx + 0.008)),
        crease=True,
        segments=28,
    )
    shape.box(main, (w * 0.62, 0.22, 0.38), (0, back - 0.2, 0))
    if rng.random() < 0.4:
        lid = plain((226, 224, 218), gloss=0.4)
        shape.lathe(lid, [(0, 0.028), (rx * 0.9, 0.022)], (0, y, 0.41), stretch=(1, ry / rx), segments=28)
    return Model(shape)


@category("bathtub", finishes=FIXTURES, place="wall", front=True, synonyms=("tub", "bath"))
def bathtub(rng: np.random.Generator, main: Surface) -> Model:
    """A panelled tub with a rounded hollow and a tap at one end."""
    shape = Shape()
    w, d, high = rng.uniform(1.5, 1.75), rng.uniform(0.7, 0.78), rng.uniform(0.52, 0.58)
    rim = 0.07
    inner = np.array([w / 2 - rim, d / 2 - rim])
    outer = np.array([w / 2, d / 2])
    angles = np.linspace(0, 2 * np.pi, 49)
    power = 0.35
    unit = np.stack(
        [
            np.sign(np.cos(angles)) * np.abs(np.cos(angles)) ** power,
            np.sign(np.sin(angles)) * np.abs(np.sin(angles)) ** power,
        ],
        -1,
    )
    rings = [
        (outer, 0.0, 0.12),
        (outer, high, 0.12),
        (inner, high, power),
        (inner * 0.94, high - 0.1, power),
        (inner * 0.82, 0.16, power),
        (inner * 0.1, 0.13, power),
    ]
    lines = []
    for half, z, sharp in rings:
        ring = np.sign(unit) * np.abs(unit) ** (sharp / power)
        lines.append(np.concatenate([ring * half, np.full((49, 1), z)], 1))
    for a, b in ((0, 1), (1, 2)):
        shape.sheet(main, np.stack([lines[a], lines[b]]))
    shape.sheet(main, np.stack(lines[2:]))
    shape.cylinder(METAL, 0.03, 0.004, (w * 0.3, 0, 0.145), segments=14)
    tap(shape, (w / 2 - 0.035, 0.0, high), 0.0)
    return Model(shape)


@category("washbasin", finishes=FIXTURES, place="wall", front=True, synonyms=("bathroom sink", "hand basin"))
def washbasin(rng: np.random.Generator, main: Surface) -> Model:
    """A ceramic basin with a tap, on a pedestal."""
    shape = Shape()
    w, d, high = rng.uniform(0.5, 0.64), rng.uniform(0.42, 0.48), 0.85
    rx, k = w / 2, d / w
    line = [
        (0.2, 0),
        (0.55, 0.02),
        (0.92, 0.12),
        (1, 0.16),
        (1, 0.17),
        (0.84, 0.17),
        (0.75, 0.1),
        (0.4, 0.05),
        (0, 0.04),
    ]
    shape.lathe(main, [(r * rx, z) for r, z in line], (0, 0, high - 0.17), stretch=(1, k), segments=32)
    shape.box(main, (w * 0.7, 0.09, 0.05), (0, d / 2 - 0.045, high - 0.05))
    shape.lathe(
        main,
        [(0, 0), (0.11, 0), (0.08, 0.1), (0.075, high - 0.2), (0.12, high - 0.14), (0, high - 0.14)],
        (0, 0.05, 0),
        segments=20,
    )
    shape.cylinder(BLACK_METAL, 0.022, 0.003, (0, 0, high - 0.128), segments=12)
    tap(shape, (0, d / 2 - 0.06, high), 0.16)
    return Model(shape)


@category(
    "mirror",
    finishes={"wood": ("brown", "white", "black", "beige"), "metal": ("silver", "gold", "black")},
    place="hung",
    front=True,
    synonyms=("wall mirror",),
    height=1.5,
)
def mirror(rng: np.random.Generator, main: Surface) -> Model:
    """A framed sheet of silvered glass, round or rectangular."""
    shape = Shape()
    glass = Surface((0.55, 0.6, 0.64), (0.78, 0.82, 0.86), "sky", 0.9, 1.0, 0.12, glass=True)
    if rng.random() < 0.4:
        r = rng.uniform(0.26, 0.38)
        ring = [(r * np.cos(a), 0.0, r + r * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 41)]
        shape.tube(main, ring, 0.018)
        disc = np.stack([np.tile([0, -0.004, r], (41, 1)), np.array(ring) - (0, 0.004, 0)])
        shape.sheet(glass, disc, uv=disc[..., [0, 2]])
    else:
        w, high = rng.uniform(0.45, 0.7), rng.uniform(0.6, 1.0)
        t = rng.uniform(0.03, 0.06)
        for sx in (-1, 1):
            shape.box(main, (t, 0.03, high), (sx * (w - t) / 2, 0, 0))
        for z in (0, high - t):
            shape.box(main, (w - 2 * t, 0.03, t), (0, 0, z))
        shape.box(glass, (w - 2 * t, 0.012, high - 2 * t), (0, 0.006, t))
    return Model(shape)
