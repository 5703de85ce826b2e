"""What is remembered to save work, and may be lost: embeddings and readings of queries, what vouches for index files.

A damaged entry is as good as none: it is made again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, delete, func, insert, select, true

from core3d_search.schema.blobs import decode_vectors, encode_vector
from core3d_search.schema.checksums import is_whole, stored
from core3d_search.schema.tables import query_embeddings, query_readings, vector_indexes
from core3d_search.store.database import Database
from core3d_search.store.embeddings import find_model, key_of, model_key
from core3d_search.store.records import EmbeddingModel, IndexStamp
from core3d_search.store.statements import insert_rows

LONGEST_CACHED_TEXT = 512

MOST_CACHED_TEXTS = 10_000
"""Texts of one model that are remembered: some 20 MB at 512 dimensions. At one more all are forgotten, so that a server
that strangers ask does not grow for ever; the texts that come back are soon known again."""


class QueryReadings:
    """A database's readings of texts by an LLM, by the name of the request; used like a dict."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, request: str) -> str | None:
        """Return the reading, None where there is none."""
        with self._database.reading() as connection:
            wanted = select(*stored(query_readings)).where(query_readings.c.request == request)
            row = connection.execute(wanted).one_or_none()
            return row.reading if row is not None and is_whole(row) else None

    def __setitem__(self, request: str, reading: str) -> None:
        """Keep a reading; does nothing where that means to wait or fail."""

        def write(connection: Connection) -> None:
            connection.execute(delete(query_readings).filter_by(request=request))
            insert_rows(connection, query_readings, [{"request": request, "reading": reading}])

        self._database.write_if_free(write)


def cached_queries(
    connection: Connection, texts: Sequence[str], model: EmbeddingModel
) -> dict[str, npt.NDArray[np.float32]]:
    """Return the embeddings by `model` of those `texts` that are remembered."""
    cache = query_embeddings.c
    by_model = key_of(model).scalar_subquery()  # one statement, for a cold search asks many single texts
    wanted = select(*stored(query_embeddings)).where(cache.embedding_model_id == by_model, cache.text.in_(texts))
    size = 4 * model.dimension
    found = [row for row in connection.execute(wanted) if is_whole(row) and len(row.vector) == size]
    return {row.text: decode_vectors([row.vector], model.dimension)[0] for row in found}


def cache_queries(
    connection: Connection, vectors: Mapping[str, npt.NDArray[np.float32]], model: EmbeddingModel
) -> None:
    """Remember the embeddings by `model` of texts, instead of all others where these are too many; no long ones."""
    cache = query_embeddings
    model_id = model_key(connection, model)
    short = {text: vector for text, vector in vectors.items() if len(text) <= LONGEST_CACHED_TEXT}
    of_model = cache.c.embedding_model_id == model_id
    count = connection.execute(select(func.count()).select_from(cache).where(of_model)).scalar_one()
    full = count + len(short) > MOST_CACHED_TEXTS
    connection.execute(delete(cache).where(of_model, true() if full else cache.c.text.in_(list(short))))
    made = [
        {"embedding_model_id": model_id, "text": text, "vector": encode_vector(vector)}
        for text, vector in short.items()
    ]
    insert_rows(connection, cache, made)


def index_stamp(connection: Connection, model: EmbeddingModel, kind: str) -> IndexStamp | None:
    """Return what was noted of the vector index file of this `model` and `kind`."""
    wanted = select(vector_indexes.c.generation, vector_indexes.c.embedding_count, vector_indexes.c.checksum)
    row = connection.execute(
        wanted.filter_by(embedding_model_id=find_model(connection, model), kind=kind)
    ).one_or_none()
    return None if row is None else IndexStamp(row.generation, row.embedding_count, row.checksum)


def stamp_index(connection: Connection, model: EmbeddingModel, kind: str, stamp: IndexStamp) -> None:
    """Note what a vector index file holds."""
    model_id = model_key(connection, model)
    connection.execute(delete(vector_indexes).filter_by(embedding_model_id=model_id, kind=kind))
    noted = {"generation": stamp.generation, "embedding_count": stamp.count, "checksum": stamp.checksum}
    connection.execute(insert(vector_indexes).values(embedding_model_id=model_id, kind=kind, **noted))
