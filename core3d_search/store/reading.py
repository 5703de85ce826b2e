"""What can be asked of the database, each on a connection that the store opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, Connection, ScalarSelect, Table, func, select

from core3d_search.datatypes import SceneObject
from core3d_search.errors import ModelError, StoreError
from core3d_search.schema.blobs import decode_colors, decode_points, decode_vectors
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
from core3d_search.store.records import (
    EmbeddingModel,
    FrameRecord,
    IndexStamp,
    ObjectTable,
    ObservationRecord,
    RunRecord,
    SceneRecord,
    StoredEmbeddings,
)


def generation(connection: Connection) -> int:
    return int(connection.execute(select(store.c.generation)).scalar_one())


# Scenes


def all_scenes(connection: Connection) -> list[SceneRecord]:
    """Return every scene, by name, with its counts and the start of its last complete run."""

    def count(table: Table) -> ScalarSelect[int]:
        return select(func.count()).select_from(table).where(table.c.scene_id == scenes.c.id).scalar_subquery()

    last = select(func.max(runs.c.started)).where(runs.c.scene_id == scenes.c.id, runs.c.status == "complete")
    found = select(
        scenes,
        count(frames).label("frame_count"),
        count(objects).label("object_count"),
        last.scalar_subquery().label("indexed"),
    )
    return [rows.scene_of(row) for row in connection.execute(found.order_by(scenes.c.name))]


def no_scene(connection: Connection, name: str) -> StoreError:
    names = connection.execute(select(scenes.c.name).order_by(scenes.c.name)).scalars().all()
    return StoreError(
        f"no scene {name!r} in {location(connection.engine.url)}; there are: {', '.join(names) or 'none'}"
    )


def scene_key(connection: Connection, name: str) -> int:
    """Return the scene's id; raises StoreError that lists the scenes there are."""
    found = connection.execute(select(scenes.c.id).filter_by(name=name)).scalar_one_or_none()
    if found is None:
        raise no_scene(connection, name)
    return int(found)


def last_complete_run(connection: Connection, scene: str) -> tuple[str, str] | None:
    """Return the fingerprint and configuration checksum that the scene's content came from."""
    wanted = select(runs.c.fingerprint, runs.c.config_checksum).join(scenes)
    wanted = wanted.where(scenes.c.name == scene, runs.c.status == "complete").order_by(runs.c.id.desc()).limit(1)
    row = connection.execute(wanted).one_or_none()
    return None if row is None else (row.fingerprint, row.config_checksum)


def runs_of(connection: Connection, scene: str) -> list[RunRecord]:
    models = {row.id: rows.model_of(row) for row in connection.execute(select(embedding_models))}
    found = connection.execute(select(runs).filter_by(scene_id=scene_key(connection, scene)).order_by(runs.c.id))
    return [rows.run_of(row, models.get(row.embedding_model_id)) for row in found]


def frames_of(connection: Connection, scene: str) -> list[FrameRecord]:
    wanted = select(frames).filter_by(scene_id=scene_key(connection, scene)).order_by(frames.c.number)
    return [rows.frame_of(row) for row in connection.execute(wanted)]


# Objects


def object_table(connection: Connection, scene: str | None) -> ObjectTable:
    wanted = select(*rows.TABLE_COLUMNS).order_by(objects.c.id)
    if scene is not None:
        wanted = wanted.filter_by(scene_id=scene_key(connection, scene))
    names = {row.id: row.name for row in connection.execute(select(scenes.c.id, scenes.c.name))}
    return rows.table_of(connection.execute(wanted).all(), names)


