"""What a person says about a scan goes above what its files say, and is part of its fingerprint."""

import numpy as np
import pytest

from core3d_search.cli.options import read_options
from core3d_search.errors import InputError
from core3d_search.indexer.frames import ReadOptions
from core3d_search.indexer.readers import find_scenes, fingerprint


def opened(path, **said):
    (reader,) = find_scenes(path, options=ReadOptions(**said))
    return reader


def test_options_go_above_the_file_and_leave_the_rest_of_it(frames_scene, tmp_path):
    frames_scene(tmp_path / "attic", depth_scale=500, up=[0, 1, 0], scale=2.0)
    frame = opened(tmp_path, depth_scale=2000, up=(0.0, 0.0, 1.0))
    np.testing.assert_array_equal(frame.up, [0, 0, 1])
    np.testing.assert_allclose(frame[0].depth, 0.5)
    np.testing.assert_allclose(frame[0].world_from_camera[:3, 3], [2, 4, 6])


def test_inverted_poses_and_axes_are_turned_in_the_order_in_which_they_were_written(frames_scene, tmp_path):
    pose = opened(frames_scene(tmp_path / "attic"))[0].world_from_camera
    turned = opened(tmp_path, invert_poses=True, camera_axes="opengl")[0].world_from_camera
    np.testing.assert_allclose(turned, np.linalg.inv(pose) @ np.diag([1, -1, -1, 1]), atol=1e-12)


def test_options_of_the_command_line_change_the_fingerprint_and_none_leave_it(frames_scene, tmp_path):
    frames_scene(tmp_path / "attic")
    plain = fingerprint(opened(tmp_path))
    assert fingerprint(opened(tmp_path, scale=None)) == plain
    assert fingerprint(opened(tmp_path, scale=2.0)) != plain


@pytest.mark.parametrize(("text", "up"), [("z", (0, 0, 1)), ("-y", (0, -1, 0)), ("0,2,0", (0, 1, 0))])
def test_up_is_an_axis_or_three_numbers(text, up):
    assert read_options(None, None, None, text, None).up == up


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ((0.0, None, None, None, None), "depth_scale must be a positive number"),
        ((None, "maya", None, None, None), "camera_axes must be one of opencv, opengl"),
        ((None, None, None, "sideways", None), "up must be three numbers"),
        ((None, None, None, None, float("inf")), "scale must be a positive number"),
    ],
)
def test_values_that_cannot_be_are_refused_before_any_file_is_read(values, words):
    with pytest.raises(InputError, match=f"on the command line: {words}"):
        read_options(*values)
