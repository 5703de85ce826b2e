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

    `index` is its position in the scene; `rgb` (H, W, 3) uint8; `depth` (H, W) float32 metres along the optical
    axis, 0 = none; `intrinsics` (3, 3) pixels; `world_from_camera` (4, 4) float64 with OpenCV axes (x right, y down,
    z forward).
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

    def fitted(self, longest_side: int) -> Frame:
        """Return the frame scaled down so that neither side exceeds `longest_side` pixels (itself if it fits).

        Colour is area-averaged; depth takes the nearest pixel, since a mean of two depths is a point in mid-air.
        """
        height, width = self.depth.shape
        scale = longest_side / max(height, width)
        if scale >= 1:
            return self
        from PIL import Image

        new_width, new_height = max(1, round(width * scale)), max(1, round(height * scale))
        rgb = Image.fromarray(self.rgb).resize((new_width, new_height), Image.Resampling.BOX)
        rows = ((np.arange(new_height) + 0.5) * height / new_height).astype(int)
        columns = ((np.arange(new_width) + 0.5) * width / new_width).astype(int)
        new_from_old = np.diag([new_width / width, new_height / height, 1.0])
        return Frame(
            self.index,
            np.asarray(rgb),
            self.depth[rows[:, None], columns],
            new_from_old @ self.intrinsics,
            self.world_from_camera,
        )


class SceneReader(Protocol):
    """One scene on disk as a sequence of frames.

    `format` is the registered name of the reader, `layout` the files that it expects, in one line for people. `up`
    (3,) is the unit direction against gravity in world coordinates, None where the format does not say.
    `reader[i]` raises InputError for a frame that cannot be read; the pipeline skips, counts and lists it.
    """

    format: str
    layout: str
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
        """Return a checksum over the names and contents of all files that the scene is read from."""
