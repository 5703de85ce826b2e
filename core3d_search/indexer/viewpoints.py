"""Which frames look from the same place: evidence counts by places to look from, not by how often one stood there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.indexer.config import FusionConfig

MORTON_STEP_M = 0.25
"""Metres: camera places are ordered along a Z-order curve through cubes of this size, so neighbours come together."""


@dataclass(frozen=True, eq=False)
class Viewpoints:
    """The places that a scene is looked at from: `frames[v]` are the numbers of the frames that stand at place v.

    Numbered by content alone: neither the order nor the numbering of frames matters.
    """

    frames: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, cameras: Mapping[int, npt.NDArray[np.float64]], config: FusionConfig) -> Viewpoints:
        """Return the viewpoints of `cameras`, frame number -> world_from_camera (4, 4).

        Along the curve, a frame joins the first viewpoint whose camera is within the config's distance and angle.
        """
        numbers = sorted(cameras, key=lambda number: (_curve(cameras[number]), cameras[number].tobytes(), number))
        nearest = np.cos(np.radians(config.same_view_degrees))
        places, axes = np.zeros((len(numbers), 3)), np.zeros((len(numbers), 3))
        found: list[list[int]] = []
        for number in numbers:
            place, axis = cameras[number][:3, 3], cameras[number][:3, 2]
            near = np.linalg.norm(places[: len(found)] - place, axis=1) <= config.same_view_m
            near &= axes[: len(found)] @ axis >= nearest
            if near.any():
                found[int(np.argmax(near))].append(number)
            else:
                places[len(found)], axes[len(found)] = place, axis
                found.append([number])
        return cls(tuple(map(tuple, found)))

    def __len__(self) -> int:
        return len(self.frames)

    def of_frame(self) -> dict[int, int]:
        """Return frame number -> viewpoint."""
        return {number: view for view, numbers in enumerate(self.frames) for number in numbers}

    def blocks(self, size: int) -> Iterator[tuple[tuple[int, ...], ...]]:
        """Yield the frames of `size` viewpoints at a time, neighbours together."""
        for start in range(0, len(self.frames), size):
            yield self.frames[start : start + size]


def _curve(world_from_camera: npt.NDArray[Any]) -> int:
    """Return where along the Z-order curve (Morton 1966) the camera stands: the bits of x, y, z interleaved."""
    cells = np.floor(world_from_camera[:3, 3] / MORTON_STEP_M).astype(np.int64) + (1 << 20)
    x, y, z = (int(cell) for cell in cells)
    return sum(((x >> bit & 1) << 2 | (y >> bit & 1) << 1 | (z >> bit & 1)) << 3 * bit for bit in range(21))
