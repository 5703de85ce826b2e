"""Boxes, voxels and hulls against values known by hand and against plain sampling."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core3d_search.datatypes import Box3D
from core3d_search.geometry import (
    box_corners,
    box_iou,
    box_volume,
    convex_hull,
    fit_box,
    intersection_volume,
    level_axes,
    points_in_box,
    thin,
    voxel_keys,
    voxel_numbers,
)

UNIT = Box3D(np.zeros(3), np.ones(3))


def turned(degrees: float) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def random_rotation(rng: np.random.Generator) -> np.ndarray:
    q, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    return q * np.sign(np.linalg.det(q))


@pytest.mark.parametrize(
    ("other", "iou"),
    [
        (UNIT, 1.0),
        (Box3D(np.array([0.5, 0, 0]), np.ones(3)), 1 / 3),
        (Box3D(np.array([1.0, 0, 0]), np.ones(3)), 0.0),  # they touch
        (Box3D(np.array([0, 0, 0.25]), np.array([1, 1, 0.5])), 0.5),  # flush on five sides
        (Box3D(np.array([5.0, 0, 0]), np.ones(3)), 0.0),
        (Box3D(np.zeros(3), np.ones(3), turned(90)), 1.0),
        (Box3D(np.zeros(3), np.ones(3), turned(45)), (2 * np.sqrt(2) - 2) / (4 - 2 * np.sqrt(2))),  # an octagon
        (Box3D(np.zeros(3), np.array([1, 1, 0.0])), 0.0),
    ],
)
def test_box_iou_has_its_known_value(other: Box3D, iou: float) -> None:
    assert box_iou(UNIT, other) == pytest.approx(iou, abs=1e-9)
    assert box_iou(other, UNIT) == pytest.approx(iou, abs=1e-9)


def test_intersection_of_turned_boxes_agrees_with_sampling() -> None:
    rng = np.random.default_rng(3)
    for _ in range(12):
        a = Box3D(rng.normal(size=3) * 0.3, rng.uniform(0.3, 1.5, 3), random_rotation(rng))
        b = Box3D(rng.normal(size=3) * 0.3, rng.uniform(0.3, 1.5, 3), random_rotation(rng))
        samples = (rng.random((40_000, 3)) - 0.5) * a.extent @ a.rotation.T + a.center
        sampled = points_in_box(samples, b).mean() * box_volume(a)
        assert intersection_volume(a, b) == pytest.approx(sampled, abs=0.015 * box_volume(a) + 1e-9)
        assert intersection_volume(a, b) == pytest.approx(intersection_volume(b, a), abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 89), st.floats(0.2, 3), st.floats(0.2, 3), st.integers(0, 1000))
def test_fitting_corners_gives_back_the_upright_box(yaw: float, x: float, y: float, seed: int) -> None:
    up = np.random.default_rng(seed).normal(size=3)
    box = Box3D(np.array([1.0, -2, 3]), np.array([x, y, 0.7]), level_axes(up) @ turned(yaw))
    inside = (np.random.default_rng(0).random((300, 3)) - 0.5) * box.extent @ box.rotation.T + box.center
    fitted = fit_box(np.concatenate([box_corners(box), inside]), up)
    assert box_iou(box, fitted) == pytest.approx(1, abs=1e-6)
    assert fitted.rotation[:, 2] == pytest.approx(up / np.linalg.norm(up))
    assert np.linalg.det(fitted.rotation) == pytest.approx(1)


def test_a_box_without_up_follows_the_principal_axes() -> None:
    rng = np.random.default_rng(5)
    box = Box3D(np.array([1.0, 2, 3]), np.array([3, 1, 0.2]), random_rotation(rng))
    points = (rng.random((20_000, 3)) - 0.5) * box.extent @ box.rotation.T + box.center
    assert box_iou(fit_box(points), box) > 0.9


@pytest.mark.parametrize("points", [[[1.0, 2, 3]], [[0.0, 0, 0], [1, 1, 0]], [[0.0, 0, 0], [0, 0, 1]]])
def test_points_on_a_line_have_a_thin_box(points: list[list[float]]) -> None:
    box = fit_box(points, (0, 0, 1))
    assert points_in_box(points, box, 1e-6).all()
    assert box.extent.max() == pytest.approx(max(np.linalg.norm(np.ptp(points, axis=0)), 0))


def test_trimming_thins_noise_and_spares_what_is_solid() -> None:
    rng = np.random.default_rng(0)
    board = rng.uniform((-0.5, -0.3, 0), (0.5, 0.3, 0), (4000, 3)) + rng.normal(0, (0, 0, 0.01), (4000, 3))
    raw, trimmed = fit_box(board, (0, 0, 1)), fit_box(board, (0, 0, 1), trim=0.02, max_trim_m=0.05)
    assert raw.extent[2] > 0.06 > 0.045 > trimmed.extent[2]
    assert np.sort(trimmed.extent)[1:] == pytest.approx([0.6 * 0.96, 0.96], abs=0.01)
    assert fit_box(board, (0, 0, 1), trim=0.4, max_trim_m=0.01).extent.max() == pytest.approx(0.98, abs=0.01)
    doubted = np.concatenate([board, [[0, 0, 1.0]]])
    weights = np.append(np.ones(4000), 0.001)
    assert fit_box(doubted, (0, 0, 1), weights, 0.001, 2.0).extent[2] < 0.1


def test_no_points_have_no_box() -> None:
    with pytest.raises(ValueError, match="1 or more"):
        fit_box(np.zeros((0, 3)), (0, 0, 1))


def test_the_hull_holds_every_point_and_only_its_own() -> None:
    rng = np.random.default_rng(1)
    points = rng.normal(size=(3000, 2))
    hull = convex_hull(points)
    sides = np.roll(hull, -1, axis=0) - hull
    offsets = points[:, None] - hull[None]
    assert (sides[:, 0] * offsets[..., 1] - sides[:, 1] * offsets[..., 0] >= -1e-12).all()
    assert {tuple(corner) for corner in hull} <= {tuple(point) for point in points}


def test_thinning_keeps_one_mean_point_a_voxel_and_its_occupancy() -> None:
    points = np.array([[0.1, 0.1, 0.1], [0.3, 0.1, 0.1], [-0.1, 0.1, 0.1]], np.float32)
    colors = np.array([[10, 0, 0], [21, 0, 0], [7, 7, 7]], np.uint8)
    thinned, means = thin(points, 0.5, colors)
    assert thinned.tolist() == pytest.approx(np.array([[-0.1, 0.1, 0.1], [0.2, 0.1, 0.1]]))
    assert means.tolist() == [[7, 7, 7], [16, 0, 0]]
    assert thinned.dtype == np.float32
    assert means.dtype == np.uint8


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_thinning_changes_no_occupied_voxel(seed: int) -> None:
    points = np.random.default_rng(seed).normal(size=(200, 3))
    (thinned,) = thin(points, 0.25)
    assert np.array_equal(voxel_keys(thinned, 0.25), np.unique(voxel_keys(points, 0.25)))


def test_voxel_keys_refuse_points_that_no_key_can_hold() -> None:
    with pytest.raises(ValueError, match="finite"):
        voxel_keys([[np.nan, 0, 0]], 0.1)
    with pytest.raises(ValueError, match="finite"):
        voxel_keys([[0, 0, 1e9]], 0.1)


@pytest.mark.parametrize(
    ("points", "corners"),
    [
        ([[1, 1], [1, 1]], [[1, 1]]),
        ([[0, 0], [2, 2], [1, 1], [3, 3]], [[0, 0], [3, 3]]),
        ([[0, 5], [0, 1], [0, 3]], [[0, 1], [0, 5]]),
        ([[2, 2], [0, 0], [2, 0], [0, 2], [1, 1], [1, 0]], [[0, 0], [2, 0], [2, 2], [0, 2]]),
    ],
)
def test_the_hull_runs_counter_clockwise_from_the_least_corner_and_may_be_flat(points, corners) -> None:
    np.testing.assert_array_equal(convex_hull(points), corners)


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.05, 0.5, 3.0]), st.sampled_from([1.0, 2000.0]))
def test_voxels_are_numbered_in_the_order_of_their_keys(seed: int, size: float, spread: float) -> None:
    points = np.random.default_rng(seed).normal(0, spread, (40, 3))  # far apart: no table of all voxels between
    expected = np.unique(voxel_keys(points, size), return_inverse=True)[1]
    assert np.array_equal(voxel_numbers(points, size), expected)


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.01, 0.1, 0.3]), st.sampled_from([0.02, 0.3, np.inf]))
def test_sides_move_in_past_their_share_of_the_weight(seed: int, trim: float, most: float) -> None:
    random = np.random.default_rng(seed)
    points, weights = random.normal(0, 1, (60, 3)), random.uniform(0.1, 2, 60)
    box = fit_box(points, (0, 0, 1), weights, trim, most)
    local = (points - box.center) @ box.rotation
    whole = np.stack([local.min(axis=0), local.max(axis=0)])
    for axis in range(3):
        order = np.argsort(local[:, axis])
        ranked, share = local[order, axis], np.cumsum(weights[order]) / weights.sum()
        low = min(ranked[share >= trim][0], whole[0, axis] + most)
        high = max(ranked[np.cumsum(weights[order][::-1])[::-1] / weights.sum() >= trim][-1], whole[1, axis] - most)
        assert [-box.extent[axis] / 2, box.extent[axis] / 2] == pytest.approx([low, high], abs=1e-9)
