"""The service on the two known scenes: in this process, or on a port of its own."""

import threading
import time
from contextlib import contextmanager

import pytest
import uvicorn
from starlette.testclient import TestClient

from core3d_search.server.app import create_app
from core3d_search.server.run import configured
from core3d_search.server.service import Service
from core3d_search.server.settings import Limits, ServerSettings

TOKEN, READ_TOKEN = "token-that-may-read-and-write", "token-that-may-read"


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def open_client(known_db):
    """Give clients of services on the known scenes, with the settings that a test wants."""
    opened = []

    def start(**changes):
        service = Service(ServerSettings(str(known_db), **changes))
        client = TestClient(create_app(service), base_url="http://127.0.0.1:8333", raise_server_exceptions=False)
        client.__enter__()
        client.service = service
        opened.append(client)
        return client

    yield start
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def client(open_client):
    """A client of a service without tokens, as on one's own machine."""
    return open_client()


@contextmanager
def running(service: Service):
    """Serve on a port of this machine, as `core3d serve` does; gives its number."""
    config = configured(service)
    config.port = 0
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def port(known_db):
    """The port of a server that has little patience: a second for the head of a request, and for its body."""
    limits = Limits(header_seconds=1.0, body_seconds=1.0)
    with running(Service(ServerSettings(str(known_db), limits=limits))) as number:
        yield number
