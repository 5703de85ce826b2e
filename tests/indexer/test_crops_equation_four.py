"""The five crops pixel by pixel, and their weighted sum against a computation by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from core3d_search.errors import InputError
from core3d_search.indexer.config import CropConfig
from core3d_search.indexer.crops import KINDS, crop_images, embed_detections, scaled_box
from core3d_search.indexer.detections import Detections
from core3d_search.indexer.frames import Frame

ROWS, COLUMNS = np.mgrid[:40, :60]
RGB = np.stack([ROWS, COLUMNS, ROWS + COLUMNS], -1).astype(np.uint8) + 1
FRAME = Frame(7, RGB, np.ones((40, 60), np.float32), np.eye(3), np.eye(4))
GREEN = np.array([0, 1, 0])
MASK = (np.abs(ROWS - 19.5) + np.abs(COLUMNS - 29.5) < 6) & (COLUMNS >= 26) & (COLUMNS < 34)
DETECTIONS = Detections.from_masks(MASK[None], [1.0], [2])


class MeanColor:
    """An encoder whose embedding is the direction of a crop's mean colour."""

    model_id = checksum = "mean-color"
    dimension = 3
    calls: list[int]

    def __init__(self) -> None:
        self.calls = []

    def encode_images(self, images: Sequence[np.ndarray]) -> np.ndarray:
        self.calls.append(len(images))
        return np.stack([image.reshape(-1, 3).mean(axis=0) + GREEN for image in images]).astype(np.float32)


def test_the_five_crops_show_exactly_their_pixels() -> None:
    assert DETECTIONS.boxes.tolist() == [[26, 15, 34, 25]]  # 8 x 10 pixels about (30, 20)
    crops = {kind: images[0] for kind, images in crop_images(FRAME, DETECTIONS, CropConfig()).items()}
    assert list(crops) == list(KINDS)
    hidden = np.where(MASK[..., None], RGB, 0)
    around = np.where(MASK[..., None], 0, RGB)
    assert np.array_equal(crops["mask"], hidden[15:25, 26:34])
    assert np.array_equal(crops["box"], RGB[15:25, 26:34])
    assert np.array_equal(crops["large"], RGB[8:33, 20:40])  # 20 x 25 pixels; half a pixel goes down and right
    assert np.array_equal(crops["huge"], RGB[0:40, 14:46])  # 32 x 40 pixels
    assert np.array_equal(crops["surroundings"], around[5:35, 18:42])  # 24 x 30 pixels


def test_boxes_are_clipped_at_the_image_border() -> None:
    assert scaled_box(np.array([0, 30, 10, 40], np.float32), 4, 60, 40) == (0, 15, 25, 40)


def test_the_embedding_is_equation_four() -> None:
    config = CropConfig(0.2, 0.3, 0.15, 0.05, 0.4)
    crops = crop_images(FRAME, DETECTIONS, config)
    vectors = {kind: images[0].reshape(-1, 3).mean(axis=0) + GREEN for kind, images in crops.items()}
    m, b, l, h, s = (vectors[kind] / np.linalg.norm(vectors[kind]) for kind in KINDS)  # noqa: E741
    expected = 0.2 * m + 0.3 * b + 0.15 * l + 0.05 * h - 0.4 * s
    (actual,) = embed_detections(FRAME, DETECTIONS, MeanColor(), config)
    assert actual == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)
    assert actual.dtype == np.float32


def test_a_crop_of_weight_zero_is_neither_made_nor_encoded() -> None:
    encoder = MeanColor()
    config = CropConfig(0, 1, 0, 0, 0)
    (actual,) = embed_detections(FRAME, DETECTIONS, encoder, config)
    mean = RGB[15:25, 26:34].reshape(-1, 3).mean(axis=0) + GREEN
    assert actual == pytest.approx(mean / np.linalg.norm(mean), abs=1e-6)
    assert encoder.calls == [1]


def test_crops_go_to_the_encoder_in_batches_that_change_nothing() -> None:
    three = Detections.concatenate([DETECTIONS] * 3)
    small, large = MeanColor(), MeanColor()
    one = embed_detections(FRAME, three, small, CropConfig(batch=4))
    other = embed_detections(FRAME, three, large, CropConfig(batch=64))
    assert small.calls == [4, 4, 4, 3]
    assert large.calls == [15]
    assert np.array_equal(one, other)


def test_no_detections_have_no_embeddings() -> None:
    assert embed_detections(FRAME, Detections.empty(40, 60), MeanColor(), CropConfig()).shape == (0, 3)


def test_refusals_name_what_is_wrong() -> None:
    with pytest.raises(InputError, match="weight is 0"):
        embed_detections(FRAME, DETECTIONS, MeanColor(), CropConfig(0, 0, 0, 0, 0))
    with pytest.raises(InputError, match="frame 7: detection 0 has an empty box"):
        crop_images(FRAME, Detections(MASK[None], np.zeros((1, 4)), np.ones(1), np.ones(1)), CropConfig())
