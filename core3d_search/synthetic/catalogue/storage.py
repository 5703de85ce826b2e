"""Things to keep things in."""

from __future__ import annotations

import numpy as np

from core3d_search.synthetic.catalogue.category import Model, Support, category
from core3d_search.synthetic.shape import Shape
from core3d_search.synthetic.surfaces import BLACK_METAL, CHROME, WOODS, Surface, shade

CASES = {"wood": (*WOODS, "white", "black", "gray", "blue", "green")}


def darker(surface: Surface, factor: float = 0.55) -> Surface:
    """Return the surface in shadow, for gaps and insides."""
    return Surface(shade(surface.color, factor), shade(surface.second, factor), surface.pattern, surface.tile, 0.0)


def handle(shape: Shape, style: int, x: float, y: float, z: float, *, upright: bool = False) -> None:
    """Add a knob, a bar or a cup handle that stands out 2.5 cm from the front plane `y`."""
    if style == 0:
        shape.ball(CHROME, 0.014, (x, y - 0.014, z), segments=10)
    elif upright:
        shape.box(CHROME if style == 1 else BLACK_METAL, (0.012, 0.025, 0.16), (x, y - 0.0125, z - 0.08))
    else:
        shape.box(CHROME if style == 1 else BLACK_METAL, (0.13, 0.025, 0.012), (x, y - 0.0125, z))


def drawers(
    shape: Shape,
    main: Surface,
    rng: np.random.Generator,
    low: tuple[float, float],
    high: tuple[float, float],
    y: float,
    count: int,
) -> None:
    """Cover the front plane `y` between `low` and `high` (x, z) with `count` drawers."""
    style = int(rng.integers(3))
    each = (high[1] - low[1]) / count
    x, w = (low[0] + high[0]) / 2, high[0] - low[0]
    for k in range(count):
        z = low[1] + k * each
        shape.box(main, (w - 0.012, 0.02, each - 0.012), (x, y - 0.01, z + 0.006))
        if w > 0.7 and style != 0:
            for sx in (-1, 1):
                handle(shape, style, x + sx * w / 4, y - 0.02, z + each * 0.55)
        else:
            handle(shape, style, x, y - 0.02, z + each * 0.55)


def doors(
    shape: Shape,
    main: Surface,
    rng: np.random.Generator,
    low: tuple[float, float],
    high: tuple[float, float],
    y: float,
    count: int,
) -> None:
    """Cover the front plane `y` between `low` and `high` (x, z) with `count` panelled doors."""
    style = int(rng.integers(3))
    panelled = rng.random() < 0.5
    w, h = (high[0] - low[0]) / count, high[1] - low[1]
    for k in range(count):
        x = low[0] + (k + 0.5) * w
        shape.box(main, (w - 0.008, 0.02, h - 0.008), (x, y - 0.01, low[1] + 0.004))
        if panelled:
            for dx, dz, sw, sh in ((0, 0.02, w - 0.04, 0.05), (0, h - 0.07, w - 0.04, 0.05)):
                shape.box(main, (sw, 0.008, sh), (x + dx, y - 0.024, low[1] + dz))
            for sx in (-1, 1):
                shape.box(main, (0.05, 0.008, h - 0.14), (x + sx * (w / 2 - 0.045), y - 0.024, low[1] + 0.07))
        inner = 1 if k % 2 == 0 else -1
        handle(shape, style, x + inner * (w / 2 - 0.05), y - 0.024, low[1] + h * 0.5, upright=True)


def case(shape: Shape, main: Surface, w: float, d: float, low: float, high: float) -> None:
    """Add a closed case from `low` to `high` whose front leaves room for 2 cm of doors and 3 cm of handles."""
    shape.box(main, (w, d - 0.05, high - low), (0, 0.025, low))


def on_top(w: float, d: float, high: float, clear: float = 0.6) -> Support:
    """Return the free space on a case."""
    return Support("on", (-w / 2 + 0.01, -d / 2 + 0.04, high), (w / 2 - 0.01, d / 2 - 0.01, high + clear))


