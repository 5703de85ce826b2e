"""The masks of one frame, aligned with their boxes, scores and levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import checked


@dataclass(frozen=True, eq=False)
class Detections:
    """N masks of one frame: `masks` (N, H, W) bool, `boxes` (N, 4) xyxy pixels (x1, y1 exclusive), `scores` (N,)
    in [0, 1], `levels` (N,) granularity 1 (coarse) to 6 (fine)."""

    masks: npt.NDArray[np.bool_]
    boxes: npt.NDArray[np.float32]
    scores: npt.NDArray[np.float32]
    levels: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "masks", checked("masks", self.masks, (None, None, None), np.bool_))
        n = len(self.masks)
        object.__setattr__(self, "boxes", checked("boxes", self.boxes, (n, 4), np.float32))
        object.__setattr__(self, "scores", checked("scores", self.scores, (n,), np.float32))
        object.__setattr__(self, "levels", checked("levels", self.levels, (n,), np.int64))

    def __len__(self) -> int:
        return len(self.masks)

    def __getitem__(self, keep: npt.NDArray[Any] | slice) -> Detections:
        """Return the detections that an index array, boolean array or slice picks, in its order."""
        return Detections(self.masks[keep], self.boxes[keep], self.scores[keep], self.levels[keep])

    @classmethod
    def empty(cls, height: int, width: int) -> Detections:
        """Return no detections of an image of this size."""
        return cls.from_masks(np.zeros((0, height, width), bool), np.zeros(0), np.zeros(0))

    @classmethod
    def from_masks(cls, masks: npt.ArrayLike, scores: npt.ArrayLike, levels: npt.ArrayLike) -> Detections:
        """Return detections whose boxes are the tight boxes of `masks` (N, H, W)."""
        masks = np.asarray(masks, bool)
        return cls(masks, tight_boxes(masks), np.asarray(scores, np.float32), np.asarray(levels, np.int64))

    @classmethod
    def concatenate(cls, parts: Sequence[Detections]) -> Detections:
        """Return all of `parts` (at least one, all of one image size), in order."""
        return cls(
            np.concatenate([part.masks for part in parts]),
            np.concatenate([part.boxes for part in parts]),
            np.concatenate([part.scores for part in parts]),
            np.concatenate([part.levels for part in parts]),
        )


@dataclass(frozen=True, eq=False)
class PackedMask:
    """A mask as the bits of its box: what is kept of each mask of a scene, since whole ones would fill the memory.

    `box` xyxy pixels in the image, the far corner exclusive; `bits` uint8, the box row by row, eight pixels a byte.
    """

    box: tuple[int, int, int, int]
    bits: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, mask: npt.NDArray[np.bool_], box: npt.NDArray[np.float32]) -> PackedMask:
        """Return `mask` (H, W), which lies in `box` (4,) xyxy pixels."""
        x0, y0, x1, y1 = (int(value) for value in box)
        return cls((x0, y0, x1, y1), np.packbits(mask[y0:y1, x0:x1]))

    def in_image(self, height: int, width: int) -> npt.NDArray[np.bool_]:
        """Return the mask (H, W) again."""
        x0, y0, x1, y1 = self.box
        mask = np.zeros((height, width), bool)
        inside = np.unpackbits(self.bits, count=(y1 - y0) * (x1 - x0))
        mask[y0:y1, x0:x1] = inside.reshape(y1 - y0, x1 - x0)
        return mask


def tight_boxes(masks: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    """Return (N, 4) xyxy pixel boxes of `masks` (N, H, W), the far corner exclusive; an empty mask gives zeros."""
    boxes = np.zeros((len(masks), 4), np.float32)
    for box, mask in zip(boxes, masks, strict=True):
        columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
        if len(columns):
            box[:] = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    return boxes
