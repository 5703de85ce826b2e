"""Rendered frames are exactly what the geometry says, and with noise what a depth camera would give."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from core3d_search.synthetic import Room, generate_room, render_room
from core3d_search.synthetic.render import RenderedFrame
from core3d_search.synthetic.sensor import noisy_depth
from core3d_search.synthetic.trajectory import look_at

SIZE = {"width": 240, "height": 180}


@pytest.fixture(scope="module")
def room() -> Room:
    return generate_room(5, kind="living room")


@pytest.fixture(scope="module")
def frames(room: Room) -> list[RenderedFrame]:
    return list(render_room(room, frames=16, noise=False, **SIZE))


def points_of(frame: RenderedFrame) -> np.ndarray:
    """Return the world point of every pixel, (H, W, 3)."""
    height, width = frame.depth.shape
    u, v = np.meshgrid(np.arange(width), np.arange(height))
    rays = np.stack([u, v, np.ones_like(u)], -1) @ np.linalg.inv(frame.intrinsics).T
    return (rays * frame.depth[..., None]) @ frame.world_from_camera[:3, :3].T + frame.world_from_camera[:3, 3]


def test_the_same_arguments_give_the_same_bytes(room: Room) -> None:
    first, second = (list(render_room(room, frames=3, seed=8, **SIZE)) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        assert a.rgb.tobytes() == b.rgb.tobytes()
        assert a.depth.tobytes() == b.depth.tobytes()
        assert a.instance.tobytes() == b.instance.tobytes()
        assert a.world_from_camera.tobytes() == b.world_from_camera.tobytes()
    other = next(render_room(room, frames=3, seed=9, **SIZE))
    assert not np.array_equal(other.world_from_camera, first[0].world_from_camera)


def test_frames_are_complete_and_well_exposed(frames: list[RenderedFrame]) -> None:
    for index, frame in enumerate(frames):
        assert frame.index == index
        assert frame.rgb.shape == (180, 240, 3)
        assert frame.rgb.dtype == np.uint8
        assert frame.depth.dtype == np.float32
        assert (frame.depth > 0).all(), "a room is closed: every ray hits something"
        assert 60 < frame.rgb.mean() < 210
        assert frame.rgb.std() > 15


def test_cameras_stand_in_the_room_at_the_height_of_a_person(room: Room, frames: list[RenderedFrame]) -> None:
    for frame in frames:
        place, turn = frame.world_from_camera[:3, 3], frame.world_from_camera[:3, :3]
        assert 1.2 <= place[2] <= 1.7
        assert (place[:2] > 0.05).all()
        assert (place[:2] < np.array(room.size[:2]) - 0.05).all()
        assert np.allclose(turn @ turn.T, np.eye(3), atol=1e-9)
        assert np.linalg.det(turn) == pytest.approx(1)
        assert turn[2, 1] < -0.5, "the image's y axis points down"
        assert frame.depth.min() > 0.1


def test_every_object_is_seen_in_several_frames(room: Room, frames: list[RenderedFrame]) -> None:
    seen = np.stack([np.bincount(f.instance.ravel(), minlength=len(room.objects) + 1) >= 15 for f in frames]).sum(0)
    assert (seen[1:] >= 1).mean() >= 0.95
    assert np.median(seen[1:]) >= 3


def test_pixels_of_an_object_lie_in_its_box_and_others_in_the_room(room: Room, frames: list[RenderedFrame]) -> None:
    for frame in frames:
        points = points_of(frame)
        for item in room.objects:
            own = points[frame.instance == item.id]
            local = np.abs((own - item.box.center) @ item.box.rotation)
            assert (local <= item.box.extent / 2 + 2e-3).all(), item.label
        shell = points[frame.instance == 0]
        walls = np.minimum(np.abs(shell), np.abs(shell - np.array(room.size))).min(-1)
        assert walls.max() < 0.012, "what is no object lies on floor, ceiling, a wall or its skirting"


def test_frames_agree_about_the_depth_of_what_both_see(frames: list[RenderedFrame]) -> None:
    compared = agreed = through = 0
    for a, b in pairwise(frames):
        camera_from_world = np.linalg.inv(b.world_from_camera)
        local = points_of(a).reshape(-1, 3) @ camera_from_world[:3, :3].T + camera_from_world[:3, 3]
        pixel = local @ b.intrinsics.T
        with np.errstate(divide="ignore", invalid="ignore"):
            column, row = pixel[:, 0] / pixel[:, 2], pixel[:, 1] / pixel[:, 2]
        inside = (local[:, 2] > 0.1) & (column > 1) & (column < 238) & (row > 1) & (row < 178)
        u, v = np.round(column[inside]).astype(int), np.round(row[inside]).astype(int)
        around = np.stack([b.depth[v + dv, u + du] for dv in (-1, 0, 1) for du in (-1, 0, 1)])
        z = local[inside, 2]
        through += int((z <= around.min(0) - 2e-3).sum())
        compared += len(z)
        agreed += int((z < around.max(0) + 2e-3).sum())
    # what one camera sees, the other sees too, or something before it; only spokes and leaves are thinner than a pixel
    assert through <= 0.005 * compared
    assert agreed > 0.6 * compared
    assert compared > 20_000


def test_noise_gives_millimetres_holes_and_errors_that_grow_with_distance(room: Room) -> None:
    exact = next(render_room(room, frames=2, noise=False, seed=3, width=480, height=360))
    noisy = next(render_room(room, frames=2, noise=True, seed=3, width=480, height=360))
    assert np.array_equal(exact.world_from_camera, noisy.world_from_camera)
    assert np.array_equal(exact.instance, noisy.instance)
    known = noisy.depth > 0
    assert 0.6 < known.mean() < 0.995
    assert np.allclose(noisy.depth * 1000, np.round(noisy.depth * 1000), atol=1e-3)
    assert np.abs(noisy.depth - exact.depth)[known].max() < 0.25
    assert not np.array_equal(exact.rgb, noisy.rgb)


def test_depth_noise_follows_the_published_model() -> None:
    rng = np.random.default_rng(0)
    shape = (200, 200)
    none = np.zeros(shape, bool)
    for distance in (1.0, 2.0, 4.0):
        flat = np.full(shape, distance, np.float32)
        noisy = noisy_depth(flat, np.ones(shape, np.float32), none, none, rng)
        assert (noisy > 0).all()
        assert noisy.std() == pytest.approx(0.0012 + 0.0019 * (distance - 0.4) ** 2, rel=0.1)
    assert (noisy_depth(np.full(shape, 0.2, np.float32), np.ones(shape, np.float32), none, none, rng) == 0).all()
    grazing = noisy_depth(np.full(shape, 2, np.float32), np.full(shape, 0.02, np.float32), none, none, rng)
    assert (grazing == 0).all()
    step = np.full(shape, 2, np.float32)
    step[:, 100:] = 1.0
    edged = noisy_depth(step, np.ones(shape, np.float32), none, none, rng)
    assert (edged[:, 99:101] == 0).mean() > 0.3
    assert (edged[:, :95] > 0).all()


def test_look_at_puts_the_target_on_the_optical_axis() -> None:
    pose = look_at((1, 2, 1.5), (3, 2, 0.5), roll=0.1)
    local = np.linalg.inv(pose) @ np.array([3, 2, 0.5, 1])
    assert local[:2] == pytest.approx([0, 0], abs=1e-12)
    assert local[2] == pytest.approx(np.sqrt(5))
