"""`core3d serve` as a program: who it lets in, what it says, and what is missing without extras."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (["--host", "0.0.0.0"], {}, ["0.0.0.0", "CORE3D_TOKEN"]),
        (["--host", "0.0.0.0"], {"CORE3D_TOKEN": "short"}, ["at least 16"]),
        (["--root", "nowhere"], {}, ["nowhere", "not a folder"]),
        (["--db", "nowhere.db"], {}, ["no database"]),
    ],
)
def test_what_is_not_safe_or_not_there_is_refused(core3d, tmp_path, monkeypatch, arguments, environment, words):
    monkeypatch.chdir(tmp_path)
    for name in ("CORE3D_TOKEN", "CORE3D_READ_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    code, out, err = core3d("serve", *arguments)
    assert (code, out) == (1, "")
    assert all(word in err for word in words), err


def test_a_port_that_is_taken_is_told(core3d):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, _, err = core3d("serve", "--port", taken.getsockname()[1])
    assert code == 1
    assert "cannot listen on 127.0.0.1" in err


@pytest.mark.parametrize(
    ("command", "package", "extra"), [("serve", "uvicorn", "serve"), ("view", "viser", "view"), ("mcp", "mcp", "mcp")]
)
def test_a_missing_extra_is_told_with_its_pip_line(core3d, monkeypatch, command, package, extra):
    monkeypatch.setitem(sys.modules, package, None)
    code, _, err = core3d(command)
    assert code == 1
    assert package in err
    assert f"pip install 'core3d-search[{extra}]'" in err


def test_it_says_where_it_is_answers_and_ends(known_db):
    code = (
        "import sys; sys.path[:0] = {paths!r}\n"
        "from core3d_search import cli, plugins\n"
        "plugins.BUILT_IN['core3d.encoders']['nouns'] = 'fakes:NounEncoder'\n"
        "sys.argv = ['core3d', 'serve', '--db', {db!r}, '--port', '0']; cli.main()\n"
    ).format(paths=[str(ROOT), str(ROOT / "tests")], db=str(known_db))
    environment = {key: value for key, value in os.environ.items() if not key.startswith("CORE3D_")}
    line = [sys.executable, "-c", code]
    with subprocess.Popen(line, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            said = process.stderr.readline()
            address = re.search(r"http://127\.0\.0\.1:\d+", said)[0]
            assert "for this machine only" in said
            body = json.dumps({"text": "red chair near window"}).encode()
            request = urllib.request.Request(f"{address}/v1/search", body, {"Content-Type": "application/json"})
            for _ in range(100):
                try:
                    answer = json.load(urllib.request.urlopen(request, timeout=10))
                    break
                except OSError:
                    time.sleep(0.05)
            assert [hit["object_id"] for hit in answer["hits"]] == [1]
        finally:
            process.terminate()
    assert process.wait(10) in (0, -15, 143)
