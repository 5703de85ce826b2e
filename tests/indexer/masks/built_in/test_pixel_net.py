"""What the network sees of a frame, and that it tells things apart in a room that it was not trained on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from core3d_search.indexer.frames import Frame
from core3d_search.indexer.masks.built_in.frame_surfaces import FrameSurfaces
from core3d_search.indexer.masks.built_in.pixel_net import (
    DIMENSION,
    InputChannel,
    PixelEmbedder,
    PixelNet,
    difference,
    network_input,
)
from core3d_search.indexer.masks.built_in.regions import PIXEL_NET
from core3d_search.indexer.planes import find_structure
from training.rendered import rendered_room

FLOOR = ((-3.0, -3.0, -0.1), (3.0, 3.0, 0.0), (150, 140, 130))
BOX = ((-0.3, -0.3, 0.0), (0.3, 0.3, 0.5), (130, 90, 50))


@pytest.fixture(scope="module")
def embedder() -> PixelEmbedder:
    return PixelEmbedder(PIXEL_NET)


@pytest.fixture(scope="module")
def drawn(draw: Callable[..., Any]) -> tuple[Frame, np.ndarray]:
    return draw([FLOOR, BOX], (0.3, -1.8, 1.4), (0, 0, 0.2), size=(240, 320))


def test_the_input_shows_normals_by_gravity_and_nearness_of_the_floor(drawn: tuple[Frame, np.ndarray]) -> None:
    frame, owner = drawn
    seen = network_input(frame, FrameSurfaces.of(frame, find_structure([frame], (0, 0, 1)), smooth=False))
    assert seen.shape == (240, 320, InputChannel.COUNT)
    assert seen.dtype == np.float32
    assert np.abs(seen).max() <= 1
    floor = (owner == 0) & (frame.depth > 0) & (frame.depth < 2.5)
    seen = np.moveaxis(seen, -1, 0)
    up, near = seen[InputChannel.UP], seen[InputChannel.NEARNESS]
    assert np.median(up[floor]) == pytest.approx(1, abs=1e-3)
    assert (near[floor] > 0.9).mean() > 0.995  # but for corners, which the median rounds
    top = (owner == 1) & (up > 0.99)
    assert np.median(near[top]) == pytest.approx(np.exp(-0.5 / 0.05), abs=1e-3)
    assert seen[InputChannel.HAS_DEPTH][frame.depth > 0].min() == 1
    off = np.abs(seen[InputChannel.INVERSE_DEPTH][floor] - 0.5 / frame.depth[floor])
    assert (off < 1e-3).mean() > 0.99


def test_without_depth_only_colour_is_seen(drawn: tuple[Frame, np.ndarray]) -> None:
    frame, _ = drawn
    blind = Frame(0, frame.rgb, np.zeros_like(frame.depth), frame.intrinsics, frame.world_from_camera)
    seen = network_input(blind, FrameSurfaces.of(blind, None, smooth=False))
    assert not seen[..., InputChannel.INVERSE_DEPTH :].any()
    assert np.isfinite(seen).all()


def test_a_camera_that_looks_straight_down_has_a_direction_ahead(drawn: tuple[Frame, np.ndarray]) -> None:
    frame, _ = drawn
    pose = np.eye(4)
    pose[:3, :3] = np.diag([1.0, -1.0, -1.0])
    pose[2, 3] = 2
    down = Frame(0, frame.rgb, np.full_like(frame.depth, 2), frame.intrinsics, pose)
    seen = network_input(down, FrameSurfaces.of(down, find_structure([frame], (0, 0, 1)), smooth=False))
    assert np.isfinite(seen).all()
    assert np.median(seen[..., InputChannel.UP]) == pytest.approx(1, abs=1e-3)


def test_images_of_any_size_are_answered(embedder: PixelEmbedder) -> None:
    for height, width in ((37, 50), (64, 96), (480, 640)):
        rgb = np.zeros((height, width, 3), np.uint8)
        frame = Frame(0, rgb, np.ones((height, width), np.float32), np.diag([300.0, 300, 1]), np.eye(4))
        seen = embedder.embed(frame, None)
        assert seen.places.shape == (height, width, DIMENSION)
        for image in (seen.structure, seen.change):
            assert image.shape == (height, width)
            assert ((image >= 0) & (image <= 1)).all()


def test_difference_is_a_probability_that_grows_with_distance() -> None:
    found = difference(np.array([0.0, np.log(3), 50.0]))
    assert found.tolist() == pytest.approx([0, 0.5, 1])


def test_things_of_an_unseen_room_are_told_apart(embedder: PixelEmbedder) -> None:
    room = rendered_room(77, 4)
    rng = np.random.default_rng(0)
    right = {True: [], False: []}
    built = []
    for frame, ids in zip(room.frames, room.instances, strict=True):
        seen = embedder.embed(frame, room.structure)
        places, shown = seen.places, seen.structure
        height, width = ids.shape
        one = rng.integers((height, width), size=(4000, 2))
        other = np.clip(one + rng.integers(-20, 21, one.shape), 0, (height - 1, width - 1))
        pair = ids[tuple(one.T)], ids[tuple(other.T)]
        apart = difference(np.square(places[tuple(one.T)] - places[tuple(other.T)]).sum(-1)) > 0.5
        for same in (True, False):
            right[same].append((apart != same)[(pair[0] == pair[1]) == same])
        built.append((shown > 0.5) == (ids == 0))
    assert np.concatenate(right[True]).mean() > 0.93
    assert np.concatenate(right[False]).mean() > 0.8
    assert np.concatenate([one.ravel() for one in built]).mean() > 0.93


def test_folding_the_norms_changes_no_answer() -> None:
    torch.manual_seed(0)
    net = PixelNet().eval()
    for part in net.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(part.running_mean)
            torch.nn.init.uniform_(part.running_var, 0.5, 2)
    x = torch.rand(1, InputChannel.COUNT, 64, 96)
    with torch.inference_mode():
        torch.testing.assert_close(net.folded()(x), net(x), rtol=1e-3, atol=1e-4)
    assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in net.folded().modules())


def test_change_is_where_the_places_of_neighbours_part(
    embedder: PixelEmbedder, drawn: tuple[Frame, np.ndarray]
) -> None:
    seen = embedder.embed(drawn[0], None)
    apart = np.square(seen.places[:, 2:] - seen.places[:, :-2]).sum(-1)
    across = difference(apart)[1:-1]
    down = difference(np.square(seen.places[2:] - seen.places[:-2]).sum(-1))[:, 1:-1]
    np.testing.assert_allclose(seen.change[1:-1, 1:-1], np.maximum(across, down), atol=1e-5)