def feet(shape: Shape, surface: Surface, w: float, d: float, high: float) -> None:
    """Add four short feet."""
    for sx in (-1, 1):
        for y in (-d / 2 + 0.09, d / 2 - 0.05):
            shape.cylinder(surface, 0.018, high, (sx * (w / 2 - 0.06), y, 0), top=0.026, segments=10)


@category(
    "bookshelf",
    finishes={"wood": (*WOODS, "white", "black", "gray", "red", "green")},
    place="wall",
    front=True,
    synonyms=("bookcase", "book shelf"),
)
def bookshelf(rng: np.random.Generator, main: Surface) -> Model:
    """A tall open case of boards."""
    shape = Shape()
    w, d, high = rng.uniform(0.7, 1.1), rng.uniform(0.27, 0.34), rng.uniform(1.5, 2.05)
    rows = int(rng.integers(4, 7))
    t = 0.022
    for sx in (-1, 1):
        shape.box(main, (t, d, high), (sx * (w - t) / 2, 0, 0))
    shape.box(darker(main, 0.8), (w - 2 * t, 0.008, high - 0.06), (0, d / 2 - 0.004, 0.05))
    levels = np.linspace(0.06, high - t, rows + 1)
    supports = []
    for k, z in enumerate(levels):
        shape.box(main, (w - 2 * t, d - 0.01, t), (0, -0.005, float(z)))
        if k < rows:
            top = float(levels[k + 1])
            supports.append(
                Support(
                    "inside",
                    (-w / 2 + t + 0.005, -d / 2 + 0.015, float(z) + t),
                    (w / 2 - t - 0.005, d / 2 - 0.015, top - 0.01),
                )
            )
    shape.box(main, (w - 2 * t, 0.02, 0.06), (0, -d / 2 + 0.03, 0))
    return Model(shape, (*supports, on_top(w, d, high, 0.4)), hollow=True)


@category("cabinet", finishes=CASES, place="wall", front=True, synonyms=("cupboard", "sideboard"))
def cabinet(rng: np.random.Generator, main: Surface) -> Model:
    """A case at waist height with two or more doors, sometimes drawers above them."""
    shape = Shape()
    w, d, high = rng.uniform(0.8, 1.5), rng.uniform(0.4, 0.48), rng.uniform(0.75, 0.95)
    low = rng.uniform(0.05, 0.14)
    feet(shape, main if rng.random() < 0.6 else BLACK_METAL, w, d, low)
    case(shape, main, w, d, low, high - 0.025)
    shape.box(main, (w + 0.02, d - 0.02, 0.025), (0, 0.01, high - 0.025))
    split = high - 0.04 - (0.16 if rng.random() < 0.5 else 0)
    doors(shape, main, rng, (-w / 2, low), (w / 2, split), -d / 2 + 0.05, max(2, round(w / 0.45)))
    if split < high - 0.1:
        for k in range(2):
            x = -w / 2 + k * w / 2
            drawers(shape, main, rng, (x, split), (x + w / 2, high - 0.03), -d / 2 + 0.05, 1)
    return Model(shape, (on_top(w, d, high),))


@category(
    "dresser",
    finishes=CASES | {"wood": (*WOODS, "white", "black", "gray", "pink", "yellow")},
    place="wall",
    front=True,
    synonyms=("chest of drawers", "drawers"),
)
def dresser(rng: np.random.Generator, main: Surface) -> Model:
    """A case of drawers from floor to top."""
    shape = Shape()
    w, d, high = rng.uniform(0.75, 1.2), rng.uniform(0.42, 0.5), rng.uniform(0.78, 1.15)
    low = rng.uniform(0.05, 0.12)
    feet(shape, main, w, d, low)
    case(shape, main, w, d, low, high - 0.025)
    shape.box(main, (w + 0.02, d - 0.02, 0.025), (0, 0.01, high - 0.025))
    drawers(
        shape,
        main,
        rng,
        (-w / 2 + 0.01, low + 0.01),
        (w / 2 - 0.01, high - 0.035),
        -d / 2 + 0.05,
        int(rng.integers(3, 6)),
    )
    return Model(shape, (on_top(w, d, high),))


