"""Small things of kitchen and table."""

from __future__ import annotations

import numpy as np

from core3d_search.synthetic.catalogue.category import Model, category
from core3d_search.synthetic.mesh import turn_x
from core3d_search.synthetic.shape import Shape
from core3d_search.synthetic.surfaces import (
    BASIC,
    BLACK_METAL,
    BRIGHT,
    CHROME,
    METAL,
    SCREEN,
    WOODS,
    Surface,
    linear,
    plain,
    shade,
)

CROCKERY = {"ceramic": BASIC}


@category("mug", finishes=CROCKERY, place="top", synonyms=("cup", "coffee cup"))
def mug(rng: np.random.Generator, main: Surface) -> Model:
    """An open cup with a handle."""
    shape = Shape()
    r, high = rng.uniform(0.04, 0.048), rng.uniform(0.085, 0.11)
    foot = r * rng.uniform(0.75, 1)
    line = [(0, 0), (foot, 0), (r, high * 0.5), (r, high), (r - 0.005, high), (r - 0.006, 0.012), (0, 0.01)]
    shape.lathe(main, line, (0, 0, 0), crease=True)
    shape.cylinder(plain((62, 38, 22), gloss=0.3), r - 0.007, 0.002, (0, 0, high * 0.8))
    loop = [(r - 0.004 + 0.03 * np.sin(a), 0, high / 2 + 0.032 * np.cos(a)) for a in np.linspace(0.1, np.pi - 0.1, 9)]
    shape.tube(main, loop, 0.0065, segments=6)
    return Model(shape)


@category("bowl", finishes=CROCKERY | {"wood": WOODS}, place="top", synonyms=("dish",))
def bowl(rng: np.random.Generator, main: Surface) -> Model:
    """An open bowl on a foot ring."""
    shape = Shape()
    _bowl(shape, main, rng.uniform(0.08, 0.13), rng.uniform(0.06, 0.085))
    return Model(shape)


def _bowl(shape: Shape, main: Surface, r: float, high: float) -> None:
    shape.cylinder(main, r * 0.42, 0.008, (0, 0, 0), segments=24)
    a = np.linspace(0.0, np.pi / 2, 8)
    outside = [(r * (0.35 + 0.65 * np.sin(t)), 0.006 + (high - 0.006) * (1 - np.cos(t))) for t in a]
    inside = [(max(x - 0.006, 0), z + 0.005) for x, z in reversed(outside)]
    shape.lathe(main, [(0, 0.006), *outside, *inside, (0, 0.013)], (0, 0, 0), segments=28)


@category(
    "fruit bowl",
    finishes={"ceramic": ("white", "blue", "green", "black"), "wood": WOODS, "metal": ("silver",)},
    place="top",
    synonyms=("bowl of fruit",),
)
def fruit_bowl(rng: np.random.Generator, main: Surface) -> Model:
    """A wide bowl heaped with apples, oranges and bananas."""
    shape = Shape()
    r = rng.uniform(0.14, 0.17)
    _bowl(shape, main, r, 0.075)
    tones = ((196, 40, 36), (120, 170, 50), (236, 138, 30), (226, 180, 50))
    spots = [(0.55 * r * np.cos(t), 0.55 * r * np.sin(t), 0.075) for t in np.linspace(0, 2 * np.pi, 6)[:-1]] + [
        (0, 0, 0.118)
    ]
    for spot in spots:
        tone = tones[int(rng.integers(len(tones)))]
        shape.ball(plain(tone, gloss=0.3), rng.uniform(0.036, 0.041), spot, segments=14)
    t = np.linspace(-0.9, 0.9, 9)
    for k in range(2):
        arc = np.stack([0.11 * np.sin(t), 0.02 * k - 0.02 + 0 * t, 0.06 + 0.1 * np.cos(t) + 0.012 * k], -1)
        shape.tube(plain((238, 206, 60), gloss=0.1), arc, 0.016)
    return Model(shape)


@category(
    "plate",
    finishes={"ceramic": ("white", "blue", "green", "yellow", "red", "black", "pink", "orange")},
    place="top",
    synonyms=("dinner plate",),
)
def plate(rng: np.random.Generator, main: Surface) -> Model:
    """One flat plate with a rim, or a stack of them."""
    shape = Shape()
    r = rng.uniform(0.1, 0.14)
    for k in range(1 if rng.random() < 0.7 else int(rng.integers(3, 6))):
        line = [(0, 0), (0.6 * r, 0), (r, 0.02), (r - 0.003, 0.023), (0.62 * r, 0.007), (0, 0.006)]
        shape.lathe(main, line, (0, 0, 0.009 * k), segments=32)
    ring = Surface(shade(main.color, 0.6), shade(main.color, 0.6), gloss=0.4)
    shape.lathe(ring, [(r - 0.012, 0.0205), (r - 0.006, 0.0225)], (0, 0, 0.001), segments=32)
    return Model(shape)


