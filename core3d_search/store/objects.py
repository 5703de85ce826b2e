"""Objects: one by one with their points, or all at once as arrays; replaced with the run that found them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, Connection, Table, delete, insert, select, update

from core3d_search.datatypes import Box3D, SceneObject, View
from core3d_search.schema.blobs import decode_colors, decode_points, decode_vectors, encode_colors, encode_points
from core3d_search.schema.checksums import sealed, stored
from core3d_search.schema.tables import (
    embeddings,
    frames,
    object_points,
    objects,
    observations,
    runs,
    scenes,
    thumbnails,
)
from core3d_search.store.colors import summarise_colors
from core3d_search.store.records import ObservationRecord
from core3d_search.store.statements import MOST_BOUND, AnyRow, checked_rows, damaged, insert_rows, new_ids

# Reading


def objects_of(connection: Connection, which: ColumnElement[bool], with_points: bool) -> list[SceneObject]:
    """Return the objects that fulfil `which`, by id, each with the embedding by the model of its run."""
    named = scenes.c.name.label("scene")
    source = objects.join(scenes, scenes.c.id == objects.c.scene_id)
    wanted = select(*stored(objects), named).select_from(source).where(which).order_by(objects.c.id)
    found = list(checked_rows(connection, objects, wanted, _named))
    vectors = _vectors(connection, which)
    surfaces = _surfaces(connection, which) if with_points else {}
    nothing = np.zeros((0, 3), np.float32), np.zeros((0, 3), np.uint8)
    made = []
    for row in found:
        if row.id not in vectors or (with_points and row.id not in surfaces):
            raise damaged(connection, _named(row), f"its {'points' if row.id in vectors else 'embedding'} are missing")
        points, colors = surfaces[row.id] if with_points else nothing
        try:
            made.append(_object_of(row, points, colors, vectors[row.id]))
        except (ValueError, TypeError, KeyError) as error:
            raise damaged(connection, _named(row), str(error)) from error
    return made


def _vectors(connection: Connection, which: ColumnElement[bool]) -> dict[int, npt.NDArray[np.float32]]:
    """Return, by object id, the embedding by the model of the object's run."""
    source = embeddings.join(objects, objects.c.id == embeddings.c.object_id).join(scenes).join(
        runs, (runs.c.id == objects.c.run_id) & (runs.c.embedding_model_id == embeddings.c.embedding_model_id)
    )  # fmt: skip
    wanted = select(*stored(embeddings), scenes.c.name.label("scene")).select_from(source).where(which)
    fault = "its embedding does not match its checksum"
    found = checked_rows(connection, embeddings, wanted, _owner_named, fault)
    return {row.object_id: decode_vectors([row.vector], len(row.vector) // 4)[0] for row in found}


def _surfaces(
    connection: Connection, which: ColumnElement[bool]
) -> dict[int, tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]]:
    """Return points and colours by object id."""
    source = object_points.join(objects, objects.c.id == object_points.c.object_id).join(scenes)
    wanted = select(*stored(object_points), scenes.c.name.label("scene")).select_from(source).where(which)
    surfaces = {}
    fault = "its points do not match their checksum"
    for row in checked_rows(connection, object_points, wanted, _owner_named, fault):
        try:
            surfaces[row.object_id] = decode_points(row.points), decode_colors(row.colors)
        except ValueError as error:
            raise damaged(connection, _owner_named(row), f"points: {error}") from error
    return surfaces


def observations_of(connection: Connection, object_id: int) -> list[ObservationRecord]:
    """Return the observations that one object was fused from, in the order in which they were written."""
    seen = select(*stored(observations), frames.c.number).select_from(observations.join(frames))
    seen = seen.where(observations.c.object_id == object_id).order_by(observations.c.id)
    found = checked_rows(connection, observations, seen, lambda row: f"an observation of object {row.object_id}")
    return [_observation_of(row) for row in found]


# Writing


def replace_objects(
    connection: Connection,
    scene_id: int,
    run_id: int,
    made: Sequence[Mapping[str, Any]],
    kept_ids: Sequence[int | None],
) -> list[int]:
    """Replace the scene's objects, and all that was measured of them, by rows of `objects`; return their ids, in order.

    A row takes the id in `kept_ids`, and with it what people said of that object; None gives a new one.
    """
    of_scene = select(objects.c.id).filter_by(scene_id=scene_id).scalar_subquery()
    for table in (object_points, embeddings, thumbnails):
        connection.execute(delete(table).where(table.c.object_id.in_(of_scene)))
    there = set(connection.execute(select(objects.c.id).filter_by(scene_id=scene_id)).scalars())
    gone = sorted(there - set(kept_ids))
    for start in range(0, len(gone), MOST_BOUND):
        connection.execute(delete(objects).where(objects.c.id.in_(gone[start : start + MOST_BOUND])))
    fresh = iter(new_ids(connection, objects, sum(key is None for key in kept_ids)))
    ids = [next(fresh) if key is None else key for key in kept_ids]
    owner = {"scene_id": scene_id, "run_id": run_id}
    rows = [sealed(objects, {**row, **owner, "id": key}) for row, key in zip(made, ids, strict=True)]
    new = [row for row in rows if row["id"] not in there]
    if new:
        connection.execute(insert(objects), new)
    for row in rows:
        if row["id"] in there:
            connection.execute(update(objects).where(objects.c.id == row["id"]).values(row))
    return ids


def insert_points(connection: Connection, ids: Sequence[int], made: Sequence[Mapping[str, bytes]]) -> None:
    """Insert rows of `object_points` for the objects `ids`."""
    _insert_for(connection, object_points, ids, made)


def insert_observations(
    connection: Connection,
    ids: Sequence[int],
    frame_ids: Mapping[int, int],
    of_objects: Sequence[Sequence[ObservationRecord]],
) -> None:
    """Insert the observations of each of the objects `ids`, in frames whose ids are given by number."""
    made = [
        _observation_row(observation, key, frame_ids[observation.frame])
        for key, group in zip(ids, of_objects, strict=True)
        for observation in group
    ]
    insert_rows(connection, observations, made)


def _insert_for(connection: Connection, table: Table, ids: Sequence[int], made: Sequence[Mapping[str, Any]]) -> None:
    insert_rows(connection, table, [{**row, "object_id": key} for key, row in zip(ids, made, strict=True)])


# Rows


def object_row(item: SceneObject) -> dict[str, Any]:
    """Return what `item` gives to its row of `objects`."""
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
            {
                "frame": int(view.frame),
                "box": [float(x) for x in view.box],
                "visible_fraction": float(view.visible_fraction),
            }
            for view in item.views
        ],
    }


