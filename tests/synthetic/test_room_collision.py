"""Whether boxes overlap, against points sampled in both."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core3d_search.synthetic.catalogue.category import Model
from core3d_search.synthetic.collision import SKIN, bounds_of, overlaps, solids_of
from core3d_search.synthetic.shape import Shape
from core3d_search.synthetic.surfaces import WHITE


def solid(x, y, half_x, half_y, yaw=0.0, low=0.0, high=1.0) -> np.ndarray:
    return np.array([[x, y, half_x, half_y, yaw, low, high]], float)


def share_a_point(a: np.ndarray, b: np.ndarray, steps: int = 41) -> bool:
    """Whether a point of a fine grid in `a` lies in `b`; heights are compared as intervals."""
    (x, y, half_x, half_y, yaw, low, high), (u, v, half_u, half_v, turn, below, above) = a[0], b[0]
    if min(high, above) <= max(low, below):
        return False
    grid = np.stack(np.meshgrid(np.linspace(-half_x, half_x, steps), np.linspace(-half_y, half_y, steps)), -1)
    points = grid.reshape(-1, 2) @ np.array([[np.cos(yaw), np.sin(yaw)], [-np.sin(yaw), np.cos(yaw)]]) + (x, y)
    local = (points - (u, v)) @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return bool((np.abs(local) < (half_u, half_v)).all(1).any())


BOXES = st.tuples(
    st.floats(-1, 1), st.floats(-1, 1), st.floats(0.1, 0.8), st.floats(0.1, 0.8), st.floats(-3.2, 3.2)
).map(lambda values: solid(*values))


@given(BOXES, BOXES)
@settings(max_examples=150, deadline=None)
def test_what_shares_a_point_deep_inside_overlaps_and_what_overlaps_shares_one(a, b) -> None:
    shrunk = [np.concatenate([part[:, :2], part[:, 2:4] - 2 * SKIN, part[:, 4:]], 1) for part in (a, b)]
    if share_a_point(*shrunk):
        assert overlaps(a, b)[0, 0]
    grown = [np.concatenate([part[:, :2], part[:, 2:4] + 0.05, part[:, 4:]], 1) for part in (a, b)]
    if overlaps(a, b)[0, 0]:
        assert share_a_point(*grown) or share_a_point(*reversed(grown))
    assert overlaps(a, b)[0, 0] == overlaps(b, a)[0, 0]


def test_touching_is_not_overlapping() -> None:
    assert not overlaps(solid(0, 0, 0.5, 0.5), solid(1, 0, 0.5, 0.5))
    assert overlaps(solid(0, 0, 0.5, 0.5), solid(0.98, 0, 0.5, 0.5))
    assert not overlaps(solid(0, 0, 0.5, 0.5, high=1), solid(0, 0, 0.5, 0.5, low=1, high=2))
    assert overlaps(solid(0, 0, 0.5, 0.5, high=1.02), solid(0, 0, 0.5, 0.5, low=1, high=2))


def test_a_corner_between_turned_boxes_is_seen_as_free() -> None:
    assert not overlaps(solid(0, 0, 0.5, 0.5), solid(1.25, 0, 0.5, 0.5, np.pi / 4))
    assert overlaps(solid(0, 0, 0.5, 0.5), solid(1.15, 0, 0.5, 0.5, np.pi / 4))


def test_every_pair_is_answered() -> None:
    row = np.concatenate([solid(x, 0, 0.4, 0.4) for x in range(4)])
    np.testing.assert_array_equal(overlaps(row, row), np.eye(4, dtype=bool))
    assert overlaps(row, row[:2]).shape == (4, 2)


@pytest.mark.parametrize("hollow", [False, True])
def test_the_parts_of_a_hollow_model_collide_and_else_its_whole_box(hollow) -> None:
    table = Shape()
    table.box(WHITE, (1.2, 0.8, 0.05), (0, 0, 0.7))
    for x in (-0.55, 0.55):
        table.box(WHITE, (0.05, 0.7, 0.7), (x, 0, 0))
    solids = solids_of(Model(table, hollow=hollow), (2, 3, 0), np.pi / 2)
    stool = solid(2, 3, 0.2, 0.2, high=0.45)
    assert len(solids) == (3 if hollow else 1)
    assert bool(overlaps(solids, stool).any()) is not hollow
    low, high = bounds_of(solids)
    np.testing.assert_allclose(low, [1.6, 2.4, 0], atol=1e-6)
    np.testing.assert_allclose(high, [2.4, 3.6, 0.75], atol=1e-6)