@category(
    "bottle",
    finishes={
        "glass": ("green", "brown", "blue", "black"),
        "plastic": ("white", "red", "blue", "yellow", "orange", "pink"),
    },
    place="top",
    synonyms=("wine bottle", "water bottle"),
)
def bottle(rng: np.random.Generator, main: Surface) -> Model:
    """A round bottle with a neck, a label and a cap."""
    shape = Shape()
    r, high = rng.uniform(0.033, 0.042), rng.uniform(0.22, 0.3)
    neck = rng.uniform(0.011, 0.016)
    line = [
        (0, 0),
        (r, 0),
        (r, 0.01),
        (r, 0.6 * high),
        (0.8 * r, 0.68 * high),
        (neck, 0.78 * high),
        (neck, high),
        (0, high),
    ]
    shape.lathe(main, line, (0, 0, 0))
    shape.lathe(plain((236, 228, 206)), [(r + 0.0008, 0.16 * high), (r + 0.0008, 0.45 * high)], (0, 0, 0))
    shape.cylinder(
        plain((150, 40, 40) if rng.random() < 0.5 else (40, 40, 44), gloss=0.2),
        neck + 0.002,
        0.03,
        (0, 0, high - 0.024),
    )
    return Model(shape)


@category(
    "pot",
    finishes={"metal": ("silver", "red", "black", "blue", "orange")},
    place="top",
    synonyms=("cooking pot", "saucepan"),
)
def pot(rng: np.random.Generator, main: Surface) -> Model:
    """A cooking pot with a lid and two side handles, or one long handle."""
    shape = Shape()
    r, high = rng.uniform(0.09, 0.12), rng.uniform(0.09, 0.15)
    shape.cylinder(main, r, high, (0, 0, 0), segments=28)
    shape.lathe(METAL, [(r + 0.004, 0), (r + 0.004, 0.008), (r * 0.6, 0.022), (0, 0.03)], (0, 0, high), segments=28)
    shape.ball(BLACK_METAL, 0.015, (0, 0, high + 0.042), segments=10)
    if rng.random() < 0.6:
        for sx in (-1, 1):
            loop = [(sx * (r + 0.03 * np.sin(a)), 0.035 * np.cos(a), high * 0.75) for a in np.linspace(0, np.pi, 8)]
            shape.tube(BLACK_METAL, loop, 0.007, segments=6)
    else:
        shape.tube(BLACK_METAL, [(r, 0, high * 0.8), (r + 0.14, 0, high * 0.9)], 0.011)
    return Model(shape)


@category("knife block", finishes={"wood": (*WOODS, "black")}, place="top", front=True, synonyms=("knife holder",))
def knife_block(rng: np.random.Generator, main: Surface) -> Model:
    """A slanted wooden block with handles of knives."""
    shape = Shape()
    w, high = rng.uniform(0.09, 0.13), rng.uniform(0.18, 0.22)
    shape.box(main, (w, 0.12, 0.03), (0, 0.0, 0))
    block = Shape()
    block.box(main, (w, 0.09, high), (0, 0, 0))
    for x in np.linspace(-0.33 * w, 0.33 * w, int(rng.integers(2, 4))):
        for y, long in ((-0.02, 0.07), (0.02, 0.1)):
            block.box(BLACK_METAL, (0.014, 0.02, long), (float(x), y, high))
    shape.add(block, (0, -0.005, 0.02), turn_x(rng.uniform(0.25, 0.4)))
    return Model(shape)


@category(
    "coffee machine",
    finishes={"metal": ("black", "silver", "red", "white")},
    place="top",
    front=True,
    synonyms=("coffee maker", "espresso machine"),
)
def coffee_machine(rng: np.random.Generator, main: Surface) -> Model:
    """A body with an overhanging head, a drip tray and a glass jug or a cup."""
    shape = Shape()
    w, d, high = rng.uniform(0.2, 0.26), 0.28, rng.uniform(0.3, 0.36)
    shape.cushion(main, (w, 0.12, high), (0, d / 2 - 0.06, 0), 0.015)
    shape.cushion(main, (w, d, 0.09), (0, 0, high - 0.09), 0.015)
    shape.cushion(main, (w, d, 0.035), (0, 0, 0), 0.012)
    shape.box(METAL, (w - 0.04, 0.12, 0.004), (0, -0.06, 0.035))
    shape.cylinder(CHROME, 0.022, 0.035, (0, -0.06, high - 0.125))
    if rng.random() < 0.5:
        shape.lathe(SCREEN, [(0.05, 0), (0.065, 0.05), (0.05, 0.11), (0, 0.11)], (0, -0.06, 0.04))
        shape.tube(BLACK_METAL, [(0, -0.12, 0.06), (0, -0.15, 0.09), (0, -0.12, 0.14)], 0.007)
    else:
        shape.lathe(
            plain((236, 234, 228), gloss=0.4),
            [(0.025, 0), (0.035, 0.07), (0.03, 0.07), (0.02, 0.01)],
            (0, -0.06, 0.04),
            crease=True,
        )
    for x in (-0.06, 0, 0.06):
        shape.cylinder(CHROME, 0.012, 0.006, (x, -d / 2, high - 0.045), turn=turn_x(np.pi / 2), segments=12)
    return Model(shape)


