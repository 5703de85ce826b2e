"""What is written is an ordinary scan, and its truth is complete."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core3d_search.synthetic import generate_room, render_room, write_room
from core3d_search.synthetic.demo import NO_RED_SEAT, plan_demo, red_chairs

OPTIONS = {"frames": 4, "width": 160, "height": 120}
SIDES = {"left of", "right of", "in front of", "behind"}
PREDICATES = {"on", "under", "above", "inside", "near", "between"} | SIDES


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_room(generate_room(21, kind="office"), tmp_path_factory.mktemp("scan") / "office", **OPTIONS)


def test_files_hold_exactly_what_was_rendered(written: Path) -> None:
    for frame in render_room(generate_room(21, kind="office"), **OPTIONS):
        stem = f"{frame.index:05d}"
        depth = np.asarray(Image.open(written / "depth" / f"{stem}.png"))
        assert depth.dtype == np.uint16
        assert np.array_equal(depth, np.round(frame.depth * 1000))
        assert np.array_equal(np.asarray(Image.open(written / "instance" / f"{stem}.png")), frame.instance)
        assert np.allclose(np.loadtxt(written / "pose" / f"{stem}.txt"), frame.world_from_camera, atol=1e-8)
        assert np.allclose(np.loadtxt(written / "intrinsics.txt"), frame.intrinsics, atol=1e-6)
        color = np.asarray(Image.open(written / "color" / f"{stem}.jpg"), float)
        assert np.abs(color - frame.rgb).mean() < 4
    for part in ("color", "depth", "instance", "pose"):
        assert len(list((written / part).iterdir())) == OPTIONS["frames"]


def test_the_scene_file_says_how_to_read_it(written: Path) -> None:
    scene = json.loads((written / "scene.json").read_text())
    assert scene["up"] == [0, 0, 1]
    assert scene["depth_scale"] == 1000
    assert scene["camera_axes"] == "opencv"
    assert scene["seed"] == 21


def test_the_ground_truth_is_complete_and_consistent(written: Path) -> None:
    truth = json.loads((written / "ground_truth.json").read_text())
    ids = [entry["id"] for entry in truth["objects"]]
    assert ids == list(range(1, len(ids) + 1))
    counted = np.zeros(len(ids) + 1, int)
    frames: dict[int, list[int]] = {number: [] for number in ids}
    for path in sorted((written / "instance").iterdir()):
        counts = np.bincount(np.asarray(Image.open(path)).ravel(), minlength=len(ids) + 1)
        counted += counts
        for number in ids:
            if counts[number] >= 50:
                frames[number].append(int(path.stem))
    for entry in truth["objects"]:
        assert {"label", "color", "material", "front", "box"} <= set(entry)
        assert np.shape(entry["box"]["rotation"]) == (3, 3)
        assert min(entry["box"]["extent"]) > 0
        assert entry["pixels"] == counted[entry["id"]]
        assert entry["visible_frames"] == frames[entry["id"]]
    assert truth["relations"]
    for fact in truth["relations"]:
        assert fact["predicate"] in PREDICATES
        assert {fact["subject"], fact["object"], *fact.get("objects", [])} <= set(ids)
        assert ("objects" in fact) == (fact["predicate"] == "between")
        assert fact["frame"] == (
            "anchor" if fact["predicate"] in ("left of", "right of", "in front of", "behind") else "world"
        )
    assert {part["label"] for part in truth["structure"]} == {"floor", "ceiling", "wall"}


@pytest.mark.parametrize("seed", [0, 1])
def test_the_demo_has_one_right_answer_to_its_question(seed: int) -> None:
    rooms = plan_demo(seed)
    assert len({room.kind for room in rooms}) == 3
    assert len({room.name for room in rooms}) == 3
    near, far = np.sum([red_chairs(room) for room in rooms], axis=0)
    assert (near, far) == (1, 1)
    right = [
        (item.label, item.id)
        for room in rooms
        for fact in room.relations
        if fact.predicate == "near" and room[fact.anchors[0]].label == "window"
        for item in [room[fact.subject]]
        if (item.label, item.color) in NO_RED_SEAT
    ]
    assert len({answer for answer in right}) == 1
    assert right[0][0] == "chair"
