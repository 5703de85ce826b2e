"""Kitchen and household machines that stand on the floor, and counters between them."""

from __future__ import annotations

import numpy as np

from core3d_search.synthetic.catalogue.category import Model, Support, category
from core3d_search.synthetic.catalogue.storage import doors, drawers, on_top
from core3d_search.synthetic.mesh import turn_x
from core3d_search.synthetic.shape import Shape
from core3d_search.synthetic.surfaces import BLACK_METAL, CHROME, DARK, METAL, SCREEN, WOODS, Surface, finish, plain

BODY = {"metal": ("white", "silver", "black", "red")}
WHITE_GOODS = {"metal": ("white", "silver", "black")}
BASE = 0.86
"""Height of a kitchen counter's cases under the worktop, in metres."""


@category(
    "refrigerator",
    finishes={"metal": ("white", "silver", "black", "red", "blue")},
    place="wall",
    front=True,
    synonyms=("fridge", "freezer"),
)
def refrigerator(rng: np.random.Generator, main: Surface) -> Model:
    """A tall case with a freezer door above or below, or two doors side by side."""
    shape = Shape()
    w, d, high = rng.uniform(0.58, 0.85), rng.uniform(0.62, 0.7), rng.uniform(1.6, 1.95)
    shape.box(main, (w, d - 0.1, high), (0, 0.05, 0))
    y = -d / 2 + 0.075

    def leaf(x: float, z: float, lw: float, lh: float, grip: float) -> None:
        shape.cushion(main, (lw - 0.008, 0.05, lh - 0.008), (x, y, z + 0.004), 0.012)
        shape.box(CHROME, (0.02, 0.035, min(0.45, lh * 0.6)), (grip, y - 0.042, z + lh * 0.2))

    if w > 0.76:
        leaf(-w / 4, 0.04, w / 2, high - 0.04, -0.035)
        leaf(w / 4, 0.04, w / 2, high - 0.04, 0.035)
    else:
        split = high * (0.68 if rng.random() < 0.5 else 0.36)
        side = float(rng.choice((-1, 1))) * (w / 2 - 0.05)
        leaf(0, 0.04, w, split - 0.04, side)
        leaf(0, split, w, high - split, side)
    return Model(shape, (on_top(w, d, high, 0.35),))


def _hob(shape: Shape, w: float, d: float, high: float) -> None:
    shape.box(SCREEN, (w - 0.03, d - 0.12, 0.008), (0, 0.03, high))
    for sx in (-1, 1):
        for sy, r in ((-1, 0.08), (1, 0.095)):
            x, y = sx * w * 0.22, 0.03 + sy * d * 0.18
            shape.lathe(
                BLACK_METAL,
                [(r, 0), (r, 0.014), (r - 0.025, 0.014), (r - 0.025, 0)],
                (x, y, high + 0.006),
                crease=True,
                segments=20,
            )
            shape.box(BLACK_METAL, (2 * r, 0.012, 0.012), (x, y, high + 0.008))
            shape.box(BLACK_METAL, (0.012, 2 * r, 0.012), (x, y, high + 0.008))


@category("stove", finishes=WHITE_GOODS, place="wall", front=True, synonyms=("oven", "cooker"))
def stove(rng: np.random.Generator, main: Surface) -> Model:
    """An oven with a window, knobs and four burners on top."""
    shape = Shape()
    w, d, high = rng.uniform(0.58, 0.66), 0.62, 0.9
    shape.box(main, (w, d - 0.05, high), (0, 0.025, 0))
    y = -d / 2 + 0.05
    shape.box(main, (w - 0.02, 0.02, 0.5), (0, y - 0.01, 0.2))
    shape.box(SCREEN, (w - 0.16, 0.006, 0.28), (0, y - 0.023, 0.27))
    shape.tube(CHROME, [(-w / 2 + 0.06, y - 0.035, 0.655), (w / 2 - 0.06, y - 0.035, 0.655)], 0.012)
    shape.box(main, (w - 0.02, 0.02, 0.14), (0, y - 0.01, 0.04))
    for x in np.linspace(-w / 2 + 0.08, w / 2 - 0.08, 5):
        shape.cylinder(BLACK_METAL, 0.02, 0.025, (float(x), y, 0.8), turn=turn_x(np.pi / 2), segments=14)
    _hob(shape, w, d, high)
    if rng.random() < 0.4:
        shape.box(main, (w, 0.04, 0.12), (0, d / 2 - 0.02, high))
    on = Support("on", (-w / 2 + 0.08, -d / 2 + 0.12, high + 0.02), (w / 2 - 0.08, d / 2 - 0.08, high + 0.5))
    return Model(shape, (on,))


