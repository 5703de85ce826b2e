"""What is true of one scene: labelled points, and the boxes of its things."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Box3D, checked
from core3d_search.evaluation.metrics.semantic import NOTHING


@dataclass(frozen=True, eq=False)
class Thing:
    """One true object: its `label` as the data names it, its `box`, and whether enough of it is seen to ask for it."""

    label: str
    box: Box3D
    counts: bool = True


@dataclass(frozen=True, eq=False)
class SceneTruth:
    """The truth of one scene, in the world coordinates of its frames, metres.

    `points` (N, 3) float32; `classes` (N,) positions in `class_names`, NOTHING where a point has no class that is
    judged; `instances` (N,) the true thing that a point belongs to, a key of `things`, 0 for none. `checksum` is
    the SHA-256 of the files that say so. `stuff` are classes that are no instances: walls and floors.
    """

    name: str
    points: npt.NDArray[np.float32]
    classes: npt.NDArray[np.int64]
    instances: npt.NDArray[np.int64]
    class_names: tuple[str, ...]
    things: Mapping[int, Thing] = field(default_factory=dict)
    checksum: str = ""
    stuff: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", checked("points", self.points, (None, 3), np.float32))
        for name in ("classes", "instances"):
            object.__setattr__(self, name, checked(name, getattr(self, name), (len(self.points),), np.int64))

    def present(self) -> npt.NDArray[np.int64]:
        """Return the classes that some point has, in order."""
        found: npt.NDArray[np.int64] = np.unique(self.classes[self.classes != NOTHING])
        return found
