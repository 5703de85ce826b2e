"""The LLM parser against a fake server on this machine: used when its answer is a query, else the grammar."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from core3d_search.errors import InputError
from core3d_search.llm import LlmParser
from core3d_search.query import parse
from core3d_search.query.plain import to_plain

TEXT = "where could I put my mug, somewhere by the window"
MEANT = parse('find ["table", is near ["window"]]')


class FakeServer:
    """Answers every request with `content` and keeps what it was sent."""

    def __init__(self) -> None:
        self.content, self.status, self.requests = json.dumps(to_plain(MEANT)), 200, []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.requests.append((self.path, dict(self.headers), json.loads(body)))
                answer = (
                    outer.raw
                    if outer.raw is not None
                    else json.dumps({"choices": [{"message": {"content": outer.content}}]})
                )
                self.send_response(outer.status)
                self.end_headers()
                self.wfile.write(answer.encode())

            def log_message(self, *_):
                pass

        self.raw = None
        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def server(monkeypatch):
    monkeypatch.delenv("CORE3D_LLM_KEY", raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    fake = FakeServer()
    yield fake
    fake.server.shutdown()
    fake.server.server_close()


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


def test_server_errors_and_foreign_answers_leave_it_to_the_grammar(server):
    server.status = 500
    assert "500" in LlmParser(server.url, "m").parse("chair").note
    server.status, server.raw = 200, '{"error": "no such model"}'
    assert "chat completion" in LlmParser(server.url, "m").parse("chair").note


def test_no_server_leaves_it_to_the_grammar(server):
    server.server.shutdown()
    server.server.server_close()
    reading = LlmParser(server.url, "m", timeout=2.0).parse("chair")
    assert (reading.by, reading.query.target.noun) == ("grammar", "chair")
    assert reading.note.startswith("LLM parser not used")


def test_only_web_addresses_are_asked():
    with pytest.raises(InputError, match="http"):
        LlmParser("file:///etc/passwd", "m")
