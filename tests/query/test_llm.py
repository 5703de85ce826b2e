"""The LLM parser against a fake server on this machine: used when its answer is a query, else the grammar."""

import json

import pytest

from core3d_search.errors import InputError
from core3d_search.query import parse
from core3d_search.query.llm import LlmParser

TEXT = "where could I put my mug, somewhere by the window"
MEANT = parse('find ["table", is near ["window"]]')


@pytest.fixture
def server(llm_server):
    return llm_server(MEANT)


def test_answer_becomes_the_query(server):
    reading = LlmParser(server.url, "m").parse(TEXT)
    assert (reading.query, reading.by, reading.note) == (MEANT, "llm", "")
    assert reading.query.text == TEXT


def test_only_the_text_and_the_vocabulary_are_sent(server):
    LlmParser(server.url, "some-model").parse(TEXT, vocabulary={"secret label"}, scenes=["secret scene"])
    path, headers, body = server.requests[0]
    assert path == "/v1/chat/completions"
    assert (body["model"], body["temperature"]) == ("some-model", 0)
    assert body["messages"][1] == {"role": "user", "content": TEXT}
    assert body["response_format"]["json_schema"]["strict"] is True
    assert "secret" not in json.dumps(body)
    assert "near" in body["messages"][0]["content"]
    assert "Authorization" not in headers


def test_key_is_sent_and_not_shown(server):
    parser = LlmParser(server.url, "m", key="top-secret")
    parser.parse(TEXT)
    assert server.requests[0][1]["Authorization"] == "Bearer top-secret"
    assert "top-secret" not in repr(parser)


def test_answers_are_cached_by_model_and_text(server):
    cache: dict[str, str] = {}
    assert LlmParser(server.url, "m", cache=cache).parse(TEXT).by == "llm"
    again = LlmParser(server.url, "m", cache=cache).parse(TEXT)
    assert (again.by, again.query) == ("cache", MEANT)
    assert LlmParser(server.url, "other", cache=cache).parse(TEXT).by == "llm"
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("content", "note"),
    [
        ("sure, here you are", "not JSON"),
        ('{"target": {"noun": "chair", "relations": [{"predicate": "orbits"}]}}', "orbits"),
        ('["chair"]', "wrong type"),
        ("null", "wrong type"),
        ("[" * 100_000, "recursion"),
        ('{"target": {"noun": "\\ud800"}}', "surrogates"),
        ('{"target": {}}', "no target"),
    ],
)
def test_wrong_answers_leave_it_to_the_grammar(server, content, note):
    server.content = content
    cache: dict[str, str] = {}
    reading = LlmParser(server.url, "m", cache=cache).parse("red chair near window")
    assert reading.by == "grammar"
    assert note in reading.note
    assert reading.query == parse("red chair near window")
    assert cache == {}


def test_a_damaged_cached_answer_is_asked_for_again(server):
    cache: dict[str, str] = {}
    parser = LlmParser(server.url, "m", cache=cache)
    parser.parse(TEXT)
    cache.update(dict.fromkeys(cache, "half an ans"))
    assert (parser.parse(TEXT).by, parser.parse(TEXT).by) == ("llm", "cache")


def test_the_scene_is_the_grammars_and_stays_here(server):
    text = "the table for my mug, in scene attic"
    reading = LlmParser(server.url, "m").parse(text, scenes=["attic"])
    assert (reading.by, reading.query.scene, reading.query.text) == ("llm", "attic", text)
    assert server.requests[0][2]["messages"][1]["content"] == "the table for my mug,"


def test_the_exact_notation_is_no_matter_of_opinion(server):
    assert LlmParser(server.url, "m").parse('find ["mug"]').query == parse("mug")
    assert server.requests == []


def test_a_key_that_cannot_be_sent_is_not_shown_either(server):
    reading = LlmParser(server.url, "m", key="top\nsecret").parse("chair")
    assert reading.by == "grammar"
    assert "secret" not in reading.note


def test_a_redirect_is_not_followed(server):
    server.status = 302
    assert "302" in LlmParser(server.url, "m", key="top-secret").parse("chair").note
    assert len(server.requests) == 1


def test_server_errors_and_foreign_answers_leave_it_to_the_grammar(server):
    server.status = 500
    assert "500" in LlmParser(server.url, "m").parse("chair").note
    server.status, server.raw = 200, '{"error": "no such model"}'
    assert "chat completion" in LlmParser(server.url, "m").parse("chair").note


def test_no_server_leaves_it_to_the_grammar(server):
    server.stop()
    reading = LlmParser(server.url, "m", timeout=2.0).parse("chair")
    assert (reading.by, reading.query.target.noun) == ("grammar", "chair")
    assert reading.note.startswith("LLM parser not used")


def test_only_web_addresses_are_asked():
    with pytest.raises(InputError, match="http"):
        LlmParser("file:///etc/passwd", "m")
