"""The built-in generator on scenes whose right masks are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from core3d_search.indexer.config import MaskConfig
from core3d_search.indexer.detections import Detections
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.masks.built_in.regions import RegionMaskGenerator
from core3d_search.indexer.masks.progressive import make_generator, progressive_masks
from core3d_search.indexer.planes import find_structure

FLOOR = ((-3.0, -3.0, -0.1), (3.0, 3.0, 0.0), (150, 140, 130))
TABLE = ((-0.6, -0.4, 0.4), (0.6, 0.4, 0.5), (130, 90, 50))
MUG = ((-0.05, -0.2, 0.5), (0.05, -0.1, 0.6), (40, 60, 180))
STOOL = ((-1.1, -0.6, 0.0), (-0.8, -0.3, 0.45), (130, 90, 50))
"""As brown as the table that it stands beside: only its shape tells."""


def best_iou(detections: Detections, truth: np.ndarray) -> float:
    return max(float((m & truth).sum() / (m | truth).sum()) for m in detections.masks)


@pytest.fixture(scope="module")
def table(draw: Callable[..., Any]) -> tuple[Frame, np.ndarray]:
    return draw([FLOOR, TABLE, MUG, STOOL], (0.4, -1.7, 1.4), (0, 0, 0.4), size=(360, 480))


def test_things_are_found_by_colour_or_by_shape(table: tuple[Frame, np.ndarray]) -> None:
    frame, owner = table
    structure = find_structure([frame], (0, 0, 1))
    found = progressive_masks(RegionMaskGenerator(structure=structure).generate(frame), frame, MaskConfig(), structure)
    for number, least in ((1, 0.7), (2, 0.7), (3, 0.7)):
        assert best_iou(found, owner == number) > least, number


def test_the_floor_is_no_mask_once_structure_is_known(table: tuple[Frame, np.ndarray]) -> None:
    frame, owner = table
    structure = find_structure([frame], (0, 0, 1))
    assert [plane.kind for plane in structure.planes] == ["floor"]
    found = progressive_masks(
        make_generator(MaskConfig()).for_scene(structure).generate(frame), frame, MaskConfig(), structure
    )
    on_floor = (found.masks & (owner == 0)).sum(axis=(1, 2)) / found.masks.sum(axis=(1, 2))
    assert on_floor.max() < 0.5
    assert best_iou(found, owner == 1) > 0.7


def test_levels_go_from_coarse_to_fine_and_are_nested(table: tuple[Frame, np.ndarray]) -> None:
    frame, _ = table
    found = RegionMaskGenerator(levels=(1, 3, 6), cuts=(2, 0, -2, -4, -6, -8)).generate(frame)
    assert {1, 6} <= set(found.levels.tolist()) <= {1, 3, 6}
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
    assert found.masks.shape[1:] == (60, 80)
    assert found.masks.any(axis=0).mean() > 0.9
