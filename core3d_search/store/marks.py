"""What people say about scenes and objects: tags, a note, free properties. Indexing a scene again leaves them alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Table, delete, select

from core3d_search.errors import InputError, NotFoundError
from core3d_search.schema import tables
from core3d_search.schema.checksums import stored
from core3d_search.schema.engine import location
from core3d_search.store.scenes import scene_key
from core3d_search.store.statements import MOST_BOUND, AnyRow, checked_rows, insert_rows

Kind = Literal["scene", "object"]
LONGEST_TAG = 64

_TAGS: dict[Kind, Table] = {"scene": tables.scene_tags, "object": tables.object_tags}
_NOTES: dict[Kind, Table] = {"scene": tables.scene_notes, "object": tables.object_notes}


@dataclass(frozen=True)
class Marks:
    """What was said about one scene or object; `tags` are sorted."""

    tags: tuple[str, ...] = ()
    note: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)


def target_of(connection: Connection, about: str | int) -> tuple[Kind, int]:
    """Return the kind and id of what a scene's name or an object's id means; raises StoreError for an unknown one."""
    if isinstance(about, str):
        return "scene", scene_key(connection, about)
    if connection.execute(select(tables.objects.c.id).filter_by(id=about)).first() is None:
        where = location(connection.engine.url)
        raise NotFoundError(f"no object {about} in {where}; `core3d show SCENE` lists those of a scene")
    return "object", about


def marks_of(connection: Connection, kind: Kind, key: int) -> Marks:
    tag_table, note_table = _TAGS[kind], _NOTES[kind]
    owner = f"{kind}_id"
    tagged = select(*stored(tag_table)).where(tag_table.c[owner] == key)
    noted = select(*stored(note_table)).where(note_table.c[owner] == key)
    named = f"{kind} {key}"
    tags = [row.tag for row in checked_rows(connection, tag_table, tagged, lambda _: f"a tag of {named}")]
    for row in checked_rows(connection, note_table, noted, lambda _: f"the note on {named}"):
        return Marks(tuple(sorted(tags)), row.text, json.loads(row.properties))
    return Marks(tuple(sorted(tags)))


def marks_of_objects(connection: Connection, scene_id: int) -> dict[int, Marks]:
    """Return what was said about the objects of a scene, by id; those of which nothing was said are left out."""
    tags: dict[int, list[str]] = {}
    noted: dict[int, AnyRow] = {}
    for table in (tables.object_tags, tables.object_notes):
        wanted = select(*stored(table)).join(tables.objects).where(tables.objects.c.scene_id == scene_id)
        for row in checked_rows(connection, table, wanted, lambda row: f"what was said of object {row.object_id}"):
            if table is tables.object_tags:
                tags.setdefault(int(row.object_id), []).append(row.tag)
            else:
                noted[int(row.object_id)] = row
    return {
        key: Marks(
            tuple(sorted(tags.get(key, ()))),
            noted[key].text if key in noted else "",
            json.loads(noted[key].properties) if key in noted else {},
        )
        for key in sorted({*tags, *noted})
    }


def change_tags(connection: Connection, kind: Kind, key: int, add: frozenset[str], remove: frozenset[str]) -> None:
    """Add and remove tags; those that are there, or not, already are left so."""
    table, owner = _TAGS[kind], f"{kind}_id"
    connection.execute(delete(table).where(table.c[owner] == key, table.c.tag.in_(sorted(add | remove))))
    insert_rows(connection, table, [{owner: key, "tag": tag} for tag in sorted(add - remove)])


def put_note(connection: Connection, kind: Kind, key: int, text: str, properties: Mapping[str, Any]) -> None:
    """Replace note and properties; nothing is kept of empty ones."""
    table, owner = _NOTES[kind], f"{kind}_id"
    connection.execute(delete(table).where(table.c[owner] == key))
    if text or properties:
        insert_rows(connection, table, [{owner: key, "text": text, "properties": dict(properties)}])


def checked_tag(tag: str) -> str:
    """Return the tag in lower case without space around it; raises InputError for what is none."""
    plain = tag.strip().lower()
    if not plain or len(plain) > LONGEST_TAG or "," in plain:
        raise InputError(f"{tag!r} is no tag: 1 to {LONGEST_TAG} characters, without commas")
    return plain


def objects_tagged(connection: Connection, tag: str) -> npt.NDArray[np.int64]:
    """Return the ids (N,) of the objects that bear `tag`, or whose scene does."""
    objects, scenes = _owners(connection, "object", tag), _owners(connection, "scene", tag)
    found = set(objects)
    for start in range(0, len(scenes), MOST_BOUND):
        within = tables.objects.c.scene_id.in_(scenes[start : start + MOST_BOUND])
        found |= set(connection.execute(select(tables.objects.c.id).where(within)).scalars())
    return np.array(sorted(found), np.int64)


def all_tags(connection: Connection) -> list[str]:
    """Return every tag of a scene or an object, sorted."""
    tags: set[str] = set()
    for table in _TAGS.values():
        tags |= {row.tag for row in checked_rows(connection, table, select(*stored(table)), lambda _: "a tag")}
    return sorted(tags)


def _owners(connection: Connection, kind: Kind, tag: str) -> list[int]:
    """Return the ids of what bears `tag`. Every tag is read, so that a damaged one is told and not passed over."""
    table = _TAGS[kind]
    rows = checked_rows(connection, table, select(*stored(table)), lambda row: f"a tag of {kind} {row[0]}")
    return [int(row[0]) for row in rows if row.tag == tag]
