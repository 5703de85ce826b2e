"""Points as binary PLY, little endian: position in metres, colour, and the id of the object that each belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from core3d_search.exports.scene_graph import SceneGraph

PROPERTIES = {"<f4": "float", "<f8": "double", "u1": "uchar", "<i4": "int"}


def to_ply(graph: SceneGraph) -> bytes:
    """Return the points of all objects; `object_id` tells which, as `core3d show` lists them."""
    counts = [len(item.points) for item in graph.objects]
    ids = np.repeat(np.array([item.id for item in graph.objects], np.int64), counts)
    points = np.concatenate([item.points for item in graph.objects] or [np.zeros((0, 3), np.float32)])
    colors = np.concatenate([item.colors for item in graph.objects] or [np.zeros((0, 3), np.uint8)])
    return ply(points, colors, graph.scene.origin, "core3d scene, metres", {"object_id": ids})


def ply(
    points: npt.NDArray[np.floating],
    colors: npt.NDArray[np.uint8],
    origin: npt.ArrayLike | None,
    comment: str,
    numbers: Mapping[str, npt.NDArray[np.integer]] = MappingProxyType({}),
) -> bytes:
    """Return (N, 3) `points`, metres from `origin`, with (N, 3) RGB `colors` and (N,) `numbers` by name as PLY.

    Coordinates are the scan's own: double where it lies far from zero (`origin` is given), else float.
    """
    kind = "<f4" if origin is None else "<f8"
    fields = [*((axis, kind) for axis in "xyz"), *((channel, "u1") for channel in ("red", "green", "blue"))]
    fields += [(name, "<i4") for name in numbers]
    rows = np.empty(len(points), np.dtype(fields))
    placed = points if origin is None else points + np.asarray(origin, np.float64)
    for column, name in enumerate("xyz"):
        rows[name] = placed[:, column]
    for column, name in enumerate(("red", "green", "blue")):
        rows[name] = colors[:, column]
    for name, each in numbers.items():
        rows[name] = each
    header = [
        "ply",
        "format binary_little_endian 1.0",
        f"comment {comment}",
        f"element vertex {len(rows)}",
        *(f"property {PROPERTIES[kind]} {name}" for name, kind in fields),
        "end_header",
    ]
    return ("\n".join(header) + "\n").encode("ascii") + rows.tobytes()
