"""Things to sit on."""

from __future__ import annotations

import numpy as np

from core3d_search.synthetic.catalogue.category import Model, Support, category
from core3d_search.synthetic.mesh import turn_x, turn_z
from core3d_search.synthetic.shape import Shape
from core3d_search.synthetic.surfaces import BASIC, BLACK_METAL, BRIGHT, CHROME, WOODS, Surface, finish

UPHOLSTERY = {"fabric": BASIC, "leather": ("brown", "black", "white", "red", "beige")}
PAINTED = {"wood": (*WOODS, "white", "black", "red", "blue", "green", "yellow"), "plastic": (*BRIGHT, "white", "black")}


def four_legs(
    shape: Shape, rng: np.random.Generator, surface: Surface, size: tuple[float, float], height: float, thick: float
) -> None:
    """Add four straight, round or tapered legs under a top of `size`, inset by half their thickness."""
    style = rng.integers(3)
    for sx in (-1, 1):
        for sy in (-1, 1):
            x, y = sx * (size[0] / 2 - thick), sy * (size[1] / 2 - thick)
            if style == 0:
                shape.box(surface, (thick, thick, height), (x, y, 0))
            elif style == 1:
                shape.cylinder(surface, thick * 0.35, height, (x, y, 0), top=thick * 0.6, segments=12)
            else:
                shape.cylinder(surface, thick * 0.5, height, (x, y, 0), segments=12)


@category(
    "chair",
    finishes=PAINTED | {"metal": ("silver", "black", "red")},
    place="free",
    front=True,
    synonyms=("seat", "dining chair"),
)
def chair(rng: np.random.Generator, main: Surface) -> Model:
    """A dining chair: four legs, or a cantilever; a back of slats, rungs, a panel or a hoop."""
    shape = Shape()
    w, d, seat = rng.uniform(0.40, 0.48), rng.uniform(0.40, 0.47), rng.uniform(0.43, 0.47)
    back = rng.uniform(0.38, 0.55)
    leg = main if rng.random() < 0.7 else (BLACK_METAL if rng.random() < 0.5 else CHROME)
    t = rng.uniform(0.03, 0.042)
    four_legs(shape, rng, leg, (w, d), seat - 0.03, t)
    if rng.random() < 0.5:
        shape.cushion(main, (w, d, 0.045), (0, 0, seat - 0.03), 0.02)
    else:
        shape.box(main, (w, d, 0.03), (0, 0, seat - 0.03))
    lean = turn_x(-rng.uniform(0.06, 0.16))
    foot = (0.0, d / 2 - t / 2, seat - 0.01)
    frame = Shape()
    style = rng.integers(4)
    if style == 3:
        frame.cushion(main, (w, 0.035, back), (0, 0, 0.02), 0.016)
    else:
        for sx in (-1, 1):
            frame.box(main, (t, t, back), (sx * (w - t) / 2, 0, 0))
        frame.box(main, (w, t * 0.8, 0.07), (0, 0, back - 0.07))
        if style == 0:
            for x in np.linspace(-w / 2 + 0.09, w / 2 - 0.09, int(rng.integers(3, 6))):
                frame.box(main, (0.025, 0.014, back - 0.05), (float(x), 0, 0.0))
        elif style == 1:
            for z in np.linspace(0.1, back - 0.16, int(rng.integers(2, 4))):
                frame.box(main, (w - t, 0.016, 0.05), (0, 0, float(z)))
        else:
            frame.box(main, (w - 2 * t, 0.016, back - 0.2), (0, 0, 0.1))
    shape.add(frame, foot, lean)
    return Model(shape, (), hollow=True)


@category("armchair", finishes=UPHOLSTERY, place="wall", front=True, synonyms=("easy chair", "lounge chair"))
def armchair(rng: np.random.Generator, main: Surface) -> Model:
    """A padded chair with two arms."""
    w, d = rng.uniform(0.78, 0.95), rng.uniform(0.78, 0.92)
    return Model(_padded(rng, main, w, d, seats=1))


