"""The 7-Scenes names, on files made here and on the real kitchen."""

import numpy as np
import pytest
from PIL import Image

from core3d_search.indexer.readers import find_scenes, kinect
from core3d_search.indexer.readers.seven_scenes import KINECT_INTRINSICS, SevenScenesReader


@pytest.fixture
def scene(tmp_path):
    for i in (7, 30):
        Image.fromarray(np.full((4, 6, 3), i, np.uint8)).save(tmp_path / f"frame-{i:06}.color.png")
        Image.fromarray(np.array([[0, 65535, 1500]] * 2, np.uint16)).resize((6, 4), 0).save(
            tmp_path / f"frame-{i:06}.depth.png"
        )
        np.savetxt(tmp_path / f"frame-{i:06}.pose.txt", np.eye(4))
    return tmp_path


def test_both_invalid_values_become_zero(scene):
    reader = SevenScenesReader.open(scene)
    assert [reader[i].rgb[0, 0, 0] for i in range(len(reader))] == [7, 30]
    np.testing.assert_array_equal(np.unique(reader[1].depth), [0, 1.5])


def test_intrinsics_default_to_the_kinect_and_yield_to_a_file(scene):
    np.testing.assert_array_equal(SevenScenesReader.open(scene)[0].intrinsics, KINECT_INTRINSICS)
    np.savetxt(scene / "camera-intrinsics.txt", np.diag([500, 500, 1]))
    np.testing.assert_array_equal(SevenScenesReader.open(scene)[0].intrinsics, np.diag([500, 500, 1]))


def test_the_real_kitchen_is_recognised_and_agrees_between_frames(shared):
    (reader,) = find_scenes(shared / "data" / "redkitchen")
    assert (reader.format, len(reader)) == ("7scenes", 100)
    first, second = reader[0], reader[1]
    # Points of one frame, seen from the next, must have the depth that the next one measured.
    v, u = np.nonzero(first.depth)
    z = first.depth[v, u]
    rays = np.linalg.inv(first.intrinsics) @ np.stack([u, v, np.ones_like(u)]).astype(float)
    world = first.world_from_camera[:3, :3] @ (rays * z) + first.world_from_camera[:3, 3:]
    seen = np.linalg.inv(second.world_from_camera) @ np.vstack([world, np.ones(world.shape[1])])
    pixel = second.intrinsics @ seen[:3]
    x, y = np.round(pixel[:2] / pixel[2]).astype(int)
    inside = (pixel[2] > 0) & (x >= 0) & (x < 640) & (y >= 0) & (y < 480)
    measured = second.depth[y[inside], x[inside]]
    error = np.abs(measured - seen[2][inside])[measured > 0]
    assert np.median(error) < 0.03


def test_the_real_kitchen_is_registered_where_its_files_are_not(shared):
    (reader,) = find_scenes(shared / "data" / "redkitchen")
    stored = reader._read_unregistered(28)
    assert kinect.is_unregistered([stored])
    frame = reader[28]
    assert not kinect.is_unregistered([frame])
    np.testing.assert_array_equal(frame.depth, stored.depth)
    assert not np.array_equal(frame.rgb, stored.rgb)
