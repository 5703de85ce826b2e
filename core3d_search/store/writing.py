"""What can be changed in the database, each inside a transaction that the store began."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Table, delete, insert, select, update

from core3d_search.errors import StoreError
from core3d_search.schema.blobs import encode_vector
from core3d_search.schema.engine import location
from core3d_search.schema.tables import (
    embedding_models,
    embeddings,
    frames,
    object_points,
    objects,
    observations,
    query_embeddings,
    query_readings,
    runs,
    scenes,
    store,
    vector_indexes,
)
from core3d_search.store import rows
from core3d_search.store.reading import known_model_key, model_key, no_scene
from core3d_search.store.records import (
    EmbeddingModel,
    FrameRecord,
    IndexStamp,
    ObservationRecord,
    RunRecord,
    SceneRecord,
)
from core3d_search.version import __version__


def claim_scene(connection: Connection, scene: SceneRecord, fingerprint: str) -> int:
    """Insert or update the scene's own row and hold it until the transaction ends; return its id.

    A name may move to another folder only along with its content, told by the fingerprint. Raises StoreError where
    the folder has another name, or the name another folder.
    """
    where = location(connection.engine.url)
    name = connection.execute(select(scenes.c.name).filter_by(path=scene.path)).scalar_one_or_none()
    if name not in (None, scene.name):
        raise StoreError(
            f"{scene.path} is in {where} already, as scene {name!r}, not {scene.name!r}; index it under that name, or "
            f"`core3d db remove {name}` first"
        )
    row = connection.execute(select(scenes).filter_by(name=scene.name).with_for_update()).one_or_none()
    if row is None:
        return _insert_one(connection, scenes, rows.scene_row(scene))
    seen = select(runs.c.id).filter_by(scene_id=row.id, fingerprint=fingerprint).limit(1)
    if row.path != scene.path and connection.execute(seen).first() is None:
        raise StoreError(
            f"scene {scene.name!r} in {where} is the folder {row.path}, not {scene.path}; give this one another name, "
            f"or `core3d db remove {scene.name}` first"
        )
    connection.execute(update(scenes).filter_by(id=row.id).values(rows.scene_row(scene)))
    return int(row.id)


def find_or_add_scene(connection: Connection, scene: SceneRecord) -> int:
    """Return the id of the scene of this name, left as it is; insert it where there is none."""
    found = connection.execute(select(scenes.c.id).filter_by(name=scene.name)).scalar_one_or_none()
    return claim_scene(connection, scene, "") if found is None else int(found)


def clear_scene(connection: Connection, scene_id: int) -> None:
    """Delete the scene's frames and objects, and by cascade all that hangs on them; its runs stay."""
    connection.execute(delete(objects).filter_by(scene_id=scene_id))
    connection.execute(delete(frames).filter_by(scene_id=scene_id))


def delete_scene(connection: Connection, name: str) -> None:
    """Delete the scene, and by cascade all that hangs on it; raises StoreError where there is none of this name."""
    if not connection.execute(delete(scenes).filter_by(name=name)).rowcount:
        raise no_scene(connection, name)


def insert_frames(connection: Connection, scene_id: int, of_scene: Sequence[FrameRecord]) -> dict[int, int]:
    """Insert the frames; return their ids by number."""
    _insert_all(connection, frames, [rows.frame_row(frame, scene_id) for frame in of_scene])
    numbered = select(frames.c.number, frames.c.id).filter_by(scene_id=scene_id)
    return {row.number: row.id for row in connection.execute(numbered)}


def insert_run(connection: Connection, scene_id: int, run: RunRecord) -> int:
    model_id = None if run.model is None else keep_model(connection, run.model)
    return _insert_one(connection, runs, rows.run_row(run, scene_id, model_id))


def keep_model(connection: Connection, model: EmbeddingModel) -> int:
    """Insert the model, or note its newest calibration; return its id."""
    row = rows.model_row(model)
    known = model_key(connection, model)
    if known is None:
        return _insert_one(connection, embedding_models, row)
    connection.execute(update(embedding_models).filter_by(id=known).values(calibration=row["calibration"]))
    return known


def insert_objects(connection: Connection, scene_id: int, run_id: int, made: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert rows of `objects`; return their ids, in order."""
    return [_insert_one(connection, objects, {**row, "scene_id": scene_id, "run_id": run_id}) for row in made]


def insert_points(connection: Connection, ids: Sequence[int], made: Sequence[Mapping[str, bytes]]) -> None:
    """Insert rows of `object_points` for the objects `ids`."""
    _insert_all(connection, object_points, [{**row, "object_id": key} for key, row in zip(ids, made, strict=True)])


def insert_embeddings(
    connection: Connection, ids: Sequence[int], model: EmbeddingModel, vectors: Sequence[npt.NDArray[np.float32]]
) -> None:
    model_id = known_model_key(connection, model)
    made = [
        {"object_id": key, "embedding_model_id": model_id, "vector": encode_vector(vector)}
        for key, vector in zip(ids, vectors, strict=True)
    ]
    _insert_all(connection, embeddings, made)


def insert_observations(
    connection: Connection,
    ids: Sequence[int],
    frame_ids: Mapping[int, int],
    of_objects: Sequence[Sequence[ObservationRecord]],
) -> None:
    made = [
        rows.observation_row(observation, key, frame_ids[observation.frame])
        for key, group in zip(ids, of_objects, strict=True)
        for observation in group
    ]
    _insert_all(connection, observations, made)


def next_generation(connection: Connection) -> None:
    connection.execute(update(store).values(generation=store.c.generation + 1, written_by=__version__))


def cache_queries(
    connection: Connection, vectors: Mapping[str, npt.NDArray[np.float32]], model: EmbeddingModel
) -> None:
    cache = query_embeddings
    model_id = known_model_key(connection, model)
    connection.execute(delete(cache).where(cache.c.embedding_model_id == model_id, cache.c.text.in_(list(vectors))))
    made = [
        {"embedding_model_id": model_id, "text": text, "vector": encode_vector(vector)}
        for text, vector in vectors.items()
    ]
    _insert_all(connection, cache, made)


def keep_query_reading(connection: Connection, request: str, reading: str) -> None:
    connection.execute(delete(query_readings).filter_by(request=request))
    connection.execute(insert(query_readings).values(request=request, reading=reading))


def stamp_index(connection: Connection, model: EmbeddingModel, kind: str, stamp: IndexStamp) -> None:
    model_id = known_model_key(connection, model)
    connection.execute(delete(vector_indexes).filter_by(embedding_model_id=model_id, kind=kind))
    noted = {"generation": stamp.generation, "embedding_count": stamp.count, "checksum": stamp.checksum}
    connection.execute(insert(vector_indexes).values(embedding_model_id=model_id, kind=kind, **noted))


def _insert_one(connection: Connection, table: Table, row: Mapping[str, Any]) -> int:
    key = connection.execute(insert(table).values(row)).inserted_primary_key
    assert key is not None
    return int(key[0])


def _insert_all(connection: Connection, table: Table, made: Sequence[Mapping[str, Any]]) -> None:
    if made:  # without rows SQLAlchemy would insert one of defaults
        connection.execute(insert(table), made)
