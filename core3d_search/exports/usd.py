"""A scene as OpenUSD: a prim an object, z up and metres, labelled by UsdSemantics.

The root prim turns the scan's axes so that z is up. An object is an Xform posed as its box, with `box`, a guide cube,
and `points`; its label is a "category" of UsdSemanticsLabelsAPI, what else is known of it stands in its customData.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from core3d_search.datatypes import SceneObject
from core3d_search.errors import MissingDependencyError
from core3d_search.exports.json_graph import document
from core3d_search.exports.names import node_name
from core3d_search.exports.scene_graph import SceneGraph
from core3d_search.geometry import level_from_world

POINT_WIDTH_M = 0.01


def to_usd(graph: SceneGraph) -> bytes:
    """Return the scene as a USD crate file; raises MissingDependencyError without usd-core."""
    try:
        from pxr import Gf, Kind, Sdf, Usd, UsdGeom
    except ImportError as error:
        raise MissingDependencyError("USD needs usd-core: pip install 'core3d-search[usd]'") from error

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scene.usdc"
        stage = Usd.Stage.CreateNew(str(path))
        UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.z)
        UsdGeom.SetStageMetersPerUnit(stage, 1.0)
        root = UsdGeom.Xform.Define(stage, Sdf.Path("/scene"))
        stage.SetDefaultPrim(root.GetPrim())
        Usd.ModelAPI(root.GetPrim()).SetKind(Kind.Tokens.assembly)
        turn = np.eye(4)
        turn[:3, :3] = level_from_world(graph.scene.up)
        root.AddTransformOp().Set(Gf.Matrix4d(turn.T.tolist()))  # USD multiplies rows
        root.GetPrim().SetCustomDataByKey("core3d:scene", graph.scene.name)
        if graph.scene.origin is not None:  # 32-bit points would not hold it
            root.GetPrim().SetCustomDataByKey("core3d:origin", Gf.Vec3d(*graph.scene.origin))
        for item, told in zip(graph.objects, document(graph)["objects"], strict=True):
            _add(stage, item, told)
        stage.GetRootLayer().Save()
        return path.read_bytes()


def _add(stage: Any, item: SceneObject, told: dict[str, Any]) -> None:
    """Add the prim of an object."""
    from pxr import Gf, Kind, Usd, UsdGeom, UsdSemantics, Vt

    box = item.box
    path = f"/scene/{node_name(item)}"
    prim = UsdGeom.Xform.Define(stage, path)
    Usd.ModelAPI(prim.GetPrim()).SetKind(Kind.Tokens.component)
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = box.rotation, box.center
    prim.AddTransformOp().Set(Gf.Matrix4d(pose.T.tolist()))
    if item.label:
        UsdSemantics.LabelsAPI.Apply(prim.GetPrim(), "category").CreateLabelsAttr().Set([item.label])
    for key in ("object_id", "label_score", "color", "note"):
        if told[key] is not None:
            prim.GetPrim().SetCustomDataByKey(f"core3d:{key}", told[key])
    prim.GetPrim().SetCustomDataByKey("core3d:tags", Vt.StringArray(told["tags"]))

    half = Gf.Vec3f(*(box.extent / 2).tolist())
    cube = UsdGeom.Cube.Define(stage, f"{path}/box")
    cube.CreatePurposeAttr(UsdGeom.Tokens.guide)
    cube.CreateSizeAttr(1.0)
    cube.CreateExtentAttr([Gf.Vec3f(-0.5), Gf.Vec3f(0.5)])
    cube.AddScaleOp(UsdGeom.XformOp.PrecisionDouble).Set(Gf.Vec3d(*box.extent.tolist()))
    UsdGeom.ModelAPI.Apply(prim.GetPrim()).SetExtentsHint([-half, half])
    if len(item.points):
        local = ((item.points - box.center) @ box.rotation).astype(np.float32)
        points = UsdGeom.Points.Define(stage, f"{path}/points")
        points.CreatePointsAttr(Vt.Vec3fArray.FromNumpy(np.ascontiguousarray(local)))
        points.CreateWidthsAttr([POINT_WIDTH_M])
        points.SetWidthsInterpolation(UsdGeom.Tokens.constant)
        points.CreateDisplayColorPrimvar(UsdGeom.Tokens.vertex).Set(
            Vt.Vec3fArray.FromNumpy((item.colors / 255.0).astype(np.float32))
        )
        reach = POINT_WIDTH_M / 2
        low, high = (local.min(axis=0) - reach).tolist(), (local.max(axis=0) + reach).tolist()
        points.CreateExtentAttr([Gf.Vec3f(*low), Gf.Vec3f(*high)])
