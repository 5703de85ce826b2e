"""POST /v1/search and /v1/count say what the Searcher says, in the JSON shape of the command line."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from core3d_search import Searcher
from core3d_search.search.asking import ask
from core3d_search.search.documents import SearchRequest, to_json


def ids(answer):
    return [hit["object_id"] for hit in answer.json()["hits"]]


def png(value, size=(8, 8)):
    """An image whose first pixel's red value is `value`: the axis of one noun to the encoder of the tests."""
    file = io.BytesIO()
    Image.fromarray(np.full((*size, 3), value, np.uint8)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    "asked",
    [
        {"text": "red chair near window", "explain": True},
        {"text": "chair", "threshold": 0.0, "k": 3, "offset": 2},
        {"text": "is there a mug?"},
        {"like": 1, "threshold": 0.37},
        {"like": 1, "text": "but blue", "threshold": 0.37},
        {"text": "chair", "scenes": ["attic"], "label": "chair", "min_size": 0.2},
        {"text": "chair", "within": [4, 0, 0, 1]},
        {"text": "the largest table", "per_scene": True, "relation_frame": "room"},
    ],
)
def test_http_answers_what_the_searcher_answers_in_process(client, known_db, asked):
    answer = client.post("/v1/search", json=asked)
    assert answer.status_code == 200, answer.text
    request = SearchRequest(**asked)
    with Searcher.open(known_db) as searcher:
        assert answer.json() == json.loads(to_json(ask(searcher, request).document()))
    assert answer.headers["content-type"] == "application/json"


def test_pages_follow_each_other(client):
    first = client.post("/v1/search", json={"text": "chair", "k": 2}).json()
    assert first["next_offset"] == 2
    second = client.post("/v1/search", json={"text": "chair", "k": 2, "offset": first["next_offset"]})
    assert sorted([hit["object_id"] for hit in first["hits"]] + ids(second)) == [1, 2, 3]
    assert second.json()["next_offset"] is None


def test_an_uploaded_image_finds_what_looks_like_it_and_a_text_refines(client):
    found = client.post("/v1/search", files={"image": ("mug.png", png(3))}, data={"request": '{"threshold": 0.75}'})
    assert ids(found) == [6]
    chairs = {"image": ("chair.png", png(0))}
    assert ids(client.post("/v1/search", files=chairs, data={"request": '{"threshold": 0.5}'})) == [1, 2, 3]
    blue = client.post("/v1/search", files=chairs, data={"request": '{"threshold": 0.5, "text": "but blue"}'})
    assert ids(blue) == [3]


def test_tags_filter_as_soon_as_they_are_put(client):
    assert client.put("/v1/objects/2/tags", json={"tags": ["Mine", "to sell"]}).json()["tags"] == ["mine", "to sell"]
    assert ids(client.post("/v1/search", json={"text": "chair", "tag": "mine"})) == [2]
    assert client.put("/v1/objects/2/tags", json={"tags": ["sold"]}).json()["tags"] == ["sold"]
    assert ids(client.post("/v1/search", json={"text": "chair", "tag": "mine"})) == []
    assert client.get("/v1/vocabulary").json()["tags"] == ["sold"]


def test_counts(client):
    counted = client.post("/v1/count", json={"text": "chairs"}).json()
    assert counted == {"schema_version": 1, "query": "chairs", "count": 3, "counts": {"attic": 3, "barn": 0}}


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"text": ""}, 422, "say what to find"),
        ({"text": "x" * 1001}, 422, "text"),
        ({"text": "chair", "k": 1001}, 422, "k"),
        ({"text": "chair", "k": "10"}, 422, "k"),
        ({"text": "chair", "colour": "red"}, 422, "colour"),
        ({"text": "chair", "scenes": ["cellar"]}, 404, "cellar"),
        ({"like": 99}, 404, "no object 99"),
        ({"text": "chair", "tag": "a,b"}, 422, "tag"),
        ({"text": "2:chair - 2:chair"}, 422, "cancel"),
    ],
)
def test_what_cannot_be_asked_is_a_problem_that_says_why(client, body, status, said):
    answer = client.post("/v1/search", json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["type"]) == (status, "about:blank")
    assert said in json.dumps(problem)
    assert str(client.service.store.path) not in answer.text


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n but not really", png(1)[:40]], ids=["empty", "gif", "head", "cut"]
)
def test_what_is_no_image_is_refused(client, data):
    answer = client.post("/v1/search", files={"image": ("a.png", data)})
    assert answer.status_code == 422
    assert "JPEG, PNG, WEBP" in answer.json()["detail"]


PART = b'--x\r\nContent-Disposition: form-data; name="image"\r\n\r\n1\r\n--x--\r\n'
"""A form whose part `image` is no file."""


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", PART.replace(b"name", b"na\rme")),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="other"\r\n\r\n1\r\n--x--\r\n',
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="image"\r\n\r\n1\r\n--x--\r\n',
        ),
        ("text/plain", b'{"text": "chair"}'),
        ("application/json", b'{"text": "chair"'),
    ],
)
def test_a_body_that_is_cut_or_of_another_kind_is_refused(client, kind, body):
    answer = client.post("/v1/search", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_image_of_too_many_pixels_is_refused_before_it_is_unpacked(client):
    file = io.BytesIO()
    Image.new("1", (8_000, 8_000)).save(file, "PNG")  # a few kilobytes
    assert len(file.getvalue()) < 100_000
    answer = client.post("/v1/search", files={"image": ("bomb.png", file.getvalue())})
    assert answer.status_code == 422
    assert "8000x8000" in answer.json()["detail"]


def test_two_hundred_searches_at_once_all_answer(client):
    from concurrent.futures import ThreadPoolExecutor

    texts = ["chair", "red chair near window", "mug on the table", "lamp"] * 50
    alone = {text: ids(client.post("/v1/search", json={"text": text})) for text in texts[:4]}
    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(lambda text: ids(client.post("/v1/search", json={"text": text})), texts))
    assert found == [alone[text] for text in texts]
