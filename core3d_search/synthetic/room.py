"""A room as exact values: what stands where, what it is, and what is true between things."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Box3D
from core3d_search.synthetic.mesh import Mesh
from core3d_search.synthetic.surfaces import Surface


@dataclass(frozen=True, eq=False)
class RoomObject:
    """One thing in a room, in world coordinates (metres, z up).

    `box` is tight in the object's own yaw; `front` (3,) is the unit direction its front faces, None where it has
    none. `solids` (K, 7) are its parts for collision as (x, y, half x, half y, yaw, low z, high z). `holder` is the
    id of the thing that it stands on, hangs over or lies in, and `held` says how: "on", "inside", "under" or "".
    """

    id: int
    label: str
    color: str
    material: str
    box: Box3D
    front: npt.NDArray[np.float64] | None
    mesh: Mesh
    surfaces: tuple[Surface, ...]
    solids: npt.NDArray[np.float64]
    holder: int | None = None
    held: str = ""

    @property
    def vertices(self) -> npt.NDArray[np.float32]:
        """The corners of the triangles, (3 T, 3)."""
        return self.mesh.corners.reshape(-1, 3)

    @property
    def triangles(self) -> npt.NDArray[np.int64]:
        """Indices into `vertices`, (T, 3)."""
        return np.arange(3 * len(self.mesh.corners)).reshape(-1, 3)


@dataclass(frozen=True, eq=False)
class Structure:
    """A floor, ceiling or wall: part of the room, never counted as an object."""

    label: str
    box: Box3D
    mesh: Mesh
    surfaces: tuple[Surface, ...]


@dataclass(frozen=True)
class Relation:
    """`subject` stands in `predicate` to `anchors` (ids; two for "between").

    `frame` is "world" for predicates that hold from everywhere and "anchor" for those in the anchor's own frame.
    """

    predicate: str
    subject: int
    anchors: tuple[int, ...]
    frame: str = "world"


@dataclass(frozen=True, eq=False)
class Light:
    """An area light: linear RGB `power`, a disc of `radius` metres at `center`; `direction` (3,) or None for all."""

    center: npt.NDArray[np.float64]
    radius: float
    power: npt.NDArray[np.float64]
    direction: npt.NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False)
class Room:
    """A furnished room: floor from (0, 0) to `size[:2]`, ceiling at `size[2]`."""

    name: str
    kind: str
    seed: int
    size: tuple[float, float, float]
    objects: tuple[RoomObject, ...]
    structure: tuple[Structure, ...]
    relations: tuple[Relation, ...]
    lights: tuple[Light, ...]
    up: tuple[float, float, float] = (0.0, 0.0, 1.0)

    def __getitem__(self, object_id: int) -> RoomObject:
        return self.objects[object_id - 1]
