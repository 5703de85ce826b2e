"""Gravity, floor and walls in rooms that are exactly known, and surface normals of known faces."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core3d_search.indexer.frames import Frame
from core3d_search.indexer.planes import estimate_up, find_structure, to_lab
from core3d_search.indexer.surfaces import back_project, jumps, normals, to_world

ROOM = [
    ((-2.0, -2.5, -0.1), (2.0, 2.5, 0.0), (150, 120, 90)),
    ((-2.1, -2.5, 0.0), (-2.0, 2.5, 2.5), (210, 205, 200)),
    ((-2.0, 2.5, 0.0), (2.0, 2.6, 2.5), (170, 190, 210)),
    ((0.2, 0.8, 0.0), (1.4, 1.6, 0.75), (120, 70, 40)),
    ((-2.0, 0.0, 0.0), (-1.4, 1.0, 1.9), (70, 110, 70)),
    ((-0.8, -0.5, 0.0), (0.1, 0.5, 0.01), (160, 30, 30)),
]
"""Floor, two walls, a table, a wardrobe at the wall and a rug."""


@pytest.fixture(scope="module")
def frames(draw: Callable[..., Any]) -> list[Frame]:
    eyes = [(1.5, -2.2, 1.5), (0.5, -2.3, 1.6), (1.8, -0.5, 1.4), (-0.5, -2.2, 1.2)]
    return [draw(ROOM, eye, (-0.8, 1.2, 0.6), number)[0] for number, eye in enumerate(eyes)]


def test_the_outer_planes_are_found_and_furniture_is_not(frames: list[Frame]) -> None:
    structure = find_structure(frames, (0, 0, 1))
    found = {(plane.kind, *plane.normal.round(1).tolist(), round(plane.offset, 1)) for plane in structure.planes}
    assert found == {("floor", 0, 0, 1, 0), ("wall", 1, 0, 0, -2), ("wall", 0, -1, 0, -2.5)}


def test_a_rug_is_on_the_floor_and_not_bare(frames: list[Frame], draw: Callable[..., Any]) -> None:
    structure = find_structure(frames, (0, 0, 1))
    frame, owner = draw(ROOM, (1.5, -2.2, 1.5), (-0.8, 1.2, 0.6))
    points = to_world(back_project(frame.depth, frame.intrinsics), frame.world_from_camera)
    bare = structure.bare(points, frame.rgb, frame.depth)
    assert bare[owner == 0].mean() > 0.95
    assert bare[owner == 1].mean() > 0.9
    assert bare[owner == 5].mean() < 0.05
    assert bare[owner == 3].mean() < 0.1
    assert (structure.nearest(points, frame.depth)[owner == 5] >= 0).all()


def test_a_skirting_board_is_bare_whatever_its_colour(frames: list[Frame]) -> None:
    structure = find_structure(frames, (0, 0, 1))
    white = np.full((2, 3), 255, np.uint8)
    assert structure.bare(np.array([[-2.0, -1, 0.06], [-2.0, -1, 0.6]]), white // 4).tolist() == [True, False]


def test_nothing_to_look_at_has_no_structure() -> None:
    assert find_structure([], (0, 0, 2)).planes == ()
    assert find_structure([], (0, 0, 2)).up.tolist() == [0, 0, 1]
    assert estimate_up([]).tolist() == [0, 0, 1]


@pytest.mark.parametrize("seed", range(3))
def test_up_is_found_in_any_world_frame(frames: list[Frame], seed: int) -> None:
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    turn = np.eye(4)
    turn[:3, :3] = q * np.sign(np.linalg.det(q))
    turned = [Frame(f.index, f.rgb, f.depth, f.intrinsics, turn @ f.world_from_camera) for f in frames]
    assert estimate_up(turned) @ turn[:3, 2] > np.cos(np.radians(1))


def test_up_of_a_real_kitchen_is_across_its_floor(shared: Path) -> None:
    folder = shared / "data" / "redkitchen"
    if not folder.is_dir():
        pytest.skip(f"development data is not at {folder}")
    frames = []
    for number in range(0, 1000, 200):
        stem = folder / f"frame-{number:06d}"
        depth = np.array(Image.open(f"{stem}.depth.png")).astype(np.float32)
        depth[depth == 65535] = 0
        pose, intrinsics = np.loadtxt(f"{stem}.pose.txt"), np.loadtxt(folder / "camera-intrinsics.txt")
        frames.append(Frame(number, np.array(Image.open(f"{stem}.color.jpg")), depth / 1000, intrinsics, pose))
    up = estimate_up(frames)
    (floor,) = [plane for plane in find_structure(frames, up).planes if plane.kind == "floor"]
    assert floor.normal @ up > np.cos(np.radians(3))


def test_normals_of_known_faces_face_the_camera(draw: Callable[..., Any]) -> None:
    frame, owner = draw(ROOM, (1.5, -2.2, 1.5), (-0.8, 1.2, 0.6), size=(240, 320))
    world = normals(frame.depth, frame.intrinsics) @ frame.world_from_camera[:3, :3].T
    for number, expected in ((0, (0, 0, 1)), (1, (1, 0, 0)), (2, (0, -1, 0))):
        assert np.median(world[owner == number] @ expected) > 0.999
    assert not normals(np.zeros((20, 20), np.float32), np.eye(3)).any()


def test_jumps_mark_steps_and_not_slopes() -> None:
    columns = np.arange(40, dtype=np.float32)
    slope = np.tile(1 / (0.3 + 0.01 * columns), (30, 1))
    assert not jumps(slope, 0.02)[1:-1, 1:-1].any()
    step = np.full((30, 40), 2.0, np.float32)
    step[:, 20:] = 2.5
    step[5, 5] = 0
    marked = jumps(step, 0.04)
    assert marked[:, 19:21].all()
    assert marked[5, 5]
    assert not marked[10:, :18].any()


def test_lab_has_its_known_values() -> None:
    lab = to_lab(np.array([[255, 255, 255], [0, 0, 0], [255, 0, 0]], np.uint8))
    assert lab == pytest.approx(np.array([[100, 0, 0], [0, 0, 0], [53.2, 80.1, 67.2]]), abs=0.1)
