"""A small scene of the frames layout, for the tests that are about folders rather than formats."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

POSE = np.array([[0.0, -1, 0, 1], [1, 0, 0, 2], [0, 0, 1, 3], [0, 0, 0, 1]])


def write_frames_scene(folder: Path, frames: int = 2, **settings) -> Path:
    """Write frames of 6x8 pixels, 1 m deep, all at `POSE`."""
    for part in ("color", "depth", "pose"):
        (folder / part).mkdir(parents=True)
    for i in range(frames):
        Image.fromarray(np.full((6, 8, 3), 10 * i, np.uint8)).save(folder / "color" / f"{i:05}.png")
        Image.fromarray(np.full((6, 8), 1000, np.uint16)).save(folder / "depth" / f"{i:05}.png")
        np.savetxt(folder / "pose" / f"{i:05}.txt", POSE)
    np.savetxt(folder / "intrinsics.txt", [[5, 0, 4], [0, 5, 3], [0, 0, 1]])
    if settings:
        (folder / "scene.json").write_text(json.dumps(settings))
    return folder


@pytest.fixture
def frames_scene():
    """The function `write_frames_scene`."""
    return write_frames_scene
