"""What the built-in masks make of a frame before they look for regions, and outlines at full size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core3d_search.indexer.frames import Frame
from core3d_search.indexer.masks.built_in.outlines import outlined
from core3d_search.indexer.masks.built_in.working_image import HALF, LONGEST_PX, WorkingImage, at_frame_size
from core3d_search.indexer.planes import find_structure
from core3d_search.indexer.surfaces import back_project, to_world

FLOOR = ((-3.0, -3.0, -0.1), (3.0, 3.0, 0.0), (150, 140, 130))
BOX = ((-0.3, -0.3, 0.0), (0.3, 0.3, 0.5), (130, 90, 50))


@pytest.fixture(scope="module")
def drawn(draw: Callable[..., Any]) -> tuple[Frame, np.ndarray]:
    return draw([FLOOR, BOX], (0.3, -1.8, 1.4), (0, 0, 0.2), size=(240, 320))


def test_points_are_those_of_every_second_pixel_with_up_as_the_third_axis(drawn: tuple[Frame, np.ndarray]) -> None:
    frame, owner = drawn
    image = WorkingImage.of(frame, find_structure([frame], (0, 0, 1)))
    world = to_world(back_project(frame.depth, frame.intrinsics), frame.world_from_camera)[::HALF, ::HALF]
    inside = (owner == 0)[::HALF, ::HALF] & (frame.depth > 0)[::HALF, ::HALF]
    above_camera = world[..., 2] - frame.world_from_camera[2, 3]
    assert np.median(np.abs(image.points[..., 2] - above_camera)[inside]) < 2e-3  # the median filter moves some
    distance = np.linalg.norm(world - frame.world_from_camera[:3, 3], axis=-1)
    assert np.linalg.norm(image.points, axis=-1)[inside] == pytest.approx(distance[inside], rel=0.05)
    assert np.median(image.normals[inside][:, 2]) == pytest.approx(1, abs=1e-3)


def test_pixels_of_the_floor_know_their_plane_and_those_of_the_box_do_not(drawn: tuple[Frame, np.ndarray]) -> None:
    frame, owner = drawn
    structure = find_structure([frame], (0, 0, 1))
    image = WorkingImage.of(frame, structure)
    assert [plane.kind for plane in image.structure.planes] == ["floor"]
    planes, owner = image.nearest_planes(), owner[::HALF, ::HALF]
    assert (planes[(owner == 0) & image.valid] == 0).mean() > 0.97
    higher = (owner == 1) & (image.off_planes[..., 0] > 0.1)
    assert (planes[higher] == -1).all()
    world = to_world(back_project(frame.depth, frame.intrinsics), frame.world_from_camera)[::HALF, ::HALF]
    off = np.abs(world @ structure.planes[0].normal - structure.planes[0].offset)
    assert np.median(np.abs(image.off_planes[..., 0] - off)[image.valid]) < 1e-3
    assert WorkingImage.of(frame, None).off_planes.shape == (*image.depth.shape, 0)
    assert (WorkingImage.of(frame, None).nearest_planes() == -1).all()


def test_small_holes_are_filled_and_large_ones_stay(drawn: tuple[Frame, np.ndarray]) -> None:
    frame, _ = drawn
    depth = frame.depth.copy()
    depth[200:206, 100:106] = 0
    depth[150:230, 200:300] = 0
    image = WorkingImage.of(replace(frame, depth=depth), None)
    assert image.valid[100:103, 50:53].all()
    assert not image.valid[95, 125]


@pytest.mark.parametrize("shape", [(37, 50), (240, 320), (600, 901)])
def test_labels_come_back_at_the_size_of_the_frame(shape: tuple[int, int]) -> None:
    x = np.indices(shape)[1]
    rgb = np.repeat(((x > shape[1] // 2) * 200).astype(np.uint8)[..., None], 3, axis=2)
    frame = Frame(0, rgb, np.ones(shape, np.float32), np.diag([300.0, 300, 1]), np.eye(4))
    image = WorkingImage.of(frame, None)
    assert image.rgb.shape[:2] == image.full_depth.shape == tuple(HALF * side for side in image.depth.shape)
    assert max(image.rgb.shape) <= LONGEST_PX + 1
    halves = (np.indices(image.depth.shape)[1] >= image.depth.shape[1] // 2).astype(np.int64)
    found = at_frame_size(outlined(halves, image), shape)
    assert found.shape == shape
    scale = max(1.0, max(shape) / LONGEST_PX)
    wrong = (found != (x > shape[1] // 2)).sum(axis=1)
    assert wrong.max() <= 2 * scale


def test_an_outline_comes_to_lie_on_the_edge_beside_it_and_thin_things_stay() -> None:
    rgb = np.full((80, 120, 3), 60, np.uint8)
    rgb[:, 61:] = 200  # an odd column, which labels at half size cannot tell
    rgb[20:22, 10:50] = 0
    frame = Frame(0, rgb, np.ones((80, 120), np.float32), np.diag([100.0, 100, 1]), np.eye(4))
    labels = np.zeros((40, 60), np.int64)
    labels[:, 31:] = 1
    labels[10, 5:25] = 2  # one pixel high: it has no inside
    found = outlined(labels, WorkingImage.of(frame, None))
    right = np.arange(120) >= 61
    assert (np.delete(found, [20, 21], axis=0) == right).all()
    assert (found[20:22] == np.where((np.arange(120) >= 10) & (np.arange(120) < 50), 2, right)).all()
    one = outlined(np.zeros((40, 60), np.int64), WorkingImage.of(frame, None))
    assert one.shape == (80, 120)
    assert not one.any()
