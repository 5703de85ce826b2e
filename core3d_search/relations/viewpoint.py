"""Whose left, whose front: the frames of reference that a relation is scored in, each with its weight.

A frame is a pair of horizontal directions at each anchor: `front` (towards the speaker's side of the anchor) and
`right`. Without a given frame several hypotheses are scored and mixed with the weights of `PRIOR`, learned on
Nr3D/Sr3D training rooms (benchmarks/grounding.py fit):

  facing   the speaker looks in a direction that the text gives ("facing the door, ...");
  front    the speaker stands before the anchor's known front and looks at it: left is the mirror of its own left;
  own      the anchor's own sides, as of a person who sits in it;
  room     the speaker stands in the middle of the room and looks at the anchor;
  wall     the speaker looks straight at the wall that the anchor stands nearest to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core3d_search.relations.table import Array, ObjectTable

PRIOR = {"facing": 4.0, "front": 1.8, "own": 0.17, "room": 0.7, "wall": 0.8, "intrinsic": 0.2}


@dataclass(frozen=True, eq=False)
class View:
    """One hypothesis: `weight` (A,), `front` and `right` (A, 2) unit directions at each of A anchors."""

    name: str
    weight: Array
    front: Array
    right: Array


@dataclass(frozen=True, eq=False)
class Gaze:
    """Directions in which the speaker may look by the text, (G, 2) unit, with weights (G,)."""

    directions: Array
    weights: Array


def right_of(direction: Array) -> Array:
    """Return the direction to the right of somebody who looks along `direction` (..., 2), z up."""
    return np.stack([direction[..., 1], -direction[..., 0]], axis=-1)


def unit(vectors: Array) -> Array:
    """Return `vectors` (..., 2) at length 1; zero vectors stay zero."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.where(length > 1e-9, vectors / np.maximum(length, 1e-9), 0.0)


