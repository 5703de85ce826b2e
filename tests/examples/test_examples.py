"""The examples run as they stand, on the known scenes, and stay as short as they say."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core3d_search.store import Store, Thumbnail

ROOT = Path(__file__).resolve().parents[2]
REGISTERED = (
    "import sys; sys.path[:0] = [{tests!r}, {root!r}]\n"
    "from core3d_search import plugins\n"
    "plugins.BUILT_IN['core3d.encoders']['nouns'] = 'fakes:NounEncoder'\n"
    "import runpy; sys.argv = {argv!r}; runpy.run_path({path!r}, run_name='__main__')\n"
)


def run(name, *arguments):
    path = str(ROOT / "examples" / name)
    code = REGISTERED.format(tests=str(ROOT / "tests"), root=str(ROOT), argv=[path, *map(str, arguments)], path=path)
    environment = {key: value for key, value in os.environ.items() if key != "CORE3D_TOKEN"}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)


@pytest.fixture
def pictured(known_db):
    with Store.open(known_db) as store:
        store.add_thumbnails("attic", {1: Thumbnail(b"RIFF", 4, 4)}, store.scene("attic").generation)
    return known_db


def test_the_browser_on_python_writes_a_page_a_kind(pictured, tmp_path):
    done = run("browse_python.py", pictured, "--out", tmp_path / "assets")
    assert done.stdout.startswith("8 objects of 5 kinds"), done.stderr
    page = (tmp_path / "assets" / "chair.html").read_text()
    assert page.count("<figure") == 3
    assert 'src="1.webp"' in page
    assert (tmp_path / "assets" / "1.webp").read_bytes() == b"RIFF"
    assert "no database" in run("browse_python.py", tmp_path / "none.db").stderr


def test_the_browser_on_http_writes_the_answer_as_cards(pictured, tmp_path):
    from server.conftest import running

    from core3d_search.server.service import Service
    from core3d_search.server.settings import ServerSettings

    with running(Service(ServerSettings(str(pictured)))) as port:
        arguments = ("red chair near window", "--address", f"http://127.0.0.1:{port}", "--out", tmp_path / "cards")
        done = run("browse_http.py", *arguments)
    assert done.stdout.startswith("1 cards"), done.stderr
    page = (tmp_path / "cards" / "index.html").read_text()
    assert "chair in attic" in page
    assert "near window" in page
    assert (tmp_path / "cards" / "1.webp").read_bytes() == b"RIFF"


@pytest.mark.parametrize(("name", "lines"), [("browse_python.py", 70), ("browse_http.py", 46)])
def test_they_are_short(name, lines):
    assert len((ROOT / "examples" / name).read_text().splitlines()) <= lines
