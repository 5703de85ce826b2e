"""The lines that answer questions for measures and comparisons: "0.75 m high: desk #4 in kitchen-2"."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from core3d_search.datatypes import Hit
from core3d_search.query import Query
from core3d_search.relations import ObjectTable
from core3d_search.relations.looks import dimension
from core3d_search.relations.pairs import Pairs

SAID = {"height": "high", "width": "wide", "length": "long", "depth": "deep"}
"""Dimensions of the box (relations/looks.py), as people say them; the size is told by length, depth and height."""
MOST_PAIRED = 50
"""So many first hits of either thing are tried as the two whose distance is asked for."""

Tables = Callable[[str], ObjectTable]
"""Returns the objects of a scene."""


def measure_line(query: Query, hits: Sequence[Hit], tables: Tables) -> str:
    """Return the dimension of the first hit that the aim of `query` asks for, in metres, and which object that is."""
    hit, table = hits[0], tables(hits[0].scene)
    row = _row(table, hit)
    names = (query.aim,) if query.aim != "size" else ("length", "depth", "height")
    metres = [float(dimension(table, row, name)[0]) for name in names]
    if query.aim == "size":
        said = " x ".join(f"{value:.2f}" for value in metres) + " m (length, depth, height)"
    else:
        said = f"{metres[0]:.2f} m {SAID[query.aim]}"
    more = f"; {len(hits) - 1} more fit" if len(hits) > 1 else ""
    return f"{said}: {name_of(hit)} in {hit.scene}{more}"


def number_line(query: Query, hits: Sequence[Hit], others: Sequence[Hit]) -> str:
    """Return whether there are more, fewer or as many of the target than of the other thing, with both numbers."""
    holds = {"more": len(hits) > len(others), "fewer": len(hits) < len(others), "equal": len(hits) == len(others)}
    other = query.other.noun if query.other is not None else ""
    return f"{'yes' if holds[query.aim] else 'no'}: {query.target.noun} {len(hits)}, {other} {len(others)}"


def nearest_pair(hits: Sequence[Hit], others: Sequence[Hit]) -> tuple[Hit, Hit] | None:
    """Return the two different objects of one scene, one of either kind, whose scores have the largest product; of
    equal products the first."""
    pairs = [
        (hit, other)
        for hit in hits[:MOST_PAIRED]
        for other in others[:MOST_PAIRED]
        if hit.scene == other.scene and hit.object_id != other.object_id
    ]
    return max(pairs, key=lambda pair: pair[0].score * pair[1].score, default=None)


def distance_line(pair: tuple[Hit, Hit], tables: Tables) -> str:
    """Return how far apart two objects are: between their boxes, 0 where they touch, and between their centres."""
    table = tables(pair[0].scene)
    between = Pairs(table, _row(table, pair[0]), _row(table, pair[1]))
    gap, centres = float(between.gap[0, 0]), float(between.distance[0, 0])
    first, second = map(name_of, pair)
    return f"{gap:.2f} m apart (centres {centres:.2f} m): {first} and {second} in {pair[0].scene}"


def name_of(hit: Hit) -> str:
    """Return what a hit is called in an answer."""
    return f"{hit.label or 'object'} #{hit.object_id}"


def _row(table: ObjectTable, hit: Hit) -> np.ndarray:
    return np.flatnonzero(table.ids == hit.object_id)[:1]
