"""The words of the search layer as checked, immutable values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]


def checked(name: str, value: npt.ArrayLike, shape: tuple[int | None, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return `value` as a read-only array of `dtype`; None in `shape` admits any length.

    Raises ValueError that names the array, the expected and the actual shape.
    """
    array = np.asarray(value, dtype=dtype)
    if array.ndim != len(shape) or any(want not in (None, have) for want, have in zip(shape, array.shape, strict=True)):
        expected = tuple("any" if n is None else n for n in shape)
        raise ValueError(f"{name} must have shape {expected}, got {array.shape}")
    view = array.view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True, eq=False)
class Box3D:
    """An oriented box: `center` (3,) metres, full `extent` (3,) metres, `rotation` (3, 3) world_from_box."""

    center: npt.NDArray[np.float64]
    extent: npt.NDArray[np.float64]
    rotation: npt.NDArray[np.float64] = field(default_factory=lambda: np.eye(3))

    def __post_init__(self) -> None:
        object.__setattr__(self, "center", checked("center", self.center, (3,), np.float64))
        object.__setattr__(self, "extent", checked("extent", self.extent, (3,), np.float64))
        object.__setattr__(self, "rotation", checked("rotation", self.rotation, (3, 3), np.float64))

    def moved(self, by: npt.ArrayLike | None) -> Box3D:
        """Return the box moved by (3,) metres, in 64 bits; itself where `by` is None."""
        return self if by is None else Box3D(self.center + np.asarray(by, np.float64), self.extent, self.rotation)

    def to_dict(self) -> dict[str, list[Any]]:
        """Return plain lists, for JSON."""
        return {
            "center": self.center.tolist(),
            "extent": self.extent.tolist(),
            "rotation": self.rotation.tolist(),
        }


@dataclass(frozen=True)
class View:
    """One frame that shows an object well: `box` is xyxy pixels in that frame, `visible_fraction` in [0, 1]."""

    frame: int
    box: tuple[float, float, float, float]
    visible_fraction: float


@dataclass(frozen=True, eq=False)
class SceneObject:
    """One object of one scene, in the scene's world frame, measured from the scene's `origin` where it has one.

    `points` (P, 3) float32 metres, `colors` (P, 3) uint8 RGB, `embedding` (D,) float32 of length 1. `id` is the
    database key, 0 before the object is stored. `label_score` is the similarity that chose the label, exactly 1
    where the scene's own files gave it; `front` the unit direction that the object faces, None where unknown.
    A scan far from zero (UTM) has an origin of its own, for 32-bit points would step by half a metre there:
    `SceneRecord.origin` added to `points`, in 64 bits, and to the centre of `box` gives the coordinates of the scan.
    """

    scene: str
    points: npt.NDArray[np.float32]
    colors: npt.NDArray[np.uint8]
    box: Box3D
    embedding: npt.NDArray[np.float32]
    observation_count: int
    label: str | None = None
    views: tuple[View, ...] = ()
    id: int = 0
    label_score: float | None = None
    front: tuple[float, float, float] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", checked("points", self.points, (None, 3), np.float32))
        object.__setattr__(self, "colors", checked("colors", self.colors, (len(self.points), 3), np.uint8))
        object.__setattr__(self, "embedding", checked("embedding", self.embedding, (None,), np.float32))


@dataclass(frozen=True, eq=False)
class Matches:
    """Answers of a vector index: `ids` (Q, K) int64 database keys (-1: none), `similarities` (Q, K) descending."""

    ids: npt.NDArray[np.int64]
    similarities: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", checked("ids", self.ids, (None, None), np.int64))
        object.__setattr__(self, "similarities", checked("similarities", self.similarities, self.ids.shape, np.float32))


@dataclass(frozen=True)
class Reason:
    """One factor of a hit's score, with the values that were measured.

    `kind` is "target", "label", "attribute", "relation", "negation" or "superlative"; `score` is in [0, 1], and the
    product of the scores of all reasons of a hit is the hit's score. A "tie" (score 1) tells what is as good, an
    "opinion" is what another model sees in the picture.
    `values` carries its units in the keys (`distance_m`, `angle_deg`); `anchor_ids` are database keys.
    """

    kind: str
    text: str
    score: float
    anchor_ids: tuple[int, ...] = ()
    values: Mapping[str, float | str] = field(default_factory=lambda: MappingProxyType({}))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {
            "kind": self.kind,
            "text": self.text,
            "score": self.score,
            "anchor_ids": list(self.anchor_ids),
            "values": dict(self.values),
        }


@dataclass(frozen=True, eq=False)
class Hit:
    """One answer: `score` in [0, 1] is the product of those of `reasons`, `similarity` in [-1, 1] the raw cosine.

    What a `Searcher` returns has its `box` in the scan's own world coordinates, the scene's origin added.
    """

    scene: str
    object_id: int
    score: float
    similarity: float
    box: Box3D
    label: str | None = None
    reasons: tuple[Reason, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {
            "scene": self.scene,
            "object_id": self.object_id,
            "label": self.label,
            "score": self.score,
            "similarity": self.similarity,
            "box": self.box.to_dict(),
            "reasons": [reason.to_dict() for reason in self.reasons],
        }
