"""The store: every scene, run, object and embedding in one SQL database; the only opener of connections to it.

    with Store.open("core3d.db", create=True) as store:
        store.write_scene(scene, frames, run, objects)
        table = store.object_table()

A scene is written in one transaction at the end of its run, so what was there before stays whole until then. Every
change of searchable content raises `generation` in that same transaction. What is said and asked inside the
transactions is in the modules beside this one, one an aggregate.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import select

from core3d_search import migrations
from core3d_search.datatypes import SceneObject
from core3d_search.errors import NotFoundError, StoreError
from core3d_search.schema import tables
from core3d_search.schema.engine import as_store_errors, compact, copy, size_bytes
from core3d_search.store import (
    caches,
    embeddings,
    marks,
    object_arrays,
    objects,
    repair,
    runs,
    scenes,
    statements,
    thumbnails,
    upkeep,
)
from core3d_search.store.caches import QueryReadings
from core3d_search.store.database import Database
from core3d_search.store.marks import Marks
from core3d_search.store.records import (
    EmbeddingModel,
    FrameRecord,
    IndexStamp,
    ObservationRecord,
    RunRecord,
    SceneRecord,
    SearchableScene,
    StoredEmbeddings,
    StoredObjects,
    StoreInfo,
    Thumbnail,
)
from core3d_search.store.repair import Repair
from core3d_search.store.write import write_scene

if TYPE_CHECKING:
    from core3d_search.store.transfer import Transferred


class Store:
    """An open database; close it, or use it in a `with`. Safe to share between threads.

    Every method raises StoreError, with what to do, where the database is locked, full, damaged or not to be written.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.path = database.path
        self.location = database.location
        self.read_only = database.read_only

    # Opening and closing

    @classmethod
    def open(
        cls,
        url_or_path: str | os.PathLike[str] | None = None,
        *,
        create: bool = False,
        read_only: bool = False,
        backup: bool = True,
    ) -> Store:
        """Open the database at a path or SQLAlchemy URL; without one at $CORE3D_DB, else ./core3d.db.

        An older database is brought up to date in one transaction, a SQLite file after a copy of it was made beside it
        (unless `backup` is False). A SQLite file that may not be written is opened
        read-only. Raises StoreError where there is none and `create` is False, for a file that is something else,
        and for a database that a newer core3d wrote.
        """
        return cls(Database.open(url_or_path, create=create, read_only=read_only, backup=backup))

    def close(self) -> None:
        """Let go of every connection."""
        self.database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # Scenes and runs

    def scenes(self) -> list[SceneRecord]:
        """Return every scene, by name."""
        with self.database.reading() as connection:
            return scenes.all_scenes(connection)

    def scene(self, name: str) -> SceneRecord:
        """Return the scene called `name`; raises StoreError that lists the scenes there are."""
        with self.database.reading() as connection:
            scenes.scene_key(connection, name)
            return scenes.all_scenes(connection, name)[0]

    def name_of_folder(self, path: str) -> str | None:
        """Return the name of the scene whose folder (or file) is `path`, None where there is none."""
        with self.database.reading() as connection:
            return scenes.name_of_folder(connection, path)

    def searchable_scenes(self) -> list[SearchableScene]:
        """Return every scene that a complete run has filled, by name, with what a search must know of it."""
        with self.database.reading() as connection:
            return runs.searchable_scenes(connection)

    def runs(self, scene: str) -> list[RunRecord]:
        """Return the runs on `scene`, oldest first."""
        with self.database.reading() as connection:
            return runs.runs_of(connection, scene)

    def frames(self, scene: str) -> list[FrameRecord]:
        """Return the frames of `scene` by number, skipped ones too."""
        with self.database.reading() as connection:
            return scenes.frames_of(connection, scene)

    def is_current(self, name: str, fingerprint: str, config_checksum: str) -> bool:
        """Return whether the scene's content came from this very input and configuration."""
        with self.database.reading() as connection:
            return runs.last_complete_run(connection, name) == (fingerprint, config_checksum)

    def write_scene(
        self,
        scene: SceneRecord,
        frames: Sequence[FrameRecord],
        run: RunRecord,
        objects: Sequence[SceneObject],
        observations: Sequence[Sequence[ObservationRecord]] | None = None,
        thumbnails: Sequence[Thumbnail | None] | None = None,
    ) -> list[int]:
        """Replace what is stored of `scene` by the outcome of `run`, in one transaction; return the objects' ids.

        An object that was there before keeps its id, and the tags and notes on it (the rule is in store/identity.py).
        `observations` and `thumbnails` hold those of each object, in the order of `objects`. Raises StoreError, leaving
        the former content whole, where the name or the folder belongs to another scene or nothing can be written, and
        ModelError for embeddings that are not of `run.model`.
        """
        return write_scene(self.database, scene, frames, run, objects, observations, thumbnails)

    def record_failed_run(self, scene: SceneRecord, run: RunRecord) -> int:
        """Remember that `run` failed and why, touching nothing else that is stored of `scene`; return the run's id."""
        if run.status != "failed":
            raise ValueError("record_failed_run takes a run whose status is 'failed'")
        with self.database.writing() as connection:
            return runs.insert_run(connection, scenes.find_or_add_scene(connection, scene), run)

    def remove_scene(self, name: str) -> None:
        """Remove a scene and all that hangs on it; raises StoreError where there is none of this name."""
        with self.database.writing() as connection:
            scenes.delete_scene(connection, name)
            statements.raise_generation(connection)

    # Objects

    def object_table(self, scene: str | None = None) -> StoredObjects:
        """Return the objects of one scene, or of all, as arrays without points or embeddings."""
        with self.database.reading() as connection:
            if scene is None:
                return object_arrays.object_arrays(connection)
            key = scenes.scene_key(connection, scene)
            return object_arrays.object_arrays(connection, tables.objects.c.scene_id == key)

    def objects_in(self, scene_ids: Collection[int]) -> StoredObjects:
        """Return the objects of the scenes with these ids, as `object_table` does those of one."""
        with self.database.reading() as connection:
            return object_arrays.object_arrays(connection, tables.objects.c.scene_id.in_(scene_ids))

    def objects_with(self, object_ids: Sequence[int]) -> StoredObjects:
        """Return those of the objects with these ids that there are, as `object_table` does those of a scene."""
        with self.database.reading() as connection:
            return object_arrays.object_arrays_of(connection, object_ids)

    def scenes_of(self, object_ids: Sequence[int]) -> dict[int, str]:
        """Return the name of each object's scene; ids that no object has are passed over."""
        with self.database.reading() as connection:
            return object_arrays.scenes_of(connection, object_ids)

    def ids_labelled(self, label: str) -> npt.NDArray[np.int64]:
        """Return the ids of the objects with this label, in upper or lower case."""
        with self.database.reading() as connection:
            return object_arrays.ids_labelled(connection, label)

    def labels(self) -> list[str]:
        """Return every label that some object has."""
        with self.database.reading() as connection:
            return object_arrays.labels(connection)

    def scenes_naming(self, names: Sequence[str]) -> set[str]:
        """Return the scenes whose own files give one of `names` to an object."""
        with self.database.reading() as connection:
            return object_arrays.scenes_naming(connection, names)

    def objects(self, scene: str, *, with_points: bool = False) -> list[SceneObject]:
        """Return the objects of `scene` by id; without `with_points` their points and colours are empty."""
        with self.database.reading() as connection:
            of_scene = tables.objects.c.scene_id == scenes.scene_key(connection, scene)
            return objects.objects_of(connection, of_scene, with_points)

    def object(self, object_id: int) -> SceneObject:
        """Return one object with its points; raises StoreError where no object has this id.

        Points and box are measured from the scene's `origin`, where it has one (see SceneObject).
        """
        with self.database.reading() as connection:
            found = objects.objects_of(connection, tables.objects.c.id == object_id, with_points=True)
        if not found:
            raise NotFoundError(f"no object {object_id} in {self.location}; `core3d show SCENE` lists those of a scene")
        return found[0]

    def observations(self, object_id: int) -> list[ObservationRecord]:
        """Return the observations that one object was fused from, in the order in which they were written."""
        with self.database.reading() as connection:
            return objects.observations_of(connection, object_id)

    def thumbnail(self, object_id: int) -> bytes | None:
        """Return the small picture of one object, a WebP file; None where none was kept."""
        with self.database.reading() as connection:
            return thumbnails.thumbnail_of(connection, object_id)

    def thumbnails(self, scene: str) -> dict[int, bytes]:
        """Return the small pictures, WebP files, of those objects of `scene` that have one, by object id."""
        with self.database.reading() as connection:
            return thumbnails.thumbnails_of_scene(connection, scenes.scene_key(connection, scene))

    def add_thumbnails(self, scene: str, made: Mapping[int, Thumbnail], generation: int) -> None:
        """Keep pictures of objects of `scene`, by object id, in the place of those they had, in one transaction.

        `generation` is the scene's when its objects were read. Raises StoreError where it was written since.
        """
        with self.database.writing() as connection:
            key = scenes.scene_key(connection, scene)
            if scenes.generation_of(connection, scene) != generation:
                raise StoreError(f"scene {scene!r} was indexed again meanwhile; make its pictures once more")
            thumbnails.replace_thumbnails(connection, key, made)

    # Embeddings

    @property
    def generation(self) -> int:
        """The number that every change of scenes or objects raises."""
        with self.database.reading() as connection:
            return statements.generation(connection)

    def models(self) -> list[EmbeddingModel]:
        """Return the models of the stored embeddings, in the order in which they came."""
        with self.database.reading() as connection:
            return list(embeddings.models_by_key(connection).values())

    def models_by_key(self) -> dict[int, EmbeddingModel]:
        """Return the models of the stored embeddings by their ids, in the order in which they came."""
        with self.database.reading() as connection:
            return embeddings.models_by_key(connection)

    def embedding_count(self, model: EmbeddingModel) -> int:
        """Return how many objects `model` embedded; raises ModelError as `embeddings` does."""
        with self.database.reading() as connection:
            return embeddings.embedding_count(connection, model)

    def embeddings(self, model: EmbeddingModel, scene_ids: Collection[int] | None = None) -> StoredEmbeddings:
        """Return every embedding made by `model`, or those of the scenes with these ids, by object id.

        Raises ModelError where the database holds embeddings of other models only: those are not comparable.
        """
        which = None if scene_ids is None else tables.objects.c.scene_id.in_(scene_ids)
        with self.database.reading() as connection:
            return embeddings.embeddings_by(connection, model, which)

    def embeddings_of(self, model: EmbeddingModel, object_ids: Sequence[int]) -> StoredEmbeddings:
        """Return the embeddings by `model` of those of these objects that have one, by object id."""
        with self.database.reading() as connection:
            return embeddings.embeddings_of(connection, model, object_ids)

    def cached_query_embeddings(
        self, texts: Sequence[str], model: EmbeddingModel
    ) -> dict[str, npt.NDArray[np.float32]]:
        """Return the embeddings by `model` of those `texts` that are remembered."""
        with self.database.reading() as connection:
            return caches.cached_queries(connection, texts, model)

    def cache_query_embeddings(self, vectors: Mapping[str, npt.NDArray[np.float32]], model: EmbeddingModel) -> bool:
        """Remember the embeddings of texts; return False, having done nothing, where that means to wait or fail."""
        return self.database.write_if_free(lambda connection: caches.cache_queries(connection, vectors, model))

    @property
    def query_readings(self) -> QueryReadings:
        """What an LLM made of texts before, for `LlmParser.cache`; no part of the content that is searched."""
        return QueryReadings(self.database)

    # What vouches for vector index files (core3d_search/vectors)

    def beside(self, suffix: str) -> Path | None:
        """Return the place of a file that goes with the database; None for a database in memory or on a server."""
        return None if self.path is None else self.path.with_name(self.path.name + suffix)

    def index_stamp(self, model: EmbeddingModel, kind: str) -> IndexStamp | None:
        """Return what was noted of the vector index file of this `model` and `kind`."""
        with self.database.reading() as connection:
            return caches.index_stamp(connection, model, kind)

    def stamp_index(self, model: EmbeddingModel, kind: str, stamp: IndexStamp) -> bool:
        """Note what a vector index file holds; return False, having done nothing, where that means to wait or fail."""
        return self.database.write_if_free(lambda connection: caches.stamp_index(connection, model, kind, stamp))

    # Looking after the database

    def info(self) -> StoreInfo:
        """Return where and what the database is."""
        with self.database.reading() as connection:
            row = connection.execute(select(tables.store)).one()
            return StoreInfo(
                url=self.location,
                size_bytes=None if self.path is None else size_bytes(self.path),
                revision=migrations.HEAD,
                generation=row.generation,
                written_by=row.written_by,
                counts=upkeep.counts(connection),
                models=tuple(embeddings.models_by_key(connection).values()),
            )

    def check(self) -> list[str]:
        """Return what is damaged, one sentence each; nothing for a sound database. Reads all of it."""
        with self.database.reading() as connection:
            return list(upkeep.problems(connection))

    def repair(self) -> Repair:
        """Drop what is damaged, and scenes of which something is missing; return what was done."""
        with self.database.writing() as connection:
            return repair.repair(connection)

    # What people say

    def marks(self, about: str | int) -> Marks:
        """Return tags, note and properties of a scene (by name) or an object (by id)."""
        with self.database.reading() as connection:
            return marks.marks_of(connection, *marks.target_of(connection, about))

    def object_marks(self, scene: str) -> dict[int, Marks]:
        """Return tags, notes and properties of those objects of `scene` that have any, by object id."""
        with self.database.reading() as connection:
            return marks.marks_of_objects(connection, scenes.scene_key(connection, scene))

    def tag(self, about: str | int, add: Collection[str] = (), remove: Collection[str] = ()) -> Marks:
        """Add and remove tags of a scene (by name) or an object (by id); return what is there then."""
        added, removed = (frozenset(marks.checked_tag(tag) for tag in each) for each in (add, remove))
        with self.database.writing() as connection:
            kind, key = marks.target_of(connection, about)
            marks.change_tags(connection, kind, key, added, removed)
            return marks.marks_of(connection, kind, key)

    def note(self, about: str | int, text: str, properties: Mapping[str, Any] | None = None) -> Marks:
        """Replace the note on a scene (by name) or an object (by id), and its properties where given."""
        with self.database.writing() as connection:
            kind, key = marks.target_of(connection, about)
            kept = marks.marks_of(connection, kind, key).properties if properties is None else properties
            marks.put_note(connection, kind, key, text, kept)
            return marks.marks_of(connection, kind, key)

    def objects_tagged(self, tag: str) -> npt.NDArray[np.int64]:
        """Return the ids of the objects that bear `tag`, or whose scene does."""
        with self.database.reading() as connection:
            return marks.objects_tagged(connection, marks.checked_tag(tag))

    def tags(self) -> list[str]:
        """Return every tag of a scene or an object, sorted."""
        with self.database.reading() as connection:
            return marks.all_tags(connection)

    def rename_scene(self, name: str, new: str) -> None:
        """Give a scene another name, which it keeps when its folder is indexed again (indexer/write.py).

        Raises StoreError where there is none of this name, or one of the new one.
        """
        with self.database.writing() as connection:
            scenes.rename(connection, name, new)
            statements.raise_generation(connection)

    def content_checksum(self) -> str:
        """Return a SHA-256 that equal input gives again, whenever and wherever it was indexed. Reads all of it."""
        with self.database.reading() as connection:
            try:
                return upkeep.checksum(connection)
            except ValueError as error:
                raise StoreError(f"{self.location} is damaged: {error}; see `core3d db check`") from error

    def copy_to(
        self, target: Store, scenes: Sequence[str] | None = None, *, replace: bool = False, fresh_ids: bool = False
    ) -> Transferred:
        """Copy the scenes called `scenes`, or all, with all that hangs on them, into another database.

        Everything is verified on the way, and comes in one transaction. Objects keep their ids. Raises StoreError,
        leaving `target` as it was, where a row is damaged, where `target` has a scene of the same name (unless
        `replace`) or folder, or another object of the same id (unless `fresh_ids`).
        """
        from core3d_search.store.transfer import transfer

        with self.database.reading() as source, target.database.writing() as connection:
            return transfer(source, connection, scenes, replace=replace, fresh_ids=fresh_ids)

    def vacuum(self) -> None:
        """Give the space of removed scenes back to the disk."""
        with as_store_errors(self.location):
            compact(self.database.engine)

    def backup(self, target: str | os.PathLike[str]) -> None:
        """Copy the database, in use or not, to the new file `target`; SQLite only."""
        if self.database.engine.dialect.name != "sqlite":
            raise StoreError(f"{self.location} is on a server: use that server's own backup (pg_dump)")
        if Path(target).exists():
            raise StoreError(f"{target} exists already; name a new file for the backup")
        with as_store_errors(target):
            copy(self.database.engine, Path(target))
