"""A Searcher that lets an LLM read: its readings are searched with and remembered, and never needed."""

import json
import subprocess
import sys

import pytest

from core3d_search import Searcher, parse
from core3d_search.query.llm import LlmParser
from core3d_search.store import Store

TEXT = "what would Anna reach for when she is thirsty"
MEANT = parse('find ["mug", is on ["table"]]')


@pytest.fixture
def server(llm_server):
    return llm_server(MEANT)


def ids(hits):
    return [hit.object_id for hit in hits]


def asked(server):
    """Return what the server was asked to read, in order."""
    return [body["messages"][1]["content"] for _, _, body in server.requests]


def test_what_the_llm_read_is_searched_counted_and_explained(known_db, server):
    with Searcher.open(known_db, llm=LlmParser(server.url, "m")) as searcher:
        explanation = searcher.explain(TEXT)
        assert (explanation.query, explanation.read_by, explanation.note) == (MEANT, "llm", "")
        assert "read by the LLM)" in explanation.text
        assert ids(searcher.search(TEXT)) == [6]
        assert searcher.count(TEXT) == {"attic": 1, "barn": 0}
        assert searcher.explain(TEXT).to_dict()["read_by"] == "cache"
    with Searcher.open(known_db) as searcher:
        assert ids(searcher.search(TEXT)) == [], "the grammar alone cannot know"


def test_the_second_time_comes_from_the_database_without_a_request(known_db, server):
    for _ in range(2):
        with Searcher.open(known_db, llm=LlmParser(server.url, "m")) as searcher:
            assert ids(searcher.search(TEXT)) == [6]
    assert asked(server) == [TEXT]
    server.stop()
    with Searcher.open(known_db, llm=LlmParser(server.url, "m")) as searcher:
        assert searcher.explain(TEXT).read_by == "cache"
        assert searcher.explain("lamp").read_by == "grammar"


def test_readings_change_nothing_of_the_content(known_db, server):
    with Store.open(known_db) as store:
        before = store.content_checksum(), store.generation
    with Searcher.open(known_db, llm=LlmParser(server.url, "m")) as searcher:
        searcher.search(TEXT)
    with Store.open(known_db) as store:
        assert store.info().counts["query_readings"] == 1
        assert (store.content_checksum(), store.generation) == before


@pytest.mark.parametrize("fault", ["down", "error 500", "nonsense"])
def test_without_a_usable_answer_the_grammar_reads_and_says_so(known_db, server, fault):
    if fault == "down":
        server.stop()
    server.status = 500 if fault == "error 500" else 200
    server.content = "the mug, I think"
    with Searcher.open(known_db, llm=LlmParser(server.url, "m")) as searcher:
        explanation = searcher.explain("red chair near window")
        assert explanation.read_by == "grammar"
        assert explanation.note.startswith("LLM parser not used: ")
        assert explanation.note in explanation.text
        assert explanation.to_dict()["note"] == explanation.note
        assert ids(searcher.search("red chair near window")) == [1]


def test_labels_scenes_and_boxes_stay_here(known_db, server):
    with Searcher.open(known_db, llm=LlmParser(server.url, "m")) as searcher:
        assert ids(searcher.search(f"{TEXT} in attic")) == [6]
    assert asked(server) == [TEXT]
    ((_, headers, body),) = server.requests
    assert set(body) == {"model", "temperature", "messages", "response_format"}
    assert len(body["messages"]) == 2
    sent = json.dumps(body)
    assert not any(word in sent for word in ("attic", "barn", "nouns/1", str(known_db)))
    assert "Authorization" not in headers


def test_a_scene_that_the_llm_makes_up_does_not_fail_the_search(known_db, server):
    server.content = json.dumps({"target": {"noun": "mug"}, "scene": "cellar"})
    with Searcher.open(known_db, llm=LlmParser(server.url, "m")) as searcher:
        assert ids(searcher.search(TEXT)) == [6]


def test_mixtures_and_pictures_alone_are_no_texts_to_read(known_db, server):
    with Searcher.open(known_db, llm=LlmParser(server.url, "m")) as searcher:
        searcher.search("2:mug - lamp")
        searcher.explain("2:mug - lamp")
        searcher.similar(1)
    assert asked(server) == []


def test_without_an_llm_the_grammar_is_named(known_db):
    with Searcher.open(known_db) as searcher:
        explanation = searcher.explain("lamp")
    assert (explanation.read_by, explanation.note) == ("grammar", "")
    assert "read by the grammar)" in explanation.text


def test_without_an_llm_its_module_is_not_loaded():
    asked = (
        "import sys, core3d_search.search.searcher, core3d_search.cli.search, core3d_search.cli.count;"
        "print('core3d_search.query.llm' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True).stdout.strip() == b"False"
