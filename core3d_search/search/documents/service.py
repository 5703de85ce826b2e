"""What `core3d serve` says about itself and about the indexing that it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from core3d_search.search.documents.form import Document, Versioned


@dataclass(frozen=True)
class Health(Versioned):
    """That the service is up."""

    status: Literal["ok"]
    """ok: the database answers."""
    version: str
    """Of core3d."""


@dataclass(frozen=True)
class SkippedFrame(Document):
    """A frame that could not be used."""

    position: int
    """In the scan."""
    reason: str
    """Why."""


@dataclass(frozen=True)
class RunReport(Document):
    """What indexing did with one scene."""

    scene: str
    """Its name in the database."""
    unchanged: bool
    """Whether it was left alone, nothing having changed."""
    frames: int
    """Frames of the scan."""
    resumed: int
    """Of these, how many an earlier, interrupted run had done."""
    skipped: tuple[SkippedFrame, ...]
    """Those that could not be used."""
    notes: tuple[str, ...]
    """What else is worth knowing: how far poses that were estimated may have drifted."""
    masks: int
    """Masks found."""
    observations: int
    """Masks lifted into 3D."""
    objects: int
    """Objects stored."""
    named: int
    """Of these, how many have a likely name."""
    seconds: Mapping[str, float]
    """Wall seconds a stage."""
    seconds_per_frame: float
    """All stages together, a frame that was worked on."""


@dataclass(frozen=True)
class Job(Versioned):
    """One request to index, and how far it is."""

    job_id: str
    """Its key."""
    path: str
    """What it indexes, below the served root."""
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    """failed where no scene could be indexed, or the indexing itself stopped; see `failed` and `error`."""
    created: datetime
    """When it was asked for."""
    started: datetime | None = None
    """When it began."""
    finished: datetime | None = None
    """When it ended."""
    scene: str | None = None
    """The scene that is worked on."""
    stage: str | None = None
    """What is done with it."""
    done: int = 0
    """Steps of the stage that are done."""
    total: int = 0
    """Steps of the stage."""
    runs: Sequence[RunReport] = ()
    """Scenes that are finished."""
    failed: Mapping[str, str] | None = None
    """Scenes that could not be indexed, with the reason; null while there are none."""
    error: str | None = None
    """What stopped the job as a whole."""

    @property
    def is_over(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in ("done", "failed", "cancelled")


@dataclass(frozen=True)
class JobList(Versioned):
    """Jobs, the newest first."""

    jobs: Sequence[Job]
    """Those that are remembered: the last hundred."""


@dataclass(frozen=True)
class Problem(Document):
    """What went wrong, as RFC 9457 has it; the media type is application/problem+json."""

    type: str
    """A name for the kind of problem; about:blank where the status says all."""
    title: str
    """The kind of problem in words."""
    status: int
    """The HTTP status."""
    detail: str
    """What happened, and what to do."""
    errors: Sequence[Mapping[str, Any]] | None = None
    """What is wrong where in the request: loc, msg."""
