"""Mask generators: one frame to class-agnostic masks at several granularities; one generator a file or folder."""

from __future__ import annotations

from typing import Protocol

from core3d_search.indexer.detections import Detections
from core3d_search.indexer.frames import Frame


class MaskGenerator(Protocol):
    """Proposes masks of anything that may be an object.

    `name` is the registered name; `checksum` is the SHA-256 of the weights, or of the version where there are none.
    """

    name: str
    checksum: str

    def generate(self, frame: Frame) -> Detections:
        """Return the masks of `frame`, levels 1 (coarse) to 6 (fine), in a deterministic order."""
