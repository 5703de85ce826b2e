"""Serves the pages: viser on a port of this machine, closed to pages of other sites and to its public share links."""

from __future__ import annotations

import contextlib
import io
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import viser
import websockets.asyncio.server as sockets

from core3d_search.errors import InputError
from core3d_search.listening import http_address, is_loopback, listen
from core3d_search.search.searcher import Searcher
from core3d_search.viewer.page import Beginning, Page
from core3d_search.viewer.room import Rooms

LOCAL_PAGES = re.compile(r"https?://(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?")
"""Pages of this machine, on any port: what a tunnel (`ssh -L`) brings has the port of its other end."""


class Viewer(viser.ViserServer):
    """A viser server that cannot be made public: viser lets every page ask for a link through a server elsewhere."""

    def request_share_url(self, verbose: bool = True) -> str | None:
        """Return None: nothing that is shown here leaves this machine."""
        return None


def checked_host(host: str, insecure: bool) -> str:
    """Return `host`; raises InputError where other machines could connect and that was not asked for expressly."""
    if is_loopback(host) or insecure:
        return host
    raise InputError(
        f"viewing on {host} lets every machine that reaches it look at all scenes, as viser checks no token: leave "
        "--host out and use a tunnel (ssh -L 8334:127.0.0.1:8334 MACHINE), use `core3d serve`, which checks tokens, "
        "or say --insecure-host where that is meant"
    )


def start(searcher: Searcher, host: str, port: int, beginning: Beginning) -> Viewer:
    """Start serving, and return the server; `stop` ends it.

    Raises InputError where the port is taken, NotFoundError where there is nothing to show or no such scene.
    """
    rooms = Rooms(searcher)
    rooms.room(beginning.scene or rooms.names()[0])  # an error is told here rather than on the page
    with listen(host, port) as free:  # viser would take the next free port in silence, or look for ever
        port = free.getsockname()[1]
    with _quiet(), _asked_by(LOCAL_PAGES if is_loopback(host) else None):
        server = Viewer(host, port, label="core3d", verbose=False)
    if server.get_port() != port:
        stop(server)
        raise InputError(f"cannot listen on {host}, port {port}: it was taken just now; choose another with --port")
    server.gui.configure_theme(show_logo=False, show_share_button=False, control_width="large")
    server.gui.main_panel.dock_right()
    pages: dict[int, Page] = {}

    def opened(client: viser.ClientHandle) -> None:
        pages[client.client_id] = Page(client, rooms, beginning)

    def closed(client: viser.ClientHandle) -> None:
        if (page := pages.pop(client.client_id, None)) is not None:
            page.drawing.land()

    server.on_client_connect(opened)
    server.on_client_disconnect(closed)
    return server


def serve(searcher: Searcher, host: str, port: int, beginning: Beginning, ready: Callable[[str], None]) -> None:
    """Serve until the process is told to stop; `ready` hears the address. Raises as `start` does."""
    server = start(searcher, host, port, beginning)
    try:
        ready(http_address(host, server.get_port()))
        threading.Event().wait()
    finally:
        stop(server)


def stop(server: Viewer) -> None:
    """End a server, without the words that viser has for it."""
    with _quiet():
        server.stop()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what viser prints from stdout, which is for data."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield


@contextlib.contextmanager
def _asked_by(pages: re.Pattern[str] | None) -> Iterator[None]:
    """Let the server that is started in here take web sockets only from `pages` and from programs; None takes all.

    A browser lets every page of every site connect to this machine; only the server can refuse, by the page's origin.
    viser has no setting for it, so that it gets a `serve` that has. Raises InputError where it did not use that.
    """
    if pages is None:
        yield
        return
    plain = sockets.serve
    used = threading.Event()

    def serve(*arguments: Any, **options: Any) -> Any:
        used.set()
        return plain(*arguments, **options, origins=[pages, None])

    sockets.serve = serve  # type: ignore[assignment,misc]
    try:
        yield
    finally:
        sockets.serve = plain  # type: ignore[misc]
    if not used.is_set():
        raise InputError(
            f"viser {viser.__version__} is not known to refuse pages of other sites: pip install 'viser<2'"
        )