@category(
    "trash can",
    finishes={"plastic": (*BRIGHT, "black", "white", "gray"), "metal": ("silver", "black")},
    place="free",
    synonyms=("trash bin", "garbage can", "waste bin"),
)
def trash_can(rng: np.random.Generator, main: Surface) -> Model:
    """A conical open bin with a bag, or a pedal bin with a domed lid."""
    shape = Shape()
    r = rng.uniform(0.12, 0.155)
    if rng.random() < 0.5:
        high = rng.uniform(0.28, 0.36)
        shape.lathe(
            main,
            [
                (0, 0),
                (0.75 * r, 0),
                (r, high),
                (r + 0.008, high),
                (r - 0.006, high - 0.004),
                (0.72 * r, 0.02),
                (0, 0.02),
            ],
            (0, 0, 0),
            crease=True,
            segments=28,
        )
        bag = Surface(linear((60, 62, 66)), linear((40, 42, 46)), "leather", 0.2, 0.3)
        shape.lathe(bag, [(0.0, high * 0.72), (0.5 * r, high * 0.76), (r - 0.02, high - 0.03)], (0, 0, 0), segments=20)
    else:
        high = rng.uniform(0.38, 0.5)
        shape.cylinder(main, r, high, (0, 0, 0), segments=28)
        shape.lathe(main, [(r + 0.006, 0), (r + 0.004, 0.02), (0.6 * r, 0.06), (0, 0.07)], (0, 0, high), segments=28)
        shape.lathe(BLACK_METAL, [(r + 0.004, 0), (r + 0.004, 0.03)], (0, 0, 0.0), segments=28)
        shape.box(BLACK_METAL, (0.07, 0.05, 0.015), (0, -r - 0.02, 0.01))
    return Model(shape)


@category(
    "vase",
    finishes={"ceramic": BASIC, "glass": ("blue", "green", "red", "purple")},
    place="top",
    synonyms=("flower vase",),
)
def vase(rng: np.random.Generator, main: Surface) -> Model:
    """A turned vase, often with flowers."""
    shape = Shape()
    r, high = rng.uniform(0.055, 0.085), rng.uniform(0.18, 0.28)
    lines = (
        [
            (0, 0),
            (0.6 * r, 0),
            (r, 0.35 * high),
            (0.9 * r, 0.6 * high),
            (0.42 * r, 0.85 * high),
            (0.58 * r, high),
            (0.5 * r, high),
            (0.36 * r, 0.85 * high),
            (0, 0.8 * high),
        ],
        [
            (0, 0),
            (0.5 * r, 0),
            (0.62 * r, 0.5 * high),
            (0.95 * r, 0.8 * high),
            (0.7 * r, 0.95 * high),
            (0.75 * r, high),
            (0.65 * r, high),
            (0, 0.9 * high),
        ],
        [
            (0, 0),
            (0.75 * r, 0),
            (0.6 * r, 0.5 * high),
            (0.85 * r, high),
            (0.78 * r, high),
            (0.5 * r, 0.5 * high),
            (0, 0.4 * high),
        ],
    )
    shape.lathe(main, lines[int(rng.integers(3))], (0, 0, 0), segments=24)
    if rng.random() < 0.6:
        stem = plain((60, 110, 50))
        petal = plain(
            ((236, 96, 130), (250, 210, 80), (240, 240, 236), (200, 60, 60), (160, 110, 200))[int(rng.integers(5))]
        )
        for _ in range(int(rng.integers(4, 8))):
            a, lean, long = rng.uniform(0, 2 * np.pi), rng.uniform(0.02, 0.08), rng.uniform(0.1, 0.18)
            tip = (lean * np.cos(a), lean * np.sin(a), high + long)
            shape.tube(stem, [(0.3 * tip[0], 0.3 * tip[1], high * 0.85), tip], 0.003, segments=5)
            shape.ball(petal, rng.uniform(0.016, 0.026), tip, stretch=(1, 1, 0.8), segments=10)
    return Model(shape)


@category(
    "candle",
    finishes={"paper": ("white", "red", "beige", "orange", "purple", "green")},
    place="top",
    synonyms=("candlestick",),
)
def candle(rng: np.random.Generator, main: Surface) -> Model:
    """A thick candle on a small dish."""
    shape = Shape()
    r, high = rng.uniform(0.03, 0.042), rng.uniform(0.1, 0.2)
    dish = CHROME if rng.random() < 0.5 else plain((60, 56, 54), gloss=0.2)
    shape.lathe(
        dish,
        [(0, 0), (r * 1.7, 0), (r * 1.9, 0.015), (r * 1.8, 0.015), (r * 1.6, 0.006), (0, 0.006)],
        (0, 0, 0),
        crease=True,
    )
    shape.cylinder(main, r, high, (0, 0, 0.006), segments=20)
    shape.cylinder(BLACK_METAL, 0.0025, 0.012, (0, 0, high + 0.006), segments=6)
    shape.ball(plain((255, 190, 80), glow=1.6), 0.007, (0, 0, high + 0.026), stretch=(1, 1, 1.8), segments=8)
    return Model(shape)
