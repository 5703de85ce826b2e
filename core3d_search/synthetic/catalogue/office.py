"""Screens, machines and paper."""

from __future__ import annotations

import numpy as np

from core3d_search.synthetic.catalogue.category import Model, category
from core3d_search.synthetic.mesh import turn_x, turn_z
from core3d_search.synthetic.shape import Shape
from core3d_search.synthetic.surfaces import BASIC, CHROME, METAL, PAPER, SCREEN, Surface, linear, plain, shade

CASING = {"plastic": ("black", "white", "gray"), "metal": ("silver",)}
KEYS = plain((52, 54, 58), gloss=0.1)


def picture_on(
    shape: Shape, rng: np.random.Generator, w: float, high: float, x: float, y: float, z: float, *, text: float = 0.5
) -> None:
    """Show a bright picture on a screen: sky over hills, or pages with chance `text`; `z` is its lower edge."""
    if rng.random() >= text:
        sky = Surface(linear((60, 120, 210)), linear((170, 210, 244)), "sky", high, 0.3, 0.8)
        land = plain((52, 120, 70), gloss=0.3, glow=0.6)
        shape.box(sky, (w, 0.001, high * 0.65), (x, y, z + high * 0.35))
        shape.box(land, (w, 0.001, high * 0.35), (x, y, z))
    else:
        desk = plain((40, 70, 120), gloss=0.3, glow=0.7)
        page = Surface(linear((236, 238, 240)), linear((70, 76, 90)), "text", 0.18, 0.3, 0.8)
        shape.box(desk, (w, 0.001, high), (x, y, z))
        shape.box(page, (w * 0.5, 0.001, high * 0.8), (x - w * 0.16, y - 0.001, z + high * 0.1))
        shape.box(page, (w * 0.26, 0.001, high * 0.5), (x + w * 0.3, y - 0.001, z + high * 0.3))


@category(
    "tv",
    finishes={"plastic": ("black", "gray"), "metal": ("silver",)},
    place="top",
    front=True,
    synonyms=("television", "flat screen"),
)
def tv(rng: np.random.Generator, main: Surface) -> Model:
    """A wide flat screen on two feet, off or showing a picture."""
    shape = Shape()
    w = rng.uniform(0.72, 1.25)
    high, t = w * 0.57, 0.014
    for sx in (-1, 1):
        shape.box(main, (0.03, 0.2, 0.012), (sx * w * 0.33, 0, 0))
        shape.box(main, (0.03, 0.03, 0.07), (sx * w * 0.33, 0, 0))
    shape.box(main, (w, 0.035, high), (0, 0, 0.06))
    shape.box(SCREEN, (w - 2 * t, 0.002, high - 2 * t), (0, -0.018, 0.06 + t))
    if rng.random() < 0.35:
        picture_on(shape, rng, w - 2 * t, high - 2 * t, 0, -0.02, 0.06 + t, text=0.0)
    return Model(shape)


@category("monitor", finishes=CASING, place="top", front=True, synonyms=("computer screen", "display"))
def monitor(rng: np.random.Generator, main: Surface) -> Model:
    """A computer screen on a stand."""
    shape = Shape()
    w = rng.uniform(0.48, 0.64)
    high, t, lift = w * 0.58, 0.012, rng.uniform(0.09, 0.15)
    shape.cushion(main, (0.22, 0.16, 0.014), (0, 0.02, 0), 0.006)
    shape.box(main, (0.05, 0.025, lift + 0.1), (0, 0.05, 0.01))
    shape.box(main, (w, 0.03, high), (0, 0.02, lift))
    shape.box(SCREEN, (w - 2 * t, 0.002, high - 2 * t), (0, 0.004, lift + t))
    if rng.random() < 0.6:
        picture_on(shape, rng, w - 2 * t, high - 2 * t, 0, 0.002, lift + t)
    return Model(shape)


