"""Classes and objects of points and of a mesh's vertices, the lists that classes come from, and the files."""

import numpy as np
import pytest
from fakes import ATTIC, NounEncoder, write_objects

from core3d_search.errors import InputError, ModelError
from core3d_search.evaluation.class_lists import PUBLISHED, named_classes, published
from core3d_search.evaluation.segment import Vertices, segment, segment_scene
from core3d_search.evaluation.segment_files import palette
from core3d_search.store import Store

NAMES = ("table", "chair", "mug")


def test_each_object_takes_the_nearest_class_and_each_point_its_objects():
    found = segment(ATTIC, NAMES, NounEncoder())
    assert len(found.points) == sum(len(one.points) for one in ATTIC)
    named = [NAMES[number] for number in found.classes[::8]]
    assert named[:3] == ["chair"] * 3
    assert named[4:] == ["table", "mug"]


def test_vertices_near_no_object_have_neither_class_nor_object(known_db):
    with Store.open(known_db) as store:
        mesh = Vertices(np.array([[0.25, 0.25, 0.9], [4, 3.05, 0.86], [9, 9, 9.0]]), np.array([[0, 1, 2]]))
        found = segment_scene(store, "attic", NAMES, mesh)
    assert [NAMES[n] if n >= 0 else None for n in found.classes] == ["chair", "mug", None]
    assert found.instances.tolist() == [1, 6, 0]
    assert found.object_classes[6] == (2, pytest.approx(1))


def test_a_mesh_of_a_far_scan_is_moved_to_where_its_objects_are_stored(known_db):
    with Store.open(known_db) as store:
        write_objects(store, "attic", ATTIC, (0.0, 0.0, 1.0), (691_000.0, 5_334_000.0, 500.0))
        far = Vertices(np.array([[691_000.25, 5_334_000.25, 500.9]]), None)
        assert segment_scene(store, "attic", NAMES, far).classes.tolist() == [1]


def test_objects_of_another_encoder_are_refused(known_db, monkeypatch):
    monkeypatch.setattr(NounEncoder, "checksum", "2" * 64)
    with Store.open(known_db) as store, pytest.raises(ModelError, match="index again"):
        segment_scene(store, "attic", NAMES)


def test_classes_come_from_a_file_a_list_or_a_data_set(tmp_path):
    file = tmp_path / "classes.txt"
    file.write_text("chair\n\n# furniture\noffice chair  # with wheels\nchair\n")
    assert named_classes(str(file)) == ("chair", "office chair")
    assert named_classes("chair, office chair,") == ("chair", "office chair")
    assert len(named_classes("scannet200")) == 200
    for said in ("missing.txt", ",", str(tmp_path / "none" / "classes.txt")):
        with pytest.raises(InputError):
            named_classes(said)


def test_published_lists_are_whole():
    sizes = {name: len(set(published(name).names)) for name in PUBLISHED}
    assert sizes == {"replica": 102, "scannet20": 20, "scannet200": 200}
    assert dict(zip(published("scannet20").numbers, published("scannet20").names, strict=True))[39] == "otherfurniture"
    scannet200 = published("scannet200")
    assert dict(zip(scannet200.numbers, scannet200.names, strict=True))[1191] == "mattress"
    assert scannet200.numbers == tuple(sorted(scannet200.numbers))


def test_colours_differ_and_grey_means_none():
    colors = palette(200)
    assert len({tuple(row) for row in colors.tolist()}) == 201
    assert colors[-1].tolist() == [128, 128, 128]
