"""The store: every scene, run, object and embedding in one SQL database; the only user of SQLAlchemy sessions.

    with Store.open("core3d.db", create=True) as store:
        store.write_scene(scene, frames, run, objects)
        table = store.object_table()

A scene is written in one transaction at the end of its run, so what was there before stays whole until then. Every
change of searchable content raises `generation` in that same transaction.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    ScalarSelect,
    Select,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError

from core3d_search import migrations
from core3d_search.datatypes import SceneObject
from core3d_search.errors import ModelError, StoreError
from core3d_search.schema import content, rows, tables
from core3d_search.schema.blobs import decode_colors, decode_points, decode_vectors, encode_vector
from core3d_search.schema.engine import (
    compact,
    connect,
    copy,
    failures_told,
    locate,
    migrating,
    size_bytes,
    sqlite_path,
    without_waiting,
)
from core3d_search.schema.records import (
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
from core3d_search.version import __version__

__all__ = [
    "EmbeddingModel",
    "FrameRecord",
    "IndexStamp",
    "ObjectTable",
    "ObservationRecord",
    "RunRecord",
    "SceneRecord",
    "Store",
    "StoreInfo",
    "StoredEmbeddings",
]

LONGEST_CACHED_TEXT = 512


class Store:
    """An open database; close it, or use it in a `with`. Safe to share between threads."""

    def __init__(self, engine: Engine, *, read_only: bool) -> None:
        self._engine = engine
        self.path = sqlite_path(engine.url)
        self.location = str(self.path or engine.url.render_as_string(hide_password=True))
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
            if not create and not (path.exists() and path.stat().st_size):
                raise StoreError(
                    f"no database at {path}: run `core3d index FOLDER --db {path}` first, or give its place"
                )
            if path.is_dir() or not path.parent.is_dir():
                kind = "is a folder" if path.is_dir() else f"is in {path.parent}, which is no folder"
                raise StoreError(f"{path} {kind}; --db names the database file itself")
            may_write = os.access(path.parent, os.W_OK) and (os.access(path, os.W_OK) or not path.exists())
            read_only = read_only or not may_write
        store = cls(connect(url, read_only=read_only), read_only=read_only)
        try:
            store._bring_up_to_date(create)
        except BaseException:
            store.close()
            raise
        return store

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _bring_up_to_date(self, create: bool) -> None:
        with self._reading() as connection:
            found = migrations.revision(connection)
        if found == migrations.HEAD:
            return
        if found is None and not create:
            raise StoreError(f"database {self.location} is empty: run `core3d index FOLDER --db {self.location}` first")
        if self.read_only:
            raise StoreError(
                f"database {self.location} has revision {found}, this core3d needs {migrations.HEAD}, and it may not "
                "be written: open it once where it may"
            )
        with failures_told(self.location), migrating(self._engine) as connection:
            if migrations.revision(connection) != migrations.HEAD:  # another process may have been faster
                migrations.upgrade(connection)

    # Scenes and runs

    def scenes(self) -> list[SceneRecord]:
        """Return every scene, by name."""
        with self._reading() as connection:
            return [rows.scene_of(row) for row in connection.execute(_scenes().order_by(tables.scenes.c.name))]

    def scene(self, name: str) -> SceneRecord:
        """Return the scene called `name`; raises StoreError that lists the scenes there are."""
        with self._reading() as connection:
            row = connection.execute(_scenes().where(tables.scenes.c.name == name)).one_or_none()
            if row is None:
                raise self._no_scene(connection, name)
            return rows.scene_of(row)

    def is_current(self, name: str, fingerprint: str, config_checksum: str) -> bool:
        """Return whether the scene's content came from this very input and configuration."""
        runs, scenes = tables.runs.c, tables.scenes.c
        last = select(runs.fingerprint, runs.config_checksum).join(tables.scenes)
        last = last.where(scenes.name == name, runs.status == "complete").order_by(runs.id.desc()).limit(1)
        with self._reading() as connection:
            row = connection.execute(last).one_or_none()
        return row is not None and tuple(row) == (fingerprint, config_checksum)

    def write_scene(
        self,
        scene: SceneRecord,
        frames: Sequence[FrameRecord],
        run: RunRecord,
        objects: Sequence[SceneObject],
        observations: Sequence[Sequence[ObservationRecord]] = (),
    ) -> list[int]:
        """Replace all that is stored of `scene` by the outcome of `run`, in one transaction; return the objects' ids.

        `observations` holds those of each object, in the order of `objects`, or nothing at all. Raises StoreError,
        leaving the former content whole, where the name or folder belongs to another scene or nothing can be written,
        and ModelError for embeddings that are not of `run.model`.
        """
        model = run.model
        if model is None or run.status != "complete":
            raise ValueError("write_scene takes a complete run with its model; a failed one goes to record_failed_run")
        for item in objects:
            _check_unit(item.embedding, model, f"embedding of object {item.label!r} of scene {scene.name!r}")
        # All that takes time happens before the transaction, so that other writers wait for rows only.
        object_rows = [rows.object_row(item) for item in objects]
        point_rows = [rows.points_row(item) for item in objects]
        with self._writing() as connection:
            scene_id = self._claim_scene(connection, scene, run.fingerprint)
            model_id = _model_id(connection, model) or _insert_one(
                connection, tables.embedding_models, rows.model_row(model)
            )
            connection.execute(delete(tables.objects).filter_by(scene_id=scene_id))
            connection.execute(delete(tables.frames).filter_by(scene_id=scene_id))
            _insert_all(connection, tables.frames, [rows.frame_row(frame, scene_id) for frame in frames])
            run_id = _insert_one(connection, tables.runs, rows.run_row(run, scene_id, model_id))
            ids = [
                _insert_one(connection, tables.objects, row | {"scene_id": scene_id, "run_id": run_id})
                for row in object_rows
            ]
            _insert_all(
                connection,
                tables.object_points,
                [row | {"object_id": key} for key, row in zip(ids, point_rows, strict=True)],
            )
            _insert_all(
                connection,
                tables.embeddings,
                [
                    {"object_id": key, "embedding_model_id": model_id, "vector": encode_vector(item.embedding)}
                    for key, item in zip(ids, objects, strict=True)
                ],
            )
            if observations:
                numbered = select(tables.frames.c.number, tables.frames.c.id).filter_by(scene_id=scene_id)
                frame_ids = {row.number: row.id for row in connection.execute(numbered)}
                seen = [
                    rows.observation_row(observation, key, frame_ids)
                    for key, group in zip(ids, observations, strict=True)
                    for observation in group
                ]
                _insert_all(connection, tables.observations, seen)
            _next_generation(connection)
        return ids

    def record_failed_run(self, scene: SceneRecord, run: RunRecord) -> int:
        """Remember that `run` failed and why, touching nothing else that is stored of `scene`; return the run's id."""
        if run.status != "failed":
            raise ValueError("record_failed_run takes a run whose status is 'failed'")
        with self._writing() as connection:
            known = connection.execute(select(tables.scenes.c.id).filter_by(name=scene.name)).scalar_one_or_none()
            scene_id = known or self._claim_scene(connection, scene, run.fingerprint)
            model_id = _model_id(connection, run.model) if run.model else None
            return _insert_one(connection, tables.runs, rows.run_row(run, scene_id, model_id))

    def remove_scene(self, name: str) -> None:
        """Remove a scene and all that hangs on it; raises StoreError where there is none of this name."""
        with self._writing() as connection:
            if not connection.execute(delete(tables.scenes).filter_by(name=name)).rowcount:
                raise self._no_scene(connection, name)
            _next_generation(connection)

    def runs(self, scene: str) -> list[RunRecord]:
        """Return the runs on `scene`, oldest first."""
        with self._reading() as connection:
            scene_id = self._scene_id(connection, scene)
            models = {row.id: rows.model_of(row) for row in connection.execute(select(tables.embedding_models))}
            found = connection.execute(select(tables.runs).filter_by(scene_id=scene_id).order_by(tables.runs.c.id))
            return [rows.run_of(row, models.get(row.embedding_model_id)) for row in found]

    def frames(self, scene: str) -> list[FrameRecord]:
        """Return the frames of `scene` by number, skipped ones too."""
        with self._reading() as connection:
            wanted = select(tables.frames).filter_by(scene_id=self._scene_id(connection, scene))
            return [rows.frame_of(row) for row in connection.execute(wanted.order_by(tables.frames.c.number))]

    # Objects

    def object_table(self, scene: str | None = None) -> ObjectTable:
        """Return the objects of one scene, or of all, as arrays without points or embeddings."""
        wanted = select(*rows.TABLE_COLUMNS).order_by(tables.objects.c.id)
        with self._reading() as connection:
            if scene is not None:
                wanted = wanted.filter_by(scene_id=self._scene_id(connection, scene))
            names = {row.id: row.name for row in connection.execute(select(tables.scenes.c.id, tables.scenes.c.name))}
            return rows.table_of(connection.execute(wanted).all(), names)

    def objects(self, scene: str, *, with_points: bool = False) -> list[SceneObject]:
        """Return the objects of `scene` by id; without `with_points` their points and colours are empty."""
        with self._reading() as connection:
            return self._objects(
                connection, tables.objects.c.scene_id == self._scene_id(connection, scene), with_points
            )

    def object(self, object_id: int) -> SceneObject:
        """Return one object with its points; raises StoreError where no object has this id."""
        with self._reading() as connection:
            found = self._objects(connection, tables.objects.c.id == object_id, True)
        if not found:
            raise StoreError(f"no object {object_id} in {self.location}; `core3d show SCENE` lists those of a scene")
        return found[0]

    def observations(self, object_id: int) -> list[ObservationRecord]:
        """Return the observations that one object was fused from, in the order in which they were written."""
        seen = select(tables.observations, tables.frames.c.number).join(tables.frames)
        with self._reading() as connection:
            found = connection.execute(seen.filter_by(object_id=object_id).order_by(tables.observations.c.id))
            return [rows.observation_of(row) for row in found]

    # Embeddings

    @property
    def generation(self) -> int:
        """The number that every change of scenes or objects raises."""
        with self._reading() as connection:
            return int(connection.execute(select(tables.store.c.generation)).scalar_one())

    def models(self) -> list[EmbeddingModel]:
        """Return the models of the stored embeddings, in the order in which they came."""
        with self._reading() as connection:
            return _models(connection)

    def embedding_count(self, model: EmbeddingModel) -> int:
        """Return how many objects `model` embedded; raises ModelError as `embeddings` does."""
        with self._reading() as connection:
            counted = select(func.count()).select_from(tables.embeddings)
            return connection.execute(
                counted.filter_by(embedding_model_id=self._known_model_id(connection, model))
            ).scalar_one()

    def embeddings(self, model: EmbeddingModel) -> StoredEmbeddings:
        """Return every embedding made by `model`, by object id.

        Raises ModelError where the database holds embeddings of other models only: those are not comparable.
        """
        with self._reading() as connection:
            generation = connection.execute(select(tables.store.c.generation)).scalar_one()
            wanted = select(tables.embeddings.c.object_id, tables.embeddings.c.vector)
            wanted = wanted.filter_by(embedding_model_id=self._known_model_id(connection, model))
            found = connection.execute(wanted.order_by(tables.embeddings.c.object_id)).all()
        ids = [row.object_id for row in found]
        try:
            matrix = decode_vectors([row.vector for row in found], model.dimension)
        except ValueError as error:
            raise StoreError(f"an embedding in {self.location} is damaged: {error}; see `core3d db check`") from error
        return StoredEmbeddings(np.array(ids, np.int64), matrix, generation)

    def cached_query_embeddings(
        self, texts: Sequence[str], model: EmbeddingModel
    ) -> dict[str, npt.NDArray[np.float32]]:
        """Return the embeddings by `model` of those `texts` that were remembered."""
        cache = tables.query_embeddings.c
        with self._reading() as connection:
            model_id = _model_id(connection, model)
            wanted = select(cache.text, cache.vector)
            wanted = wanted.where(cache.embedding_model_id == model_id, cache.text.in_(list(texts)))
            found = connection.execute(wanted).all()
        size = 4 * model.dimension
        return {row.text: decode_vectors([row.vector], model.dimension)[0] for row in found if len(row.vector) == size}

    def cache_query_embeddings(self, embeddings: Mapping[str, npt.NDArray[np.float32]], model: EmbeddingModel) -> bool:
        """Remember the embeddings of texts; return False, doing nothing, where that would mean waiting or failing."""
        texts = [text for text in embeddings if len(text) <= LONGEST_CACHED_TEXT]

        def write(connection: Connection) -> None:
            model_id = self._known_model_id(connection, model)
            cache = tables.query_embeddings
            connection.execute(delete(cache).where(cache.c.embedding_model_id == model_id, cache.c.text.in_(texts)))
            made = [
                {"embedding_model_id": model_id, "text": text, "vector": encode_vector(embeddings[text])}
                for text in texts
            ]
            _insert_all(connection, cache, made)

        return self._write_if_free(write)

    # What vouches for vector index files (core3d_search/vectors)

    def beside(self, suffix: str) -> Path | None:
        """Return the place of a file that goes with the database; None for one in memory or on a server."""
        return None if self.path is None else self.path.with_name(self.path.name + suffix)

    def index_stamp(self, model: EmbeddingModel, kind: str) -> IndexStamp | None:
        """Return what was noted of the vector index file of this `model` and `kind`."""
        with self._reading() as connection:
            stamps = tables.vector_indexes
            wanted = select(stamps.c.generation, stamps.c.count, stamps.c.checksum)
            wanted = wanted.filter_by(embedding_model_id=_model_id(connection, model), kind=kind)
            row = connection.execute(wanted).one_or_none()
        return None if row is None else IndexStamp(*row)

    def stamp_index(self, model: EmbeddingModel, kind: str, stamp: IndexStamp) -> bool:
        """Note that a vector index file was written; return False where that would mean waiting or failing."""

        def write(connection: Connection) -> None:
            model_id = self._known_model_id(connection, model)
            connection.execute(delete(tables.vector_indexes).filter_by(embedding_model_id=model_id, kind=kind))
            row = {"generation": stamp.generation, "count": stamp.count, "checksum": stamp.checksum}
            connection.execute(insert(tables.vector_indexes).values(embedding_model_id=model_id, kind=kind, **row))

        return self._write_if_free(write)

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
                models=tuple(_models(connection)),
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
        """Give the space of removed scenes back."""
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

    # Transactions

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """One snapshot of the database."""
        with failures_told(self.location), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """One transaction: all of it happens or nothing."""
        if self.read_only:
            raise StoreError(f"{self.location} was opened read-only: check the rights of the file and its folder")
        with failures_told(self.location), self._engine.connect() as connection:
            connection.execution_options(writes=True)
            with connection.begin():
                yield connection

    def _write_if_free(self, write: Callable[[Connection], None]) -> bool:
        """Do something that a reader can do without; return whether it was done."""
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

    # Parts of transactions

    def _no_scene(self, connection: Connection, name: str) -> StoreError:
        names = connection.execute(select(tables.scenes.c.name).order_by(tables.scenes.c.name)).scalars().all()
        return StoreError(f"no scene {name!r} in {self.location}; there are: {', '.join(names) or 'none'}")

    def _scene_id(self, connection: Connection, name: str) -> int:
        found = connection.execute(select(tables.scenes.c.id).filter_by(name=name)).scalar_one_or_none()
        if found is None:
            raise self._no_scene(connection, name)
        return int(found)

    def _claim_scene(self, connection: Connection, scene: SceneRecord, fingerprint: str) -> int:
        """Insert or update the scene's own row and hold it until the transaction ends; return its id.

        A name may move to another folder only along with its content, told by the fingerprint.
        """
        scenes = tables.scenes
        taken = connection.execute(select(scenes.c.name).filter_by(path=scene.path)).scalar_one_or_none()
        if taken not in (None, scene.name):
            raise StoreError(
                f"{scene.path} is in {self.location} already, as scene {taken!r}; index it under that name, or remove "
                f"it first: core3d scenes --remove {taken}"
            )
        row = connection.execute(select(scenes).filter_by(name=scene.name).with_for_update()).one_or_none()
        if row is None:
            return _insert_one(connection, scenes, rows.scene_row(scene))
        if row.path != scene.path and not self._seen(connection, row.id, fingerprint):
            raise StoreError(
                f"scene {scene.name!r} in {self.location} is the folder {row.path}, not {scene.path}; give this one "
                f"another name, or remove the other first: core3d scenes --remove {scene.name}"
            )
        connection.execute(update(scenes).filter_by(id=row.id).values(rows.scene_row(scene)))
        return int(row.id)

    def _seen(self, connection: Connection, scene_id: int, fingerprint: str) -> bool:
        runs = select(tables.runs.c.id).filter_by(scene_id=scene_id, fingerprint=fingerprint)
        return connection.execute(runs.limit(1)).first() is not None

    def _known_model_id(self, connection: Connection, model: EmbeddingModel) -> int:
        found = _model_id(connection, model)
        if found is not None:
            return found
        there = ", ".join(str(each) for each in _models(connection)) or "none yet"
        raise ModelError(
            f"{self.location} holds no embeddings by {model}; it has those of: {there}. Choose that encoder, or index "
            "the scenes again with this one"
        )

    def _objects(self, connection: Connection, which: ColumnElement[bool], with_points: bool) -> list[SceneObject]:
        """Return the objects that fulfil `which`, each with the embedding by the model of its run."""
        objects, points, embeddings = tables.objects, tables.object_points, tables.embeddings
        columns = [*objects.c, tables.scenes.c.name.label("scene"), embeddings.c.vector]
        source = objects.join(tables.scenes, tables.scenes.c.id == objects.c.scene_id).join(tables.runs)
        of_the_run = embeddings.c.embedding_model_id == tables.runs.c.embedding_model_id
        source = source.join(embeddings, (embeddings.c.object_id == objects.c.id) & of_the_run)
        if with_points:
            columns += [points.c.points, points.c.colors]
            source = source.join(points, points.c.object_id == objects.c.id)
        found = []
        for row in connection.execute(select(*columns).select_from(source).where(which).order_by(objects.c.id)):
            try:
                places = decode_points(row.points) if with_points else np.zeros((0, 3), np.float32)
                colors = decode_colors(row.colors) if with_points else np.zeros((0, 3), np.uint8)
                vector = decode_vectors([row.vector], len(row.vector) // 4)[0]
                found.append(rows.object_of(row, places, colors, vector))
            except ValueError as error:
                raise StoreError(
                    f"object {row.id} of scene {row.scene!r} in {self.location} is damaged: {error}; index the scene "
                    "again with --force"
                ) from error
        return found


def _scenes() -> Select[Any]:
    """Every scene with its counts and the start of its last complete run."""
    scenes, runs = tables.scenes, tables.runs

    def count(table: Table) -> ScalarSelect[int]:
        return select(func.count()).select_from(table).where(table.c.scene_id == scenes.c.id).scalar_subquery()

    last = select(func.max(runs.c.started)).where(runs.c.scene_id == scenes.c.id, runs.c.status == "complete")
    return select(
        scenes,
        count(tables.frames).label("frame_count"),
        count(tables.objects).label("object_count"),
        last.scalar_subquery().label("indexed"),
    )


def _insert_one(connection: Connection, table: Table, row: Mapping[str, Any]) -> int:
    key = connection.execute(insert(table).values(row)).inserted_primary_key
    assert key is not None
    return int(key[0])


def _insert_all(connection: Connection, table: Table, made: Sequence[Mapping[str, Any]]) -> None:
    if made:  # without rows SQLAlchemy would insert one of defaults
        connection.execute(insert(table), made)


def _model_id(connection: Connection, model: EmbeddingModel) -> int | None:
    wanted: Select[int] = select(tables.embedding_models.c.id).filter_by(name=model.name, checksum=model.checksum)
    return connection.execute(wanted).scalar_one_or_none()


def _models(connection: Connection) -> list[EmbeddingModel]:
    found = connection.execute(select(tables.embedding_models).order_by(tables.embedding_models.c.id))
    return [rows.model_of(row) for row in found]


def _next_generation(connection: Connection) -> None:
    row = tables.store
    connection.execute(update(row).values(generation=row.c.generation + 1, written_by=__version__))


def _check_unit(embedding: npt.NDArray[np.float32], model: EmbeddingModel, what: str) -> None:
    length = float(np.linalg.norm(embedding))
    if embedding.shape != (model.dimension,) or not abs(length - 1) < 1e-3:
        raise ModelError(
            f"{what} has shape {embedding.shape} and length {length:.4g}; {model} makes unit vectors of "
            f"{model.dimension}"
        )
