"""CSV, PLY, GLB and USD: what other programs read of a scene is what the database holds."""

import csv
import io
import json
import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from fakes import ATTIC, write_objects

from core3d_search.exports import export_scene
from core3d_search.exports.names import node_name
from core3d_search.geometry import box_corners, level_from_world
from core3d_search.store import Store

UTM = (691_000.0, 5_334_000.0, 500.0)
Y_UP = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])


@pytest.fixture
def store(known_db):
    with Store.open(known_db) as store:
        yield store


def opened(data):
    return trimesh.load(io.BytesIO(data), file_type="glb")


def corners(points):
    """The points in an order that does not depend on where they came from."""
    return np.array(sorted(np.round(points, 4).tolist()))


def test_csv_has_a_row_an_object(store):
    store.tag(1, ["mine"])
    store.note(1, "=SUM(A1)")
    rows = list(csv.DictReader(io.StringIO(export_scene(store, "attic", "csv").decode())))
    assert [int(row["object_id"]) for row in rows] == [item.id for item in store.objects("attic")]
    box = store.objects("attic")[0].box
    assert [float(rows[0][f"center_{axis}"]) for axis in "xyz"] == box.center.tolist()
    assert [float(rows[0][f"extent_{axis}"]) for axis in "xyz"] == box.extent.tolist()
    assert (rows[0]["tags"], rows[0]["note"]) == ("mine", "'=SUM(A1)"), "no spreadsheet runs a note"


@pytest.mark.parametrize("origin", [None, UTM])
def test_ply_says_which_object_each_point_belongs_to(store, origin):
    write_objects(store, "attic", ATTIC, (0.0, 0.0, 1.0), origin)
    cloud = trimesh.load(io.BytesIO(export_scene(store, "attic", "ply")), file_type="ply")
    raw = cloud.metadata["_ply_raw"]["vertex"]["data"]
    for item in store.objects("attic", with_points=True):
        mine = raw["object_id"].reshape(-1) == item.id
        expected = item.points + np.asarray(origin or (0, 0, 0))
        np.testing.assert_allclose(cloud.vertices[mine], expected, atol=1e-4)
        assert (cloud.colors[mine][:, :3] == item.colors).all()


@pytest.mark.parametrize("scene", ["attic", "barn"])
def test_boxes_and_points_of_a_glb_are_those_of_the_database_with_y_up(store, scene):
    loaded = opened(export_scene(store, scene, "glb"))
    turn = Y_UP @ level_from_world(store.scene(scene).up)
    for item in store.objects(scene, with_points=True):
        pose, key = loaded.graph[f"{node_name(item)}_box"]
        edges = trimesh.transform_points(loaded.geometry[key].vertices, pose)
        expected = box_corners(item.box) @ turn.T
        np.testing.assert_allclose(corners(np.unique(edges.round(5), axis=0)), corners(expected), atol=1e-3)
        pose, key = loaded.graph[f"{node_name(item)}_points"]
        points = trimesh.transform_points(loaded.geometry[key].vertices, pose)
        np.testing.assert_allclose(points, item.points @ turn.T, atol=1e-4)


def test_nodes_of_a_glb_are_named_and_tell_what_is_known(store):
    store.tag(1, ["mine"])
    data = export_scene(store, "attic", "glb")
    length = int.from_bytes(data[12:16], "little")
    nodes = {node["name"]: node for node in json.loads(data[20 : 20 + length])["nodes"]}
    first = store.objects("attic")[0]
    assert nodes[node_name(first)]["extras"]["box"] == first.box.to_dict()
    assert nodes[node_name(first)]["extras"]["tags"] == ["mine"]
    assert nodes["scene"]["extras"]["scene"] == "attic"
    assert data == export_scene(store, "attic", "glb")


def test_usd_has_a_prim_an_object_with_its_box_and_label(store):
    pytest.importorskip("pxr", reason="usd-core is not installed: pip install 'core3d-search[usd]'")
    from pxr import Usd, UsdGeom, UsdSemantics

    for scene in ("attic", "barn"):
        stage = stage_of(export_scene(store, scene, "usd"))
        assert UsdGeom.GetStageUpAxis(stage) == UsdGeom.Tokens.z
        assert UsdGeom.GetStageMetersPerUnit(stage) == 1
        turn = level_from_world(store.scene(scene).up)
        bounds = UsdGeom.BBoxCache(Usd.TimeCode.Default(), ["default", "guide"])
        for item in store.objects(scene):
            prim = stage.GetPrimAtPath(f"/scene/{node_name(item)}")
            seen = bounds.ComputeWorldBound(prim.GetChild("box")).ComputeAlignedRange()
            expected = box_corners(item.box) @ turn.T
            np.testing.assert_allclose(seen.GetMin(), expected.min(axis=0), atol=1e-3)
            np.testing.assert_allclose(seen.GetMax(), expected.max(axis=0), atol=1e-3)
            assert list(UsdSemantics.LabelsAPI(prim, "category").GetLabelsAttr().Get()) == [item.label]


def test_usd_pleases_its_own_validators(store):
    pytest.importorskip("pxr", reason="usd-core is not installed: pip install 'core3d-search[usd]'")
    from pxr import UsdValidation

    every = UsdValidation.ValidationRegistry().GetOrLoadAllValidators()
    errors = UsdValidation.ValidationContext(every).Validate(stage_of(export_scene(store, "attic", "usd")))
    assert [error.GetErrorAsString() for error in errors] == []


def test_glb_pleases_the_validator_of_khronos(store, tmp_path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    script = (
        "const v=require('gltf-validator');const fs=require('fs');"
        "v.validateBytes(new Uint8Array(fs.readFileSync(process.argv[1]))).then(r=>console.log(JSON.stringify(r)))"
    )
    path = tmp_path / "attic.glb"
    path.write_bytes(export_scene(store, "attic", "glb"))
    done = subprocess.run([node, "-e", script, str(path)], capture_output=True, text=True, check=False)
    if "Cannot find module" in done.stderr:
        pytest.skip("npm's gltf-validator is not installed where node finds it (NODE_PATH)")
    issues = json.loads(done.stdout)["issues"]
    assert (issues["numErrors"], issues["numWarnings"]) == (0, 0), issues["messages"]


@pytest.mark.parametrize(
    ("label", "name"),
    [("Stühle/2 groß", "Stuhle_2_gro_1"), ("3D-TV", "object_3D_TV_1"), ("椅子", "object_1"), (None, "object_1")],
)
def test_names_are_readable_and_one_an_object(store, label, name):
    assert node_name(replace(store.objects("attic")[0], label=label)) == name


def stage_of(data):
    from pxr import Sdf, Usd

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scene.usdc"
        path.write_bytes(data)
        return Usd.Stage.Open(Sdf.Layer.OpenAsAnonymous(str(path)))
