"""Tags, notes and names that people give."""

from __future__ import annotations

import pytest
from store_samples import run_record, scene_objects, scene_record, write_scene

from core3d_search.errors import InputError, StoreError
from core3d_search.store import Marks, Store


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "core3d.db", create=True) as opened:
        write_scene(opened)
        write_scene(opened, "office", seed=1)
        yield opened


def test_what_is_said_of_a_scenes_objects_is_read_at_once(store: Store) -> None:
    store.tag(1, ["b", "a"])
    store.note(1, "loose", {"price": 2})
    store.note(3, "heavy")
    store.tag(4, ["elsewhere"])
    store.tag("kitchen", ["of the scene"])
    assert store.object_marks("kitchen") == {1: store.marks(1), 3: store.marks(3)}
    assert store.object_marks("kitchen")[1] == Marks(("a", "b"), "loose", {"price": 2})


@pytest.mark.parametrize("about", [2, "kitchen"])
def test_tags_and_notes_are_put_changed_and_taken_away(store: Store, about) -> None:
    assert store.marks(about) == Marks()
    assert store.tag(about, ["Mine", " to sell "]).tags == ("mine", "to sell")
    assert store.tag(about, ["mine", "red"], remove=["to sell", "unknown"]).tags == ("mine", "red")
    assert store.note(about, "broken leg", {"price": 3.5}) == Marks(("mine", "red"), "broken leg", {"price": 3.5})
    assert store.note(about, "mended").properties == {"price": 3.5}
    assert store.note(about, "", {}) == Marks(("mine", "red"))
    assert store.check() == []


def test_tagged_objects_are_those_tagged_and_those_of_tagged_scenes(store: Store) -> None:
    store.tag(2, ["mine"])
    store.tag("office", ["mine"])
    office = store.object_table("office").ids.tolist()
    assert store.objects_tagged("MINE").tolist() == [2, *office]
    assert store.objects_tagged("yours").tolist() == []


def test_what_was_said_survives_indexing_again_and_goes_with_its_thing(store: Store) -> None:
    store.tag(2, ["mine"])
    store.note("kitchen", "ground floor")
    items = scene_objects()
    assert store.write_scene(scene_record(), [], run_record(), [items[1], items[0]]) == [2, 1]
    assert store.marks(2).tags == ("mine",)
    assert store.marks("kitchen").note == "ground floor"
    store.write_scene(scene_record(), [], run_record(), items[:1])
    with pytest.raises(StoreError, match="no object 2"):
        store.marks(2)
    assert store.info().counts["object_tags"] == 0


def test_unknown_targets_and_impossible_tags_are_told(store: Store) -> None:
    with pytest.raises(StoreError, match="no object 99"):
        store.tag(99, ["mine"])
    with pytest.raises(StoreError, match="no scene 'attic'"):
        store.note("attic", "dark")
    for wrong in ("", "  ", "a,b", "x" * 65):
        with pytest.raises(InputError, match="is no tag"):
            store.tag(1, [wrong])


def test_a_scene_is_renamed_with_all_that_is_its_own(store: Store) -> None:
    store.tag("kitchen", ["mine"])
    ids, generation = store.object_table("kitchen").ids.tolist(), store.generation
    store.rename_scene("kitchen", "galley")
    assert [scene.name for scene in store.scenes()] == ["galley", "office"]
    assert store.object_table("galley").ids.tolist() == ids
    assert store.marks("galley").tags == ("mine",)
    assert store.generation == generation + 1
    assert store.name_of_folder("/scans/kitchen") == "galley"
    assert store.name_of_folder("/scans/galley") is None
    assert store.check() == []
    with pytest.raises(StoreError, match="scene 'office' is in .* already"):
        store.rename_scene("galley", "office")
    with pytest.raises(StoreError, match="no scene 'kitchen'"):
        store.rename_scene("kitchen", "pantry")
    with pytest.raises(StoreError, match="is no name"):
        store.rename_scene("galley", " ")
