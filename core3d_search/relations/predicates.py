"""The predicates: one documented definition each, with its threshold, unit and source.

Every score is in [0, 1], 0.5 at the threshold and soft around it, and keeps falling beyond it, so that among several
candidates the one that fits better wins. Distances are between boxes (0 when they touch), not between centres.
Sources: [Sr3D] ReferIt3D, Achlioptas et al., ECCV 2020, section 3.2 and its published thresholds (contact 0.15 m,
vertical gap 0.06 m, horizontal gap 0.2 m); [3DSSG] Wald et al., CVPR 2020, supplement; [SpatialReasoner]
metason/SpatialReasoner's vocabulary; [ours] read off the training part of Nr3D and Sr3D.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core3d_search.relations.pairs import Pairs
from core3d_search.relations.table import Array
from core3d_search.relations.viewpoint import Gaze, views


@dataclass(frozen=True, eq=False)
class Circumstances:
    """What a relation may need beyond the boxes: the frame that was asked for and the speaker's gaze."""

    frame: str | None = None
    gaze: Gaze | None = None


Score = Callable[[Pairs, Circumstances], Array]


@dataclass(frozen=True, eq=False)
class Predicate:
    """One relation: `definition` in words, `threshold` in `unit` where the score is 0.5, and the function."""

    name: str
    definition: str
    threshold: float
    unit: str
    source: str
    score: Score


def _step(value: Array, threshold: float, width: float) -> Array:
    """Return a logistic step: 0.5 where `value` is `threshold`, rising over about `width`."""
    return 1.0 / (1.0 + np.exp(np.clip((threshold - value) / (width / 4), -40, 40)))


def _decay(distance: Array, half_at: float, power: float = 2.0) -> Array:
    """Return 1 at distance 0, 0.5 at `half_at`, falling as a power: far candidates stay in order."""
    return 1.0 / (1.0 + (np.maximum(distance, 0.0) / half_at) ** power)


NEAR, NEAR_POWER, CONTACT, HEIGHT_GAP, AGAINST = 0.5, 2.5, 0.15, 0.06, 0.25
OFF_AXIS, BEGIN, STRIP, OPENING, REACH, BESIDE = 0.1, 0.3, 0.25, 0.35, 4.0, 3.0
HELD, LEVEL, TUCKED = 0.6, 0.15, 0.3


def near(pairs: Pairs, _: Circumstances) -> Array:
    held = np.maximum(np.minimum(pairs.covered, 1.0) * _decay(np.abs(pairs.above_gap), 0.05), _swapped(_resting, pairs, _))
    return _decay(pairs.gap + 0.02 * pairs.distance, NEAR, NEAR_POWER) * (1.0 - HELD * held)


def _resting(pairs: Pairs, _: Circumstances) -> Array:
    return np.asarray(np.minimum(pairs.covered, 1.0) * _decay(np.abs(pairs.above_gap), 0.05))


def far(pairs: Pairs, _: Circumstances) -> Array:
    return _step(pairs.gap, 2.0, 2.0) * (1 - np.exp(-pairs.gap / 2.0)) ** 0.3


def touching(pairs: Pairs, _: Circumstances) -> Array:
    return _decay(pairs.gap, CONTACT)


def against(pairs: Pairs, _: Circumstances) -> Array:
    return _decay(pairs.flat_gap, AGAINST, 1.5) * _decay(np.maximum(pairs.above_gap, pairs.below_gap), 0.5)


def attached(pairs: Pairs, _: Circumstances) -> Array:
    return _decay(pairs.gap, AGAINST, 1.5)


def on(pairs: Pairs, _: Circumstances) -> Array:
    """The target's underside is at the anchor's top, or sunk into its box (a seat, a made bed), over its footprint."""
    top, bottom = pairs.table.high[None, pairs.a], pairs.table.low[None, pairs.a]
    under = pairs.table.low[pairs.t, None]
    # a box on a chair's seat or a shelf's board begins below the top of the anchor's box
    sunk = np.clip((top - under) / np.maximum(top - bottom, 0.05), 0, None)
    contact = np.where(
        under >= top,
        _decay(under - top, CONTACT, 2.0),
        np.where(sunk < 1, 1 - 0.5 * sunk**2, 0.5 * _decay((sunk - 1) * (top - bottom), 0.1)),
    )
    over = np.maximum(_step(pairs.covered, 0.3, 0.5), 0.35 * _decay(pairs.flat_gap, 0.1))
    higher = _step(pairs.rise, -0.05, 0.3)
    bigger = 0.2 + 0.8 * _step(
        pairs.rise + 0.5 * (pairs.table.half[None, pairs.a, :2].max(-1) - pairs.table.half[pairs.t, None, :2].max(-1)),
        -0.2,
        1.0,
    )
    resting = contact * over * (0.1 + 0.9 * higher) * bigger
    # "on the wall", "on the door": on the face of something upright and thin
    upright = pairs.table.half[pairs.a, :2].min(axis=1) < 0.3 * pairs.table.half[pairs.a, 2]
    return np.maximum(resting, np.where(upright[None, :], 0.5 * attached(pairs, _), 0.0))


