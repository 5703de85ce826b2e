"""What is refused, and with what: docs/serving.md lists the same."""

import socket
import time

import pytest
from server.conftest import READ_TOKEN, TOKEN, bearer, running

from core3d_search.errors import InputError
from core3d_search.server.service import Service
from core3d_search.server.settings import Limits, ServerSettings

GUARDED = [
    ("GET", "/v1/scenes"),
    ("POST", "/v1/search"),
    ("GET", "/v1/objects/1"),
    ("GET", "/v1/objects/1/points.ply"),
    ("GET", "/metrics"),
    ("GET", "/v1/jobs"),
    ("PUT", "/v1/objects/1/tags"),
    ("POST", "/v1/index"),
]


@pytest.fixture
def guarded(open_client):
    return open_client(token=TOKEN, read_token=READ_TOKEN)


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_no_token_and_wrong_tokens_are_refused(guarded, method, path):
    for headers in ({}, bearer("wrong"), {"Authorization": "Basic abc"}, bearer(TOKEN[:-1])):
        answer = guarded.request(method, path, headers=headers, json={"text": "chair"} if method == "POST" else None)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_token_for_reading_reads_and_changes_nothing(guarded):
    assert guarded.post("/v1/search", json={"text": "chair"}, headers=bearer(READ_TOKEN)).status_code == 200
    for method, path, body in [
        ("PUT", "/v1/objects/1/tags", {"tags": ["mine"]}),
        ("POST", "/v1/index", {"path": "x"}),
        ("DELETE", "/v1/jobs/x", None),
    ]:
        assert guarded.request(method, path, json=body, headers=bearer(READ_TOKEN)).status_code == 403
    assert guarded.service.store.marks(1).tags == ()
    assert guarded.put("/v1/objects/1/tags", json={"tags": ["mine"]}, headers=bearer(TOKEN)).status_code == 200


def test_health_and_the_page_need_no_token_and_hold_no_data(guarded):
    assert guarded.get("/v1/health").status_code == 200
    assert guarded.get("/").status_code == 200


