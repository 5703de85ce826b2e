"""What of an answer stands out in a room: boxes in the colours of their scores, names, arrows to the anchors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Hit, Reason
from core3d_search.search.documents import Neighbour
from core3d_search.viewer.room import Room, Vector

SCORE_COLORS = ((0.0, (37, 99, 235)), (0.5, (217, 119, 6)), (1.0, (220, 38, 38)))
"""RGB of a hit's box by its score, in between in proportion: blue, amber, red; each readable on white."""
ANCHOR, CHOSEN = (22, 163, 74), (124, 58, 237)
"""RGB of what the chosen object stands in a relation to, and of a chosen object that is no hit."""
MOST_ANCHORS, MOST_NEIGHBOURS, AROUND_M = 6, 3, 1.0
"""Arrows to what a hit was measured against; to what else is around an object, and how near that must be."""
ABOVE_M, LINE_M, BESIDE_M = 0.08, 0.17, 0.7
"""Metres: a name above its box; names that are no further apart than this, up and sideways, would lie on each other."""
SHORTEST_M = 0.35
"""An arrow from face to face that would be shorter starts, where that does not do ends as well, in a box's centre."""
RGB = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Mark:
    """An object that stands out: its `row`, the RGB `color` of its box, its name as `text` (none for the end of an
    arrow, whose text has it), and where that stands."""

    row: int
    color: RGB
    text: str
    at: Vector
    is_chosen: bool = False


@dataclass(frozen=True, eq=False)
class Arrow:
    """How the chosen object stands to another: from `start` to `end` (3,), with `text` at `at` (3,), on the other."""

    start: Vector
    end: Vector
    text: str
    at: Vector


@dataclass(frozen=True)
class Relation:
    """`text` says how the chosen object stands to the one in `row` of the table."""

    row: int
    text: str


@dataclass(frozen=True, eq=False)
class Highlights:
    """All that stands out: hits by rank, then what arrows lead to. `focus` has the rows that are looked at: the chosen
    object, and what it was measured against."""

    marks: tuple[Mark, ...] = ()
    arrows: tuple[Arrow, ...] = ()
    focus: tuple[int, ...] = ()


def highlights(
    room: Room, hits: Sequence[Hit] = (), chosen: int | None = None, neighbours: Sequence[Neighbour] = ()
) -> Highlights:
    """Return what stands out when `hits`, best first, were found and the object with the id `chosen` is looked at.

    Hits of other scenes keep their ranks and are left out. The chosen one's arrows go to the anchors of its reasons;
    where it has none, or is no hit, to the nearest `neighbours` that it stands in a relation to.
    """
    row = None if chosen is None else room.row(chosen)
    anchors = [] if row is None else anchors_of(room, row, hits)
    relations = anchors or ([] if row is None else around(room, neighbours))
    named: dict[int, tuple[RGB, str]] = {}
    for rank, hit in enumerate(hits, 1):
        place = room.row(hit.object_id)
        if place is not None and hit.scene == room.name:
            named[place] = (score_color(hit.score), f"{rank}. {room.name_of(place)}")
    if row is not None:
        named.setdefault(row, (CHOSEN, room.name_of(row)))
    for relation in relations:
        named.setdefault(relation.row, (ANCHOR, ""))
    arrows = [] if row is None else [_arrow(room, row, relation) for relation in relations]
    tops = [top_of(room, place) + np.array([0.0, 0.0, ABOVE_M]) for place, (_, text) in named.items() if text]
    places = iter(apart([*tops, *(arrow.at for arrow in arrows)]))
    marks = tuple(
        Mark(place, color, text, next(places) if text else top_of(room, place), place == row)
        for place, (color, text) in named.items()
    )
    placed = tuple(Arrow(arrow.start, arrow.end, arrow.text, next(places)) for arrow in arrows)
    return Highlights(marks, placed, () if row is None else (row, *(anchor.row for anchor in anchors)))


def score_color(score: float) -> RGB:
    """Return the RGB of a box whose hit has `score` in [0, 1]."""
    at = [place for place, _ in SCORE_COLORS]
    red, green, blue = (round(float(np.interp(score, at, [color[k] for _, color in SCORE_COLORS]))) for k in range(3))
    return red, green, blue


def anchors_of(room: Room, row: int, hits: Sequence[Hit]) -> list[Relation]:
    """Return how the object in `row`, if it is one of `hits`, stands to the anchors of its reasons, one text each."""
    told: dict[int, list[str]] = {}
    reasons = [reason for hit in hits if hit.object_id == room.table.ids[row] for reason in hit.reasons]
    for reason in reasons:
        for key in reason.anchor_ids:
            place = room.row(key)
            if place is not None and place != row and reason.kind != "tie":  # which lie anywhere
                told.setdefault(place, []).append(_said(reason, key))
    return [Relation(place, ", ".join(dict.fromkeys(texts))) for place, texts in list(told.items())[:MOST_ANCHORS]]


def around(room: Room, neighbours: Sequence[Neighbour]) -> list[Relation]:
    """Return how an object stands to the nearest of its `neighbours`, nearest first, by the best of their relations."""
    found = []
    for near in neighbours:
        place = room.row(near.object_id)
        if place is not None and near.relations and near.distance_m <= AROUND_M:
            found.append(
                Relation(place, f"{next(iter(near.relations))} {room.name_of(place)} · {near.distance_m:.2f} m")
            )
    return found[:MOST_NEIGHBOURS]


def _said(reason: Reason, anchor: int) -> str:
    """Return a relation as `near window #75 · 0.17 m`; the least distance of several anchors is left out."""
    distance = reason.values.get("distance_m")
    measured = f" · {distance:.2f} m" if len(reason.anchor_ids) == 1 and isinstance(distance, float) else ""
    return f"{reason.text} #{anchor}{measured}"


def _arrow(room: Room, row: int, relation: Relation) -> Arrow:
    """Return the arrow to another box: its head stands before that box, where it can be seen, if there is room."""
    start, end = room.table.centers[row], room.table.centers[relation.row]
    way = end - start
    length = float(np.linalg.norm(way))
    leaves, enters = _way_out(room, row, way), 1.0 - _way_out(room, relation.row, -way)
    if (enters - leaves) * length < SHORTEST_M:
        leaves = 0.0
    if (enters - leaves) * length < SHORTEST_M:
        enters = 1.0
    return Arrow(start + leaves * way, start + enters * way, relation.text, end)


def _way_out(room: Room, row: int, direction: Vector) -> float:
    """Return the share of `direction` (3,), at most 1, after which it leaves the box in whose centre it starts."""
    local = np.abs(room.table.rotations[row].T @ direction)
    return float(min(1.0, (room.table.extents[row] / 2 / np.maximum(local, 1e-12)).min()))


def top_of(room: Room, row: int) -> Vector:
    """Return (3,) the middle of a box's upper side."""
    x, y, _ = room.table.centers[row]
    return np.array([x, y, room.table.high[row]])


def apart(places: Sequence[Vector]) -> list[Vector]:
    """Return `places` of names, later ones raised until none lies on an earlier one."""
    kept: list[npt.NDArray[np.float64]] = []
    for place in places:
        at = np.array(place, np.float64)
        while any(np.hypot(*(at - other)[:2]) < BESIDE_M and abs((at - other)[2]) < LINE_M - 1e-9 for other in kept):
            at[2] += LINE_M
        kept.append(at)
    return kept
