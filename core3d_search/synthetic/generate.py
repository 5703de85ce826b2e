"""From a seed to a furnished room: size, walls and openings, furnishing, relations."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from core3d_search.datatypes import Box3D
from core3d_search.errors import InputError
from core3d_search.synthetic.catalogue import CATEGORIES
from core3d_search.synthetic.catalogue.openings import DEPTH
from core3d_search.synthetic.mesh import turn_z
from core3d_search.synthetic.placement import Arrangement, Placed
from core3d_search.synthetic.programs import KINDS, PROGRAMS
from core3d_search.synthetic.relations import find_relations
from core3d_search.synthetic.room import Light, Room, RoomObject, Structure
from core3d_search.synthetic.shape import Shape
from core3d_search.synthetic.surfaces import Surface, linear, shade


def generate_room(
    seed: int, *, kind: str | None = None, categories: Sequence[str] | None = None, name: str | None = None
) -> Room:
    """Return the furnished room of `seed`; the same arguments give the same room, to the last triangle.

    `kind` is one of `KINDS`, drawn where not given; `categories` limits what may be placed. Raises InputError for
    an unknown kind or category.
    """
    kind, arrangement = furnish(seed, kind=kind, categories=categories)
    return assemble(arrangement, name or f"{kind.replace(' ', '-')}-{seed}", kind, seed)


def furnish(
    seed: int,
    *,
    kind: str | None = None,
    categories: Sequence[str] | None = None,
    avoided: frozenset[tuple[str, str]] = frozenset(),
) -> tuple[str, Arrangement]:
    """Return the kind of room and its arrangement, to which more may be added before it is assembled.

    `avoided` are (category, colour) pairs that must not occur. Raises as `generate_room` does.
    """
    rng = np.random.default_rng([seed, 1])
    drawn = KINDS[int(rng.integers(len(KINDS)))]
    kind = drawn if kind is None else kind
    if kind not in PROGRAMS:
        raise InputError(f"no kind of room called {kind!r}; there are: {', '.join(KINDS)}")
    unknown = sorted(set(categories or ()) - set(CATEGORIES))
    if unknown:
        raise InputError(f"no category called {unknown[0]!r}; there are: {', '.join(CATEGORIES)}")
    program = PROGRAMS[kind]
    size = (
        float(rng.uniform(*program.width)),
        float(rng.uniform(*program.depth)),
        float(rng.uniform(2.45, 2.75)),
    )
    arrangement = Arrangement(size, rng, None if categories is None else frozenset(categories), avoided)
    program.furnish(arrangement)
    return kind, arrangement


def assemble(arrangement: Arrangement, name: str, kind: str, seed: int) -> Room:
    """Return the finished room of an arrangement."""
    rng = np.random.default_rng([seed, 2])
    ids = {id(item): number for number, item in enumerate(arrangement.placed, 1)}
    objects = tuple(
        room_object(item, ids[id(item)], None if item.holder is None else ids[id(item.holder)])
        for item in arrangement.placed
    )
    structure = _structure(arrangement, rng)
    return Room(
        name, kind, seed, arrangement.size, objects, structure, find_relations(objects), _lights(arrangement, rng)
    )


def room_object(item: Placed, number: int, holder: int | None = None) -> RoomObject:
    """Return a placed item in world coordinates."""
    turn = turn_z(item.yaw)
    low, high = item.model.bounds
    mesh = item.model.shape.mesh().moved(turn, item.at)
    front = turn @ (0.0, -1.0, 0.0) if item.kind.front else None
    box = Box3D(item.world((low + high) / 2), high - low, turn)
    return RoomObject(
        number, item.kind.name, item.color, item.material, box, front, mesh, tuple(item.model.shape.surfaces),
        item.solids, holder, item.held,
    )  # fmt: skip


def _structure(arrangement: Arrangement, rng: np.random.Generator) -> tuple[Structure, ...]:
    w, d, h = arrangement.size
    floors = (
        Surface(linear((176, 128, 82)), linear((120, 82, 50)), "planks", 0.9, 0.12),
        Surface(linear((146, 104, 70)), linear((92, 62, 42)), "herringbone", 1.1, 0.12),
        Surface(linear((206, 182, 146)), linear((160, 134, 100)), "planks", 0.8, 0.12),
        Surface(linear((196, 192, 184)), linear((140, 136, 130)), "tiles", 0.8, 0.25),
        Surface(linear((150, 150, 152)), linear((100, 100, 104)), "tiles", 0.7, 0.25),
        Surface(linear((176, 168, 152)), linear((140, 132, 118)), "carpet", 0.6, 0.0),
        Surface(linear((120, 124, 132)), linear((92, 96, 104)), "carpet", 0.6, 0.0),
    )
    tones = (
        (236, 232, 222),
        (226, 220, 204),
        (208, 216, 216),
        (214, 220, 202),
        (228, 214, 206),
        (204, 208, 220),
        (222, 206, 180),
    )
    tone = linear(tones[int(rng.integers(len(tones)))])
    wet = any(item.kind.name in ("bathtub", "toilet") for item in arrangement.placed)
    floor = floors[int(rng.integers(3, 5) if wet else rng.integers(len(floors)))]
    wall = Surface(tone, shade(tone, 0.93), "plaster", 1.2, 0.02)
    if wet:
        wall = Surface(tone, shade(tone, 0.8), "tiles", 0.4, 0.3)
    accent_tones = ((150, 170, 180), (168, 180, 150), (196, 150, 130), (120, 134, 150), (190, 170, 130))
    accent_tone = linear(accent_tones[int(rng.integers(len(accent_tones)))])
    accent = Surface(accent_tone, shade(accent_tone, 0.92), "plaster", 1.2, 0.02)
    if rng.random() < 0.12:
        accent = Surface(linear((170, 96, 74)), linear((206, 196, 184)), "bricks", 0.6, 0.02)
    accented = int(rng.integers(8))
    ceiling = Surface(linear((244, 243, 240)), linear((238, 237, 233)), "plaster", 1.5)
    skirting = Surface(linear((240, 238, 232)), linear((240, 238, 232)))
    parts = [_plate("floor", floor, (w, d), 0.0), _plate("ceiling", ceiling, (w, d), h)]
    openings = [item for item in arrangement.placed if item.kind.place == "opening"]
    for index, side in enumerate(arrangement.walls):
        surface = accent if index == accented and not wet else wall
        holes = []
        for item in openings:
            if abs(np.angle(np.exp(1j * (item.yaw - side.yaw)))) < 0.01:
                at = (item.at[0] - side.start[0]) * side.along[0] + (item.at[1] - side.start[1]) * side.along[1]
                low, high = item.model.bounds
                inset = 0.05 if item.kind.name == "window" else 0.07
                holes.append(
                    (
                        at + low[0] + inset,
                        at + high[0] - inset,
                        item.at[2] + max(low[2], 0) * 1.0,
                        item.at[2] + high[2] - 0.01,
                        item.kind.name,
                    )
                )
        shape = Shape()
        _wall(shape, surface, skirting, side.length, h, holes)
        turn = turn_z(side.yaw)
        mesh = shape.mesh().moved(turn, (*side.start, 0.0))
        low, high = shape.bounds()
        center = turn @ ((low + high) / 2) + (*side.start, 0.0)
        parts.append(Structure("wall", Box3D(center, high - low, turn), mesh, tuple(shape.surfaces)))
    return tuple(parts)


def _plate(label: str, surface: Surface, size: tuple[float, float], z: float) -> Structure:
    """Return a floor or ceiling that goes on below the walls, so that no gap is left at a door."""
    shape = Shape()
    w, d = size[0] + DEPTH, size[1] + DEPTH
    points = np.array([[(-DEPTH, -DEPTH, z), (-DEPTH, d, z)], [(w, -DEPTH, z), (w, d, z)]])
    shape.sheet(surface, points, uv=points[..., :2])
    low, high = shape.bounds()
    return Structure(label, Box3D((low + high) / 2, high - low), shape.mesh(), tuple(shape.surfaces))


def _wall(
    shape: Shape, surface: Surface, skirting: Surface, length: float, height: float,
    holes: Sequence[tuple[float, float, float, float, str]],
) -> None:  # fmt: skip
    """Add the rectangles of a wall in the plane y = 0 that are left around its openings."""
    xs = sorted({0.0, length, *(x for hole in holes for x in hole[:2])})
    for x0, x1 in pairwise(xs):
        cuts = [(0.0, 0.0), (height, height)]
        cuts += [(z0, z1) for a, b, z0, z1, _ in holes if a < (x0 + x1) / 2 < b]
        cuts.sort()
        for (_, z0), (z1, _) in pairwise(cuts):
            if z1 - z0 > 1e-6 and x1 - x0 > 1e-6:
                points = np.array([[(x0, 0, z0), (x0, 0, z1)], [(x1, 0, z0), (x1, 0, z1)]])
                shape.sheet(surface, points, uv=points[..., [0, 2]])
        if not any(a < (x0 + x1) / 2 < b and z0 < 0.1 for a, b, z0, _, _ in holes):
            points = np.array([[(x0, -0.008, 0), (x0, -0.008, 0.08)], [(x1, -0.008, 0), (x1, -0.008, 0.08)]])
            shape.sheet(skirting, points)


def _lights(arrangement: Arrangement, rng: np.random.Generator) -> tuple[Light, ...]:
    w, d, h = arrangement.size
    day = float(rng.uniform(0.35, 1.0))
    lamps = [item for item in arrangement.placed if item.kind.place == "ceiling"]
    center = np.array([w / 2, d / 2, h - 0.05])
    if lamps:
        low = lamps[0].model.bounds[0, 2]
        center = lamps[0].at + np.array((0.0, 0.0, low - 0.06))
    warm = np.array([1.0, rng.uniform(0.86, 0.95), rng.uniform(0.68, 0.85)])
    lights = [Light(center, 0.22, (1.5 - 0.8 * day) * warm * 2.2)]
    cool = np.array([0.88, 0.95, 1.0])
    for item in arrangement.placed:
        if item.kind.name == "window":
            low, high = item.model.bounds
            inward = turn_z(item.yaw) @ (0.0, -1.0, 0.0)
            middle = item.world((low + high) / 2) + inward * (DEPTH + 0.05)
            area = float((high - low)[0] * (high - low)[2])
            lights.append(Light(middle, 0.35, 2.6 * day * area * cool, inward))
    return tuple(lights)
