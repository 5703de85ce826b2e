"""`core3d watch` as people run it: a scan copied in file by file is indexed once, when it is whole; Ctrl-C ends it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from format_writers import frames_folder

from core3d_search.store import Store
from core3d_search.testing.drawing import TABLE_SCENE, draw_solids

ROOT = Path(__file__).resolve().parents[2]
EYES = [(2.0, -2.0, 1.6), (2.2, -1.8, 1.6)]


def heed() -> None:
    """Let Ctrl-C through: a shell's background jobs are started to ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_for(what, run: subprocess.Popen, told: Path) -> None:
    deadline = time.monotonic() + 60
    while not what():
        assert run.poll() is None, told.read_text()
        assert time.monotonic() < deadline, told.read_text()
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
def test_a_scan_copied_file_by_file_is_indexed_once_and_only_when_it_is_whole(tmp_path):
    pytest.importorskip("watchfiles", reason="needs the extra watch")
    scan, scenes, db, told = (tmp_path / name for name in ["room", "scenes", "core3d.db", "told.txt"])
    frames_folder(scan, [draw_solids(TABLE_SCENE, eye, (0, 0, 0.4), i)[0] for i, eye in enumerate(EYES)])
    for folder in ("color", "depth", "pose"):
        (scenes / "broken" / folder).mkdir(parents=True)
    command = [sys.executable, "-m", "core3d_search.cli", "watch", str(scenes), "--db", str(db)]
    command += ["--settle", "3", "--profile", "fast", "--set", "frames.stride=1", "--no-check"]
    kept = {key: value for key, value in os.environ.items() if not key.startswith("CORE3D_")}
    with told.open("w") as errors:
        environment = kept | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}
        run = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=errors, preexec_fn=heed)
    try:
        wait_for(lambda: "tried again when its files change" in told.read_text(), run, told)
        for file in sorted(path for path in scan.rglob("*") if path.is_file()):  # intrinsics.txt before the last poses
            target = scenes / file.relative_to(tmp_path)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, target)
            time.sleep(0.5)
        wait_for(lambda: "observations in" in told.read_text(), run, told)
        time.sleep(3.5)  # a second time would have come by now
        run.send_signal(signal.SIGINT)
        assert run.wait(30) == 130
    finally:
        run.kill()
        run.wait()
    text = told.read_text()
    assert "1 scene(s) are indexed and kept" in text
    assert "1 could not be" in text
    assert text.count("tried again when its files change") == 1
    assert "Traceback" not in text
    with Store.open(db) as store:
        runs = store.runs("room")
        assert [len(store.frames("room")), len(runs)] == [len(EYES), 1], text


def test_what_is_no_folder_is_refused(tmp_path):
    command = [sys.executable, "-m", "core3d_search.cli", "watch", str(tmp_path / "none"), "--profile", "fast"]
    done = subprocess.run(command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True)
    assert done.returncode == 1
    assert b"is not a folder" in done.stderr
    assert os.listdir(tmp_path) == []
