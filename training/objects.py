"""Objects of generated rooms as an encoder sees them through true masks: what it is calibrated and measured on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core3d_search.encoders import Encoder
from core3d_search.indexer.config import TIGHT_CROPS
from core3d_search.indexer.crops import crop_images, crop_weights
from core3d_search.indexer.detections import Detections
from core3d_search.indexer.frames import Frame
from core3d_search.synthetic import generate_room, render_room
from training.models import class_name
from training.phrases import Facts
from training.views import MIN_AREA_FRACTION

MIN_MODEL_AREA = 0.003
"""Of the image: smaller views of models are left out."""

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class SeenObject:
    """One object of room `room` (its seed): `views` holds (V, D) unit embeddings by crop kind, and "combined"."""

    room: int
    facts: Facts
    views: dict[str, Vectors]

    @property
    def embedding(self) -> Vectors:
        """The embedding of the whole object (D,): its combined views summed and brought to length 1, as fusion does."""
        total = self.views["combined"].sum(axis=0)
        unit: Vectors = total / np.linalg.norm(total)
        return unit


def seen_objects(encoder: Encoder, seeds: Iterable[int], frames: int) -> list[SeenObject]:
    """Return every object of the rooms of `seeds` that at least one of `frames` frames shows well enough."""
    objects = []
    for seed in seeds:
        room = generate_room(seed)
        views: dict[int, list[dict[str, Vectors]]] = {}
        for rendered in render_room(room, frames=frames):
            numbers, areas = np.unique(rendered.instance, return_counts=True)
            shown = [
                n
                for n, area in zip(numbers, areas, strict=True)
                if n and area >= MIN_AREA_FRACTION * rendered.instance.size
            ]
            masks = np.stack([rendered.instance == number for number in shown])
            frame = Frame(rendered.index, rendered.rgb, rendered.depth, rendered.intrinsics, rendered.world_from_camera)
            detections = Detections.from_masks(masks, np.ones(len(shown)), np.ones(len(shown)))
            for number, embeddings in zip(shown, _embed(encoder, frame, detections), strict=True):
                views.setdefault(int(number), []).append(embeddings)
        for number, seen in views.items():
            thing = room[number]
            by_kind = {kind: np.stack([view[kind] for view in seen]) for kind in seen[0]}
            objects.append(SeenObject(seed, (thing.label, thing.color, thing.material), by_kind))
    return objects


def seen_models(encoder: Encoder, files: Iterable[Path], every: int = 1) -> list[SeenObject]:
    """Return the models in scenes that `training/model_scenes.py` wrote; every n-th frame; `room` is the seed."""
    objects = []
    for file in files:
        with np.load(file, allow_pickle=False) as saved:
            pixels, instances = saved["pixels"][::every], saved["instances"][::every]
            names, keys = saved["names"].tolist(), saved["keys"].tolist()
        views: dict[int, list[dict[str, Vectors]]] = {}
        for index, (rgb, instance) in enumerate(zip(pixels, instances, strict=True)):
            numbers, areas = np.unique(instance, return_counts=True)
            shown = [n for n, area in zip(numbers, areas, strict=True) if n and area >= MIN_MODEL_AREA * instance.size]
            if not shown:
                continue
            masks = np.stack([instance == number for number in shown])
            frame = Frame(index, rgb, np.zeros(instance.shape, np.float32), np.eye(3), np.eye(4))
            detections = Detections.from_masks(masks, np.ones(len(shown)), np.ones(len(shown)))
            for number, embeddings in zip(shown, _embed(encoder, frame, detections), strict=True):
                views.setdefault(int(number), []).append(embeddings)
        for number, seen in views.items():
            by_kind = {kind: np.stack([view[kind] for view in seen]) for kind in seen[0]}
            name = class_name(names[number], keys[number])
            objects.append(SeenObject(int(file.stem), (name, "", ""), by_kind))
    return objects


def _embed(encoder: Encoder, frame: Frame, detections: Detections) -> list[dict[str, Vectors]]:
    """Return for each detection its embedding by crop kind of the built-in profile, and their sum as "combined"."""
    config = TIGHT_CROPS
    single = {kind: encoder.encode_images(crops) for kind, crops in crop_images(frame, detections, config).items()}
    combined = sum(crop_weights(config)[kind] * vectors for kind, vectors in single.items())
    single["combined"] = combined / np.linalg.norm(combined, axis=1, keepdims=True)
    return [{kind: vectors[row] for kind, vectors in single.items()} for row in range(len(detections))]
