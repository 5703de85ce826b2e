"""`core3d check` and the check inside `index`: verdicts, exit codes, pictures, and mending."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from core3d_search.cli import app
from core3d_search.synthetic import generate_room, write_room


@pytest.fixture(scope="module")
def rooms(tmp_path_factory):
    """One room, twice: as it is, and with its poses inverted."""
    folder = tmp_path_factory.mktemp("rooms")
    for name in ("good", "bad"):
        write_room(generate_room(11), folder / name, frames=12, width=160, height=120)
        described = folder / name / "scene.json"
        described.write_text(json.dumps({**json.loads(described.read_text()), "name": name}))
    for pose in (folder / "bad" / "pose").iterdir():
        np.savetxt(pose, np.linalg.inv(np.loadtxt(pose)))
    return folder


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_json_names_path_format_verdict_and_faults_and_nonsense_exits_with_1(rooms):
    result = run("check", rooms, "--json")
    assert result.exit_code == 1
    bad, good = json.loads(result.stdout)["scenes"]
    assert (good["path"], good["format"]) == (str(rooms / "good"), "frames")
    assert (good["verdict"], good["faults"]) == ("good", [])
    assert (bad["verdict"], bad["faults"][0]["code"], bad["faults"][0]["fix"]) == (
        "nonsense", "poses-inverted", "--invert-poses",
    )  # fmt: skip


def test_a_good_scan_exits_with_0_and_is_told_to_people(rooms):
    result = run("check", rooms / "good")
    assert (result.exit_code, ": good," in result.stdout) == (0, True)


def test_the_option_that_was_named_makes_it_good(rooms):
    assert run("check", rooms / "bad", "--invert-poses").exit_code == 0


def test_fix_auto_writes_the_option_beside_what_the_file_said(rooms, tmp_path):
    import shutil

    scene = shutil.copytree(rooms / "bad", tmp_path / "scene")
    assert run("check", scene, "--fix", "auto").exit_code == 0
    said = json.loads((scene / "scene.json").read_text())
    assert (said["invert_poses"], said["name"]) == (True, "bad")
    assert run("check", scene).exit_code == 0


def test_a_picture_is_drawn(rooms, tmp_path):
    from PIL import Image

    run("check", rooms / "good", "--picture", tmp_path / "pairs.png")
    assert Image.open(tmp_path / "pairs.png").width == 3 * 160


def test_index_refuses_nonsense_says_why_and_obeys_no_check(rooms, tmp_path):
    db = tmp_path / "core3d.db"
    refused = run("index", rooms / "bad", "--db", db, "--json")
    assert refused.exit_code == 1
    assert "poses-inverted" in json.loads(refused.stdout)["failed"]["bad"]
    assert run("index", rooms / "bad", "--db", db, "--no-check").exit_code == 0


def test_a_broken_scene_is_reported_beside_the_good_ones(rooms, tmp_path):
    import shutil

    shutil.copytree(rooms / "good", tmp_path / "good")
    broken = shutil.copytree(rooms / "good", tmp_path / "broken")
    (broken / "scene.json").write_text("{")
    result = run("index", tmp_path, "--db", tmp_path / "core3d.db", "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [report["scene"] for report in told["runs"]] == ["good"]
    assert "not valid JSON" in told["failed"]["broken"]
    checked = json.loads(run("check", tmp_path, "--json").stdout)["scenes"]
    assert {row["path"].rsplit("/", 1)[1]: row["verdict"] for row in checked} == {"broken": "nonsense", "good": "good"}
