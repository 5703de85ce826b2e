"""A chat-completions endpoint on this machine that answers with what a test tells it to."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from core3d_search.query import Query
from core3d_search.query.plain import to_plain


class FakeServer:
    """Answers every request with `content`, or with `raw` where that is set, and keeps what it was sent."""

    def __init__(self, meant: Query) -> None:
        self.content, self.raw, self.status = json.dumps(to_plain(meant)), None, 200
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.requests.append((self.path, dict(self.headers), json.loads(body)))
                answer = outer.raw or json.dumps({"choices": [{"message": {"content": outer.content}}]})
                self.send_response(outer.status)
                self.send_header("Location", f"{outer.url}/elsewhere")
                self.end_headers()
                self.wfile.write(answer.encode())

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
