"""Plants, pictures, rugs and what else makes a room a home."""

from __future__ import annotations

import numpy as np

from core3d_search.synthetic.catalogue.category import Model, Support, category
from core3d_search.synthetic.mesh import turn_x, turn_y, turn_z
from core3d_search.synthetic.shape import Shape
from core3d_search.synthetic.surfaces import (
    BASIC,
    BRIGHT,
    DARK,
    PAPER,
    SOIL,
    WOODS,
    Surface,
    linear,
    plain,
    shade,
    vary,
)


@category("plant", finishes={"foliage": ("green",)}, place="free", synonyms=("potted plant", "houseplant"))
def plant(rng: np.random.Generator, main: Surface) -> Model:
    """Leaves on stems out of a pot: broad, blade-like or bushy; from table size to a metre."""
    shape = Shape()
    k = rng.uniform(0.45, 1.3)
    pot = plain(((176, 92, 58), (232, 228, 220), (60, 62, 66), (120, 146, 160))[int(rng.integers(4))], gloss=0.15)
    r, high = 0.12 * k**0.7, 0.2 * k**0.7
    shape.lathe(
        pot,
        [(0, 0), (0.72 * r, 0), (r, high), (0.9 * r, high), (0.86 * r, high * 0.9), (0, high * 0.9)],
        (0, 0, 0),
        crease=True,
        segments=24,
    )
    shape.cylinder(SOIL, 0.86 * r, 0.004, (0, 0, high * 0.9))
    style = int(rng.integers(3))
    count = int(rng.integers(14, 24))
    for i in range(count):
        a = i * 2.39996 + rng.uniform(-0.3, 0.3)
        up = rng.uniform(0.3, 1.0)
        if style == 0:  # broad leaves on bowed stems
            reach, rise, wide, long = 0.22 * k * rng.uniform(0.4, 1), (0.2 + 0.4 * up) * k, 0.055 * k, 0.17 * k
        elif style == 1:  # upright blades
            reach, rise, wide, long = 0.08 * k * rng.uniform(0.3, 1), 0.02, 0.022 * k, (0.35 + 0.3 * up) * k
        else:  # a bush
            reach, rise, wide, long = 0.16 * k * rng.uniform(0, 1), (0.05 + 0.35 * up) * k, 0.04 * k, 0.1 * k
        root = np.array([0.3 * r * np.cos(a), 0.3 * r * np.sin(a), high * 0.88])
        tip = np.array([reach * np.cos(a), reach * np.sin(a), high + rise])
        if style != 1:
            shape.tube(
                Surface(shade(main.color, 0.8), main.second),
                [root, (root + tip) / 2 + (0, 0, 0.06 * k), tip],
                0.004 * k,
                segments=4,
            )
        _leaf(
            shape,
            main,
            tip if style != 1 else root,
            a,
            long,
            wide,
            droop=0.35 if style == 1 else 0.9,
            rise=1.3 if style == 1 else 0.45,
        )
    return Model(shape)


def _leaf(
    shape: Shape, main: Surface, at: np.ndarray, angle: float, long: float, wide: float, *, droop: float, rise: float
) -> None:
    s, t = np.linspace(0, 1, 6), np.linspace(-1, 1, 3)
    pitch = rise - droop * s
    along = np.concatenate([[0], np.cumsum(np.cos(pitch[:-1]))]) * long / 5
    height = np.concatenate([[0], np.cumsum(np.sin(pitch[:-1]))]) * long / 5
    width = wide * np.sin(np.pi * np.clip(s * 0.92 + 0.06, 0, 1)) ** 0.8
    points = np.stack(
        np.broadcast_arrays(
            along[:, None], t[None] * width[:, None], height[:, None] + 0.25 * np.abs(t)[None] * width[:, None]
        ),
        -1,
    )
    shape.sheet(main, points @ turn_z(angle).T + at)


