"""Relations of size: larger, taller, wider than another thing, or about as large as it."""

from __future__ import annotations

import numpy as np

from core3d_search.relations.looks import bulk, dimension
from core3d_search.relations.pairs import Pairs
from core3d_search.relations.predicates import Circumstances, predicate
from core3d_search.relations.soft import step
from core3d_search.relations.table import Array

EQUAL, SAME = 0.0, 12.0
"""Log ratio of sizes at which larger is as likely as not; percent apart at which "as large as" has lost half."""
_BLUR = 0.2
"""Log ratio over which a measured difference becomes a sure one."""


def _ratio(pairs: Pairs, name: str) -> Array:
    """Return the logarithm (T, A) of the target's size over the anchor's."""
    rows = np.arange(len(pairs.table))
    values = bulk(pairs.table, rows) if name == "bulk" else np.log(np.maximum(dimension(pairs.table, rows, name), 0.01))
    return np.asarray(values[pairs.t] - values[pairs.a])


def _same(pairs: Pairs, name: str) -> Array:
    return np.asarray(0.5 ** ((_ratio(pairs, name) / (SAME / 100)) ** 2))


@predicate("larger", EQUAL, "log ratio", "[ours] area of the largest face")
def larger(pairs: Pairs, _: Circumstances) -> Array:
    """Its largest face has more area than the anchor's."""
    return step(_ratio(pairs, "bulk"), EQUAL, 2 * _BLUR)


@predicate("smaller", EQUAL, "log ratio", "[ours] area of the largest face")
def smaller(pairs: Pairs, _: Circumstances) -> Array:
    """Its largest face has less area than the anchor's."""
    return step(-_ratio(pairs, "bulk"), EQUAL, 2 * _BLUR)


@predicate("taller", EQUAL, "log ratio", "[ours]")
def taller(pairs: Pairs, _: Circumstances) -> Array:
    """It is higher from its underside to its top than the anchor."""
    return step(_ratio(pairs, "height"), EQUAL, _BLUR)


@predicate("shorter", EQUAL, "log ratio", "[ours]")
def shorter(pairs: Pairs, _: Circumstances) -> Array:
    """It is less high from its underside to its top than the anchor."""
    return step(-_ratio(pairs, "height"), EQUAL, _BLUR)


@predicate("wider", EQUAL, "log ratio", "[ours]")
def wider(pairs: Pairs, _: Circumstances) -> Array:
    """Its longer horizontal side is longer than the anchor's."""
    return step(_ratio(pairs, "width"), EQUAL, _BLUR)


@predicate("narrower", EQUAL, "log ratio", "[ours]")
def narrower(pairs: Pairs, _: Circumstances) -> Array:
    """Its longer horizontal side is shorter than the anchor's."""
    return step(-_ratio(pairs, "width"), EQUAL, _BLUR)


@predicate("as large", SAME, "percent", "[ours]")
def as_large(pairs: Pairs, _: Circumstances) -> Array:
    """Its largest face has about the anchor's area."""
    return _same(pairs, "bulk")


@predicate("as tall", SAME, "percent", "[ours]")
def as_tall(pairs: Pairs, _: Circumstances) -> Array:
    """It has about the anchor's height."""
    return _same(pairs, "height")


@predicate("as wide", SAME, "percent", "[ours]")
def as_wide(pairs: Pairs, _: Circumstances) -> Array:
    """Its longer horizontal side is about the anchor's."""
    return _same(pairs, "width")
