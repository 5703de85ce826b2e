"""Reads GLB, glTF, OBJ, PLY, STL, OFF and DAE files (through trimesh) and USD (through usd-core) into models."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError, MissingDependencyError
from core3d_search.meshes.materials import material_of, tints_of
from core3d_search.meshes.model import Floats, Material, Model, face_normals
from core3d_search.meshes.names import clean, words
from core3d_search.meshes.units import AXES, judge_scale, judge_up

USUAL_UP = {".obj": "y", ".ply": "z", ".stl": "z", ".off": "z"}
"""What files of formats without an up axis mostly mean."""
USD = (".usd", ".usda", ".usdc", ".usdz")
SUFFIXES = (".glb", ".gltf", ".dae", *USUAL_UP, *USD)
GENERIC_STEMS = frozenset(
    ("model", "scene", "mesh", "untitled", "textured", "textured_mesh", "object", "output", "final")
)
"""File names that say nothing; the folder's name is taken instead."""
WHITE = Material(np.ones(4, np.float32))
FAR_TIMES = 1000.0
"""A model farther from zero than so many times its size has an origin of its own: 32-bit numbers would be coarse."""
SMOOTH_COSINE = 0.7
"""Corners shade with the mean normal of the faces around them where it is within 45 degrees of their own."""


def load_model(path: Path, *, scale: float | None = None, up: npt.ArrayLike | None = None) -> Model:
    """Return the model in a file, in metres; `scale` (metres to the unit) and `up` (3,) go above what the file says.

    Raises InputError that names the file where it cannot be read or holds no triangle, MissingDependencyError where
    its format needs a package that is not installed.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(f"{path}: no mesh format ends in {suffix!r}; known are {', '.join(SUFFIXES)}")
    if suffix in USD:
        from core3d_search.meshes.usd import load_usd

        unit: float | None
        known_up: npt.NDArray[np.float64] | None
        model, unit = load_usd(path)
        known_up = model.up
    else:
        model, unit, known_up = _load_with_trimesh(path, suffix)
    if not len(model):
        raise InputError(
            f"{path} holds no triangle; a cloud of points has no surface to look at: make a mesh of it, or index the "
            "images and depths that it comes from"
        )
    model = model.with_area()
    if not len(model):
        raise InputError(f"{path}: the model has no size: no triangle of it is finite and has an area")
    return _in_metres(model, path, unit if scale is None else scale, known_up if up is None else up)


def scene_name(path: Path) -> str:
    """Return what a model is called after its file, or its folder where the file's name says nothing."""
    stem = path.stem
    return clean(path.resolve().parent.name if stem.lower() in GENERIC_STEMS else stem) or "model"


def _in_metres(model: Model, path: Path, unit: float | None, up: npt.ArrayLike | None) -> Model:
    notes = []
    extent = np.ptp(model.bounds, axis=0)
    try:
        judged, told = judge_scale(extent)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    if unit is None:
        unit = judged
        notes += [told] if told else []
    model = model.scaled(unit)
    if up is None:
        up, told = judge_up(model.corners, USUAL_UP[path.suffix.lower()])
        notes.append(told)
    direction = np.asarray(up, np.float64)
    return replace(model, up=direction / np.linalg.norm(direction), notes=(*model.notes, *notes))


def _load_with_trimesh(path: Path, suffix: str) -> tuple[Model, float | None, npt.NDArray[np.float64] | None]:
    """Return a model in the file's units, its metres to the unit and up, both None where the format does not say."""
    import trimesh

    splitting = _obj_splitting(path) if suffix == ".obj" else {}
    try:
        scene = trimesh.load_scene(path, process=False, **splitting)
    except ModuleNotFoundError as error:
        remedy = f"pip install {'pycollada' if error.name == 'collada' else error.name}"
        raise MissingDependencyError(f"{path} needs the package {error.name!r}: {remedy}") from error
    except Exception as error:  # readers of many formats raise whatever their parsers stumble over
        raise InputError(f"{path} cannot be read as {suffix[1:].upper()}: {error or type(error).__name__}") from error
    linear = suffix in (".glb", ".gltf") and "trimesh" not in _gltf_generator(path)
    named = suffix in (".glb", ".gltf", ".dae") or bool(splitting)
    model = _flatten(scene, scene_name(path), linear, named)
    if suffix in (".glb", ".gltf"):
        return model, 1.0, np.array(AXES["y"])
    if suffix == ".dae":
        return model, *_collada_asset(path)
    return model, None, None


def _flatten(scene: Any, name: str, linear: bool, named: bool) -> Model:
    """Return all triangles of a trimesh scene in world coordinates.

    `linear`: its colours are linear light; `named`: its nodes have names, else they are one, called as the model.
    """
    parts: list[Model] = []
    keys: list[str] = []
    seen: dict[int, Material] = {}
    origin = _local_origin(scene)
    for frame, geometry in _placed(scene):
        key = _naming_frame(scene, frame, geometry) if named else name
        corners, normals = _triangles(geometry, np.asarray(scene.graph.get(frame)[0], np.float64), origin)
        if not len(corners):
            continue
        faces = np.asarray(geometry.faces)
        materials, chosen = _covering(geometry, linear, seen)
        uv = getattr(geometry.visual, "uv", None)
        usable = uv is not None and len(uv) == len(geometry.vertices)
        uvs = np.asarray(uv, np.float32)[faces][..., :2] if usable else np.zeros((len(faces), 3, 2), np.float32)
        parts.append(
            Model(
                name, corners, normals, np.nan_to_num(uvs), tints_of(geometry, linear), chosen,
                np.zeros(len(faces), np.int32), materials, (clean(key),), np.array(AXES["y"]),
            )
        )  # fmt: skip
        keys.append(key)
    x, y, z = origin.tolist()
    return replace(Model.joined(parts, keys, name), origin=(x, y, z))