def test_other_machines_need_a_token():
    with pytest.raises(InputError, match="CORE3D_TOKEN"):
        ServerSettings(host="0.0.0.0").checked()
    with pytest.raises(InputError, match="16"):
        ServerSettings(host="0.0.0.0", token="short").checked()
    with pytest.raises(InputError, match="differ"):
        ServerSettings(token=TOKEN, read_token=TOKEN).checked()
    assert ServerSettings(host="0.0.0.0", token=TOKEN).checked().token == TOKEN
    for host in ("127.0.0.1", "::1", "localhost", "127.8.8.8"):
        assert ServerSettings(host=host).checked().is_local


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8333", "127.0.0.1.evil.example", ""])
def test_a_name_that_points_here_is_refused_without_tokens(client, host):
    assert client.get("/v1/scenes", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("host", ["localhost:8333", "127.0.0.1", "[::1]:8333"])
def test_names_of_this_machine_are_let_in(client, host):
    assert client.get("/v1/scenes", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}]
)
def test_pages_of_other_sites_may_not_post(client, headers):
    assert client.post("/v1/search", json={"text": "chair"}, headers=headers).status_code == 403
    assert client.put("/v1/objects/1/tags", json={"tags": []}, headers=headers).status_code == 403
    assert "access-control-allow-origin" not in client.get("/v1/scenes", headers=headers).headers


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/page/../settings.py",
        "/page.css/../../settings.py",
        "/v1/scenes/..%2f..%2fetc%2fpasswd",
        "/v1/scenes/../../../etc/passwd/objects",
        "/v1/scenes/%00/objects",
    ],
)
def test_paths_that_climb_find_nothing(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert "root:" not in answer.text


@pytest.mark.parametrize(
    "path",
    ["..", "../outside", "/etc", "/", "inside/../../outside", "link", "link/scan", "a\x00b", "x" * 1000, "missing"],
)
def test_nothing_outside_the_root_is_indexed_nor_told_apart_from_what_is_not_there(open_client, tmp_path, path):
    root = tmp_path / "root"
    (root / "inside").mkdir(parents=True)
    (tmp_path / "outside" / "scan").mkdir(parents=True)
    (root / "link").symlink_to(tmp_path / "outside")
    client = open_client(roots=(root,))
    answer = client.post("/v1/index", json={"path": path})
    assert (answer.status_code, answer.json()["detail"]) == (404, "there is no such path below the served roots")
    assert client.get("/v1/jobs").json()["jobs"] == []


def test_without_a_root_nothing_is_indexed(client):
    assert client.post("/v1/index", json={"path": "."}).status_code == 403


def test_settings_that_name_files_are_refused(open_client, tmp_path):
    client = open_client(roots=(tmp_path,))
    body = {"path": ".", "settings": ["masks.options.weights=/etc/passwd"]}
    assert client.post("/v1/index", json=body).status_code == 422


def test_a_body_that_says_it_is_too_large_is_refused_before_it_comes(client):
    headers = {"Content-Length": str(1 << 30), "Content-Type": "application/json"}
    assert client.post("/v1/search", content=b"{}", headers=headers).status_code == 413


def exchange(port, *pieces, pause=0.0, patience=8.0):
    """Send pieces of a request to a server, with a pause after each; return what it answers until it closes."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(pause)
            while part := connection.recv(65536):
                answer += part
        except (BrokenPipeError, ConnectionResetError):
            pass
    return answer


HEAD = b"POST /v1/search HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


def test_an_upload_of_a_gigabyte_is_cut_off_after_the_limit(port):
    """Chunked, so that its size is not said before; the server takes ten megabytes of it and no more."""
    sent, block = 0, b"100000\r\n" + bytes(1 << 20) + b"\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=8) as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        try:
            for _ in range(1024):
                connection.sendall(block)
                sent += len(block)
        except (BrokenPipeError, ConnectionResetError):
            pass
        else:
            pytest.fail("the whole gigabyte was taken")
    assert sent < 64 << 20


def test_an_upload_that_says_its_gigabyte_is_answered_and_closed(port):
    answer = exchange(port, HEAD + b"Content-Length: 1073741824\r\n\r\n", b"x" * 100_000)
    assert answer.startswith(b"HTTP/1.1 413")


def test_a_head_that_drips_is_cut_off(port):
    start = time.monotonic()
    drips = [b"GET /v1/health HTTP/1.1\r\n", *([b"X-Slow: 1\r\n"] * 40)]
    assert exchange(port, *drips, pause=0.2) == b""
    assert time.monotonic() - start < 6


def test_a_connection_that_says_nothing_is_closed(port):
    start = time.monotonic()
    assert exchange(port) == b""
    assert time.monotonic() - start < 6


def test_a_body_that_drips_is_cut_off(port):
    drips = [HEAD + b"Content-Length: 100\r\n\r\n", *([b"{"] * 4)]
    assert exchange(port, *drips, pause=0.1).startswith(b"HTTP/1.1 408")


def test_patience_begins_anew_with_every_request_of_a_connection(port):
    ask = b"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=8) as connection:
        for _ in range(4):
            connection.sendall(ask)
            answer = b""
            while not answer.endswith(b"}"):
                answer += connection.recv(65536)
            assert b"200 OK" in answer
            time.sleep(0.5)
        connection.sendall(ask[:20])
        assert connection.recv(65536) == b""


def test_a_head_without_end_is_refused(port):
    answer = exchange(port, b"GET / HTTP/1.1\r\nX: " + b"a" * 200_000)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")


def test_requests_beyond_what_may_wait_and_those_that_take_too_long_are_told(open_client, monkeypatch):
    from concurrent.futures import ThreadPoolExecutor

    from core3d_search.server.routes import counting

    client = open_client(limits=Limits(work_seconds=0.3, threads=1, waiting=1))
    monkeypatch.setattr(counting, "counted", lambda *_: time.sleep(1.0))
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: client.post("/v1/count", json={"text": "chair"}), range(4)))
    assert {answer.status_code for answer in answers} == {503}
    details = " ".join(answer.json()["detail"] for answer in answers)
    assert "too many requests" in details
    assert "given up after 0.3 seconds" in details
    assert all("Retry-After" in answer.headers for answer in answers)


def test_an_answer_that_is_not_read_is_given_up():
    """Uvicorn then closes the connection."""
    import asyncio
    from types import SimpleNamespace

    from core3d_search.server.metrics import Metrics
    from core3d_search.server.middleware import Door

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def never(message):
        await asyncio.sleep(60)

    settings = SimpleNamespace(limits=Limits(send_seconds=0.1), token=TOKEN, read_token=None)
    door = Door(app, settings, Metrics(dict))
    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(door(scope, never, never))


def test_connections_beyond_the_limit_are_told_to_come_back(known_db):
    settings = ServerSettings(str(known_db), limits=Limits(connections=3))
    ask = b"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    with running(Service(settings)) as number:
        assert exchange(number, ask).startswith(b"HTTP/1.1 200")
        idle = [socket.create_connection(("127.0.0.1", number)) for _ in range(3)]
        time.sleep(0.2)
        assert exchange(number, ask).startswith(b"HTTP/1.1 503")
        for connection in idle:
            connection.close()
        time.sleep(0.2)
        assert exchange(number, ask).startswith(b"HTTP/1.1 200")


def test_a_bug_tells_nothing_of_its_insides(client, monkeypatch):
    from core3d_search.server.routes import counting

    def broken(*_):
        raise RuntimeError("secret")

    monkeypatch.setattr(counting, "counted", broken)
    answer = client.post("/v1/count", json={"text": "chair"})
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "secret" not in answer.text


def test_a_database_that_may_not_be_written_says_so(open_client, known_db):
    client = open_client()
    client.service.store.read_only = True
    assert client.put("/v1/objects/1/tags", json={"tags": ["mine"]}).status_code == 403


def test_the_token_is_compared_whole(guarded):
    """Also with what is not ASCII, at which a comparison in constant time would stumble."""
    for token in ("", "é", TOKEN + "\x00", "ü" * 100):
        assert guarded.service.access.scopes(token) == frozenset()
    assert guarded.service.access.scopes(TOKEN) == {"read", "write"}
