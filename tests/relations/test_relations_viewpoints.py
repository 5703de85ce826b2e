"""Where somebody looks who is told what to see where, in a square room with a thing at each wall."""

import numpy as np
import pytest
from relations.known_room import thing

from core3d_search import ground
from core3d_search.relations.viewpoint import Spots, gaze_of
from core3d_search.search.grounding import table_of

NORTH, EAST, SOUTH, WEST = (thing(k, name, *at, 0, (1, 1, 2)) for k, (name, at) in enumerate(
    [("fridge", (0, 3)), ("door", (3, 0)), ("sofa", (0, -3)), ("bed", (-3, 0))]
))  # fmt: skip
ROOM = [
    NORTH,
    EAST,
    SOUTH,
    WEST,
    thing(8, "chair", -1, 1, 0, (0.4, 0.4, 0.9)),
    thing(9, "chair", 1, 1, 0, (0.4, 0.4, 0.9)),
]
TABLE = table_of(ROOM)


def spot(row):
    return Spots(np.array([row]), np.array([1.0]))


@pytest.mark.parametrize(("side", "row"), [("left", 3), ("right", 1), ("behind", 2)])
def test_what_is_seen_at_a_side_says_where_one_looks(side, row):
    gaze = gaze_of(TABLE, None, None, {side: spot(row)})
    assert gaze.weights @ gaze.directions == pytest.approx([0, 1], abs=0.1)  # north


def test_what_is_seen_at_a_side_chooses_among_the_walls_that_are_faced():
    either = Spots(np.array([0, 2]), np.array([0.5, 0.5]))  # north or south
    gaze = gaze_of(TABLE, None, either, {"right": spot(1)})
    assert (gaze.weights @ gaze.directions)[1] > 0.9


@pytest.mark.parametrize(
    ("view", "wanted"),
    [
        ("with the bed to your left, ", 8), ("with the bed to your right, ", 9), ("with your back to the fridge, ", 9),
        ("so that the door is at your right, ", 8), ("with the sofa behind you, ", 8),
    ],
)  # fmt: skip
def test_the_view_decides_what_is_left(view, wanted):
    assert ground(f"{view}the chair on the left", ROOM)[0].object_id == wanted
