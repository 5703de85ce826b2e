"""Fixtures that every part uses."""

from pathlib import Path

import pytest
from fakes import write_known_scenes
from hypothesis import settings
from llm_server import FakeServer

from core3d_search import plugins

settings.register_profile("same every time", derandomize=True, deadline=None)
settings.load_profile("same every time")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of development data beside the checkout; tests that need it are skipped where it is missing."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip(f"development data is not at {folder}")
    return folder


@pytest.fixture
def known_db(tmp_path, monkeypatch) -> Path:
    """A database of the two known scenes of `fakes`, whose encoder is registered for the test."""
    monkeypatch.setitem(plugins.BUILT_IN["core3d.encoders"], "nouns", "fakes:NounEncoder")
    write_known_scenes(tmp_path / "core3d.db")
    return tmp_path / "core3d.db"


@pytest.fixture
def llm_server(monkeypatch):
    """Start endpoints of an LLM on this machine that answer with the query they are given."""
    for name in ("CORE3D_LLM_KEY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    started = []

    def start(meant):
        started.append(FakeServer(meant))
        return started[-1]

    yield start
    for server in started:
        server.stop()
