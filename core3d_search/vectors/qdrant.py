"""Search in a Qdrant server, for vectors past one machine: half-precision vectors in a collection that is a cache.

    core3d search "red chair" --vectors qdrant://vectors.example:6333

Two collections are named after a token that the database keeps and the model: one holds the vectors, by object id, each
with its scene and as of which run of it; the other holds a point for each scene that is there whole. `sync` drops the
scenes that are gone or were indexed again and adds those that are new; a scene's vectors come before its point and go
after it, so that one which was cut off is done again. Where the number of vectors is not what the scenes say, or the
size of a vector is another, all is made anew. What is found are candidates: they are ranked by the float32 vectors in
the database, each verified by its checksum.

Addresses are qdrant://HOST[:PORT] and qdrants://HOST[:PORT] for TLS, with the key in $QDRANT_API_KEY, and
qdrant:///FOLDER for Qdrant's own local mode, which compares all vectors: for trying out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Matches
from core3d_search.errors import InputError, MissingDependencyError, StoreError
from core3d_search.store import EmbeddingModel, Store
from core3d_search.vectors.exact import check_queries, exact_matches
from core3d_search.vectors.tokens import token_of

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

KIND = "qdrant"
PORT = 6333

ROUNDING = 1e-3
"""How far two inner products of unit vectors with eleven bits a number may be out of order: twice 2^-11."""

EXACT_FILTER = 2000
"""Up to so many allowed objects are compared by their stored vectors alone."""

SCENES_AT_ONCE, POINTS_AT_ONCE, SCROLLED = 100, 1000, 10_000

Ids = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class QdrantIndex:
    """The cached vectors of one model, as of `generation`; `count` of them, in the collection `name`."""

    generation: int
    store: Store
    model: EmbeddingModel
    client: QdrantClient
    name: str
    count: int = field(default=0)

    @classmethod
    def open(cls, store: Store, model: EmbeddingModel, address: str = f"qdrant://localhost:{PORT}") -> QdrantIndex:
        """Return the index at an address, brought up to date; raises StoreError where no server answers."""
        store.embedding_count(model)  # raises where there is none by this model
        index = cls(-1, store, model, client_of(address), f"core3d_{_token(store, model)}")
        return index._followed()

    def sync(self) -> QdrantIndex:
        return self if self.store.generation == self.generation else self._followed()

    def __len__(self) -> int:
        return self.count

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
        """Return the ids of the nearest, ascending, and of all that rounding cannot tell from the last of them."""
        if not k or not self.count:
            return np.zeros(0, np.int64)
        if allowed is not None and len(allowed) <= EXACT_FILTER:
            return allowed
        most = self.count if allowed is None else min(self.count, len(allowed))
        size = 2 * k + 16
        while True:
            points = self._nearest(query, min(size, most), allowed)
            scores = np.array([point.score for point in points])
            all_there = size >= most or len(points) < size
            if all_there or scores[-1] < scores[k - 1] - ROUNDING:
                return np.sort(np.array([point.id for point in points], np.int64))
            size *= 4

    def _nearest(self, query: Floats, count: int, allowed: Ids | None) -> Sequence[Any]:
        from qdrant_client import models

        chosen = None
        if allowed is not None:
            chosen = models.Filter(must=[models.HasIdCondition(has_id=allowed.tolist())])
        with as_store_errors(self.client):
            found = self.client.query_points(
                self.name, query=query.tolist(), limit=count, query_filter=chosen, with_payload=False
            )
        return found.points

    # Following the database

    @property
    def _scenes(self) -> str:
        return f"{self.name}_scenes"

    def _followed(self) -> QdrantIndex:
        """Return the index of what the database holds now; what is cached already is not read again."""
        generation = self.store.generation
        scenes = [s for s in self.store.searchable_scenes() if s.model.key == self.model.key and s.object_count]
        wanted = {scene.id: scene.stamp for scene in scenes}
        with as_store_errors(self.client):
            self._made()
            there = self._covered()
            if sum(count for _, count in there.values()) != self.client.count(self.name).count:
                self._remove()  # an interruption left something, or somebody else was here
                self._made()
                there = {}
            gone = [scene for scene, (stamp, _) in there.items() if wanted.get(scene) != stamp]
            self._drop(gone)
            fresh = [scene for scene in wanted if scene not in there or scene in set(gone)]
            for start in range(0, len(fresh), SCENES_AT_ONCE):
                self._add(fresh[start : start + SCENES_AT_ONCE], wanted)
            count = self.client.count(self.name).count
        return replace(self, generation=generation, count=int(count))

    def _made(self) -> None:
        """Make the collections where they are not there, or hold vectors of another size."""
        from qdrant_client import models

        if self.client.collection_exists(self.name) and self.client.collection_exists(self._scenes):
            held = self.client.get_collection(self.name).config.params.vectors
            if isinstance(held, models.VectorParams) and held.size == self.model.dimension:
                return
        self._remove()
        halves = models.VectorParams(
            size=self.model.dimension,
            distance=models.Distance.DOT,
            datatype=models.Datatype.FLOAT16,
            on_disk=True,
        )
        nothing = models.VectorParams(size=1, distance=models.Distance.DOT)
        self._create(self._scenes, nothing)
        self._create(self.name, halves)
        if not _is_local(self.client):
            self.client.create_payload_index(self.name, "scene", models.PayloadSchemaType.INTEGER)

    def _create(self, name: str, vectors: Any) -> None:
        from qdrant_client.http.exceptions import ApiException

        try:
            self.client.create_collection(name, vectors_config=vectors)
        except ApiException:
            if not self.client.collection_exists(name):  # else another searcher was faster
                raise

    def _remove(self) -> None:
        for name in (self.name, self._scenes):
            if self.client.collection_exists(name):
                self.client.delete_collection(name)

    def _covered(self) -> dict[int, tuple[int, int]]:
        """Return, by scene, as of which run its vectors are there, and how many."""
        covered: dict[int, tuple[int, int]] = {}
        offset = None
        while True:
            points, offset = self.client.scroll(self._scenes, limit=SCROLLED, offset=offset, with_payload=True)
            for point in points:
                noted = point.payload or {}
                covered[int(point.id)] = noted.get("stamp", -1), noted.get("count", -1)
            if offset is None:
                return covered

    def _drop(self, scenes: Sequence[int]) -> None:
        from qdrant_client import models

        for start in range(0, len(scenes), SCENES_AT_ONCE):
            some = scenes[start : start + SCENES_AT_ONCE]
            self.client.delete(self._scenes, models.PointIdsList(points=[*some]))
            of_scene = models.FieldCondition(key="scene", match=models.MatchAny(any=[*some]))
            self.client.delete(self.name, models.FilterSelector(filter=models.Filter(must=[of_scene])))

    def _add(self, scenes: Sequence[int], stamps: dict[int, int]) -> None:
        from qdrant_client import models

        stored = self.store.embeddings(self.model, scenes)
        owners = stored.scene_ids.tolist()
        points = [
            models.PointStruct(id=key, vector=vector.tolist(), payload={"scene": scene})
            for key, scene, vector in zip(stored.ids.tolist(), owners, stored.vectors, strict=True)
        ]
        for start in range(0, len(points), POINTS_AT_ONCE):
            self.client.upsert(self.name, points[start : start + POINTS_AT_ONCE])
        done = [
            models.PointStruct(id=scene, vector=[1.0], payload={"stamp": stamps[scene], "count": owners.count(scene)})
            for scene in scenes
        ]
        self.client.upsert(self._scenes, done)


def client_of(address: str) -> QdrantClient:
    """Return a client for an address; raises InputError for one that is none,
    MissingDependencyError without the package."""
    try:
        from qdrant_client import QdrantClient
    except ModuleNotFoundError as error:
        raise MissingDependencyError(f"Qdrant needs {error.name}: pip install 'core3d-search[qdrant]'") from error
    parts = urlsplit(address)
    try:
        port = parts.port or PORT
    except ValueError as error:
        raise InputError(f"{address!r} is no address: {error}") from error
    if not parts.hostname and parts.path.strip("/"):
        return QdrantClient(path=parts.path)
    if not parts.hostname:
        raise InputError(f"{address!r} names no server: write qdrant://HOST:{PORT}, or qdrant:///FOLDER to try it out")
    secure = parts.scheme == "qdrants"
    key = os.environ.get("QDRANT_API_KEY")
    return QdrantClient(host=parts.hostname, port=port, https=secure, api_key=key, check_compatibility=False)


@contextmanager
def as_store_errors(client: QdrantClient) -> Iterator[None]:
    """Turn what the client raises inside the block into a StoreError."""
    from qdrant_client.http.exceptions import ApiException

    try:
        yield
    except (ApiException, OSError) as error:
        where = "in the folder" if _is_local(client) else "server"
        raise StoreError(
            f"the Qdrant {where} that --vectors names does not do its part: {error}; see that it runs and is reached, "
            "or leave --vectors out: nothing in the database depends on it"
        ) from error


def _is_local(client: QdrantClient) -> bool:
    return type(client._client).__name__ == "QdrantLocal"


def _token(store: Store, model: EmbeddingModel) -> str:
    """Return what names the collections of a database and model."""
    token = token_of(store, model, KIND)
    if token is None:
        raise StoreError(
            f"{store.location} cannot be written now, which the first search with Qdrant does: it notes the name of "
            "the collection; search once with the right to write, or while nobody indexes"
        )
    return token
