"""Metres and gravity for files that do not say: judged from size and shape, and told."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError
from core3d_search.meshes.model import Floats, face_normals

AXES = {"x": (1.0, 0.0, 0.0), "y": (0.0, 1.0, 0.0), "z": (0.0, 0.0, 1.0)}
LARGEST_M = 60.0
"""A model with a side longer than this, in the file's unit, is not in metres: the largest flats are smaller."""
LARGEST_CM = 400.0
"""Up to this the unit is taken for centimetres (furniture), above for millimetres."""

ROOM_M = 2.0
"""A model with two sides this long may be a room."""


def judge_scale(extent: npt.ArrayLike) -> tuple[float, str]:
    """Return the metres to the unit of a model of that `extent` (3,), and a sentence; empty where it is in metres.

    Raises InputError for a model without size.
    """
    longest = float(np.max(np.asarray(extent)))
    if not np.isfinite(longest) or longest <= 0:
        raise InputError("the model has no size: its points all coincide or are not finite")
    if longest <= LARGEST_M:
        return 1.0, ""
    unit, scale = ("centimetres", 0.01) if longest <= LARGEST_CM else ("millimetres", 0.001)
    told = f"its longest side is {longest:.4g} units, taken for {unit}; --scale METRES_TO_THE_UNIT says otherwise"
    return scale, told


def judge_up(corners: Floats, usual: str) -> tuple[npt.NDArray[np.float64], str]:
    """Return the direction against gravity of triangles (T, 3, 3) in metres, and a sentence.

    `usual` ("y" or "z") is what files of this format mostly mean. In what is as large as a room the other axis wins
    where faces across it have half as much area again: floors and ceilings outweigh walls. The shape of a single thing
    says nothing (a door, a television, a plate).
    """
    chosen = usual
    if np.sort(np.ptp(corners.reshape(-1, 3), axis=0))[1] >= ROOM_M:
        normals, areas = face_normals(corners)
        across = (np.abs(normals) ** 4 * areas[:, None]).sum(0)
        other = "z" if usual == "y" else "y"
        if across["xyz".index(other)] > 1.5 * across["xyz".index(usual)]:
            chosen = other
    return np.array(AXES[chosen]), f"up is taken for +{chosen}; --up says otherwise"
