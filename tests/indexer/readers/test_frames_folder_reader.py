"""The frames layout: exact values in, exact Frames out; each kind of damage told by file and remedy."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from core3d_search.errors import InputError
from core3d_search.indexer.frames import ReadOptions
from core3d_search.indexer.readers import find_scenes, fingerprint
from core3d_search.indexer.readers.frames_folder import FramesFolderReader

POSE = np.array([[0.0, -1, 0, 1], [1, 0, 0, 2], [0, 0, 1, 3], [0, 0, 0, 1]])


@pytest.fixture
def scene(tmp_path):
    """A scene of three frames, 6x8 pixels, depth 1000 + column."""
    folder = tmp_path / "attic"
    for part in ("color", "depth", "pose"):
        (folder / part).mkdir(parents=True)
    for i in range(3):
        Image.fromarray(np.full((6, 8, 3), 10 * i, np.uint8)).save(folder / "color" / f"{i:05}.png")
        Image.fromarray(np.tile(1000 + np.arange(8, dtype=np.uint16), (6, 1))).save(folder / "depth" / f"{i:05}.png")
        np.savetxt(folder / "pose" / f"{i:05}.txt", POSE)
    np.savetxt(folder / "intrinsics.txt", [[5, 0, 4], [0, 5, 3], [0, 0, 1]])
    return folder


def describe(folder, **settings):
    (folder / "scene.json").write_text(json.dumps(settings))


def test_reads_colour_metres_pose_and_intrinsics(scene):
    frame = FramesFolderReader.open(scene)[2]
    assert frame.index == 2
    assert (frame.rgb == 20).all()
    np.testing.assert_allclose(frame.depth[0], 1 + np.arange(8) / 1000)
    np.testing.assert_array_equal(frame.world_from_camera, POSE)
    np.testing.assert_array_equal(frame.intrinsics, [[5, 0, 4], [0, 5, 3], [0, 0, 1]])


def test_zero_depth_means_none(scene):
    Image.fromarray(np.array([[0, 2000]] * 2, np.uint16)).resize((8, 6), 0).save(scene / "depth" / "00000.png")
    depth = FramesFolderReader.open(scene)[0].depth
    assert set(np.unique(depth)) == {0.0, 2.0}


@pytest.mark.parametrize(("scale", "metres"), [(1000, 1.0), (5000, 0.2), (0.001, 1.0), (0.0002, 0.2)])
def test_depth_scale_is_units_to_the_metre_or_metres_to_the_unit(scene, scale, metres):
    describe(scene, depth_scale=scale)
    np.testing.assert_allclose(FramesFolderReader.open(scene)[0].depth[0, 0], metres, rtol=1e-6)


def test_opengl_cameras_look_along_minus_z(scene):
    describe(scene, camera_axes="opengl")
    world_from_camera = FramesFolderReader.open(scene)[0].world_from_camera
    np.testing.assert_array_equal(world_from_camera[:3, 2], -POSE[:3, 2])
    np.testing.assert_array_equal(world_from_camera[:3, 1], -POSE[:3, 1])
    np.testing.assert_array_equal(world_from_camera[:3, 3], POSE[:3, 3])


def test_up_and_name_come_from_scene_json(scene):
    describe(scene, up=[0, 2, 0], name="Loft")
    reader = FramesFolderReader.open(scene)
    assert reader.name == "Loft"
    np.testing.assert_array_equal(reader.up, [0, 1, 0])


def test_smaller_depth_is_brought_to_the_colour_size_without_new_values(scene):
    small = np.array([[1000, 2000, 3000, 4000]] * 3, np.uint16)
    Image.fromarray(small).save(scene / "depth" / "00000.png")
    depth = FramesFolderReader.open(scene)[0].depth
    assert depth.shape == (6, 8)
    np.testing.assert_array_equal(depth[0], np.repeat([1, 2, 3, 4], 2).astype(np.float32))


def test_fitted_frames_keep_the_geometry(scene):
    frame = FramesFolderReader.open(scene)[0].fitted(4)
    assert frame.rgb.shape == (3, 4, 3)
    np.testing.assert_array_equal(frame.intrinsics, [[2.5, 0, 2], [0, 2.5, 1.5], [0, 0, 1]])
    assert set(np.unique(frame.depth)) <= {np.float32(1 + i / 1000) for i in range(8)}


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda s: (s / "depth" / "00001.png").unlink(), ["depth/00001.png", "missing"]),
        (lambda s: (s / "pose" / "00001.txt").unlink(), ["pose/00001.txt", "missing"]),
        (lambda s: (s / "pose" / "00001.txt").write_text("inf " * 16), ["pose/00001.txt", "finite"]),
        (lambda s: np.savetxt(s / "pose" / "00001.txt", 2 * POSE), ["rigid"]),
        (lambda s: (s / "color" / "00001.png").write_bytes(b"\x89PNG\r\n\x1a\n rest lost"), ["color/00001.png"]),
        (lambda s: shutil.copy(s / "color" / "00000.png", s / "depth" / "00001.png"), ["16-bit"]),
        (lambda s: describe(s, depth_scale=1), ["median depth", "depth_scale"]),
        (lambda s: Image.fromarray(np.full((8, 6), 1000, np.uint16)).save(s / "depth" / "00001.png"), ["same view"]),
    ],
)
def test_a_bad_frame_is_its_own_error(scene, damage, words):
    damage(scene)
    reader = FramesFolderReader.open(scene)
    with pytest.raises(InputError) as caught:
        reader[1]
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda s: (s / "intrinsics.txt").unlink(), ["intrinsics.txt", "missing"]),
        (lambda s: (s / "intrinsics.txt").write_text("500 500 320"), ["intrinsics.txt", "3x3"]),
        (lambda s: (s / "scene.json").write_text("{"), ["scene.json", "JSON"]),
        (lambda s: (s / "scene.json").write_text("[]"), ["scene.json", "object"]),
        (lambda s: describe(s, up=[0, 0, 0]), ["up"]),
        (lambda s: describe(s, depth_scale="mm"), ["depth_scale"]),
        (lambda s: describe(s, camera_axes="maya"), ["camera_axes", "opengl"]),
        (lambda s: [f.unlink() for f in (s / "color").iterdir()], ["no numbered image"]),
    ],
)
def test_a_bad_scene_says_what_is_wrong(scene, damage, words):
    damage(scene)
    with pytest.raises(InputError) as caught:
        FramesFolderReader.open(scene)
    assert all(word in str(caught.value) for word in words)


def test_fingerprint_follows_the_content_not_the_clock(scene, tmp_path):
    before = fingerprint(FramesFolderReader.open(scene))
    copy = shutil.copytree(scene, tmp_path / "copy")
    assert fingerprint(FramesFolderReader.open(copy)) == before
    np.savetxt(copy / "pose" / "00002.txt", np.eye(4))
    assert fingerprint(FramesFolderReader.open(copy)) != before


def test_finds_one_scene_or_every_scene_of_a_folder(scene, tmp_path):
    shutil.copytree(scene, tmp_path / "barn")
    (tmp_path / "notes").mkdir()
    assert [s.name for s in find_scenes(tmp_path)] == ["attic", "barn"]
    assert [s.name for s in find_scenes(scene)] == ["attic"]


def test_two_scenes_of_one_name_are_told(scene, tmp_path):
    describe(shutil.copytree(scene, tmp_path / "barn"), name="attic")
    with pytest.raises(InputError, match="share a name: attic"):
        find_scenes(tmp_path)


@pytest.mark.parametrize("place", ["nowhere", "empty", "file.txt"])
def test_no_scene_says_what_was_expected(tmp_path, place):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.txt").touch()
    with pytest.raises(InputError, match=place):
        find_scenes(tmp_path / place)


def test_a_forced_format_is_the_only_one_tried(scene):
    with pytest.raises(InputError, match="no scene"):
        find_scenes(scene, format="7scenes")
    with pytest.raises(InputError, match="no readers called 'obj'"):
        find_scenes(scene, format="obj")


def test_depth_and_pose_are_found_by_number_whatever_the_names_and_their_case(frames_scene, tmp_path):
    scene = frames_scene(tmp_path / "scene")
    for part, ending in (("color", ".PNG"), ("depth", ".PNG"), ("pose", ".TXT")):
        for number in range(2):
            (old,) = (scene / part).glob(f"0000{number}.*")
            old.rename(scene / part / f"{part}_{number + 8:03}{ending}")
    (reader,) = find_scenes(scene)
    assert [float(reader[i].depth[0, 0]) for i in range(2)] == [1.0, 1.0]
    assert [int(reader[i].rgb[0, 0, 0]) for i in range(2)] == [0, 10]


@pytest.mark.parametrize(
    ("color", "depth", "pose"), [("RGB", "Depth", "Poses"), ("Images", "depths", "poses"), ("Color", "DEPTH", "pose")]
)
def test_folders_may_be_called_in_the_plural_and_in_capitals(scene, color, depth, pose):
    plain = FramesFolderReader.open(scene)[1]
    for old, new in (("color", color), ("depth", depth), ("pose", pose)):
        (scene / old).rename(scene / f"{new}-")
        (scene / f"{new}-").rename(scene / new)
    (reader,) = find_scenes(scene)
    assert isinstance(reader, FramesFolderReader)
    frame = reader[1]
    np.testing.assert_array_equal(frame.rgb, plain.rgb)
    np.testing.assert_array_equal(frame.depth, plain.depth)
    np.testing.assert_array_equal(frame.world_from_camera, POSE)
    assert {file.parent.name for file in reader.files()} == {color, depth, pose, scene.name}


def test_depth_as_jpeg_is_refused_with_what_to_do(scene):
    for file in (scene / "depth").iterdir():
        file.unlink()
        Image.fromarray(np.full((6, 8), 100, np.uint8)).save(file.with_suffix(".jpg"))
    with pytest.raises(InputError, match=r"JPEG.*16-bit PNG"):
        FramesFolderReader.open(scene)


def test_depth_may_be_arrays(frames_scene, tmp_path):
    scene = frames_scene(tmp_path / "scene", 1)
    (scene / "depth" / "00000.png").unlink()
    np.save(scene / "depth" / "00000.npy", np.full((6, 8), 1.5, np.float32))
    (reader,) = find_scenes(scene, options=ReadOptions(depth_scale=1.0))
    assert float(reader[0].depth[0, 0]) == 1.5


def test_other_pictures_beside_numbered_ones_are_no_frames(frames_scene, tmp_path):
    scene = frames_scene(tmp_path / "scene")
    shutil.copy(scene / "color" / "00000.png", scene / "color" / "thumbnail_00000.png")
    (reader,) = find_scenes(scene)
    assert len(reader) == 2


@pytest.mark.parametrize("text", ["5 5 4 3", "5 0 4 0\n0 5 3 0\n0 0 1 0\n0 0 0 1"])
def test_intrinsics_may_be_four_numbers_or_a_4x4_matrix(frames_scene, tmp_path, text):
    scene = frames_scene(tmp_path / "scene", 1)
    (scene / "intrinsics.txt").write_text(text)
    (reader,) = find_scenes(scene)
    assert reader[0].intrinsics.tolist() == [[5, 0, 4], [0, 5, 3], [0, 0, 1]]


@pytest.mark.parametrize("mark", [",", ";"])
def test_a_table_of_poses_may_have_other_names_order_and_marks(frames_scene, tmp_path, mark):
    scene = frames_scene(tmp_path / "scene", 1)
    shutil.rmtree(scene / "pose")
    rows = [["image_name", "quat_w", "quat_x", "quat_y", "quat_z", "pos_x", "pos_y", "pos_z"]]
    rows.append(["00000.png", "0.5", "0.5", "0.5", "0.5", "1", "2", "3"])
    (scene / "poses.csv").write_text("\r\n".join(mark.join(row) for row in rows))
    (reader,) = find_scenes(scene)
    np.testing.assert_allclose(reader[0].world_from_camera[:3], [[0, 0, 1, 1], [1, 0, 0, 2], [0, 1, 0, 3]], atol=1e-12)


def test_depth_may_be_a_tiff_in_metres(frames_scene, tmp_path):
    scene = frames_scene(tmp_path / "scene", 1)
    (scene / "depth" / "00000.png").unlink()
    Image.fromarray(np.full((6, 8), 1.5, np.float32)).save(scene / "depth" / "00000.tiff")
    (reader,) = find_scenes(scene, options=ReadOptions(depth_scale=1.0))
    assert float(reader[0].depth[0, 0]) == 1.5


def _stored_on_its_side(scene, tag):
    """Store colours of 8x6 pixels, red at the left, with an orientation tag; depth (8 wide, 6 high) stays."""
    for path in (scene / "color").iterdir():
        upright = np.zeros((6, 8, 3), np.uint8)
        upright[:, :4, 0] = 255
        exif = Image.Exif()
        exif[0x0112] = tag
        quarter = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
        image = Image.fromarray(upright)
        (image.transpose(quarter[tag]) if tag in quarter else image).save(path, exif=exif)


@pytest.mark.parametrize("tag", [1, 3, 6, 8])
def test_an_orientation_tag_is_followed_where_only_so_colour_shows_what_depth_shows(frames_scene, tmp_path, tag):
    scene = frames_scene(tmp_path / "den")
    _stored_on_its_side(scene, tag)
    rgb = FramesFolderReader.open(scene)[0].rgb
    assert rgb.shape == (6, 8, 3)
    assert (rgb[:, :4, 0] == 255).all()
    assert not rgb[:, 4:].any()


def test_colour_on_its_side_without_a_tag_is_refused_with_what_to_do(frames_scene, tmp_path):
    scene = frames_scene(tmp_path / "den")
    _stored_on_its_side(scene, 6)
    for path in (scene / "color").iterdir():
        with Image.open(path) as image:
            image.load()
        Image.fromarray(np.asarray(image)).save(path)
    with pytest.raises(InputError, match="do not show the same view; turn one of them by a quarter"):
        FramesFolderReader.open(scene)[0]