@category(
    "picture",
    finishes={"wood": ("brown", "black", "white", "beige"), "metal": ("gold", "silver")},
    place="hung",
    front=True,
    synonyms=("painting", "framed picture", "wall art"),
    height=1.55,
)
def picture(rng: np.random.Generator, main: Surface) -> Model:
    """A framed landscape, abstract or portrait; its colour is the frame's."""
    shape = Shape()
    w, high = rng.uniform(0.4, 0.95), rng.uniform(0.4, 0.75)
    t = rng.uniform(0.03, 0.055)
    for sx in (-1, 1):
        shape.box(main, (t, 0.03, high), (sx * (w - t) / 2, 0, 0))
    for z in (0, high - t):
        shape.box(main, (w - 2 * t, 0.03, t), (0, 0, z))
    iw, ih = w - 2 * t, high - 2 * t
    shape.box(PAPER, (iw, 0.01, ih), (0, 0.008, t))
    mat = rng.uniform(0.0, 0.06) if rng.random() < 0.5 else 0.0
    iw, ih, base = iw - 2 * mat, ih - 2 * mat, t + mat

    def paint(outline: list[tuple[float, float]], tone: Surface, layer: int) -> None:
        flat = [((u - 0.5) * iw, base + v * ih) for u, v in outline]
        shape.slab(tone, flat, 0.0005, (0, 0.002 - 0.0012 * layer, 0), turn=turn_x(np.pi / 2))

    tones = [plain((rng.uniform(40, 235), rng.uniform(40, 235), rng.uniform(40, 235))) for _ in range(6)]
    style = int(rng.integers(3))
    paint(
        [(0, 0), (1, 0), (1, 1), (0, 1)],
        tones[0] if style else Surface(linear((120, 170, 220)), linear((240, 220, 190)), "sky", ih),
        0,
    )
    if style == 0:
        for k, tone in enumerate(((86, 120, 140), (70, 120, 70), (110, 140, 60))):
            u = np.linspace(0, 1, 12)
            top = 0.55 - 0.16 * k + 0.08 * np.sin(u * rng.uniform(4, 9) + rng.uniform(0, 6))
            outline = [(float(a), float(b)) for a, b in zip(u, top, strict=True)] + [(1, 0), (0, 0)]
            paint(outline[::-1], plain(tone), k + 1)
        paint(
            [(0.75 + 0.07 * iw**-0.5 * np.cos(a), 0.8 + 0.07 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 17)[:-1]],
            plain((250, 226, 150)),
            1,
        )
    elif style == 1:
        for k in range(int(rng.integers(3, 7))):
            u0, v0 = rng.uniform(0, 0.6, 2)
            u1, v1 = u0 + rng.uniform(0.15, 0.4), v0 + rng.uniform(0.15, 0.4)
            paint([(u0, v0), (u1, v0), (u1, v1), (u0, v1)], tones[1 + k % 5], k + 1)
    else:
        for k, (left, low, a, b) in enumerate(
            ((0.5, 0.16, 0.3, 0.16), (0.5, 0.58, 0.16, 0.2), (0.5, 0.74, 0.17, 0.09))
        ):
            paint(
                [(left + a * float(np.cos(s)), low + b * float(np.sin(s))) for s in np.linspace(0, 2 * np.pi, 21)[:-1]],
                (tones[1], plain((226, 186, 156)), plain((70, 46, 30)))[k],
                k + 1,
            )
    return Model(shape)


@category(
    "clock",
    finishes={"wood": (*WOODS, "black"), "metal": ("silver", "gold", "black"), "plastic": BRIGHT},
    place="hung",
    front=True,
    synonyms=("wall clock",),
    height=1.85,
)
def clock(rng: np.random.Generator, main: Surface) -> Model:
    """A round wall clock with marks and hands."""
    shape = Shape()
    r = rng.uniform(0.13, 0.19)
    face = turn_x(np.pi / 2)
    shape.lathe(
        main,
        [(0, 0), (r, 0), (r, 0.03), (r - 0.018, 0.035), (r - 0.02, 0.02)],
        (0, 0.02, r),
        turn=face,
        crease=True,
        segments=36,
    )
    shape.lathe(PAPER, [(0, 0.021), (r - 0.02, 0.021)], (0, 0.02, r), turn=face, segments=36)
    for k in range(12):
        a = k * np.pi / 6
        long = 0.03 if k % 3 == 0 else 0.018
        mark = Shape()
        mark.box(DARK, (0.008, 0.002, long), (0, 0, r - 0.028 - long))
        shape.add(mark, (0, -0.003, r), turn_y(a))
    for a, long, thick in ((rng.uniform(0, 6.28), 0.5 * r, 0.012), (rng.uniform(0, 6.28), 0.75 * r, 0.007)):
        hand = Shape()
        hand.box(DARK, (thick, 0.002, long), (0, 0, -0.02))
        shape.add(hand, (0, -0.006, r), turn_y(float(a)))
    return Model(shape)


