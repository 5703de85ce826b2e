"""Numbers that cannot be those of a thing, whatever their checksum says."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from core3d_search.store.records import StoredObjects

FARTHEST_M = 1e7
"""Coordinates beyond, in metres, are no place: the Earth is 4e7 m around."""


def object_fault(row: Any) -> str | None:
    """Return what is wrong with a row of `stored(objects)`, None where it can be a thing."""
    numbers = [getattr(row, f"{stem}_{axis}") for stem in ("center", "extent") for axis in "xyz"]
    if not all(isinstance(value, (int, float)) and abs(value) < FARTHEST_M for value in numbers):
        return f"has a box of {numbers}, which are no metres"
    if min(numbers[3:]) < 0:
        return f"has a negative size: {numbers[3:]}"
    if not isinstance(row.rotation, (bytes, memoryview)) or len(row.rotation) != 72:
        return "has a rotation that is not 9 numbers"
    rotation = np.frombuffer(row.rotation, "<f8").reshape(3, 3)
    if not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-4):
        return "has a rotation that is none"
    try:
        front = None if row.front is None else np.array(json.loads(row.front), np.float64)
    except ValueError:
        return "has a front that cannot be read"
    if front is not None and (front.shape != (3,) or not np.isfinite(front).all()):
        return f"has a front that is no direction: {row.front}"
    return None


def are_sound(stored: StoredObjects) -> bool:
    """Return whether no object has a fault, all of them looked at together."""
    numbers = np.concatenate([stored.centers, stored.extents], axis=1)
    turned = stored.rotations @ np.swapaxes(stored.rotations, 1, 2)
    unknown = np.isnan(stored.fronts).all(axis=1)
    return bool(
        (np.abs(numbers) < FARTHEST_M).all()
        and (stored.extents >= 0).all()
        and np.allclose(turned, np.eye(3), atol=1e-4)
        and np.isfinite(stored.fronts[~unknown]).all()
    )
