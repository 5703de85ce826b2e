"""How answers about the real kitchen are judged: points projected into drawn rectangles."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from core3d_search.indexer.frames import Frame

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

from kitchen_boxes import BOXES, NAMES
from kitchen_questions import ABSENT, QUESTIONS, iou, is_right, seen_rectangle

INTRINSICS = np.array([[500.0, 0, 320], [0, 500, 240], [0, 0, 1]])


def frame() -> Frame:
    """Return a picture taken at the origin, looking along z."""
    return Frame(0, np.zeros((480, 640, 3), np.uint8), np.zeros((480, 640), np.float32), INTRINSICS, np.eye(4))


def square(x: float, depth: float) -> np.ndarray:
    """Return points of a 0.2 m square around (x, 0, depth)."""
    across, down = np.meshgrid(np.linspace(-0.1, 0.1, 11), np.linspace(-0.1, 0.1, 11))
    return np.stack([across.ravel() + x, down.ravel(), np.full(121, depth)], axis=-1)


def test_points_fill_the_rectangle_that_the_camera_sees() -> None:
    assert seen_rectangle(square(0, 1), frame()) == (254, 187, 359, 292)  # 25 mm beside depth
    assert seen_rectangle(square(0, -1), frame()) is None
    assert seen_rectangle(square(5, 1), frame()) is None


def test_an_answer_is_right_in_its_rectangle_only() -> None:
    assert is_right(square(0, 1), {0: [(260, 200, 380, 300)]}, {0: frame()})
    assert not is_right(square(0, 1), {0: [(0, 0, 100, 100)]}, {0: frame()})
    assert iou((0, 0, 10, 10), (5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert iou((0, 0, 0, 0), (0, 0, 0, 0)) == 0


def test_every_question_has_a_place_and_every_box_lies_in_the_picture() -> None:
    assert (len(QUESTIONS), len(ABSENT)) == (16, 8)
    assert all(QUESTIONS.values())
    boxes = [box for found in BOXES.values() for box in found]
    assert (len(BOXES), len(boxes)) == (12, 106)
    names = {" ".join(name.split()) for name in NAMES.split(";")}
    for x0, y0, x1, y1, name in boxes:
        assert 0 <= x0 < x1 <= 640
        assert 0 <= y0 < y1 <= 480
        assert name in names
