"""Scenes and their frames: written whole, replaced whole, never mixed up. Each function works inside a transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, ScalarSelect, Table, delete, func, select

from core3d_search.errors import NotFoundError, StoreError
from core3d_search.schema.checksums import stored
from core3d_search.schema.engine import location
from core3d_search.schema.tables import frames, objects, runs, scenes
from core3d_search.store.records import FrameRecord, SceneRecord
from core3d_search.store.statements import AnyRow, checked_rows, generation, insert_rows, new_ids, update_row

LONGEST_NAME = 255

# Reading


def all_scenes(connection: Connection, name: str | None = None) -> list[SceneRecord]:
    """Return every scene, or the one called `name`, by name, with counts and the start of the last complete run."""

    def count(table: Table) -> ScalarSelect[int]:
        return select(func.count()).select_from(table).where(table.c.scene_id == scenes.c.id).scalar_subquery()

    last = select(func.max(runs.c.started)).where(runs.c.scene_id == scenes.c.id, runs.c.status == "complete")
    found = select(
        *stored(scenes),
        count(frames).label("frame_count"),
        count(objects).label("object_count"),
        last.scalar_subquery().label("indexed"),
    ).order_by(scenes.c.name)
    if name is not None:
        found = found.where(scenes.c.name == name)
    return [_scene_of(row) for row in checked_rows(connection, scenes, found, lambda row: f"scene {row.name!r}")]


def no_scene(connection: Connection, name: str) -> NotFoundError:
    """Return the error that lists the scenes there are."""
    names = connection.execute(select(scenes.c.name).order_by(scenes.c.name)).scalars().all()
    return NotFoundError(
        f"no scene {name!r} in {location(connection.engine.url)}; there are: {', '.join(names) or 'none'}"
    )


def scene_key(connection: Connection, name: str) -> int:
    """Return the scene's id; raises StoreError that lists the scenes there are."""
    found = connection.execute(select(scenes.c.id).filter_by(name=name)).scalar_one_or_none()
    if found is None:
        raise no_scene(connection, name)
    return int(found)


def generation_of(connection: Connection, name: str) -> int | None:
    """Return the store's generation when the scene's content last changed, None where there is no such scene."""
    return connection.execute(select(scenes.c.generation).filter_by(name=name)).scalar_one_or_none()


def name_of_folder(connection: Connection, path: str) -> str | None:
    """Return the name of the scene whose folder (or file) is `path`, None where there is none."""
    return connection.execute(select(scenes.c.name).filter_by(path=path)).scalar_one_or_none()


def folders_with_content(connection: Connection, fingerprint: str) -> dict[str, str]:
    """Return name and folder (or file) of each scene that a complete run filled from input of this fingerprint."""
    last = select(func.max(runs.c.id)).where(runs.c.status == "complete").group_by(runs.c.scene_id)
    wanted = select(scenes.c.name, scenes.c.path).join(runs, runs.c.scene_id == scenes.c.id)
    found = connection.execute(wanted.where(runs.c.id.in_(last), runs.c.fingerprint == fingerprint))
    return {row.name: row.path for row in found}


def frames_of(connection: Connection, scene: str) -> list[FrameRecord]:
    wanted = select(*stored(frames)).where(frames.c.scene_id == scene_key(connection, scene)).order_by(frames.c.number)
    found = checked_rows(connection, frames, wanted, lambda row: f"frame {row.number} of scene {scene!r}")
    return [_frame_of(row) for row in found]


# Writing


def claim_scene(connection: Connection, scene: SceneRecord, fingerprint: str) -> int:
    """Insert or update the scene's own row and hold it until the transaction ends; return its id.

    A name may move to another folder only along with its content, told by the fingerprint. Raises StoreError where
    the folder has another name, or the name another folder.
    """
    where = location(connection.engine.url)
    name = name_of_folder(connection, scene.path)
    if name not in (None, scene.name):
        raise StoreError(
            f"{scene.path} is in {where} already, as scene {name!r}, not {scene.name!r}; index it under that name, or "
            f"`core3d db remove {name}` first"
        )
    row = connection.execute(select(scenes).filter_by(name=scene.name).with_for_update()).one_or_none()
    if row is None:
        (key,) = new_ids(connection, scenes, 1)
        insert_rows(connection, scenes, [_scene_row(scene, key, generation(connection))])
        return key
    seen = select(runs.c.id).filter_by(scene_id=row.id, fingerprint=fingerprint).limit(1)
    if row.path != scene.path and connection.execute(seen).first() is None:
        raise StoreError(
            f"scene {scene.name!r} in {where} is the folder {row.path}, not {scene.path}; give this one another name, "
            f"or `core3d db remove {scene.name}` first"
        )
    update_row(connection, scenes, _scene_row(scene, row.id, row.generation))
    return int(row.id)