def supports(pairs: Pairs, around: Circumstances) -> Array:
    return _swapped(on, pairs, around)


def above(pairs: Pairs, _: Circumstances) -> Array:
    beside = _decay(pairs.flat_gap, 0.3)
    return (
        beside
        * (0.3 + 0.7 * np.minimum(pairs.overlap * 2, 1))
        * (0.7 * _step(pairs.above_gap, -HEIGHT_GAP, 0.4) + 0.3 * _step(pairs.rise, 0.1, 0.3))
        * (0.3 + 0.7 * _decay(pairs.above_gap, 1.5))
    )


def below(pairs: Pairs, around: Circumstances) -> Array:
    # a chair that is pushed under a desk begins below its top and shares its footprint
    tucked = TUCKED * np.minimum(pairs.overlap * 1.5, 1) * _step(-pairs.table.low[pairs.t, None], -pairs.table.low[None, pairs.a] - 0.2, 0.4)
    return np.maximum(tucked, _under(pairs))


def _under(pairs: Pairs) -> Array:
    beside = _decay(pairs.flat_gap, 0.3)
    return (
        beside
        * (0.3 + 0.7 * np.minimum(pairs.overlap * 2, 1))
        * (0.6 * _step(pairs.below_gap, -HEIGHT_GAP - 0.1, 0.6) + 0.4 * _step(-pairs.rise, 0.1, 0.3))
        * (0.3 + 0.7 * _decay(pairs.below_gap, 1.5))
    )


def inside(pairs: Pairs, _: Circumstances) -> Array:
    held = np.minimum(pairs.covered, 1.0) * np.minimum(pairs.between_heights, 1.0)
    smaller = _step(
        np.log(
            np.maximum(pairs.table.half[None, pairs.a].prod(-1), 1e-9)
            / np.maximum(pairs.table.half[pairs.t, None].prod(-1), 1e-9)
        ),
        0.0,
        1.0,
    )
    return (0.02 + 0.98 * _step(held, 0.5, 0.6)) * (0.2 + 0.8 * smaller) * _decay(pairs.gap, 0.5)


def contains(pairs: Pairs, around: Circumstances) -> Array:
    return _swapped(inside, pairs, around)


def _swapped(score: Score, pairs: Pairs, around: Circumstances) -> Array:
    return score(Pairs(pairs.table, pairs.a, pairs.t), around).T


def _directed(pairs: Pairs, around: Circumstances, along: str) -> Array:
    """Mix over the frames: how well the target lies in the strip that extends from the anchor in that direction.

    The strip is as wide as the anchor and opens with the distance ahead; Sr3D's region is the strip with a cone of 10
    degrees, people's words reach further aside.
    """
    total = np.zeros(pairs.offset.shape[:2])
    half = pairs.table.flat_half[None, pairs.a]
    for view in views(pairs.table, pairs.a, around.frame, around.gaze, along):
        direction = {"front": view.front, "behind": -view.front, "right": view.right, "left": -view.right}[along]
        across = np.stack([-direction[:, 1], direction[:, 0]], axis=-1)
        ahead = np.einsum("tak,ak->ta", pairs.offset, direction)
        aside = np.abs(np.einsum("tak,ak->ta", pairs.offset, across))
        depth = np.einsum("ak,tak->ta", np.abs(direction), half)
        width = np.einsum("ak,tak->ta", np.abs(across), half)
        free = np.maximum(aside - width, 0.0) + OFF_AXIS * aside
        score = _step(ahead, BEGIN * depth, 0.6) * _decay(free, STRIP + OPENING * np.maximum(ahead, 0.0), 1.5)
        total += view.weight[None, :] * score
    apart = np.maximum(np.maximum(pairs.above_gap, pairs.below_gap), 0.0)
    return (0.02 + 0.98 * total) * (1.0 - LEVEL * (apart > 0)) * _decay(apart, 2.0)


def front(pairs: Pairs, around: Circumstances) -> Array:
    return _directed(pairs, around, "front") * _decay(pairs.gap, REACH, 1.5)


def behind(pairs: Pairs, around: Circumstances) -> Array:
    return _directed(pairs, around, "behind") * _decay(pairs.gap, REACH, 1.5)


