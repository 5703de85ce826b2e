"""Scenes whose objects need not be looked for: their files say which pixel and which surface belongs to what."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core3d_search.indexer.frames import Frame, SceneReader

Points = tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]
OBJECT_KINDS = ("masks", "nodes", "whole")
"""What `ReadOptions.objects` may say; None chooses: masks in a room, else the whole model."""


class KnowsParts(ABC):
    """A reader of a scene whose parts are known, beside what every scene reader has.

    A part has a number, from 0, and a name ("" where the file gives none that says anything).
    """

    @abstractmethod
    def parts_are_objects(self) -> bool:
        """Return whether the parts are the scene's objects, so that no mask is needed."""

    @abstractmethod
    def part_names(self) -> Sequence[str]:
        """Return the name of each part."""

    @abstractmethod
    def part_image(self, position: int) -> npt.NDArray[np.int32]:
        """Return the part that each pixel of the frame at `position` shows, (H, W), -1 = none."""

    @abstractmethod
    def part_surface(self, part: int) -> Points:
        """Return points (P, 3) float32 world metres spread over a part, and their colours (P, 3) uint8."""

    @abstractmethod
    def notes(self) -> Sequence[str]:
        """Return what the files left open and was judged, a sentence each, for people."""


def knows_parts(reader: SceneReader) -> KnowsParts | None:
    """Return `reader` where it knows its scene's parts, else None."""
    return reader if isinstance(reader, KnowsParts) else None


def part_image_like(known: KnowsParts, position: int, frame: Frame) -> npt.NDArray[np.int32]:
    """Return the part image at `position` in the size of `frame`, which may have been scaled down."""
    image = known.part_image(position)
    height, width = frame.depth.shape
    rows = ((np.arange(height) + 0.5) * image.shape[0] / height).astype(int)
    columns = ((np.arange(width) + 0.5) * image.shape[1] / width).astype(int)
    return image[rows[:, None], columns]
