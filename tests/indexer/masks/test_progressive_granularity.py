"""Novelty across levels, filters and the 3D split, on masks made by hand and on known scenes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core3d_search import plugins
from core3d_search.errors import InputError
from core3d_search.indexer.clusters import cluster
from core3d_search.indexer.config import MaskConfig
from core3d_search.indexer.detections import Detections
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.masks.progressive import make_generator, progressive_masks
from core3d_search.indexer.planes import Plane, Structure

FLAT = Frame(
    5,
    np.full((40, 100, 3), 128, np.uint8),
    np.ones((40, 100), np.float32),
    np.array([[100.0, 0, 50], [0, 100, 20], [0, 0, 1]]),
    np.eye(4),
)
PLAIN = MaskConfig(split=False, border_px=0)


def strip(start: int, stop: int) -> np.ndarray:
    mask = np.zeros((40, 100), bool)
    mask[10:30, start:stop] = True
    return mask


def detections(*rows: tuple[np.ndarray, int]) -> Detections:
    return Detections.from_masks(np.stack([m for m, _ in rows]), np.ones(len(rows)), [level for _, level in rows])


def test_finer_levels_only_add_what_coarser_ones_missed() -> None:
    found = detections(
        (strip(60, 70), 6),  # half of it is in the level-4 mask: dropped, tau is 0.5 and strict
        (strip(61, 71), 6),  # 0.4 of it is
        (strip(0, 40), 2),
        (strip(38, 48), 4),  # 0.2 of it in the level-2 mask
        (strip(36, 46), 4),  # 0.4 of it
        (strip(50, 65), 4),
        (strip(5, 10), 6),  # a part of the level-2 mask
    )
    kept = progressive_masks(found, FLAT, PLAIN)
    assert kept.levels.tolist() == [2, 4, 4, 6]
    assert kept.boxes[:, 0].tolist() == [0, 38, 50, 61]


def test_novelty_is_measured_against_single_masks_and_by_the_new_area() -> None:
    two_sides = detections((strip(0, 10), 2), (strip(20, 30), 2), (strip(8, 22), 4))  # 2/14 in each, 4/14 in both
    assert len(progressive_masks(two_sides, FLAT, replace(PLAIN, novelty=(0.2, 0.5)))) == 3
    around = detections((strip(10, 20), 2), (strip(0, 100), 4))  # holds the coarse mask whole, but is much larger
    assert len(progressive_masks(around, FLAT, PLAIN)) == 2


def test_a_dropped_mask_hides_nothing() -> None:
    chain = detections((strip(0, 40), 2), (strip(20, 50), 4), (strip(42, 52), 6))
    assert progressive_masks(chain, FLAT, PLAIN).levels.tolist() == [2, 6]


def test_levels_scores_sizes_and_borders_are_filtered() -> None:
    speck = np.zeros((40, 100), bool)
    speck[5, 5] = True
    rim = np.zeros((40, 100), bool)
    rim[:3] = True
    found = detections((strip(5, 20), 1), (strip(25, 40), 2), (speck, 2), (rim, 2), (np.ones((40, 100), bool), 2))
    config = replace(PLAIN, border_px=3, min_area_fraction=0.002)
    assert progressive_masks(found, FLAT, config).boxes[:, 0].tolist() == [25]
    unsure = Detections(found.masks, found.boxes, np.full(5, 0.8), found.levels)
    assert len(progressive_masks(unsure, FLAT, replace(config, min_score=0.9))) == 0


def test_bare_structure_is_dropped_and_a_picture_on_it_is_not() -> None:
    rgb = FLAT.rgb.copy()
    rgb[10:30, 60:80] = (200, 30, 30)
    wall = Plane("wall", np.array([0, 0, -1.0]), -1.0, np.array([54.0, 0, 0]), np.array([15.0, 6.0]))
    frame = Frame(0, rgb, FLAT.depth, FLAT.intrinsics, np.eye(4))
    found = detections((strip(0, 50), 2), (strip(60, 80), 2))
    kept = progressive_masks(found, frame, PLAIN, Structure(np.array([0, -1.0, 0]), (wall,)))
    assert kept.boxes[:, 0].tolist() == [60]


def test_a_mask_over_two_depths_is_split_into_its_own_pixels(draw: Callable[..., Any]) -> None:
    couch = ((-1.0, 1.0, 0.0), (1.0, 1.6, 0.8), (90, 90, 160))
    vase = ((-0.15, -0.6, 0.0), (0.15, -0.4, 0.7), (90, 90, 160))
    frame, owner = draw([couch, vase], (0, -3, 1.2), (0, 0, 0.4))
    both = Detections.from_masks((owner >= 0)[None], [0.7], [4])
    parts = progressive_masks(both, frame, MaskConfig(split_eps_m=0.05))
    assert len(parts) == 2
    assert parts.scores.tolist() == pytest.approx([0.7, 0.7])
    assert parts.levels.tolist() == [4, 4]
    for number in (0, 1):
        shares = [(part & (owner == number)).sum() / max((owner == number).sum(), 1) for part in parts.masks]
        assert sorted(shares) == pytest.approx([0, 1], abs=0.05)
    assert len(progressive_masks(both, frame, MaskConfig(split=False))) == 1


def test_holes_in_the_depth_stay_with_what_is_around_them(draw: Callable[..., Any]) -> None:
    near, far = ((-0.6, -0.6, 0.0), (0.0, -0.4, 0.8), (9, 9, 9)), ((0.1, 1.0, 0.0), (1.0, 1.6, 0.8), (9, 9, 9))
    frame, owner = draw([near, far], (0, -3, 1.2), (0, 0, 0.4), size=(240, 320))
    depth = frame.depth.copy()
    depth[120:124, 120:124] = 0
    assert (owner[120:124, 120:124] == 0).all()
    holed = Frame(0, frame.rgb, depth, frame.intrinsics, frame.world_from_camera)
    parts = progressive_masks(Detections.from_masks((owner >= 0)[None], [1], [2]), holed, MaskConfig(split_eps_m=0.05))
    assert len(parts) == 2
    assert sorted(part[120:124, 120:124].mean() for part in parts.masks) == [0, 1]


def test_a_mask_without_depth_stays_whole() -> None:
    blind = Frame(0, FLAT.rgb, np.zeros_like(FLAT.depth), FLAT.intrinsics, np.eye(4))
    assert len(progressive_masks(detections((strip(5, 20), 2)), blind, MaskConfig())) == 1


def slow_dbscan(points: np.ndarray, reach: float, min_points: int) -> list[frozenset[int]]:
    """Core points by definition, grown one at a time; returns the sets of core points."""
    near = np.linalg.norm(points[:, None] - points[None], axis=-1) <= reach
    cores = set(np.flatnonzero(near.sum(axis=1) >= min_points).tolist())
    clusters = []
    while cores:
        grown, front = set(), [cores.pop()]
        while front:
            point = front.pop()
            grown.add(point)
            reached = cores & set(np.flatnonzero(near[point]).tolist())
            cores -= reached
            front += sorted(reached)
        clusters.append(frozenset(grown))
    return clusters


@pytest.mark.parametrize("reach", [0.1, 0.3])
@pytest.mark.parametrize("min_points", [1, 6])
@pytest.mark.parametrize("seed", range(5))
def test_clusters_are_those_of_dbscan(seed: int, min_points: int, reach: float) -> None:
    rng = np.random.default_rng(seed)
    points = np.concatenate([rng.normal(center, 0.08, (60, 3)) for center in (0, 0.5, 1.2)] + [rng.random((20, 3)) * 2])
    labels = cluster(points, reach, min_points, 1e-4)  # the grid is finer than any distance: nothing is thinned
    found = slow_dbscan(points, reach, min_points)
    assert labels.max() + 1 == len(found)
    for cores in found:
        assert len({int(labels[core]) for core in cores} - {-1}) == 1
    near = np.linalg.norm(points[:, None] - points[None], axis=-1) <= reach
    in_reach = near[:, sorted(frozenset().union(*found))].any(axis=1)
    assert np.array_equal(labels >= 0, in_reach)


@pytest.mark.parametrize("seed", range(4))
def test_clusters_of_large_pieces_are_those_of_dbscan_too(seed: int) -> None:
    rng = np.random.default_rng(seed)
    slabs = [np.stack(np.meshgrid(range(10), range(9), [z]), axis=-1).reshape(-1, 3) for z in (0, 3, 12, 13)]
    crumbs = rng.integers(-4, 16, (12, 3))
    moved = [slab + rng.integers(0, 3, 3) * (1, 1, 0) for slab in slabs]
    cells = np.unique(np.concatenate([*moved, crumbs]), axis=0)
    points = (cells + 0.5) * 0.05  # one a voxel; two slabs 0.15 m apart are beyond the first links, within the reach
    labels = cluster(points, 0.16, 5, 0.05)
    found = slow_dbscan(points, 0.16, 5)
    assert len({int(label) for label in labels} - {-1}) == len(found) >= 2
    for cores in found:
        assert len({int(labels[core]) for core in cores} - {-1}) == 1
    near = np.linalg.norm(points[:, None] - points[None], axis=-1) <= 0.16
    assert np.array_equal(labels >= 0, near[:, sorted(frozenset().union(*found))].any(axis=1))


def test_a_mask_that_hangs_together_in_the_image_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core3d_search.indexer.masks.split.cluster", lambda *_: pytest.fail("there was no need"))
    found = progressive_masks(detections((strip(5, 60), 2)), FLAT, replace(PLAIN, split=True))
    assert np.array_equal(found.masks, strip(5, 60)[None])


def test_masks_of_another_size_name_the_frame() -> None:
    with pytest.raises(InputError, match="frame 5: masks"):
        progressive_masks(Detections.empty(10, 10), FLAT, PLAIN)
    assert len(progressive_masks(Detections.empty(40, 100), FLAT, MaskConfig())) == 0


class Fetching:
    """A generator with an option, that fetches its weights when it is made."""

    def __init__(self, *, levels: tuple[int, ...], progress: Any, size: int = 0) -> None:
        self.levels, self.size = levels, size
        progress(5, 10)


def test_a_generator_is_made_with_levels_options_and_the_progress_of_its_download(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(plugins, "load", lambda group, name: Fetching)
    heard = []
    generator = make_generator(MaskConfig(options={"size": 3}), lambda done, total: heard.append((done, total)))
    assert (generator.levels, generator.size) == ((2, 4, 6), 3)  # type: ignore[attr-defined]
    assert heard == [(5, 10)]


def test_an_option_that_a_generator_does_not_have_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "load", lambda group, name: Fetching)
    with pytest.raises(InputError, match=r"masks\.options do not fit 'built-in': .*'colour'"):
        make_generator(MaskConfig(options={"colour": 3}), lambda done, total: None)