def left(pairs: Pairs, around: Circumstances) -> Array:
    return _directed(pairs, around, "left") * _decay(pairs.gap, BESIDE, 1.5)


def right(pairs: Pairs, around: Circumstances) -> Array:
    return _directed(pairs, around, "right") * _decay(pairs.gap, BESIDE, 1.5)


def facing(pairs: Pairs, around: Circumstances) -> Array:
    """The target's own front, or the direction from it to the room where it has none, points at the anchor."""
    fronts = pairs.table.fronts[pairs.t, :2]
    known = np.isfinite(fronts).all(axis=1)
    toward = -pairs.offset / np.maximum(pairs.flat_distance, 1e-6)[..., None]
    cosine = np.einsum("tak,tk->ta", toward, np.nan_to_num(fronts))
    guess = np.einsum("tak,tk->ta", toward, -pairs.table.wall_normals[pairs.t])
    cosine = np.where(known[:, None], cosine, guess)
    angle = np.arccos(np.clip(cosine, -1, 1))
    return _step(-angle, -np.pi / 4, np.pi / 2) * (0.4 + 0.6 * _decay(pairs.gap, 3.0))


def opposite(pairs: Pairs, around: Circumstances) -> Array:
    """Across free space: the target stands on the other side of the room's middle, as seen from the anchor."""
    table = pairs.table
    inward = -table.wall_normals[pairs.a]
    fronts = table.fronts[pairs.a, :2]
    known = np.isfinite(fronts).all(axis=1)
    ahead = np.where(known[:, None], np.nan_to_num(fronts), inward)
    toward = pairs.offset / np.maximum(pairs.flat_distance, 1e-6)[..., None]
    angle = np.arccos(np.clip(np.einsum("tak,ak->ta", toward, ahead), -1, 1))
    angle = np.minimum(angle, 0.25 + np.arccos(np.clip(np.einsum("tak,ak->ta", toward, inward), -1, 1)))
    return _step(-angle, -np.pi / 4, np.pi / 3) * _step(pairs.flat_gap, 0.5, 1.0)


def aligned(pairs: Pairs, _: Circumstances) -> Array:
    offset = np.min(np.abs(pairs.offset), axis=-1)
    return _decay(offset, 0.25) * _decay(np.abs(pairs.rise), 0.6)


def part(pairs: Pairs, _: Circumstances) -> Array:
    return np.minimum(pairs.covered, 1.0) * 0.5 + 0.5 * _decay(pairs.gap, CONTACT)


def end(pairs: Pairs, _: Circumstances) -> Array:
    """Beyond one of the short sides of the anchor's footprint."""
    axes, half = pairs.table.axes[pairs.a], pairs.table.half[pairs.a, :2]
    long = np.argmax(half, axis=1)
    rows = np.arange(len(pairs.a))
    along = np.abs(np.einsum("tak,ak->ta", pairs.offset, axes[rows, long])) - half[rows, long][None]
    aside = np.abs(np.einsum("tak,ak->ta", pairs.offset, axes[rows, 1 - long])) - 0.5 * half[rows, 1 - long][None]
    return (0.2 + 0.8 * _step(along - aside, 0.0, 0.6)) * near(pairs, Circumstances())


def with_(pairs: Pairs, around: Circumstances) -> Array:
    """Whatever an object can have: it carries, contains or touches the anchor, or the anchor stands next to it."""
    return np.maximum(
        np.maximum(supports(pairs, around), 0.9 * contains(pairs, around)),
        np.maximum(0.8 * attached(pairs, around), 0.6 * near(pairs, around)),
    )


def same_side(pairs: Pairs, _: Circumstances) -> Array:
    table = pairs.table
    same = np.einsum("tk,ak->ta", table.wall_normals[pairs.t], table.wall_normals[pairs.a])
    return (0.1 + 0.9 * (same > 0.5)) * _decay(pairs.gap, 3.0)


def inside_loose(pairs: Pairs, around: Circumstances) -> Array:
    """ "in" is also said of what lies on, and of what stands by: books in a shelf, pillow in a couch."""
    return np.maximum(inside(pairs, around), np.maximum(0.7 * on(pairs, around), 0.35 * near(pairs, around)))


def between(pairs: Pairs, first: Array, second: Array) -> Array:
    """Return the scores (T, B) of lying between `first` and `second`, (B,) columns of `pairs`.

    The detour over the target, relative to the straight way, must be small and neither anchor be much nearer.
    """
    table = pairs.table
    f, s = pairs.a[first], pairs.a[second]
    line = table.centers[s] - table.centers[f]
    span = np.linalg.norm(line, axis=1)
    to_first = np.linalg.norm(table.centers[pairs.t, None] - table.centers[None, f], axis=-1)
    to_second = np.linalg.norm(table.centers[pairs.t, None] - table.centers[None, s], axis=-1)
    detour = (to_first + to_second) / np.maximum(span, 0.1)[None] - 1.0
    share = np.einsum("tbk,bk->tb", table.centers[pairs.t, None] - table.centers[None, f], line) / np.maximum(
        span**2, 0.01
    )
    within = _step(0.5 - np.abs(share - 0.5), 0.05, 0.3)
    return _decay(detour, 0.25, 1.5) * within * (0.3 + 0.7 * _decay(span, 6.0))[None]