@category("rug", finishes={"fabric": BASIC}, place="flat", synonyms=("carpet", "mat"))
def rug(rng: np.random.Generator, main: Surface) -> Model:
    """A thin rectangular or round carpet: ornament, stripes, checks or plain, with a border."""
    shape = Shape()
    w, d = rng.uniform(1.3, 2.2), rng.uniform(0.9, 1.5)
    others = [
        name
        for name in ("white", "beige", "black", "gray", "red", "blue")
        if abs(sum(vary(name, rng)) - sum(main.color)) > 0.25
    ]
    second = vary(str(rng.choice(others)), rng)
    pattern = str(rng.choice(("ornament", "stripes", "plaid", "carpet", "dots")))
    weave = Surface(
        main.color, second if pattern != "carpet" else shade(main.color, 0.75), pattern, float(rng.uniform(0.35, 0.9))
    )
    edge = Surface(second, shade(second, 0.85), "weave", 0.06)
    if rng.random() < 0.25:
        r = d * 0.65
        ring = np.array([(r * np.cos(a), r * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 49)[:-1]])
        shape.slab(edge, ring, 0.008, (0, 0, 0))
        shape.slab(weave, ring * 0.92, 0.002, (0, 0, 0.008))
    else:
        shape.box(edge, (w, d, 0.008), (0, 0, 0))
        shape.box(weave, (w - 0.16, d - 0.16, 0.002), (0, 0, 0.008))
        for sx in (-1, 1):
            shape.box(PAPER, (0.05, d, 0.003), (sx * (w / 2 + 0.025), 0, 0))
    return Model(shape)


@category(
    "piano", finishes={"wood": ("black", "brown", "white")}, place="wall", front=True, synonyms=("upright piano",)
)
def piano(rng: np.random.Generator, main: Surface) -> Model:
    """An upright piano: case, key bed with white and black keys, pedals, music desk."""
    shape = Shape()
    w, high = rng.uniform(1.4, 1.5), rng.uniform(1.1, 1.25)
    d = 0.58
    back = d / 2
    shape.box(main, (w, 0.32, high - 0.03), (0, back - 0.16, 0))
    shape.box(main, (w + 0.03, 0.35, 0.03), (0, back - 0.17, high - 0.03))
    shape.box(main, (w, 0.24, 0.1), (0, -back + 0.12, 0.58))
    for sx in (-1, 1):
        shape.box(main, (0.06, 0.26, 0.26), (sx * (w / 2 - 0.03), -back + 0.13, 0.56))
        shape.box(main, (0.06, 0.07, 0.58), (sx * (w / 2 - 0.03), -back + 0.06, 0))
    span = w - 0.16
    white = plain((244, 242, 232), gloss=0.4)
    for k in range(36):
        x = -span / 2 + (k + 0.5) * span / 36
        shape.box(white, (span / 36 - 0.002, 0.15, 0.02), (x, -back + 0.09, 0.68))
        if k % 7 not in (2, 6):
            shape.box(DARK, (0.014, 0.09, 0.012), (x + span / 72, -back + 0.12, 0.7))
    shape.box(main, (w * 0.5, 0.015, 0.2), (0, back - 0.345, high - 0.32), turn=turn_x(-0.2))
    for x in (-0.1, 0, 0.1):
        shape.box(plain((200, 164, 80), gloss=0.7), (0.03, 0.1, 0.012), (x, -0.02 - 0.06, 0.05))
    on = Support("on", (-w / 2 + 0.05, back - 0.32, high), (w / 2 - 0.05, back - 0.02, high + 0.5))
    return Model(shape, (on,), hollow=True)


@category(
    "fireplace",
    finishes={"stone": ("white", "gray", "beige", "red")},
    place="wall",
    front=True,
    synonyms=("hearth", "chimney piece"),
)
def fireplace(rng: np.random.Generator, main: Surface) -> Model:
    """A mantelpiece of two pillars and a shelf round a dark hearth with logs."""
    shape = Shape()
    w, d, high = rng.uniform(1.15, 1.4), 0.36, rng.uniform(1.0, 1.15)
    for sx in (-1, 1):
        shape.box(main, (0.22, d - 0.06, high - 0.08), (sx * (w / 2 - 0.16), 0.03, 0))
    shape.box(main, (w - 0.1, d - 0.06, 0.24), (0, 0.03, high - 0.32))
    shape.box(main, (w, d, 0.08), (0, 0, high - 0.08))
    brick = Surface(linear((70, 52, 46)), linear((30, 24, 22)), "bricks", 0.5)
    shape.box(brick, (w - 0.5, 0.03, high - 0.3), (0, d / 2 - 0.015, 0))
    shape.box(Surface(linear((80, 78, 76)), linear((60, 58, 56)), "speckle", 0.3), (w - 0.5, d - 0.1, 0.04), (0, 0, 0))
    log = plain((92, 60, 38))
    for k, (y, z) in enumerate(((-0.02, 0.085), (0.07, 0.085), (0.025, 0.16))):
        turn = turn_z(0.15 * (k - 1)) @ turn_y(np.pi / 2)
        shape.cylinder(log, 0.045, 0.44, (-0.22, y, z), turn=turn, segments=12)
    shape.ball(plain((255, 140, 40), glow=1.2), 0.05, (0.03, -0.01, 0.22), stretch=(1.4, 0.5, 1.3), segments=10)
    on = Support("on", (-w / 2 + 0.05, -d / 2 + 0.05, high), (w / 2 - 0.05, d / 2 - 0.03, high + 0.6))
    return Model(shape, (on,), hollow=False)