def objects_of(connection: Connection, which: ColumnElement[bool], with_points: bool) -> list[SceneObject]:
    """Return the objects that fulfil `which`, by id, each with the embedding by the model of its run."""
    columns: list[Any] = [*objects.c, scenes.c.name.label("scene"), embeddings.c.vector]
    source = objects.join(scenes, scenes.c.id == objects.c.scene_id).join(runs, runs.c.id == objects.c.run_id)
    of_its_run = embeddings.c.embedding_model_id == runs.c.embedding_model_id
    source = source.join(embeddings, (embeddings.c.object_id == objects.c.id) & of_its_run)
    if with_points:
        columns += [object_points.c.points, object_points.c.colors]
        source = source.join(object_points, object_points.c.object_id == objects.c.id)
    found = []
    for row in connection.execute(select(*columns).select_from(source).where(which).order_by(objects.c.id)):
        try:
            points = decode_points(row.points) if with_points else np.zeros((0, 3), np.float32)
            colors = decode_colors(row.colors) if with_points else np.zeros((0, 3), np.uint8)
            embedding = decode_vectors([row.vector], len(row.vector) // 4)[0]
            found.append(rows.object_of(row, points, colors, embedding))
        except ValueError as error:
            raise StoreError(
                f"object {row.id} of scene {row.scene!r} in {location(connection.engine.url)} is damaged: {error}; "
                "index the scene again with --force"
            ) from error
    return found


def observations_of(connection: Connection, object_id: int) -> list[ObservationRecord]:
    seen = select(observations, frames.c.number).join(frames).where(observations.c.object_id == object_id)
    return [rows.observation_of(row) for row in connection.execute(seen.order_by(observations.c.id))]


# Embeddings


def models(connection: Connection) -> list[EmbeddingModel]:
    found = connection.execute(select(embedding_models).order_by(embedding_models.c.id))
    return [rows.model_of(row) for row in found]


def model_key(connection: Connection, model: EmbeddingModel) -> int | None:
    wanted = select(embedding_models.c.id).filter_by(name=model.name, checksum=model.checksum)
    found = connection.execute(wanted).scalar_one_or_none()
    return None if found is None else int(found)


def known_model_key(connection: Connection, model: EmbeddingModel) -> int:
    """Return the model's id; raises ModelError where the database has no vector of it."""
    found = model_key(connection, model)
    if found is not None:
        return found
    there = ", ".join(str(each) for each in models(connection)) or "none yet"
    raise ModelError(
        f"{location(connection.engine.url)} holds no embeddings by {model}; it has those of: {there}. Search with that "
        "encoder, or index the scenes again with this one"
    )


def embedding_count(connection: Connection, model: EmbeddingModel) -> int:
    wanted = select(func.count()).select_from(embeddings)
    return connection.execute(wanted.filter_by(embedding_model_id=known_model_key(connection, model))).scalar_one()


def embeddings_by(connection: Connection, model: EmbeddingModel) -> StoredEmbeddings:
    key = known_model_key(connection, model)
    wanted = select(embeddings.c.object_id, embeddings.c.vector).filter_by(embedding_model_id=key)
    found = connection.execute(wanted.order_by(embeddings.c.object_id)).all()
    try:
        vectors = decode_vectors([row.vector for row in found], model.dimension)
    except ValueError as error:
        raise StoreError(
            f"an embedding in {location(connection.engine.url)} is damaged: {error}; `core3d db check` names the object"
        ) from error
    return StoredEmbeddings(np.array([row.object_id for row in found], np.int64), vectors, generation(connection))


def cached_queries(
    connection: Connection, texts: Sequence[str], model: EmbeddingModel
) -> dict[str, npt.NDArray[np.float32]]:
    cache = query_embeddings.c
    wanted = select(cache.text, cache.vector).where(
        cache.embedding_model_id == model_key(connection, model), cache.text.in_(texts)
    )
    size = 4 * model.dimension  # a damaged one is as good as none: it is made again
    found = [row for row in connection.execute(wanted) if len(row.vector) == size]
    return {row.text: decode_vectors([row.vector], model.dimension)[0] for row in found}


def query_reading(connection: Connection, request: str) -> str | None:
    return connection.execute(select(query_readings.c.reading).filter_by(request=request)).scalar_one_or_none()


def index_stamp(connection: Connection, model: EmbeddingModel, kind: str) -> IndexStamp | None:
    wanted = select(vector_indexes.c.generation, vector_indexes.c.embedding_count, vector_indexes.c.checksum)
    row = connection.execute(wanted.filter_by(embedding_model_id=model_key(connection, model), kind=kind)).one_or_none()
    return None if row is None else IndexStamp(row.generation, row.embedding_count, row.checksum)