@category("nightstand", finishes=CASES, place="wall", front=True, synonyms=("bedside table", "night table"))
def nightstand(rng: np.random.Generator, main: Surface) -> Model:
    """A small case beside a bed: one or two drawers, sometimes an open niche below."""
    shape = Shape()
    w, d, high = rng.uniform(0.4, 0.52), rng.uniform(0.36, 0.44), rng.uniform(0.46, 0.62)
    open_below = rng.random() < 0.5
    low = high - 0.2 if open_below else 0.08
    if open_below:
        for sx in (-1, 1):
            shape.box(main, (0.02, d - 0.05, high - 0.02), (sx * (w / 2 - 0.01), 0.025, 0))
        shape.box(main, (w - 0.04, d - 0.05, 0.02), (0, 0.025, 0.08))
        shape.box(main, (w - 0.04, 0.01, low - 0.1), (0, d / 2 - 0.005, 0.1))
    else:
        feet(shape, main, w, d, low)
    case(shape, main, w, d, low, high - 0.02)
    shape.box(main, (w + 0.015, d - 0.02, 0.02), (0, 0.01, high - 0.02))
    drawers(shape, main, rng, (-w / 2 + 0.01, low), (w / 2 - 0.01, high - 0.025), -d / 2 + 0.05, 1 if open_below else 2)
    return Model(shape, (on_top(w, d, high, 0.5),))


@category(
    "wardrobe",
    finishes={"wood": (*WOODS, "white", "black", "gray")},
    place="wall",
    front=True,
    synonyms=("closet", "armoire"),
)
def wardrobe(rng: np.random.Generator, main: Surface) -> Model:
    """A case taller than a person with two or three full doors."""
    shape = Shape()
    count = int(rng.integers(2, 4))
    w, d, high = count * rng.uniform(0.42, 0.52), rng.uniform(0.55, 0.62), rng.uniform(1.9, 2.15)
    case(shape, main, w, d, 0.0, high)
    shape.box(main, (w + 0.03, d - 0.02, 0.04), (0, 0.01, high))
    low = 0.08
    if rng.random() < 0.4:
        drawers(shape, main, rng, (-w / 2 + 0.01, low), (w / 2 - 0.01, low + 0.3), -d / 2 + 0.05, 1)
        low += 0.3
    doors(shape, main, rng, (-w / 2 + 0.01, low), (w / 2 - 0.01, high - 0.02), -d / 2 + 0.05, count)
    return Model(shape)


@category(
    "tv stand",
    finishes={"wood": (*WOODS, "white", "black", "gray")},
    place="wall",
    front=True,
    synonyms=("media console", "tv cabinet"),
)
def tv_stand(rng: np.random.Generator, main: Surface) -> Model:
    """A long low case with doors at its ends and an open niche between."""
    shape = Shape()
    w, d, high = rng.uniform(1.2, 1.7), rng.uniform(0.38, 0.44), rng.uniform(0.42, 0.52)
    low, third = 0.1, w / 3
    feet(shape, BLACK_METAL, w, d, low)
    for sx in (-1, 1):
        shape.box(main, (third, d - 0.05, high - low), (sx * third, 0.025, low))
        doors(shape, main, rng, (sx * third - third / 2, low), (sx * third + third / 2, high - 0.02), -d / 2 + 0.05, 1)
    for z in (low, (low + high) / 2, high - 0.02):
        shape.box(main, (third, d - 0.07, 0.02), (0, 0.035, z))
    shape.box(darker(main), (third, 0.01, high - low), (0, d / 2 - 0.005, low))
    return Model(shape, (on_top(w, d, high, 1.0),), hollow=False)


