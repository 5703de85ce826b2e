"""Furnishing programs: what a kind of room holds, and in which order it is placed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core3d_search.synthetic.catalogue import CATEGORIES
from core3d_search.synthetic.placement import Arrangement, Placed


@dataclass(frozen=True)
class Program:
    """The range of a room's width and depth in metres, and the function that furnishes it."""

    width: tuple[float, float]
    depth: tuple[float, float]
    furnish: Callable[[Arrangement], None]


def _openings(a: Arrangement, windows: int, *, curtains: float = 0.5) -> list[Placed]:
    order = a.rng.permutation(4)
    a.put_opening("door", wall=int(order[0]))
    made = []
    for k in range(windows):
        pane = a.put_opening("window", wall=int(order[1 + k % 3]))
        if pane is None:
            continue
        made.append(pane)
        wide = float((pane.model.bounds[1] - pane.model.bounds[0])[0])
        if a.rng.random() < curtains:
            first = a.put_hung("curtain", over=pane, aside=-wide / 2 - 0.22, height=1.2)
            if first is not None:
                a.put_hung("curtain", over=pane, aside=wide / 2 + 0.22, height=1.2, color=first.color)
        elif a.rng.random() < 0.6:
            a.put_hung("radiator", over=pane, height=0.42)
    return made


def _some(a: Arrangement, names: tuple[str, ...], count: int) -> list[str]:
    return [str(name) for name in a.rng.choice(names, size=min(count, len(names)), replace=False)]


def _chance(a: Arrangement, p: float) -> bool:
    return bool(a.rng.random() < p)


DECOR = ("vase", "plant", "clock", "candle", "bowl", "book", "books", "teddy bear", "speaker", "box", "globe")
SHELVED = (
    "books",
    "books",
    "books",
    "book",
    "vase",
    "box",
    "plant",
    "globe",
    "teddy bear",
    "mug",
    "bowl",
    "bottle",
    "speaker",
)
HOME = (
    "book", "books", "laptop", "lamp", "candle", "globe", "teddy bear", "telephone", "remote control", "mug", "vase",
    "speaker", "bottle", "blanket", "box", "bowl", "plate", "fruit bowl",
)  # fmt: skip
COOKING = (
    "microwave", "toaster", "kettle", "coffee machine", "knife block", "pot", "plate", "bowl", "mug", "bottle",
    "fruit bowl", "candle", "telephone",
)  # fmt: skip
WORK = (
    "printer", "monitor", "laptop", "books", "book", "telephone", "lamp", "globe", "speaker", "mug", "keyboard",
    "bottle", "box",
)  # fmt: skip
AROUND = (
    "bicycle", "suitcase", "backpack", "ball", "guitar", "fan", "ottoman", "stool", "basket", "floor lamp", "plant",
    "side table", "bench", "armchair", "dresser", "cabinet", "piano", "fireplace", "trash can", "chair",
)  # fmt: skip
TABLEWARE = ("plate", "mug", "bowl", "bottle", "fruit bowl", "vase")
WORKTOP = (
    "kettle",
    "toaster",
    "microwave",
    "pot",
    "bottle",
    "mug",
    "fruit bowl",
    "bowl",
    "knife block",
    "coffee machine",
)


def _fill(a: Arrangement, holder: Placed | None, names: tuple[str, ...], count: int, held: str = "on") -> None:
    if holder is not None:
        for _ in range(count):
            # what does not fit gives way to something else
            any(a.put_held(name, holder, held) is not None for name in _some(a, names, 3))


def _against_some_wall(a: Arrangement, name: str, *, front: float) -> tuple[Placed | None, int]:
    """Stand a thing about the middle of the first wall that takes it; return it and the wall's number."""
    order = [int(number) for number in a.rng.permutation(4)]
    wanted: list[tuple[int, float | None]] = [(k, a.walls[k].length * float(a.rng.uniform(0.35, 0.65))) for k in order]
    for wall, near in [*wanted, *((k, None) for k in order)]:
        item = a.put_wall(name, wall=wall, near=near, front=front)
        if item is not None:
            return item, wall
    return None, 0


