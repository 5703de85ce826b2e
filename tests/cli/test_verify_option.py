"""`--verify` on the command line: the first hits' pictures are judged, remembered, and never needed."""

import io
import json

import pytest
from PIL import Image

from core3d_search import parse
from core3d_search.store import Store, Thumbnail

NO = json.dumps({"match": False, "confidence": 1.0, "why": "that is a bed"})


@pytest.fixture
def server(llm_server):
    return llm_server(parse("chair"))


@pytest.fixture
def pictures(known_db):
    """Keep a picture of every object of the attic, where the scans are gone."""
    written = io.BytesIO()
    Image.new("RGB", (20, 10), "red").save(written, "WEBP")
    with Store.open(known_db) as store:
        made = {key: Thumbnail(written.getvalue(), 20, 10) for key in range(1, 7)}
        store.add_thumbnails("attic", made, store.scene("attic").generation)


def test_what_is_denied_loses_and_the_answer_to_a_question_follows(core3d, pictures, server):
    server.content = NO
    options = ("--verify", server.url, "--verify-model", "eye")
    plain = json.loads(core3d("search", "red chair near window", "--json")[1])
    code, out, err = core3d("search", "red chair near window", *options, "--json", "--threshold", 0.4)
    first = json.loads(out)["hits"][0]
    assert (code, err) == (0, "")
    assert first["score"] < plain["hits"][0]["score"]
    assert first["reasons"][-1]["text"] == "the model sees something else: that is a bed"
    assert core3d("search", "is there a mug?", *options)[1].startswith("no, nothing like that here")
    assert {body["model"] for _, _, body in server.requests} == {"eye"}


def test_opinions_come_from_the_database_the_second_time(core3d, pictures, server):
    server.content = NO
    asked = ("search", "mug", "--verify", server.url, "--verify-model", "eye")
    assert "nothing like that here" in core3d(*asked)[1]
    count = len(server.requests)
    server.stop()
    assert "nothing like that here" in core3d(*asked)[1]
    assert count == len(server.requests) == 1


def test_without_an_endpoint_or_a_picture_the_answer_stays_and_stderr_says_so(core3d, server):
    plain = core3d("search", "mug")[1]
    code, out, err = core3d("search", "mug", "--verify", server.url, "--verify-model", "eye")
    assert (code, out) == (0, plain)
    assert "no picture of #6" in err
    assert server.requests == []


def test_a_server_that_is_down_leaves_the_answer(core3d, pictures, server):
    plain = core3d("search", "mug")[1]
    server.stop()
    code, out, err = core3d("search", "mug", "--verify", server.url, "--verify-model", "eye")
    assert (code, out) == (0, plain)
    assert "no second opinion: no answer from the endpoint" in err


def test_the_model_has_to_be_named(core3d):
    code, _, err = core3d("search", "mug", "--verify", "http://127.0.0.1:9/v1")
    assert code == 2
    assert "--verify-model" in err
