"""Which views of an object are embedded: the largest, sharpest, uncut ones, from sides not shown yet."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core3d_search.indexer.best_views import best_views, worth
from core3d_search.indexer.detections import PackedMask
from core3d_search.indexer.lifting import Observation

MASK = PackedMask((0, 0, 1, 1), np.array([128], np.uint8))


def view(frame: int, points: int = 100, pixels: int = 1000, *, sharpness: float = 5, cut: bool = False) -> Observation:
    cloud, colors = np.zeros((points, 3), np.float32), np.zeros((points, 3), np.uint8)
    return Observation(frame, np.arange(4, dtype=float), 1.0, 2, cloud, colors, MASK, pixels, cut, 1.0, sharpness)


def around(degrees: list[float]) -> dict[int, np.ndarray]:
    """Cameras a metre from the origin, in these directions."""
    poses = {frame: np.eye(4) for frame in range(len(degrees))}
    for frame, angle in enumerate(np.radians(degrees)):
        poses[frame][:3, 3] = np.cos(angle), np.sin(angle), 0
    return poses


def test_large_sharp_whole_views_come_first() -> None:
    members = [view(0), view(1, 50), view(2, pixels=400), view(3, sharpness=2), view(4, cut=True)]
    assert worth(members) == pytest.approx([1, np.sqrt(0.5), np.sqrt(0.4), 0.4, 0.5])
    assert best_views(members, (0, 0, 0), around([0, 72, 144, 216, 288]), 3) == [0, 1, 2]


def test_a_side_not_shown_yet_is_preferred_to_a_slightly_better_view_of_the_same() -> None:
    members = [view(0, 100), view(1, 98), view(2, 70)]
    assert best_views(members, (0, 0, 0), around([0, 2, 90]), 2) == [0, 2]


def test_all_are_taken_where_there_are_few() -> None:
    assert sorted(best_views([view(0), view(1)], (0, 0, 0), around([0, 1]), 6)) == [0, 1]


@given(st.permutations(range(5)), st.integers(1, 5))
def test_the_choice_does_not_depend_on_the_order(order: list[int], count: int) -> None:
    members = [view(frame, 60 + 7 * frame, 500 + 31 * frame, cut=frame == 3) for frame in range(5)]
    cameras = around([0, 20, 45, 100, 190])
    chosen = [members[k].frame for k in best_views(members, (0, 0, 0), cameras, count)]
    shuffled = [members[k] for k in order]
    assert [shuffled[k].frame for k in best_views(shuffled, (0, 0, 0), cameras, count)] == chosen


def test_blur_lowers_the_sharpness_that_lifting_measures(draw) -> None:
    from scipy.ndimage import gaussian_filter

    from core3d_search.indexer.config import LiftConfig
    from core3d_search.indexer.detections import Detections
    from core3d_search.indexer.lifting import lift

    frame, owner = draw([((-0.5, -0.5, 0.0), (0.5, 0.5, 0.4), (200, 30, 30))], (1.5, -1.2, 1.0), (0, 0, 0.1))
    textured = np.where((np.indices(owner.shape).sum(0) // 4 % 2 == 0)[..., None], frame.rgb, frame.rgb // 2)
    mask = Detections.from_masks((owner == 0)[None], [1.0], [2])
    (sharp,) = lift(replace(frame, rgb=textured), mask, LiftConfig())
    blurred = gaussian_filter(textured.astype(np.float32), (2, 2, 0)).astype(np.uint8)
    (soft,) = lift(replace(frame, rgb=blurred), mask, LiftConfig())
    assert soft.sharpness < 0.3 * sharp.sharpness
