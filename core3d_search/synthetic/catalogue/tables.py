"""Things to put things on."""

from __future__ import annotations

import numpy as np

from core3d_search.synthetic.catalogue.category import Model, Support, category
from core3d_search.synthetic.catalogue.seating import four_legs
from core3d_search.synthetic.shape import Shape
from core3d_search.synthetic.surfaces import BLACK_METAL, CHROME, WOODS, Surface

TOPS = {"wood": (*WOODS, "white", "black"), "stone": ("white", "gray", "black")}


def _top(shape: Shape, main: Surface, w: float, d: float, high: float, thick: float, *, oval: bool) -> None:
    if oval:
        ring = [(w / 2 * np.cos(a), d / 2 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 33)[:-1]]
        shape.slab(main, ring, thick, (0, 0, high - thick))
    else:
        shape.box(main, (w, d, thick), (0, 0, high - thick))


def _free(w: float, d: float, high: float, *, oval: bool) -> tuple[Support, Support]:
    k = 0.7 if oval else 0.97
    on = Support("on", (-k * w / 2, -k * d / 2, high), (k * w / 2, k * d / 2, high + 0.8))
    return on, Support("under", (-w / 2 + 0.12, -d / 2 + 0.1, 0), (w / 2 - 0.12, d / 2 - 0.1, high - 0.12))


@category("dining table", finishes=TOPS, place="free", synonyms=("table", "kitchen table"))
def dining_table(rng: np.random.Generator, main: Surface) -> Model:
    """A rectangular table on four legs, or a round one on a pedestal."""
    shape = Shape()
    high, thick = rng.uniform(0.72, 0.77), rng.uniform(0.025, 0.05)
    oval = rng.random() < 0.35
    w = rng.uniform(0.95, 1.2) if oval else rng.uniform(1.2, 1.8)
    d = w if oval else rng.uniform(0.75, 0.95)
    _top(shape, main, w, d, high, thick, oval=oval)
    on, under = _free(w, d, high, oval=oval)
    if oval:
        shape.cylinder(main, 0.05, high - thick, (0, 0, 0), segments=16)
        shape.lathe(main, [(0, 0), (0.3, 0), (0.3, 0.02), (0.06, 0.06), (0, 0.06)], (0, 0, 0), segments=24)
        under = Support("under", (0.32, -0.15, 0), (w / 2, 0.15, high - 0.1))
    else:
        leg = main if rng.random() < 0.7 else BLACK_METAL
        four_legs(shape, rng, leg, (w - 0.06, d - 0.06), high - thick, rng.uniform(0.05, 0.08))
        if rng.random() < 0.6:
            for sy in (-1, 1):
                shape.box(main, (w - 0.2, 0.022, 0.07), (0, sy * (d / 2 - 0.07), high - thick - 0.07))
    return Model(shape, (on, under), hollow=True)


@category(
    "desk",
    finishes={"wood": (*WOODS, "white", "black", "gray"), "metal": ("gray", "white")},
    place="wall",
    front=True,
    synonyms=("writing desk", "work table"),
)
def desk(rng: np.random.Generator, main: Surface) -> Model:
    """A work table with a drawer block or side panels; one sits at its front."""
    shape = Shape()
    w, d, high = rng.uniform(1.1, 1.6), rng.uniform(0.6, 0.75), rng.uniform(0.72, 0.76)
    shape.box(main, (w, d, 0.03), (0, 0, high - 0.03))
    left = -w / 2 + 0.06
    right = w / 2 - 0.06
    if rng.random() < 0.75:
        block = rng.uniform(0.36, 0.44)
        side = float(rng.choice((-1, 1)))
        x = side * (w / 2 - block / 2 - 0.02)
        shape.box(main, (block, d - 0.06, high - 0.03), (x, 0.01, 0))
        count = int(rng.integers(2, 5))
        each = (high - 0.08) / count
        for k in range(count):
            shape.box(main, (block - 0.03, 0.02, each - 0.015), (x, -d / 2 + 0.03, 0.03 + k * each))
            shape.box(CHROME, (0.12, 0.015, 0.014), (x, -d / 2 + 0.0125, 0.03 + (k + 0.5) * each))
        shape.box(main, (0.03, d - 0.04, high - 0.03), (-side * (w / 2 - 0.03), 0, 0))
        left, right = (left, x - block / 2) if side > 0 else (x + block / 2, right)
    else:
        leg = main if rng.random() < 0.4 else BLACK_METAL
        four_legs(shape, rng, leg, (w - 0.04, d - 0.04), high - 0.03, 0.05)
    shape.box(main, (w - 0.1, 0.02, 0.3), (0, d / 2 - 0.05, high - 0.34))
    on = Support("on", (-w / 2 + 0.02, -d / 2 + 0.02, high), (w / 2 - 0.02, d / 2 - 0.02, high + 0.8))
    under = Support("under", (left + 0.02, -0.05, 0), (right - 0.02, d / 2 - 0.08, high - 0.06))
    return Model(shape, (on, under), hollow=True)


@category("coffee table", finishes=TOPS | {"glass": ("gray", "green")}, place="free", synonyms=("low table",))
def coffee_table(rng: np.random.Generator, main: Surface) -> Model:
    """A low table, rectangular or round, sometimes with a lower board."""
    shape = Shape()
    oval = rng.random() < 0.4
    w, high = rng.uniform(0.75, 1.15), rng.uniform(0.36, 0.46)
    d = w * rng.uniform(0.75, 1) if oval else w * rng.uniform(0.5, 0.62)
    _top(shape, main, w, d, high, 0.035, oval=oval)
    leg = main if main.pattern != "plain" and rng.random() < 0.6 else BLACK_METAL
    four_legs(shape, rng, leg, ((w, d) if not oval else (0.72 * w, 0.72 * d)), high - 0.035, 0.05)
    on, under = _free(w, d, high, oval=oval)
    supports: tuple[Support, ...] = (on, under)
    if not oval and rng.random() < 0.4:
        shape.box(main, (w - 0.1, d - 0.1, 0.02), (0, 0, 0.12))
        supports = (on,)
    return Model(shape, supports, hollow=True)


@category(
    "side table",
    finishes=TOPS | {"metal": ("black", "gold", "silver", "red", "yellow")},
    place="free",
    synonyms=("end table", "accent table"),
)
def side_table(rng: np.random.Generator, main: Surface) -> Model:
    """A small high table on a pedestal or on legs."""
    shape = Shape()
    w, high = rng.uniform(0.38, 0.52), rng.uniform(0.48, 0.62)
    oval = rng.random() < 0.6
    _top(shape, main, w, w, high, 0.025, oval=oval)
    if rng.random() < 0.5:
        shape.cylinder(main, 0.02, high - 0.025, (0, 0, 0), segments=12)
        shape.cylinder(main, w * 0.38, 0.02, (0, 0, 0), segments=24)
    else:
        side = 0.7 * w if oval else w
        four_legs(shape, rng, main, (side, side), high - 0.025, 0.035)
    return Model(shape, (_free(w, w, high, oval=oval)[0],), hollow=True)
