"""`core3d index` on a small scan whose content is known: what it prints, stores, skips and refuses."""

import json
import shutil
import sys

import numpy as np
import pytest
from PIL import Image

from core3d_search import cli
from core3d_search.store import Store
from core3d_search.testing.drawing import TABLE_SCENE, draw_solids

FAST = ("--set", "structure.frames=2", "--set", "masks.levels=[2]", "--set", "masks.novelty=[]", "--no-check")


def write_scan(folder, count=3):
    for part in ("color", "depth", "pose"):
        (folder / part).mkdir(parents=True)
    for number in range(count):
        frame, _ = draw_solids(TABLE_SCENE, (0.4 + number / 10, -1.7, 1.4), (0, 0, 0.4), number)
        Image.fromarray(frame.rgb).save(folder / "color" / f"{number:05}.png")
        Image.fromarray(np.round(frame.depth * 1000).astype(np.uint16)).save(folder / "depth" / f"{number:05}.png")
        np.savetxt(folder / "pose" / f"{number:05}.txt", frame.world_from_camera)
    np.savetxt(folder / "intrinsics.txt", frame.intrinsics)
    (folder / "scene.json").write_text(json.dumps({"up": [0, 0, 1]}))
    return folder


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder of its own with one scan, `table`, where the command runs."""
    write_scan(tmp_path / "scans" / "table")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CORE3D_DB", str(tmp_path / "core3d.db"))
    monkeypatch.setenv("CORE3D_WEIGHTS", str(tmp_path / "weights"))
    return tmp_path


@pytest.fixture
def index(place, monkeypatch, capsys):
    """Run `core3d index scans` with further arguments; returns exit code, stdout and stderr."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["core3d", "index", "scans", *FAST, *map(str, arguments)])
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = stop.code or 0
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_people_read_the_outcome_on_stderr_and_stdout_stays_empty(index, place):
    code, out, error = index()
    assert (code, out) == (0, "")
    assert "1 scene(s) in scans, format frames" in error
    assert "profile built-in" in error
    assert "table: " in error
    assert "objects from" in error
    assert "SHA-256" in error
    with Store.open(place / "core3d.db") as store:
        assert [scene.name for scene in store.scenes()] == ["table"]


def test_programs_read_one_json_document(index):
    code, out, _ = index("--json")
    document = json.loads(out)
    assert code == 0
    assert document["failed"] == {}
    (run,) = document["runs"]
    assert (run["scene"], run["frames"], run["skipped"]) == ("table", 3, [])
    assert run["objects"] >= 1
    assert all(seconds >= 0 for seconds in run["seconds"].values())


def test_what_has_not_changed_is_skipped_unless_forced(index):
    index()
    _, _, error = index()
    assert "table: unchanged" in error
    assert "--force indexes it again" in error
    _, out, error = index("--force", "--json")
    assert "unchanged (" not in error
    assert json.loads(out)["runs"][0]["unchanged"] is False


def test_changed_settings_or_files_are_indexed_again(index, place):
    index()
    _, out, _ = index("--json", "--set", "fusion.gamma=0.25")
    assert json.loads(out)["runs"][0]["unchanged"] is False
    (place / "scans" / "table" / "scene.json").write_text(json.dumps({"up": [0, 0, 2]}))
    _, out, _ = index("--json", "--set", "fusion.gamma=0.25")
    assert json.loads(out)["runs"][0]["unchanged"] is False


def test_a_renamed_scene_keeps_name_ids_and_marks_when_its_folder_is_indexed_again(index, place):
    index()
    with Store.open(place / "core3d.db") as store:
        store.rename_scene("table", "desk")
        ids = store.object_table("desk").ids.tolist()
        store.tag(ids[0], ["mine"])
        store.note("desk", "upstairs")
    code, out, error = index("--json")
    (run,) = json.loads(out)["runs"]
    assert (code, run["scene"], run["unchanged"], run["objects"]) == (0, "desk", True, len(ids))
    assert "table: stays desk, its name in the database" in error
    code, out, error = index("--json", "--force")
    (run,) = json.loads(out)["runs"]
    assert (code, run["scene"], run["unchanged"]) == (0, "desk", False)
    assert "desk: " in error
    with Store.open(place / "core3d.db") as store:
        assert [scene.name for scene in store.scenes()] == ["desk"]
        assert [run.status for run in store.runs("desk")] == ["complete", "complete"]
        assert store.object_table("desk").ids.tolist() == ids
        assert (store.marks(ids[0]).tags, store.marks("desk").note) == (("mine",), "upstairs")


def test_a_scan_that_was_moved_and_renamed_keeps_name_ids_and_marks(index, place):
    index()
    with Store.open(place / "core3d.db") as store:
        ids = store.object_table("table").ids.tolist()
        store.tag(ids[0], ["mine"])
    (place / "scans" / "upstairs").mkdir()
    (place / "scans" / "table").rename(place / "scans" / "upstairs" / "desk")
    code, out, _ = index("--json")
    (run,) = json.loads(out)["runs"]
    assert (code, run["scene"], run["unchanged"]) == (0, "table", True)
    code, out, _ = index("--json", "--force")
    assert (code, json.loads(out)["runs"][0]["scene"]) == (0, "table")
    with Store.open(place / "core3d.db") as store:
        assert [scene.path for scene in store.scenes()] == [str((place / "scans" / "upstairs" / "desk").resolve())]
        assert store.object_table("table").ids.tolist() == ids
        assert store.marks(ids[0]).tags == ("mine",)


