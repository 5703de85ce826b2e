"""Scenes, objects, their pictures and points, the page, health and metrics."""

import io
import json

import numpy as np
import pytest
import trimesh
from fakes import ATTIC, write_objects

from core3d_search.store import Store


def test_scenes_by_pages(client):
    whole = client.get("/v1/scenes").json()
    assert [(each["scene"], each["object_count"], each["path"]) for each in whole["scenes"]] == [
        ("attic", 6, None),
        ("barn", 2, None),
    ]
    page = client.get("/v1/scenes", params={"limit": 1}).json()
    assert (page["total"], page["next_offset"]) == (2, 1)
    assert client.get("/v1/scenes", params={"offset": 1}).json()["scenes"] == whole["scenes"][1:]


def test_a_scene_and_its_objects(client):
    client.service.store.note("attic", "under the roof", {"floor": 3})
    scene = client.get("/v1/scenes/attic").json()
    assert scene["labels"] == {"chair": 3, "window": 1, "table": 1, "mug": 1}
    assert (scene["note"], scene["properties"]) == ("under the roof", {"floor": 3})
    objects = client.get("/v1/scenes/attic/objects", params={"label": "Chair", "limit": 2}).json()
    assert [each["object_id"] for each in objects["objects"]] == [1, 2]
    assert (objects["total"], objects["next_offset"]) == (3, 2)
    assert objects["objects"][0]["color"] == "#c81414"
    client.service.store.tag(3, ["mine"])
    tagged = client.get("/v1/scenes/attic/objects", params={"tag": "mine"}).json()
    assert [each["object_id"] for each in tagged["objects"]] == [3]


def test_a_misspelt_filter_is_told_and_does_not_pass_for_none(client):
    answer = client.get("/v1/scenes/attic/objects", params={"lable": "chair"})
    assert answer.status_code == 422
    assert "'lable'" in answer.json()["detail"]
    assert "label" in answer.json()["detail"]


def test_an_object_has_its_neighbours_tags_and_box(client):
    card = client.get("/v1/objects/6").json()
    assert (card["label"], card["scene"], card["has_thumbnail"]) == ("mug", "attic", False)
    assert card["box"]["center"] == [4, 3, 0.85]
    assert card["neighbours"][0]["label"] == "table"
    assert card["neighbours"][0]["relations"]["on"] >= 0.5


def test_a_plan_and_an_export(client):
    assert len(client.get("/v1/scenes/attic/plan").json()["outlines"]) == 6
    answer = client.get("/v1/scenes/attic/export.json")
    assert answer.headers["content-disposition"] == 'attachment; filename="attic.json"'
    assert len(answer.json()["objects"]) == 6
    assert client.get("/v1/scenes/attic/export.exe").status_code == 404


@pytest.mark.parametrize("origin", [None, (691_000.0, 5_334_000.0, 500.0)])
def test_points_are_a_ply_in_the_coordinates_of_the_scan(client, known_db, origin):
    with Store.open(known_db) as store:
        write_objects(store, "attic", ATTIC, (0.0, 0.0, 1.0), origin)
    cloud = trimesh.load(io.BytesIO(client.get("/v1/objects/6/points.ply").content), file_type="ply")
    expected = np.asarray(ATTIC[5].points, np.float64) + (origin or (0, 0, 0))
    np.testing.assert_allclose(np.asarray(cloud.vertices), expected, atol=1e-6)
    assert np.asarray(cloud.colors)[:, :3].tolist() == ATTIC[5].colors.tolist()


def test_pictures_that_are_not_there_are_told(client):
    for name in ("thumbnail", "frame"):
        answer = client.get(f"/v1/objects/1/{name}.webp")
        assert answer.status_code == 404
        assert answer.json()["title"] == "Not Found"


def test_a_thumbnail_is_sent_once_until_the_database_changes(client, known_db):
    from core3d_search.store import Thumbnail

    with Store.open(known_db) as store:
        store.add_thumbnails("attic", {1: Thumbnail(b"RIFFwebp", 4, 4)}, store.scene("attic").generation)
    first = client.get("/v1/objects/1/thumbnail.webp")
    assert (first.content, first.headers["content-type"]) == (b"RIFFwebp", "image/webp")
    again = client.get("/v1/objects/1/thumbnail.webp", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/v1/objects/1").json()["has_thumbnail"] is True


def test_health_and_metrics(client):
    assert client.get("/v1/health").json()["status"] == "ok"
    client.get("/v1/scenes/attic")
    client.get("/v1/scenes/no/such/route")
    text = client.get("/metrics").text
    assert 'core3d_requests_total{method="GET",route="/v1/scenes/{scene}",status="200"} 1.0' in text
    assert 'route="other",status="404"' in text
    assert "core3d_scenes 2.0" in text
    assert "core3d_objects 8.0" in text
    assert "core3d_requests_under_way 1.0" in text


def test_the_page_and_nothing_else_is_served_as_files(client):
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for path in ("/page.css", "/page.js", "/plan.js", "/icon.svg"):
        assert client.get(path).status_code == 200


def test_openapi_is_complete_and_its_examples_fit_their_schemas(client):
    from pydantic import TypeAdapter

    from core3d_search.search import documents

    spec = client.get("/openapi.json").json()
    checked = 0
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], path
            assert operation["description"], path
            content = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
            for media in content.get("content", {}).values():
                if "$ref" in media["schema"]:
                    name = media["schema"]["$ref"].rpartition("/")[2]
                    TypeAdapter(getattr(documents, name)).validate_json(json.dumps(media["example"]))
                    checked += 1
            assert {"401", "422"} <= operation["responses"].keys(), (path, method)
    assert checked >= 13
    body = spec["paths"]["/v1/search"]["post"]["requestBody"]["content"]["application/json"]
    for example in body["examples"].values():
        TypeAdapter(documents.SearchRequest).validate_json(json.dumps(example["value"]))
    for schema in spec["components"]["schemas"].values():
        for name, field in schema.get("properties", {}).items():
            assert "description" in field or name in ("loc", "msg"), (schema["title"], name)
