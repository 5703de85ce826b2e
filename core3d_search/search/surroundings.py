"""What lies around an object, and a scene seen from above: what cards and plans show."""

from __future__ import annotations

import numpy as np

from core3d_search.relations import PREDICATES, Circumstances, ObjectTable
from core3d_search.relations.pairs import Pairs
from core3d_search.search.documents import Neighbour, Outline, Plan
from core3d_search.search.documents.things import hex_color

MOST_NEIGHBOURS = 8
HOLDS = 0.5
"""The least score of a relation that is told: every predicate has it at its threshold."""
TOLD = ("on", "inside", "supports", "contains", "above", "below", "touching", "near", "facing")
"""Predicates that are told: those that need nobody's point of view and do not hold for most pairs."""


def neighbours(table: ObjectTable, object_id: int, most: int = MOST_NEIGHBOURS) -> tuple[Neighbour, ...]:
    """Return the objects of `table` nearest to one of them, nearest first, ties by id, with the relations that hold."""
    row = int(np.flatnonzero(table.ids == object_id)[0])
    others = np.delete(np.arange(len(table)), row)
    if not len(others):
        return ()
    gaps = Pairs(table, np.array([row]), others).gap[0]
    nearest = others[np.lexsort((table.ids[others], gaps))[:most]]
    pairs = Pairs(table, np.array([row]), nearest)
    scores = {name: PREDICATES[name].score(pairs, Circumstances())[0] for name in TOLD}
    found = []
    for k, other in enumerate(nearest.tolist()):
        held = {name: round(float(score[k]), 3) for name, score in scores.items() if score[k] >= HOLDS}
        found.append(
            Neighbour(
                object_id=int(table.ids[other]),
                label=table.labels[other],
                relations=dict(sorted(held.items(), key=lambda item: -item[1])),
                distance_m=round(float(pairs.gap[0, k]), 3),
                center_distance_m=round(float(pairs.distance[0, k]), 3),
                height_difference_m=round(float(pairs.rise[0, k]), 3),
            )
        )
    return tuple(found)


def plan(scene: str, table: ObjectTable) -> Plan:
    """Return the scene of `table`, whose z points up, as seen from above."""
    sides = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    corners = table.centers[:, None, :2] + np.einsum("ck,nk,nkj->ncj", sides, table.half[:, :2], table.axes)
    room = np.round(table.room, 3)
    largest_first = np.argsort(-table.half[:, :2].prod(axis=1), kind="stable")
    outlines = tuple(
        Outline(
            object_id=int(table.ids[row]),
            label=table.labels[row],
            color=hex_color(np.nan_to_num(table.colors[row], nan=128.0)),
            corners=tuple((round(float(x), 3), round(float(y), 3)) for x, y in corners[row]),
            low_m=round(float(table.low[row]), 3),
            high_m=round(float(table.high[row]), 3),
        )
        for row in largest_first
    )
    low, high = ((float(corner[0]), float(corner[1])) for corner in room)
    return Plan(scene=scene, low=low, high=high, outlines=outlines)
