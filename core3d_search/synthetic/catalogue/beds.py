"""Beds and what lies on them."""

from __future__ import annotations

import numpy as np

from core3d_search.synthetic.catalogue.category import Model, Support, category
from core3d_search.synthetic.shape import Shape
from core3d_search.synthetic.surfaces import BASIC, CHROME, WHITE, WOODS, Surface, finish


@category(
    "bed",
    finishes={"fabric": ("red", "green", "blue", "purple", "pink", "gray", "white", "beige", "yellow", "orange")},
    place="wall",
    front=True,
    synonyms=("double bed", "single bed"),
)
def bed(rng: np.random.Generator, main: Surface) -> Model:
    """A frame with a headboard at the wall, a white mattress and a duvet of the bed's colour."""
    shape = Shape()
    w, long, high = float(rng.choice((0.95, 1.4, 1.6))), rng.uniform(1.95, 2.1), rng.uniform(0.3, 0.38)
    wood = finish("wood", str(rng.choice((*WOODS, "white"))), rng)
    board = rng.uniform(0.85, 1.15)
    if rng.random() < 0.6:
        shape.box(wood, (w + 0.06, 0.05, board), (0, long / 2 - 0.025, 0))
    else:
        for sx in (-1, 1):
            shape.box(wood, (0.06, 0.05, board), (sx * w / 2, long / 2 - 0.025, 0))
        for z in np.linspace(0.45, board - 0.09, 4):
            shape.box(wood, (w, 0.03, 0.07), (0, long / 2 - 0.025, float(z)))
    for sx in (-1, 1):
        shape.box(wood, (0.03, long - 0.05, 0.16), (sx * (w / 2 + 0.005), 0, high - 0.16))
        shape.box(wood, (0.06, 0.06, high), (sx * (w / 2 - 0.02), -long / 2 + 0.05, 0))
    shape.box(wood, (w + 0.04, 0.03, 0.16), (0, -long / 2 + 0.035, high - 0.16))
    thick = rng.uniform(0.17, 0.23)
    shape.cushion(WHITE, (w - 0.03, long - 0.12, thick), (0, 0, high - 0.08), 0.05)
    top = high - 0.08 + thick
    cover = long * rng.uniform(0.6, 0.74)
    shape.cushion(main, (w + 0.05, cover, thick + 0.03), (0, -long / 2 + 0.02 + cover / 2, high - 0.06), 0.045)
    shape.cushion(WHITE, (w + 0.052, 0.16, 0.03), (0, -long / 2 + cover - 0.05, top + 0.035), 0.014)
    on = Support(
        "on", (-w / 2 + 0.06, -long / 2 + 0.15, top + 0.05), (w / 2 - 0.06, -long / 2 + cover - 0.15, top + 0.5)
    )
    head = Support("on", (-w / 2 + 0.04, -long / 2 + cover + 0.02, top), (w / 2 - 0.04, long / 2 - 0.06, top + 0.5))
    under = Support("under", (-w / 2 + 0.06, -long / 2 + 0.1, 0), (w / 2 - 0.06, 0.3, high - 0.17))
    return Model(shape, (head, on, under), hollow=True)


@category("pillow", finishes={"fabric": BASIC}, place="top", synonyms=("cushion", "throw pillow"))
def pillow(rng: np.random.Generator, main: Surface) -> Model:
    """A soft square or long cushion that lies flat; thin at its rim."""
    shape = Shape()
    w = rng.uniform(0.38, 0.56)
    d, high = min(w, rng.uniform(0.34, 0.42)), rng.uniform(0.1, 0.15)
    s = np.linspace(-1, 1, 13)
    x, y = np.meshgrid(s, s, indexing="ij")
    swell = ((1 - x**2) * (1 - y**2)) ** 0.42
    pinch = 1 - 0.07 * (1 - np.abs(x * y))
    for sign in (-1, 1):
        points = np.stack([pinch * x * w / 2, pinch * y * d / 2, high / 2 * (1 + sign * swell)], -1)
        shape.sheet(main, points, uv=np.stack([x * w / 2, y * d / 2], -1))
    return Model(shape)


