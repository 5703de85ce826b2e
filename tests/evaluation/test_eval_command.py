"""`core3d eval` on scenes of one's own: indexed, judged, written; and what it refuses."""

import json

import pytest
from evaluation_samples import write_table_scene


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("own")
    write_table_scene(root / "table")
    return root


def test_a_folder_with_its_truth_is_indexed_and_judged_in_one_command(core3d, folder, tmp_path):
    line = ["eval", "folder", folder, "--profile", "built-in", "--set", "frames.longest_side_px=160", "--out", tmp_path]
    code, out, err = core3d(*line)
    assert code == 0, err
    assert "observations in 5 frames" in err
    result = json.loads((tmp_path / "result.json").read_text())
    assert set(result["scenes"]) == {"table"}
    assert result["config"]["frames"]["longest_side_px"] == 160
    assert result["weights"]["masks"]["name"] == "built-in"
    assert len(result["data"]["table"]["frames"]) == len(result["data"]["table"]["truth"]) == 64
    assert result["cost"]["seconds_per_frame"] > 0
    assert result["cost"]["peak_memory_mb"] > 50
    assert 0 <= result["figures"]["mIoU"]["value"] <= 1
    assert result["profile"] == "built-in, frames.longest_side_px=160"
    assert "| table |" in out
    again = core3d(*line)
    assert "unchanged" in again[2]
    assert json.loads((tmp_path / "result.json").read_text())["figures"] == result["figures"]


def test_openlex3d_writes_predictions_of_what_is_indexed(core3d, folder, tmp_path):
    code, out, err = core3d(
        "eval", "openlex3d", folder, "--profile", "built-in", "--set", "frames.longest_side_px=160", "--out", tmp_path
    )
    assert code == 0, err
    assert {file.name for file in (tmp_path / "predictions" / "table").iterdir()} == {
        "embeddings.npy", "index.npy", "point_cloud.pcd",
    }  # fmt: skip
    assert "ol3_evaluate" in out


def test_what_cannot_be_judged_is_refused(core3d, folder, tmp_path):
    (tmp_path / "empty").mkdir()
    options = ["--profile", "built-in", "--out", tmp_path / "out"]
    assert core3d("eval", "replica", tmp_path / "empty", *options)[0] == 1
    assert "no scene in" in core3d("eval", "folder", tmp_path / "empty", *options)[2]
    assert "no rules called" in core3d("eval", "folder", folder, "--rules", "mine", *options)[2]
    assert "is no folder" in core3d("eval", "scannet", tmp_path / "none", *options)[2]
    assert "20 or 200" in core3d("eval", "scannet", tmp_path / "empty", "--classes", "40", *options)[2]
    code, _, err = core3d("eval", "folder", folder, "--indexed", *options)
    assert code == 1
    assert "maps.db" in err
