"""Every format gives the same triangles in metres, with its own up, colours and names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import trimesh
from mesh_samples import BLUE, RED, box, textured_quad

from core3d_search.errors import InputError
from core3d_search.meshes.companions import files_of
from core3d_search.meshes.loading import load_model, scene_name


def color_of(model, number: int) -> list[int]:
    """Return the 8-bit colour of one triangle: its material's times its tint."""
    color = model.materials[model.material[number]].color * model.tints[number].mean(0)
    return np.round(color * 255).astype(int).tolist()


def test_a_glb_keeps_metres_nodes_colours_and_y_up(furniture_glb: Path) -> None:
    model = load_model(furniture_glb)
    assert len(model) == 36
    np.testing.assert_allclose(model.bounds, [[-0.25, 0, -0.4], [4.15, 0.7, 0.4]], atol=1e-6)
    assert set(model.nodes) == {"Kitchen_Chair.001", "table", "Cube.003"}
    assert model.up.tolist() == [0, 1, 0]
    assert model.notes == ()
    assert color_of(model, int(np.flatnonzero(model.node == model.nodes.index("Kitchen_Chair.001"))[0])) == list(RED)
    assert color_of(model, int(np.flatnonzero(model.node == model.nodes.index("table"))[0])) == list(BLUE)
    assert np.allclose(np.linalg.norm(model.normals, axis=-1), 1, atol=1e-5)


@pytest.mark.parametrize("suffix", ["obj", "ply", "stl", "off", "dae"])
def test_other_formats_give_the_same_surface(suffix: str, tmp_path: Path) -> None:
    made = box((0.5, 0.9, 0.4), (1, 0.45, 2), RED)
    made.export(tmp_path / f"stool.{suffix}")
    model = load_model(tmp_path / f"stool.{suffix}")
    assert len(model) == 12
    np.testing.assert_allclose(model.bounds, made.bounds, atol=1e-5)
    assert model.nodes[0]
    if suffix in ("ply", "obj"):
        assert np.allclose(color_of(model, 3), RED, atol=2)


@pytest.mark.parametrize(("factor", "unit"), [(1, ""), (100, "centimetres"), (1000, "millimetres")])
def test_a_unit_that_no_format_says_is_judged_from_size_and_told(factor: int, unit: str, tmp_path: Path) -> None:
    box((0.5 * factor, 0.9 * factor, 0.4 * factor), (0, 0, 0), RED).export(tmp_path / "stool.stl")
    model = load_model(tmp_path / "stool.stl")
    np.testing.assert_allclose(np.ptp(model.bounds, axis=0), (0.5, 0.9, 0.4), rtol=1e-5)
    assert [note for note in model.notes if "longest side" in note and unit in note] == list(model.notes[:-1])
    assert len(model.notes) == 1 + bool(unit)
    told = load_model(tmp_path / "stool.stl", scale=2.0 / factor, up=(0, -3, 0))
    np.testing.assert_allclose(np.ptp(told.bounds, axis=0), (1.0, 1.8, 0.8), rtol=1e-5)
    assert told.up.tolist() == [0, -1, 0]
    assert told.notes == ()


def test_a_room_that_lies_on_its_side_is_stood_up(closed_room: Path, tmp_path: Path) -> None:
    made = trimesh.load_scene(closed_room).to_mesh()
    made.export(tmp_path / "room.ply")  # PLY mostly has z up; this one has y
    model = load_model(tmp_path / "room.ply")
    assert model.up.tolist() == [0, 0, 1]
    wide = trimesh.creation.box((6, 0.1, 6))
    wide.export(tmp_path / "plate.ply")
    assert load_model(tmp_path / "plate.ply").up.tolist() == [0, 1, 0]


def test_objects_of_an_obj_file_are_nodes_and_one_object_of_many_materials_is_one(tmp_path: Path) -> None:
    triangle = "v 0 0 0\nv 1 0 0\nv 0 1 0\n"
    (tmp_path / "m.mtl").write_text("newmtl red\nKd 1 0 0\nd 0.4\nnewmtl blue\nKd 0 0 1\n")
    two = "mtllib m.mtl\no chair\n" + triangle + "usemtl red\nf 1 2 3\nusemtl blue\nf 3 2 1\no lamp\nf 1 3 2\n"
    (tmp_path / "two.obj").write_text(two)
    model = load_model(tmp_path / "two.obj")
    assert sorted(model.nodes) == ["chair", "lamp"]
    assert (model.node == model.nodes.index("chair")).sum() == 2
    assert sorted(round(float(material.color[3]), 2) for material in model.materials)[0] == 0.4
    (tmp_path / "one.obj").write_text(two.replace("o chair\n", "").replace("o lamp\n", ""))
    assert load_model(tmp_path / "one.obj").nodes == ("one",)


def test_linear_factors_of_other_tools_become_srgb(furniture_glb: Path) -> None:
    content = furniture_glb.read_bytes()
    generator = b"https://github.com/mikedh/trimesh"
    assert generator in content
    furniture_glb.write_bytes(content.replace(generator, b"x" * len(generator)))
    model = load_model(furniture_glb)
    red = color_of(model, int(np.flatnonzero(model.node == model.nodes.index("Kitchen_Chair.001"))[0]))
    expected = [round(255 * (1.055 * (v / 255) ** (1 / 2.4) - 0.055)) for v in RED[:3]]
    assert np.allclose(red[:3], expected, atol=2)