def _enrich(a: Arrangement, small: tuple[str, ...], floor: tuple[str, ...]) -> None:
    """Add what people own: small things where there is room for them, a few larger ones on the floor."""
    for name in _some(a, floor, 5):
        if CATEGORIES[name].place == "wall":
            a.put_wall(name, front=0.25)
        else:
            a.put_free(name, corner=True)
    for holder in list(a.placed):
        kinds = {space.kind for space in holder.model.supports}
        if "inside" in kinds:
            _fill(a, holder, SHELVED, int(a.rng.integers(1, 4)), "inside")
        if "on" in kinds and holder.kind.name not in ("sofa", "bed", "bench"):
            _fill(a, holder, small, int(a.rng.integers(0, 3)))
        if "under" in kinds and _chance(a, 0.3):
            a.put_held(
                str(a.rng.choice(("box", "basket", "ball", "backpack", "trash can", "suitcase"))), holder, "under"
            )


def _seat_cushions(a: Arrangement, sofa: Placed | None) -> None:
    if sofa is not None:
        for side in (-0.85, 0.85):
            if _chance(a, 0.65):
                a.put_held("pillow", sofa, toward=side, back=True)
        if _chance(a, 0.3):
            a.put_held("blanket", sofa)


def _walls(a: Arrangement, pictures: int) -> None:
    for _ in range(pictures):
        a.put_hung("picture")
    if _chance(a, 0.5):
        a.put_hung("clock", height=1.9)


def _corners(a: Arrangement, names: tuple[str, ...], count: int) -> None:
    for name in _some(a, names, count):
        a.put_free(name, corner=True)


def living_room(a: Arrangement) -> None:
    """Sofa and television across a coffee table on a rug; shelves, lamps, plants."""
    _openings(a, int(a.rng.integers(1, 3)))
    sofa, wall = _against_some_wall(a, "sofa", front=0.3)
    if sofa is not None:
        table = a.put_before("coffee table", sofa, gap=0.36)
        if table is not None:
            if _chance(a, 0.6):
                a.put_flat("rug", under=table)
            _fill(
                a,
                table,
                ("book", "mug", "fruit bowl", "vase", "laptop", "candle", "remote control"),
                int(a.rng.integers(1, 4)),
            )
            if _chance(a, 0.25):
                a.put_held("basket", table, "under")
        stand = a.put_wall("tv stand", wall=(wall + 2) % 4, near=a.walls[(wall + 2) % 4].length / 2)
        if stand is not None:
            a.put_held("tv", stand, toward=0.0, back=True)
            _fill(a, stand, ("speaker", "plant", "vase", "clock"), int(a.rng.integers(0, 3)))
        elif _chance(a, 0.5):
            a.put_hung("tv", wall=(wall + 2) % 4, height=1.3)
        _seat_cushions(a, sofa)
    for _ in range(int(a.rng.integers(1, 3))):
        a.put_wall("armchair", front=0.4)
    case = a.put_wall("bookshelf") if _chance(a, 0.8) else None
    _fill(a, case, SHELVED, int(a.rng.integers(4, 9)), "inside")
    if _chance(a, 0.45):
        _fill(a, a.put_wall("cabinet"), (*DECOR, "lamp"), int(a.rng.integers(1, 4)))
    if _chance(a, 0.3):
        a.put_wall("piano")
    if _chance(a, 0.35):
        a.put_wall("fireplace")
    if sofa is not None and _chance(a, 0.6):
        table = a.put_free("side table", corner=True)
        if table is not None:
            a.put_held(str(a.rng.choice(("lamp", "plant", "telephone", "vase"))), table)
    _corners(a, ("floor lamp", "plant", "guitar", "basket", "ottoman", "fan", "ball"), int(a.rng.integers(2, 5)))
    if _chance(a, 0.7):
        a.put_ceiling("ceiling lamp")
    _fill(a, a.put_hung("shelf") if _chance(a, 0.4) else None, DECOR, 3)
    _enrich(a, HOME, AROUND)
    _walls(a, int(a.rng.integers(1, 4)))


