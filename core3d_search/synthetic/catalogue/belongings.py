"""Things that people own and leave around."""

from __future__ import annotations

import numpy as np

from core3d_search.synthetic.catalogue.category import Model, category
from core3d_search.synthetic.mesh import turn_x, turn_y
from core3d_search.synthetic.shape import Shape
from core3d_search.synthetic.surfaces import (
    BLACK_METAL,
    BRIGHT,
    CHROME,
    DARK,
    METAL,
    Surface,
    plain,
    shade,
)


@category("ball", finishes={"rubber": (*BRIGHT, "white", "brown")}, place="free", synonyms=("football", "basketball"))
def ball(rng: np.random.Generator, main: Surface) -> Model:
    """A ball with dark seams."""
    shape = Shape()
    r = rng.uniform(0.1, 0.14)
    shape.ball(main, r, (0, 0, r), segments=28)
    seam = plain((40, 36, 34))
    for turn in (turn_x(0.5), turn_x(np.pi / 2 + 0.3), turn_y(np.pi / 2 + 0.2)):
        ring = np.array([(r * np.cos(a), r * np.sin(a), 0.0) for a in np.linspace(0, 2 * np.pi, 37)]) @ turn.T
        shape.tube(seam, ring * 0.992 + (0, 0, r), 0.003, segments=5)
    return Model(shape)


@category(
    "guitar",
    finishes={"wood": ("brown", "beige", "black", "red", "blue")},
    place="free",
    front=True,
    synonyms=("acoustic guitar",),
)
def guitar(rng: np.random.Generator, main: Surface) -> Model:
    """A guitar that leans back on a stand."""
    shape = Shape()
    body = Shape()
    a = np.linspace(0, 2 * np.pi, 49)[:-1]
    v = np.sin(a)
    half = 0.155 + 0.035 * -v - 0.045 * np.exp(-((v - 0.12) ** 2) / 0.05)
    outline = np.stack([half * np.cos(a) * 1.12, 0.235 * v + 0.24], -1)
    body.slab(main, outline, 0.1, (0, 0.05, 0), turn=turn_x(np.pi / 2))
    hole = [(0.045 * np.cos(t), 0.3 + 0.045 * np.sin(t)) for t in np.linspace(0, 2 * np.pi, 25)[:-1]]
    body.slab(DARK, hole, 0.001, (0, -0.05, 0), turn=turn_x(np.pi / 2))
    neck = plain((70, 44, 28), gloss=0.2)
    body.box(neck, (0.05, 0.022, 0.48), (0, -0.05, 0.38))
    body.box(main, (0.075, 0.022, 0.15), (0, -0.045, 0.86))
    body.box(neck, (0.15, 0.012, 0.03), (0, -0.056, 0.13))
    for z in np.linspace(0.42, 0.84, 9):
        body.box(METAL, (0.05, 0.002, 0.004), (0, -0.062, float(z)))
    for z in (0.89, 0.93, 0.97):
        for sx in (-1, 1):
            body.ball(CHROME, 0.009, (sx * 0.046, -0.045, z), segments=8)
    lean = -rng.uniform(0.12, 0.2)
    shape.add(body, (0, 0, 0.1), turn_x(lean))
    for sx in (-1, 1):
        shape.tube(
            BLACK_METAL, [(sx * 0.02, 0.16, 0.4), (sx * 0.14, 0.06, 0.07), (sx * 0.12, -0.12, 0.09)], 0.009, segments=6
        )
        shape.tube(BLACK_METAL, [(sx * 0.14, 0.06, 0.07), (sx * 0.16, 0.02, 0.0)], 0.009, segments=6)
    shape.tube(BLACK_METAL, [(0, 0.16, 0.42), (0, 0.26, 0.0)], 0.009, segments=6)
    return Model(shape)


@category(
    "backpack",
    finishes={"fabric": (*BRIGHT, "black", "gray", "brown")},
    place="free",
    front=True,
    synonyms=("rucksack", "school bag"),
)
def backpack(rng: np.random.Generator, main: Surface) -> Model:
    """A soft bag with a front pocket, a zip, a grip and two straps."""
    shape = Shape()
    w, high = rng.uniform(0.28, 0.34), rng.uniform(0.4, 0.48)
    dark = Surface(shade(main.color, 0.65), shade(main.color, 0.5), "weave", 0.06)
    shape.cushion(main, (w, 0.17, high), (0, 0.02, 0), 0.075)
    shape.cushion(dark, (w * 0.8, 0.09, high * 0.5), (0, -0.08, 0.03), 0.035)
    arch = [
        (w * 0.46 * np.cos(a), -0.045, high * 0.6 + high * 0.33 * np.sin(a)) for a in np.linspace(0.1, np.pi - 0.1, 13)
    ]
    shape.tube(DARK, arch, 0.006, segments=6)
    shape.tube(
        DARK,
        [
            (-0.04, 0.06, high - 0.02),
            (-0.035, 0.06, high + 0.04),
            (0.035, 0.06, high + 0.04),
            (0.04, 0.06, high - 0.02),
        ],
        0.009,
        segments=6,
    )
    for sx in (-1, 1):
        strap = [
            (sx * 0.08, 0.1, high - 0.06),
            (sx * 0.1, 0.15, high * 0.7),
            (sx * 0.11, 0.15, high * 0.35),
            (sx * 0.1, 0.1, 0.05),
        ]
        shape.tube(dark, strap, 0.018, segments=6)
    return Model(shape)


