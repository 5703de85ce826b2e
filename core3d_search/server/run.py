"""Runs the application on a port: uvicorn, with an end to the patience for slow heads of requests."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from core3d_search.listening import listen
from core3d_search.server.app import create_app
from core3d_search.server.service import Service
from core3d_search.server.settings import Limits

LARGEST_HEAD = 32 * 1024
"""Bytes of the head of a request."""
COLLECT_AFTER = (5_000, 10, 10)
"""How often Python looks for garbage in a process that runs for days; a command of half a second never does."""
GRACE_S = 5
"""Seconds for what is under way when the server is stopped."""


def serve(service: Service, ready: Callable[[str], None]) -> None:
    """Serve until the process is told to stop; `ready` hears the address. Raises InputError where the port is taken."""
    settings = service.settings
    listening = listen(settings.host, settings.port)
    gc.freeze()  # what is loaded stays
    gc.set_threshold(*COLLECT_AFTER)
    port = listening.getsockname()[1]
    ready(settings.address.rsplit(":", 1)[0] + f":{port}")
    uvicorn.Server(configured(service)).run(sockets=[listening])


def configured(service: Service) -> uvicorn.Config:
    """Return how uvicorn serves `service`."""
    limits = service.settings.limits
    return uvicorn.Config(
        create_app(service),
        http=timed_protocol(limits),
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=limits.connections,
        h11_max_incomplete_event_size=LARGEST_HEAD,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=GRACE_S,
    )


def timed_protocol(limits: Limits) -> type[asyncio.Protocol]:
    """Return uvicorn's protocol that closes a connection whose next request's head is not there in time.

    Uvicorn waits for ever for the rest of a head ("slow loris"), and for the first byte on a new connection.
    """

    class TimedProtocol(H11Protocol):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self._patience: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._wait()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            head_is_there = self.cycle is not None and not self.cycle.response_complete
            if head_is_there:
                self._stop_waiting()
            elif self._patience is None:  # the first bytes of a further request
                self._wait()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            super().connection_lost(exc)

        def _wait(self) -> None:
            self._patience = self.loop.call_later(limits.header_seconds, self._end)

        def _stop_waiting(self) -> None:
            if self._patience is not None:
                self._patience.cancel()
                self._patience = None

        def _end(self) -> None:
            self._patience = None
            if not self.transport.is_closing():
                self.transport.abort()

    return TimedProtocol
