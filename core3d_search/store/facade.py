"""The store: every scene, run, object and embedding in one SQL database; the only opener of connections to it.

    with Store.open("core3d.db", create=True) as store:
        store.write_scene(scene, frames, run, objects)
        table = store.object_table()

A scene is written in one transaction at the end of its run, so what was there before stays whole until then. Every
change of searchable content raises `generation` in that same transaction. What is said and asked inside the
transactions is in writing.py and reading.py.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError

from core3d_search import migrations
from core3d_search.datatypes import SceneObject
from core3d_search.errors import ModelError, StoreError
from core3d_search.schema import tables
from core3d_search.schema.engine import (
    compact,
    connect,
    copy,
    failures_told,
    locate,
    location,
    may_write,
    migrating,
    size_bytes,
    sqlite_path,
    transaction,
    without_waiting,
)
from core3d_search.store import content, reading, rows, writing
from core3d_search.store.records import (
    EmbeddingModel,
    FrameRecord,
    IndexStamp,
    ObjectTable,
    ObservationRecord,
    RunRecord,
    SceneRecord,
    StoredEmbeddings,
    StoreInfo,
)

LONGEST_CACHED_TEXT = 512


class Store:
    """An open database; close it, or use it in a `with`. Safe to share between threads.

    Every method raises StoreError, with what to do, where the database is locked, full, damaged or not to be written.
    """

    def __init__(self, engine: Engine, *, read_only: bool) -> None:
        self._engine = engine
        self.path = sqlite_path(engine.url)
        self.location = location(engine.url)
        self.read_only = read_only

    # Opening and closing

    @classmethod
    def open(
        cls, url_or_path: str | os.PathLike[str] | None = None, *, create: bool = False, read_only: bool = False
    ) -> Store:
        """Open the database at a path or SQLAlchemy URL; without one at $CORE3D_DB, else ./core3d.db.

        An older database is brought up to date in one transaction. A SQLite file that may not be written is opened
        read-only. Raises StoreError where there is none and `create` is False, for a file that is something else,
        and for a database that a newer core3d wrote.
        """
        url = locate(url_or_path)
        path = sqlite_path(url)
        if path is not None:
            if path.is_dir():
                raise StoreError(f"{path} is a folder; --db names the database file itself")
            if not create and not (path.exists() and path.stat().st_size):
                raise StoreError(f"no database at {path}: run `core3d index FOLDER --db {path}` first")
            read_only = read_only or (path.exists() and not may_write(path))
        store = cls(connect(url, read_only=read_only), read_only=read_only)
        try:
            store._bring_up_to_date(create)
        except BaseException:
            store.close()
            raise
        return store

    def _bring_up_to_date(self, create: bool) -> None:
        with self._reading() as connection:
            found = migrations.revision(connection)
        if found == migrations.HEAD:
            return
        if found is None and not create:
            raise StoreError(f"database {self.location} is empty: run `core3d index FOLDER --db {self.location}` first")
        if self.read_only:
            raise StoreError(
                f"database {self.location} has revision {found} and must be brought to {migrations.HEAD}, but may not "
                "be written: open it once with the right to write"
            )
        with failures_told(self.location), migrating(self._engine) as connection:
            if migrations.revision(connection) != migrations.HEAD:  # else another process was faster
                migrations.upgrade(connection)

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with failures_told(self.location), transaction(self._engine, writes=False) as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        if self.read_only:
            raise StoreError(f"{self.location} was opened read-only: check the rights of the file and its folder")
        with failures_told(self.location), transaction(self._engine, writes=True) as connection:
            yield connection

    def _write_if_free(self, write: Callable[[Connection], None]) -> bool:
        """Do what a reader can do without; return whether it was done, False where it would mean to wait or fail."""
        if self.read_only:
            return False
        try:
            with self._engine.connect() as connection, without_waiting(connection):
                connection.execution_options(writes=True)
                with connection.begin():
                    write(connection)
        except DBAPIError:
            return False
        return True

    # Scenes and runs

    def scenes(self) -> list[SceneRecord]:
        """Return every scene, by name."""
        with self._reading() as connection:
            return reading.all_scenes(connection)

    def scene(self, name: str) -> SceneRecord:
        """Return the scene called `name`; raises StoreError that lists the scenes there are."""
        with self._reading() as connection:
            reading.scene_key(connection, name)
            return next(scene for scene in reading.all_scenes(connection) if scene.name == name)

    def runs(self, scene: str) -> list[RunRecord]:
        """Return the runs on `scene`, oldest first."""
        with self._reading() as connection:
            return reading.runs_of(connection, scene)

    def frames(self, scene: str) -> list[FrameRecord]:
        """Return the frames of `scene` by number, skipped ones too."""
        with self._reading() as connection:
            return reading.frames_of(connection, scene)

    def is_current(self, name: str, fingerprint: str, config_checksum: str) -> bool:
        """Return whether the scene's content came from this very input and configuration."""
        with self._reading() as connection:
            return reading.last_complete_run(connection, name) == (fingerprint, config_checksum)

    def write_scene(
        self,
        scene: SceneRecord,
        frames: Sequence[FrameRecord],
        run: RunRecord,
        objects: Sequence[SceneObject],
        observations: Sequence[Sequence[ObservationRecord]] | None = None,
    ) -> list[int]:
        """Replace all that is stored of `scene` by the outcome of `run`, in one transaction; return the objects' ids.

        `observations` holds those of each object, in the order of `objects`. Raises StoreError, leaving the former
        content whole, where the name or the folder belongs to another scene or nothing can be written, and ModelError
        for embeddings that are not of `run.model`.
        """
        model = run.model
        if model is None or run.status != "complete":
            raise ValueError("write_scene takes a complete run with its model; a failed one goes to record_failed_run")
        for item in objects:
            _check_embedding(item, model)
        # All that takes time happens before the transaction, so that other writers wait for rows only.
        object_rows = [rows.object_row(item) for item in objects]
        point_rows = [rows.points_row(item) for item in objects]
        with self._writing() as connection:
            scene_id = writing.claim_scene(connection, scene, run.fingerprint)
            writing.clear_scene(connection, scene_id)
            frame_ids = writing.insert_frames(connection, scene_id, frames)
            run_id = writing.insert_run(connection, scene_id, run)
            ids = writing.insert_objects(connection, scene_id, run_id, object_rows)
            writing.insert_points(connection, ids, point_rows)
            writing.insert_embeddings(connection, ids, model, [item.embedding for item in objects])
            if observations is not None:
                writing.insert_observations(connection, ids, frame_ids, observations)
            writing.next_generation(connection)
        return ids

    def record_failed_run(self, scene: SceneRecord, run: RunRecord) -> int:
        """Remember that `run` failed and why, touching nothing else that is stored of `scene`; return the run's id."""
        if run.status != "failed":
            raise ValueError("record_failed_run takes a run whose status is 'failed'")
        with self._writing() as connection:
            return writing.insert_run(connection, writing.find_or_add_scene(connection, scene), run)

    def remove_scene(self, name: str) -> None:
        """Remove a scene and all that hangs on it; raises StoreError where there is none of this name."""
        with self._writing() as connection:
            writing.delete_scene(connection, name)
            writing.next_generation(connection)

    # Objects

    def object_table(self, scene: str | None = None) -> ObjectTable:
        """Return the objects of one scene, or of all, as arrays without points or embeddings."""
        with self._reading() as connection:
            return reading.object_table(connection, scene)

    def objects(self, scene: str, *, with_points: bool = False) -> list[SceneObject]:
        """Return the objects of `scene` by id; without `with_points` their points and colours are empty."""
        with self._reading() as connection:
            of_scene = tables.objects.c.scene_id == reading.scene_key(connection, scene)
            return reading.objects_of(connection, of_scene, with_points)

    def object(self, object_id: int) -> SceneObject:
        """Return one object with its points; raises StoreError where no object has this id."""
        with self._reading() as connection:
            found = reading.objects_of(connection, tables.objects.c.id == object_id, with_points=True)
        if not found:
            raise StoreError(f"no object {object_id} in {self.location}; `core3d show SCENE` lists those of a scene")
        return found[0]

    def observations(self, object_id: int) -> list[ObservationRecord]:
        """Return the observations that one object was fused from, in the order in which they were written."""
        with self._reading() as connection:
            return reading.observations_of(connection, object_id)

    # Embeddings

    @property
    def generation(self) -> int:
        """The number that every change of scenes or objects raises."""
        with self._reading() as connection:
            return reading.generation(connection)

    def models(self) -> list[EmbeddingModel]:
        """Return the models of the stored embeddings, in the order in which they came."""
        with self._reading() as connection:
            return reading.models(connection)

    def embedding_count(self, model: EmbeddingModel) -> int:
        """Return how many objects `model` embedded; raises ModelError as `embeddings` does."""
        with self._reading() as connection:
            return reading.embedding_count(connection, model)

    def embeddings(self, model: EmbeddingModel) -> StoredEmbeddings:
        """Return every embedding made by `model`, by object id.

        Raises ModelError where the database holds embeddings of other models only: those are not comparable.
        """
        with self._reading() as connection:
            return reading.embeddings_by(connection, model)

    def cached_query_embeddings(
        self, texts: Sequence[str], model: EmbeddingModel
    ) -> dict[str, npt.NDArray[np.float32]]:
        """Return the embeddings by `model` of those `texts` that are remembered."""
        with self._reading() as connection:
            return reading.cached_queries(connection, texts, model)

    def cache_query_embeddings(self, vectors: Mapping[str, npt.NDArray[np.float32]], model: EmbeddingModel) -> bool:
        """Remember the embeddings of texts; return False, having done nothing, where that means to wait or fail."""
        short = {text: vector for text, vector in vectors.items() if len(text) <= LONGEST_CACHED_TEXT}
        return self._write_if_free(lambda connection: writing.cache_queries(connection, short, model))

    @property
    def query_readings(self) -> QueryReadings:
        """What an LLM made of texts before, for `LlmParser.cache`; no part of the content that is searched."""
        return QueryReadings(self)

    # What vouches for vector index files (core3d_search/vectors)

    def beside(self, suffix: str) -> Path | None:
        """Return the place of a file that goes with the database; None for a database in memory or on a server."""
        return None if self.path is None else self.path.with_name(self.path.name + suffix)

    def index_stamp(self, model: EmbeddingModel, kind: str) -> IndexStamp | None:
        """Return what was noted of the vector index file of this `model` and `kind`."""
        with self._reading() as connection:
            return reading.index_stamp(connection, model, kind)

    def stamp_index(self, model: EmbeddingModel, kind: str, stamp: IndexStamp) -> bool:
        """Note what a vector index file holds; return False, having done nothing, where that means to wait or fail."""
        return self._write_if_free(lambda connection: writing.stamp_index(connection, model, kind, stamp))

    # Looking after the database

    def info(self) -> StoreInfo:
        """Return where and what the database is."""
        with self._reading() as connection:
            row = connection.execute(select(tables.store)).one()
            return StoreInfo(
                url=self.location,
                size_bytes=None if self.path is None else size_bytes(self.path),
                revision=migrations.HEAD,
                generation=row.generation,
                written_by=row.written_by,
                counts=content.counts(connection),
                models=tuple(reading.models(connection)),
            )

    def check(self) -> list[str]:
        """Return what is damaged, one sentence each; nothing for a sound database. Reads all of it."""
        with self._reading() as connection:
            return list(content.problems(connection))

    def content_checksum(self) -> str:
        """Return a SHA-256 that equal input gives again, whenever and wherever it was indexed. Reads all of it."""
        with self._reading() as connection:
            try:
                return content.checksum(connection)
            except ValueError as error:
                raise StoreError(f"{self.location} is damaged: {error}; see `core3d db check`") from error

    def vacuum(self) -> None:
        """Give the space of removed scenes back to the disk."""
        with failures_told(self.location):
            compact(self._engine)

    def backup(self, target: str | os.PathLike[str]) -> None:
        """Copy the database, in use or not, to the new file `target`; SQLite only."""
        if self._engine.dialect.name != "sqlite":
            raise StoreError(f"{self.location} is on a server: use that server's own backup (pg_dump)")
        if Path(target).exists():
            raise StoreError(f"{target} exists already; name a new file for the backup")
        with failures_told(target):
            copy(self._engine, Path(target))


class QueryReadings:
    """A database's readings of texts by an LLM, by the name of the request; used like a dict."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, request: str) -> str | None:
        """Return the reading, None where there is none."""
        with self._store._reading() as connection:
            return reading.query_reading(connection, request)

    def __setitem__(self, request: str, made: str) -> None:
        """Keep a reading; does nothing where that means to wait or fail."""
        self._store._write_if_free(lambda connection: writing.keep_query_reading(connection, request, made))


def _check_embedding(item: SceneObject, model: EmbeddingModel) -> None:
    length = float(np.linalg.norm(item.embedding))
    if item.embedding.shape != (model.dimension,) or not abs(length - 1) < 1e-3:
        raise ModelError(
            f"an embedding of scene {item.scene!r} has {item.embedding.size} numbers and length {length:.4g}; {model} "
            f"makes unit vectors of {model.dimension}"
        )
