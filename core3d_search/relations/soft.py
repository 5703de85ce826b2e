"""The two shapes of every soft threshold."""

from __future__ import annotations

import numpy as np

from core3d_search.relations.table import Array


def step(value: Array, threshold: float | Array, width: float) -> Array:
    """Return a logistic step: 0.5 where `value` is `threshold`, from 0.12 to 0.88 over `width`."""
    return np.asarray(1.0 / (1.0 + np.exp(np.clip((threshold - value) / (width / 4), -40, 40))))


def decay(distance: Array, half_at: float | Array, power: float = 2.0) -> Array:
    """Return 1 at distance 0 and 0.5 at `half_at`, falling as a power: far candidates keep their order."""
    ratio = np.maximum(distance, 0.0) / half_at
    # square roots are ten times as fast as powers
    whole, half = divmod(power, 1)
    raised = ratio ** int(whole) * np.sqrt(ratio) if half == 0.5 else ratio**power
    return np.asarray(1.0 / (1.0 + raised))