def bedroom(a: Arrangement) -> None:
    """A bed with nightstands, a wardrobe, a dresser, sometimes a desk."""
    _openings(a, int(a.rng.integers(1, 3)), curtains=0.7)
    rest, wall = _against_some_wall(a, "bed", front=0.4)
    if rest is not None:
        half = float((rest.model.bounds[1])[0])
        side = a.walls[wall]
        s = (rest.at[0] - side.start[0]) * side.along[0] + (rest.at[1] - side.start[1]) * side.along[1]
        for sign in (-1, 1):
            stand = a.put_wall("nightstand", wall=wall, near=s + sign * (half + 0.3), front=0.2)
            if stand is not None:
                if _chance(a, 0.75):
                    a.put_held("lamp", stand)
                _fill(a, stand, ("book", "mug", "bottle", "telephone"), int(a.rng.integers(0, 2)))
        for side_of in (-0.6, 0.6):
            a.put_held("pillow", rest, toward=side_of, back=True)
        _fill(a, rest, ("teddy bear", "book", "laptop", "blanket", "backpack"), int(a.rng.integers(0, 3)))
        if _chance(a, 0.4):
            a.put_held("box", rest, "under")
    a.put_wall("wardrobe")
    if _chance(a, 0.7):
        chest = a.put_wall("dresser")
        if chest is not None and _chance(a, 0.35):
            a.put_held("tv", chest, toward=0.0, back=True)
        _fill(a, chest, (*DECOR, "lamp"), int(a.rng.integers(1, 4)))
        if chest is not None and _chance(a, 0.6):
            a.put_hung("mirror", over=chest)
    if _chance(a, 0.4):
        _desk_set(a)
    if _chance(a, 0.4):
        a.put_wall("armchair")
    if _chance(a, 0.4):
        a.put_flat("rug")
    if _chance(a, 0.4):
        _fill(a, a.put_wall("bench"), ("pillow", "blanket", "backpack"), 1)
    _corners(
        a,
        ("floor lamp", "plant", "guitar", "basket", "suitcase", "fan", "ball", "stool", "backpack"),
        int(a.rng.integers(2, 5)),
    )
    if _chance(a, 0.8):
        a.put_ceiling("ceiling lamp")
    _fill(a, a.put_hung("shelf") if _chance(a, 0.5) else None, DECOR, 3)
    _enrich(a, HOME, AROUND)
    _walls(a, int(a.rng.integers(1, 3)))


def _desk_set(a: Arrangement, *, near: float | None = None, wall: int | None = None) -> Placed | None:
    """Put a desk with a chair, a screen or a laptop, and small things."""
    table = a.put_wall("desk", near=near, wall=wall, front=0.7)
    if table is None:
        return None
    if _chance(a, 0.6):
        a.put_held("monitor", table, toward=float(a.rng.uniform(-0.3, 0.3)), back=True)
        a.put_held("keyboard", table, toward=0.0)
    else:
        a.put_held("laptop", table, toward=0.0)
    _fill(
        a,
        table,
        ("lamp", "mug", "book", "books", "telephone", "plant", "bottle", "printer", "speaker"),
        int(a.rng.integers(2, 5)),
    )
    seat = "office chair" if _chance(a, 0.7) else "chair"
    a.put_before(seat, table, gap=-0.1, facing=True, shift=0.0)
    under = str(a.rng.choice(("trash can", "box", "backpack")))
    a.put_held(under, table, "under")
    return table


