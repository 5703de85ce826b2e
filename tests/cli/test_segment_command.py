"""`core3d segment`: the files it writes, and what it refuses."""

import json

import numpy as np
import trimesh

from core3d_search.evaluation.segment import read_vertices


def test_files_hold_the_labels_the_colours_and_what_they_mean(core3d, tmp_path):
    code, out, _ = core3d("segment", "attic", "--classes", "table,chair,mug", "--out", tmp_path / "labels", "--json")
    assert code == 0
    legend = json.loads((tmp_path / "labels" / "legend.json").read_text())
    assert json.loads(out).items() >= legend.items()
    classes = np.load(tmp_path / "labels" / "classes.npy", allow_pickle=False)
    instances = np.load(tmp_path / "labels" / "instances.npy", allow_pickle=False)
    assert [entry["points"] for entry in legend["classes"]] == [(classes == n).sum() for n in range(3)]
    assert {entry["id"]: entry["class"] for entry in legend["objects"]}[5] == "table"
    assert set(instances) == {1, 2, 3, 4, 5, 6}
    for name, labels, shown in (("semantic", classes, "classes"), ("instances", instances - 1, "objects")):
        cloud = trimesh.load(tmp_path / "labels" / f"{name}.ply")
        colors = np.array([entry["color"] for entry in legend[shown]])
        assert (cloud.colors[:, :3] == colors[labels]).all()


def test_a_mesh_keeps_its_vertices_in_order_and_its_faces(core3d, tmp_path):
    box = trimesh.creation.box((0.5, 0.5, 0.9))
    box.apply_translation((4, 0, 0.45))
    box.export(tmp_path / "mesh.ply")
    code, out, err = core3d(
        "segment", "attic", "--classes", "table,chair", "--mesh", tmp_path / "mesh.ply", "--out", tmp_path / "labels"
    )
    assert code == 0, err
    assert "chair" in out
    labelled = trimesh.load(tmp_path / "labels" / "semantic.ply", process=False)
    assert (labelled.faces == box.faces).all()
    np.testing.assert_allclose(labelled.vertices, box.vertices, atol=1e-6)
    assert np.load(tmp_path / "labels" / "instances.npy").tolist() == [2] * 8
    assert (read_vertices(tmp_path / "mesh.ply").points == trimesh.load(tmp_path / "mesh.ply").vertices).all()


def test_unreadable_meshes_and_missing_truth_are_refused_by_name(core3d, tmp_path):
    (tmp_path / "bad.ply").write_text("no mesh")
    for mesh in (tmp_path / "bad.ply", tmp_path / "none.ply"):
        code, _, err = core3d("segment", "attic", "--classes", "chair", "--mesh", mesh, "--out", tmp_path)
        assert code == 1
        assert mesh.name in err
    assert core3d("segment", "attic", "--classes", "chair", "--score", "--out", tmp_path)[0] == 1
