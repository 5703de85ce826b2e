"""Objects as arrays: what ranking reads, without points and embeddings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, Connection, select, text

from core3d_search.schema.checksums import stored
from core3d_search.schema.tables import objects, scenes
from core3d_search.store.colors import unpacked
from core3d_search.store.reason import are_sound, object_fault
from core3d_search.store.records import StoredObjects
from core3d_search.store.statements import MOST_BOUND, AnyRow, checked_rows, damaged


def object_arrays(connection: Connection, which: ColumnElement[bool] | None = None) -> StoredObjects:
    """Return the objects that fulfil `which` (of columns of `objects`), or all, as arrays in the order of their ids."""
    wanted = select(*stored(objects)).order_by(objects.c.id)
    if which is not None:
        wanted = wanted.where(which)
    return _checked(connection, checked_rows(connection, objects, wanted, _named))


def object_arrays_of(connection: Connection, object_ids: Sequence[int]) -> StoredObjects:
    """Return those of the objects `object_ids` that there are, as arrays in the order of their ids."""
    found: list[AnyRow] = []
    for start in range(0, len(object_ids), MOST_BOUND):
        wanted = select(*stored(objects)).where(objects.c.id.in_(object_ids[start : start + MOST_BOUND]))
        found += checked_rows(connection, objects, wanted, _named)
    return _checked(connection, sorted(found, key=lambda row: int(row.id)))


def _named(row: AnyRow) -> str:
    return f"object {row.id}"


def _checked(connection: Connection, rows: Iterable[AnyRow]) -> StoredObjects:
    found = list(rows)
    keys = {row.scene_id for row in found}
    names: dict[int, str] = {}
    for start in range(0, len(keys), MOST_BOUND):
        some = select(scenes.c.id, scenes.c.name).where(scenes.c.id.in_(sorted(keys)[start : start + MOST_BOUND]))
        names |= {row.id: row.name for row in connection.execute(some)}
    try:
        arrays = _arrays(found, names)
        if are_sound(arrays):
            return arrays
        error: Exception = ValueError("its numbers are no thing's")
    except (KeyError, ValueError, TypeError) as raised:
        error = raised
    for row in found:
        if fault := object_fault(row):
            raise damaged(connection, f"object {row.id}", f"it {fault}")
    raise damaged(connection, "an object", str(error)) from error


def scenes_of(connection: Connection, object_ids: Sequence[int]) -> dict[int, str]:
    """Return the name of each object's scene; ids that no object has are passed over."""
    found: dict[int, str] = {}
    for start in range(0, len(object_ids), MOST_BOUND):
        some = object_ids[start : start + MOST_BOUND]
        wanted = select(objects.c.id, scenes.c.name).join(scenes).where(objects.c.id.in_(some))
        found |= {row.id: row.name for row in connection.execute(wanted)}
    return found


def scenes_naming(connection: Connection, names: Sequence[str]) -> set[str]:
    """Return the scenes with an object whose label is one of `names` and was given, not chosen: its score is 1."""
    found: set[str] = set()
    for start in range(0, len(names), MOST_BOUND):
        named = objects.c.label.in_(names[start : start + MOST_BOUND]) & (objects.c.label_score == 1.0)
        found.update(connection.execute(select(scenes.c.name).distinct().join(objects).where(named)).scalars())
    return found


LABELS = """
WITH RECURSIVE each(label) AS (
    SELECT MIN(label) FROM objects
    UNION ALL
    SELECT (SELECT MIN(label) FROM objects WHERE label > each.label) FROM each WHERE each.label IS NOT NULL
)
SELECT label FROM each WHERE label IS NOT NULL
"""
"""Jumps from label to label in their index: as fast as there are labels, however many objects bear them."""


def labels(connection: Connection) -> list[str]:
    """Return every label that some object has, sorted as the database does."""
    return [str(label) for label in connection.execute(text(LABELS)).scalars()]


def ids_labelled(connection: Connection, label: str) -> npt.NDArray[np.int64]:
    """Return the ids (N,) of the objects with this label, in upper or lower case."""
    spelled = [each for each in labels(connection) if each.lower() == label.lower()]
    found = connection.execute(select(objects.c.id).where(objects.c.label.in_(spelled)).order_by(objects.c.id))
    return np.array(found.scalars().all(), np.int64)


def _arrays(rows: Sequence[AnyRow], scene_names: dict[int, str]) -> StoredObjects:
    names = rows[0]._fields if rows else ()
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))

    def numbers(name: str, dtype: type[np.generic]) -> npt.NDArray[Any]:
        return np.array(columns.get(name, ()), dtype)

    def vectors(stem: str) -> npt.NDArray[np.float64]:
        return np.stack([numbers(f"{stem}_{axis}", np.float64) for axis in "xyz"], axis=-1)

    nowhere = (np.nan,) * 3
    fronts = [nowhere if front is None else json.loads(front) for front in columns.get("front", ())]
    return StoredObjects(
        ids=numbers("id", np.int64),
        scenes=tuple(scene_names[key] for key in columns.get("scene_id", ())),
        labels=tuple(columns.get("label", ())),
        label_scores=numbers("label_score", np.float64),
        centers=vectors("center"),
        extents=vectors("extent"),
        rotations=np.frombuffer(b"".join(columns.get("rotation", ())), "<f8").reshape(-1, 3, 3),
        fronts=np.array(fronts, np.float64).reshape(-1, 3),
        observation_counts=numbers("observation_count", np.int64),
        point_counts=numbers("point_count", np.int64),
        mean_colors=unpacked(numbers("mean_color", np.int64)),
        dominant_colors=unpacked(numbers("dominant_color", np.int64)),
    )