def test_usd_says_its_unit_its_axis_and_its_components(usd_stage: Callable[..., Path]) -> None:
    model = load_model(usd_stage())
    assert model.up.tolist() == [0, 0, 1]
    assert set(model.nodes) == {"floor_lamp", "trash_can"}
    lamp = model.corners[model.node == model.nodes.index("floor_lamp")].reshape(-1, 3)
    np.testing.assert_allclose([lamp.min(0), lamp.max(0)], [[0.8, -0.2, 0.1], [1.2, 0.2, 1.5]], atol=1e-5)
    can = model.corners[model.node == model.nodes.index("trash_can")].reshape(-1, 3)
    np.testing.assert_allclose([can.min(0), can.max(0)], [[-0.15, -0.15, -0.3], [0.15, 0.15, 0.3]], atol=2e-3)
    assert color_of(model, int(np.flatnonzero(model.node == model.nodes.index("floor_lamp"))[0])) == [255, 0, 0, 255]
    assert color_of(model, int(np.flatnonzero(model.node == model.nodes.index("trash_can"))[0])) == [0, 255, 0, 255]
    assert load_model(usd_stage("y.usdc", unit=1.0, up="Y")).up.tolist() == [0, 1, 0]


@pytest.mark.parametrize("suffix", ["glb", "gltf", "obj", "ply", "stl", "off", "dae", "usda", "usdz"])
@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 40, b"v 0 0\nf 1 2 3\n"])
def test_what_is_no_model_is_refused_with_its_name(suffix: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / f"broken.{suffix}").write_bytes(content)
    with pytest.raises(InputError, match=f"broken.{suffix}"):
        load_model(tmp_path / f"broken.{suffix}")


def test_companions_are_files_below_the_folder_that_are_there(tmp_path: Path) -> None:
    path = textured_quad(tmp_path)
    assert [file.name for file in files_of(path)] == ["quad.obj", "quad.mtl", "four.png"]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "sly.obj").write_text("mtllib ../quad.mtl\nmtllib missing.mtl\n")
    assert [file.name for file in files_of(tmp_path / "in" / "sly.obj")] == ["sly.obj"]


def test_a_file_name_that_says_nothing_gives_way_to_the_folders(tmp_path: Path) -> None:
    assert scene_name(tmp_path / "oak-table" / "model.obj") == "oak-table"
    assert scene_name(tmp_path / "oak-table" / "table.obj") == "table"


def test_a_model_far_from_zero_keeps_its_shape_and_says_where_it_lies(tmp_path: Path) -> None:
    far, half_side = np.array((500_000.25, 4_000_000.5, 100.0)), np.array((0.5, 1, 1.5))
    box((1, 2, 3), far, RED).export(tmp_path / "survey.obj", digits=8)
    model = load_model(tmp_path / "survey.obj")
    np.testing.assert_allclose(model.bounds + model.origin, [far - half_side, far + half_side], atol=1e-6)
    half = load_model(tmp_path / "survey.obj", scale=0.5)
    np.testing.assert_allclose(half.bounds + half.origin, model.bounds * 0.5 + np.array(model.origin) * 0.5, atol=1e-6)


def test_triangles_without_area_are_left_out(tmp_path: Path) -> None:
    made = box((1, 1, 1), (0, 0, 0), RED)
    stray = np.vstack([made.faces, [[8, 8, 8], [0, 0, 1]]])
    trimesh.Trimesh(np.vstack([made.vertices, [[50, 50, 50]]]), stray, process=False).export(tmp_path / "a.ply")
    model = load_model(tmp_path / "a.ply")
    assert len(model) == 12
    np.testing.assert_allclose(model.bounds, [[-0.5] * 3, [0.5] * 3])


def test_a_cloud_of_points_and_a_line_are_refused_with_what_to_do(tmp_path: Path) -> None:
    trimesh.PointCloud(np.eye(3)).export(tmp_path / "cloud.ply")
    with pytest.raises(InputError, match=r"cloud\.ply holds no triangle; a cloud of points .* make a mesh of it"):
        load_model(tmp_path / "cloud.ply")
    trimesh.Trimesh([[0, 0, 0], [1, 0, 0], [2, 0, 0]], [[0, 1, 2]], process=False).export(tmp_path / "line.ply")
    with pytest.raises(InputError, match="no triangle of it is finite and has an area"):
        load_model(tmp_path / "line.ply")


def test_nodes_that_share_a_name_and_names_in_other_scripts_stay_apart(tmp_path: Path) -> None:
    scene = trimesh.Scene()
    scene.add_geometry(box((1, 1, 1), (0, 0, 0), RED), node_name="Стул", geom_name="a")
    scene.add_geometry(box((1, 1, 1), (3, 0, 0), BLUE), node_name="椅子", geom_name="b")
    scene.export(tmp_path / "комната é.glb")
    assert set(load_model(tmp_path / "комната é.glb").nodes) == {"Стул", "椅子"}
    scene = trimesh.Scene()
    for number, name in enumerate(("chair_A", "chair_B")):
        scene.add_geometry(box((1, 1, 1), (3 * number, 0, 0), RED), node_name=name, geom_name=name.lower())
    written = scene.export(file_type="glb")
    (tmp_path / "twins.glb").write_bytes(written.replace(b"chair_B", b"chair_A"))
    twins = load_model(tmp_path / "twins.glb")
    assert len(twins.nodes) == 2
    assert np.bincount(twins.node).tolist() == [12, 12]
