"""Finding and downloading weights, against a small server that can break off."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.client import HTTPMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request

import platformdirs
import pytest

from core3d_search.errors import ModelError
from core3d_search.weights import (
    KeepsHttps,
    PublishedWeights,
    download,
    find_weights,
    remembered_sha256,
    sha256_of,
    weights_folder,
)

CONTENT = bytes(range(256)) * 4000


class Server(ThreadingHTTPServer):
    """Serves CONTENT at any address but /absent; remembers requests; drops a connection after `drop_after` bytes."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.ranges: list[str | None] = []
        self.drop_after: list[int] = []
        self.honours_ranges = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/model.pth"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.ranges.append(wanted)
        if self.path == "/absent":
            self.send_error(404)
            return
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", self.server.url)
            self.end_headers()
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.server.honours_ranges else 0
        if start >= len(CONTENT):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(CONTENT)}")
            self.end_headers()
            return
        body = CONTENT[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.drop_after.pop(0)] if self.server.drop_after else body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def published(server: Server) -> PublishedWeights:
    return PublishedWeights("model.pth", server.url, hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("CORE3D_WEIGHTS", raising=False)
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name, appauthor: tmp_path / "cache" / name)
    return tmp_path / "cache" / "core3d" / "weights"


def test_a_first_use_downloads_once_and_tells_progress(
    server: Server, published: PublishedWeights, cache: Path
) -> None:
    seen: list[tuple[int, int | None]] = []
    path = find_weights(published, progress=lambda done, total: seen.append((done, total)))
    assert path == cache / "model.pth"
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert find_weights(published) == path
    assert server.ranges == [None]
    assert [file.name for file in cache.iterdir()] == ["model.pth"]


def test_a_broken_connection_is_taken_up_where_it_broke(
    server: Server, published: PublishedWeights, tmp_path: Path
) -> None:
    server.drop_after = [300_000, 200_000]
    path = download(published, tmp_path / "model.pth")
    assert path.read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=300000-", "bytes=500000-"]


def test_an_interrupted_download_is_continued_by_the_next_run(
    server: Server, published: PublishedWeights, tmp_path: Path
) -> None:
    part = tmp_path / "model.pth.part"
    part.write_bytes(CONTENT[:1000])
    assert download(published, tmp_path / "model.pth").read_bytes() == CONTENT
    assert server.ranges == ["bytes=1000-"]
    assert not part.exists()


@pytest.mark.parametrize(("left", "requests"), [(CONTENT, 1), (CONTENT + b"more", 2)])
def test_a_part_that_is_whole_is_used_and_one_too_long_is_not(
    server: Server, published: PublishedWeights, tmp_path: Path, left: bytes, requests: int
) -> None:
    (tmp_path / "model.pth.part").write_bytes(left)
    assert download(published, tmp_path / "model.pth").read_bytes() == CONTENT
    assert len(server.ranges) == requests


def test_a_server_without_ranges_starts_over(server: Server, published: PublishedWeights, tmp_path: Path) -> None:
    server.honours_ranges = False
    (tmp_path / "model.pth.part").write_bytes(b"x" * 1000)
    assert download(published, tmp_path / "model.pth").read_bytes() == CONTENT


def test_a_file_with_another_checksum_is_refused_and_removed(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"SHA-256 [0-9a-f]{64} instead of 00"):
        download(PublishedWeights("model.pth", server.url, "00"), tmp_path / "model.pth")
    assert not list(tmp_path.glob("model.pth*[!k]"))


def test_offline_the_error_says_what_to_fetch_and_where_to_put_it(cache: Path) -> None:
    unreachable = PublishedWeights("model.pth", "http://127.0.0.1:9/model.pth")
    with pytest.raises(ModelError) as raised:
        find_weights(unreachable)
    for part in ("http://127.0.0.1:9/model.pth could not be downloaded", str(cache / "model.pth"), "CORE3D_WEIGHTS"):
        assert part in str(raised.value)


def test_an_absent_file_is_not_asked_for_twice(server: Server, tmp_path: Path) -> None:
    absent = PublishedWeights("model.pth", server.url.replace("model.pth", "absent"))
    with pytest.raises(ModelError, match="404"):
        download(absent, tmp_path / "model.pth")
    assert len(server.ranges) == 1


