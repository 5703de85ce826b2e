"""Parity with the official code: the reference vectors within the tolerances of docs/semantic-sam.md, section 11."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from core3d_search.indexer.masks.semantic_sam import Features, SemanticSam, SemanticSamGenerator
from core3d_search.indexer.masks.semantic_sam.decoder import Decoded
from core3d_search.indexer.masks.semantic_sam.deformable import MultiScaleDeformableAttention
from core3d_search.indexer.masks.semantic_sam.model import upsample

FEATURES, IOUS, REFERENCES, LOGITS = 5e-5, 5e-5, 5e-6, 1e-3


def close(ours: torch.Tensor, theirs: np.ndarray, tolerance: float) -> None:
    np.testing.assert_allclose(ours.numpy().reshape(theirs.shape), theirs, rtol=0, atol=tolerance)


@pytest.fixture(scope="module")
def features(reference_model: SemanticSam, vectors: Callable[[str], Any]) -> Features:
    return reference_model.encode(vectors("swint_points_120x150")["image_uint8_hwc"], resize=False)


def test_features_equal_the_official_ones(features: Features, vectors: Callable[[str], Any]) -> None:
    expected = vectors("swint_points_120x150")
    for name, stage in features.backbone.items():
        close(stage, expected[f"backbone_{name}"], FEATURES)
    for i, level in enumerate(features.multi_scale):
        close(level, expected[f"pixel_ms{i}"], FEATURES)
    close(features.mask_features, expected["pixel_mask_features"], FEATURES)


@pytest.mark.parametrize("case", ["swint_points_120x150", "swint_boxes_120x150"])
def test_joint_prompts_equal_the_official_ones(
    reference_model: SemanticSam, features: Features, vectors: Callable[[str], Any], case: str
) -> None:
    expected = vectors(case)
    logits, ious, boxes = reference_model.predict(features, expected["points_cxcywh_norm_unpadded"])
    close(logits, expected["pred_mask_logits_stride4"], LOGITS)
    close(ious, expected["pred_ious_raw_order"], IOUS)
    close(boxes, expected["pred_boxes_last"], REFERENCES)
    full = upsample(logits[:, expected["raw_level_index"]].flatten(0, 1), features)
    close(full[:6], expected["demo_masks_logits_first6"], LOGITS)
    assert np.abs((full > 0).sum((1, 2)).numpy() - expected["demo_masks_count_pos"]).max() <= 2


def test_isolated_prompts_equal_the_official_ones_and_prompts_alone(
    reference_model: SemanticSam, features: Features, vectors: Callable[[str], Any]
) -> None:
    points = vectors("swint_points_120x150")["points_cxcywh_norm_unpadded"]
    expected = vectors("swint_isolated_120x150")
    logits, ious, boxes = reference_model.predict(features, points, mode="isolated")
    close(logits, expected["isolated_pred_mask_logits_stride4"], LOGITS)
    close(ious, expected["isolated_ious"], IOUS)
    close(boxes, expected["isolated_boxes"], REFERENCES)
    for i in range(len(points)):
        logits, ious, _ = reference_model.predict(features, points[i : i + 1])
        close(logits, expected[f"single_{i}_pred_mask_logits_stride4"], LOGITS)
        close(ious, expected[f"single_{i}_ious"], IOUS)


@pytest.mark.parametrize(("reference", "output"), [("ref2", "out_ref2"), ("ref4", "out_ref4")])
def test_deformable_attention_equals_the_official_one(
    vectors: Callable[[str], Any], reference: str, output: str
) -> None:
    expected = vectors("msdeform_unit")
    attention = MultiScaleDeformableAttention(channels=32, heads=4, levels=3, points=2).requires_grad_(False)
    names = [name for name in expected.files if name.startswith("w_")]
    attention.load_state_dict({name[2:]: torch.from_numpy(expected[name]) for name in names})
    values = attention.values(torch.from_numpy(expected["value"]), expected["spatial_shapes"].tolist())
    found = attention(torch.from_numpy(expected["query"]), torch.from_numpy(expected[reference]), values)
    close(found, expected[output], 1e-5)


class RecordedNetwork:
    """Answers grid clicks with recorded logits and IoUs; an embedding is the number of its mask."""

    def __init__(self, logits: np.ndarray, ious: np.ndarray) -> None:
        self.logits = F.pad(torch.from_numpy(logits).float() / 8, (0, 16)).flatten(0, 1)  # to multiples of 32
        self.ious = torch.from_numpy(ious)
        self.features = SimpleNamespace(image_size=(64, 80), padded_size=(64, 96))

    def decode(self, features: Any, points: np.ndarray, mode: str) -> Decoded:
        clicks = torch.tensor([round(y * 4 - 0.5) * 4 + round(x * 4 - 0.5) for x, y, _, _ in points])
        numbers = clicks[:, None, None] * 6 + torch.arange(6)[:, None]
        return Decoded(numbers, self.ious[clicks], torch.zeros(len(clicks), 6, 4))

    def mask_logits(self, features: Any, embeddings: torch.Tensor) -> torch.Tensor:
        return self.logits[embeddings[:, 0]]


@pytest.mark.parametrize(
    ("case", "options"),
    [
        ("default", {}),
        ("noregion", {"min_mask_region_area": 0}),
        ("level3", {"levels": (3,)}),
        ("level642", {"levels": (6, 4, 2)}),
        (
            "loose",
            {
                "pred_iou_threshold": 0.8,
                "stability_threshold": 0.0,
                "box_nms_threshold": 0.9,
                "min_mask_region_area": 25,
            },
        ),
    ],
)
def test_the_generator_filters_as_the_official_one(
    vectors: Callable[[str], Any], case: str, options: dict[str, Any]
) -> None:
    recorded = vectors("amg_postprocess")
    network: Any = RecordedNetwork(recorded["logits_times8_int16"], recorded["iou_raw_order"])
    generator = SemanticSamGenerator(network, points_per_side=4, points_per_batch=7, **options)
    records = generator.generate_from_features(network.features)
    assert len(records) == len(recorded[f"{case}_area"])
    np.testing.assert_array_equal([record.area for record in records], recorded[f"{case}_area"])
    np.testing.assert_array_equal([record.box_xywh for record in records], recorded[f"{case}_bbox_xywh"])
    np.testing.assert_array_equal([record.predicted_iou for record in records], recorded[f"{case}_predicted_iou"])
    np.testing.assert_array_equal([record.stability for record in records], recorded[f"{case}_stability"])
    np.testing.assert_allclose([record.point for record in records], recorded[f"{case}_point_coords"], atol=1e-9)
    packed = np.packbits([record.mask for record in records], axis=-1)
    np.testing.assert_array_equal(packed, recorded[f"{case}_masks_packed"])
