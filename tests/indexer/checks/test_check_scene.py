"""Every fault is named first when it is planted in a good scan, with the option that mends it; good scans pass."""

import json

import numpy as np
import pytest
from PIL import Image

from core3d_search.errors import InputError
from core3d_search.indexer.checks.faults import CODES
from core3d_search.indexer.checks.scene import check_scene, refuse_nonsense
from core3d_search.indexer.frames import ReadOptions
from core3d_search.indexer.readers import find_scenes

ROOM = [
    ((-3, -3, -0.1), (3, 3, 0), (150, 120, 90)), ((-3, -3, 0), (-2.9, 3, 2.5), (200, 200, 190)),
    ((2.9, -3, 0), (3, 3, 2.5), (190, 200, 200)), ((-3, 2.9, 0), (3, 3, 2.5), (200, 190, 200)),
    ((-3, -3, 0), (3, -2.9, 2.5), (180, 190, 180)), ((-1, 1.5, 0), (0.2, 2.5, 0.8), (160, 40, 30)),
    ((1, -2, 0), (1.6, -1.2, 1.6), (40, 80, 160)), ((-2.6, -1, 0), (-2, 0.3, 1.1), (60, 140, 60)),
    ((1.5, 1, 0), (2.2, 1.9, 0.5), (220, 180, 40)),
]  # fmt: skip
GL = np.diag([1.0, -1, -1, 1])


@pytest.fixture(scope="module")
def views(draw):
    """Sixteen frames on a walk around a furnished room."""
    turns = np.linspace(0, 1.6 * np.pi, 16)
    eyes = [(0.8 * np.cos(a), 0.7 * np.sin(a), 1.4 + 0.1 * np.sin(3 * a)) for a in turns]
    targets = [(2.5 * np.cos(a + 0.5), 2.4 * np.sin(a + 0.5), 0.7) for a in turns]
    pairs = zip(eyes, targets, strict=True)
    return [draw(ROOM, eye, target, i)[0] for i, (eye, target) in enumerate(pairs)]


@pytest.fixture
def scan(views, tmp_path):
    """Write the views as a scan; what is planted changes the values that are written."""

    def write(pose=lambda p: p, depth=1.0, camera=1.0, shift=0, order=None, **settings):
        for part in ("color", "depth", "pose"):
            (tmp_path / part).mkdir()
        order = range(len(views)) if order is None else order
        for i, (frame, source) in enumerate(zip(views, order, strict=True)):
            Image.fromarray(np.roll(frame.rgb, shift, axis=1)).save(tmp_path / "color" / f"{i:05}.png")
            stored = np.round(frame.depth * 1000 * depth).clip(0, 65535).astype(np.uint16)
            Image.fromarray(stored).save(tmp_path / "depth" / f"{i:05}.png")
            np.savetxt(tmp_path / "pose" / f"{i:05}.txt", pose(views[source].world_from_camera.copy()))
        np.savetxt(tmp_path / "intrinsics.txt", np.diag([camera, camera, 1]) @ views[0].intrinsics)
        (tmp_path / "scene.json").write_text(json.dumps(settings))
        return find_scenes(tmp_path)[0]

    return write


def scaled(factor):
    return lambda pose: np.vstack([np.column_stack([pose[:3, :3], factor * pose[:3, 3]]), pose[3]])


def transposed(pose):
    pose[:3, :3] = pose[:3, :3].T
    return pose


SHUFFLED = np.random.default_rng(3).permutation(16).tolist()
PLANTED = {
    "poses-inverted": ({"pose": np.linalg.inv}, "--invert-poses"),
    "axes-opengl": ({"pose": lambda p: p @ GL}, "--camera-axes opengl"),
    "rotation-transposed": ({"pose": transposed}, "transposed"),
    "translation-scale": ({"pose": scaled(1000.0)}, "--scale 0.001"),
    "depth-scale": ({"depth": 5.0}, "--depth-scale 5000"),
    "intrinsics": ({"camera": 4.0}, "intrinsics times 0.25"),
    "up": ({"up": [0, 1, 0]}, "--up=z"),
    "poses-shuffled": ({"order": SHUFFLED}, "do not belong together"),
    "poses-constant": ({"order": [0] * 16}, "placeholders"),
    "registration": ({"shift": 8}, "register depth"),
    "empty-depth": ({"depth": 0.0}, "export the depth"),
}


def test_a_good_scan_passes(scan):
    checked = check_scene(scan(up=[0, 0, 1]))
    assert (checked.verdict, checked.faults) == ("good", ())
    assert checked.agreeing > 0.9
    assert checked.residual_share < 0.02


@pytest.mark.parametrize("code", PLANTED)
def test_a_planted_fault_is_named_first_with_what_mends_it(scan, code):
    planted, remedy = PLANTED[code]
    checked = check_scene(scan(**planted))
    assert checked.verdict != "good"
    assert (checked.faults[0].code, remedy in checked.faults[0].fix) == (code, True), checked.faults
    assert checked.faults[0].evidence


def test_missing_files_are_named_and_counted(scan):
    reader = scan()
    for i in (3, 4):
        (reader.source / "depth" / f"{i:05}.png").unlink()
    (fault,) = check_scene(reader).faults
    assert (fault.code, fault.nonsense) == ("missing-files", False)
    assert "2 of 16 frames" in fault.evidence
    assert "depth/00003.png" in fault.evidence
    assert {*PLANTED, "missing-files"} == set(CODES)


@pytest.mark.parametrize("code", ["poses-inverted", "axes-opengl", "translation-scale", "depth-scale", "up"])
def test_the_options_of_a_fault_mend_it(scan, code):
    reader = scan(**PLANTED[code][0])
    said = ReadOptions(**check_scene(reader).options)
    assert check_scene(type(reader).open(reader.source, said)).verdict == "good"


def test_two_faults_together_are_both_named(scan):
    checked = check_scene(scan(pose=lambda p: scaled(100.0)(np.linalg.inv(p))))
    assert [fault.code for fault in checked.faults] == ["poses-inverted", "translation-scale"]


def test_depths_of_which_no_frame_can_be_read_are_told_as_depths(scan):
    reader = scan(depth_scale=1.0)
    (fault,) = check_scene(reader).faults
    assert (fault.code, fault.fix) == ("depth-scale", "--depth-scale 1000")


def test_nonsense_is_refused_with_its_remedy_and_suspects_are_not(scan):
    with pytest.raises(InputError, match=r"poses-inverted: .* --invert-poses \(--no-check"):
        refuse_nonsense(scan(pose=np.linalg.inv))


def test_a_sideways_up_is_told_but_not_refused(scan):
    assert [fault.code for fault in refuse_nonsense(scan(up=[1, 0, 0])).faults] == ["up"]


def test_a_single_frame_has_nothing_to_disagree_with(views, frames_of_one):
    reader = frames_of_one(views[0])
    assert check_scene(reader).faults == refuse_nonsense(reader).faults == ()


@pytest.fixture
def frames_of_one(tmp_path):
    from format_writers import frames_folder

    def write(frame):
        return find_scenes(frames_folder(tmp_path, [frame])[0])[0]

    return write


def test_the_real_kitchen_passes_with_its_slight_misregistration(shared):
    checked = check_scene(find_scenes(shared / "data" / "redkitchen")[0])
    assert checked.verdict == "good", checked.faults
