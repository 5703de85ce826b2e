"""Embeddings, and the models that made them: vectors of different models never meet."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, Connection, Select, func, select

from core3d_search.errors import ModelError
from core3d_search.schema.blobs import decode_vectors, encode_vector
from core3d_search.schema.checksums import stored
from core3d_search.schema.engine import location
from core3d_search.schema.tables import embedding_models, embeddings, objects
from core3d_search.store.records import EmbeddingModel, StoredEmbeddings
from core3d_search.store.statements import (
    MOST_BOUND,
    AnyRow,
    checked_rows,
    damaged,
    generation,
    insert_rows,
    new_ids,
    update_row,
)

# Models


def models_by_key(connection: Connection) -> dict[int, EmbeddingModel]:
    """Return every model by its id, in the order in which they came."""
    wanted = select(*stored(embedding_models)).order_by(embedding_models.c.id)
    found = checked_rows(connection, embedding_models, wanted, lambda row: f"embedding model {row.id}")
    return {row.id: _model_of(row) for row in found}


def key_of(model: EmbeddingModel) -> Select[Any]:
    """Return the question for the model's id, which has no answer where the database has no vector of it."""
    return select(embedding_models.c.id).filter_by(name=model.name, checksum=model.checksum)


def find_model(connection: Connection, model: EmbeddingModel) -> int | None:
    """Return the model's id, None where the database has no vector of it."""
    found = connection.execute(key_of(model)).scalar_one_or_none()
    return None if found is None else int(found)


def model_key(connection: Connection, model: EmbeddingModel) -> int:
    """Return the model's id; raises ModelError where the database has no vector of it."""
    found = find_model(connection, model)
    if found is not None:
        return found
    there = ", ".join(str(each) for each in models_by_key(connection).values()) or "none yet"
    raise ModelError(
        f"{location(connection.engine.url)} holds no embeddings by {model}; it has those of: {there}. Search with that "
        "encoder, or index the scenes again with this one"
    )


def keep_model(connection: Connection, model: EmbeddingModel) -> int:
    """Insert the model, or note its newest calibration; return its id."""
    row = {
        "name": model.name,
        "checksum": model.checksum,
        "dimension": model.dimension,
        "calibration": dict(model.calibration),
    }
    known = find_model(connection, model)
    if known is None:
        (key,) = new_ids(connection, embedding_models, 1)
        insert_rows(connection, embedding_models, [row | {"id": key}])
        return key
    update_row(connection, embedding_models, row | {"id": known})
    return known


# Vectors


def embedding_count(connection: Connection, model: EmbeddingModel) -> int:
    wanted = select(func.count()).select_from(embeddings)
    return connection.execute(wanted.filter_by(embedding_model_id=model_key(connection, model))).scalar_one()


def embeddings_by(
    connection: Connection, model: EmbeddingModel, which: ColumnElement[bool] | None = None
) -> StoredEmbeddings:
    """Return the embeddings by `model`, of the objects that fulfil `which` (of columns of `objects`) or of all."""
    wanted = select(*stored(embeddings), objects.c.scene_id).join(objects, objects.c.id == embeddings.c.object_id)
    wanted = wanted.where(embeddings.c.embedding_model_id == model_key(connection, model))
    if which is not None:  # a subquery: joined and ordered, SQLite would walk through the vectors of all scenes
        wanted = wanted.where(embeddings.c.object_id.in_(select(objects.c.id).where(which)))
    return _matrix(connection, model, list(checked_rows(connection, embeddings, wanted, _named)))


def embeddings_of(connection: Connection, model: EmbeddingModel, ids: Sequence[int]) -> StoredEmbeddings:
    """Return the embeddings by `model` of those of the objects `ids` that have one."""
    wanted = select(*stored(embeddings), objects.c.scene_id).join(objects, objects.c.id == embeddings.c.object_id)
    wanted = wanted.where(embeddings.c.embedding_model_id == model_key(connection, model))
    found: list[AnyRow] = []
    for start in range(0, len(ids), MOST_BOUND):
        some = wanted.where(embeddings.c.object_id.in_(ids[start : start + MOST_BOUND]))
        found += checked_rows(connection, embeddings, some, _named)
    return _matrix(connection, model, found)


def _matrix(connection: Connection, model: EmbeddingModel, found: Sequence[AnyRow]) -> StoredEmbeddings:
    rows = sorted(found, key=lambda row: int(row.object_id))
    try:
        vectors = decode_vectors([row.vector for row in rows], model.dimension)
    except ValueError as error:
        raise damaged(connection, "an embedding", str(error)) from error
    ids = np.array([row.object_id for row in rows], np.int64)
    return StoredEmbeddings(ids, vectors, generation(connection), np.array([row.scene_id for row in rows], np.int64))


def insert_embeddings(
    connection: Connection, ids: Sequence[int], model: EmbeddingModel, vectors: Sequence[npt.NDArray[np.float32]]
) -> None:
    """Insert the vectors of the objects `ids`."""
    model_id = model_key(connection, model)
    made = [
        {"object_id": key, "embedding_model_id": model_id, "vector": encode_vector(vector)}
        for key, vector in zip(ids, vectors, strict=True)
    ]
    insert_rows(connection, embeddings, made)


def _named(row: AnyRow) -> str:
    return f"the embedding of object {row.object_id}"


def _model_of(row: AnyRow) -> EmbeddingModel:
    return EmbeddingModel(row.name, row.checksum, row.dimension, json.loads(row.calibration))
