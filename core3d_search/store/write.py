"""Writes the outcome of a run: what was known of the scene is replaced, what is still there keeps its ids."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
from sqlalchemy import Connection, select

from core3d_search.datatypes import SceneObject
from core3d_search.errors import ModelError, StoreError
from core3d_search.schema import tables
from core3d_search.store import embeddings, objects, runs, scenes, thumbnails
from core3d_search.store.database import Database
from core3d_search.store.identity import same_things
from core3d_search.store.reason import object_fault
from core3d_search.store.records import (
    EmbeddingModel,
    FrameRecord,
    ObservationRecord,
    RunRecord,
    SceneRecord,
    Thumbnail,
)
from core3d_search.store.statements import raise_generation


def write_scene(
    database: Database,
    scene: SceneRecord,
    frames: Sequence[FrameRecord],
    run: RunRecord,
    found: Sequence[SceneObject],
    observations: Sequence[Sequence[ObservationRecord]] | None,
    pictures: Sequence[Thumbnail | None] | None,
) -> list[int]:
    """Do what `Store.write_scene` describes."""
    model = run.model
    if model is None or run.status != "complete":
        raise ValueError("write_scene takes a complete run with its model; a failed one goes to record_failed_run")
    for item in found:
        _check(item, model)
    # All that takes time happens before the transaction, so that other writers wait for rows only.
    object_rows = [objects.object_row(item) for item in found]
    for row in object_rows:
        fault = object_fault(SimpleNamespace(**row | {"front": row["front"] and json.dumps(row["front"])}))
        if fault:
            raise StoreError(f"an object of scene {scene.name!r} is not stored: it {fault}; check the scan's depths")
    point_rows = [objects.points_row(item) for item in found]
    with database.reading() as connection:
        matched = _keep_ids(connection, scene.name, found, model)
    with database.writing() as connection:
        scene_id = scenes.claim_scene(connection, scene, run.fingerprint)
        if scenes.generation_of(connection, scene.name) != matched.generation:  # written by another process meanwhile
            matched = _keep_ids(connection, scene.name, found, model)
        run_id = runs.insert_run(connection, scene_id, replace(run, object_count=len(found)))
        ids = objects.replace_objects(connection, scene_id, run_id, object_rows, matched.ids)
        frame_ids = scenes.replace_frames(connection, scene_id, frames)
        objects.insert_points(connection, ids, point_rows)
        embeddings.insert_embeddings(connection, ids, model, [item.embedding for item in found])
        if observations is not None:
            objects.insert_observations(connection, ids, frame_ids, observations)
        if pictures is not None:
            made = {key: one for key, one in zip(ids, pictures, strict=True) if one is not None}
            thumbnails.insert_thumbnails(connection, made)
        scenes.note_generation(connection, scene_id, raise_generation(connection))
    return ids


@dataclass(frozen=True)
class _Matched:
    """The id that each new object takes over, None for a new one; and the scene's generation that this holds for."""

    ids: list[int | None]
    generation: int | None


def _keep_ids(connection: Connection, scene: str, found: Sequence[SceneObject], model: EmbeddingModel) -> _Matched:
    generation = scenes.generation_of(connection, scene)
    nothing = _Matched([None] * len(found), generation)
    if generation is None:
        return nothing
    key = scenes.scene_key(connection, scene)
    try:
        before = objects.objects_of(connection, tables.objects.c.scene_id == key, with_points=True)
    except StoreError:  # damaged: indexing again is the remedy, and starts anew
        return nothing
    made = select(tables.embeddings.c.embedding_model_id).join(tables.objects).where(tables.objects.c.scene_id == key)
    one_encoder = connection.execute(made.limit(1)).scalar() == embeddings.find_model(connection, model)
    same = same_things(before, found, one_encoder=one_encoder)
    return _Matched([None if item is None else item.id for item in same], generation)


def _check(item: SceneObject, model: EmbeddingModel) -> None:
    length = float(np.linalg.norm(item.embedding))
    if item.embedding.shape != (model.dimension,) or not abs(length - 1) < 1e-3:
        raise ModelError(
            f"an embedding of scene {item.scene!r} has {item.embedding.size} numbers and length {length:.4g}; {model} "
            f"makes unit vectors of {model.dimension}"
        )
