"""Cameras as other tools write them: exact numbers in, the same pinhole out; what is none is told."""

import json

import pytest

from core3d_search.errors import InputError
from core3d_search.indexer.readers import find_scenes
from core3d_search.indexer.readers.camera_file import read_camera

ROWS = [[5.0, 0.0, 4.0], [0.0, 6.0, 3.0], [0.0, 0.0, 1.0]]
DOWN = [5.0, 0, 0, 0, 6, 0, 4, 3, 1]
ACROSS = [5.0, 0, 4, 0, 6, 3, 0, 0, 1]
WRITTEN = {
    "numbers": {"fx": 5, "fy": 6, "cx": 4, "cy": 3},
    "nerfstudio": {"fl_x": 5, "fl_y": 6, "cx": 4, "cy": 3, "w": 8, "h": 6},
    "RealSense": {"fx": 5, "fy": 6, "ppx": 4, "ppy": 3, "width": 8, "height": 6},
    "Open3D": {"width": 8, "height": 6, "intrinsic_matrix": DOWN},
    "row by row": {"K": ACROSS},
    "three rows": {"camera_matrix": ROWS},
    "in an object": {"width": 8, "height": 6, "camera": {"fx": 5, "fy": 6, "cx": 4, "cy": 3}},
}


@pytest.mark.parametrize("name", WRITTEN)
def test_every_way_of_writing_a_camera_gives_the_same(tmp_path, name):
    path = tmp_path / "intrinsics.json"
    path.write_text(json.dumps(WRITTEN[name]))
    camera = read_camera(path)
    assert camera.intrinsics.tolist() == ROWS
    assert camera.size in (None, (8, 6))
    assert (camera.size is None) == (name in ("numbers", "row by row", "three rows"))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "describes no camera"),
        ({"fx": 0, "fy": 6, "cx": 4, "cy": 3}, "no pinhole camera"),
        ({"fx": "wide", "fy": 6, "cx": 4, "cy": 3}, "no camera in pixels"),
        ({"fx": float("nan"), "fy": 6, "cx": 4, "cy": 3}, "no pinhole camera"),
        ({"K": [1, 2, 3]}, "no camera in pixels"),
        ({"K": [["a"]]}, "no camera in pixels"),
        ({"fx": 5, "fy": 6, "cx": 4, "cy": 3, "width": 0, "height": 6}, "0x6 pixels"),
        ([1], "must hold a JSON object"),
    ],
)
def test_what_is_no_camera_is_told(tmp_path, values, words):
    path = tmp_path / "camera.json"
    path.write_text(json.dumps(values))
    with pytest.raises(InputError, match=words):
        read_camera(path)


def test_a_camera_meant_for_larger_images_is_scaled_to_those_that_are_there(frames_scene, tmp_path):
    scene = frames_scene(tmp_path / "scene", 1)
    (reader,) = find_scenes(scene)
    plain = reader[0]
    (scene / "intrinsics.txt").unlink()
    height, width = plain.depth.shape
    fx, fy, cx, cy = plain.intrinsics[[0, 1, 0, 1], [0, 1, 2, 2]].tolist()
    twice = {
        "fx": 2 * fx,
        "fy": 2 * fy,
        "cx": 2 * cx + 0.5,
        "cy": 2 * cy + 0.5,
        "width": 2 * width,
        "height": 2 * height,
    }
    (scene / "intrinsics.json").write_text(json.dumps(twice))
    (reader,) = find_scenes(scene)
    assert reader[0].intrinsics.tolist() == plain.intrinsics.tolist()
    assert scene / "intrinsics.json" in reader.files()
