"""Search inside PostgreSQL with its extension pgvector: half-precision vectors in a table that is a cache.

The table `vector_cache_<model>` holds a vector an object, and as of which run of which scene it is. `sync` drops the
scenes that are gone or were indexed again and adds those that are new, in one transaction. Below HNSW_FROM vectors all
are compared; from there on an HNSW graph is searched (Malkov, Yashunin, TPAMI 2020), iteratively, so that a filter
never returns fewer than there are. What is found are candidates: they are ranked by the float32 vectors of
`embeddings`, each verified by its checksum.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, text

from core3d_search.datatypes import Matches
from core3d_search.errors import StoreError
from core3d_search.store import EmbeddingModel, Store
from core3d_search.vectors.exact import check_queries, exact_matches

HNSW_FROM = 200_000
"""Vectors from which the graph is asked, which misses some neighbours; below, comparing all is exact."""

ROUNDING = 1e-3
"""How far two inner products of unit vectors with eleven bits a number may be out of order: twice 2^-11."""

EXACT_FILTER = 2000
"""Up to so many allowed objects are compared by their stored vectors alone."""

NODE_BYTES, MOST_BUILD_BYTES = 512, 2**30
"""Memory that the server may take while it makes the graph: so much an object beside its vector, and in all. A graph
that does not fit is made many times slower."""

SCENES_AT_ONCE = 100
MOST_DIMENSIONS = 4000
"""Numbers that an indexed halfvec may have."""

log = logging.getLogger(__name__)

Ids = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


def is_available(store: Store) -> bool:
    """Whether the database is a PostgreSQL that has pgvector, or may be given it by whoever is connected."""
    if store.database.engine.dialect.name != "postgresql":
        return False
    asked = text(
        "SELECT 1 FROM pg_available_extensions WHERE name = 'vector' AND (installed_version IS NOT NULL OR "
        "has_database_privilege(current_database(), 'CREATE'))"
    )
    with store.database.reading() as connection:
        return connection.execute(asked).first() is not None


@dataclass(frozen=True, eq=False)
class PgvectorIndex:
    """The cached vectors of one model, as of `generation`; `count` of them, in the table `name`."""

    generation: int
    store: Store
    model: EmbeddingModel
    name: str
    count: int = field(default=0)

    @classmethod
    def open(cls, store: Store, model: EmbeddingModel) -> PgvectorIndex:
        """Return the index, brought up to date. Raises StoreError where pgvector is not to be had."""
        if not is_available(store):
            raise StoreError(
                f"{store.location} has no pgvector: install PostgreSQL's extension `vector` there, or search with "
                "another vector index"
            )
        store.embedding_count(model)  # raises where there is none by this model
        if model.dimension > MOST_DIMENSIONS:
            raise StoreError(f"pgvector takes {MOST_DIMENSIONS} numbers a vector at most, {model} makes more")
        key = next(number for number, each in store.models_by_key().items() if each.key == model.key)
        index = cls(-1, store, model, f"vector_cache_{key}")
        with store.database.writing() as connection:
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
            connection.execute(
                text(
                    f"CREATE TABLE IF NOT EXISTS {index.name} (object_id bigint PRIMARY KEY, scene_id bigint NOT NULL, "
                    f"stamp bigint NOT NULL, vector halfvec({model.dimension}) NOT NULL)"
                )
            )
            connection.execute(text(f"CREATE INDEX IF NOT EXISTS {index.name}_scene ON {index.name} (scene_id)"))
        return index._followed()

    def sync(self) -> PgvectorIndex:
        return self if self.store.generation == self.generation else self._followed()

    def __len__(self) -> int:
        return self.count

    def _followed(self) -> PgvectorIndex:
        """Return the index of what the database holds now; what is cached already is not read again."""
        generation = self.store.generation
        scenes = [s for s in self.store.searchable_scenes() if s.model.key == self.model.key and s.object_count]
        wanted = {scene.id: scene.stamp for scene in scenes}
        with self.store.database.writing() as connection:
            found = connection.execute(text(f"SELECT DISTINCT scene_id, stamp FROM {self.name}"))
            there = {(row.scene_id, row.stamp) for row in found}
            gone = sorted({scene for scene, stamp in there if wanted.get(scene) != stamp})
            connection.execute(text(f"DELETE FROM {self.name} WHERE scene_id = ANY(:gone)"), {"gone": gone})
            fresh = [scene for scene in wanted if (scene, wanted[scene]) not in there]
            for start in range(0, len(fresh), SCENES_AT_ONCE):
                self._add(connection, fresh[start : start + SCENES_AT_ONCE], wanted)
            count = connection.execute(text(f"SELECT count(*) FROM {self.name}")).scalar_one()
            if count >= HNSW_FROM:
                need = min(count * (2 * self.model.dimension + NODE_BYTES), MOST_BUILD_BYTES) >> 20
                connection.execute(text(f"SET LOCAL maintenance_work_mem = '{max(64, need)}MB'"))
                connection.execute(
                    text(
                        f"CREATE INDEX IF NOT EXISTS {self.name}_hnsw ON {self.name} USING hnsw (vector halfvec_ip_ops)"
                    )
                )
        return replace(self, generation=generation, count=int(count))

    def _add(self, connection: Connection, scene_ids: Sequence[int], stamps: dict[int, int]) -> None:
        stored = self.store.embeddings(self.model, scene_ids)
        rows = [
            {"id": key, "scene": scene, "stamp": stamps[scene], "vector": _literal(vector)}
            for key, scene, vector in zip(stored.ids.tolist(), stored.scene_ids.tolist(), stored.vectors, strict=True)
        ]
        if rows:
            connection.execute(
                text(
                    f"INSERT INTO {self.name} VALUES (:id, :scene, :stamp, CAST(:vector AS halfvec)) "
                    "ON CONFLICT (object_id) DO UPDATE SET scene_id = excluded.scene_id, stamp = excluded.stamp, "
                    "vector = excluded.vector"
                ),
                rows,
            )

    def search(self, queries: Floats, k: int, ids: npt.ArrayLike | None = None) -> Matches:
        check_queries(queries, self.model.dimension)
        allowed = None if ids is None else np.unique(np.asarray(ids, np.int64))
        answers = [self._ranked(query, k, self._candidates(query, k, allowed)) for query in queries]
        found = [np.zeros((0, k), np.int64), *(answer.ids for answer in answers)]
        return Matches(np.concatenate(found), np.concatenate([np.zeros((0, k)), *(a.similarities for a in answers)]))

    def _ranked(self, query: Floats, k: int, candidates: Ids) -> Matches:
        stored = self.store.embeddings_of(self.model, candidates.tolist())
        return exact_matches(query[None], stored.ids, stored.vectors, k)

    def _candidates(self, query: Floats, k: int, allowed: Ids | None) -> Ids:
        if not k or not self.count:
            return np.zeros(0, np.int64)
        if allowed is not None and len(allowed) <= EXACT_FILTER:
            return allowed
        most = self.count if allowed is None else min(self.count, len(allowed))
        with self.store.database.reading() as connection:
            if self.count >= HNSW_FROM and 8 * k < most:
                found = self._by_graph(connection, query, k, allowed)
                if len(found) >= min(k, most):
                    return found
            return self._by_comparing(connection, query, k, allowed)

    def _by_graph(self, connection: Connection, query: Floats, k: int, allowed: Ids | None) -> Ids:
        wanted = 2 * k + 16
        for setting in (
            "enable_seqscan = off",
            "hnsw.iterative_scan = strict_order",
            f"hnsw.ef_search = {min(1000, max(200, wanted))}",
            f"hnsw.max_scan_tuples = {2**31 - 1}",
        ):
            connection.execute(text(f"SET LOCAL {setting}"))
        found = connection.execute(
            text(
                f"SELECT object_id FROM {self.name} {_where(allowed)} ORDER BY vector <#> CAST(:query AS halfvec) "
                f"LIMIT {wanted}"
            ),
            _values(query, allowed),
        )
        return np.sort(np.array(found.scalars().all(), np.int64))

    def _by_comparing(self, connection: Connection, query: Floats, k: int, allowed: Ids | None) -> Ids:
        for scan in ("indexscan", "bitmapscan"):
            connection.execute(text(f"SET LOCAL enable_{scan} = off"))
        found = connection.execute(
            text(
                f"WITH compared AS MATERIALIZED (SELECT object_id, vector <#> CAST(:query AS halfvec) AS away "
                f"FROM {self.name} {_where(allowed)}), near AS (SELECT away FROM compared ORDER BY away LIMIT {k}) "
                f"SELECT object_id FROM compared WHERE away <= (SELECT max(away) FROM near) + {ROUNDING}"
            ),
            _values(query, allowed),
        )
        return np.sort(np.array(found.scalars().all(), np.int64))


def _where(allowed: Ids | None) -> str:
    return "" if allowed is None else "WHERE object_id = ANY(:allowed)"


def _values(query: Floats, allowed: Ids | None) -> dict[str, object]:
    values: dict[str, object] = {"query": _literal(query)}
    return values if allowed is None else {**values, "allowed": allowed.tolist()}


def _literal(vector: Floats) -> str:
    return "[" + ",".join(f"{value:.7g}" for value in vector.tolist()) + "]"
