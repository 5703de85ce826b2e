"""A scan that is recognised but cannot be used says what it lacks and what would make it usable."""

import json
import shutil

import numpy as np
import pytest
from format_writers import WRITERS

from core3d_search.errors import InputError
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.readers import find_scenes


@pytest.fixture
def written(tmp_path):
    """Write two plain frames in a format."""

    def write(what):
        depth = np.full((12, 16), 2, np.float32)
        frame = Frame(
            0, np.zeros((12, 16, 3), np.uint8), depth, np.array([[9.0, 0, 8], [0, 9, 6], [0, 0, 1]]), np.eye(4)
        )
        return WRITERS[what][1](tmp_path, [frame, frame])[0]

    return write


def without_depth_files(path):
    described = json.loads((path / "transforms.json").read_text())
    for frame in described["frames"]:
        del frame["depth_file_path"]
    (path / "transforms.json").write_text(json.dumps(described))


@pytest.mark.parametrize(
    ("what", "damage", "words"),
    [
        (
            "COLMAP, text, its own depth",
            lambda p: shutil.rmtree(p / "stereo"),
            "COLMAP model without depth: run",
        ),
        ("nerfstudio", without_depth_files, "names no depth images: .* add depth_file_path"),
        ("Polycam", lambda p: shutil.rmtree(p / "keyframes" / "depth"), "without keyframes/depth: scan with LiDAR"),
        ("TUM", lambda p: (p / "groundtruth.txt").unlink(), "TUM sequence without poses: groundtruth.txt"),
        ("ScanNet, exported", lambda p: shutil.rmtree(p / "pose"), "ScanNet scene without pose/"),
        ("ARKitScenes", lambda p: shutil.rmtree(p / "lowres_depth"), "without depth: lowres_depth is missing"),
        ("ARKitScenes", lambda p: (p / "lowres_wide.traj").unlink(), "without poses: lowres_wide.traj is missing"),
        ("frames", lambda p: shutil.rmtree(p / "pose"), "colour and depth but no poses: it needs pose/"),
        ("frames", lambda p: shutil.rmtree(p / "depth"), "colour and poses but no depth/"),
        ("Replica", lambda p: (p / "traj.txt").unlink(), "traj.txt is missing"),
        ("Redwood", lambda p: (p / "trajectory.log").write_text("0 0 1\n1 0 0 0\n"), "five lines for each pose"),
        ("Record3D, unpacked", lambda p: (p / "metadata").write_text("{}"), "poses must be lists of numbers"),
        ("Record3D, .r3d", lambda p: p.write_bytes(b"PK and no more"), "not a readable zip archive"),
        ("ScanNet, .sens", lambda p: p.write_bytes(p.read_bytes()[:300]), "is cut off"),
    ],
)
def test_a_scan_that_lacks_something_says_what(written, tmp_path, what, damage, words):
    damage(written(what))
    with pytest.raises(InputError, match=words):
        find_scenes(tmp_path)


def test_a_frame_whose_camera_was_lost_is_an_error_of_that_frame_alone(written, tmp_path):
    path = written("ScanNet, exported")
    (path / "pose" / "0.txt").write_text("-inf " * 16)
    (reader,) = find_scenes(tmp_path)
    with pytest.raises(InputError, match=r"pose/0\.txt"):
        reader[0]
    assert reader[1].index == 1


def test_low_confidence_is_no_depth(written, tmp_path):
    import lzfse

    path = written("Record3D, unpacked")
    confidence = np.full((12, 16), 2, np.uint8)
    confidence[:, :8] = 0
    (path / "rgbd" / "0.conf").write_bytes(lzfse.compress(confidence.tobytes()))
    (reader,) = find_scenes(tmp_path)
    assert not reader[0].depth[:, :8].any()
    assert reader[0].depth[:, 8:].all()


def test_colmap_without_a_depth_camera_is_taken_in_its_own_units(written, tmp_path):
    written("COLMAP, text, its own depth")
    (reader,) = find_scenes(tmp_path)
    np.testing.assert_allclose(reader[0].depth, 5.0)  # 2 m in units of 0.4 m


def test_a_name_that_leads_out_of_the_scene_is_refused(written, tmp_path):
    path = written("nerfstudio")
    described = json.loads((path / "transforms.json").read_text())
    described["frames"][0]["file_path"] = "../../../etc/passwd"
    (path / "transforms.json").write_text(json.dumps(described))
    with pytest.raises(InputError, match="only files in the scene's own folder"):
        find_scenes(tmp_path)
