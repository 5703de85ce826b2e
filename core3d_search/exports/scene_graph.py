"""What a scene is to other programs: objects with boxes, and the relations that hold between them, as measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import SceneObject
from core3d_search.geometry import level_from_world
from core3d_search.relations import PREDICATES, Circumstances, ObjectTable
from core3d_search.relations.pairs import Pairs
from core3d_search.store import Marks, SceneRecord, Store, StoredObjects

EXPORTED = ("on", "inside", "above", "below", "near", "touching", "facing")
"""Relations that are told: those that need nobody's point of view, without their converses."""
HOLDS = 0.5
"""The least score of a relation that is told: its definition's threshold (relations/predicates.py)."""
SYMMETRIC = frozenset({"near", "touching"})
"""Told once a pair, from the object with the lower id."""
BLOCK = 64
"""Objects whose relations to all others are measured at once, so that memory stays small."""


@dataclass(frozen=True)
class GraphRelation:
    """`subject` stands in the relation `predicate` to `object` (ids), surely by `score` in [0, 1].

    `distance_m` between the boxes, 0 where they touch; `center_distance_m`; `height_difference_m` of the subject's
    centre above the object's.
    """

    subject: int
    predicate: str
    object: int
    score: float
    distance_m: float
    center_distance_m: float
    height_difference_m: float


@dataclass(frozen=True, eq=False)
class SceneGraph:
    """A scene, its objects by id, and the relations between them by subject, predicate, object.

    `table` has the objects once more, with counts and colours; `marks` what was said about some, by id. Points (none
    where they were not asked for) and boxes are in the scan's own axes, measured from `scene.origin` where it has one.
    """

    scene: SceneRecord
    objects: Sequence[SceneObject]
    table: StoredObjects
    marks: Mapping[int, Marks]
    relations: Sequence[GraphRelation]


def scene_graph(store: Store, scene: str, *, with_points: bool = False) -> SceneGraph:
    """Return the scene called `scene`; raises StoreError where there is none."""
    while True:
        record = store.scene(scene)
        objects, table = store.objects(scene, with_points=with_points), store.object_table(scene)
        marks = store.object_marks(scene)
        if store.scene(scene).generation == record.generation:  # else it was indexed again in between
            return SceneGraph(record, objects, table, marks, relations_between(objects, record.up))


def relations_between(objects: Sequence[SceneObject], up: tuple[float, float, float] | None) -> list[GraphRelation]:
    """Return the relations in `EXPORTED` that hold between `objects`, measured as search does, with `up` as up."""
    if not objects:
        return []
    turn = level_from_world(up)
    unknown = (np.nan,) * 3
    table = ObjectTable(
        ids=np.array([item.id for item in objects]),
        centers=np.array([item.box.center for item in objects]) @ turn.T,
        extents=np.array([item.box.extent for item in objects]),
        rotations=turn @ np.array([item.box.rotation for item in objects]),
        fronts=np.array([item.front or unknown for item in objects]) @ turn.T,
    )
    every = np.arange(len(objects))
    found: list[GraphRelation] = []
    for start in range(0, len(objects), BLOCK):
        pairs = Pairs(table, every[start : start + BLOCK], every)
        for name in EXPORTED:
            score = np.where(pairs.same, 0.0, PREDICATES[name].score(pairs, Circumstances()))
            if name in SYMMETRIC:
                score = np.where(pairs.t < pairs.a, score, 0.0)
            found += [_relation(pairs, name, score, i, j) for i, j in np.argwhere(score >= HOLDS).tolist()]
    return sorted(found, key=lambda each: (each.subject, each.predicate, each.object))


def _relation(pairs: Pairs, name: str, score: npt.NDArray[np.float64], i: int, j: int) -> GraphRelation:
    ids = pairs.table.ids
    measured = (score, pairs.gap, pairs.distance, pairs.rise)
    values = (round(float(each[i, j]), 3) for each in measured)
    return GraphRelation(int(ids[pairs.t[i, 0]]), name, int(ids[pairs.a[0, j]]), *values)
