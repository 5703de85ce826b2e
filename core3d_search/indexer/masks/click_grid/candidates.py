"""Masks on their way through the filters, packed eight pixels a byte, and the records that come out.

Source: docs/semantic-sam.md, section 8, steps 3 to 9.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor

from .filters import Masks, inclusive_boxes, resize_mask, stability, suppress, without_small_regions

SECOND_NMS_THRESHOLD = 0.7  # least IoU that counts as double after small regions were removed
STABILITY_OFFSET = 1.0  # logits


Point = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class MaskRecord:
    """One mask and where it comes from.

    `mask` (H, W) bool is unpacked from `packed` at every access: keep it if you need it twice. `box` is first column,
    first row, last column, last row of the mask in pixels; `predicted_iou` unbounded, about [0, 1]; `stability` in
    [0, 1]; `point` (x, y, w, h) the click relative to the image; `level` the granularity asked for, 1 coarse to 6 fine.
    """

    packed: npt.NDArray[np.uint8]
    width: int
    box: tuple[float, float, float, float]
    predicted_iou: float
    stability: float
    point: Point
    level: int

    @classmethod
    def of(cls, mask: Masks, predicted_iou: float, stability: float, point: Point, level: int) -> MaskRecord:
        """Return the record of `mask` (H, W) with its box."""
        x0, y0, x1, y1 = inclusive_boxes(mask[None])[0].tolist()
        packed = np.packbits(mask, axis=-1)
        return cls(packed, mask.shape[1], (x0, y0, x1, y1), predicted_iou, stability, point, level)

    @property
    def mask(self) -> Masks:
        return unpack(self.packed, self.width)

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
        return MaskRecord.of(mask, self.predicted_iou, self.stability, self.point, self.level)


def allocate_packed(count: int, size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Return (count, H, W / 8 rounded up), memory for masks of `size` (H, W) once they are packed.

    Allocate it before the masks' logits: what stays, scattered among large arrays that go, would keep the C library
    from using their memory again.
    """
    height, width = size
    return np.empty((count, height, -(-width // 8)), np.uint8)


@dataclass(frozen=True, eq=False)
class Candidates:
    """M masks as arrays: `packed` (M,) holds one array (H, W / 8 rounded up) each, so that choosing among masks copies
    none of them; the rest (M,) or (M, 4) as in MaskRecord."""

    packed: npt.NDArray[np.object_]
    boxes: npt.NDArray[np.float32]
    ious: npt.NDArray[np.float32]
    stabilities: npt.NDArray[np.float32]
    points: npt.NDArray[np.float64]
    levels: npt.NDArray[np.int64]

    def __getitem__(self, keep: npt.NDArray[np.generic]) -> Candidates:
        return Candidates(*(getattr(self, name)[keep] for name in self.__dataclass_fields__))

    @classmethod
    def empty(cls) -> Candidates:
        """Return no masks."""
        floats = np.zeros(0, np.float32)
        packed, boxes, points = np.zeros(0, object), np.zeros((0, 4), np.float32), np.zeros((0, 4))
        return cls(packed, boxes, floats, floats, points, np.zeros(0, np.int64))

    @classmethod
    def concatenate(cls, parts: Sequence[Candidates]) -> Candidates:
        """Return the masks of all `parts` (at least one), in order."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__dataclass_fields__))

    @classmethod
    def stable(
        cls,
        logits: Tensor,
        ious: npt.NDArray[np.float32],
        points: npt.NDArray[np.float64],
        levels: npt.NDArray[np.int64],
        threshold: float,
        offset: float,
        storage: npt.NDArray[np.uint8],
    ) -> Candidates:
        """Return those of the masks `logits` (M, H, W) > 0 whose stability is at least `threshold`.

        They are packed into `storage`, which is `allocate_packed` for M masks.
        """
        steady = stability(logits, offset)
        keep = np.flatnonzero(steady >= max(threshold, 0))  # never true for NaN
        masks = (logits > 0).cpu().numpy()[keep]
        packed = np.empty(len(masks), object)
        for i, mask in enumerate(masks):
            storage[i] = np.packbits(mask, axis=-1)
            packed[i] = storage[i]
        return cls(packed, inclusive_boxes(masks), ious[keep], steady[keep], points[keep], levels[keep])

    def distinct(self, width: int, box_nms_threshold: float, min_region_area: int) -> Candidates:
        """Return the masks without small regions and duplicates: best predicted IoU first, changed masks last."""
        found = self[suppress(self.boxes, self.ious, box_nms_threshold)]
        if min_region_area <= 0:
            return found
        changed = np.zeros(len(found.packed), bool)
        for i, packed in enumerate(found.packed):
            mask, changed[i] = without_small_regions(unpack(packed, width), min_region_area)
            if changed[i]:
                found.packed[i] = np.packbits(mask, axis=-1)
                found.boxes[i] = inclusive_boxes(mask[None])[0]
        untouched_first = np.where(changed, 0.0, 1.0)
        return found[suppress(found.boxes, untouched_first, max(box_nms_threshold, SECOND_NMS_THRESHOLD))]

    def records(self, width: int) -> list[MaskRecord]:
        """Return every mask of an image of this width as a record that holds its own copy."""
        columns = (self.boxes, self.ious, self.stabilities, self.points, self.levels)
        rows = zip(self.packed, *(column.tolist() for column in columns), strict=True)
        return [
            MaskRecord(packed.copy(), width, tuple(box), iou, steady, tuple(point), level)
            for packed, box, iou, steady, point, level in rows
        ]


def unpack(packed: npt.NDArray[np.uint8], width: int) -> Masks:
    """Return (H, width) bool for the `packed` bits of one mask."""
    return np.unpackbits(packed, axis=-1, count=width).view(bool)


def certain(ious: npt.NDArray[np.float32], threshold: float) -> npt.NDArray[np.int64]:
    """Return the positions of predicted `ious` above `threshold`; all, for a threshold of 0 or less.

    Predicted IoUs are unbounded: 0 switches the filter off, as in Segment Anything, even where they are negative.
    """
    return np.flatnonzero(ious > threshold) if threshold > 0 else np.arange(len(ious))