@category("dishwasher", finishes=WHITE_GOODS, place="wall", front=True, synonyms=("dish washer",))
def dishwasher(rng: np.random.Generator, main: Surface) -> Model:
    """A case at counter height with one plain door, a control strip and a bar handle."""
    shape = Shape()
    w, d = float(rng.choice((0.45, 0.6))), rng.uniform(0.58, 0.62)
    bar = rng.uniform(0.58, 0.66)
    high = BASE + 0.04
    shape.box(main, (w, d - 0.04, high - 0.08), (0, 0.02, 0.08))
    shape.box(DARK, (w - 0.04, d - 0.14, 0.08), (0, 0.03, 0))
    y = -d / 2 + 0.04
    shape.box(main, (w - 0.01, 0.02, 0.6), (0, y - 0.01, 0.1))
    shape.box(SCREEN, (w - 0.01, 0.02, 0.1), (0, y - 0.01, high - 0.13))
    shape.box(CHROME, (w - 0.16, 0.02, 0.018), (0, y - 0.03, bar))
    for x in (0.12, 0.16, 0.2):
        shape.box(plain((90, 220, 120), glow=0.6), (0.014, 0.004, 0.008), (x, y - 0.021, high - 0.085))
    return Model(shape, (on_top(w, d, high),))


@category("washing machine", finishes=WHITE_GOODS, place="wall", front=True, synonyms=("washer", "laundry machine"))
def washing_machine(rng: np.random.Generator, main: Surface) -> Model:
    """A case with a round glass door and a control panel."""
    shape = Shape()
    w, d, high = 0.6, rng.uniform(0.55, 0.62), 0.85
    shape.cushion(main, (w, d - 0.05, high), (0, 0.025, 0), 0.012)
    y, r, z = -d / 2 + 0.05, rng.uniform(0.16, 0.19), 0.42
    face = turn_x(np.pi / 2)
    rim = CHROME if rng.random() < 0.5 else BLACK_METAL
    shape.lathe(rim, [(r - 0.05, 0), (r - 0.045, 0.045), (r, 0.035), (r + 0.01, 0)], (0, y, z), turn=face, segments=32)
    shape.lathe(SCREEN, [(0, 0.015), (r * 0.5, 0.02), (r - 0.048, 0.035)], (0, y, z), turn=face, segments=28)
    shape.box(SCREEN, (w * 0.42, 0.008, 0.075), (w * 0.18, y - 0.004, high - 0.115))
    shape.box(main, (w * 0.3, 0.01, 0.09), (-w * 0.3, y - 0.005, high - 0.12))
    shape.cylinder(rim, 0.032, 0.03, (0, y, high - 0.077), turn=face, segments=20)
    return Model(shape, (on_top(w, d, high),))


@category(
    "kitchen counter",
    finishes={"wood": (*WOODS, "white", "gray", "green", "blue", "black")},
    place="wall",
    front=True,
    synonyms=("counter", "kitchen cabinet"),
)
def kitchen_counter(rng: np.random.Generator, main: Surface) -> Model:
    """Base cabinets under a worktop."""
    shape, w, d, high = _counter(rng, main, rng.uniform(0.9, 1.6))
    shape.box(_worktop(rng), (w, d, 0.04), (0, 0, high))
    return Model(shape, (on_top(w, d, high + 0.04),))


