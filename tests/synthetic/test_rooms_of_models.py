"""Rooms furnished with a folder of models: everything stands free, is labelled, and looks as its file says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from mesh_samples import BLUE, RED, box, textured_quad

from core3d_search.errors import InputError
from core3d_search.meshes.loading import load_model
from core3d_search.synthetic import render_room
from core3d_search.synthetic.collision import overlaps
from core3d_search.synthetic.demo import model_rooms
from core3d_search.synthetic.model_rooms import Furniture, furnish_with_models, load_furniture


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    box((1.2, 0.7, 0.8), (3, 3, 3), BLUE).export(folder / "BlueTable_01.glb")
    box((0.5, 0.9, 0.5), (0, 0, 0), RED).export(folder / "stool.glb")
    box((0.1, 0.12, 0.1), (0, 0, 0), RED).export(folder / "cup.glb")
    box((9, 1, 9), (0, 0, 0), RED).export(folder / "hall.glb")
    (folder / "broken.glb").write_bytes(b"glTF")
    return folder


def test_models_that_fit_stand_upright_on_the_origin(models: Path) -> None:
    found = {item.label: item for item in load_furniture(models)}
    assert set(found) == {"blue table", "stool", "cup"}
    np.testing.assert_allclose(found["blue table"].size, (1.2, 0.8, 0.7), atol=1e-5)
    np.testing.assert_allclose(found["stool"].model.bounds, [[-0.25, -0.25, 0], [0.25, 0.25, 0.9]], atol=1e-5)


def test_a_room_is_furnished_without_collisions_and_always_alike(models: Path) -> None:
    furniture = load_furniture(models)
    room, again = (furnish_with_models(furniture, 3) for _ in range(2))
    assert {item.label for item in room.objects} >= {"blue table", "stool", "cup"}
    assert [item.box.to_dict() for item in room.objects] == [item.box.to_dict() for item in again.objects]
    for number, item in enumerate(room.objects, 1):
        assert item.id == number
        for other in room.objects[number:]:
            assert not overlaps(item.solids, other.solids).any()
    (cup,) = [item for item in room.objects if item.label == "cup"]
    assert cup.held == "on"
    assert room[cup.holder or 0].label in ("blue table", "stool")
    on = [(fact.subject, fact.anchors[0]) for fact in room.relations if fact.predicate == "on"]
    assert (cup.id, cup.holder) in on


def test_what_is_rendered_lies_in_its_box_and_has_its_colour(models: Path) -> None:
    room = furnish_with_models(load_furniture(models), 3)
    (table,) = [item for item in room.objects if item.label == "blue table"]
    seen = 0
    for frame in render_room(room, frames=6, width=160, height=120, noise=False):
        rows, columns = np.nonzero(frame.instance == table.id)
        seen += len(rows)
        rays = np.stack([columns, rows, np.ones_like(rows)], -1) @ np.linalg.inv(frame.intrinsics).T
        local = rays * frame.depth[rows, columns][:, None]
        world = local @ frame.world_from_camera[:3, :3].T + frame.world_from_camera[:3, 3]
        inside = np.abs((world - table.box.center) @ table.box.rotation) <= table.box.extent / 2 + 2e-3
        assert inside.all()
        if len(rows) > 200:
            red, _, blue = np.median(frame.rgb[rows, columns], axis=0)
            assert blue > 1.5 * red
    assert seen > 300


def test_textures_of_models_show(tmp_path: Path) -> None:
    picture = Furniture("picture", load_model(textured_quad(tmp_path)).moved(np.eye(3), (-0.5, 0, 0)))
    room = furnish_with_models([picture], 4)
    (item,) = [item for item in room.objects if item.label == "picture"]
    colors = [
        frame.rgb[frame.instance == item.id]
        for frame in render_room(room, frames=4, width=160, height=120, noise=False)
    ]
    pixels = np.concatenate(colors).astype(float)
    reds = (pixels[:, 0] > 1.6 * pixels[:, 2]).mean()
    blues = (pixels[:, 2] > 1.6 * pixels[:, 0]).mean()
    assert min(reds, blues) > 0.1


def test_the_demo_writes_them_as_scans(models: Path, tmp_path: Path) -> None:
    rooms = model_rooms(tmp_path / "scenes", models, count=1, frames=2, width=64, height=48)
    truth = json.loads((rooms[0] / "ground_truth.json").read_text())
    assert {"stool", "window"} <= {entry["label"] for entry in truth["objects"]}


def test_a_folder_without_models_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no model that fits into a room"):
        load_furniture(tmp_path)
