"""Stand-ins that are exactly known: an encoder whose space has one axis a noun, and two scenes of a few boxes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np

from core3d_search.datatypes import Box3D, SceneObject
from core3d_search.encoders import Calibration
from core3d_search.store import EmbeddingModel, RunRecord, SceneRecord, Store

NOUNS = ("chair", "table", "window", "mug", "lamp", "anything")


class NounEncoder:
    """Texts: the axes of the nouns in them ("anything" where there is none); images: the axis that the red value of
    their first pixel names. A noun scores 0.95 against its own object and 0.05 against another."""

    model_id = "nouns/1"
    checksum = "1" * 64
    dimension = len(NOUNS)
    calibration = Calibration(scale=6.0, margin=0.5, neutral_phrases=("anything",))
    vocabulary = NOUNS[:-1]

    @classmethod
    def from_model_id(cls, model_id: str, **options: Any) -> NounEncoder:
        return cls()

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        vectors = np.array([[noun in text.split() for noun in NOUNS] for text in texts], np.float32)
        vectors[~vectors.any(axis=1), -1] = 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def encode_images(self, images: Sequence[np.ndarray]) -> np.ndarray:
        return np.stack([np.eye(len(NOUNS), dtype=np.float32)[min(int(im[0, 0, 0]), len(NOUNS) - 1)] for im in images])


RED, BLUE, WHITE = (200, 20, 20), (20, 40, 200), (240, 240, 240)


def thing(scene, label, center, extent=(0.5, 0.5, 0.9), color=WHITE):
    box = Box3D(center, extent)
    corners = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
    return SceneObject(
        scene=scene,
        points=(box.center + corners * box.extent).astype(np.float32),
        colors=np.tile(np.uint8(color), (8, 1)),
        box=box,
        embedding=NounEncoder().encode_texts([label])[0],
        observation_count=3,
        label=label,
    )


ATTIC = [
    thing("attic", "chair", (0, 0, 0.45), color=RED),
    thing("attic", "chair", (4, 0, 0.45), color=RED),
    thing("attic", "chair", (0.1, 3, 0.45), color=BLUE),
    thing("attic", "window", (0.0, -0.6, 1.5), (1.2, 0.1, 1.0)),
    thing("attic", "table", (4, 3, 0.4), (1.2, 0.8, 0.8)),
    thing("attic", "mug", (4, 3, 0.85), (0.1, 0.1, 0.1), BLUE),
]
BARN = [thing("barn", "lamp", (0, 1.5, 0), color=RED), thing("barn", "table", (0, 0.4, 0), (1, 0.8, 1))]


def write_objects(store, name, objects, up, origin=None):
    """Store `objects` as the outcome of a run on scene `name`."""
    run = RunRecord(
        started=datetime.now(timezone.utc),
        seconds=1.0,
        fingerprint="f",
        config={},
        config_checksum="c",
        mask_generator="none",
        mask_generator_checksum="m",
        model=EmbeddingModel.of(NounEncoder()),
    )
    store.write_scene(SceneRecord(name, f"/scans/{name}", "frames", up, origin=origin), [], run, objects)


def write_known_scenes(path: Path) -> None:
    """Write a database of an attic with z up and a barn with y up; ids count from 1 in the order above."""
    with Store.open(path, create=True) as store:
        write_objects(store, "attic", ATTIC, (0.0, 0.0, 1.0))
        write_objects(store, "barn", BARN, (0.0, 1.0, 0.0))