@category(
    "sink",
    finishes={"wood": (*WOODS, "white", "gray", "green", "blue")},
    place="wall",
    front=True,
    synonyms=("kitchen sink", "sink unit"),
)
def sink(rng: np.random.Generator, main: Surface) -> Model:
    """A sink unit: base cabinets, a worktop with a steel basin set in, and a tap."""
    shape, w, d, high = _counter(rng, main, rng.uniform(0.8, 1.0), low=0.2)
    top = _worktop(rng)
    bw, bd, bx = 0.44, 0.36, 0.0
    side = (w - bw) / 2
    for sx in (-1, 1):
        shape.box(top, (side, d, 0.04), (bx + sx * (bw + side) / 2, 0, high))
    rim = (d - bd) / 2
    for sy in (-1, 1):
        shape.box(top, (bw, rim, 0.04), (bx, sy * (bd + rim) / 2, high))
    shape.box(METAL, (bw, bd, 0.01), (bx, 0, high - 0.15))
    for sx in (-1, 1):
        shape.box(METAL, (0.01, bd, 0.205), (bx + sx * (bw / 2 - 0.005), 0, high - 0.15))
    for sy in (-1, 1):
        shape.box(METAL, (bw, 0.01, 0.205), (bx, sy * (bd / 2 - 0.005), high - 0.15))
    shape.cylinder(BLACK_METAL, 0.03, 0.004, (bx, 0, high - 0.14), segments=14)
    tap(shape, (bx, d / 2 - 0.06, high + 0.04), 0.26)
    on = Support("on", (w / 2 - side + 0.01, -d / 2 + 0.06, high + 0.04), (w / 2 - 0.01, d / 2 - 0.06, high + 0.5))
    return Model(shape, (on,))


def tap(shape: Shape, at: tuple[float, float, float], reach: float) -> None:
    """Add a curved tap on a base."""
    x, y, z = at
    bend = [(x, y, z), (x, y, z + 0.2)]
    bend += [
        (x, y - reach / 2 + reach / 2 * np.cos(a), z + 0.2 + 0.09 * np.sin(a)) for a in np.linspace(0.1, np.pi, 10)
    ]
    shape.tube(CHROME, bend, 0.013)
    shape.cylinder(CHROME, 0.026, 0.03, at, segments=14)
    shape.box(CHROME, (0.07, 0.014, 0.012), (x + 0.045, y, z + 0.06))


def _worktop(rng: np.random.Generator) -> Surface:
    return (
        finish("wood", "brown", rng)
        if rng.random() < 0.3
        else finish("stone", str(rng.choice(("white", "gray", "black"))), rng)
    )


def _counter(rng: np.random.Generator, main: Surface, w: float, low: float = 0.0) -> tuple[Shape, float, float, float]:
    shape, d = Shape(), 0.62
    shape.box(DARK, (w - 0.02, d - 0.14, 0.09), (0, 0.05, 0))
    shape.box(main, (w, d - 0.06, BASE - 0.09 - low), (0, 0.03, 0.09))
    if low:
        for sx in (-1, 1):
            shape.box(main, (0.02, d - 0.06, low), (sx * (w / 2 - 0.01), 0.03, BASE - low))
        for y in (-d / 2 + 0.07, d / 2 - 0.01):
            shape.box(main, (w - 0.04, 0.02, low), (0, y, BASE - low))
    count = max(2, round(w / 0.48))
    y, each = -d / 2 + 0.06, w / count
    for k in range(count):
        x0, x1 = -w / 2 + k * each, -w / 2 + (k + 1) * each
        if not low and rng.random() < 0.3:
            drawers(shape, main, rng, (x0, 0.1), (x1, BASE), y, 3)
        else:
            doors(shape, main, rng, (x0, 0.1), (x1, BASE), y, 1)
    return shape, w, d, BASE


