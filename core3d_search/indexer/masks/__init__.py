"""Mask generators: one frame to class-agnostic masks at several granularities; one generator a file or folder."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from core3d_search.indexer.detections import Detections
from core3d_search.indexer.frames import Frame

if TYPE_CHECKING:
    from core3d_search.indexer.planes import Structure

Download = Callable[[int, int | None], None]
"""Hears of weights that are downloaded: bytes done, and in all where known."""


class MaskGenerator(Protocol):
    """Proposes masks of anything that may be an object.

    `name` is the registered name; `checksum` is the SHA-256 of the weights, or of the version where there are none.
    `leaves_structure_out` says that floor, walls and ceiling never come as masks once `for_scene` told them; those of
    other generators are dropped afterwards. One that may look at several frames at once, on threads, has an attribute
    `takes_several` too, see `takes_several`.
    """

    name: str
    checksum: str
    leaves_structure_out: bool

    def for_scene(self, structure: Structure) -> MaskGenerator:
        """Return the generator for a scene of this structure: itself where it makes no use of it."""

    def generate(self, frame: Frame) -> Detections:
        """Return the masks of `frame`, levels 1 (coarse) to 6 (fine), in a deterministic order."""


def takes_several(generator: MaskGenerator) -> bool:
    """Return whether `generator` may look at several frames at once, each on a thread; only if it says so."""
    return bool(getattr(generator, "takes_several", False))


class MaskGeneratorClass(Protocol):
    """What is registered under a name: every generator is made with these two, and with the options of its own."""

    def __call__(self, *, levels: tuple[int, ...], progress: Download | None, **options: Any) -> MaskGenerator:
        """Return the generator of `levels`, rising within 1 to 6; `progress` is for weights that it has to fetch."""