def points_row(item: SceneObject) -> dict[str, bytes]:
    """Return what `item` gives to its row of `object_points`."""
    return {"points": encode_points(item.points), "colors": encode_colors(item.colors)}


def _named(row: AnyRow) -> str:
    return f"object {row.id} of scene {row.scene!r}"


def _owner_named(row: AnyRow) -> str:
    return f"object {row.object_id} of scene {row.scene!r}"


def _object_of(
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
    views = tuple(View(view["frame"], tuple(view["box"]), view["visible_fraction"]) for view in json.loads(row.views))
    return SceneObject(
        scene=row.scene,
        points=points,
        colors=colors,
        box=box,
        embedding=embedding,
        observation_count=row.observation_count,
        label=row.label,
        label_score=row.label_score,
        front=None if row.front is None else tuple(json.loads(row.front)),
        views=views,
        id=row.id,
    )


def _observation_row(observation: ObservationRecord, object_id: int, frame_id: int) -> dict[str, Any]:
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


def _observation_of(row: AnyRow) -> ObservationRecord:
    embedding = None if row.embedding is None else np.frombuffer(row.embedding, "<f4")
    box = (row.x0, row.y0, row.x1, row.y1)
    return ObservationRecord(row.number, row.level, row.score, box, row.visible_pixels, embedding)
