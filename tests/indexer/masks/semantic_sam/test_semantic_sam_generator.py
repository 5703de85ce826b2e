"""The automatic generator, its filters, and single clicks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core3d_search.indexer.masks.click_grid.filters import (
    grid_points,
    inclusive_boxes,
    resize_mask,
    stability,
    suppress,
    without_small_regions,
)
from core3d_search.indexer.masks.semantic_sam import Features, MaskRecord, SemanticSam, SemanticSamGenerator, segment_at
from core3d_search.indexer.masks.semantic_sam.click import distinct
from core3d_search.indexer.masks.semantic_sam.generator import TOKEN_OF_LEVEL
from core3d_search.indexer.masks.semantic_sam.model import upsample

UNFILTERED: dict[str, Any] = {
    "pred_iou_threshold": -np.inf,
    "stability_threshold": 0,
    "box_nms_threshold": 1.0,
    "min_mask_region_area": 0,
}


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    y, x, c = np.ogrid[:66, :90, :3]
    return ((y * (5 + c) + x * 3 + ((y // 11 + x // 17) % 2) * 90) % 256).astype(np.uint8)


@pytest.fixture(scope="module")
def features(generated_model: SemanticSam, image: np.ndarray) -> Features:
    return generated_model.encode(image, resize=False)


def in_order_of_the_grid(records: list[MaskRecord], levels: tuple[int, ...]) -> list[MaskRecord]:
    return sorted(records, key=lambda r: (r.point[1], r.point[0], levels.index(r.level)))


@pytest.mark.parametrize("off", [-np.inf, -0.5, 0])
def test_without_filters_every_click_gives_every_level(
    generated_model: SemanticSam, features: Features, off: float
) -> None:
    levels = (6, 1, 3)
    options = UNFILTERED | {"pred_iou_threshold": off, "stability_threshold": off}
    generator = SemanticSamGenerator(generated_model, 2, levels=levels, **options)
    records = generator.generate_from_features(features)
    assert [r.predicted_iou for r in records] == sorted((r.predicted_iou for r in records), reverse=True)
    assert all(r.packed.base is None for r in records)  # a kept record keeps none of the others alive
    points = [(x, y, 0.005, 0.005) for y in (0.25, 0.75) for x in (0.25, 0.75)]
    logits, ious, _ = generated_model.predict(features, points)
    full = upsample(logits.flatten(0, 1), features).view(4, 6, 66, 90)
    records = in_order_of_the_grid(records, levels)
    assert [(r.point, r.level) for r in records] == [(point, level) for point in points for level in levels]
    for record, point in zip(records, np.repeat(range(4), 3), strict=True):
        token = TOKEN_OF_LEVEL[record.level]
        values = full[point, token].numpy()
        assert record.predicted_iou == pytest.approx(float(ious[point, token]), abs=1e-6)
        np.testing.assert_array_equal(record.mask, values > 0)
        assert record.stability == pytest.approx((values > 1).sum() / (values > -1).sum())
        rows, columns = np.nonzero(record.mask)
        assert record.box == (columns.min(), rows.min(), columns.max(), rows.max())
        assert record.area == len(rows)


def test_the_batch_changes_joint_results_and_leaves_isolated_ones(
    generated_model: SemanticSam, features: Features
) -> None:
    def ious(mode: str, points_per_batch: int) -> np.ndarray:
        generator = SemanticSamGenerator(generated_model, 3, points_per_batch, (2, 5), mode=mode, **UNFILTERED)  # type: ignore[arg-type]
        records = in_order_of_the_grid(generator.generate_from_features(features), (2, 5))
        return np.array([record.predicted_iou for record in records])

    np.testing.assert_allclose(ious("isolated", 200), ious("isolated", 4), atol=5e-5)
    assert np.abs(ious("joint", 200) - ious("joint", 4)).max() > 1e-2


def test_results_do_not_depend_on_the_chunks(
    generated_model: SemanticSam, features: Features, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = SemanticSamGenerator(generated_model, 3, pred_iou_threshold=0.7, stability_threshold=0.5)
    whole = generator.generate_from_features(features)
    monkeypatch.setattr("core3d_search.indexer.masks.semantic_sam.generator.LOGITS_AT_ONCE", 1)
    one_by_one = generator.generate_from_features(features)
    assert len(whole) == len(one_by_one) > 0
    for a, b in zip(whole, one_by_one, strict=True):
        assert (a.level, a.point) == (b.level, b.point)
        assert np.count_nonzero(a.mask ^ b.mask) <= 3


def test_levels_are_told_apart_only_when_asked(generated_model: SemanticSam, features: Features) -> None:
    options = UNFILTERED | {"box_nms_threshold": 0.5}
    alone = [SemanticSamGenerator(generated_model, 2, levels=(level,), **options) for level in (4, 2)]
    expected = [record for generator in alone for record in generator.generate_from_features(features)]
    separate = SemanticSamGenerator(generated_model, 2, levels=(4, 2), separate_levels=True, **options)
    found = separate.generate_from_features(features)
    assert [(r.level, r.point) for r in found] == [(r.level, r.point) for r in expected]
    mixed = SemanticSamGenerator(generated_model, 2, levels=(4, 2), **options)
    assert len(mixed.generate_from_features(features)) < len(found)


def test_masks_come_back_in_pixels_of_the_image_as_given(
    generated_model: SemanticSam, image: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core3d_search.indexer.masks.semantic_sam.model.SHORT_SIDE", 96)
    generator = SemanticSamGenerator(generated_model, 2, levels=(1, 6), **UNFILTERED)
    resized = generator.generate_from_features(generated_model.encode(image))
    found = generator.generate(image)
    assert {r.mask.shape for r in resized} == {(96, 130)}
    assert {r.mask.shape for r in found} == {image.shape[:2]}
    for small, large in zip(found, resized, strict=True):
        assert small.mask.mean() == pytest.approx(large.mask.mean(), abs=0.02)
        assert small.box == tuple(inclusive_boxes(small.mask[None])[0])
        assert (small.point, small.predicted_iou) == (large.point, large.predicted_iou)
    upright = np.ascontiguousarray(image.swapaxes(0, 1))
    first, second = generator.generate_many([image, upright], images_per_batch=2)
    assert len(first) == len(found)
    assert {r.mask.shape for r in second} == {upright.shape[:2]}


@pytest.mark.parametrize(
    "options",
    [
        {"levels": (0,)},
        {"levels": ()},
        {"levels": (2, 2)},
        {"points_per_side": 0},
        {"points_per_batch": 0},
        {"mode": "both"},
    ],
)
def test_senseless_options_are_refused(generated_model: SemanticSam, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"levels must be|mode must be|need at least one point"):
        SemanticSamGenerator(generated_model, **options)


def test_the_grid_runs_along_rows() -> None:
    np.testing.assert_allclose(grid_points(2), [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]])


def test_stability_counts_pixels_at_two_thresholds() -> None:
    logits = torch.tensor([[[2.0, 0.5, -0.5, -1.0]], [[1.0, -2, -2, -2]], [[-9.0, -9, -9, -9]], [[9.0, 9, 9, 9]]])
    np.testing.assert_allclose(stability(logits, 1.0), [1 / 3, 0, np.nan, 1])


def plain_suppress(boxes: np.ndarray, scores: np.ndarray, threshold: float) -> list[int]:
    kept: list[int] = []
    for i in sorted(range(len(boxes)), key=lambda i: -scores[i]):
        x0, y0, x1, y1 = boxes[i]
        ious = []
        for a0, b0, a1, b1 in boxes[kept]:
            shared = max(min(x1, a1) - max(x0, a0), 0) * max(min(y1, b1) - max(y0, b0), 0)
            union = (x1 - x0) * (y1 - y0) + (a1 - a0) * (b1 - b0) - shared
            ious.append(shared / union if union else 0)
        if all(iou <= threshold for iou in ious):
            kept.append(i)
    return kept


boxes_and_scores = st.lists(
    st.tuples(*[st.integers(0, 6)] * 4, st.sampled_from([0.0, 0.5, 0.9, 1.0])), min_size=0, max_size=12
)


@given(boxes_and_scores, st.sampled_from([0.0, 0.3, 0.55, 0.7, 1.0]))
@settings(max_examples=60, deadline=None)
def test_suppression_equals_its_definition(items: list[tuple[float, ...]], threshold: float) -> None:
    table = np.array(items, np.float32).reshape(-1, 5)
    boxes = np.concatenate([np.minimum(table[:, :2], table[:, 2:4]), np.maximum(table[:, :2], table[:, 2:4])], axis=1)
    found = suppress(boxes, table[:, 4], threshold)
    assert found.tolist() == plain_suppress(boxes.astype(float), table[:, 4], threshold)


def test_small_holes_are_filled_and_small_islands_dropped() -> None:
    mask = np.zeros((12, 20), bool)
    mask[1:9, 1:9] = True
    mask[3, 3] = mask[4, 4] = False  # touches at a corner: one hole of two pixels
    mask[10:12, 12:14] = True  # an island of four pixels
    assert without_small_regions(mask, 2)[1] is False
    filled, changed = without_small_regions(mask, 3)
    assert changed
    assert filled.sum() == 64 + 4
    cleaned, _ = without_small_regions(mask, 5)
    assert cleaned.sum() == 64
    largest, changed = without_small_regions(mask, 70)
    assert changed
    assert largest.sum() == 64
    assert not without_small_regions(np.zeros((20, 20), bool), 10)[0].any()
    full = np.ones((5, 5), bool)
    assert without_small_regions(full, 10)[1] is False


def test_a_resized_mask_covers_the_pixels_it_covers_by_half() -> None:
    mask = np.zeros((8, 8), bool)
    mask[2:6, :4] = True
    halved = resize_mask(mask, (4, 4))
    np.testing.assert_array_equal(halved, mask[::2, ::2])
    np.testing.assert_array_equal(resize_mask(halved, (8, 8))[3:5, :3], True)
    assert resize_mask(mask, (8, 8)) is mask


@pytest.mark.parametrize("order", ["predicted_iou", "area"])
def test_a_click_gives_distinct_masks_in_the_order_asked(
    generated_model: SemanticSam, features: Features, order: Any
) -> None:
    wide = replace(features, original_size=(33, 45))
    records = segment_at(generated_model, wide, 0.3, 0.6, order)
    assert 1 <= len(records) <= 6
    assert len({record.level for record in records}) == len(records)
    assert all(record.mask.shape == (33, 45) and record.point[:2] == (0.3, 0.6) for record in records)
    keys = [record.area if order == "area" else -record.predicted_iou for record in records]
    assert keys == sorted(keys)
    with pytest.raises(ValueError, match="order must be"):
        segment_at(generated_model, features, 0.3, 0.6, "size")  # type: ignore[arg-type]


def test_click_masks_that_are_uncertain_or_double_go_but_never_all() -> None:
    def record(pixels: int, iou: float) -> MaskRecord:
        mask = (np.arange(100) < pixels).reshape(10, 10)
        return MaskRecord.of(mask, iou, 1.0, (0.5, 0.5, 0.005, 0.005), 1)

    a, double, b, uncertain = record(50, 0.9), record(52, 0.8), record(70, 0.5), record(20, 0.49)
    assert distinct([a, double, b, uncertain]) == [a, b]
    assert distinct([uncertain, uncertain]) == [uncertain]
