"""How sure a mean over scenes is: percentile bootstrap over the scenes (Efron 1979)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Item = TypeVar("Item")
RESAMPLES = 2000
LEVEL = 0.95


def bootstrap(
    scenes: Sequence[Item],
    figure: Callable[[Sequence[Item]], float],
    random: np.random.Generator,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> tuple[float, float]:
    """Return the interval that holds `figure` of as many scenes drawn with replacement, in `level` of the draws.

    NaN for fewer than two scenes: one scene tells nothing of how scenes differ.
    """
    if len(scenes) < 2:
        return float("nan"), float("nan")
    drawn = random.integers(0, len(scenes), (resamples, len(scenes)))
    values = np.array([figure([scenes[i] for i in row]) for row in drawn])
    values = values[~np.isnan(values)]
    if not len(values):
        return float("nan"), float("nan")
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def mean_interval(
    values: npt.ArrayLike, random: np.random.Generator, resamples: int = RESAMPLES, level: float = LEVEL
) -> tuple[float, float]:
    """Return the interval of the mean of `values` (N,), one a scene; NaNs are left out."""
    known = np.asarray(values, np.float64)
    known = known[~np.isnan(known)]
    if len(known) < 2:
        return float("nan"), float("nan")
    means = known[random.integers(0, len(known), (resamples, len(known)))].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
