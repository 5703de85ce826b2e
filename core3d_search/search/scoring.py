"""The score of a hit: the product of the factors that its reasons show.

    score = name * label * attribute * relation * ...            each of them in [0, 1], rounded to four decimals
    factor = (measured probability ** POWERS[kind]) ** CALIBRATION

Every factor begins as a measured probability: the encoder's for a name, soft thresholds for what boxes and colours
tell. Measured that way a product would sink with every true word that is said, for facts of one scene hang together; so
each is raised to the power that its kind has in `POWERS`. All are raised to `CALIBRATION` too, which is the same as
raising their product to it: the order of hits does not depend on it, and of hits with a score of 0.8 about eight in ten
are right. A factor below 1 only lowers: neither a negation nor a relation lifts what has the wrong name.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

THRESHOLD = 0.67
"""Scores below are no answer: most right first hits pass, absent things do not. A product of 0.4 before calibration."""

POWERS: Mapping[str, float] = {
    "target": 0.72, "label": 0.43, "attribute": 1.05, "relation": 0.33, "negation": 1.13, "superlative": 0.94,
}  # fmt: skip
"""How much each kind of factor counts beside the others: fitted on hits of generated rooms 3000 to 3009
(training/fit_scores.py)."""

CALIBRATION = 0.437
"""The power of the whole product that makes a score the share of right first hits: the likeliest one over rooms 3000 to
3009 and 5000 to 5009 (training/fit_scores.py) is 0.45, and this one makes a threshold of two decimals."""

STEPS, DECIMALS = 3, 4
"""To how many decimals factors are rounded before they are calibrated and before they are multiplied. So anyone can do
the multiplication again, and no two that differ before become equal: the slope of x ** CALIBRATION up to 1 is more than
0.1."""


def weighted(kind: str, measured: Floats, powers: Mapping[str, float] | None) -> Floats:
    """Return what a factor of `kind` contributes to the score; None for `powers` leaves the measured probability."""
    if powers is None:
        return measured
    return calibrated(np.clip(measured, 0.0, 1.0) ** powers.get(kind, 1.0))


def calibrated(factor: npt.ArrayLike) -> Floats:
    """Return factors in [0, 1] raised to `CALIBRATION`, rounded as they are shown."""
    return np.asarray(np.round(np.round(np.asarray(factor, np.float64), STEPS) ** CALIBRATION, DECIMALS))


def upper_bound(names: npt.ArrayLike) -> Floats:
    """Return, for each probability in [0, 1] of a name, the score that no hit of that name exceeds.

    Holds for every query, whatever else it says: a scene whose best name has a bound below the k-th score found so far
    holds nothing for the first k. The name of a phrase is the best of `Phrase.names`.
    """
    return weighted("target", np.asarray(names, dtype=np.float64), POWERS)
