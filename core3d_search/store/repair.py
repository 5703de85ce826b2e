"""Drops what is damaged, so that the rest can be used, and says which scenes to index again."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Table, delete, select

from core3d_search.errors import StoreError
from core3d_search.schema.blobs import decode_colors, decode_points
from core3d_search.schema.checksums import NAME, is_whole, stored
from core3d_search.schema.tables import metadata, object_points, objects, runs, scenes
from core3d_search.store.embeddings import models_by_key
from core3d_search.store.statements import raise_generation
from core3d_search.store.upkeep import senseless_objects

CACHES = ("query_embeddings", "query_readings")
"""Tables whose damaged rows are simply dropped: what they remember is made again."""

SAID = ("scene_tags", "object_tags", "scene_notes", "object_notes", "thumbnails")
"""Tables whose damaged rows are lost, and nothing else with them."""


@dataclass(frozen=True)
class Repair:
    """What was done: `dropped` rows by table, `scenes` that have lost something and are to be indexed again."""

    dropped: dict[str, int]
    scenes: tuple[str, ...]


def repair(connection: Connection) -> Repair:
    """Drop every damaged row; empty the scenes that rows of what was found are missing from.

    A scene with a damaged part is emptied whole: half a scene would be an answer that looks complete. Raises StoreError
    where the embedding models are damaged: without them no vector means anything.
    """
    models_by_key(connection)
    dropped: dict[str, int] = {}
    hurt: set[int] = set()
    for table in metadata.sorted_tables:
        if NAME not in table.c:
            continue
        bad = _damaged_keys(connection, table)
        if not bad:
            continue
        if table.name in CACHES + SAID:
            for key in bad:
                connection.execute(delete(table).where(*(table.c[name] == value for name, value in key.items())))
        elif table.name == "embedding_models":
            raise StoreError("an embedding model is damaged: restore a copy, or index all scenes into a new database")
        else:
            hurt |= _scenes_of(connection, table, bad)
        dropped[table.name] = len(bad)
    hurt |= _incomplete(connection)
    names = _empty(connection, hurt)
    if hurt:
        raise_generation(connection)
    return Repair(dropped, names)


def _damaged_keys(connection: Connection, table: Table) -> list[dict[str, object]]:
    keys = [key.name for key in table.primary_key.columns]
    wanted = select(*stored(table), *(table.c[name].label(f"key_{name}") for name in keys))
    rows = connection.execute(wanted)
    return [dict(zip(keys, row[-len(keys) :], strict=True)) for row in rows if not is_whole(row[: -len(keys)])]


def _scenes_of(connection: Connection, table: Table, bad: list[dict[str, object]]) -> set[int]:
    """Return the ids of the scenes that damaged rows of `table` belong to, as far as that can be told."""
    found: set[int] = set()
    for key in bad:
        row = select(table).where(*(table.c[name] == value for name, value in key.items())).subquery()
        if table is scenes:
            wanted = select(row.c.id)
        elif "scene_id" in table.c:
            wanted = select(row.c.scene_id)
        else:
            wanted = select(objects.c.scene_id).join(row, row.c.object_id == objects.c.id)
        found |= {int(key) for key in connection.execute(wanted).scalars()}
    return found


def _incomplete(connection: Connection) -> set[int]:
    """Return the scenes whose objects are not all there, lack something, or hold numbers without sense."""
    hurt = {scene for _, scene, _ in senseless_objects(connection)}
    counted = select(runs.c.scene_id, runs.c.object_count).where(runs.c.status == "complete").order_by(runs.c.id)
    expected = {row.scene_id: row.object_count for row in connection.execute(counted)}
    there = connection.execute(select(objects.c.scene_id, objects.c.id)).all()
    numbers: dict[int, int] = {}
    for scene_id, _ in there:
        numbers[scene_id] = numbers.get(scene_id, 0) + 1
    hurt |= {scene for scene in {*expected, *numbers} if numbers.get(scene, 0) != expected.get(scene, 0)}
    holding = select(objects.c.scene_id, objects.c.point_count, object_points.c.points, object_points.c.colors)
    for row in connection.execute(holding.select_from(objects.outerjoin(object_points))):
        try:
            whole = {row.point_count, len(decode_points(row.points)), len(decode_colors(row.colors))}
        except (ValueError, TypeError):
            whole = set()
        if len(whole) != 1:
            hurt.add(row.scene_id)
    embedded = metadata.tables["embeddings"]
    without = select(objects.c.scene_id).outerjoin(embedded).where(embedded.c.object_id.is_(None))
    return hurt | set(connection.execute(without).scalars())


def _empty(connection: Connection, hurt: set[int]) -> tuple[str, ...]:
    """Remove the scenes with these ids, and what points at nothing; return their names."""
    keys = sorted(int(key) for key in hurt)
    named = select(scenes.c.name).where(scenes.c.id.in_(keys)).order_by(scenes.c.name)
    names = tuple(str(name) for name in connection.execute(named).scalars())
    connection.execute(delete(scenes).where(scenes.c.id.in_(keys)))
    for table in metadata.sorted_tables:  # rows whose owner's key was damaged
        for key in table.foreign_keys:
            owners = select(key.column).scalar_subquery()
            connection.execute(delete(table).where(key.parent.is_not(None), key.parent.not_in(owners)))
    return names
