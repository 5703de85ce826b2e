"""Writes labels of points: arrays, coloured PLY files, and the legend that says what the numbers and colours are."""

from __future__ import annotations

import colorsys
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError
from core3d_search.evaluation.segment import Segmentation

GREY = (128, 128, 128)
"""The colour of points without a label."""
GOLDEN = 0.6180339887498949
"""Steps of the hue by the golden ratio keep any number of neighbours apart."""
Colors = npt.NDArray[np.uint8]


def write_segmentation(
    found: Segmentation, folder: Path, scene: str, origin: Sequence[float] | None = None
) -> list[Path]:
    """Write `found` into `folder` and return the files; raises InputError where that cannot be done.

    `classes.npy` int32 and `instances.npy` int64, one a point; `semantic.ply` and `instances.ply`, the points (with the
    faces of a mesh) in the colours of their class and of their object; `legend.json`: the names and colours of classes
    and objects, and the `origin` (metres) that the points are measured from.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "classes.npy", found.classes, allow_pickle=False)
        np.save(folder / "instances.npy", found.instances, allow_pickle=False)
        _write_ply(folder / "semantic.ply", found, palette(len(found.class_names))[found.classes])
        ids = sorted(found.object_classes)
        rows = np.where(found.instances > 0, np.searchsorted(ids, found.instances), -1)
        _write_ply(folder / "instances.ply", found, palette(len(ids))[rows])
        (folder / "legend.json").write_text(json.dumps(legend(found, scene, origin), indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror or error}") from error
    return [folder / name for name in ("classes.npy", "instances.npy", "semantic.ply", "instances.ply", "legend.json")]


def legend(found: Segmentation, scene: str, origin: Sequence[float] | None = None) -> dict[str, object]:
    """Return what the numbers and colours mean, as plain values."""
    points_of = np.bincount(found.classes + 1, minlength=len(found.class_names) + 1)[1:]
    colors = palette(len(found.class_names))
    ids = sorted(found.object_classes)
    own = palette(len(ids))
    return {
        "scene": scene,
        "points": len(found.points),
        "labelled": int((found.classes >= 0).sum()),
        "origin": None if origin is None else list(origin),
        "classes": [
            {"number": number, "name": name, "color": colors[number].tolist(), "points": int(points_of[number])}
            for number, name in enumerate(found.class_names)
        ],
        "objects": [
            {
                "id": key,
                "class": found.class_names[found.object_classes[key][0]],
                "cosine": round(found.object_classes[key][1], 4),
                "color": own[row].tolist(),
            }
            for row, key in enumerate(ids)
        ],
    }


def palette(count: int) -> Colors:
    """Return (count + 1, 3) colours, RGB: as many as there are numbers, and the grey of -1 at the end."""
    rows = []
    for number in range(count):
        value, saturation = (0.95, 0.7) if number % 2 == 0 else (0.7, 0.85)
        rows.append([round(255 * part) for part in colorsys.hsv_to_rgb(number * GOLDEN % 1, saturation, value)])
    return np.array([*rows, GREY], np.uint8)


def _write_ply(path: Path, found: Segmentation, colors: Colors) -> None:
    import trimesh

    opaque = np.concatenate([colors, np.full((len(colors), 1), 255, np.uint8)], axis=1)
    if found.faces is None:
        shown = trimesh.PointCloud(found.points, colors=opaque)
    else:
        shown = trimesh.Trimesh(found.points, found.faces, vertex_colors=opaque, process=False)
    path.write_bytes(shown.export(file_type="ply"))
