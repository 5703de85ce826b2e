"""Whether a scan lies beyond what the built-in encoder knows: too few of its objects have a name that is likely."""

from __future__ import annotations

from collections.abc import Iterable

from core3d_search.datatypes import SceneObject
from core3d_search.indexer.config import PROFILES, IndexConfig
from core3d_search.indexer.report import RunReport

LIKELY = 0.5
"""Score of a label from which it is likelier right than not."""

LEAST_OBJECTS = 8
"""A scan with fewer objects says nothing about the rest of the world."""

LEAST_NAMED = 0.5
"""Fraction: of rooms like those that the encoder learned, 78 to 100 % of the objects have a likely name."""


def likely_names(objects: Iterable[SceneObject]) -> int:
    """Return how many objects have a likely name."""
    return sum((thing.label_score or 0.0) >= LIKELY for thing in objects)


def depth_note(report: RunReport, config: IndexConfig) -> str | None:
    """Return that a scan is out of the built-in encoder's depth and what knows more; None where it is not.

    Another encoder is not judged: its scores have another scale, and there is no better profile to name.
    """
    if config.encoder.name != "built-in" or report.unchanged or report.objects < LEAST_OBJECTS:
        return None
    if report.named >= LEAST_NAMED * report.objects:
        return None
    better = next(name for name, profile in PROFILES.items() if profile.encoder.name != "built-in")
    return (
        f"only {report.named} of {report.objects} objects have a likely name: this scan shows much that the built-in "
        f"encoder does not know; index it with --profile {better}, which knows more (core3d models lists what it needs)"
    )