def test_a_copy_of_a_scan_is_a_scene_of_its_own(index, place):
    index()
    shutil.copytree(place / "scans" / "table", place / "scans" / "copy")
    code, out, _ = index("--json")
    assert (code, {run["scene"]: run["unchanged"] for run in json.loads(out)["runs"]}) == (
        0, {"copy": False, "table": True},
    )  # fmt: skip


def test_another_scan_may_take_the_name_that_a_renamed_scene_had(index, place):
    index()
    with Store.open(place / "core3d.db") as store:
        store.rename_scene("table", "desk")
    other = write_scan(place / "scans" / "other", count=2)
    (other / "scene.json").write_text(json.dumps({"up": [0, 0, 1], "name": "board"}))
    index()
    with Store.open(place / "core3d.db") as store:
        store.rename_scene("board", "table")
    code, out, _ = index("--json")
    runs = {run["scene"]: run["unchanged"] for run in json.loads(out)["runs"]}
    assert (code, runs) == (0, {"desk": True, "table": True})
    with Store.open(place / "core3d.db") as store:
        assert store.scene("desk").path == str((place / "scans" / "table").resolve())
        assert store.scene("table").path == str(other.resolve())


def test_a_name_changed_in_scene_json_does_not_rename_what_is_stored_and_is_told(index, place):
    index()
    (place / "scans" / "table" / "scene.json").write_text(json.dumps({"up": [0, 0, 1], "name": "board"}))
    code, _, error = index()
    assert code == 0
    assert error.count("board: stays table, its name in the database; core3d rename changes it") == 1
    with Store.open(place / "core3d.db") as store:
        assert [scene.name for scene in store.scenes()] == ["table"]


def test_two_scans_that_changed_places_are_not_mixed_up(index, place):
    scans = place / "scans"
    write_scan(scans / "other", count=2)
    for folder, name in (("table", "alpha"), ("other", "beta")):
        (scans / folder / "scene.json").write_text(json.dumps({"up": [0, 0, 1], "name": name}))
    index()
    with Store.open(place / "core3d.db") as store:
        before = store.content_checksum()
    (scans / "other").rename(place / "aside")
    (scans / "table").rename(scans / "other")
    (place / "aside").rename(scans / "table")
    code, out, _ = index("--json")
    failed = json.loads(out)["failed"]
    assert (code, list(failed)) == (1, ["beta", "alpha"])
    assert "holds now what is there as scene 'alpha'" in failed["beta"]
    with Store.open(place / "core3d.db") as store:
        assert store.content_checksum() == before


def test_a_renamed_scene_that_fails_is_told_by_its_name_and_keeps_its_content(index, place):
    index()
    with Store.open(place / "core3d.db") as store:
        store.rename_scene("table", "desk")
        count = store.scene("desk").object_count
    for file in (place / "scans" / "table" / "depth").iterdir():
        file.write_bytes(b"lost")
    code, out, _ = index("--json")
    assert (code, list(json.loads(out)["failed"])) == (1, ["desk"])
    with Store.open(place / "core3d.db") as store:
        assert [(scene.name, scene.object_count) for scene in store.scenes()] == [("desk", count)]
        assert [run.status for run in store.runs("desk")] == ["complete", "failed"]


def test_a_spoilt_frame_is_told_and_the_others_are_indexed(index, place):
    (place / "scans" / "table" / "depth" / "00001.png").write_bytes(b"lost")
    code, out, error = index("--json")
    (run,) = json.loads(out)["runs"]
    assert code == 0
    assert len(run["skipped"]) == 1
    assert "00001.png" in json.dumps(run["skipped"])
    assert "00001.png" in error


def test_a_scene_that_fails_does_not_stop_the_others_and_is_exit_code_1(index, place):
    bad = write_scan(place / "scans" / "attic")
    for file in (bad / "depth").iterdir():
        file.write_bytes(b"lost")
    code, out, error = index("--json")
    document = json.loads(out)
    assert code == 1
    assert [run["scene"] for run in document["runs"]] == ["table"]
    assert list(document["failed"]) == ["attic"]
    assert "no frame of scene 'attic' can be used" in error
    assert "Traceback" not in error


def test_a_bug_in_a_plug_in_costs_one_scene_and_shows_where_it_arose(index, monkeypatch):
    from core3d_search.indexer.masks.built_in.regions import RegionMaskGenerator

    def broken(self, frame):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(RegionMaskGenerator, "generate", broken)
    code, _, error = index()
    assert code == 1
    assert "this is a bug, and the other scenes go on: ZeroDivisionError: oops" in error
    assert "Traceback" in error


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--set", "fusion.gama=1"), "no config key 'fusion.gama'"),
        (("--set", "fusion.gamma=7"), "less than or equal to 1"),
        (("--profile", "turbo"), "no profile called 'turbo'"),
        (("--masks", "magic"), "no masks called 'magic'; there are: built-in"),
        (("--encoder", "magic"), "no encoders called 'magic'; there are: built-in"),
        (("--format", "magic"), "no readers called 'magic'"),
        (("--format", "7scenes"), "no scene"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_done(index, place, arguments, words):
    code, out, error = index(*arguments)
    assert (code, out) == (1, "")
    assert words in error
    assert "Traceback" not in error


def test_the_models_that_were_asked_for_are_those_of_the_run(index, place):
    index("--masks", "built-in", "--encoder", "built-in", "--profile", "fast")
    with Store.open(place / "core3d.db") as store:
        (run,) = store.runs("table")
    assert run.mask_generator == "built-in"
    assert run.config["frames"]["stride"] == 3


def test_a_folder_that_is_not_there_is_named(index, monkeypatch, place):
    (place / "scans").rename(place / "gone")
    code, _, error = index()
    assert code == 1
    assert "scans does not exist" in error
