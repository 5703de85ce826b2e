"""Every command and the Python of the README run, in order, in a fresh folder, as a new user would run them."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BASH = re.findall(r"^```bash\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
PYTHON = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
SETUP = ("python3 -m venv", ".venv/bin/pip install", ".venv/bin/python -m pytest")
"""Run by .ci/run, which makes the environment that this test runs in."""


def commands(block: str) -> list[str]:
    """Return the single commands of a block, without comments."""
    lines = [line.split("  #")[0].strip() for line in block.splitlines()]
    return [command.strip() for line in lines if line for command in line.split("&&")]


def run(command: str, folder: Path) -> subprocess.CompletedProcess:
    name, *arguments = shlex.split(command)
    assert name in ("core3d", ".venv/bin/core3d"), f"the README names a command that no test runs: {command}"
    environment = {key: value for key, value in os.environ.items() if key != "CORE3D_DB"}
    line = [sys.executable, "-m", "core3d_search.cli", *arguments]
    return subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the first block has been run: the demo rooms and their database."""
    folder = tmp_path_factory.mktemp("readme")
    for command in commands(BASH[0]):
        if not command.startswith(SETUP):
            done = run(command, folder)
            assert done.returncode == 0, f"{command}: {done.stderr}"
    return folder


def test_the_main_job_answers_with_the_red_chair_near_the_window(folder):
    answer = json.loads(run('core3d search "red chair near window" --json', folder).stdout)
    best = answer["hits"][0]
    truths = [path for path in (folder / "scenes").glob("*/ground_truth.json") if path.parent.name == best["scene"]]
    truth = json.loads(truths[0].read_text())
    objects = {item["id"]: item for item in truth["objects"]}

    def distance(item):
        return sum((a - b) ** 2 for a, b in zip(item["box"]["center"], best["box"]["center"], strict=True)) ** 0.5

    found = min(objects.values(), key=distance)
    assert distance(found) < 0.5
    assert "chair" in found["label"]
    assert found["color"] == "red"
    near = {
        fact["object"] for fact in truth["relations"] if (fact["predicate"], fact["subject"]) == ("near", found["id"])
    }
    assert any(objects[key]["label"] == "window" for key in near)


def true_thing(folder, hit):
    """Return the object of the ground truth whose centre is nearest to a hit's, with its scene's truth."""
    truth = json.loads((folder / "scenes" / hit["scene"] / "ground_truth.json").read_text())

    def distance(item):
        return sum((a - b) ** 2 for a, b in zip(item["box"]["center"], hit["box"]["center"], strict=True)) ** 0.5

    return min(truth["objects"], key=distance), truth


def holds(truth, subject, predicate, label):
    named = {item["id"]: item["label"] for item in truth["objects"]}
    facts = [fact for fact in truth["relations"] if (fact["predicate"], fact["subject"]) == (predicate, subject["id"])]
    return any(named[fact["object"]] == label for fact in facts)


def is_highest_clock(item, truth, folder):
    clocks = [
        other["box"]["center"][2]
        for path in (folder / "scenes").glob("*/ground_truth.json")
        for other in json.loads(path.read_text())["objects"]
        if other["label"] == "clock"
    ]
    return item["label"] == "clock" and item["box"]["center"][2] == max(clocks)


RIGHT = {
    "pillow on the bed": lambda item, truth, _: item["label"] == "pillow" and holds(truth, item, "on", "bed"),
    "chair in the kitchen": lambda item, truth, _: item["label"] == "chair" and truth["kind"] == "kitchen",
    "something to sit on": lambda item, *_: item["label"] in ("chair", "armchair", "sofa", "stool", "bench"),
    "the highest clock": is_highest_clock,
    "is there a stove?": lambda item, *_: item["label"] == "stove",
    "der rote Stuhl neben dem Fenster": lambda item, truth, _: (
        (item["label"], item["color"]) == ("chair", "red") and holds(truth, item, "near", "window")
    ),
    "2:chair + stool": lambda item, *_: item["label"] in ("chair", "stool"),
}
"""Examples of the README and what is right about the first hit."""


@pytest.mark.parametrize("text", RIGHT)
def test_examples_are_answered_right_by_the_ground_truth(folder, text):
    assert f'search "{text}"' in README
    answer = json.loads(run(f'core3d search "{text}" --json', folder).stdout)
    assert answer["hits"], "nothing found"
    item, truth = true_thing(folder, answer["hits"][0])
    assert RIGHT[text](item, truth, folder), (item["label"], item["color"], answer["hits"][0])


@pytest.mark.parametrize("command", [c for block in BASH[2:] for c in commands(block)])
def test_every_other_command_runs(folder, command):
    done = run(command, folder)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("code", PYTHON)
def test_the_python_runs_as_it_stands(folder, code):
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(code.splitlines()) <= 7
    assert done.stdout.strip()


def test_ci_calls_the_test_command_of_the_readme():
    (line,) = [line for line in README.splitlines() if "python -m pytest" in line]
    script = (ROOT / ".ci" / "run").read_text()
    assert "python -m pytest' README.md" in script
    assert line.startswith("python3 -m venv .venv && .venv/bin/pip install")


def test_the_readme_is_short():
    assert len(README.splitlines()) < 200


def test_every_file_it_links_to_exists():
    for target in re.findall(r"\]\((?!http)([^)]+)\)", README):
        assert (ROOT / target).exists(), target
