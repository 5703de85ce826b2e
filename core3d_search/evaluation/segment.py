"""Open-vocabulary labels of a scene's points, or of the vertices of a mesh of it, from its objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import SceneObject
from core3d_search.encoders import Encoder, load_encoder
from core3d_search.errors import InputError, ModelError
from core3d_search.evaluation.labelling import class_similarities, label_points, most_similar
from core3d_search.store import EmbeddingModel, Store

REACH_M = 0.1
"""Metres: a vertex farther from every object has no label. Walls and floors are no objects."""


@dataclass(frozen=True, eq=False)
class Segmentation:
    """Labels of N points, which are in the coordinates of the scene's objects, metres.

    `classes` (N,) positions in `class_names`, -1 for none; `instances` (N,) the ids of objects, 0 for none; `faces`
    (F, 3) where the points are a mesh's vertices. `object_classes` gives the class of each object by its id, with its
    cosine.
    """

    points: npt.NDArray[np.float32]
    classes: npt.NDArray[np.int32]
    instances: npt.NDArray[np.int64]
    class_names: tuple[str, ...]
    object_classes: dict[int, tuple[int, float]]
    faces: npt.NDArray[np.int64] | None = None


@dataclass(frozen=True, eq=False)
class Vertices:
    """A mesh's `points` (N, 3) float64 as its file has them, and `faces` (F, 3), none for a cloud of points."""

    points: npt.NDArray[np.float64]
    faces: npt.NDArray[np.int64] | None


def segment_scene(
    store: Store,
    scene: str,
    class_names: Sequence[str],
    mesh: Vertices | None = None,
    reach_m: float = REACH_M,
    encoder: Encoder | None = None,
) -> Segmentation:
    """Return the labels of the points of a stored scene's objects, or of the vertices of `mesh`.

    `encoder` is the one that embedded them, where it is loaded already; `mesh` is in the scan's own coordinates. Raises
    StoreError for an unknown scene, InputError for one without objects, ModelError where this machine has another
    encoder than the one that embedded them.
    """
    objects = store.objects(scene, with_points=True)
    if not objects:
        raise InputError(f"scene {scene!r} has no objects: index it first")
    if mesh is not None and (origin := store.scene(scene).origin) is not None:
        mesh = Vertices(mesh.points - np.asarray(origin), mesh.faces)
    return segment(objects, class_names, encoder or encoder_of(store, scene), mesh, reach_m)


def segment(
    objects: Sequence[SceneObject],
    class_names: Sequence[str],
    encoder: Encoder,
    mesh: Vertices | None = None,
    reach_m: float = REACH_M,
) -> Segmentation:
    """Return the labels that `objects` give: each takes the most similar class, and each point its object's."""
    similarities = class_similarities(np.stack([one.embedding for one in objects]), class_names, encoder)
    chosen = most_similar(similarities)
    ids = np.array([one.id for one in objects], np.int64)
    cosines = similarities[np.arange(len(chosen)), chosen].tolist()
    of_object = dict(zip(ids.tolist(), zip(chosen.tolist(), cosines, strict=True), strict=True))
    names = tuple(class_names)
    if mesh is None:
        counts = [len(one.points) for one in objects]
        points = np.concatenate([one.points for one in objects])
        classes, instances = np.repeat(chosen, counts), np.repeat(ids, counts)
        return Segmentation(points, classes.astype(np.int32), instances, names, of_object)
    labels = label_points(mesh.points, [one.points for one in objects], chosen, reach_m)
    instances = np.append(ids, 0)[labels.objects]  # position -1 is the 0 at the end
    points = mesh.points.astype(np.float32)
    return Segmentation(points, labels.classes.astype(np.int32), instances, names, of_object, mesh.faces)


def encoder_of(store: Store, scene: str) -> Encoder:
    """Return the encoder that embedded a scene's objects; raises ModelError where this machine has another one."""
    stored = next(each.model for each in store.searchable_scenes() if each.name == scene)
    encoder = load_encoder(stored.name)
    made = EmbeddingModel.of(encoder)
    if made != stored:
        raise ModelError(f"the objects of {scene} were embedded by {stored}, this machine has {made}: index again")
    return encoder


def read_vertices(path: Path) -> Vertices:
    """Return the vertices of a mesh or a cloud of points, in their order in the file; raises InputError.

    PLY, OBJ, GLB, glTF, STL, OFF: vertices are not merged, so that row i is vertex i of a PLY or OFF.
    """
    import trimesh

    if not path.is_file():
        raise InputError(f"{path} is missing: --mesh names a file such as mesh.ply")
    try:
        loaded = trimesh.load(path, process=False, maintain_order=True)
        whole = loaded.to_geometry() if isinstance(loaded, trimesh.Scene) else loaded
        points = np.asarray(whole.vertices, np.float64)
    except Exception as error:  # readers of many formats raise whatever their parsers stumble over
        raise InputError(f"{path} cannot be read as a mesh: {error or type(error).__name__}") from error
    if not len(points):
        raise InputError(f"{path} holds no vertex")
    faces = getattr(whole, "faces", None)
    return Vertices(points, None if faces is None or not len(faces) else np.asarray(faces, np.int64))
