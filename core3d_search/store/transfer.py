"""Copies scenes from one database to another, SQLite or PostgreSQL: rows as they are, verified on the way, ids kept.

What goes along is all that hangs on a scene: frames, runs, objects, points, observations, embeddings, pictures, tags
and notes. Caches are left behind: they are made anew. The ids of objects are what tags, notes and outside references
hang on, so they are kept or the copy is refused; those of scenes, runs and models are kept where they are free.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, Connection, Select, Table, delete, func, select

from core3d_search.errors import StoreError
from core3d_search.schema import tables
from core3d_search.schema.checksums import covered, stored
from core3d_search.schema.engine import location
from core3d_search.store.scenes import scene_key
from core3d_search.store.statements import (
    MOST_BOUND,
    AnyRow,
    checked_rows,
    damaged,
    insert_rows,
    last_id,
    new_ids,
    raise_generation,
)

AT_ONCE = 1000
"""Rows that are inserted by one statement."""

OF_OBJECTS = (tables.object_points, tables.embeddings, tables.thumbnails, tables.object_tags, tables.object_notes)
OF_SCENES = (tables.scene_tags, tables.scene_notes)
NUMBERED = (tables.scenes, tables.embedding_models, tables.runs, tables.objects)


@dataclass(frozen=True)
class Transferred:
    """The names of the scenes that were copied, and how many objects they have."""

    scenes: tuple[str, ...]
    object_count: int


def transfer(
    source: Connection, target: Connection, names: Sequence[str] | None, *, replace: bool, fresh_ids: bool
) -> Transferred:
    """Copy the scenes called `names`, or all. Raises StoreError as `Store.copy_to` tells; both are then as before."""
    chosen = _chosen(source, names)
    keeps_runs = _runs_are_new(source, target, [key for _, key in chosen])
    for name, _ in chosen:
        _make_room(target, name, replace)
    models = _keep_models(source, target)
    count = sum(
        _copy_scene(
            source,
            target,
            key,
            name,
            models,
            fresh_ids=fresh_ids,
            keeps_runs=keeps_runs,
            generation=raise_generation(target),
        )
        for name, key in chosen
    )
    _continue_numbers(target)
    return Transferred(tuple(name for name, _ in chosen), count)


def _chosen(source: Connection, names: Sequence[str] | None) -> list[tuple[str, int]]:
    if names is not None:
        return [(name, scene_key(source, name)) for name in dict.fromkeys(names)]
    found = source.execute(select(tables.scenes.c.name, tables.scenes.c.id).order_by(tables.scenes.c.id))
    return [(row.name, row.id) for row in found]


def _make_room(target: Connection, name: str, replace: bool) -> None:
    there = target.execute(select(tables.scenes.c.id).filter_by(name=name)).scalar_one_or_none()
    if there is None:
        return
    if not replace:
        raise StoreError(
            f"scene {name!r} is in {location(target.engine.url)} already: say --replace to put this one in its place, "
            "or choose others with --scene"
        )
    target.execute(delete(tables.scenes).filter_by(id=there))


def _copy_scene(
    source: Connection, target: Connection, key: int, name: str, models: Mapping[int, int], *, fresh_ids: bool,
    keeps_runs: bool, generation: int,
) -> int:  # fmt: skip
    """Copy one scene with all that hangs on it; return how many objects it has."""
    (scene,) = _rows(source, tables.scenes, tables.scenes.c.id == key, name)
    _check_path(target, scene)
    scene_id = _free_ids(target, tables.scenes, [key])[key]
    insert_rows(target, tables.scenes, [{**scene, "id": scene_id, "generation": generation}])

    runs = _rows(source, tables.runs, tables.runs.c.scene_id == key, name)
    old = [row["id"] for row in runs]
    run_ids = dict(zip(old, old if keeps_runs else _unused(target, tables.runs, len(old)), strict=True))
    for row in runs:
        row |= {"id": run_ids[row["id"]], "scene_id": scene_id}
        row["embedding_model_id"] = models.get(row["embedding_model_id"])
    insert_rows(target, tables.runs, runs)
    frame_ids = _copy_frames(source, target, key, scene_id, name)

    objects = _rows(source, tables.objects, tables.objects.c.scene_id == key, name)
    expected = max((row for row in runs if row["status"] == "complete"), key=lambda row: row["id"], default=None)
    if expected is not None and expected["object_count"] != len(objects):
        lost = f"it has {len(objects)} objects where {expected['object_count']} were written"
        raise damaged(source, f"scene {name!r}", lost)
    object_ids = _object_ids(target, [row["id"] for row in objects], name, fresh_ids)
    for row in objects:
        row |= {"id": object_ids[row["id"]], "scene_id": scene_id, "run_id": run_ids[row["run_id"]]}
    insert_rows(target, tables.objects, objects)

    def renumbered(row: dict[str, Any]) -> dict[str, Any]:
        row["object_id"] = object_ids[row["object_id"]]
        if "embedding_model_id" in row:
            row["embedding_model_id"] = models[row["embedding_model_id"]]
        return row

    for table in OF_OBJECTS:
        _copy(source, target, table, _of_objects(table, key), name, renumbered)
    _copy_observations(source, target, key, name, object_ids, frame_ids)
    for table in OF_SCENES:
        wanted = select(*stored(table)).where(table.c.scene_id == key)
        _copy(source, target, table, wanted, name, lambda row: row | {"scene_id": scene_id})
    return len(objects)


def _copy_frames(source: Connection, target: Connection, key: int, scene_id: int, name: str) -> dict[int, int]:
    """Copy the frames of a scene; return their new ids by the old ones."""
    wanted = select(*stored(tables.frames)).where(tables.frames.c.scene_id == key).order_by(tables.frames.c.number)
    _copy(source, target, tables.frames, wanted, name, lambda row: row | {"scene_id": scene_id})

    def numbered(connection: Connection, owner: int) -> dict[int, int]:
        found = connection.execute(select(tables.frames.c.number, tables.frames.c.id).filter_by(scene_id=owner))
        return {row.number: row.id for row in found}

    here, there = numbered(source, key), numbered(target, scene_id)
    return {here[number]: there[number] for number in here}


def _copy_observations(
    source: Connection, target: Connection, key: int, name: str, object_ids: Mapping[int, int],
    frame_ids: Mapping[int, int],
) -> None:  # fmt: skip
    table = tables.observations

    def renumbered(row: dict[str, Any]) -> dict[str, Any]:
        return row | {"object_id": object_ids[row["object_id"]], "frame_id": frame_ids[row["frame_id"]]}

    _copy(source, target, table, _of_objects(table, key).order_by(table.c.id), name, renumbered)


def _of_objects(table: Table, scene: int) -> Select[Any]:
    """Return the question for the rows that hang on the objects of a scene."""
    own = select(tables.objects.c.id).where(tables.objects.c.scene_id == scene)
    return select(*stored(table)).where(table.c.object_id.in_(own))


def _copy(
    source: Connection,
    target: Connection,
    table: Table,
    wanted: Select[Any],
    name: str,
    renumbered: Callable[[dict[str, Any]], dict[str, Any]],
) -> None:
    made: list[dict[str, Any]] = []
    for row in _plain(source, table, wanted, name):
        made.append(renumbered(row))
        if len(made) == AT_ONCE:
            insert_rows(target, table, made)
            made = []
    insert_rows(target, table, made)


def _rows(source: Connection, table: Table, which: Any, name: str) -> list[dict[str, Any]]:
    return list(_plain(source, table, select(*stored(table)).where(which).order_by(table.c.id), name))


def _plain(source: Connection, table: Table, wanted: Select[Any], name: str) -> Iterable[dict[str, Any]]:
    """Yield verified rows as they were given to be written."""
    columns = covered(table)
    for row in checked_rows(source, table, wanted, lambda row: f"{_named(table, row)} of scene {name!r}"):
        yield {
            column.name: json.loads(value) if isinstance(column.type, JSON) and value is not None else value
            for column, value in zip(columns, row, strict=False)
        }


def _named(table: Table, row: AnyRow) -> str:
    keys = [column.name for column in table.primary_key if hasattr(row, column.name)]
    which = "/".join(str(getattr(row, key)) for key in keys)
    return f"row {which} of {table.name}" if which else f"a row of {table.name}"


# Ids


def _keep_models(source: Connection, target: Connection) -> dict[int, int]:
    """Make the models of the source known to the target; return their ids there by those here."""
    ids: dict[int, int] = {}
    for row in _rows(source, tables.embedding_models, tables.embedding_models.c.id > 0, "all"):
        known = select(tables.embedding_models.c.id).filter_by(name=row["name"], checksum=row["checksum"])
        key = target.execute(known).scalar_one_or_none()
        if key is None:
            key = _free_ids(target, tables.embedding_models, [row["id"]])[row["id"]]
            insert_rows(target, tables.embedding_models, [row | {"id": key}])
        ids[row["id"]] = key
    return ids


def _runs_are_new(source: Connection, target: Connection, scene_ids: Sequence[int]) -> bool:
    """Whether the target has never used the id of any run on these scenes.

    Vector indexes know a scene's content by the id of its run: one that comes back must not mean another content.
    """
    wanted = select(func.min(tables.runs.c.id))
    first = [
        source.execute(wanted.where(tables.runs.c.scene_id.in_(scene_ids[start : start + MOST_BOUND]))).scalar_one()
        for start in range(0, len(scene_ids), MOST_BOUND)
    ]
    return min((key for key in first if key is not None), default=1) > last_id(target, tables.runs)


def _taken(target: Connection, table: Table, ids: Sequence[int]) -> set[int]:
    found: set[int] = set()
    for start in range(0, len(ids), MOST_BOUND):
        some = table.c.id.in_(ids[start : start + MOST_BOUND])
        found.update(target.execute(select(table.c.id).where(some)).scalars())
    return found


def _free_ids(target: Connection, table: Table, ids: Sequence[int]) -> dict[int, int]:
    """Return for each id itself where it is free in the target, else a new one."""
    taken = _taken(target, table, ids)
    fresh = iter(_unused(target, table, len(taken)))
    return {key: next(fresh) if key in taken else key for key in ids}


def _unused(target: Connection, table: Table, count: int) -> list[int]:
    _continue_number(target, table)
    return new_ids(target, table, count) if count else []


def _object_ids(target: Connection, ids: Sequence[int], name: str, fresh_ids: bool) -> dict[int, int]:
    taken = _taken(target, tables.objects, ids)
    if taken and not fresh_ids:
        raise StoreError(
            f"scene {name!r} has object {min(taken)}, and {location(target.engine.url)} has another object of that id: "
            "say --new-ids to number the copied objects anew, or copy into a new database"
        )
    return _free_ids(target, tables.objects, ids)


def _continue_numbers(target: Connection) -> None:
    for table in NUMBERED:
        _continue_number(target, table)


def _continue_number(target: Connection, table: Table) -> None:
    """Have PostgreSQL go on after ids that were given; SQLite does by itself."""
    if target.dialect.name != "postgresql":
        return
    last = target.execute(select(func.max(table.c.id))).scalar_one()
    if last is not None:
        sequence = func.pg_get_serial_sequence(table.name, "id")
        target.execute(select(func.setval(sequence, max(int(last), last_id(target, table)))))


def _check_path(target: Connection, scene: Mapping[str, Any]) -> None:
    other = target.execute(select(tables.scenes.c.name).filter_by(path=scene["path"])).scalar_one_or_none()
    if other is not None:
        raise StoreError(
            f"{scene['path']} is in {location(target.engine.url)} already, as scene {other!r}, not {scene['name']!r}; "
            f"`core3d rename {other} {scene['name']}` and say --replace, or `core3d db remove {other}` first"
        )