@category("sofa", finishes=UPHOLSTERY, place="wall", front=True, synonyms=("couch", "settee"))
def sofa(rng: np.random.Generator, main: Surface) -> Model:
    """A padded seat for two or three."""
    seats = int(rng.integers(2, 4))
    w, d = seats * rng.uniform(0.58, 0.7) + 0.36, rng.uniform(0.82, 0.98)
    shape = _padded(rng, main, w, d, seats=seats)
    seat = 0.44
    room = Support("on", (-w / 2 + 0.2, -d / 2 + 0.1, seat), (w / 2 - 0.2, d / 2 - 0.3, 1.4))
    return Model(shape, (room,), hollow=True)


def _padded(rng: np.random.Generator, main: Surface, w: float, d: float, *, seats: int) -> Shape:
    shape = Shape()
    arm, back, foot = rng.uniform(0.12, 0.19), rng.uniform(0.16, 0.22), rng.uniform(0.06, 0.13)
    high, arm_high = rng.uniform(0.76, 0.92), rng.uniform(0.55, 0.66)
    wood = finish("wood", str(rng.choice(WOODS)), rng)
    for sx in (-1, 1):
        for sy in (-1, 1):
            shape.cylinder(wood, 0.02, foot, (sx * (w / 2 - 0.07), sy * (d / 2 - 0.07), 0), top=0.03, segments=10)
        shape.cushion(main, (arm, d, arm_high - foot), (sx * (w - arm) / 2, 0, foot), rng.uniform(0.03, 0.07))
    shape.cushion(main, (w - 2 * arm, d - back, 0.28 - foot + 0.03), (0, -back / 2, foot), 0.02)
    shape.cushion(main, (w - 1.2 * arm, back, high - foot), (0, (d - back) / 2, foot), 0.06)
    each = (w - 2 * arm) / seats
    for i in range(seats):
        x = -w / 2 + arm + (i + 0.5) * each
        shape.cushion(main, (each - 0.01, d - back - 0.01, 0.16), (x, -back / 2 - 0.01, 0.28), 0.05)
        if rng.random() < 0.97:
            shape.cushion(
                main, (each - 0.02, 0.14, high - 0.46), (x, d / 2 - back - 0.03, 0.44), 0.06, turn=turn_x(-0.12)
            )
    return shape


@category(
    "office chair",
    finishes={"fabric": BASIC, "leather": ("black", "brown", "white")},
    place="free",
    front=True,
    synonyms=("swivel chair", "desk chair"),
)
def office_chair(rng: np.random.Generator, main: Surface) -> Model:
    """A padded swivel chair on a five-star base with castors."""
    shape = Shape()
    base = BLACK_METAL if rng.random() < 0.6 else CHROME
    seat, reach = rng.uniform(0.44, 0.5), rng.uniform(0.28, 0.33)
    for k in range(5):
        a = 2 * np.pi * k / 5 + 0.3
        tip = (reach * np.cos(a), reach * np.sin(a), 0.07)
        shape.tube(base, [(0, 0, 0.11), tip], 0.018, segments=6)
        shape.ball(BLACK_METAL, 0.03, (tip[0], tip[1], 0.03), segments=10)
    shape.cylinder(base, 0.028, seat - 0.14, (0, 0, 0.08), segments=12)
    shape.cushion(main, (0.5, 0.48, 0.09), (0, 0, seat - 0.06), 0.04)
    high = rng.uniform(0.45, 0.68)
    shape.box(BLACK_METAL, (0.06, 0.03, 0.2), (0, 0.25, seat - 0.05), turn=turn_x(-0.1))
    shape.cushion(main, (rng.uniform(0.42, 0.48), 0.08, high), (0, 0.24, seat + 0.1), 0.04, turn=turn_x(-0.1))
    if rng.random() < 0.7:
        for sx in (-1, 1):
            shape.box(BLACK_METAL, (0.03, 0.05, 0.22), (sx * 0.265, 0.03, seat - 0.02))
            shape.cushion(BLACK_METAL, (0.06, 0.26, 0.03), (sx * 0.265, 0, seat + 0.2), 0.014)
    return Model(shape, (), hollow=True)


