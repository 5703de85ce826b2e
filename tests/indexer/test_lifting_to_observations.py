"""Mask pixels to world points on a scene whose every point is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from core3d_search.errors import InputError
from core3d_search.indexer.config import LiftConfig
from core3d_search.indexer.detections import Detections
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.lifting import lift

BOX = ((-0.2, -0.2, 0.0), (0.2, 0.2, 0.3), (200, 30, 30))
FLOOR = ((-3.0, -3.0, -0.1), (3.0, 3.0, 0.0), (90, 90, 90))


@pytest.fixture
def scene(draw: Callable[..., Any]) -> tuple[Frame, Detections]:
    frame, owner = draw([BOX, FLOOR], (1.5, -1.2, 1.0), (0, 0, 0.1), index=12)
    return frame, Detections.from_masks(np.stack([owner == 0, owner == 1]), [0.9, 0.8], [2, 4])


def test_points_lie_on_the_surface_of_the_thing(scene: tuple[Frame, Detections]) -> None:
    frame, detections = scene
    box, floor = lift(frame, detections, LiftConfig())
    assert np.abs(np.abs(box.points - (0, 0, 0.15)) / (0.2, 0.2, 0.15)).max(axis=1) == pytest.approx(1, abs=0.1)
    assert floor.points[:, 2] == pytest.approx(0, abs=1e-3)
    assert box.points.max(axis=0) == pytest.approx([0.2, 0.2, 0.3], abs=0.03)
    assert len(box.points) < 0.7 * box.pixel_count  # one a voxel
    assert (box.frame, box.level, box.pixel_count) == (12, 2, detections.masks[0].sum())
    assert box.colors[:, 0].min() > 150
    assert np.array_equal(box.mask.in_image(*frame.depth.shape), detections.masks[0])
    assert (box.at_border, floor.at_border) == (False, True)


def test_flying_pixels_between_two_depths_are_dropped(scene: tuple[Frame, Detections]) -> None:
    frame, _ = scene
    wall = np.full(frame.depth.shape, 4.0, np.float32)
    wall[30:90, 40:120] = 1.0
    wall[30:90, 120] = 2.5  # the mean of both sides: no surface is there
    flying = Frame(0, frame.rgb, wall, frame.intrinsics, np.eye(4))
    mask = np.zeros(wall.shape, bool)
    mask[30:90, 40:121] = True
    one = Detections.from_masks(mask[None], [1], [2])
    (clean,) = lift(flying, one, LiftConfig())
    (dirty,) = lift(flying, one, LiftConfig(step_ratio=0, erode_px=0))
    assert clean.points[:, 2].max() == pytest.approx(1.0)
    assert dirty.points[:, 2].max() == pytest.approx(2.5)


def test_missing_and_far_depth_gives_no_observation(scene: tuple[Frame, Detections]) -> None:
    frame, detections = scene
    blind = Frame(0, frame.rgb, np.where(detections.masks[0], 0, frame.depth), frame.intrinsics, np.eye(4))
    assert len(lift(blind, detections, LiftConfig())) == 1
    assert lift(frame, detections, LiftConfig(max_range_m=0.5)) == []


def test_a_broken_frame_is_named(scene: tuple[Frame, Detections]) -> None:
    frame, detections = scene
    lost = Frame(12, frame.rgb, frame.depth, frame.intrinsics, np.full((4, 4), np.nan))
    with pytest.raises(InputError, match="frame 12: world_from_camera is not finite"):
        lift(lost, detections, LiftConfig())
