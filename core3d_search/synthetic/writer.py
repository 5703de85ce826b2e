"""Writes rooms as scans on disk: the frames layout, and beside it what is true."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.synthetic.render import render_room
from core3d_search.synthetic.room import Room
from core3d_search.synthetic.worn import worn_frame

Progress = Callable[[str, int, int], None]
"""Called with the room's name, frames written so far and frames in all."""

JPEG_QUALITY = 92
MIN_VISIBLE = 50
"""An object counts as visible in a frame from this many pixels on."""


def write_room(
    room: Room,
    folder: Path | str,
    *,
    frames: int = 30,
    width: int = 480,
    height: int = 360,
    seed: int | None = None,
    noise: bool = True,
    worn: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Render a room into `folder` and return it; `worn` shows it as a worn camera would, see worn.py.

    Written: `color/NNNNN.jpg`, `depth/NNNNN.png` (16-bit millimetres, 0 = none), `instance/NNNNN.png` (16-bit object
    ids, 0 = none), `pose/NNNNN.txt` (4 x 4 camera-to-world, OpenCV axes), `intrinsics.txt`, `scene.json` and
    `ground_truth.json`. Existing files of these names are replaced.
    """
    from PIL import Image

    root = Path(folder)
    for part in ("color", "depth", "instance", "pose"):
        (root / part).mkdir(parents=True, exist_ok=True)
    pixels = np.zeros((frames, len(room.objects) + 1), np.int64)
    intrinsics = np.eye(3)
    wear = np.random.default_rng([room.seed if seed is None else seed, 31])
    for frame in render_room(room, frames=frames, width=width, height=height, seed=seed, noise=noise):
        if worn:
            frame = worn_frame(frame, wear)
        stem = f"{frame.index:05d}"
        Image.fromarray(frame.rgb).save(root / "color" / f"{stem}.jpg", quality=JPEG_QUALITY)
        millimetres = np.round(frame.depth * 1000).astype(np.uint16)
        Image.fromarray(millimetres).save(root / "depth" / f"{stem}.png", compress_level=3)
        Image.fromarray(frame.instance).save(root / "instance" / f"{stem}.png", compress_level=3)
        _write_matrix(root / "pose" / f"{stem}.txt", frame.world_from_camera)
        pixels[frame.index] = np.bincount(frame.instance.ravel(), minlength=pixels.shape[1])
        intrinsics = frame.intrinsics
        if progress is not None:
            progress(room.name, frame.index + 1, frames)
    _write_matrix(root / "intrinsics.txt", intrinsics)
    scene: dict[str, Any] = {
        "name": room.name, "kind": room.kind, "up": list(room.up), "depth_scale": 1000.0, "camera_axes": "opencv",
        "seed": room.seed, "generator": "core3d_search.synthetic",
    }  # fmt: skip
    _write_json(root / "scene.json", scene)
    _write_json(root / "ground_truth.json", ground_truth(room, pixels))
    return root


def ground_truth(room: Room, pixels: npt.NDArray[np.int64] | None = None) -> dict[str, Any]:
    """Return what is true of a room, as plain values for JSON; `pixels` (frames, objects + 1) adds where it is seen."""
    objects = []
    for item in room.objects:
        entry: dict[str, Any] = {
            "id": item.id,
            "label": item.label,
            "color": item.color,
            "material": item.material,
            "box": item.box.to_dict(),
            "front": None if item.front is None else item.front.tolist(),
            "holder": item.holder,
        }
        if pixels is not None:
            entry["visible_frames"] = np.flatnonzero(pixels[:, item.id] >= MIN_VISIBLE).tolist()
            entry["pixels"] = int(pixels[:, item.id].sum())
        objects.append(entry)
    relations = []
    for relation in room.relations:
        fact: dict[str, Any] = {"predicate": relation.predicate, "subject": relation.subject}
        fact["object"] = relation.anchors[0]
        if len(relation.anchors) > 1:
            fact["objects"] = list(relation.anchors)
        fact["frame"] = relation.frame
        relations.append(fact)
    structure = [{"label": part.label, "box": part.box.to_dict()} for part in room.structure]
    return {
        "name": room.name,
        "kind": room.kind,
        "size": list(room.size),
        "objects": objects,
        "relations": relations,
        "structure": structure,
    }


def _write_matrix(path: Path, matrix: npt.NDArray[np.float64]) -> None:
    path.write_text("\n".join(" ".join(f"{value:.9g}" for value in row) for row in matrix) + "\n")


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n")
