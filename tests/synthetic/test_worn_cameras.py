"""What a worn camera makes of a frame: depth lost where a projector's shadow lies, colour moved, truth untouched."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from core3d_search.synthetic import RenderedFrame, generate_room, write_room
from core3d_search.synthetic.worn import BASELINE_M, DISPARITY_STEPS, nearest_beside, shadowed, worn_depth, worn_frame

FOCAL_PX = 400.0


def wall_behind_a_post() -> np.ndarray:
    """Return depth (60, 120): a wall at 3 m, a post at 1 m in columns 50 to 69."""
    depth = np.full((60, 120), 3, np.float32)
    depth[:, 50:70] = 1
    return depth


def test_the_shadow_is_as_wide_as_the_disparities_differ() -> None:
    disparity = FOCAL_PX * BASELINE_M / wall_behind_a_post()  # 30 and 10 pixels
    for side, (first, last) in ((1, (70, 88)), (-1, (31, 49))):
        hidden = shadowed(disparity.astype(np.float32), side)
        columns = np.flatnonzero(hidden.all(axis=0))
        assert (columns.min(), columns.max()) == (first, last)
        assert (hidden.any(axis=0) == hidden.all(axis=0)).all()


def test_what_is_nearer_grows_by_a_pixel() -> None:
    depth = np.full((5, 5), 2, np.float32)
    depth[2, 2] = 1
    grown = nearest_beside(depth)
    assert (grown == 1).sum() == 5
    assert grown[0, 0] == 2


def test_worn_depth_is_near_the_truth_where_there_is_any() -> None:
    depth, rgb = wall_behind_a_post(), np.full((60, 120, 3), 128, np.uint8)
    depth[:4] = 0
    for seed in range(8):
        found = worn_depth(depth, rgb, FOCAL_PX, np.random.default_rng(seed))
        assert found.dtype == np.float32
        kept = found > 0
        assert kept.mean() > 0.3
        assert not kept[0].any()
        step = 3**2 / (FOCAL_PX * BASELINE_M * DISPARITY_STEPS)
        away = np.minimum(np.abs(found - 3), np.abs(found - 1))[kept]
        assert away.max() <= step


def test_the_dark_is_lost() -> None:
    depth, rgb = np.full((60, 120), 2, np.float32), np.full((60, 120, 3), 200, np.uint8)
    rgb[:, 60:] = 2
    shares = []
    for seed in range(8):
        lost = worn_depth(depth, rgb, FOCAL_PX, np.random.default_rng(seed)) == 0
        shares.append(lost[:, 60:].mean() - lost[:, 10:60].mean())
    assert min(shares) > 0.3


def test_a_worn_frame_keeps_camera_and_truth_and_repeats_itself() -> None:
    depth, rgb = wall_behind_a_post(), np.random.default_rng(0).integers(60, 200, (60, 120, 3)).astype(np.uint8)
    intrinsics = np.array([[FOCAL_PX, 0, 60], [0, FOCAL_PX, 30], [0, 0, 1]])
    instance = (depth < 2).astype(np.uint16)
    clean = RenderedFrame(3, rgb, depth, intrinsics, np.eye(4), instance)
    one, two = (worn_frame(clean, np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(one.rgb, two.rgb)
    np.testing.assert_array_equal(one.depth, two.depth)
    assert one.index == 3
    assert one.instance is instance
    assert not np.array_equal(one.rgb, rgb)


def test_a_room_is_written_worn_with_the_same_truth(tmp_path: Path) -> None:
    room = generate_room(3)
    clean = write_room(room, tmp_path / "clean", frames=1, width=96, height=72)
    worn = write_room(room, tmp_path / "worn", frames=1, width=96, height=72, worn=True)
    pictures = [np.asarray(Image.open(folder / "depth" / "00000.png")) for folder in (clean, worn)]
    assert (pictures[1] == 0).sum() > (pictures[0] == 0).sum()
    assert (clean / "ground_truth.json").read_bytes() == (worn / "ground_truth.json").read_bytes()
    assert (clean / "instance/00000.png").read_bytes() == (worn / "instance/00000.png").read_bytes()
