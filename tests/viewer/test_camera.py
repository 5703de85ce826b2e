"""From where a standpoint looks, everything that it was made for is inside the picture."""

import numpy as np
import pytest

from core3d_search.geometry import box_corners
from core3d_search.viewer.camera import CLOSEST_M, Standpoint, facing, flight, whole
from core3d_search.viewer.room import read_room

FOV = np.radians(60)


@pytest.fixture
def attic(searcher):
    return read_room(searcher, "attic")


def angle_off(standpoint, points):
    """The angles between where a camera looks and `points` (N, 3), radians."""
    ahead = standpoint.target - standpoint.position
    ways = np.atleast_2d(points) - standpoint.position
    return np.arccos(ways @ ahead / np.linalg.norm(ways, axis=1) / np.linalg.norm(ahead))


def corners(room, row):
    return box_corners(room.table.box(row))


@pytest.mark.parametrize("fov", np.radians([30, 60, 100]))
def test_the_whole_room_is_seen_from_above(attic, fov):
    at = whole(attic, fov)
    for row in range(len(attic.table)):
        assert angle_off(at, corners(attic, row)).max() <= fov / 2
    assert at.position[2] > attic.corners[1, 2]


@pytest.mark.parametrize("rows", [[0], [1], [4, 5], [0, 3], [0, 1, 2, 3, 4, 5]])
def test_all_of_the_objects_are_seen_from_the_side_of_the_room_s_middle(attic, rows):
    at = facing(attic, rows, FOV)
    for row in rows:
        assert angle_off(at, corners(attic, row)).max() <= FOV / 2
    if len(rows) < 6:
        middle = attic.corners.mean(axis=0)[:2]
        assert (at.position - at.target)[:2] @ (middle - at.target[:2]) > 0
    assert at.position[2] > at.target[2]


def test_a_small_thing_is_not_looked_at_too_closely(attic):
    at = facing(attic, [5], FOV)
    assert np.linalg.norm(at.position - at.target) == pytest.approx(CLOSEST_M)


def test_a_flight_ends_exactly_and_never_turns_back():
    start, end = Standpoint(np.zeros(3), np.ones(3)), Standpoint(np.array([4.0, 0, 0]), np.array([4.0, 2, 0]))
    way = list(flight(start, end, 10))
    assert len(way) == 10
    assert way[-1] is end
    steps = np.diff([0.0, *(at.position[0] for at in way)])
    assert (steps > 0).all()
    assert steps[0] < steps[4] > steps[-1], "slow at both ends"
    assert [at.target[1] for at in way] == sorted(at.target[1] for at in way)
