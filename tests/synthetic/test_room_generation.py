"""A generated room is what it says: the same for the same seed, boxes tight, nothing inside of anything else."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from core3d_search.errors import InputError
from core3d_search.synthetic import CATEGORIES, COLORS, KINDS, MATERIALS, Room, generate_room

SEEDS = range(20)


@pytest.fixture(scope="module")
def rooms() -> list[Room]:
    return [generate_room(seed) for seed in SEEDS]


def digest(room: Room) -> str:
    value = hashlib.sha256()
    for item in room.objects:
        value.update(f"{item.id} {item.label} {item.color} {item.material} {item.holder} {item.held}".encode())
        value.update(item.mesh.corners.tobytes() + item.mesh.normals.tobytes() + item.box.center.tobytes())
    value.update(repr(room.relations).encode())
    return value.hexdigest()


def test_the_same_seed_gives_the_same_room_and_others_differ(rooms: list[Room]) -> None:
    assert digest(generate_room(3)) == digest(rooms[3])
    assert len({digest(room) for room in rooms}) == len(rooms)


def test_rooms_are_furnished_with_named_things_of_many_categories(rooms: list[Room]) -> None:
    for room in rooms:
        labels = [item.label for item in room.objects]
        assert [item.id for item in room.objects] == list(range(1, len(labels) + 1))
        assert len(labels) >= 10
        assert "door" in labels
        assert "window" in labels
        assert {item.color for item in room.objects} <= set(COLORS)
        assert {item.material for item in room.objects} <= set(MATERIALS)
        assert {part.label for part in room.structure} == {"floor", "ceiling", "wall"}
    assert len({item.label for room in rooms for item in room.objects}) >= 45
    assert {room.kind for room in rooms} <= set(KINDS)


def test_boxes_fit_their_meshes_tightly(rooms: list[Room]) -> None:
    for room in rooms:
        for item in room.objects:
            local = (item.vertices.astype(np.float64) - item.box.center) @ item.box.rotation
            assert np.allclose(local.max(0), item.box.extent / 2, atol=2e-4), (room.name, item.label)
            assert np.allclose(local.min(0), -item.box.extent / 2, atol=2e-4), (room.name, item.label)
            if item.front is not None:
                assert np.allclose(item.front, -item.box.rotation[:, 1])


def test_everything_but_openings_is_inside_the_room(rooms: list[Room]) -> None:
    for room in rooms:
        for item in room.objects:
            if item.label not in ("window", "door"):
                assert item.vertices.min() > -1e-3, (room.name, item.label)
                assert (item.vertices.max(0) < np.array(room.size) + 1e-3).all(), (room.name, item.label)


def test_no_thing_reaches_into_a_part_of_another(rooms: list[Room]) -> None:
    slack = 0.006
    for room in rooms:
        for item in room.objects:
            corners = item.mesh.corners.astype(np.float64)
            points = np.concatenate([corners.mean(1), *(corners[:, k] for k in range(3))])
            low, high = points.min(0) + slack, points.max(0) - slack
            for other in room.objects:
                if other.id == item.id or (low > other.vertices.max(0)).any() or (high < other.vertices.min(0)).any():
                    continue
                for x, y, half_x, half_y, yaw, bottom, top in other.solids:
                    close = points[(points[:, 2] > bottom + slack) & (points[:, 2] < top - slack)]
                    dx, dy = close[:, 0] - x, close[:, 1] - y
                    c, s = np.cos(yaw), np.sin(yaw)
                    inside = np.abs(c * dx + s * dy) < half_x - slack
                    inside &= np.abs(c * dy - s * dx) < half_y - slack
                    assert not inside.any(), (room.name, item.label, other.label)


def test_held_things_touch_their_holder_or_stand_below_it(rooms: list[Room]) -> None:
    held = [(room, item) for room in rooms for item in room.objects if item.holder is not None]
    assert {item.held for _, item in held} >= {"on", "inside", "under"}
    for room, item in held:
        holder = room[item.holder]
        bottom = item.box.center[2] - item.box.extent[2] / 2
        if item.held == "under":
            assert bottom < 0.02
        else:
            tops = holder.solids[:, 6]
            assert np.abs(tops - bottom).min() < 0.06, (room.name, item.label, holder.label)
        offset = (item.box.center - holder.box.center) @ holder.box.rotation
        assert (np.abs(offset[:2]) < holder.box.extent[:2] / 2).all()


def test_kind_and_categories_can_be_asked_for() -> None:
    room = generate_room(5, kind="bedroom", categories=("bed", "lamp", "nightstand", "window"), name="mine")
    assert room.name == "mine"
    assert room.kind == "bedroom"
    assert {item.label for item in room.objects} <= {"bed", "lamp", "nightstand", "window"}
    with pytest.raises(InputError, match="no kind of room called 'attic'"):
        generate_room(0, kind="attic")
    with pytest.raises(InputError, match="no category called 'dragon'"):
        generate_room(0, categories=("bed", "dragon"))


def test_categories_name_their_synonyms() -> None:
    assert "couch" in CATEGORIES["sofa"].synonyms
    assert "fridge" in CATEGORIES["refrigerator"].synonyms
