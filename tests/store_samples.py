"""Small scenes to store: drawn from a seed, so that equal arguments give equal scenes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import numpy as np

from core3d_search.datatypes import Box3D, SceneObject, View
from core3d_search.store import EmbeddingModel, FrameRecord, ObservationRecord, RunRecord, SceneRecord, Store

MODEL = EmbeddingModel("toy/encoder", "a" * 64, 8, {"scale": 20.0, "margin": 0.1, "neutral_phrases": ["a thing"]})
OTHER_MODEL = EmbeddingModel("toy/other", "b" * 64, 8)


def scene_record(name: str = "kitchen", path: str | None = None) -> SceneRecord:
    return SceneRecord(name, path or f"/scans/{name}", "frames", (0.0, -1.0, 0.0))


def run_record(**changes: Any) -> RunRecord:
    run = RunRecord(
        started=datetime(2026, 11, 22, 12, 30, tzinfo=timezone.utc),
        seconds=12.5,
        fingerprint="input-1",
        config={"masks": {"levels": [2, 4, 6]}},
        config_checksum="config-1",
        mask_generator="built-in",
        mask_generator_checksum="c" * 64,
        frame_count=3,
        skipped_count=1,
        mask_count=20,
        observation_count=6,
        object_count=3,
        stage_seconds={"masks": 10.0, "fuse": 2.5},
        library_versions={"numpy": "2.0"},
        model=MODEL,
    )
    return replace(run, **changes)


def failed_run(**changes: Any) -> RunRecord:
    return run_record(status="failed", error="no frame of scene 'kitchen' can be used", **changes)


def frame_records() -> list[FrameRecord]:
    intrinsics = np.array([[525.0, 0, 319.5], [0, 525.0, 239.5], [0, 0, 1]])
    turned = np.eye(4)
    turned[:3, 3] = 0.1, 1 / 3, np.pi
    return [
        FrameRecord(0, 480, 640, intrinsics, np.eye(4)),
        FrameRecord(5, 480, 640, intrinsics, turned),
        FrameRecord(10, skip_reason="depth/00010.png cannot be read"),
    ]


def unit_vectors(count: int, dimension: int = 8, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def scene_objects(scene: str = "kitchen", count: int = 3, seed: int = 0, points: int = 50) -> list[SceneObject]:
    generator = np.random.default_rng(seed)
    quarter_turn = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    return [
        SceneObject(
            scene=scene,
            points=generator.random((points, 3), np.float32),
            colors=generator.integers(0, 256, (points, 3)).astype(np.uint8),
            box=Box3D(generator.random(3), generator.random(3), quarter_turn),
            embedding=vector,
            observation_count=position + 1,
            label=f"thing {position}" if position else None,
            label_score=0.25 if position else None,
            front=(1.0, 0.0, 0.0) if position == 1 else None,
            views=(View(5, (1.0, 2.0, 30.5, 40.0), 0.75),),
        )
        for position, vector in enumerate(unit_vectors(count, seed=seed))
    ]


def observation_records(count: int = 3) -> list[list[ObservationRecord]]:
    kept = unit_vectors(1, seed=9)[0]
    return [
        [ObservationRecord(0, 2, 0.9, (0.0, 1.0, 2.0, 3.0), 400), ObservationRecord(5, 4, 0.8, (1, 1, 9, 9), 64, kept)]
        for _ in range(count)
    ]


def write_scene(store: Store, name: str = "kitchen", count: int = 3, seed: int = 0, **changes: Any) -> list[int]:
    """Write one scene of `count` objects, with all that a scene can have."""
    return store.write_scene(
        scene_record(name),
        frame_records(),
        run_record(**changes),
        scene_objects(name, count, seed),
        observation_records(count),
    )