@category(
    "range hood",
    finishes={"metal": ("silver", "black", "white")},
    place="hung",
    front=True,
    synonyms=("extractor hood", "cooker hood"),
    height=1.95,
)
def range_hood(rng: np.random.Generator, main: Surface) -> Model:
    """A pyramid hood with a chimney."""
    shape = Shape()
    w, d = 0.6, 0.46
    shape.box(main, (w, d, 0.06), (0, 0, 0))
    a, b, z0, z1 = w / 2, 0.13, 0.06, 0.28
    low = [(-a, -d / 2), (a, -d / 2), (a, d / 2), (-a, d / 2), (-a, -d / 2)]
    high = [(-b, d / 2 - 0.24), (b, d / 2 - 0.24), (b, d / 2), (-b, d / 2), (-b, d / 2 - 0.24)]
    for k in range(4):
        quad = [[(*low[k], z0), (*high[k], z1)], [(*low[k + 1], z0), (*high[k + 1], z1)]]
        shape.sheet(main, np.array(quad))
    shape.box(main, (2 * b, 0.24, rng.uniform(0.3, 0.5)), (0, d / 2 - 0.12, z1))
    shape.box(SCREEN, (0.2, 0.004, 0.03), (0, -d / 2 - 0.002, 0.015))
    return Model(shape)


@category(
    "microwave",
    finishes={"metal": ("white", "silver", "black", "red")},
    place="top",
    front=True,
    synonyms=("microwave oven",),
)
def microwave(rng: np.random.Generator, main: Surface) -> Model:
    """A case with a dark window at the left and a control panel at the right."""
    shape = Shape()
    w, d, high = rng.uniform(0.44, 0.52), rng.uniform(0.32, 0.38), rng.uniform(0.26, 0.3)
    shape.cushion(main, (w, d - 0.04, high), (0, 0.02, 0), 0.012)
    y = -d / 2 + 0.04
    shape.box(SCREEN, (w * 0.62, 0.01, high - 0.08), (-w * 0.13, y - 0.005, 0.04))
    shape.box(CHROME, (0.016, 0.03, high - 0.1), (w * 0.215, y - 0.02, 0.05))
    shape.box(plain((120, 255, 160), glow=0.7), (0.07, 0.004, 0.025), (w * 0.36, y - 0.003, high - 0.07))
    shape.cylinder(METAL, 0.026, 0.02, (w * 0.36, y, 0.09), turn=turn_x(np.pi / 2))
    return Model(shape)


@category(
    "toaster", finishes=BODY | {"metal": ("silver", "red", "white", "black", "blue", "yellow")}, place="top", front=True
)
def toaster(rng: np.random.Generator, main: Surface) -> Model:
    """A rounded body with two slots and a lever."""
    shape = Shape()
    w, d, high = rng.uniform(0.26, 0.32), rng.uniform(0.17, 0.2), rng.uniform(0.17, 0.2)
    shape.cushion(main, (w, d, high - 0.012), (0, 0, 0.012), 0.045)
    shape.box(DARK, (w - 0.06, d - 0.06, 0.014), (0, 0, 0))
    for sy in (-1, 1):
        shape.box(DARK, (w - 0.1, 0.028, 0.003), (0, sy * d * 0.16, high - 0.001))
    shape.box(BLACK_METAL, (0.03, 0.05, 0.018), (w / 2 + 0.012, 0, high * 0.6))
    shape.cylinder(BLACK_METAL, 0.016, 0.02, (0, -d / 2 + 0.005, high * 0.3), turn=turn_x(np.pi / 2), segments=12)
    return Model(shape)


