"""Rooms furnished with other people's models: the same walls, light, cameras and ground truth as the generated ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Box3D
from core3d_search.errors import InputError
from core3d_search.geometry import level_axes
from core3d_search.meshes.catalog import catalog_name
from core3d_search.meshes.folders import mesh_files
from core3d_search.meshes.loading import SUFFIXES, load_model, scene_name
from core3d_search.meshes.model import Material, Model
from core3d_search.meshes.names import spoken, words
from core3d_search.synthetic.collision import overlaps
from core3d_search.synthetic.generate import assemble, furnish
from core3d_search.synthetic.mesh import Mesh, turn_z
from core3d_search.synthetic.relations import find_relations
from core3d_search.synthetic.room import Room, RoomObject
from core3d_search.synthetic.surfaces import Surface

OPENINGS = ("window", "door")
"""What the generator still places itself: a room without them is no room."""
LARGEST_M, SMALLEST_M = 3.0, 0.04
"""Models with a longer side than the first, or none as long as the second, are left out."""
SMALL_M = 0.55
"""What has no longer side stands on something where it can."""
TOP_M = (0.3, 1.2)
"""Heights of what small things are stood on."""
TRIES = 60


@dataclass(frozen=True, eq=False)
class Furniture:
    """A model that stands upright with the middle of its base at the origin, and what it is called."""

    label: str
    model: Model

    @property
    def size(self) -> npt.NDArray[np.float64]:
        """Width, depth and height in metres."""
        return np.ptp(self.model.bounds, axis=0)


def load_furniture(folder: Path) -> list[Furniture]:
    """Return the models at any depth below `folder` that fit into a room, by path; names without words are left out.

    Raises InputError where there is none. A file that cannot be read is left out.
    """
    found = []
    for path in mesh_files(folder):
        label = " ".join(words(catalog_name(path) or scene_name(path)))
        try:
            model = load_model(path) if label else None
        except InputError:
            continue
        if model is not None and SMALLEST_M <= np.ptp(model.bounds, axis=0).max() <= LARGEST_M:
            found.append(Furniture(label, upright(model)))
    if not found:
        raise InputError(f"{folder} holds no model that fits into a room: {', '.join(SUFFIXES)}, up to {LARGEST_M:g} m")
    return found


def furnish_with_models(furniture: Sequence[Furniture], seed: int, *, count: int = 16, name: str | None = None) -> Room:
    """Return a room with at most `count` of `furniture`, some of it along the walls, small things on larger ones.

    Deterministic for the same arguments. Walls, window, door and light are those of the room of `seed`.
    """
    kind, arrangement = furnish(seed, kind="living room", categories=OPENINGS)
    empty = assemble(arrangement, name or f"furnished-{seed}", kind, seed)
    rng = np.random.default_rng([seed, 5])
    chosen = [furniture[k] for k in rng.permutation(len(furniture))[:count]]
    chosen.sort(key=lambda item: -float(np.prod(item.size)))  # what is large finds room first
    placed = list(empty.objects)
    for item in chosen:
        made = _place(item, placed, empty, len(placed) + 1, rng)
        if made is not None:
            placed.append(made)
    return replace(empty, objects=tuple(placed), relations=find_relations(tuple(placed)))


def upright(model: Model) -> Model:
    """Return a model turned to z up, the middle of its base at the origin."""
    turned = model.moved(level_axes(model.up).T, np.zeros(3))
    low, high = turned.bounds
    return turned.moved(np.eye(3), -np.array([*(low + high)[:2] / 2, low[2]]))


def _place(
    item: Furniture, placed: Sequence[RoomObject], room: Room, number: int, rng: np.random.Generator
) -> RoomObject | None:
    """Return the item where it stands free, None where no place was found."""
    width, depth, height = item.size
    small = max(item.size) <= SMALL_M
    holders = [other for other in placed if other.label not in OPENINGS and _is_top(other)]
    for attempt in range(TRIES):
        holder = holders[int(rng.integers(len(holders)))] if small and holders and attempt < TRIES // 2 else None
        yaw = float(rng.integers(4) * np.pi / 2 + rng.normal(0, 0.05))
        if holder is None:
            at = _floor_place(room, width, depth, yaw, rng)
        else:
            reach = np.maximum(holder.box.extent[:2] / 2 - max(width, depth) / 2, 0)
            local = np.array([*(rng.uniform(-1, 1, 2) * reach), holder.box.extent[2] / 2 + 0.001])
            at = holder.box.center + holder.box.rotation @ local
        solid = np.array([[at[0], at[1], width / 2, depth / 2, yaw, at[2] + 0.001, at[2] + height]])
        if at[2] + height < room.size[2] and not any(overlaps(solid, other.solids).any() for other in placed):
            return _object(item, number, at, yaw, solid, holder)
    return None


def _is_top(other: RoomObject) -> bool:
    return TOP_M[0] <= other.box.center[2] + other.box.extent[2] / 2 <= TOP_M[1] and other.holder is None


def _floor_place(
    room: Room, width: float, depth: float, yaw: float, rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    """Return a place on the floor, two times of three against a wall."""
    half = max(width, depth) / 2 if round(yaw / (np.pi / 2)) % 2 else width / 2
    across = width / 2 + depth / 2 - half if round(yaw / (np.pi / 2)) % 2 else depth / 2
    reach = np.array([half, across]) + 0.06
    free = np.maximum(np.array(room.size[:2]) - 2 * reach, 0)
    at = reach + rng.uniform(0, 1, 2) * free
    if rng.random() < 0.67:
        axis, end = int(rng.integers(2)), int(rng.integers(2))
        at[axis] = reach[axis] + end * free[axis]
    return np.array([*at, 0.0])


def _object(
    item: Furniture, number: int, at: npt.NDArray[np.float64], yaw: float, solid: npt.NDArray[np.float64],
    holder: RoomObject | None,
) -> RoomObject:  # fmt: skip
    turn = turn_z(yaw)
    moved = item.model.moved(turn, at)
    mesh = Mesh(moved.corners, moved.normals, moved.uvs, moved.material)
    size = item.size
    box = Box3D(at + np.array((0, 0, size[2] / 2)), size, turn)
    surfaces = tuple(_surface(material, item.model, k) for k, material in enumerate(item.model.materials))
    return RoomObject(
        number, spoken(item.label), "", "", box, None, mesh, surfaces, solid,
        None if holder is None else holder.id, "" if holder is None else "on",
    )  # fmt: skip


def _surface(material: Material, model: Model, number: int) -> Surface:
    """Return what covers a part; tints of vertices count by their mean."""
    own = model.material == number
    tint = model.tints[own].reshape(-1, 4).mean(0) if own.any() else np.ones(4)
    red, green, blue = (float(value) ** 2.2 for value in material.color[:3] * tint[:3])
    glass = float(material.color[3]) < 0.5
    return Surface((red, green, blue), (red, green, blue), glass=glass, texture=material.texture)
