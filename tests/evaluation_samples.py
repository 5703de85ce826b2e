"""A tiny scene that is exactly known, written with its truth, and predictions that are right by construction."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from format_writers import frames_folder
from PIL import Image

from core3d_search.datatypes import Box3D
from core3d_search.evaluation.measure import Prediction
from core3d_search.geometry import fit_box
from core3d_search.testing.drawing import TABLE_SCENE, draw_solids

EYES = [(2.0, -1.5, 1.6), (1.5, 1.8, 1.7), (-2.0, -1.6, 1.5), (-1.4, 1.9, 1.6), (0.3, -2.2, 1.8)]
LABELS = {1: "table", 2: "mug", 3: "stool"}


def write_table_scene(folder: Path) -> Path:
    """Write the frames, instance images and ground truth of TABLE_SCENE; the floor is nobody's."""
    frames = []
    for position, eye in enumerate(EYES):
        frame, owner = draw_solids(TABLE_SCENE, eye, (-0.1, -0.1, 0.4), position, (240, 320))
        frames.append(frame)
        (folder / "instance").mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.maximum(owner, 0).astype(np.uint16)).save(folder / "instance" / f"{position:05}.png")
    frames_folder(folder, frames)
    objects = []
    for key, label in LABELS.items():
        low, high, _ = TABLE_SCENE[key]
        box = Box3D(np.add(low, high) / 2, np.subtract(high, low))
        objects.append({"id": key, "label": label, "box": box.to_dict()})
    (folder / "ground_truth.json").write_text(json.dumps({"objects": objects, "relations": []}))
    (folder / "scene.json").write_text(json.dumps({"name": folder.name, "up": [0, 0, 1]}))
    return folder


def perfect(truth, names=None) -> Prediction:
    """An object for each true thing that shows a point, with its very points, box and class; `names` rename classes."""
    keys = [key for key in sorted(truth.things) if (truth.instances == key).any()]
    points = [truth.points[truth.instances == key] for key in keys]
    similarities = np.zeros((len(keys), len(truth.class_names)), np.float32)
    for row, key in enumerate(keys):
        label = truth.things[key].label
        similarities[row, truth.class_names.index((names or {}).get(label, label))] = 1
    boxes = [truth.things[key].box or fit_box(part) for key, part in zip(keys, points, strict=True)]
    return Prediction(points, boxes, similarities, np.full(len(keys), 5))
