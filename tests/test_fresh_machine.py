"""A machine where Open3D cannot be loaded: `demo`, `index` and `search` neither need it nor try."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

REFUSE = """
import importlib.abc, sys

class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "open3d":
            with open("asked-for-open3d", "a") as file:
                file.write(" ".join(sys.argv) + "\\n")
            raise OSError("libusb-1.0.so.0: cannot open shared object file: No such file or directory")

sys.meta_path.insert(0, Refuse())
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of processes in which every import of Open3D fails, and is written down."""
    hook = tmp_path_factory.mktemp("hook")
    (hook / "sitecustomize.py").write_text(REFUSE)
    root = str(Path(__file__).resolve().parents[1])
    kept = {key: value for key, value in os.environ.items() if not key.startswith("CORE3D_")}
    return kept | {"PYTHONPATH": os.pathsep.join([str(hook), root])}


def line(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "core3d_search.cli", *arguments]


def test_demo_index_and_search_do_without_open3d(tmp_path: Path, environment: dict[str, str]) -> None:
    def run(*arguments: str) -> str:
        done = subprocess.run(line(*arguments), cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("demo", "scenes", "--count", "1", "--frames", "3")
    run("index", "scenes", "--profile", "fast")
    assert json.loads(run("search", "chair", "--json"))["hits"]
    assert not (tmp_path / "asked-for-open3d").exists()


def test_the_refusal_works(tmp_path: Path, environment: dict[str, str]) -> None:
    code = "from core3d_search.open3d import load_open3d; load_open3d('this test')"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert "MissingDependencyError: this test needs Open3D" in done.stderr
    assert "apt-get install" in done.stderr
    assert (tmp_path / "asked-for-open3d").exists()


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_stopped_leaves_nothing_behind(
    tmp_path: Path, environment: dict[str, str], number: signal.Signals
) -> None:
    command = line("demo", "new/scenes", "--count", "1", "--frames", "150")

    def heed() -> None:  # a shell's background jobs are started to ignore it
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    run = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL, preexec_fn=heed)
    try:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob("new/.*.partial/*/color/00001.jpg")):
            assert run.poll() is None
            assert time.monotonic() < deadline, "no frame was written"
            time.sleep(0.05)
        run.send_signal(number)
        assert run.wait(30) == 128 + number
    finally:
        run.kill()
        run.wait()
    assert os.listdir(tmp_path) == []
