"""Reads USD and USDZ stages (usd-core, the extra `usd`): meshes and simple solids with their preview materials."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError, MissingDependencyError
from core3d_search.meshes.materials import srgb, texture_of
from core3d_search.meshes.model import Floats, Material, Model, face_normals
from core3d_search.meshes.names import clean, words
from core3d_search.meshes.units import AXES

Ints = npt.NDArray[np.int64]


def load_usd(path: Path) -> tuple[Model, float]:
    """Return the stage at `path` in its own units and axes, and its metres to the unit.

    Raises InputError where it cannot be read, MissingDependencyError without usd-core.
    """
    try:
        from pxr import Tf, Usd, UsdGeom
    except ModuleNotFoundError as error:
        raise MissingDependencyError(f"{path} needs usd-core: pip install 'core3d-search[usd]'") from error
    try:
        stage = Usd.Stage.Open(str(path))
    except Tf.ErrorException as error:
        raise InputError(f"{path} cannot be read as USD: {str(error).strip().splitlines()[-1]}") from error
    name = clean(path.stem)
    up = np.array(AXES[UsdGeom.GetStageUpAxis(stage).lower()])
    transforms = UsdGeom.XformCache(Usd.TimeCode.EarliestTime())
    materials: dict[str, Material] = {}
    parts, keys = [], []
    for prim in _shown(stage):
        key = _naming_prim(prim)
        world_from_prim = np.array(transforms.GetLocalToWorldTransform(prim)).T  # USD multiplies row vectors
        part = _part(prim, world_from_prim, clean(key.GetName()), path, materials, up)
        if part is not None:
            parts.append(part)
            keys.append(str(key.GetPath()))
    model = Model.joined(parts, keys, name)
    return model, float(UsdGeom.GetStageMetersPerUnit(stage))


def _shown(stage: Any) -> Iterator[Any]:
    """Yield the prims that show a surface, in the order of the stage."""
    from pxr import Usd, UsdGeom

    for prim in Usd.PrimRange(stage.GetPseudoRoot(), Usd.TraverseInstanceProxies()):
        if not prim.IsA(UsdGeom.Gprim):
            continue
        shape = UsdGeom.Imageable(prim)
        if shape.ComputeVisibility() != UsdGeom.Tokens.invisible and shape.ComputePurpose() in (
            UsdGeom.Tokens.default_,
            UsdGeom.Tokens.render,
        ):
            yield prim


def _naming_prim(prim: Any) -> Any:
    """Return the prim that names a surface: the component it belongs to, else the nearest with a name that says
    something, else itself."""
    from pxr import Kind, Usd

    at, named = prim, None
    while at and not at.IsPseudoRoot():
        kind = Usd.ModelAPI(at).GetKind()
        if kind and Kind.Registry.IsA(kind, Kind.Tokens.component):
            return at
        if named is None and words(at.GetName()):
            named = at
        at = at.GetParent()
    return named or prim


def _part(
    prim: Any, world_from_prim: npt.NDArray[np.float64], name: str, path: Path, materials: dict[str, Material],
    up: npt.NDArray[np.float64],
) -> Model | None:  # fmt: skip
    """Return one gprim as a model with one node, None for what has no triangles (curves, points)."""
    from pxr import UsdGeom

    if prim.IsA(UsdGeom.Mesh):
        points, faces, corner, face = _mesh(UsdGeom.Mesh(prim))
    else:
        points, faces = _solid(prim)
        corner, face = faces, np.arange(len(faces))
    if not len(faces):
        return None
    world = (points @ world_from_prim[:3, :3].T + world_from_prim[:3, 3]).astype(np.float32)
    corners = world[faces]
    flat, _ = face_normals(corners)
    uvs, tints = _uvs(prim, faces, corner), _tints(prim, faces, corner, face)
    found, chosen = _materials(prim, face, path, materials)
    normals = np.repeat(flat[:, None], 3, axis=1)
    return Model(name, corners, normals, uvs, tints, chosen, np.zeros(len(faces), np.int32), found, (name,), up)


def _mesh(mesh: Any) -> tuple[npt.NDArray[np.float64], Ints, Ints, Ints]:
    """Return points (P, 3), triangles (T, 3), their positions among the face corners (T, 3), and their faces (T,)."""
    points = np.array(mesh.GetPointsAttr().Get() or [], np.float64).reshape(-1, 3)
    counts = np.array(mesh.GetFaceVertexCountsAttr().Get() or [], np.int64)
    indices = np.array(mesh.GetFaceVertexIndicesAttr().Get() or [], np.int64)
    if counts.sum() != len(indices) or (len(indices) and not 0 <= indices.min() <= indices.max() < len(points)):
        raise InputError(f"{mesh.GetPath()}: faces name points that are not there")
    first = np.concatenate([[0], np.cumsum(counts)[:-1]]) if len(counts) else np.zeros(0, np.int64)
    inner = np.maximum(counts - 2, 0)  # each face is a fan about its first corner
    face = np.repeat(np.arange(len(counts)), inner)
    step = np.arange(len(face)) - np.repeat(np.cumsum(inner) - inner, inner)
    corner = np.stack([first[face], first[face] + step + 1, first[face] + step + 2], -1).reshape(-1, 3)
    if mesh.GetOrientationAttr().Get() == "leftHanded":
        corner = corner[:, ::-1]
    return points, indices[corner], corner, face


def _solid(prim: Any) -> tuple[npt.NDArray[np.float64], Ints]:
    """Return points and triangles of a cube, sphere, cylinder, capsule or cone; of anything else none."""
    import trimesh
    from pxr import UsdGeom

    def value(name: str) -> Any:
        return prim.GetAttribute(name).Get()

    if prim.IsA(UsdGeom.Cube):
        made = trimesh.creation.box([value("size")] * 3)
    elif prim.IsA(UsdGeom.Sphere):
        made = trimesh.creation.uv_sphere(value("radius"), count=(16, 24))
    elif prim.IsA(UsdGeom.Cylinder):
        made = trimesh.creation.cylinder(value("radius"), value("height"), sections=32)
    elif prim.IsA(UsdGeom.Capsule):
        made = trimesh.creation.capsule(value("height"), value("radius"), count=(16, 24))
        made.apply_translation(-made.bounds.mean(0))
    elif prim.IsA(UsdGeom.Cone):
        made = trimesh.creation.cone(value("radius"), value("height"), sections=32)
        made.apply_translation((0, 0, -value("height") / 2))
    else:
        return np.zeros((0, 3)), np.zeros((0, 3), np.int64)
    points = np.asarray(made.vertices, np.float64)
    axis = value("axis") if prim.HasAttribute("axis") else "Z"
    points = {"X": points[:, [2, 0, 1]], "Y": points[:, [1, 2, 0]]}.get(axis, points)
    return points, np.asarray(made.faces, np.int64)


def _uvs(prim: Any, faces: Ints, corner: Ints) -> Floats:
    from pxr import UsdGeom

    api = UsdGeom.PrimvarsAPI(prim)
    for name in ("st", "UVMap", "st0", "map1"):
        primvar = api.FindPrimvarWithInheritance(name)
        if primvar and primvar.HasValue():
            values = np.array(primvar.ComputeFlattened(), np.float32).reshape(-1, 2)
            where = corner if primvar.GetInterpolation() == UsdGeom.Tokens.faceVarying else faces
            if where.max() < len(values):
                return values[where]
    return np.zeros((len(faces), 3, 2), np.float32)


def _tints(prim: Any, faces: Ints, corner: Ints, face: Ints) -> Floats:
    """Return displayColor and displayOpacity at the corners, (T, 3, 4); 1 where there is none."""
    from pxr import UsdGeom

    tints = np.ones((len(faces), 3, 4), np.float32)
    for name, channels in (("displayColor", slice(0, 3)), ("displayOpacity", slice(3, 4))):
        primvar = UsdGeom.PrimvarsAPI(prim).FindPrimvarWithInheritance(name)
        if not primvar or not primvar.HasValue():
            continue
        values = np.array(primvar.ComputeFlattened(), np.float32).reshape(-1, 3 if channels.start == 0 else 1)
        kind = primvar.GetInterpolation()
        where = {
            UsdGeom.Tokens.constant: np.zeros_like(faces),
            UsdGeom.Tokens.uniform: np.repeat(face[:, None], 3, 1),
            UsdGeom.Tokens.faceVarying: corner,
        }.get(kind, faces)
        if where.max() < len(values):
            tints[..., channels] = srgb(values)[where] if channels.start == 0 else values[where]
    return tints


def _materials(
    prim: Any, face: Ints, path: Path, known: dict[str, Material]
) -> tuple[tuple[Material, ...], npt.NDArray[np.int32]]:
    """Return the materials of a prim and which covers each triangle, by its subsets of faces."""
    from pxr import UsdGeom, UsdShade

    found = [_bound(UsdShade.MaterialBindingAPI(prim), path, known)]
    of_face = np.zeros(int(face.max()) + 1, np.int32)
    for subset in UsdShade.MaterialBindingAPI(prim).GetMaterialBindSubsets() if prim.IsA(UsdGeom.Mesh) else ():
        chosen = np.array(subset.GetIndicesAttr().Get() or [], np.int64)
        of_face[chosen[chosen < len(of_face)]] = len(found)
        found.append(_bound(UsdShade.MaterialBindingAPI(subset.GetPrim()), path, known))
    return tuple(found), of_face[face]


def _bound(binding: Any, path: Path, known: dict[str, Material]) -> Material:
    material = binding.ComputeBoundMaterial()[0]
    if not material:
        return Material(np.ones(4, np.float32)) if _has_color(binding.GetPrim()) else Material()
    key = str(material.GetPath())
    if key not in known:
        shader = material.ComputeSurfaceSource()[0]
        known[key] = _preview_surface(shader, path) if shader else Material()
    return known[key]


def _has_color(prim: Any) -> bool:
    from pxr import UsdGeom

    primvar = UsdGeom.PrimvarsAPI(prim).FindPrimvarWithInheritance("displayColor")
    return bool(primvar and primvar.HasValue())


def _preview_surface(shader: Any, path: Path) -> Material:
    """Return a UsdPreviewSurface's diffuse colour or texture, and its opacity."""
    diffuse, opacity = shader.GetInput("diffuseColor"), shader.GetInput("opacity")
    texture = _texture(diffuse, path)
    given = diffuse.Get() if diffuse else None
    color = np.ones(3, np.float32) if texture is not None else srgb(np.array(given or (0.18, 0.18, 0.18), np.float32))
    alpha = opacity.Get() if opacity and not opacity.HasConnectedSource() else None
    cutoff = shader.GetInput("opacityThreshold")
    if texture is not None and not (opacity and opacity.HasConnectedSource()):
        texture[..., 3] = 255
    rgba = np.array([*color, 1.0 if alpha is None else float(alpha)], np.float32)
    return Material(rgba, texture, float((cutoff.Get() if cutoff else 0) or 0))


def _texture(diffuse: Any, path: Path) -> npt.NDArray[np.uint8] | None:
    from PIL import Image
    from pxr import UsdShade

    if not diffuse or not diffuse.HasConnectedSource():
        return None
    source = UsdShade.Shader(diffuse.GetConnectedSource()[0].GetPrim())
    file = source.GetInput("file")
    asset = file.Get() if file else None
    if not asset:
        return None
    place = asset.resolvedPath or str(path.parent / asset.path)
    try:
        if place.endswith("]"):  # package.usdz[inner.png]
            package, inner = place[:-1].split("[", 1)
            with zipfile.ZipFile(package) as archive:
                return texture_of(Image.open(io.BytesIO(archive.read(inner))))
        return texture_of(Image.open(place))
    except (OSError, KeyError, zipfile.BadZipFile):
        return None