@category(
    "laptop",
    finishes={"metal": ("silver", "gray", "black", "gold"), "plastic": ("black", "white", "red", "blue")},
    place="top",
    front=True,
    synonyms=("notebook computer", "laptop computer"),
)
def laptop(rng: np.random.Generator, main: Surface) -> Model:
    """An open notebook computer."""
    shape = Shape()
    w = rng.uniform(0.31, 0.37)
    d = w * 0.68
    shape.box(main, (w, d, 0.016), (0, 0, 0))
    shape.box(KEYS, (w * 0.88, d * 0.46, 0.002), (0, d * 0.16, 0.016))
    shape.box(METAL, (w * 0.32, d * 0.26, 0.001), (0, -d * 0.28, 0.016))
    lid = Shape()
    lid.box(main, (w, 0.008, d), (0, 0, 0))
    lid.box(SCREEN, (w - 0.02, 0.001, d - 0.03), (0, -0.0045, 0.018))
    if rng.random() < 0.75:
        picture_on(lid, rng, w - 0.024, d - 0.034, 0, -0.006, 0.02)
    shape.add(lid, (0, d / 2 - 0.006, 0.014), turn_x(-rng.uniform(0.1, 0.45)))
    return Model(shape)


@category(
    "keyboard",
    finishes={"plastic": ("black", "white", "gray", "pink", "blue")},
    place="top",
    front=True,
    synonyms=("computer keyboard",),
)
def keyboard(rng: np.random.Generator, main: Surface) -> Model:
    """A slab with rows of keys."""
    shape = Shape()
    w, d = rng.uniform(0.36, 0.45), rng.uniform(0.12, 0.15)
    shape.box(main, (w, d, 0.016), (0, 0, 0))
    key = KEYS if sum(main.color) > 0.6 else plain((86, 88, 92), gloss=0.1)
    rows, columns = 5, 14
    for j in range(rows):
        y = -d / 2 + (j + 0.5) * d / rows
        if j == 0:
            for x, long in ((-0.38, 0.2), (0.0, 0.5), (0.38, 0.2)):
                shape.box(key, (long * w, d / rows - 0.005, 0.008), (x * w, y, 0.016))
        else:
            for i in range(columns):
                shape.box(
                    key, (w / columns - 0.005, d / rows - 0.005, 0.008), (-w / 2 + (i + 0.5) * w / columns, y, 0.016)
                )
    return Model(shape)


@category("printer", finishes={"plastic": ("white", "black", "gray")}, place="top", front=True)
def printer(rng: np.random.Generator, main: Surface) -> Model:
    """A box with a paper slot, a tray with paper and a panel."""
    shape = Shape()
    w, d, high = rng.uniform(0.36, 0.44), 0.25, rng.uniform(0.17, 0.24)
    shape.cushion(main, (w, d, high), (0, 0.03, 0), 0.018)
    shape.box(KEYS, (w * 0.68, 0.01, high * 0.34), (0, -d / 2 + 0.028, high * 0.24))
    shape.box(main, (w * 0.62, 0.1, 0.012), (0, -d / 2 - 0.02, high * 0.2))
    shape.box(PAPER, (w * 0.52, 0.12, 0.008), (0, -d / 2, high * 0.2 + 0.012))
    shape.box(PAPER, (w * 0.52, 0.006, 0.14), (0, d / 2 - 0.02, high - 0.02), turn=turn_x(-0.25))
    shape.box(SCREEN, (w * 0.26, 0.004, 0.035), (w * 0.25, -d / 2 + 0.029, high * 0.74))
    return Model(shape)


@category(
    "telephone",
    finishes={"plastic": ("black", "red", "white", "gray", "green")},
    place="top",
    front=True,
    synonyms=("phone", "desk phone"),
)
def telephone(rng: np.random.Generator, main: Surface) -> Model:
    """A desk telephone with keys and a handset across it."""
    shape = Shape()
    k = rng.uniform(0.95, 1.15)
    shape.cushion(main, (0.2 * k, 0.18 * k, 0.05 * k), (0, 0, 0), 0.015)
    key = plain((226, 226, 222)) if sum(main.color) < 1.2 else KEYS
    for i in range(3):
        for j in range(4):
            shape.box(key, (0.02, 0.016, 0.006), ((i - 1) * 0.03 + 0.02, (j - 2) * 0.026 - 0.005, 0.05 * k))
    arc = [(x, 0.055 * k, 0.065 * k + 0.025 * (1 - (x / (0.1 * k)) ** 2)) for x in np.linspace(-0.1 * k, 0.1 * k, 9)]
    shape.tube(main, arc, 0.014 * k)
    for sx in (-1, 1):
        shape.ball(main, 0.026 * k, (sx * 0.09 * k, 0.055 * k, 0.068 * k), stretch=(1, 1, 0.7), segments=12)
    return Model(shape)