@category(
    "kettle",
    finishes={"metal": ("silver", "red", "black", "white", "blue", "green")},
    place="top",
    synonyms=("tea kettle", "electric kettle"),
)
def kettle(rng: np.random.Generator, main: Surface) -> Model:
    """A bulbous or conical pot with a spout and an arched handle."""
    shape = Shape()
    k = rng.uniform(0.9, 1.15)
    if rng.random() < 0.5:
        line = [(0, 0), (0.085, 0), (0.1, 0.03), (0.098, 0.08), (0.07, 0.14), (0.045, 0.155), (0, 0.165)]
    else:
        line = [(0, 0), (0.085, 0), (0.082, 0.02), (0.066, 0.18), (0.05, 0.2), (0, 0.205)]
    high = line[-1][1]
    shape.lathe(main, [(r * k, z * k) for r, z in line], (0, 0, 0), segments=24)
    shape.ball(BLACK_METAL, 0.014 * k, (0, 0, (high + 0.01) * k), segments=10)
    shape.tube(main, [(0.07 * k, 0, 0.07 * k), (0.115 * k, 0, 0.11 * k), (0.135 * k, 0, 0.15 * k)], 0.014 * k)
    arch = [(-0.06 * k, 0, (high - 0.03) * k)]
    arch += [
        ((-0.075 - 0.055 * np.sin(a)) * k, 0, (high * 0.58 + (high * 0.36) * np.cos(a)) * k)
        for a in np.linspace(0.2, np.pi - 0.1, 9)
    ]
    shape.tube(BLACK_METAL, arch, 0.011 * k)
    return Model(shape)


@category(
    "radiator",
    finishes={"metal": ("white", "gray", "black")},
    place="hung",
    front=True,
    synonyms=("heater",),
    height=0.42,
)
def radiator(rng: np.random.Generator, main: Surface) -> Model:
    """A wall radiator of vertical columns under a window or on a wall."""
    shape = Shape()
    w, high = rng.uniform(0.7, 1.2), rng.uniform(0.5, 0.6)
    count = int(w / 0.07)
    for x in np.linspace(-w / 2 + 0.03, w / 2 - 0.03, count):
        shape.cushion(main, (0.05, 0.08, high), (float(x), -0.01, 0), 0.02)
    for z in (0.05, high - 0.09):
        shape.box(main, (w - 0.02, 0.05, 0.04), (0, 0, z))
    shape.cylinder(CHROME, 0.018, 0.05, (w / 2 + 0.02, 0, high - 0.1), segments=10)
    shape.box(METAL, (0.04, 0.05, 0.05), (0, 0.045, high - 0.12))
    return Model(shape)


@category(
    "fan",
    finishes={"plastic": ("white", "black", "blue"), "metal": ("silver", "black")},
    place="free",
    front=True,
    synonyms=("standing fan", "pedestal fan"),
)
def fan(rng: np.random.Generator, main: Surface) -> Model:
    """A standing fan: a caged wheel of three blades on a pole."""
    shape = Shape()
    high, r = rng.uniform(0.95, 1.2), rng.uniform(0.17, 0.21)
    shape.lathe(main, [(0, 0), (0.19, 0), (0.19, 0.015), (0.03, 0.05), (0, 0.05)], (0, 0, 0), segments=24)
    shape.cylinder(METAL, 0.013, high - 0.05, (0, 0, 0.04), segments=10)
    shape.cylinder(main, 0.05, 0.14, (0, 0.06, high), turn=turn_x(np.pi / 2), segments=16)
    for y in (-0.05, -0.13):
        for k in (0.35, 0.7, 1.0):
            ring = [(k * r * np.cos(a), y, high + k * r * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 25)]
            shape.tube(main, ring, 0.004 if k < 1 else 0.008, segments=5)
        for a in np.linspace(0, 2 * np.pi, 13)[:-1]:
            shape.tube(main, [(0, y, high), (r * np.cos(a), y, high + r * np.sin(a))], 0.003, segments=4)
    for k in range(3):
        t = np.linspace(-0.45, 0.45, 5) + 2 * np.pi * k / 3
        s = np.linspace(0.15, 0.9, 5)
        points = np.stack(
            [
                r * s[:, None] * np.cos(t),
                -0.09 + 0.03 * (t - t.mean()) + 0 * s[:, None],
                high + r * s[:, None] * np.sin(t),
            ],
            -1,
        )
        shape.sheet(main, points)
    return Model(shape)
