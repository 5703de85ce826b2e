"""The score of a hit: from the factors of its rank to one figure that a single threshold serves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Hit

THRESHOLD = 0.38
"""Scores below are no answer; chosen with ROOT below, so that most right first hits pass and absent things do not."""

ROOT, NAME_ROOT = 0.28, 0.4
"""Powers that make the scores of texts with several factors comparable with those of a bare noun; from the first hits,
right and wrong, in generated rooms 3000 to 3003, which no benchmark uses (benchmarks/search.py --seed 3000)."""

LEAST_PRODUCT = 1e-4
"""Products of factors below are not looked at any further."""


def comparable(hit: Hit) -> Hit:
    """Return `hit` with a score that one threshold serves, however many factors the text has.

    The ranking multiplies its factors, so that every further word lowers the product, true ones too. Here a hit is as
    good as its name and its weakest other factor together, (name * weakest) ** ROOT, but no better than
    name ** NAME_ROOT, so that a true relation does not make a stool a chair. A bare noun keeps its probability; what
    contradicts a "not" is bounded by that alone.
    """
    name, *others = (reason.score for reason in hit.reasons)
    score = min((name * min(others)) ** ROOT, name**NAME_ROOT) if others else hit.score
    return replace(hit, score=min([score, *(r.score for r in hit.reasons if r.kind == "negation")]))


def upper_bound(names: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return, for each probability in [0, 1] of a name, the score that no hit of that name exceeds.

    Holds for every query, whatever else it says: a scene whose best name has a bound below the k-th score found so far
    holds nothing for the first k.
    """
    return np.asarray(np.clip(np.asarray(names, dtype=np.float64), 0.0, 1.0) ** NAME_ROOT)