def test_a_local_file_or_folder_is_used_as_it_is(
    server: Server, published: PublishedWeights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    with pytest.raises(ModelError, match=r"no weights at .*mine: fetch .*put it at .*mine.model\.pth"):
        find_weights(published, folder)
    converted = folder / "model.safetensors"
    converted.write_bytes(b"converted")
    assert find_weights(published, folder) == converted
    original = folder / "model.pth"
    original.write_bytes(b"original")
    assert find_weights(published, folder) == original
    assert find_weights(published, converted) == converted
    with pytest.raises(ModelError, match=r"no weights at .*other\.pth"):
        find_weights(published, tmp_path / "other.pth")
    monkeypatch.setenv("CORE3D_WEIGHTS", str(folder))
    assert find_weights(published) == original
    monkeypatch.setenv("CORE3D_WEIGHTS", str(converted))
    assert find_weights(published) == converted
    assert server.ranges == []


def test_the_folder_of_the_environment_takes_downloads(
    published: PublishedWeights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CORE3D_WEIGHTS", str(tmp_path / "new"))
    assert find_weights(published) == tmp_path / "new" / "model.pth"
    monkeypatch.setenv("CORE3D_WEIGHTS", str(tmp_path / "absent.pth"))
    with pytest.raises(ModelError, match=r"CORE3D_WEIGHTS names .*absent\.pth, which is no file"):
        find_weights(published)


def test_two_first_uses_at_once_download_once(server: Server, published: PublishedWeights, cache: Path) -> None:
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(find_weights(published))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [cache / "model.pth"] * 4
    assert len(server.ranges) == 1


def test_the_cache_is_the_users_own_for_core3d(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.delenv("CORE3D_WEIGHTS", raising=False)
    assert weights_folder() == Path(platformdirs.user_cache_dir("core3d", appauthor=False)) / "weights"
    assert weights_folder().parent.name.lower() in ("core3d", "cache")


def test_without_a_published_checksum_the_first_download_is_remembered(server: Server, cache: Path) -> None:
    unpinned = PublishedWeights("model.pth", server.url)
    path = find_weights(unpinned)
    assert remembered_sha256(path) == hashlib.sha256(CONTENT).hexdigest()
    assert (cache / "model.pth.sha256").read_text() == f"{hashlib.sha256(CONTENT).hexdigest()}  model.pth\n"
    path.unlink()
    assert find_weights(unpinned) == path  # the same bytes again
    path.unlink()
    (cache / "model.pth.sha256").write_text("ab" * 32 + "  model.pth\n")
    with pytest.raises(ModelError, match=rf"instead of {'ab' * 32}.*remove .*model\.pth\.sha256"):
        find_weights(unpinned)
    assert not path.exists()


def test_a_pinned_file_needs_no_note(published: PublishedWeights, cache: Path) -> None:
    assert remembered_sha256(find_weights(published)) is None


def test_a_redirect_is_followed(server: Server, tmp_path: Path) -> None:
    moved = PublishedWeights("model.pth", server.url.replace("/model.pth", "/moved"))
    assert download(moved, tmp_path / "model.pth").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("old", "new", "allowed"),
    [
        ("https://a.org/x", "https://b.org/x", True),
        ("https://a.org/x", "http://a.org/x", False),
        ("https://a.org/x", "ftp://a.org/x", False),
        ("http://a.org/x", "https://a.org/x", True),
    ],
)
def test_no_redirect_leads_away_from_https(old: str, new: str, allowed: bool) -> None:
    def follow() -> Request | None:
        return KeepsHttps().redirect_request(Request(old), BytesIO(), 302, "Found", HTTPMessage(), new)

    if allowed:
        assert follow().full_url == new
    else:
        with pytest.raises(URLError, match=f"redirects to {new}, which is not encrypted: refused"):
            follow()


def test_the_checksum_is_that_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(CONTENT)
    assert sha256_of(tmp_path / "file") == hashlib.sha256(CONTENT).hexdigest()
