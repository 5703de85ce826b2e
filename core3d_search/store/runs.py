"""Runs: what was executed on a scene, when, with what, and how it ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from sqlalchemy import Connection, func, select

from core3d_search.schema.checksums import stored
from core3d_search.schema.tables import runs, scenes
from core3d_search.store.embeddings import keep_model, models_by_key
from core3d_search.store.records import EmbeddingModel, RunRecord, SearchableScene
from core3d_search.store.scenes import direction, scene_key
from core3d_search.store.statements import AnyRow, checked_rows, damaged, insert_rows, new_ids

_TREES = ("config", "stage_seconds", "library_versions")
_NOT_FIELDS = ("scene_id", "embedding_model_id", "row_checksum")
_FIELDS = tuple(column.name for column in runs.c if column.name not in _NOT_FIELDS)
"""Columns of `runs` whose value is the field of that name."""


def last_complete_run(connection: Connection, scene: str) -> tuple[str, str] | None:
    """Return the fingerprint and configuration checksum that the scene's content came from."""
    wanted = select(runs.c.fingerprint, runs.c.config_checksum).join(scenes)
    wanted = wanted.where(scenes.c.name == scene, runs.c.status == "complete").order_by(runs.c.id.desc()).limit(1)
    row = connection.execute(wanted).one_or_none()
    return None if row is None else (row.fingerprint, row.config_checksum)


def searchable_scenes(connection: Connection) -> list[SearchableScene]:
    """Return every scene that a complete run has filled, by name."""
    models = models_by_key(connection)
    last = select(func.max(runs.c.id)).where(runs.c.status == "complete").group_by(runs.c.scene_id)
    made = select(*stored(scenes), runs.c.embedding_model_id, runs.c.object_count, runs.c.row_checksum.label("stamp"))
    made = made.join(runs, runs.c.scene_id == scenes.c.id).where(runs.c.id.in_(last)).order_by(scenes.c.name)
    return [
        SearchableScene(
            row.id,
            row.name,
            direction(row.up),
            row.generation,
            _model(connection, models, row),
            row.object_count,
            row.stamp,
            direction(row.origin),
        )
        for row in checked_rows(connection, scenes, made, lambda row: f"scene {row.name!r}")
    ]


def _model(connection: Connection, models: Mapping[int, EmbeddingModel], row: AnyRow) -> EmbeddingModel:
    found = models.get(row.embedding_model_id)
    if found is None:
        raise damaged(connection, f"scene {row.name!r}", "its run names an embedding model that is not there")
    return found


def runs_of(connection: Connection, scene: str) -> list[RunRecord]:
    """Return the runs on `scene`, oldest first."""
    models = models_by_key(connection)
    wanted = select(*stored(runs)).where(runs.c.scene_id == scene_key(connection, scene)).order_by(runs.c.id)
    found = checked_rows(connection, runs, wanted, lambda row: f"run {row.id} on scene {scene!r}")
    return [_run_of(row, models.get(row.embedding_model_id)) for row in found]


def insert_run(connection: Connection, scene_id: int, run: RunRecord) -> int:
    """Insert the run, and its model where it is new; return the run's id."""
    model_id = None if run.model is None else keep_model(connection, run.model)
    (key,) = new_ids(connection, runs, 1)
    insert_rows(connection, runs, [_run_row(run, scene_id, model_id) | {"id": key}])
    return key


def _run_row(run: RunRecord, scene_id: int, model_key: int | None) -> dict[str, Any]:
    row = {name: getattr(run, name) for name in _FIELDS}
    for name in _TREES:
        row[name] = dict(row[name])
    started = run.started.astimezone(timezone.utc).isoformat(timespec="seconds")
    return row | {"scene_id": scene_id, "embedding_model_id": model_key, "started": started}


def _run_of(row: AnyRow, model: EmbeddingModel | None) -> RunRecord:
    fields = {name: getattr(row, name) for name in _FIELDS}
    fields |= {name: json.loads(fields[name]) for name in _TREES}
    return RunRecord(**fields | {"started": datetime.fromisoformat(row.started)}, model=model)
