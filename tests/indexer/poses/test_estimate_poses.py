"""Poses of a recording without any: found from colour and depth, told, kept; what is said where they are missing."""

import itertools
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from format_writers import frames_folder

from core3d_search.errors import InputError, MissingDependencyError
from core3d_search.indexer.frames import Frame, ReadOptions
from core3d_search.indexer.poses import remembered
from core3d_search.indexer.poses.estimate import Drift, EstimatedPoses, apart, estimate_poses
from core3d_search.indexer.poses.keypoints import guessed_motion, keypoints_of, rigid_fits
from core3d_search.indexer.readers import find_scenes, fingerprint
from core3d_search.open3d import load_open3d
from core3d_search.synthetic import generate_room, render_room

ESTIMATED = ReadOptions(estimate_poses=True)


@pytest.fixture(scope="module")
def frames():
    """Four exact neighbouring frames of a room, with their true poses."""
    rendered = itertools.islice(render_room(generate_room(7), frames=120, width=320, height=240, noise=False), 4)
    return [Frame(f.index, f.rgb, f.depth, f.intrinsics, f.world_from_camera) for f in rendered]


@pytest.fixture
def poseless(frames, tmp_path, monkeypatch):
    """The frames as a folder without poses; estimated poses are kept in a folder of the test's own."""
    monkeypatch.setattr(remembered, "poses_folder", lambda: tmp_path / "kept")
    scene, _ = frames_folder(tmp_path / "scene", frames)
    for file in (scene / "pose").iterdir():
        file.unlink()
    (scene / "pose").rmdir()
    return scene


@pytest.fixture(scope="module")
def open3d():
    """Skips where Open3D's system libraries are missing."""
    try:
        return load_open3d("this test")
    except MissingDependencyError as error:
        pytest.skip(str(error))


def test_poses_of_a_room_are_found_from_its_images(open3d, frames):
    found = estimate_poses(lambda i: frames[i], len(frames))
    for position in range(1, len(frames)):
        true = np.linalg.inv(frames[0].world_from_camera) @ frames[position].world_from_camera
        metres, degrees = apart(found.poses[position], true)
        assert (metres < 0.01, degrees < 0.2) == (True, True), (position, metres, degrees)
    np.testing.assert_allclose(found.poses[0], np.eye(4), atol=1e-12)


def test_a_frame_of_another_place_is_lost_and_the_others_are_placed(open3d, frames):
    blank = Frame(
        2, np.full_like(frames[2].rgb, 90), np.full_like(frames[2].depth, 0.3), frames[2].intrinsics, np.eye(4)
    )
    shown = [*frames[:2], blank, Frame(3, frames[3].rgb, frames[3].depth, frames[3].intrinsics, np.eye(4))]
    found = estimate_poses(lambda i: shown[i], len(shown))
    assert np.isfinite(found.poses[:, 0, 0]).tolist() == [True, True, False, True]
    assert "for 3 of 4 frames" in found.told()


def test_frames_without_anything_in_common_are_refused(open3d, frames):
    flat = Frame(0, np.zeros_like(frames[0].rgb), np.zeros_like(frames[0].depth), frames[0].intrinsics, np.eye(4))
    with pytest.raises(InputError, match="no two frames"):
        estimate_poses(lambda i: [frames[0], flat][i], 2)


def test_a_folder_without_poses_says_what_finds_them(poseless):
    with pytest.raises(InputError, match="--estimate-poses"):
        find_scenes(poseless)


def test_a_reader_takes_the_poses_that_were_found_and_keeps_them(poseless, monkeypatch):
    asked = []
    poses = np.tile(np.eye(4), (4, 1, 1))
    poses[:, 0, 3] = np.arange(4)
    poses[3] = np.nan

    def estimate(read, count, progress):
        asked.append([read(i).index for i in range(count)])
        return EstimatedPoses(poses, 2.0, Drift(3, 0.02, 0.1, 1.5, 0.01, 0.1))

    monkeypatch.setattr(remembered, "estimate_poses", estimate)
    for _ in range(2):  # the second time they are read from disk
        (reader,) = find_scenes(poseless, options=ESTIMATED)
        assert [reader[i].world_from_camera[0, 3] for i in range(3)] == [0, 1, 2]
        assert reader.up is None
        with pytest.raises(InputError, match="the camera was lost here"):
            reader[3]
        assert (
            "3 of 4 frames, 2.0 m of path; at 3 loops odometry had drifted by 0.10 m, 2.0%" in reader.estimated.told()
        )
    assert asked == [[0, 1, 2, 3]]
    (kept,) = (poseless.parent / "kept").iterdir()
    kept.write_bytes(kept.read_bytes()[:100])  # cut off
    (reader,) = find_scenes(poseless, options=ESTIMATED)
    assert (reader[1].world_from_camera[0, 3], len(asked)) == (1, 2)


def test_stored_poses_are_left_aside_and_the_fingerprint_is_another(frames, tmp_path):
    scene, _ = frames_folder(tmp_path / "scene", frames[:2])
    (stored,) = find_scenes(scene)
    (estimated,) = find_scenes(scene, options=ESTIMATED)
    assert fingerprint(stored) != fingerprint(estimated)
    assert estimated.unplaced(0).world_from_camera.tolist() == np.eye(4).tolist()
    (scene / "scene.json").write_text(json.dumps({"estimate_poses": True}))
    (by_file,) = find_scenes(scene)
    assert by_file.estimates_poses


def test_without_open3d_the_command_that_needs_it_says_what_to_install(poseless):
    refusing = "import sys; sys.modules['open3d'] = None\nfrom core3d_search.cli import main\nmain()"
    database, environment = str(poseless.parent / "x.db"), {**os.environ, "XDG_CACHE_HOME": str(poseless.parent)}
    command = [sys.executable, "-c", refusing, "index", str(poseless), "--estimate-poses", "--db", database]
    ran = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert (ran.returncode, "--estimate-poses needs" in ran.stderr) == (1, True), ran.stderr
    assert "Traceback" not in ran.stderr


def test_keypoints_give_a_first_guess(frames):
    guess = guessed_motion(keypoints_of(frames[0]), keypoints_of(frames[1]))
    true = np.linalg.inv(frames[0].world_from_camera) @ frames[1].world_from_camera
    metres, degrees = apart(guess, true)
    assert (metres < 0.1, degrees < 3) == (True, True)


def test_a_blank_wall_gives_no_guess(frames):
    blank = Frame(0, np.full_like(frames[0].rgb, 90), frames[0].depth, frames[0].intrinsics, np.eye(4))
    assert guessed_motion(keypoints_of(blank), keypoints_of(frames[0])) is None


def test_rigid_fits_are_exact_and_never_mirror():
    from scipy.spatial.transform import Rotation

    rng = np.random.default_rng(0)
    rotations, shifts = Rotation.random(20, random_state=1).as_matrix(), rng.normal(size=(20, 3))
    source = rng.normal(size=(20, 3, 3))  # three points each: a plane, for which a mirror fits as well
    target = source @ rotations.transpose(0, 2, 1) + shifts[:, None]
    found, moved = rigid_fits(source, target)
    np.testing.assert_allclose(found, rotations, atol=1e-9)
    np.testing.assert_allclose(moved, shifts, atol=1e-9)
