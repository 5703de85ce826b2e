"""Classes of objects and points over HTTP: as `core3d segment` chooses them, by the encoder that is loaded already."""

import io

import numpy as np
import pytest
import trimesh
from server.conftest import READ_TOKEN, TOKEN, bearer

from core3d_search import encoders
from core3d_search.evaluation.segment import segment_scene

CLASSES = {"classes": ["table", "chair", "mug"]}


def test_each_object_has_the_class_that_the_command_gives_it(client):
    answer = client.post("/v1/scenes/attic/segment", json=CLASSES).json()
    found = segment_scene(client.service.store, "attic", CLASSES["classes"])
    assert {each["object_id"]: each["number"] for each in answer["objects"]} == {
        key: number for key, (number, _) in found.object_classes.items()
    }
    assert [each["name"] for each in answer["classes"]] == CLASSES["classes"]
    assert [each["point_count"] for each in answer["classes"]] == np.bincount(found.classes, minlength=3).tolist()
    assert answer["point_count"] == sum(each["point_count"] for each in answer["classes"]) == 48


def test_points_have_the_number_and_colour_of_their_class_and_their_object(client):
    told = client.post("/v1/scenes/attic/segment", json=CLASSES).json()
    answer = client.post("/v1/scenes/attic/segment.ply", json=CLASSES)
    assert answer.headers["content-disposition"] == 'attachment; filename="attic-classes.ply"'
    cloud = trimesh.load(io.BytesIO(answer.content), file_type="ply")
    raw = cloud.metadata["_ply_raw"]["vertex"]["data"]
    number = {each["object_id"]: each["number"] for each in told["objects"]}
    classes, ids = raw["class"].reshape(-1), raw["object_id"].reshape(-1)
    assert [number[key] for key in ids.tolist()] == classes.tolist()
    colors = [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in cloud.colors[:, :3]]
    assert colors == [told["classes"][each]["color"] for each in classes]


def test_the_encoder_is_loaded_once(client, monkeypatch):
    client.post("/v1/scenes/attic/segment", json=CLASSES)
    monkeypatch.setattr(encoders, "load_encoder", lambda *_: pytest.fail("loaded again"))
    monkeypatch.setattr("core3d_search.search.spaces.load_encoder", lambda *_: pytest.fail("loaded again"))
    monkeypatch.setattr("core3d_search.evaluation.segment.load_encoder", lambda *_: pytest.fail("loaded again"))
    assert client.post("/v1/scenes/barn/segment", json=CLASSES).status_code == 200


@pytest.mark.parametrize("end", ["segment", "segment.ply"])
@pytest.mark.parametrize(
    ("scene", "body", "status"),
    [
        ("cellar", CLASSES, 404),
        ("attic", {"classes": []}, 422),
        ("attic", {"classes": ["chair", " - "]}, 422),
        ("attic", {"classes": ["x" * 256]}, 422),
        ("attic", {"classes": "chair"}, 422),
        ("attic", {"classes": ["chair"], "mesh": "/etc/passwd"}, 422),
    ],
)
def test_what_makes_no_sense_is_refused(client, scene, body, status, end):
    answer = client.post(f"/v1/scenes/{scene}/{end}", json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_who_may_read_may_segment(open_client):
    client = open_client(token=TOKEN, read_token=READ_TOKEN)
    assert client.post("/v1/scenes/attic/segment", json=CLASSES).status_code == 401
    assert client.post("/v1/scenes/attic/segment", json=CLASSES, headers=bearer(READ_TOKEN)).status_code == 200
