"""Every figure of the README has its trail in benchmarks/history.jsonl, and benchmarks add to it as they should."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINES = [json.loads(line) for line in (ROOT / "benchmarks" / "history.jsonl").read_text(encoding="utf-8").splitlines()]
KEYS = {"what", "figure", "command", "commit", "changed", "machine", "date"}


@pytest.fixture
def history():
    spec = importlib.util.spec_from_file_location("history", ROOT / "benchmarks" / "history.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def table_of_the_readme() -> list[tuple[str, str]]:
    """Return what was measured and the figure, for each row of the README's table of figures."""
    _, _, table = (ROOT / "README.md").read_text(encoding="utf-8").partition("| what | figure |")
    rows = []
    for line in table.splitlines()[2:]:
        if not line.startswith("|"):
            break
        what, figure, *_ = (cell.strip() for cell in line.strip("|").split("|"))
        rows.append((what, figure))
    return rows


def test_every_figure_of_the_readme_is_the_last_one_recorded():
    last = {line["what"]: line["figure"] for line in LINES}
    rows = table_of_the_readme()
    assert len(rows) >= 5
    for what, figure in rows:
        assert last.get(what) == figure, what


def test_every_line_tells_what_made_it():
    for line in LINES:
        assert line.keys() >= KEYS
        assert re.fullmatch(r"[0-9a-f]{40}", line["commit"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", line["date"])
        script = line["command"].split()[1]
        assert (ROOT / script).is_file(), script


def test_a_recorded_figure_carries_command_commit_and_machine(history, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/somewhere/benchmarks/perception.py", "--rooms", "2", "--record"])
    history.record({"recall": "0.82", "duplicates": "1.43"}, tmp_path / "h.jsonl")
    history.record({"recall": "0.90"}, tmp_path / "h.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "h.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(line["what"], line["figure"]) for line in lines] == [
        ("recall", "0.82"),
        ("duplicates", "1.43"),
        ("recall", "0.90"),
    ]
    assert all(line.keys() == KEYS for line in lines)
    assert lines[0]["command"] == "python benchmarks/perception.py --rooms 2"
    assert "cores" in lines[0]["machine"]
    assert str(tmp_path) not in json.dumps(lines)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_the_commit_is_that_of_the_checkout_and_says_whether_files_differ(history, tmp_path, monkeypatch):
    def git(*line):
        who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
        return subprocess.run(["git", *who, *line], cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    monkeypatch.setattr(history, "HISTORY", tmp_path / "benchmarks" / "history.jsonl")
    (tmp_path / "benchmarks").mkdir()
    assert history._commit() == ("unknown", False)
    git("init", "-q")
    (tmp_path / "code.py").write_text("1")
    git("add", "-A")
    git("commit", "-qm", "first")
    commit = git("rev-parse", "HEAD").strip()
    (tmp_path / "benchmarks" / "history.jsonl").write_text("a line more is no change of the code")
    assert history._commit() == (commit, False)
    (tmp_path / "code.py").write_text("2")
    assert history._commit() == (commit, True)


@pytest.mark.parametrize("script", ["perception.py", "search.py", "encoder.py"])
def test_the_benchmarks_of_the_readme_can_record(script):
    line = [sys.executable, str(ROOT / "benchmarks" / script), "--help"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=True)
    assert "--record" in done.stdout
