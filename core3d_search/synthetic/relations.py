"""What is true between the things of a room, by geometry alone: the definitions of the ground truth.

Boxes are the exact oriented boxes of the objects. Thresholds are in metres and are shared with the search layer's
definitions, but nothing here calls it: the ground truth judges the search, so it may not be made by it.

* `on`: the subject was stood on the anchor; `inside`: it was put into it; both by construction.
* `under`: the subject's footprint overlaps the anchor's by half of the smaller, and the subject is lower: its top is
  below the anchor's top, and either it was put under the anchor or its top is at most 2 cm above the anchor's bottom.
* `above`: the footprints overlap by half of the smaller and the subject begins at or above the anchor's top, without
  standing on it.
* `near`: the gap between the boxes is at most NEAR; not for pairs that hold each other.
* `left of`, `right of`, `in front of`, `behind`: only for anchors with a front, in the anchor's own frame: a viewer
  stands before the anchor and looks at it, and left is that viewer's left. The gap is at most REACH, the centre lies
  in the 90 degree cone about the direction, the two share some height, and neither holds the other (the
  allocentric relations of Sr3D, Achlioptas et al., ReferIt3D, ECCV 2020).
* `between`: the subject's centre is within a third of the anchors' distance from the segment between their centres
  (at most BETWEEN_OFF), in its middle three fifths, and all three share some height.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Box3D
from core3d_search.synthetic.room import Relation, RoomObject

NEAR = 0.5
REACH = 2.0
BETWEEN_OFF = 0.4
BETWEEN_SPAN = 3.5
Floats = npt.NDArray[np.float64]


def find_relations(objects: Sequence[RoomObject]) -> tuple[Relation, ...]:
    """Return every relation that holds, by predicate within each ordered pair of ids."""
    found: list[Relation] = []
    reach = [np.linalg.norm(item.box.extent[:2]) / 2 for item in objects]
    for subject, own in zip(objects, reach, strict=True):
        for anchor, other in zip(objects, reach, strict=True):
            apart = np.linalg.norm((subject.box.center - anchor.box.center)[:2]) - own - other
            # farther than any relation reaches, even where both boxes point at each other
            if subject is not anchor and apart <= (NEAR if anchor.front is None else REACH):
                found += _pair(subject, anchor)
    return (*found, *_betweens(objects))


def _pair(subject: RoomObject, anchor: RoomObject) -> list[Relation]:
    found = []
    held = subject.holder == anchor.id
    holding = anchor.holder == subject.id
    low, high = _heights(subject.box)
    anchor_low, anchor_high = _heights(anchor.box)
    if held and subject.held in ("on", "inside"):
        return [Relation(subject.held, subject.id, (anchor.id,))]
    shared = shared_footprint(subject.box, anchor.box)
    if shared >= 0.5 and not holding:
        if high <= anchor_high and ((held and subject.held == "under") or high <= anchor_low + 0.02):
            found.append(Relation("under", subject.id, (anchor.id,)))
        elif low >= anchor_high - 0.02:
            found.append(Relation("above", subject.id, (anchor.id,)))
    elif shared >= 0.5 and subject.id == anchor.holder and anchor.held == "under":
        found.append(Relation("above", subject.id, (anchor.id,)))
    if held or holding:
        return found
    gap = box_gap(subject.box, anchor.box)
    if gap <= NEAR:
        found.append(Relation("near", subject.id, (anchor.id,)))
    if (
        anchor.front is not None
        and gap <= REACH
        and min(high, anchor_high) - max(low, anchor_low) > 0.02
        and shared < 0.25
    ):
        found.append(Relation(direction(subject.box.center, anchor), subject.id, (anchor.id,), "anchor"))
    return found


def direction(point: Floats, anchor: RoomObject) -> str:
    """Return on which side of the anchor a point lies, for a viewer who stands before it and looks at it.

    Raises ValueError for an anchor without a front.
    """
    if anchor.front is None:
        raise ValueError(f"object {anchor.id} ({anchor.label}) has no front")
    offset = (point - anchor.box.center)[:2]
    ahead = float(offset @ anchor.front[:2])
    # the viewer looks along -front; to the right of that is (-front) turned clockwise
    right = float(offset @ (-anchor.front[1], anchor.front[0]))
    if abs(ahead) >= abs(right):
        return "in front of" if ahead > 0 else "behind"
    return "right of" if right > 0 else "left of"


def _betweens(objects: Sequence[RoomObject]) -> list[Relation]:
    found = []
    centers = np.array([item.box.center for item in objects]).reshape(-1, 3)
    heights = np.array([_heights(item.box) for item in objects]).reshape(-1, 2)
    for index, subject in enumerate(objects):
        share = np.minimum(heights[:, 1], heights[index, 1]) - np.maximum(heights[:, 0], heights[index, 0]) > 0.02
        away = np.linalg.norm(centers[:, :2] - centers[index, :2], axis=1)
        free = [
            k for k, item in enumerate(objects)
            if k != index and share[k] and away[k] < BETWEEN_SPAN
            and item.holder != subject.id and subject.holder != item.id
        ]  # fmt: skip
        first, second = (np.array(free, int)[side] for side in np.triu_indices(len(free), 1))
        holds = is_between(centers[index], centers[first], centers[second])
        found += [
            Relation("between", subject.id, (objects[a].id, objects[b].id))
            for a, b in zip(first[holds], second[holds], strict=True)
        ]
    return found


def is_between(point: Floats, a: Floats, b: Floats) -> npt.NDArray[np.bool_]:
    """Return whether `point` (3,) lies near the middle of the segments from `a` to `b` (..., 3), seen from above."""
    span, offset = (b - a)[..., :2], (point - a)[..., :2]
    length = np.maximum(np.linalg.norm(span, axis=-1), 1e-6)
    along = (offset * span).sum(-1) / length**2
    off = np.abs(span[..., 0] * offset[..., 1] - span[..., 1] * offset[..., 0]) / length
    fits = (length <= BETWEEN_SPAN) & (along >= 0.2) & (along <= 0.8) & (off <= np.minimum(BETWEEN_OFF, length / 3))
    return np.asarray(fits)


def _heights(box: Box3D) -> tuple[float, float]:
    """Return the low and high z of a box that is only turned about z."""
    return float(box.center[2] - box.extent[2] / 2), float(box.center[2] + box.extent[2] / 2)


def footprint(box: Box3D) -> Floats:
    """Return the four corners (4, 2) of the box seen from above, counter-clockwise."""
    signs = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) / 2
    return box.center[:2] + (signs * box.extent[:2]) @ box.rotation[:2, :2].T


def shared_footprint(a: Box3D, b: Box3D) -> float:
    """Return the area that two footprints share, as a fraction of the smaller one."""
    smaller = min(float(a.extent[0] * a.extent[1]), float(b.extent[0] * b.extent[1]))
    reach = (np.linalg.norm(a.extent[:2]) + np.linalg.norm(b.extent[:2])) / 2
    if smaller <= 0 or np.linalg.norm((a.center - b.center)[:2]) > reach:
        return 0.0
    polygon = footprint(a)
    clip = footprint(b)
    for k in range(4):
        polygon = _clip(polygon, clip[k], clip[(k + 1) % 4])
        if len(polygon) < 3:
            return 0.0
    x, y = polygon.T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2) / smaller


def _clip(polygon: Floats, start: Floats, end: Floats) -> Floats:
    """Return the part of a convex polygon to the left of a line (Sutherland and Hodgman 1974)."""
    edge = end - start
    side = edge[0] * (polygon[:, 1] - start[1]) - edge[1] * (polygon[:, 0] - start[0])
    kept = []
    for k in range(len(polygon)):
        n = (k + 1) % len(polygon)
        if side[k] >= 0:
            kept.append(polygon[k])
        if side[k] * side[n] < 0:
            kept.append(polygon[k] + (polygon[n] - polygon[k]) * side[k] / (side[k] - side[n]))
    return np.array(kept).reshape(-1, 2)


def box_gap(a: Box3D, b: Box3D) -> float:
    """Return the distance in metres between two boxes that are only turned about z; 0 where they touch."""
    a_low, a_high = _heights(a)
    b_low, b_high = _heights(b)
    vertical = max(0.0, a_low - b_high, b_low - a_high)
    if shared_footprint(a, b) > 0:
        return vertical
    flat = min(_outline_distance(footprint(a), footprint(b)), _outline_distance(footprint(b), footprint(a)))
    return float(np.hypot(flat, vertical))


def _outline_distance(points: Floats, outline: Floats) -> float:
    """Return the least distance of `points` to the edges of a closed `outline`."""
    start, edge = outline, np.roll(outline, -1, axis=0) - outline
    along = ((points[:, None] - start) * edge).sum(-1) / np.maximum((edge**2).sum(-1), 1e-12)
    nearest = start + np.clip(along, 0, 1)[..., None] * edge
    return float(np.linalg.norm(points[:, None] - nearest, axis=-1).min())
