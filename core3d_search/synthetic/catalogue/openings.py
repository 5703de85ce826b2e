"""Windows and doors, set in walls, and what hangs over windows. Their back (y = 0) is the room side of the wall."""

from __future__ import annotations

import numpy as np

from core3d_search.synthetic.catalogue.category import Model, category
from core3d_search.synthetic.mesh import turn_x
from core3d_search.synthetic.shape import Shape
from core3d_search.synthetic.surfaces import BRIGHT, CHROME, NEUTRAL, Surface, linear, shade

DEPTH = 0.12
"""How far openings reach into the wall, in metres."""


@category("window", finishes={"wood": ("white", "brown", "gray", "black")}, place="opening", front=True, height=1.5)
def window(rng: np.random.Generator, main: Surface) -> Model:
    """A frame with one to three sashes, a sill, and glass with the sky and a garden behind it."""
    shape = Shape()
    w, high = rng.uniform(0.9, 1.7), rng.uniform(1.0, 1.35)
    t = 0.06
    sky = Surface(linear((150, 190, 236)), linear((226, 236, 246)), "sky", high * 0.72, 0.4, 0.85, glass=True)
    garden = Surface(linear((96, 134, 72)), linear((60, 100, 52)), "leaf", 0.3, 0.4, 0.45, glass=True)
    horizon = high * rng.uniform(0.18, 0.34)
    back = 0.05
    for surface, z0, z1 in ((garden, 0.0, horizon), (sky, horizon, high)):
        quad = [[(-w / 2, back, z1), (-w / 2, back, z0)], [(w / 2, back, z1), (w / 2, back, z0)]]
        uv = [[(0, 0), (0, z1 - z0)], [(w, 0), (w, z1 - z0)]]
        shape.sheet(surface, np.array(quad), uv=np.array(uv))
    for z in (0.0, high - t):
        shape.box(main, (w, DEPTH, t), (0, DEPTH / 2 - 0.03, z))
    for sx in (-1, 1):
        shape.box(main, (t, DEPTH, high), (sx * (w - t) / 2, DEPTH / 2 - 0.03, 0))
    sashes = 1 if w < 1.05 else int(rng.integers(2, 4))
    for k in range(1, sashes):
        shape.box(main, (0.05, 0.05, high), (-w / 2 + k * w / sashes, 0.02, 0))
    if rng.random() < 0.45:
        shape.box(main, (w, 0.04, 0.035), (0, 0.02, high * rng.uniform(0.5, 0.68)))
    shape.box(main, (w + 0.08, 0.16, 0.03), (0, -0.04, -0.03))
    return Model(shape)


@category(
    "door",
    finishes={"wood": ("white", "brown", "beige", "gray", "blue", "green", "red")},
    place="opening",
    front=True,
    height=1.02,
)
def door(rng: np.random.Generator, main: Surface) -> Model:
    """A closed door with panels and a lever handle in a frame."""
    shape = Shape()
    w, high = rng.uniform(0.78, 0.92), rng.uniform(1.98, 2.06)
    for sx in (-1, 1):
        shape.box(main, (0.08, 0.14, high + 0.07), (sx * (w / 2 + 0.03), 0.03, 0))
    shape.box(main, (w + 0.14, 0.14, 0.08), (0, 0.03, high))
    shape.box(main, (w + 0.02, 0.04, high + 0.02), (0, 0.03, 0))
    rows = int(rng.integers(1, 4))
    columns = int(rng.integers(1, 3))
    pw, ph = (w - 0.16) / columns, (high - 0.2) / rows
    for i in range(columns):
        for j in range(rows):
            x, z = -w / 2 + 0.08 + (i + 0.5) * pw, 0.1 + j * ph
            dark = Surface(shade(main.color, 0.72), main.second, main.pattern, main.tile, main.gloss)
            shape.box(dark, (pw - 0.06, 0.006, ph - 0.06), (x, 0.008, z + 0.03))
            shape.box(main, (pw - 0.1, 0.014, ph - 0.1), (x, 0.006, z + 0.05))
    side = float(rng.choice((-1, 1)))
    x = side * (w / 2 - 0.07)
    shape.box(CHROME, (0.045, 0.012, 0.2), (x, 0.003, 0.93))
    shape.cylinder(CHROME, 0.011, 0.05, (x, 0.0, 1.04), turn=turn_x(np.pi / 2), segments=10)
    shape.box(CHROME, (0.12, 0.014, 0.018), (x - side * 0.05, -0.046, 1.03))
    return Model(shape)


@category(
    "curtain",
    finishes={"fabric": (*BRIGHT, *NEUTRAL, "brown")},
    place="hung",
    front=True,
    synonyms=("curtains", "drapes"),
    height=1.25,
)
def curtain(rng: np.random.Generator, main: Surface) -> Model:
    """One hanging panel with folds on a piece of rail."""
    shape = Shape()
    w, high = rng.uniform(0.38, 0.55), rng.uniform(1.95, 2.15)
    folds = rng.uniform(5, 8)
    s, t = np.linspace(0, 1, 49), np.linspace(0, 1, 9)
    depth = 0.035 * np.sin(2 * np.pi * folds * s)[:, None] * (0.55 + 0.45 * t)[None]
    x = (s - 0.5)[:, None] * w * (1 + 0.05 * (1 - t) ** 2)[None]
    points = np.stack([x, depth, np.broadcast_to(high * (1 - t)[None], x.shape)], -1)
    shape.sheet(main, points)
    shape.tube(CHROME, [(-w / 2 - 0.05, 0, high + 0.02), (w / 2 + 0.05, 0, high + 0.02)], 0.012)
    return Model(shape)
