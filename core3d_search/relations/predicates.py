"""The registry of predicates: one documented definition each, with its threshold, unit and source.

Every score is in [0, 1], 0.5 at the threshold where all else is as the definition wants it, soft around it, and keeps
falling beyond it, so that among several candidates the one that fits better wins. Distances are between boxes (0 when
they touch), not between centres. Sources: [Sr3D] ReferIt3D, Achlioptas et al., ECCV 2020, section 3.2 and its published
thresholds (contact 0.15 m, vertical gap 0.06 m, horizontal gap 0.2 m, cone 10 degrees); [3DSSG] Wald et al., CVPR
2020, supplement; [SpatialReasoner] the vocabulary of metason/SpatialReasoner; [ours] chosen, and learned on the
training parts of Nr3D and Sr3D and on generated rooms (training/fit_relations.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core3d_search.relations.pairs import Pairs
from core3d_search.relations.table import Array
from core3d_search.relations.viewpoint import Gaze


@dataclass(frozen=True, eq=False)
class Circumstances:
    """What a relation may need beyond the boxes: the frame that was asked for and the speaker's gaze."""

    frame: str | None = None
    gaze: Gaze | None = None


Score = Callable[[Pairs, Circumstances], Array]
"""Scores (T, A) in [0, 1] of every pair."""


@dataclass(frozen=True, eq=False)
class Predicate:
    """One relation to one anchor: `definition` in words, `threshold` in `unit` where the score is 0.5."""

    name: str
    definition: str
    threshold: float
    unit: str
    source: str
    score: Score


PREDICATES: dict[str, Predicate] = {}
"""Name -> predicate of one anchor; importing the package fills it."""


def predicate(name: str, threshold: float, unit: str, source: str) -> Callable[[Score], Score]:
    """Register the decorated function under `name`; its docstring's first line is the definition."""

    def register(score: Score) -> Score:
        definition = (score.__doc__ or "").strip().splitlines()[0].rstrip(".")
        PREDICATES[name] = Predicate(name, definition, threshold, unit, source, score)
        return score

    return register
