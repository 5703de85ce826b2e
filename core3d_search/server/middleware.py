"""What every request passes: names and origins, the size and pace of its body, headers of the answer, measures."""

from __future__ import annotations

import asyncio
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core3d_search.server.access import allowed_host, from_elsewhere
from core3d_search.server.metrics import Metrics
from core3d_search.server.problems import ProblemError, problem
from core3d_search.server.settings import ServerSettings

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Door:
    """Refuses foreign names and pages, and bodies that are too large or too slow; adds what browsers must know."""

    def __init__(self, app: ASGIApp, settings: ServerSettings, metrics: Metrics) -> None:
        self.app, self.settings, self.metrics = app, settings, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, watched."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start, status = time.perf_counter(), 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await asyncio.wait_for(send(message), self.settings.limits.send_seconds)

        with self.metrics.under_way():
            try:
                refusal = self._refusal(scope)
                if refusal is not None:
                    response = problem(refusal.status_code, refusal.detail, headers=refusal.headers)
                    await response(scope, receive, answer)
                else:
                    await self.app(scope, self._bounded(receive), answer)
            finally:
                route = scope.get("route")
                path = getattr(route, "path", "other")
                self.metrics.count(scope["method"], path, status, time.perf_counter() - start)

    def _refusal(self, scope: Scope) -> ProblemError | None:
        """Return why a request is refused by its head."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not allowed_host(host, self.settings):
            return ProblemError(421, f"this server is not called {host[:255]!r}: use {self.settings.address}")
        if from_elsewhere(scope["method"], headers.get("origin"), headers.get("sec-fetch-site"), host):
            return ProblemError(403, "a page of another site may not ask this")
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > self.settings.limits.body_bytes:
            return self._too_large()
        return None

    def _bounded(self, receive: Receive) -> Receive:
        """Return `receive` that raises a problem, 413 or 408, for a body that is too large or too slow."""
        deadline = time.monotonic() + self.settings.limits.body_seconds
        got, complete = 0, False

        async def bounded() -> Message:
            nonlocal got, complete
            if complete:  # only whether the client has gone is still to be heard
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), max(0.001, deadline - time.monotonic()))
            except asyncio.TimeoutError:
                seconds = self.settings.limits.body_seconds
                slow = f"the body did not come within {seconds:g} seconds"
                raise ProblemError(408, slow, {"Connection": "close"}) from None
            if message["type"] == "http.request":
                got += len(message.get("body", b""))
                complete = not message.get("more_body", False)
                if got > self.settings.limits.body_bytes:
                    raise self._too_large()
            return message

        return bounded

    def _too_large(self) -> ProblemError:
        most = self.settings.limits.body_bytes
        return ProblemError(413, f"the body has more than {most} bytes", {"Connection": "close"})
