"""`--llm` on the command line: who read the text, what is said on stderr, and where the key may come from."""

import json

import pytest

from core3d_search import parse

TEXT = "what could I drink my coffee from"


@pytest.fixture
def server(llm_server):
    return llm_server(parse('find ["mug"]'))


def test_search_and_count_read_through_the_llm(core3d, server):
    options = ("--llm", server.url, "--llm-model", "some-model")
    code, out, err = core3d("search", TEXT, *options, "--json", "--explain")
    document = json.loads(out)
    assert (code, err) == (0, "")
    assert [hit["object_id"] for hit in document["hits"]] == [6]
    assert document["explanation"]["read_by"] == "llm"
    assert core3d("count", TEXT, *options)[1].strip() == "1"
    assert [body["model"] for _, _, body in server.requests] == ["some-model"], "the second from the database"
    assert "the LLM, remembered" in core3d("search", TEXT, *options, "--explain")[1]


def test_the_environment_may_name_endpoint_model_and_key(core3d, server, monkeypatch):
    monkeypatch.setenv("CORE3D_LLM_URL", server.url)
    monkeypatch.setenv("CORE3D_LLM_MODEL", "m")
    monkeypatch.setenv("CORE3D_LLM_KEY", "top-secret")
    assert "mug #6" in core3d("search", TEXT)[1]
    ((_, headers, _),) = server.requests
    assert headers["Authorization"] == "Bearer top-secret"
    for command in ("search", "count"):
        assert "top-secret" not in "".join(map(str, core3d(command, "--help")))


def test_a_fallback_is_said_once_on_stderr_and_the_search_goes_on(core3d, server, tmp_path):
    server.content = "I am only a language model"
    (tmp_path / "queries.txt").write_text("lamp\nblue chair\nlamp\n")
    options = ("--llm", server.url, "--llm-model", "m")
    code, out, err = core3d("search", "--batch", tmp_path / "queries.txt", *options, "--json", "--explain")
    assert code == 0
    assert [[hit["object_id"] for hit in document["hits"]] for document in json.loads(out)["answers"]] == [
        [7],
        [3],
        [7],
    ]
    assert {document["explanation"]["read_by"] for document in json.loads(out)["answers"]} == {"grammar"}
    assert err.splitlines() == [
        f"core3d: LLM parser not used: the answer is not JSON; the grammar reads {text!r}"
        for text in ("lamp", "blue chair")
    ]
    assert len(server.requests) == 2


def test_a_server_that_is_down_leaves_it_to_the_grammar(core3d, server):
    server.stop()
    code, out, err = core3d("count", "chairs", "--llm", server.url, "--llm-model", "m")
    assert (code, out.strip()) == (0, "3")
    assert "no answer from the endpoint" in err


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--llm", "http://127.0.0.1:9/v1"), 2, "--llm-model"),
        (("--llm", "localhost:9", "--llm-model", "m"), 1, "http or https"),
    ],
)
def test_incomplete_or_wrong_options_are_told(core3d, monkeypatch, options, code, words):
    monkeypatch.delenv("CORE3D_LLM_MODEL", raising=False)
    got, out, err = core3d("search", "chair", *options)
    assert (got, out) == (code, "")
    assert words in err