def corner(table_pairs: Pairs) -> Array:
    """Return (T,) how near each target is to two sides of the room that meet."""
    gaps = np.sort(
        np.stack(
            [
                table_pairs.table.wall_gaps[table_pairs.t][:, :2].min(1),
                table_pairs.table.wall_gaps[table_pairs.t][:, 2:].min(1),
            ],
            axis=1,
        ),
        axis=1,
    )
    return _decay(gaps[:, 1], 0.7, 1.5) * _decay(gaps[:, 0], 0.5, 1.5)


def at_wall(table_pairs: Pairs) -> Array:
    """Return (T,) how near each target is to a side of the room."""
    return _decay(table_pairs.table.wall_gaps[table_pairs.t].min(axis=1), AGAINST, 1.5)


def in_middle(table_pairs: Pairs) -> Array:
    """Return (T,) how near each target is to the middle of the room, relative to the room's size."""
    table = table_pairs.table
    size = np.maximum((table.room[1, :2] - table.room[0, :2]) / 2, 0.5)
    offset = (table.centers[table_pairs.t, :2] - table.middle) / size
    return _decay(np.linalg.norm(offset, axis=1), 0.4)


PREDICATES: dict[str, Predicate] = {
    p.name: p
    for p in (
        Predicate("near", "gap between the boxes, plus a tenth of the distance of the centres", NEAR, "m", "[ours]; Sr3D speaks only of closest", near),
        Predicate("far", "gap between the boxes is large", 2.0, "m", "[ours]", far),
        Predicate("touching", "gap between the boxes", CONTACT, "m", "[Sr3D]", touching),
        Predicate("against", "horizontal gap, at overlapping heights", AGAINST, "m", "[ours], [3DSSG] leaning against", against),
        Predicate("attached", "gap between the boxes, at any height", AGAINST, "m", "[3DSSG] attached to, hanging on", attached),
        Predicate("on", "underside within contact of the anchor's top or sunk into its box, half over its footprint", CONTACT, "m", "[Sr3D] support", on),
        Predicate("supports", "the anchor is on it", CONTACT, "m", "[Sr3D] support", supports),
        Predicate("above", "underside over the anchor's top, footprints meeting", HEIGHT_GAP, "m", "[Sr3D] vertical", above),
        Predicate("below", "top under the anchor's underside, footprints meeting", HEIGHT_GAP, "m", "[Sr3D] vertical", below),
        Predicate("inside", "half of the box or more inside the anchor's", 0.5, "share", "[3DSSG] inside", inside_loose),
        Predicate("contains", "the anchor is inside it", 0.5, "share", "[3DSSG] inside", contains),
        Predicate("front", "within 60 degrees of the front of the anchor in the frame", 60.0, "deg", "[Sr3D] allocentric", front),
        Predicate("behind", "within 60 degrees of the back of the anchor in the frame", 60.0, "deg", "[Sr3D] allocentric", behind),
        Predicate("left", "within 60 degrees of the left of the anchor in the frame", 60.0, "deg", "[Sr3D] allocentric", left),
        Predicate("right", "within 60 degrees of the right of the anchor in the frame", 60.0, "deg", "[Sr3D] allocentric", right),
        Predicate("facing", "the target's front points at the anchor", 45.0, "deg", "[SpatialReasoner] seeing", facing),
        Predicate("opposite", "across free space, straight ahead of the anchor", 45.0, "deg", "[SpatialReasoner] opposite", opposite),
        Predicate("aligned", "centres on one line parallel to a room axis", 0.25, "m", "[SpatialReasoner] aligned", aligned),
        Predicate("part", "inside or touching the anchor", CONTACT, "m", "[3DSSG] part of", part),
        Predicate("end", "beyond a short side of the anchor, near it", 0.0, "m", "[ours]", end),
        Predicate("with", "carries, contains, touches or stands next to the anchor", NEAR, "m", "[ours]", with_),
        Predicate("same side", "at the same side of the room as the anchor", 3.0, "m", "[ours]", same_side),
    )
}  # fmt: skip
"""Name -> predicate of one anchor. "between" takes two; "corner", "wall" and "center" take none: see below."""
