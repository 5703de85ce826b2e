"""The masks at one click, best first, without near-duplicates.

Source: docs/semantic-sam.md, sections 7.1 and 8, its end.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from ..click_grid.candidates import STABILITY_OFFSET, MaskRecord
from ..click_grid.filters import Masks, stability, without_small_regions
from .generator import TOKEN_OF_LEVEL
from .model import CLICK_SIZE, Features, SemanticSam, upsample

MIN_PREDICTED_IOU = 0.5
DUPLICATE_IOU = 0.95
MIN_REGION_AREA = 100  # pixels of the resized image
LEVEL_OF_TOKEN = {token: level for level, token in TOKEN_OF_LEVEL.items()}


def segment_at(
    model: SemanticSam,
    features: Features,
    x: float,
    y: float,
    order: Literal["predicted_iou", "area"] = "predicted_iou",
) -> list[MaskRecord]:
    """Return up to six masks at the click (`x`, `y`), relative to the image, in pixels of the image as given.

    Best predicted IoU first, or smallest area first. Masks of low predicted IoU, and those that nearly equal an
    earlier one, are left out, but never all: if nothing else stays, the last of them does.
    """
    if order not in ("predicted_iou", "area"):
        raise ValueError(f"order must be 'predicted_iou' or 'area', got {order!r}")
    point = (float(x), float(y), CLICK_SIZE, CLICK_SIZE)
    decoded = model.decode(features, [point])
    logits = upsample(model.mask_logits(features, decoded.embeddings[0]), features)
    steady = stability(logits, STABILITY_OFFSET)
    records = []
    for token, mask in enumerate((logits > 0).cpu().numpy()):
        mask, _ = without_small_regions(mask, MIN_REGION_AREA)
        iou = float(decoded.ious[0, token])
        records.append(MaskRecord.of(mask, iou, float(steady[token]), point, LEVEL_OF_TOKEN[token]))
    records.sort(key=lambda record: record.area if order == "area" else -record.predicted_iou)
    return [record.resized(features.original_size) for record in distinct(records)]


def distinct(records: list[MaskRecord]) -> list[MaskRecord]:
    """Return the certain ones of `records` that equal no earlier kept one; the last of all if there are none."""
    kept: list[MaskRecord] = []
    for record in records:
        certain = record.predicted_iou >= MIN_PREDICTED_IOU
        if certain and all(mask_iou(record.mask, other.mask) <= DUPLICATE_IOU for other in kept):
            kept.append(record)
    return kept or records[-1:]


def mask_iou(a: Masks, b: Masks) -> float:
    """Return the intersection over the union of two masks; 0 where both are empty."""
    union = int(np.count_nonzero(a | b))
    return int(np.count_nonzero(a & b)) / max(union, 1)
