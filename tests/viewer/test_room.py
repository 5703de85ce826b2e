"""What is shown of a scene is what the database has, z up; a click means what is seen there."""

from dataclasses import replace

import numpy as np
import pytest
from fakes import ATTIC, thing, write_objects
from hypothesis import given
from hypothesis import strategies as st
from viewer.conftest import filled

from core3d_search.errors import NotFoundError, StoreError
from core3d_search.geometry import level_from_world
from core3d_search.relations import ObjectTable
from core3d_search.search.searcher import Searcher
from core3d_search.store import Store
from core3d_search.viewer.room import ROOMS_KEPT, Room, Rooms, picked, read_room


@pytest.mark.parametrize("scene", ["attic", "barn"])
def test_points_and_boxes_are_the_stored_ones_turned_so_that_up_is_z(searcher, scene):
    room = read_room(searcher, scene)
    turn = level_from_world(searcher.store.scene(scene).up)
    for item in searcher.store.objects(scene, with_points=True):
        row = room.row(item.id)
        mine = room.owners == row
        np.testing.assert_allclose(room.points[mine], item.points @ turn.T, atol=1e-5)
        assert (room.colors[mine] == item.colors).all()
        np.testing.assert_allclose(room.table.centers[row], turn @ item.box.center, atol=1e-9)
        assert room.name_of(row) == f"{item.label} #{item.id}"
    assert room.points.dtype == np.float32


def test_a_scene_far_from_zero_is_shown_from_its_origin(searcher):
    write_objects(searcher.store, "attic", ATTIC, (0.0, 0.0, 1.0), (691_000.0, 5_334_000.0, 500.0))
    assert np.abs(read_room(searcher, "attic").points).max() < 10


@pytest.mark.parametrize("most", [1, 100, 500, 4374, 5000])
def test_no_more_points_than_wanted_and_some_of_each_object(searcher, most):
    room = read_room(searcher, "attic", most)
    assert set(room.owners) == set(range(6))
    assert len(room.points) <= max(most + 6, 6)
    assert len(room.points) == len(room.colors) == len(room.owners)


def test_what_cannot_be_shown_is_told(searcher):
    with pytest.raises(StoreError, match=r"cellar.*attic, barn"):
        read_room(searcher, "cellar")
    write_objects(searcher.store, "attic", [], None)
    with pytest.raises(NotFoundError, match=r"'attic' has no objects.*core3d index /scans/attic"):
        read_room(searcher, "attic")
    assert Rooms(searcher).names() == ["barn"]
    write_objects(searcher.store, "barn", [], None)
    with pytest.raises(NotFoundError, match="core3d index FOLDER"):
        Rooms(searcher).names()


def test_a_room_is_kept_until_its_scene_is_indexed_again(searcher):
    rooms = Rooms(searcher)
    first = rooms.room("attic")
    assert rooms.room("attic") is first
    write_objects(searcher.store, "barn", ATTIC[:1], None)
    assert rooms.room("attic") is first, "another scene changed"
    write_objects(searcher.store, "attic", ATTIC[:2], (0.0, 0.0, 1.0))
    assert len(rooms.room("attic").table) == 2


def test_only_the_last_rooms_are_kept(tmp_path, known_db):
    with Store.open(known_db) as store:
        for number in range(ROOMS_KEPT):
            write_objects(store, f"shed-{number}", ATTIC[:1], None)
    with Searcher.open(known_db) as searcher:
        rooms = Rooms(searcher)
        first = rooms.room("attic")
        kept = [rooms.room(f"shed-{number}") for number in range(ROOMS_KEPT)]
        assert rooms.room(f"shed-{ROOMS_KEPT - 1}") is kept[-1]
        assert rooms.room("attic") is not first


def test_a_click_means_what_is_seen_there(searcher):
    room = read_room(searcher, "attic")
    assert picked(room, (0, -5, 0.45), (0, 1, 0)) == 1, "the chair, before the one behind it"
    assert picked(room, (0, 9, 0.45), (0, -3, 0)) == 3, "from the other side the blue one"
    assert picked(room, (4, 3, 5), (0, 0, -1)) == 6, "the mug on the table, whose box the ray meets too"
    assert picked(room, (4.4, 3, 5), (0, 0, -1)) == 5
    assert picked(room, (0, -5, 0.45), (0, -1, 0)) is None, "behind the viewer"
    assert picked(room, (0, -5, 0.45), (1, 0, 0)) is None
    assert picked(room, (0, -5, 0.45), (0, 0, 0)) is None


BED_AND_PILLOW = [("bed", (0, 0, 0.5), (2, 2, 1)), ("pillow", (0.5, 0.5, 0.6), (0.4, 0.4, 0.1))]


def test_what_lies_inside_the_box_of_another_can_be_clicked(known_db):
    bed, pillow = (filled(thing("barn", *each)) for each in BED_AND_PILLOW)
    low = bed.points[:, 2] < 0.3  # its box is as high as its head
    with Store.open(known_db) as store:
        write_objects(store, "barn", [replace(bed, points=bed.points[low], colors=bed.colors[low]), pillow], None)
    with Searcher.open(known_db) as searcher:
        room = read_room(searcher, "barn")
        ids = dict(zip(room.table.labels, room.table.ids.tolist(), strict=True))
        assert picked(room, (0.5, 0.5, 4), (0, 0, -1)) == ids["pillow"]
        assert picked(room, (-0.6, -0.6, 4), (0, 0, -1)) == ids["bed"]


def empty_room(boxes):
    """A room of boxes alone, as (center, extent)."""
    centers, extents = (np.array(each, float).reshape(-1, 3) for each in zip(*boxes, strict=True))
    table = ObjectTable(np.arange(1, len(boxes) + 1), centers, extents)
    none = np.zeros((0, 3))
    return Room("r", table, none.astype(np.float32), none.astype(np.uint8), np.zeros(0, int), 0)


def test_where_no_point_is_near_the_smallest_box_on_the_ray_counts():
    room = empty_room([((0, 0, 0), (4, 4, 4)), ((0, 0, 0), (1, 1, 1)), ((0, 3, 0), (0.1, 0.1, 0.1))])
    assert picked(room, (-9, 0, 0), (1, 0, 0)) == 2
    assert picked(room, (-9, 1, 0), (1, 0, 0)) == 1
    assert picked(room, (-9, 2.5, 0), (1, 0, 0)) is None
    assert picked(room, (-1.5, 0, 0), (1, 0, 0)) == 2, "not the one that the viewer stands in"


coordinates = st.floats(-5, 5, allow_nan=False)


@given(st.tuples(coordinates, coordinates, coordinates), st.tuples(coordinates, coordinates, coordinates))
def test_a_box_is_hit_by_every_ray_to_its_middle_from_outside(start, center):
    room = empty_room([(center, (0.6, 0.4, 0.2))])
    way = np.subtract(center, start)
    outside = (np.abs(way) > np.array([0.6, 0.4, 0.2]) / 2 + 1e-6).any()
    if outside:
        assert picked(room, start, way) == 1
        assert picked(room, start, -way) is None