@category(
    "suitcase",
    finishes={"plastic": (*BRIGHT, "black", "gray"), "leather": ("brown", "black")},
    place="free",
    front=True,
    synonyms=("luggage", "trolley case"),
)
def suitcase(rng: np.random.Generator, main: Surface) -> Model:
    """A ribbed trolley case on wheels with its handle drawn out."""
    shape = Shape()
    w, d, high = rng.uniform(0.38, 0.46), rng.uniform(0.22, 0.27), rng.uniform(0.52, 0.68)
    shape.cushion(main, (w, d, high), (0, 0, 0.05), 0.04)
    dark = Surface(shade(main.color, 0.75), shade(main.color, 0.7), main.pattern, main.tile, main.gloss)
    for x in np.linspace(-w * 0.32, w * 0.32, 5):
        shape.cushion(dark, (0.022, d + 0.012, high - 0.1), (float(x), 0, 0.1), 0.006)
    for sx in (-1, 1):
        for sy in (-1, 1):
            shape.ball(BLACK_METAL, 0.028, (sx * (w / 2 - 0.05), sy * (d / 2 - 0.05), 0.028), segments=10)
        shape.tube(METAL, [(sx * 0.09, d / 2 - 0.05, high), (sx * 0.09, d / 2 - 0.05, high + 0.34)], 0.009, segments=6)
    shape.cushion(BLACK_METAL, (0.24, 0.03, 0.035), (0, d / 2 - 0.05, high + 0.33), 0.012)
    shape.tube(
        BLACK_METAL,
        [(-0.07, 0, high + 0.045), (-0.05, 0, high + 0.085), (0.05, 0, high + 0.085), (0.07, 0, high + 0.045)],
        0.011,
        segments=6,
    )
    return Model(shape)


@category("bicycle", finishes={"metal": (*BRIGHT, "black", "white")}, place="free", front=False, synonyms=("bike",))
def bicycle(rng: np.random.Generator, main: Surface) -> Model:
    """A bicycle along x with spoked wheels, a diamond frame, bars, saddle and pedals."""
    shape = Shape()
    r = rng.uniform(0.29, 0.33)
    rear, head = np.array([-0.5, 0, r]), np.array([0.5, 0, r])
    for hub in (rear, head):
        ring = [(hub[0] + r * np.cos(a), 0, r + (r - 0.018) * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 33)]
        shape.tube(BLACK_METAL, np.array(ring) - (0, 0, 0), 0.018, segments=7)
        rim = [(hub[0] + (r - 0.035) * np.cos(a), 0, r + (r - 0.05) * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 33)]
        shape.tube(METAL, rim, 0.009, segments=5)
        for a in np.linspace(0, np.pi, 9)[:-1]:
            spoke = np.array([np.cos(a), 0, np.sin(a)]) * (r - 0.05)
            shape.tube(METAL, [hub - spoke, hub + spoke], 0.0025, segments=4)
        shape.cylinder(METAL, 0.025, 0.09, (hub[0], 0.045, r), turn=turn_x(np.pi / 2), segments=10)
    seat, crank, neck, fork = (
        np.array([-0.16, 0, 0.74]),
        np.array([-0.07, 0, 0.28]),
        np.array([0.36, 0, 0.74]),
        np.array([0.39, 0, 0.62]),
    )
    for a, b, thick in (
        (seat, crank, 0.017),
        (crank, fork, 0.02),
        (seat - (-0.02, 0, 0.06), neck - (0, 0, 0.04), 0.017),
        (neck, fork, 0.022),
        (fork, head, 0.014),
        (seat - (-0.02, 0, 0.1), rear, 0.012),
        (crank, rear, 0.013),
    ):
        shape.tube(main, [a, b], thick)
    shape.tube(CHROME, [seat, seat + np.array((-0.03, 0, 0.12))], 0.013)
    shape.cushion(DARK, (0.26, 0.14, 0.06), (seat[0] - 0.05, 0, 0.85), 0.028)
    shape.tube(CHROME, [neck, neck + np.array((-0.02, 0, 0.14))], 0.013)
    top = neck + np.array((-0.02, 0, 0.14))
    shape.tube(
        BLACK_METAL,
        [
            top + np.array((-0.08, -0.27, 0.02)),
            top + np.array((0.03, -0.15, 0.01)),
            top,
            top + np.array((0.03, 0.15, 0.01)),
            top + np.array((-0.08, 0.27, 0.02)),
        ],
        0.012,
    )
    shape.lathe(
        METAL,
        [(0.02, 0), (0.09, 0), (0.09, 0.006), (0.02, 0.006)],
        (crank[0], -0.03, crank[2]),
        turn=turn_x(np.pi / 2),
        crease=True,
    )
    for sign in (-1, 1):
        end = crank + np.array((sign * 0.12, sign * 0.07, sign * -0.1))
        shape.tube(CHROME, [crank + np.array((0, sign * 0.07, 0)), end], 0.009, segments=6)
        shape.box(BLACK_METAL, (0.09, 0.07, 0.02), (end[0], end[1] + sign * 0.04, end[2] - 0.01))
    shape.tube(METAL, [(0.0, 0.06, 0.27), (0.03, 0.16, 0.0)], 0.008, segments=5)
    return Model(shape)
