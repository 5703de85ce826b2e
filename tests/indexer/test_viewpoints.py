"""Which frames are one look: cameras that stand and look alike, whatever their numbers."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core3d_search.indexer.config import FusionConfig
from core3d_search.indexer.viewpoints import Viewpoints

CONFIG = FusionConfig(same_view_m=0.1, same_view_degrees=10)


def camera(x: float = 0.0, degrees: float = 0.0) -> np.ndarray:
    """A camera at (x, 0, 0), turned about its vertical."""
    pose, turn = np.eye(4), np.radians(degrees)
    pose[:3, :3] = [[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]]
    pose[0, 3] = x
    return pose


def test_cameras_that_stand_and_look_alike_are_one_viewpoint() -> None:
    cameras = {0: camera(), 1: camera(0.09, 5), 2: camera(0.2), 3: camera(0, 12), 4: camera(0.0)}
    assert sorted(sorted(frames) for frames in Viewpoints.of(cameras, CONFIG).frames) == [[0, 1, 4], [2], [3]]


def test_blocks_hold_neighbours() -> None:
    cameras = {frame: camera(place) for frame, place in enumerate([0.0, 4.0, 0.3, 4.3])}
    blocks = list(Viewpoints.of(cameras, CONFIG).blocks(2))
    assert [sorted(frame for frames in block for frame in frames) for block in blocks] == [[0, 2], [1, 3]]


@given(st.lists(st.tuples(st.floats(-3, 3), st.floats(0, 360)), min_size=1, max_size=20), st.randoms())
def test_neither_order_nor_numbers_nor_copies_matter(places: list[tuple[float, float]], random) -> None:
    poses = [camera(*place) for place in places]
    numbers = random.sample(range(100), len(poses) * 2)
    first = Viewpoints.of(dict(enumerate(poses)), CONFIG)
    second = Viewpoints.of(dict(zip(numbers, poses + poses, strict=True)), CONFIG)
    as_poses = [{poses[number].tobytes() for number in frames} for frames in first.frames]
    moved = dict(zip(numbers, poses + poses, strict=True))
    assert as_poses == [{moved[number].tobytes() for number in frames} for frames in second.frames]
