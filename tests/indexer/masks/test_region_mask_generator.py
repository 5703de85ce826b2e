"""The built-in generator on scenes whose right masks are known, and its merging against a plain oracle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from core3d_search.indexer.config import MaskConfig
from core3d_search.indexer.detections import Detections
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.masks.progressive import make_generator, progressive_masks
from core3d_search.indexer.masks.region_tree import merge_regions
from core3d_search.indexer.masks.regions import RegionMaskGenerator
from core3d_search.indexer.planes import find_structure

FLOOR = ((-3.0, -3.0, -0.1), (3.0, 3.0, 0.0), (150, 140, 130))
TABLE = ((-0.6, -0.4, 0.4), (0.6, 0.4, 0.5), (130, 90, 50))
MUG = ((-0.05, -0.2, 0.5), (0.05, -0.1, 0.6), (40, 60, 180))
BOOK = ((0.2, -0.2, 0.5), (0.45, -0.05, 0.52), (190, 40, 40))
GRAY = ((-0.5, -0.2, 0.5), (-0.25, 0.05, 0.7), (130, 90, 50))
"""As brown as the table that it stands on: only its shape tells."""


def best_iou(detections: Detections, truth: np.ndarray) -> float:
    return max(float((m & truth).sum() / (m | truth).sum()) for m in detections.masks)


@pytest.fixture(scope="module")
def table(draw: Callable[..., Any]) -> tuple[Frame, np.ndarray]:
    return draw([FLOOR, TABLE, MUG, BOOK, GRAY], (0.4, -1.7, 1.4), (0, 0, 0.4), size=(240, 320))


def test_things_on_a_table_are_found_by_colour_or_by_shape(table: tuple[Frame, np.ndarray]) -> None:
    frame, owner = table
    found = progressive_masks(RegionMaskGenerator().generate(frame), frame, MaskConfig())
    for number, least in ((1, 0.8), (2, 0.7), (3, 0.7), (4, 0.7)):
        assert best_iou(found, owner == number) > least, number


def test_the_floor_is_no_mask_once_structure_is_known(table: tuple[Frame, np.ndarray]) -> None:
    frame, owner = table
    structure = find_structure([frame], (0, 0, 1))
    assert [plane.kind for plane in structure.planes] == ["floor"]
    found = progressive_masks(make_generator(MaskConfig(), structure).generate(frame), frame, MaskConfig(), structure)
    on_floor = (found.masks & (owner == 0)).sum(axis=(1, 2)) / found.masks.sum(axis=(1, 2))
    assert on_floor.max() < 0.5
    assert best_iou(found, owner == 1) > 0.8


def test_levels_go_from_coarse_to_fine_and_are_nested(table: tuple[Frame, np.ndarray]) -> None:
    frame, _ = table
    found = RegionMaskGenerator(levels=(1, 3, 6)).generate(frame)
    assert set(found.levels.tolist()) == {1, 3, 6}
    coarse, fine = found.masks[found.levels == 1], found.masks[found.levels == 6]
    assert coarse.sum(axis=(1, 2)).max() >= fine.sum(axis=(1, 2)).max()
    for mask in fine:
        shares = (coarse & mask).sum(axis=(1, 2)) / mask.sum()
        assert ((shares == 0) | (shares == 1)).all()
    assert len(np.unique(found.masks.reshape(len(found), -1), axis=0)) == len(found)
    assert ((found.scores >= 0) & (found.scores <= 1)).all()


def test_the_same_frame_gives_the_same_masks(table: tuple[Frame, np.ndarray]) -> None:
    frame, _ = table
    one, other = RegionMaskGenerator().generate(frame), RegionMaskGenerator().generate(frame)
    assert np.array_equal(one.masks, other.masks)
    assert np.array_equal(one.scores, other.scores)


def test_an_image_without_depth_or_edges_is_still_answered() -> None:
    blank = Frame(0, np.zeros((60, 80, 3), np.uint8), np.zeros((60, 80), np.float32), np.eye(3), np.eye(4))
    found = RegionMaskGenerator(levels=(2,)).generate(blank)
    assert found.masks.shape == (1, 60, 80)
    assert found.masks.all()


def test_merging_joins_the_least_different_pair_each_time() -> None:
    pairs = np.array([[0, 1], [1, 2], [2, 3]])
    colors = np.array([[0.0], [1.0], [5.0], [5.5]])
    tree = merge_regions(pairs, np.ones(3), np.zeros(3), np.ones(4), colors, 1.0, 0.0)
    # 2 and 3 differ by 0.25, 0 and 1 by 1; then the means 0.5 and 5.25 by 22.6, capped at 4.
    assert tree.parents.tolist() == [5, 5, 4, 4, 6, 6, -1]
    assert tree.heights.tolist() == [0, 0, 0, 0, 0.25, 1.0, 4.0]
    assert tree.cut(0.5).tolist() == [0, 1, 4, 4]
    assert tree.cut(1.0).tolist() == [5, 5, 4, 4]
    assert tree.cut(9.0).tolist() == [6, 6, 6, 6]
    assert tree.persistence()[4:].tolist() == pytest.approx([1 - 0.25 / 4, 0.75, 1.0])


def test_borders_to_the_same_neighbour_are_averaged_by_their_length() -> None:
    pairs = np.array([[0, 1], [0, 2], [1, 2]])
    tree = merge_regions(pairs, np.array([1.0, 1, 3]), np.array([0.1, 1, 2]), np.ones(3), np.zeros((3, 1)), 1.0, 0.0)
    assert tree.heights[3:].tolist() == pytest.approx([0.1, (1 + 3 * 2) / 4])


def test_small_fragments_join_first() -> None:
    pairs = np.array([[0, 1], [1, 2]])
    areas = np.array([1.0, 1.0, 0.01])
    tree = merge_regions(pairs, np.ones(2), np.array([0.5, 1.0]), areas, np.zeros((3, 1)), 1.0, 1.0)
    assert tree.heights[3:].tolist() == pytest.approx([0.1, 0.5])
