"""Rooms furnished with models, to train masks on: which models, repeatable, and seen by a worn camera."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from training import pixel_net
from training.models import Model
from training.rendered import furnished, furnished_room, standing_models

CUBE = "\n".join(
    [f"v {x} {y} {z}" for x in (0, 0.5) for y in (0, 0.5) for z in (0, 0.5)]
    + ["mtllib m.mtl", "usemtl white", "f 1 2 4", "f 1 4 3", "f 5 6 8", "f 5 8 7"]
    + ["f 1 2 6", "f 1 6 5", "f 3 4 8", "f 3 8 7", "f 1 3 7", "f 1 7 5", "f 2 4 8", "f 2 8 6"]
)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Return a library of ten half-metre cubes, one of them a door, as extract_sh3d.py lays it out."""
    entries = []
    for number, name in enumerate(("Chair", "Vase", "Table", "Stool", "TV", "Desk", "Lamp", "Sink", "Rug", "Door")):
        folder = tmp_path / f"lib__m{number}"
        folder.mkdir()
        (folder / "model.obj").write_text(CUBE)
        (folder / "m.mtl").write_text("newmtl white\nKd 0.8 0.8 0.8\n")
        size = {"width": 0.5, "depth": 0.5, "height": 0.5}
        entry = {"key": folder.name, "name": name, "category": "Living room", "size_m": size, "elevation_m": 0.0}
        rest = {"path": f"{folder.name}/model.obj", "triangles": 12, "textures": [], "anisotropy": 1.0}
        entries.append(entry | rest | {"door_or_window": name == "Door"})
    (tmp_path / "catalog.json").write_text(json.dumps(entries))
    return tmp_path


def test_each_model_is_for_training_or_kept_out_and_doors_are_neither(library: Path) -> None:
    training, kept_out = (standing_models(library, development) for development in (False, True))
    names = [{model.name for model in models} for models in (training, kept_out)]
    assert not names[0] & names[1]
    assert len(names[0] | names[1]) == 9
    assert "door" not in names[0] | names[1]


def test_a_room_of_models_repeats_itself_and_plain_ones_are_painted(library: Path) -> None:
    models = standing_models(library, development=False)
    one, two = (furnished(models, 3) for _ in range(2))
    assert [item.label for item in one.objects] == [item.label for item in two.objects]
    own = [item for item in one.objects if item.label not in ("window", "door")]
    assert len(own) >= 3
    assert len({item.surfaces[0].color for item in own}) > 1  # the file says one white for all


def test_a_model_that_cannot_be_read_is_left_out(library: Path) -> None:
    models = standing_models(library, development=False)
    (library / "empty.obj").write_text("# nothing\n")
    broken: Model = replace(models[0], file=library / "empty.obj")
    room = furnished([broken, *models[1:]], 3)
    assert len(room.objects) >= len(models) - 2


def test_views_of_furnished_rooms_are_kept_with_categories_where_the_generator_has_them(
    library: Path, tmp_path: Path
) -> None:
    models = standing_models(library, development=False)
    views = pixel_net.furnished_views(models, 3, 2, tmp_path)
    room = furnished_room(models, 3, 1).room
    assert len(views.categories) == len(room.objects) + 1
    known = {item.label for item in room.objects if views.categories[item.id] != pixel_net.UNKNOWN}
    assert known
    assert known <= set(pixel_net.CATEGORIES)
    again = pixel_net.furnished_views([], 3, 2, tmp_path)
    np.testing.assert_array_equal(again.inputs, views.inputs)
