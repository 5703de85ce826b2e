"""Rows of the tables from the values of the search layer, and back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Row

from core3d_search.datatypes import Box3D, SceneObject, View
from core3d_search.schema.blobs import encode_colors, encode_points
from core3d_search.schema.tables import objects, runs
from core3d_search.store.records import (
    EmbeddingModel,
    FrameRecord,
    ObjectTable,
    ObservationRecord,
    RunRecord,
    SceneRecord,
)

AnyRow = Row[Any]

# Columns of `runs` whose value is the field of that name.
_RUN_FIELDS = tuple(
    name
    for name in runs.c.keys()  # noqa: SIM118 - a column collection yields columns, not names
    if name not in ("id", "scene_id", "embedding_model_id", "started")
)
TABLE_COLUMNS = [column for column in objects.c if column.name not in ("run_id", "views")]
"""What an ObjectTable is made of."""


def scene_row(scene: SceneRecord) -> dict[str, Any]:
    return {
        "name": scene.name,
        "path": scene.path,
        "format": scene.format,
        "up": None if scene.up is None else [float(x) for x in scene.up],
    }


def scene_of(row: AnyRow) -> SceneRecord:
    up = None if row.up is None else (row.up[0], row.up[1], row.up[2])
    indexed = None if row.indexed is None else _time_of(row.indexed)
    return SceneRecord(row.name, row.path, row.format, up, row.id, row.frame_count, row.object_count, indexed)


def frame_row(frame: FrameRecord, scene_id: int) -> dict[str, Any]:
    def nested(array: npt.NDArray[np.float64] | None) -> list[Any] | None:
        return None if array is None else array.tolist()

    return {
        "scene_id": scene_id,
        "number": frame.number,
        "height": frame.height,
        "width": frame.width,
        "intrinsics": nested(frame.intrinsics),
        "world_from_camera": nested(frame.world_from_camera),
        "skipped": frame.skipped,
    }


def frame_of(row: AnyRow) -> FrameRecord:
    def array(nested: list[Any] | None) -> npt.NDArray[np.float64] | None:
        return None if nested is None else np.array(nested, np.float64)

    return FrameRecord(
        row.number, row.height, row.width, array(row.intrinsics), array(row.world_from_camera), row.skipped
    )


def run_row(run: RunRecord, scene_id: int, model_key: int | None) -> dict[str, Any]:
    row = {name: getattr(run, name) for name in _RUN_FIELDS}
    for name in ("config", "stage_seconds", "library_versions"):
        row[name] = dict(row[name])
    started = run.started.astimezone(timezone.utc).isoformat(timespec="seconds")
    return row | {"scene_id": scene_id, "embedding_model_id": model_key, "started": started}


def run_of(row: AnyRow, model: EmbeddingModel | None) -> RunRecord:
    fields = {name: getattr(row, name) for name in _RUN_FIELDS}
    return RunRecord(**fields, started=_time_of(row.started), model=model, id=row.id)


def object_row(item: SceneObject) -> dict[str, Any]:
    mean, dominant = summarise_colors(item.colors)
    return {
        "label": item.label,
        "label_score": item.label_score,
        **{f"center_{axis}": float(value) for axis, value in zip("xyz", item.box.center, strict=True)},
        **{f"extent_{axis}": float(value) for axis, value in zip("xyz", item.box.extent, strict=True)},
        "rotation": item.box.rotation.astype("<f8").tobytes(),
        "front": None if item.front is None else [float(x) for x in item.front],
        "observation_count": int(item.observation_count),
        "point_count": len(item.points),
        "mean_color": mean,
        "dominant_color": dominant,
        "views": [
            {"frame": view.frame, "box": [float(x) for x in view.box], "visible_fraction": view.visible_fraction}
            for view in item.views
        ],
    }


def points_row(item: SceneObject) -> dict[str, bytes]:
    return {"points": encode_points(item.points), "colors": encode_colors(item.colors)}


def object_of(
    row: AnyRow,
    points: npt.NDArray[np.float32],
    colors: npt.NDArray[np.uint8],
    embedding: npt.NDArray[np.float32],
) -> SceneObject:
    """Return the object of a row of `objects` joined with its scene's name as `scene`."""
    box = Box3D(
        np.array([row.center_x, row.center_y, row.center_z]),
        np.array([row.extent_x, row.extent_y, row.extent_z]),
        np.frombuffer(row.rotation, "<f8").reshape(3, 3),
    )
    views = tuple(View(view["frame"], tuple(view["box"]), view["visible_fraction"]) for view in row.views)
    return SceneObject(
        scene=row.scene,
        points=points,
        colors=colors,
        box=box,
        embedding=embedding,
        observation_count=row.observation_count,
        label=row.label,
        label_score=row.label_score,
        front=None if row.front is None else tuple(row.front),
        views=views,
        id=row.id,
    )


