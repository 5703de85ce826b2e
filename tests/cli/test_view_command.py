"""`core3d view` as a program: what it refuses, where it says it is, and that it ends."""

import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--host", "0.0.0.0"], ["0.0.0.0", "--insecure-host", "core3d serve"]),
        (["--db", "nowhere.db"], ["no database"]),
        (["cellar"], ["cellar", "attic, barn"]),
    ],
)
def test_what_is_not_safe_or_not_there_is_refused(core3d, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    code, out, err = core3d("view", "--port", 0, *arguments)
    assert (code, out) == (1, "")
    assert all(word in err for word in words), err


def test_it_says_where_it_is_and_ends(known_db):
    code = (
        "import sys; sys.path[:0] = {paths!r}\n"
        "from core3d_search import cli, plugins\n"
        "plugins.BUILT_IN['core3d.encoders']['nouns'] = 'fakes:NounEncoder'\n"
        "sys.argv = ['core3d', 'view', 'attic', '--query', 'mug', '--port', '0']; cli.main()\n"
    ).format(paths=[str(ROOT), str(ROOT / "tests")])
    environment = {key: value for key, value in os.environ.items() if not key.startswith("CORE3D_")}
    environment["CORE3D_DB"] = str(known_db)
    line = [sys.executable, "-c", code]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            address = re.search(r"http://127\.0\.0\.1:\d+", process.stderr.readline())[0]
            with urllib.request.urlopen(address, timeout=20) as page:
                assert b"<html" in page.read()
            process.terminate()  # Ctrl-C is ignored below a shell's background job
            out, err = process.communicate(timeout=20)
        finally:
            process.kill()
    assert out == ""
    assert "Traceback" not in err
