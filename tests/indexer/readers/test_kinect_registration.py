"""Colour and depth of two cameras side by side: each pixel of depth gets its own colour, where the edges say so."""

from __future__ import annotations

import numpy as np
import pytest

from core3d_search.indexer.frames import Frame
from core3d_search.indexer.readers.kinect import color_pixels, is_unregistered, registered
from core3d_search.indexer.readers.seven_scenes import KINECT_INTRINSICS


def boxes_on_a_wall() -> tuple[np.ndarray, np.ndarray]:
    """Return depth (480, 640): boxes at 1.2 m before a wall at 2 m; and the same as brightness."""
    depth, bright = np.full((480, 640), 2, np.float32), np.full((480, 640), 60, np.uint8)
    for row, column in ((60, 80), (80, 420), (280, 120), (300, 470)):
        depth[row : row + 90, column : column + 90] = 1.2
        bright[row : row + 90, column : column + 90] = 200
    return depth, bright


def frame(depth: np.ndarray, bright: np.ndarray) -> Frame:
    return Frame(0, np.repeat(bright[..., None], 3, axis=2), depth, KINECT_INTRINSICS, np.eye(4))


def as_the_kinect_sees(depth: np.ndarray, bright: np.ndarray) -> Frame:
    """Return a frame with the picture of the colour camera beside: points painted from far to near."""
    rows, columns = np.indices(depth.shape)
    points = np.stack([(columns - 320) / 585 * depth, (rows - 240) / 585 * depth, depth], -1).reshape(-1, 3)
    pixels = np.round(color_pixels(points, KINECT_INTRINSICS)).astype(int)
    picture = np.full(depth.shape, 60, np.uint8)
    order = np.argsort(-points[:, 2], kind="stable")
    inside = order[((pixels[order] >= 0) & (pixels[order] < (640, 480))).all(axis=1)]
    picture[pixels[inside, 1], pixels[inside, 0]] = bright.ravel()[inside]
    return frame(depth, picture)


def test_a_point_lies_where_the_colour_camera_has_it() -> None:
    pixels = color_pixels(np.array([[0.0, 0, 1], [0.4, 0.2, 2]]), KINECT_INTRINSICS)
    np.testing.assert_allclose(pixels, [[320 - 525 * 0.025, 240], [320 + 525 * 0.375 / 2, 240 + 52.5]])


def test_registering_gives_each_depth_its_colour() -> None:
    depth, bright = boxes_on_a_wall()
    seen = as_the_kinect_sees(depth, bright)
    wrong_before = (np.abs(seen.rgb[..., 0].astype(int) - bright) > 70).mean()
    wrong_after = (np.abs(registered(seen).rgb[..., 0].astype(int) - bright) > 70).mean()
    assert wrong_before > 0.05
    assert wrong_after < 0.3 * wrong_before
    np.testing.assert_array_equal(registered(seen).depth, depth)


def test_edges_tell_whether_a_scan_is_registered() -> None:
    depth, bright = boxes_on_a_wall()
    assert is_unregistered([as_the_kinect_sees(depth, bright)])
    assert not is_unregistered([frame(depth, bright)])


@pytest.mark.parametrize("depth", [0.0, 2.0])
def test_without_edges_a_scan_is_taken_as_stored(depth: float) -> None:
    flat = frame(np.full((480, 640), depth, np.float32), np.full((480, 640), 90, np.uint8))
    assert not is_unregistered([flat])
    if not depth:
        assert registered(flat) is flat
