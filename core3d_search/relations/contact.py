"""Relations of distance, contact and height: the same from every side."""

from __future__ import annotations

import numpy as np

from core3d_search.relations.pairs import Pairs
from core3d_search.relations.predicates import Circumstances, predicate
from core3d_search.relations.soft import decay, step
from core3d_search.relations.table import Array

NEAR, NEAR_POWER, FAR = 0.5, 2.0, 2.0
CONTACT, HEIGHT_GAP, AGAINST = 0.15, 0.06, 0.2
HELD = 0.6
"""How much less near counts a thing that stands on the other or carries it: people would say "on"."""
TUCKED = 0.3
"""The most that a thing pushed under another deserves "under" when it is not lower."""


@predicate("near", NEAR, "m", "[ours]; Sr3D only has closest")
def near(pairs: Pairs, _: Circumstances) -> Array:
    """The gap between the boxes is small, and neither stands on the other."""
    step_up = np.minimum(np.abs(pairs.above_gap), np.abs(pairs.below_gap))
    held = np.minimum(pairs.overlap, 1.0) * decay(step_up, 0.05)
    return decay(pairs.gap + 0.002 * pairs.distance, NEAR, NEAR_POWER) * (1.0 - HELD * held)


@predicate("far", FAR, "m", "[ours]")
def far(pairs: Pairs, _: Circumstances) -> Array:
    """The gap between the boxes is large."""
    return step(pairs.gap, FAR, 2.0) * (1 - np.exp(-pairs.gap / 2.0)) ** 0.3


@predicate("touching", CONTACT, "m", "[Sr3D] contact")
def touching(pairs: Pairs, _: Circumstances) -> Array:
    """The gap between the boxes is a contact."""
    return decay(pairs.gap, CONTACT)


@predicate("against", AGAINST, "m", "[3DSSG] leaning against; [Sr3D] horizontal gap")
def against(pairs: Pairs, _: Circumstances) -> Array:
    """The horizontal gap is small, at overlapping heights."""
    return decay(pairs.flat_gap, AGAINST, 1.5) * decay(pairs.height_gap, 0.5)


@predicate("attached", AGAINST, "m", "[3DSSG] attached to, hanging on")
def attached(pairs: Pairs, _: Circumstances) -> Array:
    """The gap between the boxes is small, at any height."""
    return decay(pairs.gap, AGAINST, 1.5)


@predicate("on", CONTACT, "m", "[Sr3D] support")
def on(pairs: Pairs, around: Circumstances) -> Array:
    """The underside meets the anchor's top or is sunk into its box, over its footprint; or it hangs on an upright face.

    Sunk: things on a seat, a shelf board or a made bed begin below the top of the anchor's box.
    """
    table = pairs.table
    top, bottom = table.high[pairs.a], table.low[pairs.a]
    under = table.low[pairs.t]
    sunk = np.maximum((top - under) / np.maximum(top - bottom, 0.05), 0.0)
    within = np.where(sunk < 1, 1 - 0.5 * sunk**2, 0.5 * decay((sunk - 1) * (top - bottom), 0.1))
    contact = np.where(under >= top, decay(under - top, CONTACT), within)
    over = np.maximum(step(pairs.covered, 0.3, 0.25), 0.35 * decay(pairs.flat_gap, 0.1))
    higher = 0.1 + 0.9 * step(pairs.rise, -0.05, 0.3)
    wider = table.half[pairs.a, :2].max(axis=-1) - table.half[pairs.t, :2].max(axis=-1)
    carrier = 0.2 + 0.8 * step(pairs.rise + 0.5 * wider, -0.2, 1.0)
    upright = table.half[pairs.a, :2].min(axis=-1) < 0.3 * table.half[pairs.a, 2]  # "on the wall", "on the door"
    hung = np.where(upright, 0.5 * decay(pairs.gap, AGAINST, 3.0), 0.0)
    return np.maximum(contact * over * higher * carrier, hung)


@predicate("supports", CONTACT, "m", "[Sr3D] support")
def supports(pairs: Pairs, around: Circumstances) -> Array:
    """The anchor is on it."""
    return on(pairs.swapped, around)


@predicate("above", HEIGHT_GAP, "m", "[Sr3D] vertical")
def above(pairs: Pairs, _: Circumstances) -> Array:
    """The underside is over the anchor's top and the footprints meet."""
    higher = 0.7 * step(pairs.above_gap, -HEIGHT_GAP, 0.4) + 0.3 * step(pairs.rise, 0.1, 0.3)
    return _in_one_column(pairs) * higher * (0.3 + 0.7 * decay(pairs.above_gap, 1.5))


@predicate("below", HEIGHT_GAP, "m", "[Sr3D] vertical")
def below(pairs: Pairs, _: Circumstances) -> Array:
    """The top is under the anchor's underside and the footprints meet; or it is pushed under the anchor.

    A chair that is pushed under a desk begins below the desk's top and shares its footprint.
    """
    lower = 0.6 * step(pairs.below_gap, -HEIGHT_GAP - 0.1, 0.6) + 0.4 * step(-pairs.rise, 0.1, 0.3)
    clear = _in_one_column(pairs) * lower * (0.3 + 0.7 * decay(pairs.below_gap, 1.5))
    low, anchor_low = pairs.table.low[pairs.t], pairs.table.low[pairs.a]
    tucked = TUCKED * np.minimum(1.5 * pairs.overlap, 1.0) * step(anchor_low - low, -0.2, 0.4)
    return np.maximum(clear, tucked)


def _in_one_column(pairs: Pairs) -> Array:
    return decay(pairs.flat_gap, 0.3) * (0.3 + 0.7 * np.minimum(2 * pairs.overlap, 1.0))


@predicate("inside", 0.5, "share", "[3DSSG] inside")
def inside(pairs: Pairs, around: Circumstances) -> Array:
    """Half of the box or more is inside the anchor's; less strictly what is on it or, least, near it.

    People say "in" of books in a shelf and pillows in a couch.
    """
    return np.maximum(_enclosed(pairs), np.maximum(0.7 * on(pairs, around), 0.35 * near(pairs, around)))


def _enclosed(pairs: Pairs) -> Array:
    half = np.maximum(pairs.table.half, 1e-3)
    room = np.log(half[pairs.a].prod(axis=-1) / half[pairs.t].prod(axis=-1))
    held = np.minimum(pairs.covered, 1.0) * np.minimum(pairs.between_heights, 1.0)
    return (0.02 + 0.98 * step(held, 0.5, 0.6)) * (0.2 + 0.8 * step(room, 0.0, 1.0)) * decay(pairs.gap, 0.5)


@predicate("contains", 0.5, "share", "[3DSSG] inside")
def contains(pairs: Pairs, _: Circumstances) -> Array:
    """Half of the anchor's box or more is inside it."""
    return _enclosed(pairs.swapped)


@predicate("part", CONTACT, "m", "[3DSSG] part of")
def part(pairs: Pairs, _: Circumstances) -> Array:
    """It is inside or touches the anchor."""
    return 0.5 * np.minimum(pairs.covered, 1.0) + 0.5 * decay(pairs.gap, CONTACT)


@predicate("with", NEAR, "m", "[ours]")
def with_(pairs: Pairs, around: Circumstances) -> Array:
    """It carries, contains, touches or, least, stands next to the anchor."""
    carries = np.maximum(supports(pairs, around), 0.9 * contains(pairs, around))
    return np.maximum(carries, np.maximum(0.8 * attached(pairs, around), 0.6 * near(pairs, around)))
