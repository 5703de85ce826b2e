"""What one run did: counts, what was skipped and why, seconds per stage."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol


class StageProgress(Protocol):
    """Hears how far a stage of a scene has come: `done` of `total` steps, of which `skipped` failed."""

    def __call__(self, scene: str, stage: str, done: int, total: int, skipped: int = 0) -> None: ...


def silent(scene: str, stage: str, done: int, total: int, skipped: int = 0) -> None:
    """Tell nobody."""


class StageClock:
    """Adds up wall seconds under the name of each stage, in the order in which the stages first ran.

    Of stages that run at once, on threads, each thread's seconds count: they add up to more than passes.
    The time of a stage that runs inside another one is its own, not that of the other.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._inside, self._begun = 0.0, time.perf_counter()

    @property
    def passed(self) -> float:
        """Wall seconds since the clock was made."""
        return time.perf_counter() - self._begun

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        self.seconds.setdefault(stage, 0.0)
        before, self._inside = self._inside, 0.0
        start = time.perf_counter()
        try:
            yield
        finally:
            whole = time.perf_counter() - start
            self.seconds[stage] += whole - self._inside
            self._inside = before + whole

    def add(self, other: StageClock) -> None:
        """Add what another clock measured, of a thread that has ended."""
        for stage, seconds in other.seconds.items():
            self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds


@dataclass(frozen=True)
class SkippedFrame:
    """A frame that could not be used: its position in the scene and the reason."""

    position: int
    reason: str


@dataclass(frozen=True)
class RunReport:
    """One execution of the pipeline on one scene; `seconds` is the time of each stage, added up over threads, `passed`
    what passed in all.

    `resumed` frames were done by an earlier run that was interrupted; `named` objects have a likely name. `notes` are
    sentences for people: what was estimated, and how well.
    """

    scene: str
    frames: int
    skipped: tuple[SkippedFrame, ...] = ()
    masks: int = 0
    observations: int = 0
    objects: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    unchanged: bool = False
    resumed: int = 0
    passed: float = 0.0
    named: int = 0
    notes: tuple[str, ...] = ()

    @property
    def seconds_per_frame(self) -> float:
        """Wall seconds from the first to the last stage, per frame that was worked on."""
        return self.passed / max(1, self.frames - len(self.skipped) - self.resumed)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {
            "scene": self.scene,
            "unchanged": self.unchanged,
            "frames": self.frames,
            "resumed": self.resumed,
            "skipped": [{"position": s.position, "reason": s.reason} for s in self.skipped],
            "notes": list(self.notes),
            "masks": self.masks,
            "observations": self.observations,
            "objects": self.objects,
            "named": self.named,
            "seconds": {stage: round(seconds, 3) for stage, seconds in self.seconds.items()},
            "seconds_per_frame": round(self.seconds_per_frame, 4),
        }
