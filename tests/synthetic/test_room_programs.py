"""Each kind of room holds what it is named for, and can be walked and seen."""

from __future__ import annotations

import numpy as np
import pytest

from core3d_search.synthetic import KINDS, generate_room
from core3d_search.synthetic.demo import NO_RED_SEAT, plan_demo, red_chairs
from core3d_search.synthetic.render import pinhole
from core3d_search.synthetic.room import Room
from core3d_search.synthetic.trajectory import CLEARANCE, plan_trajectory

HEART = {
    "living room": {"sofa", "armchair"},
    "bedroom": {"bed"},
    "office": {"desk"},
    "kitchen": {"stove", "refrigerator", "sink", "kitchen counter", "oven", "kitchen cabinet", "microwave"},
    "dining room": {"table", "dining table"},
    "bathroom": {"toilet", "bathtub", "sink", "shower"},
    "studio": {"bed", "sofa", "desk"},
}
SEEDS = range(300, 306)


@pytest.fixture(scope="module")
def rooms() -> dict[str, list[Room]]:
    return {kind: [generate_room(seed, kind=kind) for seed in SEEDS] for kind in KINDS}


def test_every_kind_has_its_furniture(rooms: dict[str, list[Room]]) -> None:
    assert rooms.keys() == HEART.keys()
    for kind, made in rooms.items():
        for room in made:
            labels = {item.label for item in room.objects}
            assert labels & HEART[kind], (room.kind, room.seed, sorted(labels))


def test_a_kind_is_told_by_its_furniture_alone(rooms: dict[str, list[Room]]) -> None:
    toilets = {kind: sum("toilet" in {o.label for o in room.objects} for room in made) for kind, made in rooms.items()}
    assert toilets["bathroom"] == len(SEEDS)
    assert sum(toilets.values()) == toilets["bathroom"]


def test_rooms_have_the_size_and_light_of_rooms(rooms: dict[str, list[Room]]) -> None:
    for room in (room for made in rooms.values() for room in made):
        width, depth, height = room.size
        assert 1.5 < width < 9
        assert 1.5 < depth < 9
        assert 2.2 < height < 3.5
        assert room.lights
        for light in room.lights:
            assert (light.power > 0).all()
            assert light.radius > 0


def test_walls_floor_and_ceiling_close_the_room(rooms: dict[str, list[Room]]) -> None:
    for room in (made[0] for made in rooms.values()):
        corners = np.concatenate([part.mesh.corners.reshape(-1, 3) for part in room.structure])
        np.testing.assert_allclose(corners.min(0)[:2], 0, atol=0.3)
        np.testing.assert_allclose(corners.max(0), room.size, atol=0.3)
        (floor,) = (part for part in room.structure if part.label == "floor")
        assert floor.mesh.corners[..., 2].max() == pytest.approx(0, abs=1e-6)


def test_relations_name_things_that_are_there_and_never_themselves(rooms: dict[str, list[Room]]) -> None:
    for room in (room for made in rooms.values() for room in made):
        ids = {item.id for item in room.objects}
        for fact in room.relations:
            assert {fact.subject, *fact.anchors} <= ids
            assert fact.subject not in fact.anchors
            assert len(fact.anchors) == (2 if fact.predicate == "between" else 1)
        pairs = [(fact.predicate, fact.subject, fact.anchors) for fact in room.relations]
        assert len(pairs) == len(set(pairs))
        near = {(fact.subject, fact.anchors[0]) for fact in room.relations if fact.predicate == "near"}
        assert near == {(b, a) for a, b in near}


def test_the_demo_avoids_red_seats_but_the_two_that_it_places() -> None:
    rooms = plan_demo(seed=3, count=3)
    assert [red_chairs(room) for room in rooms] == [(1, 0), (0, 1), (0, 0)]
    red_seats = [item for room in rooms for item in room.objects if (item.label, item.color) in NO_RED_SEAT]
    assert len(red_seats) == 2
    assert len({room.kind for room in rooms}) == 3
    assert [room.name for room in plan_demo(seed=3, count=3)] == [room.name for room in rooms]


def test_a_walk_keeps_clear_of_walls_and_looks_into_the_room(rooms: dict[str, list[Room]]) -> None:
    def nothing_hides(eyes, goals):
        return np.zeros(len(eyes), bool)

    intrinsics = pinhole(160, 120, np.deg2rad(65))
    for room in (made[1] for made in rooms.values()):
        poses = plan_trajectory(room, nothing_hides, 12, intrinsics, (160, 120), np.random.default_rng(0))
        assert len(poses) == 12
        for pose in poses:
            np.testing.assert_allclose(pose[:3, :3] @ pose[:3, :3].T, np.eye(3), atol=1e-9)
            assert (pose[:2, 3] > CLEARANCE * 0.3).all()
            assert (pose[:2, 3] < np.array(room.size[:2]) - CLEARANCE * 0.3).all()
            assert 1.2 <= pose[2, 3] <= 1.7
            assert np.rad2deg(np.arcsin(pose[2, 2])) < 20  # never up at the ceiling
        again = plan_trajectory(room, nothing_hides, 12, intrinsics, (160, 120), np.random.default_rng(0))
        np.testing.assert_array_equal(np.stack(poses), np.stack(again))


def test_a_walk_ends_even_where_nothing_can_be_seen(rooms: dict[str, list[Room]]) -> None:
    def everything_hides(eyes, goals):
        return np.ones(len(eyes), bool)

    rng = np.random.default_rng(1)
    poses = plan_trajectory(rooms["office"][0], everything_hides, 5, pinhole(160, 120, 1.1), (160, 120), rng)
    assert len(poses) == 5
