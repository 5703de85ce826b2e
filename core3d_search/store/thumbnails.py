"""Small pictures of objects: written with the run that found them, or later; each function works in a transaction."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, Select, delete, select

from core3d_search.schema.checksums import stored
from core3d_search.schema.tables import objects, thumbnails
from core3d_search.store.records import Thumbnail
from core3d_search.store.statements import MOST_BOUND, AnyRow, checked_rows, insert_rows


def thumbnail_of(connection: Connection, object_id: int) -> bytes | None:
    """Return the picture of one object, None where none was kept."""
    wanted = select(*stored(thumbnails)).where(thumbnails.c.object_id == object_id)
    return _pictures(connection, wanted).get(object_id)


def thumbnails_of_scene(connection: Connection, scene_id: int) -> dict[int, bytes]:
    """Return the pictures of the scene's objects, by object id."""
    wanted = select(*stored(thumbnails)).join(objects).where(objects.c.scene_id == scene_id)
    return _pictures(connection, wanted.order_by(thumbnails.c.object_id))


def insert_thumbnails(connection: Connection, made: Mapping[int, Thumbnail]) -> None:
    """Insert the pictures of objects that have none, by object id."""
    rows = [{"object_id": key, "webp": one.webp, "width": one.width, "height": one.height} for key, one in made.items()]
    insert_rows(connection, thumbnails, rows)


def replace_thumbnails(connection: Connection, scene_id: int, made: Mapping[int, Thumbnail]) -> None:
    """Keep the pictures of those of these objects that the scene has, in the place of the ones they had."""
    there = set(connection.execute(select(objects.c.id).filter_by(scene_id=scene_id)).scalars())
    keys = sorted(there & set(made))
    for start in range(0, len(keys), MOST_BOUND):
        some = keys[start : start + MOST_BOUND]
        connection.execute(delete(thumbnails).where(thumbnails.c.object_id.in_(some)))
    insert_thumbnails(connection, {key: made[key] for key in keys})


def _pictures(connection: Connection, wanted: Select[AnyRow]) -> dict[int, bytes]:
    found = checked_rows(connection, thumbnails, wanted, lambda row: f"the thumbnail of object {row.object_id}")
    return {int(row.object_id): bytes(row.webp) for row in found}