def office(a: Arrangement) -> None:
    """One to three desks, shelves, a printer, a guest chair."""
    _openings(a, int(a.rng.integers(1, 3)), curtains=0.2)
    for _ in range(int(a.rng.integers(1, 4))):
        _desk_set(a)
    for _ in range(int(a.rng.integers(1, 3))):
        _fill(a, a.put_wall("bookshelf"), SHELVED, int(a.rng.integers(4, 8)), "inside")
    chest = a.put_wall("cabinet") if _chance(a, 0.7) else None
    if chest is not None and _chance(a, 0.6):
        a.put_held("printer", chest)
    _fill(a, chest, ("printer", "plant", "books", "box", "coffee machine", "globe"), int(a.rng.integers(1, 4)))
    for _ in range(int(a.rng.integers(0, 3))):
        a.put_wall("chair", front=0.3)
    if _chance(a, 0.3):
        a.put_wall("sofa")
    if _chance(a, 0.6):
        a.put_hung("whiteboard")
    _corners(a, ("plant", "trash can", "floor lamp", "fan", "box", "suitcase", "bicycle"), int(a.rng.integers(2, 5)))
    if _chance(a, 0.5):
        a.put_ceiling("ceiling lamp")
    _fill(a, a.put_hung("shelf") if _chance(a, 0.4) else None, ("books", "box", "plant", "globe"), 3)
    _enrich(a, WORK, AROUND)
    _walls(a, int(a.rng.integers(1, 3)))


def _kitchen_row(a: Arrangement) -> None:
    wall = int(a.rng.integers(4))
    wall = max(
        range(4),
        key=lambda k: (
            a.walls[k].length
            - 1.0 * any(abs(item.yaw - a.walls[k].yaw) < 0.01 for item in a.placed if item.kind.name == "door"),
            k == wall,
        ),
    )
    row = _some(a, ("stove", "sink", "dishwasher", "kitchen counter"), 4)
    s = 0.05
    corner = a.put_wall("refrigerator", wall=wall, near=0.4)
    if corner is not None:
        s = 0.1 + float((corner.model.bounds[1] - corner.model.bounds[0])[0])
    for name in row:
        item = a.put_wall(name, wall=wall, near=s + 0.4)
        if item is None:
            item = a.put_wall(name)
        elif item.kind.name == "stove":
            a.put_hung("range hood", over=item, height=1.95)
        if item is not None:
            s += float((item.model.bounds[1] - item.model.bounds[0])[0]) + 0.02
            if name == "stove":
                if _chance(a, 0.7):
                    a.put_held("pot", item)
                if _chance(a, 0.3):
                    a.put_held("kettle", item)
            else:
                _fill(a, item, WORKTOP if name != "sink" else ("mug", "bottle", "plate"), int(a.rng.integers(1, 4)))


def _dining_set(a: Arrangement) -> Placed | None:
    """Put a table with a set of chairs, things on it and a lamp over it."""
    if _chance(a, 0.35):
        a.put_flat("rug")
    table = a.put_free("dining table", margin=0.75)
    if table is None:
        return None
    a.put_around("chair", table, int(a.rng.integers(2, 7)))
    _fill(a, table, TABLEWARE, int(a.rng.integers(2, 6)))
    if _chance(a, 0.8):
        a.put_ceiling("ceiling lamp", over=table)
    return table


def kitchen(a: Arrangement) -> None:
    """A row of appliances and a place to eat."""
    _openings(a, int(a.rng.integers(1, 3)), curtains=0.15)
    _kitchen_row(a)
    _dining_set(a)
    if _chance(a, 0.3):
        a.put_wall("washing machine")
    if _chance(a, 0.4):
        _fill(a, a.put_wall("cabinet"), WORKTOP, int(a.rng.integers(1, 4)))
    _fill(a, a.put_hung("shelf") if _chance(a, 0.6) else None, ("mug", "bowl", "bottle", "pot", "plant", "plate"), 3)
    _corners(a, ("trash can", "plant", "stool", "stool", "basket", "fan"), int(a.rng.integers(1, 4)))
    _enrich(a, COOKING, AROUND)
    _walls(a, int(a.rng.integers(0, 3)))


