"""What of a scene is shown: coloured points and boxes, z up; and which object a click into them means."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from core3d_search.errors import NotFoundError
from core3d_search.geometry import level_from_world
from core3d_search.relations import ObjectTable
from core3d_search.search.searcher import Searcher

MOST_POINTS = 400_000
"""Points that are shown of a scene: 6 MB to a browser, and more than one draws fluently without a graphics card."""
REACH = 0.015
"""How far beside a point a click may go, as a share of its distance: about a finger's breadth at arm's length."""
SAME_DEPTH_M = 0.05
"""Points no further than this behind the nearest are as good: of those the one nearest to the click counts."""
ROOMS_KEPT = 4
Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Room:
    """A scene as it is shown: a frame with z up, metres, measured from the scene's origin.

    `table` has its objects; `points` (P, 3) float32 and their `colors` (P, 3) uint8 RGB; `owners` (P,) the row in
    `table` that each belongs to. `generation` is that of the store when they were read.
    """

    name: str
    table: ObjectTable
    points: npt.NDArray[np.float32]
    colors: npt.NDArray[np.uint8]
    owners: npt.NDArray[np.intp]
    generation: int

    @cached_property
    def corners(self) -> Vector:
        """The least and the greatest corner (2, 3) of all boxes."""
        return np.asarray(self.table.room, np.float64)

    def row(self, object_id: int) -> int | None:
        """Return where an object stands in the table, None where it is not in this scene."""
        found = np.flatnonzero(self.table.ids == object_id)
        return int(found[0]) if len(found) else None

    def name_of(self, row: int) -> str:
        """Return what people call an object: `chair #86`."""
        return f"{self.table.labels[row] or 'object'} #{self.table.ids[row]}"


def read_room(searcher: Searcher, scene: str, most_points: int = MOST_POINTS) -> Room:
    """Return the scene called `scene`; every so many points are left out where it has more than `most_points`.

    Raises StoreError where there is no such scene, NotFoundError where it has no objects.
    """
    store = searcher.store
    while True:
        record = store.scene(scene)
        objects, table = (
            store.objects(scene, with_points=True),
            searcher.objects(scene) if record.object_count else None,
        )
        if store.scene(scene).generation == record.generation:  # else it was indexed again in between
            break
    if table is None or not objects:
        raise NotFoundError(f"{scene!r} has no objects to show; `core3d index {record.path}` finds some")
    rows = {int(key): row for row, key in enumerate(table.ids)}
    step = -(-sum(len(item.points) for item in objects) // most_points) or 1
    turn = level_from_world(record.up)
    return Room(
        name=record.name,
        table=table,
        points=(np.concatenate([item.points[::step] for item in objects]) @ turn.T).astype(np.float32),
        colors=np.concatenate([item.colors[::step] for item in objects]),
        owners=np.concatenate([np.full(len(item.points[::step]), rows[item.id]) for item in objects]),
        generation=record.generation,
    )


class Rooms:
    """The scenes that were shown last, shared by all pages; what was indexed again meanwhile is read again."""

    def __init__(self, searcher: Searcher) -> None:
        self.searcher = searcher
        self._kept: OrderedDict[str, Room] = OrderedDict()
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """Return the scenes that have something to show, by name; raises NotFoundError where none has."""
        names = sorted(scene.name for scene in self.searcher.store.searchable_scenes() if scene.object_count)
        if not names:
            place = self.searcher.store.location
            raise NotFoundError(f"{place} has no scene with objects to show; `core3d index FOLDER` finds some")
        return names

    def room(self, scene: str) -> Room:
        """Return a scene as it is now; raises as `read_room` does."""
        with self._lock:
            kept = self._kept.pop(scene, None)
            if kept is None or kept.generation != self.searcher.store.scene(scene).generation:
                kept = read_room(self.searcher, scene)
            self._kept[scene] = kept
            while len(self._kept) > ROOMS_KEPT:
                self._kept.popitem(last=False)
            return kept


def picked(room: Room, origin: npt.ArrayLike, direction: npt.ArrayLike) -> int | None:
    """Return the id of the object that is seen along a ray, None where there is none.

    That is the one whose point is nearest to the viewer among those that the ray passes closely (see `REACH`). A box
    would not do: that of a bed holds the pillows too. Only where no point is near does the smallest box on the ray
    count, the lower id among equals. `origin` (3,), `direction` (3,) need not be of length 1.
    """
    start, along = np.asarray(origin, np.float64), np.asarray(direction, np.float64)
    length = np.linalg.norm(along)
    if not length > 0:
        return None
    along = along / length
    offset = room.points - start
    ahead = offset @ along
    beside = np.linalg.norm(offset - ahead[:, None] * along, axis=1)
    near = np.flatnonzero((ahead > 0) & (beside <= REACH * ahead))
    if len(near):
        first = near[ahead[near] <= ahead[near].min() + SAME_DEPTH_M]
        return int(room.table.ids[room.owners[first[np.argmin(beside[first] / ahead[first])]]])
    rows = np.flatnonzero(_boxes_on(room.table, start, along))
    volumes = room.table.extents[rows].prod(axis=1)
    return int(room.table.ids[rows[np.argmin(volumes)]]) if len(rows) else None


def _boxes_on(table: ObjectTable, start: Vector, along: Vector) -> npt.NDArray[np.bool_]:
    """Return (N,) which boxes a ray meets ahead, without those that it starts in (slabs, Kay and Kajiya 1986)."""
    local_start = np.einsum("nji,nj->ni", table.rotations, start - table.centers)
    local_along = np.einsum("nji,j->ni", table.rotations, along)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = ((sign * table.extents / 2 - local_start) / local_along for sign in (-1, 1))
    parallel = np.abs(local_along) < 1e-12
    outside = parallel & (np.abs(local_start) > table.extents / 2)
    enter = np.where(parallel, -np.inf, np.minimum(low, high)).max(axis=1)
    leave = np.where(parallel, np.inf, np.maximum(low, high)).min(axis=1)
    met: npt.NDArray[np.bool_] = (enter <= leave) & (enter > 0) & ~outside.any(axis=1)
    return met
