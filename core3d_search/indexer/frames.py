"""What a scan is to the pipeline: frames with colour, depth and a place in the world."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import checked


@dataclass(frozen=True, eq=False)
class Frame:
    """One posed RGB-D image; colour and depth are registered and equal in size.

    `rgb` (H, W, 3) uint8; `depth` (H, W) float32 metres along the optical axis, 0 = none; `intrinsics` (3, 3)
    pixels; `world_from_camera` (4, 4) float64 with OpenCV axes (x right, y down, z forward).
    """

    index: int
    rgb: npt.NDArray[np.uint8]
    depth: npt.NDArray[np.float32]
    intrinsics: npt.NDArray[np.float64]
    world_from_camera: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "rgb", checked("rgb", self.rgb, (None, None, 3), np.uint8))
        object.__setattr__(self, "depth", checked("depth", self.depth, self.rgb.shape[:2], np.float32))
        object.__setattr__(self, "intrinsics", checked("intrinsics", self.intrinsics, (3, 3), np.float64))
        world_from_camera = checked("world_from_camera", self.world_from_camera, (4, 4), np.float64)
        object.__setattr__(self, "world_from_camera", world_from_camera)


class SceneReader(Protocol):
    """One scene on disk as a sequence of frames.

    `up` (3,) is the unit direction against gravity in world coordinates, None where the format does not say.
    `reader[i]` raises InputError for a frame that cannot be read; the pipeline skips, counts and lists it.
    """

    format: str
    path: Path
    name: str
    up: npt.NDArray[np.float64] | None

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Return whether `path` looks like a scene of this format, without reading a frame."""

    @classmethod
    def open(cls, path: Path) -> SceneReader:
        """Return the scene at `path`; raises InputError that says what is missing."""

    def __len__(self) -> int: ...

    def __getitem__(self, position: int) -> Frame: ...

    def fingerprint(self) -> str:
        """Return a checksum that changes when any file of the scene changes (names, sizes, modification times)."""