@category(
    "shelf",
    finishes={"wood": (*WOODS, "white", "black", "red"), "metal": ("black", "silver")},
    place="hung",
    front=True,
    synonyms=("wall shelf", "floating shelf"),
    height=1.5,
)
def shelf(rng: np.random.Generator, main: Surface) -> Model:
    """One or two boards on brackets on the wall."""
    shape = Shape()
    w, d = rng.uniform(0.6, 1.1), rng.uniform(0.18, 0.24)
    boards = int(rng.integers(1, 3))
    supports = []
    for k in range(boards):
        z = 0.14 + 0.32 * k
        shape.box(main, (w, d, 0.025), (0, 0, z))
        supports.append(Support("on", (-w / 2 + 0.01, -d / 2 + 0.01, z + 0.025), (w / 2 - 0.01, d / 2 - 0.01, z + 0.3)))
        for sx in (-1, 1):
            shape.box(BLACK_METAL, (0.02, 0.015, 0.14), (sx * (w / 2 - 0.1), d / 2 - 0.0075, z - 0.14))
            shape.tube(
                BLACK_METAL,
                [(sx * (w / 2 - 0.1), -d / 2 + 0.06, z - 0.005), (sx * (w / 2 - 0.1), d / 2 - 0.012, z - 0.12)],
                0.007,
                segments=6,
            )
    return Model(shape, tuple(supports), hollow=True)


@category(
    "box",
    finishes={"paper": ("brown", "beige", "white"), "plastic": ("blue", "red", "gray", "green", "pink")},
    place="top",
    synonyms=("cardboard box", "carton", "storage box"),
)
def box(rng: np.random.Generator, main: Surface) -> Model:
    """A closed box with a lid or a strip of tape."""
    shape = Shape()
    w, d, high = rng.uniform(0.22, 0.4), rng.uniform(0.2, 0.32), rng.uniform(0.14, 0.28)
    shape.box(main, (w, d, high), (0, 0, 0))
    if main.pattern == "plaster":
        tape = Surface(shade(main.color, 0.7), shade(main.color, 0.65), gloss=0.2)
        shape.box(tape, (w + 0.002, 0.045, high * 0.35), (0, 0, high * 0.65 + 0.001))
        for sx in (-1, 1):
            shape.box(darker(main, 0.4), (0.002, 0.07, 0.022), (sx * w / 2, 0, high * 0.5))
    else:
        shape.box(darker(main, 0.75), (w + 0.016, d + 0.016, 0.03), (0, 0, high - 0.02))
    return Model(
        shape,
        (Support("on", (-w / 2, -d / 2, high + 0.012), (w / 2, d / 2, high + 0.4)),) if main.pattern == "none" else (),
    )


@category(
    "basket",
    finishes={"wicker": ("beige", "brown", "white", "gray"), "fabric": ("gray", "blue", "pink")},
    place="free",
    synonyms=("wicker basket", "laundry basket"),
)
def basket(rng: np.random.Generator, main: Surface) -> Model:
    """A round open basket with two handles."""
    shape = Shape()
    r, high = rng.uniform(0.16, 0.23), rng.uniform(0.26, 0.45)
    foot = r * rng.uniform(0.72, 0.9)
    shape.lathe(
        main,
        [(0, 0.0), (foot, 0.0), (r, high), (r - 0.012, high), (foot - 0.012, 0.02), (0, 0.02)],
        (0, 0, 0),
        crease=True,
        segments=28,
    )
    shape.tube(main, [(r * np.cos(a), r * np.sin(a), high) for a in np.linspace(0, 2 * np.pi, 29)], 0.012, segments=6)
    for sx in (-1, 1):
        shape.tube(
            main,
            [(sx * r, 0.07 * np.cos(t), high + 0.06 * np.sin(t)) for t in np.linspace(0, np.pi, 9)],
            0.01,
            segments=6,
        )
    return Model(shape)
