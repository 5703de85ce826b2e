"""Masks of everything: a grid of clicks on one image, filtered by certainty and freed of duplicates.

Source: docs/semantic-sam.md, section 8.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch

from ..click_grid.candidates import STABILITY_OFFSET, Candidates, MaskRecord, allocate_packed, certain
from ..click_grid.filters import grid_points
from .model import CLICK_SIZE, Features, Mode, SemanticSam, upsample

# granularity, 1 coarse to 6 fine, to raw token (docs/semantic-sam.md, section 7.1)
TOKEN_OF_LEVEL = {1: 3, 2: 2, 3: 0, 4: 4, 5: 1, 6: 5}
LOGITS_AT_ONCE = 2**23  # full-resolution values per chunk: 32 MiB


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
        stability_offset: float = STABILITY_OFFSET,
        separate_levels: bool = False,
    ) -> None:
        if not levels or not set(levels) <= TOKEN_OF_LEVEL.keys() or len(set(levels)) < len(levels):
            raise ValueError(f"levels must be distinct numbers from 1 to 6, got {tuple(levels)}")
        if mode not in ("joint", "isolated"):
            raise ValueError(f"mode must be 'joint' or 'isolated', got {mode!r}")
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
                found = [record.resized(features.original_size) for record in self.generate_from_features(features)]
                yield [record for record in found if record.area]

    def generate_from_features(self, features: Features) -> list[MaskRecord]:
        """Return the masks in pixels of the resized, unpadded image (`features.image_size`).

        Best predicted IoU first; masks from which small regions were removed come last. With `separate_levels` this
        order holds within each level, and levels stand in the order given.
        """
        found = self._candidates(features)
        groups = [found[found.levels == level] for level in self.levels] if self.separate_levels else [found]
        width = features.image_size[1]
        kept = [group.distinct(width, self.box_nms_threshold, self.min_mask_region_area) for group in groups]
        return [record for group in kept for record in group.records(width)]

    def _candidates(self, features: Features) -> Candidates:
        """Return every mask that passes the two certainty filters, point-major, levels in the order given."""
        grid = grid_points(self.points_per_side)
        clicks = np.concatenate([grid, np.full_like(grid, CLICK_SIZE)], axis=1)
        parts = [Candidates.empty()]
        for start in range(0, len(clicks), self.points_per_batch):
            parts += self._candidates_at(features, clicks[start : start + self.points_per_batch])
        return Candidates.concatenate(parts)

    def _candidates_at(self, features: Features, clicks: npt.NDArray[np.float64]) -> Iterator[Candidates]:
        tokens = [TOKEN_OF_LEVEL[level] for level in self.levels]
        decoded = self.model.decode(features, clicks, self.mode)
        ious = decoded.ious[:, tokens].flatten().cpu().numpy()
        embeddings = decoded.embeddings[:, tokens].flatten(0, 1)
        points, levels = clicks.repeat(len(tokens), axis=0), np.tile(self.levels, len(clicks))
        kept = certain(ious, self.pred_iou_threshold)  # first: the masks of the others are never made
        height, width = features.image_size
        masks_at_once = max(1, LOGITS_AT_ONCE // (height * width))
        for first in range(0, len(kept), masks_at_once):
            chosen = kept[first : first + masks_at_once]
            storage = allocate_packed(len(chosen), (height, width))
            picked = embeddings[torch.from_numpy(chosen).to(embeddings.device)]
            logits = upsample(self.model.mask_logits(features, picked), features)
            found = Candidates.stable(
                logits,
                ious[chosen],
                points[chosen],
                levels[chosen],
                self.stability_threshold,
                self.stability_offset,
                storage,
            )
            del logits  # before the next storage is allocated
            yield found
