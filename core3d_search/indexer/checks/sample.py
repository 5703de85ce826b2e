"""The frames that a check looks at: small, a few dozen, with neighbours near enough to see the same things."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError
from core3d_search.indexer.frames import Frame, SceneReader

Floats = npt.NDArray[np.float64]

LONGEST_SIDE_PX = 160
"""Frames are looked at in this size: a pixel is then 2 to 3 cm at 3 m, as much as the residuals that are told apart."""
PICTURE_SIDE_PX = 320
"""Edges are compared in this size."""
ALL_UP_TO = 120
"""A scene of so few frames is read whole, so that no missing file stays unseen."""
ANCHORS, OFFSETS = 16, (1, 3, 10, 30)
"""Evenly spaced frames, and the frames after each that are compared with it: neighbours, whatever the poses say."""


@dataclass(frozen=True, eq=False)
class Sample:
    """Frames of one scene in one size, stacked; F frames of h x w pixels.

    `positions` (F,) in the scene; `depth` (F, h, w) metres; `intrinsics` (F, 3, 3); `poses` (F, 4, 4)
    world_from_camera; `pairs` (M, 2) which frames are compared; `frames` the same in `PICTURE_SIDE_PX`; `unread` the
    reasons by position; `tried` how many frames were tried.
    """

    positions: npt.NDArray[np.int64]
    depth: npt.NDArray[np.float32]
    intrinsics: Floats
    poses: Floats
    pairs: npt.NDArray[np.int64]
    frames: tuple[Frame, ...]
    unread: dict[int, InputError]
    tried: int

    def __len__(self) -> int:
        return len(self.frames)


def take_sample(reader: SceneReader, anchors: int = ANCHORS) -> Sample:
    """Return the sample of a scene; frames that cannot be read are told, and stand in no pair."""
    positions, wanted = chosen(len(reader), anchors)
    if anchors < ANCHORS:  # a quick look
        positions = sorted({position for pair in wanted for position in pair}) or positions
    frames: dict[int, Frame] = {}
    unread: dict[int, InputError] = {}
    for position in positions:
        try:
            frames[position] = reader[position].fitted(PICTURE_SIDE_PX)
        except InputError as error:
            unread[position] = error
    return stacked(frames, wanted, unread)


def chosen(count: int, anchors: int = ANCHORS) -> tuple[list[int], list[tuple[int, int]]]:
    """Return the positions to read of `count` frames, and which of them to compare."""
    starts = np.unique(np.linspace(0, max(0, count - 2), anchors).round().astype(int)).tolist()
    pairs = sorted({(start, start + offset) for start in starts for offset in OFFSETS if start + offset < count})
    compared = {position for pair in pairs for position in pair}
    return sorted(compared if count > ALL_UP_TO else range(count)), pairs


def stacked(
    frames: dict[int, Frame], wanted: Sequence[tuple[int, int]], unread: dict[int, InputError] | None = None
) -> Sample:
    """Return frames, by position, as a sample; those of another shape than the first are left out."""
    small = {position: frame.fitted(LONGEST_SIDE_PX) for position, frame in frames.items()}
    shape = next(iter(small.values())).depth.shape if small else (1, 1)
    kept = {position: frame for position, frame in small.items() if frame.depth.shape == shape}
    place = {position: row for row, position in enumerate(kept)}
    pairs = [(place[a], place[b]) for a, b in wanted if a in place and b in place]
    listed = tuple(kept.values())
    return Sample(
        np.array(list(kept), np.int64),
        np.stack([f.depth for f in listed]) if listed else np.zeros((0, 1, 1), np.float32),
        np.stack([f.intrinsics for f in listed]) if listed else np.zeros((0, 3, 3)),
        np.stack([f.world_from_camera for f in listed]) if listed else np.zeros((0, 4, 4)),
        np.array(pairs, np.int64).reshape(-1, 2),
        tuple(frames[position] for position in kept),
        unread or {},
        len(frames) + len(unread or {}),
    )
