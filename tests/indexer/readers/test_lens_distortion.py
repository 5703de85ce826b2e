"""Distorted images become those of a pinhole camera, by the lens models that COLMAP and nerfstudio name."""

import json

import numpy as np
import pytest
from format_writers import png16, world_points
from PIL import Image

from core3d_search.indexer.readers import find_scenes
from core3d_search.indexer.readers.lens import Lens

WIDTH, HEIGHT, FOCAL = 160, 120, 110.0
LENSES = {
    "OPENCV": {"k1": -0.12, "k2": 0.03, "p1": 0.002, "p2": -0.001},
    "OPENCV_FISHEYE": {"k1": 0.05, "k2": -0.01, "k3": 0.002, "k4": 0.0},
}


def ray_of(lens, x, y):
    """Return the ray that the lens shows at (x, y), by fixed-point search: not as images are straightened."""
    straight_x, straight_y = x.copy(), y.copy()
    for _ in range(200):
        bent_x, bent_y = lens.distorted(straight_x, straight_y)
        straight_x, straight_y = straight_x + x - bent_x, straight_y + y - bent_y
    return straight_x, straight_y


@pytest.mark.parametrize("model", LENSES)
def test_a_slanted_wall_through_a_lens_is_flat_again(model, tmp_path):
    lens = Lens(tuple(LENSES[model].values()), model == "OPENCV_FISHEYE")
    v, u = np.mgrid[:HEIGHT, :WIDTH].astype(float)
    x, y = ray_of(lens, (u - WIDTH / 2 + 0.5) / FOCAL, (v - HEIGHT / 2 + 0.5) / FOCAL)
    depth = 2.0 / (1 + 0.2 * x - 0.1 * y)  # the plane z + 0.2 x - 0.1 y = 2
    red = np.clip(128 + 200 * x, 0, 255)  # colour tells where the ray goes
    (tmp_path / "images").mkdir()
    Image.fromarray(np.stack([red, red, red], -1).astype(np.uint8)).save(tmp_path / "images" / "0.png")
    png16(tmp_path / "depth" / "0.png", depth * 10_000)
    frame = {"file_path": "images/0.png", "depth_file_path": "depth/0.png", "transform_matrix": np.eye(4).tolist()}
    camera = {"fl_x": FOCAL, "fl_y": FOCAL, "cx": WIDTH / 2, "cy": HEIGHT / 2, "w": WIDTH, "h": HEIGHT}
    described = {"camera_model": model, **camera, **LENSES[model], "depth_unit_scale_factor": 1e-4, "frames": [frame]}
    (tmp_path / "transforms.json").write_text(json.dumps(described))
    (reader,) = find_scenes(tmp_path)
    read = reader[0]
    rows, columns = np.nonzero(read.depth)
    assert len(rows) > 0.85 * WIDTH * HEIGHT
    points = world_points(read, rows, columns) * [1, -1, -1]  # the identity pose with OpenGL axes
    off = points @ [0.2, -0.1, 1] - 2
    assert np.abs(off).max() < 0.005
    expected = 128 + 200 * points[:, 0] / points[:, 2]
    seen = read.rgb[rows, columns, 0].astype(float)
    inner = (expected > 5) & (expected < 250)
    assert np.abs(seen - expected)[inner].mean() < 1.5


def test_the_middle_of_a_fisheye_is_where_it_was():
    x, y = Lens((0.1, 0.0, 0.0, 0.0), fisheye=True).distorted(np.zeros((1, 1)), np.zeros((1, 1)))
    assert (x[0, 0], y[0, 0]) == (0, 0)
