"""What every mask generator promises; a test class inherits it and gives a `generator` fixture."""

from __future__ import annotations

import numpy as np
import pytest

from core3d_search.indexer.detections import Detections, tight_boxes
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.masks import MaskGenerator
from core3d_search.indexer.planes import Structure
from core3d_search.testing.drawing import TABLE_SCENE, draw_solids


def table_frame(size: tuple[int, int] = (120, 160)) -> Frame:
    """Return a frame of `size` (height, width) pixels that shows a table with a mug, and a stool."""
    frame, _ = draw_solids(TABLE_SCENE, (0.4, -1.7, 1.4), (0.0, 0.0, 0.4), size=size)
    return frame


def blank_frame(size: tuple[int, int] = (60, 80)) -> Frame:
    """Return a black frame in which no depth was measured."""
    return Frame(0, np.zeros((*size, 3), np.uint8), np.zeros(size, np.float32), np.eye(3), np.eye(4))


def assert_well_formed(found: Detections, frame: Frame) -> None:
    """Check everything that the pipeline takes for granted of the masks of `frame`."""
    assert isinstance(found, Detections)
    assert found.masks.shape[1:] == frame.depth.shape
    assert found.masks.any(axis=(1, 2)).all(), "a mask without a pixel"
    assert set(found.levels.tolist()) <= set(range(1, 7)), "levels run from 1 (coarse) to 6 (fine)"
    assert np.isfinite(found.scores).all()
    assert ((found.scores >= 0) & (found.scores <= 1)).all()
    np.testing.assert_array_equal(found.boxes, tight_boxes(found.masks))


class MaskGeneratorContract:
    """Inherit as `class TestX(MaskGeneratorContract)` with a fixture `generator`."""

    def test_names_itself_and_its_weights(self, generator: MaskGenerator) -> None:
        assert generator.name
        assert len(generator.checksum) == 64
        assert int(generator.checksum, 16) >= 0

    def test_knowing_the_structure_of_a_scene_makes_it_no_other_generator(self, generator: MaskGenerator) -> None:
        knowing = generator.for_scene(Structure(np.array([0.0, 0.0, 1.0])))
        assert (knowing.name, knowing.checksum) == (generator.name, generator.checksum)
        assert isinstance(knowing.leaves_structure_out, bool)
        assert_well_formed(knowing.generate(table_frame()), table_frame())

    @pytest.mark.parametrize("size", [(120, 160), (97, 131), (160, 90)])
    def test_masks_are_aligned_with_the_frame(self, generator: MaskGenerator, size: tuple[int, int]) -> None:
        frame = table_frame(size)
        assert_well_formed(generator.generate(frame), frame)

    def test_something_is_found_where_there_is_something(self, generator: MaskGenerator) -> None:
        assert len(generator.generate(table_frame())) >= 1

    def test_a_black_frame_without_depth_is_answered(self, generator: MaskGenerator) -> None:
        assert_well_formed(generator.generate(blank_frame()), blank_frame())

    def test_the_same_frame_gives_the_same_masks_whatever_came_between(self, generator: MaskGenerator) -> None:
        first = generator.generate(table_frame())
        generator.generate(table_frame((97, 131)))
        again = generator.generate(table_frame())
        for part in ("masks", "boxes", "scores", "levels"):
            np.testing.assert_array_equal(getattr(first, part), getattr(again, part))

    def test_no_mask_of_a_level_is_given_twice(self, generator: MaskGenerator) -> None:
        found = generator.generate(table_frame())
        for level in np.unique(found.levels):
            masks = found.masks[found.levels == level].reshape(-1, found.masks[0].size)
            assert len(np.unique(masks, axis=0)) == len(masks)
