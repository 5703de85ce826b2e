"""Masks of everything: a grid of clicks on one image, filtered by certainty and freed of duplicates.

Source: SPEC section 8.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from .mask_filters import (
    Masks,
    grid_points,
    inclusive_boxes,
    resize_mask,
    stability,
    suppress,
    without_small_regions,
)
from .model import CLICK_SIZE, Features, Mode, SemanticSam, upsample

TOKEN_OF_LEVEL = {1: 3, 2: 2, 3: 0, 4: 4, 5: 1, 6: 5}  # granularity, 1 coarse to 6 fine, to raw token (SPEC 7.1)
SECOND_NMS_THRESHOLD = 0.7  # least IoU that counts as double after small regions were removed
LOGITS_AT_ONCE = 2**23  # full-resolution values per chunk: 32 MiB


@dataclass(frozen=True, eq=False)
class MaskRecord:
    """One mask and where it comes from.

    `mask` (H, W) bool; `box` first column, first row, last column, last row of the mask in pixels; `predicted_iou`
    unbounded, about [0, 1]; `stability` in [0, 1]; `point` (x, y, w, h), the click relative to the image; `level` the
    granularity asked for, 1 coarse to 6 fine.
    """

    mask: Masks
    box: tuple[float, float, float, float]
    predicted_iou: float
    stability: float
    point: tuple[float, float, float, float]
    level: int

    @property
    def area(self) -> int:
        """Pixels inside the mask."""
        return int(np.count_nonzero(self.mask))

    @property
    def box_xywh(self) -> tuple[float, float, float, float]:
        """The box as first column, first row and the distances to the last ones, as the official records have it."""
        x0, y0, x1, y1 = self.box
        return (x0, y0, x1 - x0, y1 - y0)

    def resized(self, size: tuple[int, int]) -> MaskRecord:
        """Return the record with mask and box in an image of `size` (h, w) pixels."""
        mask = resize_mask(self.mask, size)
        return replace(self, mask=mask, box=box_of(mask))


@dataclass(frozen=True, eq=False)
class Candidates:
    """M masks as arrays: `packed` (M, H, W / 8 rounded up) holds eight pixels a byte; the rest as in MaskRecord."""

    packed: npt.NDArray[np.uint8]
    boxes: npt.NDArray[np.float32]
    ious: npt.NDArray[np.float32]
    stabilities: npt.NDArray[np.float32]
    points: npt.NDArray[np.float64]
    levels: npt.NDArray[np.int64]

    def __getitem__(self, keep: npt.NDArray[np.generic]) -> Candidates:
        return Candidates(*(getattr(self, name)[keep] for name in self.__dataclass_fields__))

    @classmethod
    def concatenate(cls, parts: Sequence[Candidates]) -> Candidates:
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__dataclass_fields__))


class SemanticSamGenerator:
    """Clicks on a regular grid, decodes every level at once, and keeps certain, stable and distinct masks.

    `points_per_batch` prompts share a call, and in mode "joint" see each other: it then changes the result. Masks stay
    whose predicted IoU exceeds `pred_iou_threshold` and whose stability is at least `stability_threshold`; 0 switches
    either filter off. Of two masks whose boxes overlap by an IoU above `box_nms_threshold` the one of higher predicted
    IoU stays, whatever their levels, or, with `separate_levels`, within each level. Holes and islands of fewer than
    `min_mask_region_area` pixels are removed. Defaults are those of the official generator.
    """

    def __init__(
        self,
        model: SemanticSam,
        points_per_side: int = 32,
        points_per_batch: int = 200,
        levels: Sequence[int] = (1, 2, 3, 4, 5, 6),
        pred_iou_threshold: float = 0.88,
        stability_threshold: float = 0.92,
        box_nms_threshold: float = 0.7,
        min_mask_region_area: int = 10,
        mode: Mode = "joint",
        stability_offset: float = 1.0,
        separate_levels: bool = False,
    ) -> None:
        if not levels or not set(levels) <= TOKEN_OF_LEVEL.keys() or len(set(levels)) < len(levels):
            raise ValueError(f"levels must be distinct numbers from 1 to 6, got {tuple(levels)}")
        if points_per_side < 1 or points_per_batch < 1:
            raise ValueError(f"need at least one point, got {points_per_side=} and {points_per_batch=}")
        self.model = model
        self.points_per_side, self.points_per_batch = points_per_side, points_per_batch
        self.levels = tuple(levels)
        self.pred_iou_threshold, self.stability_threshold = pred_iou_threshold, stability_threshold
        self.box_nms_threshold, self.min_mask_region_area = box_nms_threshold, min_mask_region_area
        self.mode: Mode = mode
        self.stability_offset, self.separate_levels = stability_offset, separate_levels

    def generate(self, rgb: npt.NDArray[np.uint8]) -> list[MaskRecord]:
        """Return the masks of `rgb` (H, W, 3) uint8 in its own pixels, in the order of `generate_from_features`."""
        return next(self.generate_many([rgb]))

    def generate_many(
        self, images: Sequence[npt.NDArray[np.uint8]], images_per_batch: int = 1
    ) -> Iterator[list[MaskRecord]]:
        """Yield what `generate` returns for every image; `images_per_batch` of them are encoded in one call."""
        for start in range(0, len(images), images_per_batch):
            for features in self.model.encode_many(images[start : start + images_per_batch]):
                records = (record.resized(features.original_size) for record in self._records(features))
                yield [record for record in records if record.mask.any()]

    def generate_from_features(self, features: Features) -> list[MaskRecord]:
        """Return the masks in pixels of the resized, unpadded image (`features.image_size`).

        Best predicted IoU first; masks from which small regions were removed come last. With `separate_levels` this
        order holds within each level, and levels stand in the order given.
        """
        return list(self._records(features))

    def _records(self, features: Features) -> Iterator[MaskRecord]:
        found = self._candidates(features)
        groups = [found]
        if self.separate_levels:
            groups = [found[found.levels == level] for level in self.levels]
        width = features.image_size[1]
        for group in groups:
            kept = self._distinct(group, width)
            for i, packed in enumerate(kept.packed):
                yield MaskRecord(
                    mask=unpack(packed, width),
                    box=tuple(kept.boxes[i].tolist()),
                    predicted_iou=float(kept.ious[i]),
                    stability=float(kept.stabilities[i]),
                    point=tuple(kept.points[i].tolist()),
                    level=int(kept.levels[i]),
                )

    def _candidates(self, features: Features) -> Candidates:
        """Return every mask that passes the two certainty filters, point-major, levels in the order given."""
        grid = grid_points(self.points_per_side)
        points = np.concatenate([grid, np.full_like(grid, CLICK_SIZE)], axis=1)
        height, width = features.image_size
        parts = [no_candidates(height, width)]
        masks_at_once = max(1, LOGITS_AT_ONCE // (height * width))
        tokens = [TOKEN_OF_LEVEL[level] for level in self.levels]
        for start in range(0, len(points), self.points_per_batch):
            batch = points[start : start + self.points_per_batch]
            decoded = self.model.decode(features, batch, self.mode)
            ious = decoded.ious[:, tokens].flatten().cpu().numpy()
            certain = np.flatnonzero(passes(ious > self.pred_iou_threshold, self.pred_iou_threshold))
            embeddings = decoded.embeddings[:, tokens].flatten(0, 1)
            for first in range(0, len(certain), masks_at_once):
                chosen = certain[first : first + masks_at_once]
                picked = torch.from_numpy(chosen).to(embeddings.device)
                logits = upsample(self.model.mask_logits(features, embeddings[picked]), features)
                steady = stability(logits, self.stability_offset)
                keep = np.flatnonzero(steady >= max(self.stability_threshold, 0))  # never true for NaN
                masks = (logits > 0).cpu().numpy()[keep]
                chosen = chosen[keep]
                parts.append(
                    Candidates(
                        packed=np.packbits(masks, axis=-1),
                        boxes=inclusive_boxes(masks),
                        ious=ious[chosen],
                        stabilities=steady[keep],
                        points=batch[chosen // len(tokens)],
                        levels=np.array(self.levels)[chosen % len(tokens)],
                    )
                )
        return Candidates.concatenate(parts)

    def _distinct(self, found: Candidates, width: int) -> Candidates:
        """Return `found` without duplicates and small regions."""
        found = found[suppress(found.boxes, found.ious, self.box_nms_threshold)]
        if self.min_mask_region_area <= 0:
            return found
        changed = np.zeros(len(found.packed), bool)
        for i, packed in enumerate(found.packed):
            mask, changed[i] = without_small_regions(unpack(packed, width), self.min_mask_region_area)
            if changed[i]:
                found.packed[i] = np.packbits(mask, axis=-1)
                found.boxes[i] = inclusive_boxes(mask[None])[0]
        untouched_first = np.where(changed, 0.0, 1.0)
        return found[suppress(found.boxes, untouched_first, max(self.box_nms_threshold, SECOND_NMS_THRESHOLD))]


def passes(above: Masks, threshold: float) -> Masks:
    """Return `above`, or all true for a threshold of 0 or less: predicted IoUs are unbounded, and may be negative."""
    return above if threshold > 0 else np.ones_like(above)


def no_candidates(height: int, width: int) -> Candidates:
    """Return zero candidates of an image of this size."""
    packed = np.zeros((0, height, -(-width // 8)), np.uint8)
    floats = np.zeros(0, np.float32)
    return Candidates(packed, np.zeros((0, 4), np.float32), floats, floats, np.zeros((0, 4)), np.zeros(0, np.int64))


def unpack(packed: npt.NDArray[np.uint8], width: int) -> Masks:
    """Return (H, width) bool for the `packed` bits of one mask."""
    return np.unpackbits(packed, axis=-1, count=width).view(bool)


def box_of(mask: Masks) -> tuple[float, float, float, float]:
    """Return the box of one mask as MaskRecord has it."""
    x0, y0, x1, y1 = inclusive_boxes(mask[None])[0].tolist()
    return (x0, y0, x1, y1)
