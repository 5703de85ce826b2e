"""The relations of the ground truth, on cases small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core3d_search.datatypes import Box3D
from core3d_search.synthetic.mesh import Mesh, turn_z
from core3d_search.synthetic.relations import box_gap, direction, find_relations, is_between, shared_footprint
from core3d_search.synthetic.room import RoomObject

NOTHING = Mesh(np.zeros((0, 3, 3)), np.zeros((0, 3, 3)), np.zeros((0, 3, 2)), np.zeros(0, np.int32))


def thing(number, center, extent, *, yaw=0.0, faces=False, holder=None, held=""):
    box = Box3D(np.array(center, float), np.array(extent, float), turn_z(yaw))
    front = turn_z(yaw) @ np.array([0.0, -1.0, 0.0]) if faces else None
    return RoomObject(number, "thing", "red", "wood", box, front, NOTHING, (), np.zeros((0, 7)), holder, held)


def facts(*objects):
    return {(fact.predicate, fact.subject, *fact.anchors) for fact in find_relations(objects)}


def test_a_cup_on_a_table_is_on_it_and_not_near_it() -> None:
    table = thing(1, (0, 0, 0.35), (1.2, 0.8, 0.7))
    cup = thing(2, (0.2, 0, 0.75), (0.1, 0.1, 0.1), holder=1, held="on")
    assert facts(table, cup) == {("on", 2, 1)}


def test_a_bin_below_a_desk_is_under_it_and_the_desk_above() -> None:
    desk = thing(1, (0, 0, 0.37), (1.4, 0.7, 0.74))
    bin_ = thing(2, (0.3, 0.1, 0.15), (0.3, 0.3, 0.3), holder=1, held="under")
    assert facts(desk, bin_) == {("under", 2, 1), ("above", 1, 2)}


def test_a_lamp_that_hangs_over_a_table_is_above_it() -> None:
    table = thing(1, (0, 0, 0.35), (1.2, 0.8, 0.7))
    lamp = thing(2, (0.1, 0, 2.2), (0.4, 0.4, 0.6))
    assert facts(table, lamp) == {("above", 2, 1), ("under", 1, 2)}


def test_near_is_a_gap_of_half_a_metre_between_boxes() -> None:
    a = thing(1, (0, 0, 0.5), (1, 1, 1))
    assert ("near", 2, 1) in facts(a, thing(2, (1.45, 0, 0.5), (1, 1, 1)))
    assert facts(a, thing(2, (1.55, 0, 0.5), (1, 1, 1))) == set()


@pytest.mark.parametrize(
    ("yaw", "point", "expected"),
    [
        (0.0, (1.0, 0.1, 0), "right of"),  # front at -y: the viewer stands at -y and sees +x at the right
        (0.0, (-1.0, 0.1, 0), "left of"),
        (0.0, (0.1, -1.0, 0), "in front of"),
        (0.0, (0.1, 1.0, 0), "behind"),
        (np.pi, (1.0, 0.0, 0), "left of"),  # turned half round, sides change
        (np.pi / 2, (1.0, 0.2, 0), "in front of"),
        (np.pi / 2, (0.2, 1.0, 0), "right of"),
    ],
)
def test_sides_are_those_of_a_viewer_before_the_anchor(yaw: float, point, expected: str) -> None:
    assert direction(np.array(point, float), thing(1, (0, 0, 0), (1, 1, 1), yaw=yaw, faces=True)) == expected


def test_sides_need_a_front_a_shared_height_and_two_metres() -> None:
    sofa = thing(1, (0, 0, 0.4), (2, 1, 0.8), faces=True)
    plant = thing(2, (2.0, 0, 0.5), (0.4, 0.4, 1.0))
    assert ("right of", 2, 1) in facts(sofa, plant)
    assert not any(fact[0] == "left of" and fact[2] == 2 for fact in facts(sofa, plant)), "a plant has no front"
    assert facts(sofa, thing(2, (4.0, 0, 0.5), (0.4, 0.4, 1.0))) == set()
    assert facts(sofa, thing(2, (2.0, 0, 2.2), (0.4, 0.4, 0.2))) == set()
    with pytest.raises(ValueError, match="no front"):
        direction(np.zeros(3), plant)


def test_between_lies_near_the_middle_of_the_way() -> None:
    a, b = np.zeros(3), np.array([2.0, 0, 0])
    assert is_between(np.array([1.0, 0.3, 0]), a, b)
    assert not is_between(np.array([1.0, 0.45, 0]), a, b)
    assert not is_between(np.array([0.3, 0, 0]), a, b)
    assert not is_between(np.array([2.0, 0, 0]), a, np.array([4.0, 0, 0]))
    chairs = thing(1, (0, 0, 0.4), (0.4, 0.4, 0.8)), thing(2, (2, 0, 0.4), (0.4, 0.4, 0.8))
    table = thing(3, (1, 0.1, 0.3), (0.6, 0.6, 0.6))
    assert ("between", 3, 1, 2) in facts(*chairs, table)


def test_gap_and_shared_footprint_of_turned_boxes() -> None:
    a = thing(1, (0, 0, 0.5), (1, 1, 1)).box
    diamond = thing(2, (1.2, 0, 0.5), (1, 1, 1), yaw=np.pi / 4).box
    assert shared_footprint(a, diamond) == pytest.approx((0.5 - (1.2 - np.sqrt(0.5))) ** 2, abs=1e-9)
    assert box_gap(a, diamond) == 0
    apart = thing(3, (2.0, 0, 0.5), (1, 1, 1), yaw=np.pi / 4).box
    assert box_gap(a, apart) == pytest.approx(1.5 - np.sqrt(0.5))
    above = thing(4, (0.2, 0, 2.0), (0.2, 0.2, 1)).box
    assert box_gap(a, above) == pytest.approx(0.5)
    assert shared_footprint(a, above) == pytest.approx(1.0)
