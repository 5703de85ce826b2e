"""Small models whose every surface is known, written by trimesh and usd-core themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import trimesh
from mesh_samples import BLUE, GREEN, RED, box


@pytest.fixture
def furniture() -> trimesh.Scene:
    """A red chair of two parts, a blue table and, with a name that says nothing, a green block; y up, metres."""
    scene = trimesh.Scene()
    scene.add_geometry(box((0.5, 0.5, 0.5), (0, 0.25, 0), RED), node_name="Kitchen_Chair.001", geom_name="seat")
    scene.add_geometry(box((1.2, 0.7, 0.8), (2, 0.35, 0), BLUE), node_name="table", geom_name="top")
    scene.add_geometry(box((0.3, 0.3, 0.3), (4, 0.15, 0), GREEN), node_name="Cube.003", geom_name="block")
    return scene


@pytest.fixture
def furniture_glb(furniture: trimesh.Scene, tmp_path: Path) -> Path:
    furniture.export(tmp_path / "furniture.glb")
    return tmp_path / "furniture.glb"


@pytest.fixture
def closed_room(tmp_path: Path) -> Path:
    """A 4 x 3 x 2.5 m room, y up, walls, floor and ceiling of thin slabs, with a red box standing in it."""
    scene = trimesh.Scene()
    slabs = {
        "floor": ((4, 0.1, 3), (0, -0.05, 0)),
        "ceiling": ((4, 0.1, 3), (0, 2.55, 0)),
        "wall_left": ((0.1, 2.5, 3), (-2.05, 1.25, 0)),
        "wall_right": ((0.1, 2.5, 3), (2.05, 1.25, 0)),
        "wall_back": ((4, 2.5, 0.1), (0, 1.25, -1.55)),
        "wall_front": ((4, 2.5, 0.1), (0, 1.25, 1.55)),
    }
    for name, (size, at) in slabs.items():
        scene.add_geometry(box(size, at, (230, 228, 220, 255)), node_name=name, geom_name=name)
    scene.add_geometry(box((0.8, 0.9, 0.6), (1.0, 0.45, -0.9), RED), node_name="cabinet", geom_name="cabinet")
    scene.export(tmp_path / "flat.glb")
    return tmp_path / "flat.glb"


@pytest.fixture
def usd_stage(tmp_path: Path) -> Callable[..., Path]:
    """Write a USD stage of a component with two meshes and a cylinder, in the unit and up axis given."""
    pxr = pytest.importorskip("pxr")

    def write(name: str = "stage.usda", unit: float = 0.01, up: str = "Z") -> Path:
        from pxr import Gf, Kind, Usd, UsdGeom, UsdShade

        stage = Usd.Stage.CreateNew(str(tmp_path / name))
        UsdGeom.SetStageMetersPerUnit(stage, unit)
        UsdGeom.SetStageUpAxis(stage, up)
        UsdGeom.Xform.Define(stage, "/World")
        lamp = UsdGeom.Xform.Define(stage, "/World/floor_lamp")
        Usd.ModelAPI(lamp).SetKind(Kind.Tokens.component)
        lamp.AddTranslateOp().Set(Gf.Vec3d(100, 0, 0))
        for part, height in (("foot", 10.0), ("shade", 150.0)):
            mesh = UsdGeom.Mesh.Define(stage, f"/World/floor_lamp/{part}")
            mesh.CreatePointsAttr([(-20, -20, height), (20, -20, height), (20, 20, height), (-20, 20, height)])
            mesh.CreateFaceVertexCountsAttr([4])
            mesh.CreateFaceVertexIndicesAttr([0, 1, 2, 3])
            mesh.CreateDisplayColorAttr([(1.0, 0.0, 0.0)])
        bin_ = UsdGeom.Cylinder.Define(stage, "/World/trash_can")
        bin_.CreateHeightAttr(60.0)
        bin_.CreateRadiusAttr(15.0)
        bin_.CreateAxisAttr("Z")
        material = UsdShade.Material.Define(stage, "/World/green")
        shader = UsdShade.Shader.Define(stage, "/World/green/surface")
        shader.CreateIdAttr("UsdPreviewSurface")
        shader.CreateInput("diffuseColor", pxr.Sdf.ValueTypeNames.Color3f).Set((0.0, 1.0, 0.0))
        material.CreateSurfaceOutput().ConnectToSource(shader.ConnectableAPI(), "surface")
        UsdShade.MaterialBindingAPI.Apply(bin_.GetPrim()).Bind(material)
        stage.GetRootLayer().Save()
        return tmp_path / name

    return write
