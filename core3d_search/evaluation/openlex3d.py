"""OpenLex3D: the three files of predictions that its tools read, and its scorer where it is installed.

Format and command: the README of https://github.com/openlex3d/openlex3d. Its label files and the meshes of Replica or
ScanNet++ are fetched by its users; without the scorer the files are written and the command is told.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import SceneObject
from core3d_search.errors import InputError

SCORER = "ol3_evaluate"
HEADER = """# .PCD v0.7 - Point Cloud Data file format
VERSION 0.7
FIELDS x y z rgb
SIZE 4 4 4 4
TYPE F F F U
COUNT 1 1 1 1
WIDTH {count}
HEIGHT 1
VIEWPOINT 0 0 0 1 0 0 0
POINTS {count}
DATA binary
"""


def write_predictions(objects: Sequence[SceneObject], folder: Path) -> list[Path]:
    """Write `embeddings.npy` (N, D), `index.npy` (P,) the object of each point, and `point_cloud.pcd` into `folder`.

    Raises InputError where there is no object or nothing can be written.
    """
    if not objects:
        raise InputError(f"no object to write into {folder}: index the scene first")
    points = np.concatenate([one.points for one in objects])
    colors = np.concatenate([one.colors for one in objects])
    index = np.repeat(np.arange(len(objects)), [len(one.points) for one in objects])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "embeddings.npy", np.stack([one.embedding for one in objects]), allow_pickle=False)
        np.save(folder / "index.npy", index, allow_pickle=False)
        (folder / "point_cloud.pcd").write_bytes(pcd(points, colors))
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror or error}") from error
    return [folder / name for name in ("embeddings.npy", "index.npy", "point_cloud.pcd")]


def pcd(points: npt.NDArray[np.float32], colors: npt.NDArray[np.uint8]) -> bytes:
    """Return a binary PCD file of `points` (N, 3) and `colors` (N, 3) RGB, packed as PCL does (0xRRGGBB)."""
    rows = np.empty(len(points), [("xyz", "<f4", 3), ("rgb", "<u4")])
    rows["xyz"] = points
    red, green, blue = colors.astype(np.uint32).T
    rows["rgb"] = red << 16 | green << 8 | blue
    return HEADER.format(count=len(points)).encode() + rows.tobytes()


def scorer_command(dataset: str, scene: str, predictions: Path, config: Path | None = None) -> list[str]:
    """Return the command of OpenLex3D's scorer for one scene: top 1, on the CPU."""
    return [
        SCORER, "-cp", str(config or "openlex3d/config"), "-cn", "eval_segmentation",
        "evaluation.algorithm=core3d", f"evaluation.predictions_path={predictions}", "evaluation.topn=1",
        f"dataset={dataset}", f"dataset.scene={scene}", "model.device=cpu",
    ]  # fmt: skip


def score(dataset: str, scene: str, predictions: Path) -> str | None:
    """Return what the scorer prints, None where it is not installed; raises InputError where it fails."""
    if shutil.which(SCORER) is None:
        return None
    from importlib.util import find_spec

    package = find_spec("openlex3d")
    config = Path(package.origin).parent / "config" if package is not None and package.origin else None
    line = scorer_command(dataset, scene, predictions.resolve(), config)
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(f"{' '.join(line)} ended with {done.returncode}: {done.stderr.strip()[-600:]}")
    return done.stdout