@category("remote control", finishes={"plastic": ("black", "gray", "white")}, place="top", synonyms=("remote",))
def remote_control(rng: np.random.Generator, main: Surface) -> Model:
    """A slim bar with rows of buttons."""
    shape = Shape()
    long = rng.uniform(0.16, 0.21)
    shape.cushion(main, (0.048, long, 0.02), (0, 0, 0), 0.008)
    for j in range(6):
        for i in range(3):
            tone = plain((180, 40, 40)) if (i, j) == (0, 5) else plain((150, 150, 154))
            shape.box(tone, (0.008, 0.008, 0.003), ((i - 1) * 0.013, (j - 2.5) * long / 7, 0.02))
    return Model(shape)


@category(
    "speaker",
    finishes={"wood": ("black", "brown", "white"), "plastic": ("black", "white", "gray")},
    place="top",
    front=True,
    synonyms=("loudspeaker",),
)
def speaker(rng: np.random.Generator, main: Surface) -> Model:
    """An upright box with two round cones."""
    shape = Shape()
    w, high = rng.uniform(0.14, 0.19), rng.uniform(0.24, 0.34)
    d = w * 1.1
    shape.box(main, (w, d, high), (0, 0, 0))
    face = turn_x(np.pi / 2)
    for r, z in ((0.38 * w, 0.36 * high), (0.2 * w, 0.78 * high)):
        shape.lathe(METAL, [(r + 0.008, 0), (r + 0.006, 0.005), (r, 0.006)], (0, -d / 2, z), turn=face, segments=24)
        shape.lathe(
            KEYS, [(r, 0.005), (0.4 * r, 0.001), (0.35 * r, 0.006), (0, 0.008)], (0, -d / 2, z), turn=face, segments=24
        )
    return Model(shape)


def _volume(shape: Shape, main: Surface, w: float, thick: float, high: float, at: tuple[float, float, float]) -> None:
    """Add an upright book: spine to the front (-y), `w` deep, pages inside the cover."""
    x, y, z = at
    shape.box(PAPER, (thick - 0.004, w - 0.008, high - 0.006), (x, y + 0.002, z + 0.003))
    for sx in (-1, 1):
        shape.box(main, (0.003, w, high), (x + sx * (thick - 0.003) / 2, y, z))
    shape.box(main, (thick, 0.003, high), (x, y - w / 2 + 0.0015, z))
    band = plain((224, 196, 110), gloss=0.3)
    shape.box(band, (thick * 0.7, 0.0012, 0.012), (x, y - w / 2 - 0.0006, z + high * 0.75))


@category("book", finishes={"paper": BASIC}, place="top", synonyms=("hardcover book",))
def book(rng: np.random.Generator, main: Surface) -> Model:
    """One closed book that lies on its back cover."""
    shape = Shape()
    w, long, thick = rng.uniform(0.15, 0.2), rng.uniform(0.21, 0.27), rng.uniform(0.022, 0.045)
    shape.box(PAPER, (w - 0.008, long - 0.01, thick - 0.006), (0.002, 0, 0.003))
    for z in (0.0, thick - 0.003):
        shape.box(main, (w, long, 0.003), (0, 0, z))
    shape.box(main, (0.003, long, thick), (-w / 2 + 0.0015, 0, 0))
    title = plain((238, 226, 190))
    shape.box(title, (w * 0.6, 0.025, 0.0008), (0, long * 0.22, thick))
    shape.box(title, (w * 0.35, 0.01, 0.0008), (0, long * 0.12, thick))
    return Model(shape)


