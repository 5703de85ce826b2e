"""A vision model's opinion on hits, from a fake endpoint: a factor like the others, remembered, and never needed."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from core3d_search import parse
from core3d_search.datatypes import Box3D, Hit, Reason
from core3d_search.errors import InputError
from core3d_search.search.scoring import THRESHOLD, calibrated
from core3d_search.search.second_opinion import FLOOR, Opinion, SecondOpinion

BOX = Box3D((0, 0, 0), (1, 1, 1))
SCORES = {1: 0.9, 2: 0.8, 3: 0.7}
HITS = [Hit("attic", k, s, 0.5, BOX, "chair", (Reason("target", "chair", s),)) for k, s in SCORES.items()]
GRAY = np.full((30, 40, 3), 90, np.uint8)


@pytest.fixture
def server(llm_server):
    return llm_server(parse("chair"))


def says(server, *answers):
    """Let the server answer with one opinion after the other."""
    queue = [json.dumps(dict(zip(("match", "confidence", "why"), answer, strict=True))) for answer in answers]
    type(server).content = property(lambda self: queue[min(len(self.requests), len(queue)) - 1], lambda *_: None)


@pytest.fixture(autouse=True)
def one_content_a_server():
    from llm_server import FakeServer

    yield
    if "content" in vars(FakeServer):
        del FakeServer.content


def picture(hit):
    return GRAY + np.uint8(hit.object_id)


def ids(judged):
    return [hit.object_id for hit in judged.hits]


def test_what_the_model_denies_falls_behind_and_the_reasons_still_multiply_to_the_score(server):
    says(server, (False, 1.0, "a bed"), (True, 1.0, "a chair"), (True, 0.5, "dark"))
    judged = SecondOpinion(server.url, "m").judge("red chair", HITS, picture)
    assert ids(judged) == [2, 3, 1]
    assert (judged.note, judged.opinions[1]) == ("", Opinion(False, 1.0, "a bed"))
    factors = [float(calibrated(likely)) for likely in (1, FLOOR + (1 - FLOOR) / 2, FLOOR)]
    assert [hit.score for hit in judged.hits] == pytest.approx([0.8, 0.7 * factors[1], 0.9 * factors[2]])
    for hit in judged.hits:
        assert hit.score == pytest.approx(np.prod([reason.score for reason in hit.reasons]))
    last = judged.hits[-1].reasons[-1]
    assert (last.kind, last.text, last.values["confidence"]) == ("opinion", "the model sees something else: a bed", 1.0)


def test_what_falls_below_the_threshold_is_no_hit(server):
    says(server, (False, 1.0, "a bed"), (True, 1.0, "yes"))
    assert ids(SecondOpinion(server.url, "m", most=2).judge("chair", HITS, picture, THRESHOLD)) == [2, 3]


def test_the_text_and_the_picture_are_sent_and_nothing_else(server):
    says(server, (True, 1.0, "yes"))
    SecondOpinion(server.url, "some-model", key="top-secret", most=1).judge("red chair ", HITS, picture)
    ((path, headers, body),) = server.requests
    assert (path, headers["Authorization"]) == ("/v1/chat/completions", "Bearer top-secret")
    assert set(body) == {"model", "temperature", "messages", "response_format"}
    text, image = body["messages"][1]["content"]
    assert text == {"type": "text", "text": "red chair"}
    kind, data = image["image_url"]["url"].split(",")
    assert kind == "data:image/jpeg;base64"
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))
    assert shown.shape == GRAY.shape
    assert abs(int(shown.mean()) - 91) <= 2
    assert not any(word in json.dumps(body) for word in ("attic", "top-secret"))


def test_opinions_are_remembered_by_model_text_and_picture(server):
    says(server, (True, 0.9, "yes"))
    cache: dict[str, str] = {}
    opinion = SecondOpinion(server.url, "m", cache=cache, most=1)
    first = opinion.judge("chair", HITS, picture)
    server.stop()
    again = opinion.judge("chair", HITS, picture)
    assert (ids(again), again.opinions, again.note) == (ids(first), first.opinions, "")
    assert "no answer" in opinion.judge("lamp", HITS, picture).note
    cache.update(dict.fromkeys(cache, "half an ans"))
    assert "no answer" in opinion.judge("chair", HITS, picture).note, "a damaged one is asked for again"


@pytest.mark.parametrize(
    ("content", "note"),
    [
        ("I think so", "not JSON"), ("[]", "match"), ('{"match": "yes", "confidence": 1}', "match"),
        ('{"match": true, "confidence": 7}', "confidence"), ('{"match": true, "confidence": true}', "confidence"),
        ('{"match": true, "confidence": 1, "why": "\\ud800"}', "surrogates"),
    ],
)  # fmt: skip
def test_wrong_answers_leave_hits_as_they_were_and_say_so(server, content, note):
    server.content, cache = content, {}
    judged = SecondOpinion(server.url, "m", cache=cache).judge("chair", HITS, picture)
    assert list(judged.hits) == HITS
    assert note in judged.note
    assert (cache, len(server.requests)) == ({}, 1), "it is not asked again"


def test_a_server_that_is_down_or_refuses_leaves_hits_as_they_were(server):
    server.status = 500
    assert "500" in SecondOpinion(server.url, "m").judge("chair", HITS, picture).note
    server.stop()
    judged = SecondOpinion(server.url, "m", timeout=2.0).judge("chair", HITS, picture)
    assert list(judged.hits) == HITS
    assert judged.note.startswith("no second opinion: no answer from the endpoint")


def test_an_endpoint_that_fails_half_way_changes_nothing(server):
    says(server, (False, 1.0, "a bed"), (7, 7, 7))
    judged = SecondOpinion(server.url, "m").judge("chair", HITS, picture)
    assert (list(judged.hits), judged.opinions) == (HITS, {})
    assert judged.note


def test_a_hit_without_a_picture_is_passed_over(server):
    says(server, (True, 1.0, "yes"))

    def some(hit):
        if hit.object_id == 1:
            raise InputError("the scan is gone")
        return picture(hit)

    judged = SecondOpinion(server.url, "m").judge("chair", HITS, some)
    assert set(judged.opinions) == {2, 3}
    assert judged.note == "second opinion on 2 of 3 hits: no picture of #1: the scan is gone"


def test_only_web_addresses_are_asked():
    with pytest.raises(InputError, match="http"):
        SecondOpinion("file:///etc/passwd", "m")