def dining_room(a: Arrangement) -> None:
    """A table with chairs, a sideboard, pictures."""
    _openings(a, int(a.rng.integers(1, 3)), curtains=0.7)
    _dining_set(a)
    for _ in range(int(a.rng.integers(1, 3))):
        _fill(a, a.put_wall("cabinet"), (*DECOR, "lamp", "bottle", "fruit bowl"), int(a.rng.integers(1, 4)))
    if _chance(a, 0.4):
        a.put_wall("piano")
    if _chance(a, 0.3):
        a.put_wall("fireplace")
    if _chance(a, 0.4):
        _fill(a, a.put_wall("bookshelf"), SHELVED, 5, "inside")
    if _chance(a, 0.5):
        a.put_wall("bench")
    _corners(a, ("plant", "floor lamp", "guitar", "side table", "ottoman"), int(a.rng.integers(1, 4)))
    _enrich(a, HOME, AROUND)
    _walls(a, int(a.rng.integers(1, 4)))


def bathroom(a: Arrangement) -> None:
    """Tub, basin with a mirror, toilet, washing machine, towels."""
    _openings(a, 1, curtains=0.1)
    a.put_wall("bathtub")
    basin = a.put_wall("washbasin")
    if basin is not None:
        a.put_hung("mirror", over=basin)
    a.put_wall("toilet")
    if _chance(a, 0.7):
        machine = a.put_wall("washing machine")
        _fill(a, machine, ("bottle", "box", "basket"), int(a.rng.integers(0, 3)))
    if _chance(a, 0.5):
        _fill(a, a.put_wall("cabinet"), ("bottle", "plant", "candle"), 2)
    for _ in range(int(a.rng.integers(1, 3))):
        a.put_hung("towel")
    _corners(a, ("trash can", "basket", "stool", "plant"), int(a.rng.integers(1, 4)))
    if _chance(a, 0.4):
        a.put_flat("rug")
    if _chance(a, 0.3):
        a.put_hung("radiator")
    _walls(a, int(a.rng.integers(0, 2)))


def studio(a: Arrangement) -> None:
    """One room for living, sleeping and working."""
    _openings(a, int(a.rng.integers(2, 4)), curtains=0.5)
    rest = a.put_wall("bed", front=0.4)
    if rest is not None:
        a.put_held("pillow", rest, toward=0.0, back=True)
        _fill(a, rest, ("teddy bear", "blanket", "book"), int(a.rng.integers(0, 2)))
    sofa = a.put_wall("sofa", front=0.3)
    if sofa is not None:
        table = a.put_before("coffee table", sofa, gap=0.36)
        _fill(a, table, ("book", "mug", "fruit bowl", "vase", "candle"), 2)
        _seat_cushions(a, sofa)
    _desk_set(a)
    a.put_wall("wardrobe")
    if _chance(a, 0.6):
        _fill(a, a.put_wall("bookshelf"), SHELVED, 5, "inside")
    if _chance(a, 0.5):
        fridge = a.put_wall("refrigerator")
        _fill(a, fridge, ("box", "basket"), 1)
    if _chance(a, 0.5):
        _fill(a, a.put_wall("dresser"), (*DECOR, "tv"), 2)
    _corners(
        a,
        ("floor lamp", "plant", "guitar", "bicycle", "suitcase", "stool", "trash can", "ball", "backpack", "ottoman"),
        int(a.rng.integers(2, 6)),
    )
    if _chance(a, 0.6):
        a.put_ceiling("ceiling lamp")
    _enrich(a, HOME, AROUND)
    _walls(a, int(a.rng.integers(1, 3)))


PROGRAMS: dict[str, Program] = {
    "living room": Program((4.2, 5.8), (3.8, 5.2), living_room),
    "bedroom": Program((3.6, 5.0), (3.6, 4.8), bedroom),
    "kitchen": Program((4.0, 5.4), (3.4, 4.6), kitchen),
    "office": Program((3.8, 5.6), (3.6, 5.0), office),
    "dining room": Program((3.8, 5.2), (3.8, 4.8), dining_room),
    "bathroom": Program((2.8, 3.8), (2.6, 3.6), bathroom),
    "studio": Program((4.8, 6.2), (4.2, 5.4), studio),
}
KINDS = tuple(PROGRAMS)