@category("books", finishes={"paper": BASIC}, place="top", front=True, synonyms=("row of books", "pile of books"))
def books(rng: np.random.Generator, main: Surface) -> Model:
    """A row of volumes of one colour, some bound in a neighbouring tone."""
    shape = Shape()
    x, w = 0.0, rng.uniform(0.14, 0.17)
    for _ in range(int(rng.integers(5, 11))):
        thick, high = rng.uniform(0.018, 0.042), rng.uniform(0.17, 0.225)
        tone = rng.uniform(0.75, 1.2)
        cover = Surface(shade(main.color, tone), shade(main.color, tone), gloss=0.1)
        _volume(shape, cover, w * rng.uniform(0.88, 1), thick, high, (x + thick / 2, 0, 0))
        x += thick + 0.001
    centred = Shape()
    centred.add(shape, (-x / 2, 0, 0), turn_z(0))
    return Model(centred)


@category(
    "whiteboard",
    finishes={"plastic": ("white",), "wood": ("green", "black")},
    place="hung",
    front=True,
    synonyms=("blackboard", "notice board"),
    height=1.5,
)
def whiteboard(rng: np.random.Generator, main: Surface) -> Model:
    """A writing board in a metal frame with some lines of writing."""
    shape = Shape()
    w, high = rng.uniform(1.0, 1.5), rng.uniform(0.7, 0.95)
    shape.box(main, (w, 0.015, high), (0, 0, 0))
    for z in (0, high - 0.025):
        shape.box(METAL, (w + 0.02, 0.025, 0.025), (0, 0, z))
    for sx in (-1, 1):
        shape.box(METAL, (0.025, 0.025, high), (sx * w / 2, 0, 0))
    shape.box(METAL, (w * 0.5, 0.06, 0.012), (0, -0.03, 0))
    ink = plain((40, 70, 170)) if sum(main.color) > 1.5 else plain((236, 236, 230))
    for k in range(int(rng.integers(2, 6))):
        z, x0 = high * 0.85 - 0.09 * k, -w * 0.42
        s = np.linspace(0, rng.uniform(0.3, 0.6) * w, 40)
        line = np.stack([x0 + s, 0 * s - 0.009, z + 0.016 * np.sin(s * 70) * np.sin(s * 23 + k)], -1)
        shape.tube(ink, line, 0.003, segments=4)
    return Model(shape)


@category("globe", finishes={"paper": ("blue", "beige")}, place="top", synonyms=("world globe",))
def globe(rng: np.random.Generator, main: Surface) -> Model:
    """A world globe with continents on an arched stand."""
    shape = Shape()
    r = rng.uniform(0.1, 0.14)
    stand = CHROME if rng.random() < 0.4 else plain((110, 70, 40), gloss=0.2)
    shape.lathe(stand, [(0, 0), (0.6 * r, 0), (0.6 * r, 0.012), (0.015, 0.03), (0.012, 0.06), (0, 0.06)], (0, 0, 0))
    z = 0.06 + r
    shape.ball(main, r, (0, 0, z))
    land = Surface(linear((90, 150, 70)), linear((200, 180, 110)), "speckle", 0.08)
    for lon, lat, size in (
        (0.2, 0.5, 0.42),
        (1.3, -0.1, 0.34),
        (2.6, 0.6, 0.5),
        (4.0, 0.1, 0.36),
        (5.0, -0.5, 0.3),
        (3.2, -0.6, 0.28),
    ):
        t = np.linspace(0, 2 * np.pi, 15)
        wave = 1 + 0.25 * np.sin(3 * t + lon)
        ring = np.stack([lon + size * wave * np.cos(t), lat + 0.8 * size * wave * np.sin(t)], -1)
        fan = ring[None] * np.linspace(0.01, 1, 5)[:, None, None] + (
            1 - np.linspace(0.01, 1, 5)[:, None, None]
        ) * np.array([lon, lat])
        ball = np.stack(
            [np.cos(fan[..., 1]) * np.cos(fan[..., 0]), np.cos(fan[..., 1]) * np.sin(fan[..., 0]), np.sin(fan[..., 1])],
            -1,
        )
        shape.sheet(land, ball * (r + 0.0015) + (0, 0, z), normals=ball)
    shape.tube(
        stand,
        [((r + 0.012) * np.sin(a), 0, z - (r + 0.012) * np.cos(a)) for a in np.linspace(-0.3, np.pi - 0.4, 15)],
        0.006,
        segments=6,
    )
    return Model(shape)
