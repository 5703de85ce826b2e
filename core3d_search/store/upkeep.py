"""What a database holds, gone through row by row: one checksum over all of it, and a list of what is wrong with it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
from sqlalchemy import Connection, Table, func, select

from core3d_search.schema.blobs import decode_colors, decode_points, decode_vectors
from core3d_search.schema.checksums import NAME, is_whole, stored
from core3d_search.schema.tables import (
    embedding_models,
    embeddings,
    frames,
    metadata,
    object_points,
    objects,
    observations,
    runs,
    scenes,
)
from core3d_search.store.reason import object_fault

_KEYS = ("id", "scene_id", "run_id", "object_id", "frame_id", "row_checksum")


def checksum(connection: Connection) -> str:
    """Return the SHA-256 of what was found: scenes, frames, objects, points, boxes, views, observations, embeddings.

    Left out is what differs between two runs on equal input: keys, folders, times, and the order in which scenes and
    objects came. Blobs are unpacked first: another zlib packs the same points otherwise.
    """
    digest = hashlib.sha256()
    for scene in connection.execute(select(scenes).order_by(scenes.c.name)):
        digest.update(_canonical({"name": scene.name, "format": scene.format, "up": scene.up, "origin": scene.origin}))
        for frame in connection.execute(select(frames).filter_by(scene_id=scene.id).order_by(frames.c.number)):
            digest.update(_canonical(_without_keys(frame)))
        found = connection.execute(select(objects).filter_by(scene_id=scene.id)).all()
        for item in sorted(_object_digest(connection, row) for row in found):
            digest.update(item)
    return digest.hexdigest()


def problems(connection: Connection) -> Iterator[str]:
    """Yield, one sentence each, what is damaged: broken references, rows that are not what was written, blobs that do
    not decode, numbers without sense."""
    if connection.dialect.name == "sqlite":
        yield from _sqlite_findings(connection)
    for sealed_table in (table for table in metadata.sorted_tables if NAME in table.c):
        for damage in damaged_rows(connection, sealed_table):
            yield f"{damage} does not match its checksum"
    yield from _broken_points(connection)
    yield from _broken_embeddings(connection)


def _sqlite_findings(connection: Connection) -> Iterator[str]:
    for (finding,) in connection.exec_driver_sql("PRAGMA integrity_check"):
        if finding != "ok":
            yield f"SQLite: {finding}"
    for table, row, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield f"row {row} of {table} refers to a row of {parent} that is not there"


def _broken_points(connection: Connection) -> Iterator[str]:
    yield from _lost_rows(connection)
    for key, _, fault in senseless_objects(connection):
        yield f"object {key} {fault}"
    named = {row.id: row.name for row in connection.execute(select(scenes.c.id, scenes.c.name))}
    holding = objects.outerjoin(object_points)
    columns = (objects.c.id, objects.c.scene_id, objects.c.point_count, object_points.c.points, object_points.c.colors)
    for row in connection.execute(select(*columns).select_from(holding)):
        where = f"object {row.id} of scene {named.get(row.scene_id)!r}"
        if row.points is None:
            yield f"{where} has no points"
            continue
        try:
            counts = {row.point_count, len(decode_points(row.points)), len(decode_colors(row.colors))}
        except ValueError as error:
            yield f"points of {where}: {error}"
        else:
            if len(counts) > 1:
                yield f"{where} counts {row.point_count} points and holds others"


def _broken_embeddings(connection: Connection) -> Iterator[str]:
    for row in connection.execute(select(embeddings, embedding_models.c.dimension).join(embedding_models)):
        try:
            length = float(np.linalg.norm(decode_vectors([row.vector], row.dimension)))
        except ValueError as error:
            yield f"embedding of object {row.object_id}: {error}"
        else:
            if not abs(length - 1) < 1e-3:
                yield f"embedding of object {row.object_id} has length {length:.4g}, not 1"


def _lost_rows(connection: Connection) -> Iterator[str]:
    """Yield which scenes have fewer or more objects than were written, and which objects have no embedding."""
    counted = select(runs.c.scene_id, runs.c.object_count).where(runs.c.status == "complete").order_by(runs.c.id)
    expected = {row.scene_id: row.object_count for row in connection.execute(counted)}
    numbers = select(objects.c.scene_id, func.count().label("count")).group_by(objects.c.scene_id)
    there = {row.scene_id: row.count for row in connection.execute(numbers)}
    for scene in sorted({*expected, *there}):
        if there.get(scene, 0) != expected.get(scene, 0):
            yield f"scene {scene} has {there.get(scene, 0)} objects where {expected.get(scene, 0)} were written"
    bare = select(objects.c.id).outerjoin(embeddings).where(embeddings.c.object_id.is_(None)).order_by(objects.c.id)
    for key in connection.execute(bare).scalars():
        yield f"object {key} has no embedding"


def senseless_objects(connection: Connection) -> Iterator[tuple[int, int, str]]:
    """Yield id, scene id and fault of every object whose numbers cannot be those of a thing."""
    wanted = select(*stored(objects))
    for row in connection.execute(wanted):
        fault = object_fault(row)
        if fault:
            yield row.id, row.scene_id, fault


def damaged_rows(connection: Connection, table: Table) -> Iterator[str]:
    """Yield the name of every row of `table` that is not what was written, such as `row 3 of objects`."""
    keys = table.primary_key.columns
    for row in connection.execute(select(*stored(table), *(key.label(f"key_{key.name}") for key in keys))):
        if not is_whole(row[: -len(keys)]):
            yield f"row {'/'.join(str(key) for key in row[-len(keys) :])} of {table.name}"


def counts(connection: Connection) -> dict[str, int]:
    """Return how many rows each table has."""
    return {
        name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for name, table in metadata.tables.items()
    }


def _object_digest(connection: Connection, row: Any) -> bytes:
    """Return the SHA-256 of an object with all that hangs on it."""
    digest = hashlib.sha256(_canonical(_without_keys(row)))
    for part in _parts(connection, row.id):
        digest.update(part)
    return digest.digest()


def _parts(connection: Connection, object_id: int) -> Iterator[bytes]:
    for row in connection.execute(select(object_points).filter_by(object_id=object_id)):
        yield decode_points(row.points).tobytes() + decode_colors(row.colors).tobytes()
    seen = select(observations, frames.c.number).join(frames).where(observations.c.object_id == object_id)
    for row in connection.execute(seen.order_by(observations.c.id)):
        yield _canonical(_without_keys(row))
    made = select(embeddings.c.vector, embedding_models.c.name, embedding_models.c.checksum).join(embedding_models)
    for row in connection.execute(
        made.where(embeddings.c.object_id == object_id).order_by(embedding_models.c.name, embedding_models.c.checksum)
    ):
        yield _canonical(row._asdict())


def _without_keys(row: Any) -> dict[str, Any]:
    return {name: value for name, value in row._asdict().items() if name not in _KEYS}


def _canonical(values: dict[str, Any]) -> bytes:
    return json.dumps(values, sort_keys=True, default=bytes.hex).encode() + b"\n"
