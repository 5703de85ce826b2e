"""Boxes drawn into a frame land on the pixels that the pinhole model says."""

import numpy as np
import pytest

from core3d_search.datatypes import Box3D
from core3d_search.indexer.drawing import around, draw_boxes
from core3d_search.indexer.frames import Frame


@pytest.fixture
def frame():
    intrinsics = np.array([[100.0, 0, 160], [0, 100, 120], [0, 0, 1]])
    return Frame(0, np.zeros((240, 320, 3), np.uint8), np.zeros((240, 320), np.float32), intrinsics, np.eye(4))


def drawn(frame, box, caption=""):
    return draw_boxes(frame, [box], [caption]).any(axis=2)


def test_the_near_face_is_a_rectangle_of_the_projected_size(frame):
    # A 1 m cube whose near face is 1 m away: 100 pixels to each side, centred on the principal point.
    lit = drawn(frame, Box3D([0, 0, 1.5], [1, 1, 1]))
    rows, columns = np.nonzero(lit[30:])
    assert abs(columns.min() - 110) <= 2
    assert abs(columns.max() - 210) <= 2
    assert abs(rows.max() + 30 - 170) <= 2
    assert not lit[120, 150:170].any(), "a box is drawn by its edges only"


def test_a_box_behind_the_camera_draws_nothing(frame):
    assert not drawn(frame, Box3D([0, 0, -2], [1, 1, 1]), "behind").any()


def test_a_box_around_the_camera_is_cut_at_the_near_plane(frame):
    assert drawn(frame, Box3D([0, 0.5, 0], [1, 0.5, 4])).any()


def test_a_caption_stays_inside_the_image(frame):
    lit = drawn(frame, Box3D([1.5, -1.2, 1.5], [0.2, 0.2, 0.2]), "red chair 0.93")
    assert lit[2:40, 250:316].mean() > 0.3


def test_what_surrounds_a_box_is_cut_out_with_a_margin_and_inside_the_image(frame):
    cut = around(frame, Box3D([0, 0, 1.5], [0.2, 0.2, 1]))  # its near face: 20 pixels, hence a margin of 24
    assert cut.shape[:2] == pytest.approx((20 + 48, 20 + 48), abs=2)
    assert cut.any()
    at_the_edge = around(frame, Box3D([1.5, 1.1, 1.5], [0.6, 0.6, 1]))
    assert at_the_edge.shape[0] < 140
    assert at_the_edge.shape[1] <= 160
    assert around(frame, Box3D([0, 0, -2], [1, 1, 1])).shape == frame.rgb.shape, "nothing to cut out"
