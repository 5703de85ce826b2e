"""The scene graph as JSON: what is stored of a scene, and what holds between its objects."""

import json

import numpy as np
import pytest
from fakes import ATTIC, thing, write_objects

from core3d_search.errors import InputError, StoreError
from core3d_search.exports import FORMATS, export_scene
from core3d_search.exports.scene_graph import EXPORTED, relations_between
from core3d_search.relations import PREDICATES
from core3d_search.store import Store


@pytest.fixture
def store(known_db):
    with Store.open(known_db) as store:
        yield store


def exported(store, scene="attic"):
    return json.loads(export_scene(store, scene, "json"))


def test_objects_are_those_of_the_database(store):
    document = exported(store)
    assert (document["schema"], document["schema_version"], document["scene"]) == ("core3d/scene-graph", 1, "attic")
    assert document["frame"] == {"unit": "metre", "handedness": "right", "up": [0, 0, 1]}
    assert [item["object_id"] for item in document["objects"]] == [1, 2, 3, 4, 5, 6]
    for item, stored in zip(document["objects"], store.objects("attic"), strict=True):
        assert item["box"] == stored.box.to_dict()
        assert (item["label"], item["observation_count"], item["point_count"]) == (stored.label, 3, 8)
    assert document["objects"][0]["color"] == "#c81414"


def test_relations_have_what_was_measured(store):
    document = exported(store)
    told = {(r["subject"], r["predicate"], r["object"]): r for r in document["relations"]}
    assert told[6, "on", 5]["height_difference_m"] == 0.45
    assert told[6, "on", 5]["distance_m"] == 0
    near = told[1, "near", 4]
    # A chair 0.5 m deep about y = 0, a window 0.1 m thick about y = -0.6: 0.3 m apart, sideways and in height 0.1 m.
    assert near["distance_m"] == pytest.approx(0.316, abs=2e-3)
    assert near["score"] > 0.5
    assert (4, "near", 1) not in told, "a symmetric relation is told once"
    assert (1, "near", 5) not in told
    assert set(document["predicates"]) == {r["predicate"] for r in document["relations"]} <= set(EXPORTED)
    assert document["predicates"]["near"]["definition"] == PREDICATES["near"].definition


def test_up_is_respected(store):
    barn = exported(store, "barn")
    assert barn["frame"]["up"] == [0, 1, 0]
    (above,) = [r for r in barn["relations"] if r["predicate"] == "above"]
    assert (above["subject"], above["object"], above["height_difference_m"], above["distance_m"]) == (7, 8, 1.1, 0.45)


def test_what_people_said_is_told(store):
    store.tag(1, ["mine"])
    store.note(1, "broken leg", {"price": 3.5})
    first, second = exported(store)["objects"][:2]
    assert (first["tags"], first["note"], first["properties"]) == (["mine"], "broken leg", {"price": 3.5})
    assert (second["tags"], second["note"], second["properties"]) == ([], "", {})


def test_a_far_scan_is_told_in_its_own_coordinates(store):
    write_objects(store, "attic", ATTIC, (0.0, 0.0, 1.0), (691_000.0, 5_334_000.0, 500.0))
    assert exported(store)["objects"][0]["box"]["center"] == [691_000, 5_334_000, 500.45]


def test_equal_scenes_give_equal_bytes(store):
    assert export_scene(store, "attic", "json") == export_scene(store, "attic", "json")
    assert next(iter(FORMATS)) == "json"


def test_blocks_of_many_objects_give_what_one_block_gives(monkeypatch):
    generator = np.random.default_rng(3)
    things = [thing("hall", "mug", generator.uniform(0, 3, 3), generator.uniform(0.1, 1, 3)) for _ in range(20)]
    things = [type(item)(**{**vars(item), "id": 50 - key}) for key, item in enumerate(things)]
    once = relations_between(things, None)
    monkeypatch.setattr("core3d_search.exports.scene_graph.BLOCK", 3)
    assert relations_between(things, None) == once
    assert len(once) > 20
    assert relations_between([], None) == []


def test_mistakes_are_told(store):
    with pytest.raises(InputError, match="no export format 'step'; there are: json"):
        export_scene(store, "attic", "step")
    with pytest.raises(StoreError, match="no scene 'cellar'"):
        export_scene(store, "cellar", "json")