def describe_views(found: list[View]) -> str:
    """Return the shares of the hypotheses at the first anchor: "front 0.58, room 0.22, wall 0.20"."""
    shares: dict[str, float] = {}
    for view in found:
        shares[view.name] = shares.get(view.name, 0.0) + float(view.weight[0])
    ordered = sorted(shares.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {share:.2f}" for name, share in ordered if share >= 0.005)


def views(table: ObjectTable, anchors: Array, frame: str | None, gaze: Gaze | None, along: str = "left") -> list[View]:
    """Return the hypotheses for relations to `anchors` (A,), weights summing to 1 at each anchor."""
    a = np.asarray(anchors, dtype=np.intp)
    count = len(a)
    fronts = np.nan_to_num(table.headings[a])
    known = np.isfinite(table.headings[a]).all(axis=1)
    found: list[View] = []

    def add(name: str, weight: Array, front: Array, right: Array) -> None:
        found.append(View(name, weight, front, right))

    if frame == "room":
        add("room axes", np.ones(count), np.tile([0.0, -1.0], (count, 1)), np.tile([1.0, 0.0], (count, 1)))
        return found
    if gaze is not None and frame != "anchor":
        for direction, share in zip(gaze.directions, gaze.weights, strict=True):
            look = np.tile(direction, (count, 1))
            add("facing", np.full(count, PRIOR["facing"] * share), -look, right_of(look))
    # in front of a thing with a front means before it, wherever the speaker stands; left and right depend on that
    less = np.where(known, PRIOR["intrinsic"], 1.0) if along in ("front", "behind") else np.ones(count)
    if frame != "anchor":
        add("front", np.asarray(known * PRIOR["front"]), fronts, right_of(-fronts))
        out = table.centers[a, :2] - table.middle
        reach = np.linalg.norm(out, axis=1)
        look = unit(out)
        add("room", less * PRIOR["room"] * reach / (reach + 0.7), -look, right_of(look))
        normal = table.wall_normals[a]
        near_wall = np.exp(-table.wall_gaps[a].min(axis=1))
        add("wall", less * PRIOR["wall"] * near_wall, -normal, right_of(normal))
    if frame != "viewer":
        add("own", np.asarray(known * (1.0 if frame == "anchor" else PRIOR["own"])), fronts, right_of(fronts))
    total = np.maximum(sum(view.weight for view in found), 1e-9)
    return [View(v.name, v.weight / total, v.front, v.right) for v in found]


@dataclass(frozen=True, eq=False)
class Spots:
    """Objects that a viewpoint may mean: `rows` (S,) of the table, `weights` (S,) that sum to 1."""

    rows: Array
    weights: Array


def gaze_of(
    table: ObjectTable, standing: Spots | None, facing: Spots | None, seen: Mapping[str, Spots | None] | None = None
) -> Gaze | None:
    """Return where somebody looks who stands and faces as told; None where nothing of it is known.

    Without a standpoint one looks from the middle of the room, straight at the wall behind what one faces, or at its
    front; without something to face, into the room. `seen` says what one has "left", "right" and "behind": it chooses
    among the directions, or gives them where there is no other.
    """
    implied = _implied(table, standing, seen or {})
    given = _gaze_at(table, standing, facing)
    if given is None or implied is None:
        return given if implied is None else implied
    agreement = 0.5 + 0.5 * (given.directions @ implied.directions.T) @ implied.weights  # (G,) in [0, 1]
    weights = given.weights * (0.02 + agreement**2)
    return Gaze(given.directions, weights / weights.sum())


def _implied(table: ObjectTable, standing: Spots | None, seen: Mapping[str, Spots | None]) -> Gaze | None:
    """Return the directions in which things are seen to the left, to the right or behind."""
    start = table.middle
    if standing is not None and len(standing.rows):
        start = standing.weights @ table.centers[standing.rows, :2]
    directions, shares = [], []
    for side, spots in seen.items():
        for row, p in zip(spots.rows, spots.weights, strict=True) if spots is not None else ():
            toward, wall = unit(table.centers[row, :2] - start), table.wall_normals[row]
            for way, share in ((toward, 0.6), (wall, 0.4 * float(np.exp(-table.wall_gaps[row].min())))):
                turned = {"left": right_of(way), "right": -right_of(way), "behind": -way}[side]
                if np.hypot(*turned) > 1e-6:
                    directions.append(turned)
                    shares.append(float(p) * share)
    return Gaze(np.array(directions), np.array(shares) / sum(shares)) if directions else None


def _gaze_at(table: ObjectTable, standing: Spots | None, facing: Spots | None) -> Gaze | None:
    directions: list[Array] = []
    shares: list[float] = []

    def add(direction: Array, share: float) -> None:
        if np.hypot(*direction) > 1e-6 and share > 0:
            directions.append(unit(direction))
            shares.append(float(share))

    centers = table.centers[:, :2]
    stands = standing is not None and len(standing.rows) > 0
    faces = facing is not None and len(facing.rows) > 0
    if facing is not None and faces:
        for row, p in zip(facing.rows, facing.weights, strict=True):
            if standing is not None and stands:
                for start, q in zip(standing.rows, standing.weights, strict=True):
                    add(centers[row] - centers[start], p * q)
                continue
            add(centers[row] - table.middle, 0.5 * p)
            add(table.wall_normals[row], 0.6 * p * np.exp(-table.wall_gaps[row].min()))
            if np.isfinite(table.headings[row]).all():
                add(-table.headings[row], 1.5 * p)
        if not stands and len(facing.rows) > 1:
            add(facing.weights @ centers[facing.rows] - table.middle, 0.5)
    elif standing is not None and stands:
        for start, q in zip(standing.rows, standing.weights, strict=True):
            add(table.middle - centers[start], 0.5 * q)
            add(-table.wall_normals[start], 0.5 * q)
    return Gaze(np.array(directions), np.array(shares) / sum(shares)) if directions else None