def table_of(rows: Sequence[AnyRow], scene_names: dict[int, str]) -> ObjectTable:
    """Return rows of TABLE_COLUMNS, in the order of their ids, as arrays."""
    columns = dict(zip([column.name for column in TABLE_COLUMNS], zip(*rows, strict=True), strict=True)) if rows else {}

    def numbers(name: str, dtype: type[np.generic]) -> npt.NDArray[Any]:
        return np.array(columns.get(name, ()), dtype)

    def vectors(stem: str) -> npt.NDArray[np.float64]:
        return np.stack([numbers(f"{stem}_{axis}", np.float64) for axis in "xyz"], axis=-1)

    nowhere = (np.nan,) * 3
    return ObjectTable(
        ids=numbers("id", np.int64),
        scenes=tuple(scene_names[key] for key in columns.get("scene_id", ())),
        labels=tuple(columns.get("label", ())),
        label_scores=numbers("label_score", np.float64),
        centers=vectors("center"),
        extents=vectors("extent"),
        rotations=np.frombuffer(b"".join(columns.get("rotation", ())), "<f8").reshape(-1, 3, 3),
        fronts=np.array([front or nowhere for front in columns.get("front", ())], np.float64).reshape(-1, 3),
        observation_counts=numbers("observation_count", np.int64),
        point_counts=numbers("point_count", np.int64),
        mean_colors=_unpacked(numbers("mean_color", np.int64)),
        dominant_colors=_unpacked(numbers("dominant_color", np.int64)),
    )


def observation_row(observation: ObservationRecord, object_id: int, frame_id: int) -> dict[str, Any]:
    x0, y0, x1, y1 = (float(x) for x in observation.box)
    return {
        "object_id": object_id,
        "frame_id": frame_id,
        "level": int(observation.level),
        "score": float(observation.score),
        "x0": x0,
        "y0": y0,
        "x1": x1,
        "y1": y1,
        "visible_pixels": int(observation.visible_pixels),
        "embedding": None if observation.embedding is None else observation.embedding.astype("<f4").tobytes(),
    }


def observation_of(row: AnyRow) -> ObservationRecord:
    embedding = None if row.embedding is None else np.frombuffer(row.embedding, "<f4")
    box = (row.x0, row.y0, row.x1, row.y1)
    return ObservationRecord(row.number, row.level, row.score, box, row.visible_pixels, embedding)


def model_row(model: EmbeddingModel) -> dict[str, Any]:
    return {
        "name": model.name,
        "checksum": model.checksum,
        "dimension": model.dimension,
        "calibration": dict(model.calibration),
    }


def model_of(row: AnyRow) -> EmbeddingModel:
    return EmbeddingModel(row.name, row.checksum, row.dimension, row.calibration)


def summarise_colors(colors: npt.NDArray[np.uint8]) -> tuple[int, int]:
    """Return the mean and the dominant of (P, 3) RGB colours as 0xRRGGBB; black for none.

    Dominant is the mean of the fullest of 8 x 8 x 8 equal bins, the darkest of equals.
    """
    if not len(colors):
        return 0, 0
    bins = (colors >> 5).astype(np.int64) @ np.array([64, 8, 1])
    fullest = bins == np.bincount(bins).argmax()
    mean, dominant = (np.rint(group.mean(axis=0, dtype=np.float64)) for group in (colors, colors[fullest]))
    return _packed(mean), _packed(dominant)


def _packed(rgb: npt.NDArray[np.float64]) -> int:
    return int(rgb @ np.array([1 << 16, 1 << 8, 1]))


def _unpacked(packed: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    channels: npt.NDArray[np.int64] = (packed[:, None] >> np.array([16, 8, 0])) & 255
    return channels.astype(np.uint8)


def _time_of(text: str) -> datetime:
    return datetime.fromisoformat(text)