def find_or_add_scene(connection: Connection, scene: SceneRecord) -> int:
    """Return the id of the scene of this name, left as it is; insert it where there is none."""
    found = connection.execute(select(scenes.c.id).filter_by(name=scene.name)).scalar_one_or_none()
    return claim_scene(connection, scene, "") if found is None else int(found)


def note_generation(connection: Connection, scene_id: int, now: int) -> None:
    """Note that the scene's content changed at generation `now`: what vector indexes compare to follow changes."""
    row = connection.execute(select(scenes).filter_by(id=scene_id)).one()
    update_row(connection, scenes, {**row._asdict(), "generation": now})


def move(connection: Connection, name: str, path: str) -> None:
    """Note that a scene's folder is another now; raises StoreError where there is none of this name, or the folder is
    that of another one."""
    row = connection.execute(select(scenes).filter_by(name=name)).one_or_none()
    if row is None:
        raise no_scene(connection, name)
    if (other := name_of_folder(connection, path)) not in (None, name):
        raise StoreError(f"{path} is in {location(connection.engine.url)} already, as scene {other!r}")
    update_row(connection, scenes, {**row._asdict(), "path": path})


def rename(connection: Connection, name: str, new: str) -> None:
    """Give a scene another name; raises StoreError where there is none of this name, or one of the new one."""
    row = connection.execute(select(scenes).filter_by(name=name)).one_or_none()
    if row is None:
        raise no_scene(connection, name)
    if not new.strip() or len(new) > LONGEST_NAME:
        raise StoreError(f"{new!r} is no name for a scene: 1 to {LONGEST_NAME} characters")
    if new != name and connection.execute(select(scenes.c.id).filter_by(name=new)).first() is not None:
        raise StoreError(f"scene {new!r} is in {location(connection.engine.url)} already; choose another name")
    update_row(connection, scenes, {**row._asdict(), "name": new})


def delete_scene(connection: Connection, name: str) -> None:
    """Delete the scene, and by cascade all that hangs on it; raises StoreError where there is none of this name."""
    if not connection.execute(delete(scenes).filter_by(name=name)).rowcount:
        raise no_scene(connection, name)


def replace_frames(connection: Connection, scene_id: int, of_scene: Sequence[FrameRecord]) -> dict[int, int]:
    """Replace the scene's frames, and by cascade the observations in them; return the new ids by number."""
    connection.execute(delete(frames).filter_by(scene_id=scene_id))
    insert_rows(connection, frames, [_frame_row(frame, scene_id) for frame in of_scene])
    numbered = select(frames.c.number, frames.c.id).filter_by(scene_id=scene_id)
    return {row.number: row.id for row in connection.execute(numbered)}


# Rows


def _scene_row(scene: SceneRecord, key: int, changed: int) -> dict[str, Any]:
    return {
        "id": key,
        "name": scene.name,
        "path": scene.path,
        "format": scene.format,
        "up": None if scene.up is None else [float(x) for x in scene.up],
        "origin": None if scene.origin is None else [float(x) for x in scene.origin],
        "generation": changed,
    }


def _scene_of(row: AnyRow) -> SceneRecord:
    return SceneRecord(
        name=row.name,
        path=row.path,
        format=row.format,
        up=direction(row.up),
        origin=direction(row.origin),
        id=row.id,
        frame_count=row.frame_count,
        object_count=row.object_count,
        indexed=None if row.indexed is None else datetime.fromisoformat(row.indexed),
        generation=row.generation,
    )


def direction(text: str | None) -> tuple[float, float, float] | None:
    """Return three numbers from their JSON."""
    if text is None:
        return None
    x, y, z = json.loads(text)
    return x, y, z


def _frame_row(frame: FrameRecord, scene_id: int) -> dict[str, Any]:
    def nested(array: npt.NDArray[np.float64] | None) -> list[Any] | None:
        return None if array is None else array.tolist()

    return {
        "scene_id": scene_id,
        "number": frame.number,
        "height": frame.height,
        "width": frame.width,
        "intrinsics": nested(frame.intrinsics),
        "world_from_camera": nested(frame.world_from_camera),
        "skipped": frame.skip_reason,
    }


def _frame_of(row: AnyRow) -> FrameRecord:
    def array(text: str | None) -> npt.NDArray[np.float64] | None:
        return None if text is None else np.array(json.loads(text), np.float64)

    return FrameRecord(
        row.number, row.height, row.width, array(row.intrinsics), array(row.world_from_camera), row.skipped
    )
