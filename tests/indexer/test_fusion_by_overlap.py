"""Symmetric-overlap merging: known cases, a slow readable oracle, and independence of order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core3d_search.errors import InputError
from core3d_search.geometry import thin
from core3d_search.indexer.config import FusionConfig
from core3d_search.indexer.detections import PackedMask
from core3d_search.indexer.fusion import fuse, group_observations, well_supported
from core3d_search.indexer.lifting import Observation
from core3d_search.indexer.merging import agree, merge_groups
from core3d_search.indexer.planes import Plane, Structure
from core3d_search.indexer.surface_sums import SurfaceSums
from core3d_search.indexer.viewpoints import Viewpoints

PLAIN = FusionConfig(min_observations=1, min_voxels=1, absorb_overlap=1.0, box_trim=0)
MASK = PackedMask((0, 0, 1, 1), np.array([128], np.uint8))


def seen(points: np.ndarray, frame: int = 0, embedding: np.ndarray | None = None, color: int = 99) -> Observation:
    colors = np.full((len(points), 3), color, np.uint8)
    return Observation(
        frame, np.arange(4, dtype=float), 1.0, 2, points, colors, MASK, len(points), False, 1.0, embedding=embedding
    )


def cameras(count: int, places: int | None = None) -> dict[int, np.ndarray]:
    """`count` frames; each at a place of its own, or in turn from so many places."""
    poses = {frame: np.eye(4) for frame in range(count)}
    for frame, pose in poses.items():
        pose[0, 3] = frame % (places or count)
    return poses


def slab(low: tuple[int, int, int], high: tuple[int, int, int]) -> np.ndarray:
    """Points in the middle of each voxel from `low` to below `high`, in voxels of 2.5 cm."""
    axes = [np.arange(a, b) for a, b in zip(low, high, strict=True)]
    return ((np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3) + 0.5) * 0.025).astype(np.float32)


def oracle(voxels: Sequence[set[Any]], config: FusionConfig) -> list[tuple[int, ...]]:
    """Greedy agglomeration as one would explain it: measure every pair, unite the best, start again."""
    groups = [((number,), number, cells) for number, cells in enumerate(voxels)]
    age = len(groups)
    while True:
        best = None
        for i, (_, age_a, a) in enumerate(groups):
            for j, (_, age_b, b) in enumerate(groups):
                shared = len(a & b)
                if i == j or age_a > age_b or not agree(shared, len(a), len(b), config):
                    continue
                rank = (-shared / max(len(a), len(b)), age_a, age_b)
                if best is None or rank < best[0]:
                    best = (rank, i, j)
        if best is None:
            return sorted(members for members, _, _ in groups)
        _, i, j = best
        united = (tuple(sorted(groups[i][0] + groups[j][0])), age, groups[i][2] | groups[j][2])
        groups = [group for k, group in enumerate(groups) if k not in (i, j)] + [united]
        age += 1


def test_two_masks_that_overlap_both_ways_are_one_object() -> None:
    a, b = slab((0, 0, 0), (10, 10, 1)), slab((5, 0, 0), (15, 10, 1))  # 0.5 both ways
    (one,) = fuse([seen(a), seen(b, 1)], cameras(2), PLAIN, up=(0, 0, 1))
    assert one.members == (0, 1)
    assert len(one.points) == 150
    assert one.box.extent == pytest.approx([0.35, 0.225, 0], abs=1e-5) or one.box.extent == pytest.approx(
        [0.225, 0.35, 0], abs=1e-5
    )


def test_the_thresholds_are_strict_and_work_both_ways() -> None:
    config = FusionConfig(gamma=0.3, delta=0.4)
    assert not agree(30, 100, 100, config)
    assert agree(31, 100, 100, config)
    assert not agree(50, 50, 100, config)  # 1.0 and 0.5: too far apart
    assert agree(31, 50, 100, config)  # 0.62 and 0.31
    assert not agree(31, 100, 110, config)  # 0.31 and 0.28


def test_a_cushion_is_not_swallowed_by_its_couch() -> None:
    couch, cushion = slab((0, 0, 0), (40, 20, 2)), slab((5, 5, 0), (15, 15, 2))  # the couch's mask covers it
    frames = [seen(couch, 0), seen(cushion, 0), seen(couch, 1), seen(cushion, 1)]
    fused = fuse(frames, cameras(2), replace(PLAIN, absorb_overlap=0.6))
    assert [one.members for one in fused] == [(0, 2), (1, 3)]


def test_a_partial_view_from_another_frame_joins_what_covers_it() -> None:
    couch, end = slab((0, 0, 0), (40, 20, 2)), slab((0, 0, 0), (8, 20, 2))
    frames = [seen(couch, 0), seen(couch, 1), seen(end, 2)]
    assert [one.members for one in fuse(frames, cameras(3), PLAIN)] == [(0, 1), (2,)]
    assert [one.members for one in fuse(frames, cameras(3), replace(PLAIN, absorb_overlap=0.6))] == [(0, 1, 2)]


def test_overlap_with_a_union_is_measured_anew() -> None:
    left, middle, right = slab((0, 0, 0), (10, 4, 1)), slab((1, 0, 0), (11, 4, 1)), slab((7, 0, 0), (17, 4, 1))
    # middle and right share 4 of 10 columns; the union of left and middle shares 4 of its 11 with right.
    assert merge_groups([np.unique(_cells(p)) for p in (left, middle, right)], np.ones((3, 1)), PLAIN) == [(0, 1, 2)]
    strict = replace(PLAIN, gamma=0.38)
    assert merge_groups([np.unique(_cells(p)) for p in (left, middle, right)], np.ones((3, 1)), strict) == [
        (0, 1),
        (2,),
    ]


def _cells(points: np.ndarray) -> np.ndarray:
    x, y, z = np.floor(points / 0.025).astype(np.int64).T
    return x * 400 + y * 20 + z


def test_views_are_those_that_show_most() -> None:
    full, part = slab((0, 0, 0), (10, 10, 1)), slab((0, 0, 0), (7, 10, 1))
    (one,) = fuse([seen(part, 3), seen(full, 8)], cameras(9), PLAIN)
    assert [(view.frame, view.visible_fraction) for view in one.views] == [(8, 1.0), (3, pytest.approx(0.7))]


def test_one_viewpoint_gives_one_view_at_most() -> None:
    cube = slab((0, 0, 0), (5, 5, 5))
    (one,) = fuse([seen(cube, frame) for frame in range(6)], cameras(6, places=2), PLAIN)
    assert [view.frame % 2 for view in one.views] in ([0, 1], [1, 0])


def test_rare_and_small_objects_are_dropped_only_in_long_scans() -> None:
    config = FusionConfig()
    often, twice, tiny = slab((0, 0, 0), (9, 9, 1)), slab((50, 0, 0), (59, 9, 1)), slab((90, 0, 0), (95, 5, 1))
    scan = [seen(often, i) for i in range(3)] + [seen(twice, i) for i in range(2)] + [seen(tiny, i) for i in range(9)]
    assert [one.observation_count for one in fuse(scan, cameras(11), config)] == [3]
    assert sorted(one.observation_count for one in fuse(scan, cameras(10), config)) == [2, 3]


def test_bare_structure_is_left_out_and_what_hangs_on_it_stays() -> None:
    gray = np.array([42.0, 0, 0])  # Lab of RGB 99
    floor = Plane("floor", np.array([0, 0, 1.0]), 0.0125, gray, np.array([20.0, 8.0]))
    structure = Structure(np.array([0, 0, 1.0]), (floor,))
    bare, rug = seen(slab((0, 0, 0), (20, 20, 1))), seen(slab((40, 0, 0), (60, 20, 1)), color=220)
    (kept,) = fuse([bare, rug], cameras(1), PLAIN, structure=structure)
    assert kept.members == (1,)


def test_voxels_that_nothing_repeats_are_noise() -> None:
    counts = np.array([9, 1, 10, 2, 8, 1])  # 31 in all; 1 + 1 are 6 %, with the 2 it is 13 %
    assert well_supported(counts, 0.1).tolist() == [True, False, True, True, True, False]
    assert well_supported(counts, 0.13).tolist() == [True, False, True, False, True, False]
    assert well_supported(counts, 0).all()
    assert well_supported(np.ones(5, int), 0.5).all()  # seen once: nothing tells noise from the rest


def test_strays_do_not_stretch_the_box() -> None:
    cube, stray = slab((0, 0, 0), (10, 10, 10)), slab((60, 0, 0), (63, 3, 3))
    observation = seen(np.concatenate([cube, stray]))
    (clean,), (stretched,) = (fuse([observation], cameras(1), replace(PLAIN, stray_fraction=f)) for f in (0.1, 0))
    assert clean.points.max() < 0.25
    assert stretched.points[:, 0].max() > 1.5
    halves = seen(np.concatenate([cube, cube + np.array([1, 0, 0])]))
    assert len(fuse([halves], cameras(1), PLAIN)[0].points) == 2000


def test_a_semantic_test_can_be_added() -> None:
    cube = slab((0, 0, 0), (5, 5, 5))
    two = [seen(cube, 0, np.array([1, 0], np.float32)), seen(cube, 1, np.array([0, 1], np.float32))]
    assert len(fuse(two, cameras(2), PLAIN)) == 1
    assert len(fuse(two, cameras(2), replace(PLAIN, min_similarity=0.5))) == 2
    with pytest.raises(InputError, match=r"fusion\.min_similarity compares embeddings"):
        fuse([seen(cube), seen(cube, 1)], cameras(2), replace(PLAIN, min_similarity=0.5))


def test_nothing_seen_is_no_object() -> None:
    assert fuse([], cameras(5), PLAIN) == []


def random_scan(seed: int, count: int) -> list[Observation]:
    """Overlapping slabs about a few places, as many views of a few things give."""
    rng = np.random.default_rng(seed)
    scan = []
    for number in range(count):
        low = rng.integers(0, 3, 3) * 7 + rng.integers(0, 4, 3)
        embedding = rng.normal(size=4).astype(np.float32)
        scan.append(seen(slab(tuple(low), tuple(low + rng.integers(3, 8, 3))), number // 3, embedding, number))
    return scan


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.05, 0.6), st.floats(0.1, 1))
def test_the_fast_path_agrees_with_the_oracle(seed: int, gamma: float, delta: float) -> None:
    config = replace(PLAIN, gamma=gamma, delta=delta)
    voxels = [np.unique(_cells(observation.points)) for observation in random_scan(seed, 18)]
    assert merge_groups(voxels, np.zeros((18, 1)), config) == oracle([set(v.tolist()) for v in voxels], config)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.permutations(range(18)), st.sampled_from([0.6, 1.0]))
def test_the_order_of_observations_is_immaterial(seed: int, order: list[int], absorb: float) -> None:
    scan = random_scan(seed, 18)
    config = replace(PLAIN, absorb_overlap=absorb)
    first = fuse(scan, cameras(6), config, up=(0, 0, 1))
    second = fuse([scan[position] for position in order], cameras(6), config, up=(0, 0, 1))
    assert len(first) == len(second)
    for a, b in zip(first, second, strict=True):
        assert a.members == tuple(sorted(order[member] for member in b.members))
        assert np.array_equal(a.points, b.points)
        assert np.array_equal(a.colors, b.colors)
        assert np.array_equal(a.box.extent, b.box.extent)


def same_objects(first, second) -> bool:
    """Return whether both hold the same things; who saw them may differ."""
    return len(first) == len(second) and all(
        np.allclose(a.points, b.points, atol=1e-6) and np.allclose(a.box.extent, b.box.extent, atol=1e-6)
        for a, b in zip(first, second, strict=True)
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.permutations(range(12)), st.integers(2, 5))
def test_the_numbering_of_frames_is_immaterial(seed: int, order: list[int], block: int) -> None:
    scan, poses = random_scan(seed, 36), cameras(12)
    config = replace(PLAIN, block_viewpoints=block, absorb_overlap=0.6)
    shuffled = [replace(one, frame=order[one.frame]) for one in scan]
    moved = {order[frame]: pose for frame, pose in poses.items()}
    assert same_objects(fuse(scan, poses, config, up=(0, 0, 1)), fuse(shuffled, moved, config, up=(0, 0, 1)))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 10))
def test_the_same_images_again_make_no_further_objects(seed: int, times: int) -> None:
    scan, poses = random_scan(seed, 45), cameras(15)
    config = replace(FusionConfig(), min_voxels=1, block_viewpoints=4)
    again = [replace(one, frame=one.frame + 15 * k) for k in range(times) for one in scan]
    once, often = fuse(scan, poses, config, up=(0, 0, 1)), fuse(again, cameras(15 * times, 15), config, up=(0, 0, 1))
    assert same_objects(once, often)
    assert [one.observation_count * times for one in once] == [one.observation_count for one in often]


def slow_groups(scan: list[Observation], places: int, config: FusionConfig) -> list[list[int]]:
    """The groups as one would explain them: unite what a place shows, then each few places with what is there."""
    cells = [set(map(tuple, np.floor(one.points / 0.025).astype(int).tolist())) for one in scan]
    groups: list[list[int]] = []
    for start in range(0, places, config.block_viewpoints):
        for place in range(start, min(start + config.block_viewpoints, places)):
            own = [number for number, one in enumerate(scan) if one.frame == place]
            own.sort(key=lambda number: (*scan[number].box, scan[number].points.tobytes()))
            parts = oracle([cells[number] for number in own], replace(config, gamma=config.repeat_overlap, delta=1.0))
            groups += [[own[k] for k in part] for part in parts]
        parts = oracle([set().union(*(cells[k] for k in group)) for group in groups], config)
        groups = [[number for k in part for number in groups[k]] for part in parts]
    return sorted(sorted(group) for group in groups)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_groups_of_a_long_scan_agree_with_the_oracle(seed: int, block: int) -> None:
    scan, config = random_scan(seed, 36), replace(PLAIN, block_viewpoints=block)
    found = group_observations(scan, Viewpoints.of(cameras(12), config), config)
    assert sorted(sorted(group.members) for group in found) == slow_groups(scan, 12, config)


def test_sums_over_many_observations_are_those_of_all_points_at_once() -> None:
    rng = np.random.default_rng(0)
    scan = [seen(rng.random((50, 3)).astype(np.float32) * 0.2, frame, color=frame) for frame in range(150)]
    sums = SurfaceSums(scan, 0.025)
    points, colors = thin(np.concatenate([s.points for s in scan]), 0.025, np.concatenate([s.colors for s in scan]))
    assert sums.points == pytest.approx(points, abs=1e-6)
    assert np.array_equal(sums.colors, colors)
    assert sums.counts.max() <= 150
    assert sums.counts.sum() == sum(len(thin(s.points, 0.025)[0]) for s in scan)
