"""The habits hold together: CI, nox, pre-commit and the floors of coverage name the same things."""

import importlib.util
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.fixture
def floors():
    spec = importlib.util.spec_from_file_location("coverage_floors", ROOT / ".ci" / "coverage_floors.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sessions() -> set[str]:
    return set(re.findall(r"^@nox\.session.*\ndef (\w+)\(", read("noxfile.py"), re.MULTILINE))


def test_ci_runs_sessions_that_there_are():
    (line,) = [line for line in read(".ci/run").splitlines() if "nox -s" in line]
    assert set(line.split("nox -s ")[1].split()) == {"lint", "docs", "coverage"} <= sessions()


def test_contributing_tells_every_session():
    _, _, table = read("CONTRIBUTING.md").partition("| `.venv/bin/nox -s` | what |\n")
    commands = [row.split("|")[1] for row in table.split("\n\n")[0].splitlines()]
    assert sessions() == {name for command in commands for name in re.findall(r"`(\w+)", command)}


def test_pre_commit_needs_no_network():
    pages = re.findall(r"repo: (\S+)", read(".pre-commit-config.yaml"))
    assert set(pages) == {"local"}
    assert set(re.findall(r"language: (\S+)", read(".pre-commit-config.yaml"))) == {"system"}


def test_every_package_has_a_floor(floors):
    packages = {path.parent.name for path in (ROOT / "core3d_search").glob("*/__init__.py")}
    assert floors.FLOORS.keys() == packages | {"the ground"}
    assert all(80 <= floor < 100 for floor in floors.FLOORS.values())


@pytest.mark.parametrize(
    ("covered", "code", "words"),
    [
        ({"cli": 95, "store": 90}, 0, ""),
        ({"cli": 89, "store": 90}, 1, "cli is covered to 89.0 %, below its floor of 90 %"),
        ({"cli": 95, "store": 90, "attic": 100}, 1, "attic has no floor"),
        ({"cli": 95}, 1, "store has a floor but no code"),
    ],
)
def test_what_sinks_below_its_floor_fails(floors, monkeypatch, capsys, covered, code, words):
    monkeypatch.setattr(floors, "FLOORS", {"cli": 90, "store": 80})
    monkeypatch.setattr(floors, "measured", lambda: (Counter(dict.fromkeys(covered, 100)), Counter(covered)))
    assert floors.main() == code
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.out.count("%") == len(covered)