@category(
    "stool",
    finishes={
        "wood": (*WOODS, "white", "black", "red", "green"),
        "metal": ("silver", "black", "yellow", "red"),
        "plastic": BRIGHT,
    },
    place="free",
    synonyms=("bar stool", "footstool"),
)
def stool(rng: np.random.Generator, main: Surface) -> Model:
    """A round or square seat without a back on three or four splayed legs."""
    shape = Shape()
    high, r = rng.uniform(0.42, 0.68), rng.uniform(0.15, 0.19)
    legs = int(rng.integers(3, 5))
    ring = []
    for k in range(legs):
        a = 2 * np.pi * k / legs + np.pi / 4
        top, foot = 0.6 * r, 1.05 * r
        shape.tube(
            main, [(foot * np.cos(a), foot * np.sin(a), 0.0), (top * np.cos(a), top * np.sin(a), high - 0.03)], 0.014
        )
        ring.append((0.85 * r * np.cos(a), 0.85 * r * np.sin(a), 0.38 * high))
    for k in range(legs):
        shape.tube(main, [ring[k], ring[(k + 1) % legs]], 0.009, segments=6)
    if rng.random() < 0.7:
        profile = [(0.0, 0.0), (r - 0.01, 0.0), (r, 0.012), (r, 0.028), (r - 0.012, 0.04), (0.0, 0.036)]
        shape.lathe(main, profile, (0, 0, high - 0.04), crease=True, segments=24)
    else:
        shape.cushion(main, (1.8 * r, 1.8 * r, 0.045), (0, 0, high - 0.045), 0.018)
    return Model(shape, (), hollow=True)


@category(
    "bench", finishes={"wood": (*WOODS, "white", "black", "blue", "green")}, place="wall", synonyms=("wooden bench",)
)
def bench(rng: np.random.Generator, main: Surface) -> Model:
    """A long seat of planks without a back."""
    shape = Shape()
    w, d, high = rng.uniform(0.95, 1.4), rng.uniform(0.3, 0.38), rng.uniform(0.42, 0.47)
    planks = int(rng.integers(1, 4))
    for k in range(planks):
        step = d / planks
        shape.box(main, (w, step - 0.012, 0.035), (0, -d / 2 + (k + 0.5) * step, high - 0.035))
    if rng.random() < 0.5:
        for sx in (-1, 1):
            shape.box(main, (0.035, d - 0.02, high - 0.035), (sx * (w / 2 - 0.12), 0, 0))
        shape.box(main, (w - 0.24, 0.03, 0.07), (0, 0, 0.13))
    else:
        four_legs(shape, rng, main, (w - 0.08, d), high - 0.035, 0.05)
    on = Support("on", (-w / 2, -d / 2, high), (w / 2, d / 2, high + 0.5))
    return Model(
        shape,
        (on, Support("under", (-w / 2 + 0.2, -d / 2 + 0.03, 0), (w / 2 - 0.2, d / 2 - 0.03, high - 0.06))),
        hollow=True,
    )


@category("ottoman", finishes=UPHOLSTERY, place="free", synonyms=("pouf", "footrest"))
def ottoman(rng: np.random.Generator, main: Surface) -> Model:
    """A round or square padded footrest."""
    shape = Shape()
    w, high = rng.uniform(0.42, 0.6), rng.uniform(0.34, 0.42)
    if rng.random() < 0.5:
        r = w / 2
        profile = [
            (0, 0),
            (r * 0.92, 0),
            (r, 0.05),
            (r, high - 0.07),
            (r * 0.93, high - 0.015),
            (r * 0.7, high),
            (0, high),
        ]
        shape.lathe(main, profile, (0, 0, 0), segments=28)
        shape.tube(
            main, [(r * np.cos(a), r * np.sin(a), high * 0.5) for a in np.linspace(0, 2 * np.pi, 25)], 0.008, segments=6
        )
    else:
        shape.cushion(main, (w, w * rng.uniform(0.8, 1), high - 0.05), (0, 0, 0.05), 0.05, turn=turn_z(0))
        four_legs(shape, rng, finish("wood", "brown", rng), (w - 0.06, w * 0.8 - 0.06), 0.07, 0.04)
    return Model(shape)
