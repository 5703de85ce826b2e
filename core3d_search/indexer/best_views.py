"""Which observations of an object are worth an embedding: large, sharp, whole, and from different sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from core3d_search.indexer.lifting import Observation

CUT_OFF = 0.5
"""What an observation counts whose mask touches the image border: part of the thing lies outside."""
SAME_SIDE = 0.5
"""Share of its worth that an observation loses where one from its very direction is chosen already."""
SIDE_POWER = 8
"""Power of the cosine between directions: at 24 degrees half of that loss is left."""


def best_views(
    members: Sequence[Observation],
    center: npt.ArrayLike,
    cameras: Mapping[int, npt.NDArray[np.float64]],
    count: int,
) -> list[int]:
    """Return the positions in `members` of the `count` best views, best first; all of them where there are fewer.

    `members` are the observations of one object about `center` (3,) in world metres, `cameras` the world_from_camera
    (4, 4) of their frames. Each next one is worth most by `worth`, less what its direction has shown already.
    """
    value = worth(members)
    away = np.asarray(center, np.float64) - np.stack([cameras[seen.frame][:3, 3] for seen in members])
    directions = away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
    alike = np.maximum(directions @ directions.T, 0) ** SIDE_POWER
    shown = np.zeros(len(members))
    left = np.ones(len(members), bool)
    chosen: list[int] = []
    for _ in range(min(count, len(members))):
        best = int(np.argmax(np.where(left, value * (1 - SAME_SIDE * shown), -1.0)))
        left[best] = False
        chosen.append(best)
        shown = np.maximum(shown, alike[best])
    return chosen


def worth(members: Sequence[Observation]) -> npt.NDArray[np.float64]:
    """Return (N,) in [0, 1] how well each observation shows its object, next to the others of the same one.

    The geometric mean of how much of the surface it shows and how many pixels it has, which falls with distance; less
    where it is less sharp than most, or cut off by the image border.
    """
    surface = np.array([len(seen.points) for seen in members], np.float64)
    pixels = np.array([seen.pixel_count for seen in members], np.float64)
    sharpness = np.array([seen.sharpness for seen in members], np.float64)
    sharp = np.minimum(1.0, sharpness / max(float(np.median(sharpness)), 1e-9))
    whole = np.where([seen.at_border for seen in members], CUT_OFF, 1.0)
    value: npt.NDArray[np.float64] = np.sqrt(surface / surface.max() * pixels / max(pixels.max(), 1.0)) * sharp * whole
    return value