@category(
    "blanket",
    finishes={"fabric": ("red", "blue", "green", "yellow", "gray", "pink", "purple", "orange")},
    place="top",
    synonyms=("throw", "folded blanket"),
)
def blanket(rng: np.random.Generator, main: Surface) -> Model:
    """A folded blanket: three to five soft layers."""
    shape = Shape()
    w, d = rng.uniform(0.4, 0.55), rng.uniform(0.3, 0.4)
    layers, z = int(rng.integers(3, 6)), 0.0
    for k in range(layers):
        shape.cushion(main, (w - 0.008 * (k % 2), d - 0.006 * k, 0.034), (0, 0.003 * k, z), 0.016)
        z += 0.031
    return Model(shape)


@category(
    "teddy bear",
    finishes={"fabric": ("brown", "beige", "white", "pink", "gray")},
    place="top",
    front=True,
    synonyms=("stuffed bear", "plush toy"),
)
def teddy_bear(rng: np.random.Generator, main: Surface) -> Model:
    """A sitting plush bear."""
    shape = Shape()
    k = rng.uniform(0.8, 1.25)
    dark = Surface((0.01, 0.01, 0.01), (0.01, 0.01, 0.01), gloss=0.5)
    shape.ball(main, 0.09 * k, (0, 0, 0.1 * k), stretch=(1, 0.9, 1.1))
    shape.ball(main, 0.075 * k, (0, -0.005, 0.245 * k), stretch=(1.05, 0.95, 0.95))
    shape.ball(main, 0.032 * k, (0, -0.068 * k, 0.228 * k), stretch=(1.1, 0.8, 0.8))
    shape.ball(dark, 0.011 * k, (0, -0.095 * k, 0.235 * k), segments=8)
    for sx in (-1, 1):
        shape.ball(dark, 0.009 * k, (sx * 0.028 * k, -0.066 * k, 0.262 * k), segments=8)
        shape.ball(main, 0.028 * k, (sx * 0.058 * k, 0, 0.305 * k), stretch=(1, 0.5, 1))
        shape.ball(main, 0.035 * k, (sx * 0.1 * k, -0.04 * k, 0.13 * k), stretch=(0.9, 1.3, 0.9))
        shape.ball(main, 0.042 * k, (sx * 0.065 * k, -0.11 * k, 0.042 * k), stretch=(0.95, 1.6, 0.95))
    return Model(shape)


@category(
    "towel",
    finishes={"fabric": ("white", "blue", "pink", "green", "yellow", "gray", "red")},
    place="hung",
    front=True,
    synonyms=("bath towel",),
    height=1.2,
)
def towel(rng: np.random.Generator, main: Surface) -> Model:
    """A towel over a rail on the wall."""
    shape = Shape()
    w, long = rng.uniform(0.35, 0.5), rng.uniform(0.5, 0.75)
    shape.tube(
        CHROME,
        [(-w / 2 - 0.06, 0.05, long), (-w / 2 - 0.06, 0, long), (w / 2 + 0.06, 0, long), (w / 2 + 0.06, 0.05, long)],
        0.008,
    )
    s = np.linspace(0, 1, 25)
    front = np.stack([0 * s, -0.022 + 0 * s, long * s], -1)
    over = np.array([(0, -0.015, long + 0.012), (0, 0.0, long + 0.016), (0, 0.015, long + 0.012)])
    back = np.stack([0 * s, 0.022 + 0 * s, long - 0.8 * long * s], -1)
    line = np.concatenate([front, over, back])
    x = np.linspace(-w / 2, w / 2, 24)
    fold = 0.006 * np.sin(x * 40)
    points = line[None] + np.stack([x, 0 * x, 0 * x], -1)[:, None]
    points[..., 1] += fold[:, None] * np.sign(line[:, 1])[None]
    shape.sheet(main, points)
    band = Surface(main.second, main.color, "stripes", 0.1)
    flat = [(sx * w / 2, -0.03, z) for sx in (-1, 1) for z in (0.06, 0.1)]
    shape.sheet(band, np.array(flat).reshape(2, 2, 3))
    return Model(shape)
