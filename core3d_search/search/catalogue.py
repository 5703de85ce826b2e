"""The documents of what the database holds: scenes, their objects, one object with all that is known of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np

from core3d_search.search.documents import (
    Object,
    ObjectCard,
    ObjectList,
    Plan,
    Scene,
    SceneCard,
    SceneList,
    View,
    Vocabulary,
)
from core3d_search.search.documents.hits import vector3
from core3d_search.search.documents.things import object_fields
from core3d_search.search.searcher import Searcher
from core3d_search.search.surroundings import neighbours, plan
from core3d_search.store import SceneRecord, Store

PathOf = Callable[[SceneRecord], str | None]
"""Where a scene's scan is said to be; None keeps it back."""


def scene_list(store: Store, path_of: PathOf, offset: int = 0, limit: int | None = None) -> SceneList:
    """Return a page of the scenes, by name; all of them without `limit`."""
    records = store.scenes()
    end = len(records) if limit is None else offset + limit
    found = [Scene.of(record, path_of(record)) for record in records[offset:end]]
    return SceneList(scenes=found, total=len(records), offset=offset, next_offset=end if end < len(records) else None)


def scene_card(store: Store, scene: str, path_of: PathOf) -> SceneCard:
    """Return one scene with what is in it; raises StoreError for an unknown one."""
    record = store.scene(scene)
    labels = Counter(label for label in store.object_table(scene).labels if label is not None)
    return SceneCard.made(record, path_of(record), dict(labels.most_common()), store.marks(scene))


def object_list(
    store: Store,
    scene: str,
    *,
    offset: int = 0,
    limit: int | None = None,
    label: str | None = None,
    tag: str | None = None,
) -> ObjectList:
    """Return a page of the objects of a scene, by id: those with `label`, in upper or lower case, and `tag`."""
    table, origin = store.object_table(scene), store.scene(scene).origin
    rows = np.arange(len(table))
    if label is not None:
        rows = rows[[each is not None and each.lower() == label.lower() for each in table.labels]]
    if tag is not None:
        rows = rows[np.isin(table.ids[rows], store.objects_tagged(tag))]
    end = len(rows) if limit is None else offset + limit
    found = [Object.of(table, int(row), origin) for row in rows[offset:end]]
    return ObjectList(
        scene=scene, objects=found, total=len(rows), offset=offset, next_offset=end if end < len(rows) else None
    )


def object_card(searcher: Searcher, object_id: int) -> ObjectCard:
    """Return one object with its neighbours, views and marks; raises StoreError where no object has this id."""
    store = searcher.store
    found = store.object(object_id)
    table, origin = store.object_table(found.scene), store.scene(found.scene).origin
    marks = store.marks(object_id)
    return ObjectCard(
        **object_fields(table, int(table.positions([object_id])[0]), origin),
        front=None if found.front is None else vector3(found.front),
        views=tuple(View.of(view) for view in found.views),
        has_thumbnail=store.thumbnail(object_id) is not None,
        neighbours=neighbours(searcher.objects(found.scene), object_id),
        tags=marks.tags,
        note=marks.note,
        properties=dict(marks.properties),
    )


def scene_plan(searcher: Searcher, scene: str) -> Plan:
    """Return the scene as seen from above; raises StoreError for an unknown one."""
    return plan(searcher.store.scene(scene).name, searcher.objects(scene))


def vocabulary(store: Store) -> Vocabulary:
    """Return the labels and tags that there are."""
    return Vocabulary(labels=tuple(sorted(store.labels())), tags=tuple(store.tags()))
