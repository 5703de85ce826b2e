"""What a run on a scene has finished so far: frames, their observations, seconds; it outlives a failure half-way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from core3d_search.indexer.frames import Frame
from core3d_search.indexer.lifting import Observation
from core3d_search.indexer.report import SkippedFrame, StageClock


@dataclass(frozen=True, eq=False)
class FrameNote:
    """A frame that was looked at: its position in the scene, size in pixels, `intrinsics` (3, 3) pixels and
    `world_from_camera` (4, 4); or `skip_reason`, why it could not be used."""

    position: int
    height: int | None = None
    width: int | None = None
    intrinsics: npt.NDArray[np.float64] | None = None
    world_from_camera: npt.NDArray[np.float64] | None = None
    skip_reason: str | None = None

    @classmethod
    def of(cls, position: int, frame: Frame) -> FrameNote:
        """Return the note of a `frame` that was read at `position`."""
        height, width = frame.depth.shape
        return cls(position, height, width, frame.intrinsics, frame.world_from_camera)


@dataclass(frozen=True, eq=False)
class FinishedFrame:
    """What came of a frame: its note, the `observations` that `mask_count` masks became, seconds by stage."""

    note: FrameNote
    observations: Sequence[Observation]
    mask_count: int
    clock: StageClock


class FinishedFrames(Protocol):
    """Where finished frames outlive the process: a work file."""

    def add(self, note: FrameNote, observations: Sequence[Observation], mask_count: int) -> None:
        """Keep a frame that is done."""

    def frames(self) -> Iterator[tuple[FrameNote, list[Observation], int]]:
        """Yield the frames kept, by position: the note, what was observed, of how many masks."""


class Journal:
    """The frames that are done, and all that was observed in them, in the order of their positions.

    With `kept`, what an interrupted run finished is taken from there, and each further frame is kept as it is done;
    frames that could not be used are tried again.
    """

    def __init__(self, kept: FinishedFrames | None = None) -> None:
        self.clock = StageClock()
        self.frames: list[FrameNote] = []
        self.observations: list[Observation] = []
        self.mask_count = 0
        self._kept = kept
        self._finished = {} if kept is None else {note.position: (note, seen, n) for note, seen, n in kept.frames()}
        self.resumed_count = 0

    def finished(self, position: int) -> bool:
        """Return whether the frame at `position` was finished before, and not resumed yet."""
        return position in self._finished

    def resume(self, position: int) -> bool:
        """Return whether the frame at `position` was finished before; it counts as done from now on."""
        if position not in self._finished:
            return False
        self._note(*self._finished.pop(position))
        self.resumed_count += 1
        return True

    def add(self, note: FrameNote, observations: Sequence[Observation] = (), mask_count: int = 0) -> None:
        """Note that a frame is done: what was observed in it, of how many masks."""
        if self._kept is not None and note.skip_reason is None:
            self._kept.add(note, observations, mask_count)
        self._note(note, observations, mask_count)

    def take(self, frame: FinishedFrame) -> None:
        """Note a frame that was done on the side."""
        self.clock.add(frame.clock)
        self.add(frame.note, frame.observations, frame.mask_count)

    def _note(self, note: FrameNote, observations: Sequence[Observation], mask_count: int) -> None:
        self.frames.append(note)
        self.observations += observations
        self.mask_count += mask_count

    @property
    def skipped(self) -> list[SkippedFrame]:
        """The frames that could not be used, with the reasons."""
        return [SkippedFrame(note.position, note.skip_reason) for note in self.frames if note.skip_reason is not None]

    @property
    def cameras(self) -> dict[int, npt.NDArray[np.float64]]:
        """The world_from_camera (4, 4) of every frame that could be used, by its number."""
        return {n.position: n.world_from_camera for n in self.frames if n.world_from_camera is not None}

    @property
    def used_count(self) -> int:
        """How many frames could be used."""
        return len(self.frames) - len(self.skipped)