def _local_origin(scene: Any) -> npt.NDArray[np.float64]:
    """Return where corners are measured from, (3,) in the file's units: zero, or near a model that lies far away."""
    bounds = scene.bounds
    if bounds is None or not np.isfinite(bounds).all():
        return np.zeros(3)
    middle = np.asarray(bounds, np.float64).mean(0)
    return np.round(middle) if np.linalg.norm(middle) > FAR_TIMES * np.ptp(bounds, axis=0).max() else np.zeros(3)


def _placed(scene: Any) -> Iterator[tuple[str, Any]]:
    """Yield the frame and the geometry of each node that shows triangles, in the order of the file."""
    import trimesh

    for frame in scene.graph.nodes_geometry:
        geometry = scene.geometry[scene.graph[frame][1]]
        if isinstance(geometry, trimesh.Trimesh):
            yield frame, geometry


def _naming_frame(scene: Any, frame: str, geometry: Any) -> str:
    """Return the node that names a geometry: its own, or the nearest above it where its own name says nothing."""
    parents = scene.graph.transforms.parents
    material = getattr(getattr(geometry.visual, "material", None), "name", None)
    pieces = re.fullmatch(rf"(.+)_{re.escape(material)}(_\d+)?", frame) if material else None
    if pieces:  # trimesh's name for one surface of an object in an OBJ file
        return pieces.group(1)
    parent = parents.get(frame)
    if parent is not None and re.fullmatch(re.escape(parent) + r"_[0-9A-Za-z_-]{6}", frame):
        frame = parent  # its name for one surface of a glTF mesh that has several
    at: str | None = frame
    while at is not None and at != scene.graph.base_frame:
        if words(at):
            return at
        at = parents.get(at)
    return frame


def _triangles(
    geometry: Any, world_from_node: npt.NDArray[np.float64], origin: npt.NDArray[np.float64]
) -> tuple[Floats, Floats]:
    """Return corners and corner normals (T, 3, 3) in world coordinates, measured from `origin` (3,)."""
    vertices = np.asarray(geometry.vertices, np.float64) @ world_from_node[:3, :3].T + (world_from_node[:3, 3] - origin)
    faces = np.asarray(geometry.faces)
    corners = vertices[faces].astype(np.float32)
    flat, _ = face_normals(corners)
    mean = np.zeros((len(vertices), 3), np.float32)
    for corner in range(3):
        np.add.at(mean, faces[:, corner], flat)
    mean /= np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-12)
    smooth = mean[faces]
    near = (smooth * flat[:, None]).sum(-1, keepdims=True) > SMOOTH_COSINE
    return corners, np.where(near, smooth, flat[:, None])


def _covering(
    geometry: Any, linear: bool, seen: dict[int, Material]
) -> tuple[tuple[Material, ...], npt.NDArray[np.int32]]:
    """Return the materials of a geometry and which of them covers each face."""
    material = getattr(geometry.visual, "material", None)
    several = getattr(material, "materials", None)
    chosen = getattr(geometry.visual, "face_materials", None)
    kinds = list(several) if several else [material]
    for kind in kinds:
        if id(kind) not in seen:
            seen[id(kind)] = WHITE if geometry.visual.kind in ("vertex", "face") else material_of(kind, linear)
    if not several or chosen is None:
        return (seen[id(kinds[0])],), np.zeros(len(geometry.faces), np.int32)
    return tuple(seen[id(kind)] for kind in kinds), np.asarray(chosen, np.int32)


def _obj_splitting(path: Path) -> dict[str, bool]:
    """Return how an OBJ file is taken apart: by its objects, else by its groups, where it names several."""
    text = path.read_bytes()
    for mark, option in ((rb"^o[ \t]+(\S.*)$", "split_objects"), (rb"^g[ \t]+(\S.*)$", "split_groups")):
        if len(set(re.findall(mark, text, re.MULTILINE))) > 1:
            return {option: True}
    return {}


def _gltf_generator(path: Path) -> str:
    """Return the tool that wrote a glTF file; trimesh writes 8-bit sRGB where the format wants linear light."""
    try:
        with path.open("rb") as file:
            if path.suffix.lower() == ".glb":
                header = file.read(20)
                length = struct.unpack("<I", header[12:16])[0]
                text = file.read(length)
            else:
                text = file.read()
        return str(json.loads(text).get("asset", {}).get("generator", ""))
    except (OSError, ValueError, AttributeError, struct.error):
        return ""


def _collada_asset(path: Path) -> tuple[float, npt.NDArray[np.float64]]:
    """Return metres to the unit and up, as COLLADA's `asset` element says; 1 and +y where it does not."""
    text = path.read_bytes()[:1_000_000].decode("utf-8", "replace")
    unit = re.search(r"<unit\b[^>]*\bmeter\s*=\s*[\"']([^\"']+)", text)
    axis = re.search(r"<up_axis>\s*([XYZ])_UP", text)
    try:
        metres = float(unit.group(1)) if unit else 1.0
    except ValueError:
        metres = 1.0
    return metres if metres > 0 else 1.0, np.array(AXES[axis.group(1).lower() if axis else "y"])
