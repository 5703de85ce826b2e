"""What a scan is to the pipeline: frames with colour, depth and a place in the world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
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


@dataclass(frozen=True)
class ReadOptions:
    """What a person says about a scan where its files do not, or are wrong; None leaves it to the format.

    `depth_scale`: stored units to the metre (1000 = millimetres; a value below 1 is read as metres to the unit).
    `camera_axes`: the axes that the stored poses use, a key of `CAMERA_AXES`. `invert_poses`: what is stored is
    camera_from_world. `up` (3,): the unit world direction against gravity. `scale`: metres to the unit of the poses,
    or of a mesh. `objects`: what becomes an object of a mesh, see `known.OBJECT_KINDS`. `estimate_poses`: stored poses,
    if any, are not used; they are found from the images.
    """

    depth_scale: float | None = None
    camera_axes: str | None = None
    invert_poses: bool | None = None
    up: tuple[float, float, float] | None = None
    scale: float | None = None
    objects: str | None = None
    estimate_poses: bool | None = None

    def over(self, other: ReadOptions) -> ReadOptions:
        """Return these options, with those of `other` where these say nothing."""
        merged = {f.name: mine for f in fields(self) if (mine := getattr(self, f.name)) is not None}
        return replace(other, **merged)

    def said(self) -> dict[str, object]:
        """Return the options that say something, by name, as plain values."""
        return {f.name: value for f in fields(self) if (value := getattr(self, f.name)) is not None}


AS_STORED = ReadOptions()
"""Nothing said: everything as the format and the scene's own files say."""


class SceneReader(Protocol):
    """One scene on disk as a sequence of frames.

    `format` is the registered name of the reader, `layout` the files that it expects, in one line for people.
    `suffixes` are the endings of the files that may be such a scene (lower case, with the dot), none where it is always
    a folder.
    `source` is the folder, file or archive that holds the scene. `up` (3,) is the unit direction against gravity in
    world coordinates, None where neither the format nor `options` says. `reader[i]` raises InputError for a frame
    that cannot be read; the pipeline skips, counts and lists it. A reader whose frames are not measured from the zero
    of its files has an attribute `origin` too (see `origin_of`).
    """

    format: str
    layout: str
    suffixes: tuple[str, ...]
    source: Path
    options: ReadOptions
    name: str
    up: npt.NDArray[np.float64] | None

    @classmethod
    def recognises(cls, source: Path) -> bool:
        """Return whether `source`, a folder or a file, looks like a scene of this format, without reading a frame.

        True also where something is missing that `open` will name.
        """

    @classmethod
    def open(cls, source: Path, options: ReadOptions = ...) -> SceneReader:
        """Return the scene at `source`; raises InputError that says what is missing."""

    def __len__(self) -> int: ...

    def __getitem__(self, position: int) -> Frame: ...

    def files(self) -> Sequence[Path]:
        """Return every file that the scene is read from."""


def origin_of(reader: SceneReader) -> tuple[float, float, float] | None:
    """Return what to add (metres) to coordinates of the frames for those of the files, None for nothing."""
    origin = getattr(reader, "origin", None)
    if origin is None or not np.any(origin):
        return None
    x, y, z = (float(value) for value in origin)
    return x, y, z
