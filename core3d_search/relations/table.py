"""The objects of one scene as a struct of arrays: what relations measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Box3D, checked

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class ObjectTable:
    """N objects of one scene in a frame whose z axis points up.

    `ids` (N,) int64; `centers` and full `extents` (N, 3) metres; `rotations` (N, 3, 3) world_from_box, identity when
    None; `colors` (N, 3) RGB 0..255 and `fronts` (N, 3) unit directions, NaN where unknown; `labels` one text or None
    an object; `points` (P, 3) samples an object or None; `materials` what each is made of, where somebody knows;
    `scene` names the scene in hits.
    """

    ids: Array
    centers: Array
    extents: Array
    rotations: Array = None  # type: ignore[assignment]  # filled in below
    colors: Array = None  # type: ignore[assignment]
    fronts: Array = None  # type: ignore[assignment]
    labels: Sequence[str | None] = ()
    points: Sequence[Array | None] = ()
    materials: Sequence[str | None] = ()
    scene: str = ""

    def __post_init__(self) -> None:
        n = len(self.ids)
        unknown = np.full((n, 3), np.nan)
        rotations = np.broadcast_to(np.eye(3), (n, 3, 3)) if self.rotations is None else self.rotations
        set_ = object.__setattr__
        set_(self, "ids", checked("ids", self.ids, (None,), np.int64))
        set_(self, "centers", checked("centers", self.centers, (n, 3), np.float64))
        set_(self, "extents", checked("extents", self.extents, (n, 3), np.float64))
        set_(self, "rotations", checked("rotations", rotations, (n, 3, 3), np.float64))
        set_(self, "colors", checked("colors", unknown if self.colors is None else self.colors, (n, 3), np.float64))
        set_(self, "fronts", checked("fronts", unknown if self.fronts is None else self.fronts, (n, 3), np.float64))
        for name in ("labels", "points", "materials"):
            rows = tuple(getattr(self, name)) or (None,) * n
            if len(rows) != n:
                raise ValueError(f"{name} must have {n} entries, got {len(rows)}")
            set_(self, name, rows)

    def __len__(self) -> int:
        return len(self.ids)

    def box(self, row: int) -> Box3D:
        """Return the box of one row."""
        return Box3D(self.centers[row], self.extents[row], self.rotations[row])

    @cached_property
    def axes(self) -> Array:
        """Horizontal unit directions (N, 2, 2) of the two more horizontal box axes; rows are axes."""
        rotations = self.rotations
        upright = np.argmax(np.abs(rotations[:, 2, :]), axis=1)
        first = (upright + 1) % 3
        rows = np.arange(len(self))
        axis = rotations[rows, :2, first]
        length = np.linalg.norm(axis, axis=1, keepdims=True)
        axis = np.where(length > 1e-9, axis / np.maximum(length, 1e-9), np.array([1.0, 0.0]))
        return np.stack([axis, np.stack([-axis[:, 1], axis[:, 0]], axis=1)], axis=1)

    @cached_property
    def half(self) -> Array:
        """Half sizes (N, 3) of the upright box: along `axes[0]`, `axes[1]` and z, which enclose the oriented box."""
        rotations, extents = self.rotations, self.extents
        flat = np.einsum("nij,njk->nik", self.axes, rotations[:, :2, :])
        sides = np.einsum("nik,nk->ni", np.abs(flat), extents) / 2
        height = np.einsum("nk,nk->n", np.abs(rotations[:, 2, :]), extents) / 2
        return np.concatenate([sides, height[:, None]], axis=1)

    @cached_property
    def aligned(self) -> bool:
        """Whether every box is parallel to the world axes (the fast and exact case)."""
        return bool(np.all(np.abs(np.abs(self.axes).max(axis=2) - 1) < 1e-9))

    @cached_property
    def flat_half(self) -> Array:
        """Half sizes (N, 2) of the world-aligned footprint."""
        return np.einsum("nik,ni->nk", np.abs(self.axes), self.half[:, :2])

    @cached_property
    def headings(self) -> Array:
        """Horizontal unit direction (N, 2) of each known front; NaN where there is none or it points up or down."""
        flat = self.fronts[:, :2]
        length = np.linalg.norm(np.nan_to_num(flat), axis=1, keepdims=True)
        whole = np.linalg.norm(np.nan_to_num(self.fronts), axis=1, keepdims=True)
        return np.where(length > 0.3 * whole, flat / np.maximum(length, 1e-12), np.nan)

    @cached_property
    def low(self) -> Array:
        """Height (N,) of the lowest point of each box."""
        return self.centers[:, 2] - self.half[:, 2]

    @cached_property
    def high(self) -> Array:
        """Height (N,) of the highest point of each box."""
        return self.centers[:, 2] + self.half[:, 2]

    @cached_property
    def room(self) -> Array:
        """Lower and upper corner (2, 3) of the room: the extent of all objects."""
        if not len(self):
            return np.zeros((2, 3))
        low = np.concatenate([self.centers[:, :2] - self.flat_half, self.low[:, None]], axis=1).min(axis=0)
        high = np.concatenate([self.centers[:, :2] + self.flat_half, self.high[:, None]], axis=1).max(axis=0)
        return np.stack([low, high])

    @cached_property
    def middle(self) -> Array:
        """The centre (2,) of the room's floor."""
        return self.room[:, :2].mean(axis=0)

    @cached_property
    def wall_gaps(self) -> Array:
        """Distances (N, 4) in metres of each box to the room's sides: -x, +x, -y, +y; never negative."""
        low, high = self.centers[:, :2] - self.flat_half, self.centers[:, :2] + self.flat_half
        gaps = np.stack(
            [
                low[:, 0] - self.room[0, 0],
                self.room[1, 0] - high[:, 0],
                low[:, 1] - self.room[0, 1],
                self.room[1, 1] - high[:, 1],
            ],
            axis=1,
        )
        return np.maximum(gaps, 0.0)

    @cached_property
    def wall_normals(self) -> Array:
        """Horizontal unit direction (N, 2) from each object's centre out of the room through the nearest side."""
        low, high = self.centers[:, :2] - self.room[0, :2], self.room[1, :2] - self.centers[:, :2]
        out = np.array([[-1.0, 0.0], [1.0, 0.0], [0.0, -1.0], [0.0, 1.0]])
        distances = np.stack([low[:, 0], high[:, 0], low[:, 1], high[:, 1]], axis=1)
        thin = self.half[:, :2].min(axis=1) < 0.35 * self.half[:, :2].max(axis=1)
        if thin.any():  # a flat object on a wall faces along its thin side
            across = np.argmin(self.half[:, :2], axis=1)
            along = self.axes[np.arange(len(self)), across]
            alignment = np.abs(along @ out.T)
            distances = np.where(thin[:, None] & (alignment < 0.5), np.inf, distances)
        return out[np.argmin(distances, axis=1)]
