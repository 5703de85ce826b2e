"""What is measured of a frame's depth, against plain oracles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import median_filter

from core3d_search.indexer.frames import Frame
from core3d_search.indexer.masks.built_in.frame_surfaces import FrameSurfaces, median_of_nine
from core3d_search.indexer.planes import find_structure
from core3d_search.indexer.surfaces import to_world

FLOOR = ((-3.0, -3.0, -0.1), (3.0, 3.0, 0.0), (150, 140, 130))
BOX = ((-0.3, -0.3, 0.0), (0.3, 0.3, 0.5), (130, 90, 50))


@pytest.fixture(scope="module")
def frame(draw: Callable[..., Any]) -> Frame:
    return draw([FLOOR, BOX], (0.3, -1.8, 1.4), (0, 0, 0.2), size=(241, 321))[0]


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (6, 5), (40, 33)])
def test_the_median_of_nine_is_that_of_scipy(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 9, shape).astype(np.float32)
    assert np.array_equal(median_of_nine(image), median_filter(image, 3))


def test_planes_are_as_far_from_points_in_the_camera_as_in_the_world(frame: Frame) -> None:
    structure = find_structure([frame], (0, 0, 1))
    seen = FrameSurfaces.of(frame, structure)
    world = to_world(seen.points, frame.world_from_camera)
    assert seen.off_planes == pytest.approx(structure.distances(world), abs=1e-5)
    nearest = seen.structure.nearest_of(seen.off_planes, seen.depth)
    assert (nearest == structure.nearest(world, seen.depth)).mean() > 0.9999
    assert frame.world_from_camera[:3, :3] @ seen.structure.up == pytest.approx([0, 0, 1])


def test_without_a_structure_up_is_the_top_of_the_image(frame: Frame) -> None:
    seen = FrameSurfaces.of(frame, None)
    assert seen.structure.up == pytest.approx([0, -1, 0])
    assert seen.off_planes.shape == (0, 241, 321)
