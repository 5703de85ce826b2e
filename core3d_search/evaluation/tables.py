"""The tables that can be made: which scenes of which data set, by which rules, and where their truth is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, cast

from core3d_search.errors import InputError
from core3d_search.evaluation.datasets import known, replica, scannet
from core3d_search.evaluation.datasets.needs import Need, told_missing
from core3d_search.evaluation.metrics.instances import MIN_POINTS
from core3d_search.evaluation.rules import CONCEPT_GRAPHS, KNOWN, Rules
from core3d_search.evaluation.truth import SceneTruth
from core3d_search.indexer.frames import SceneReader
from core3d_search.indexer.readers import find_scenes

SEGMENTATION = ("replica", "scannet", "rooms", "folder")
REFERRING = ("sr3d", "nr3d", "scanrefer")
DATASETS = (*SEGMENTATION, *REFERRING, "openlex3d")
KNOWN_MIN_POINTS = 30
"""Points of 2.5 cm that a thing of a known scene must show to be judged by AP: what an object needs to be kept."""


@dataclass(frozen=True)
class EvalScene:
    """One scene of a table: where its frames lie, and what reads its truth once a reader has opened them."""

    name: str
    source: Path
    read_truth: Callable[[SceneReader], SceneTruth]

    def open(self) -> SceneReader:
        """Return the reader of the frames; raises InputError."""
        found = find_scenes(self.source)
        if len(found) != 1:
            raise InputError(f"{self.source} must hold one scene, it holds {len(found)}")
        return found[0]


@dataclass(frozen=True)
class Table:
    """A data set's scenes, its usual rules, from how many points instances are judged, and where published rows are."""

    dataset: str
    scenes: tuple[EvalScene, ...]
    rules: Rules
    min_points: int
    published: str


def needs_of(dataset: str, root: Path, names: Sequence[str] | None, class_count: int) -> list[Need]:
    """Return every file that a table of `dataset` reads below `root`; none for rooms and folders."""
    if dataset in ("replica", "openlex3d"):
        return [need for name in names or replica.SCENES for need in replica.needs(name)]
    if dataset in ("scannet", *REFERRING):
        count = _class_count(class_count)
        needs = [need for name in names or scannet.SCENES for need in scannet.needs(root, name, count)]
        return list(dict.fromkeys(needs))
    return []


def table_of(dataset: str, root: Path, names: Sequence[str] | None = None, class_count: int = 20) -> Table:
    """Return the table of `dataset` below `root`, of the scenes called `names` or of those that papers report.

    Raises InputError that names every missing file, where it comes from and on which terms.
    """
    if not root.is_dir():
        raise InputError(f"{root} is no folder")
    needs = needs_of(dataset, root, names, class_count)
    missing = [need for need in needs if need.place(root) is None]
    if missing:
        raise InputError(told_missing(root, missing))
    if dataset == "replica":
        scenes = [EvalScene(n, root / n, partial(replica.read_truth, root, n)) for n in names or replica.SCENES]
        return Table(dataset, tuple(scenes), CONCEPT_GRAPHS, MIN_POINTS, "replica")
    if dataset == "scannet":
        count = _class_count(class_count)
        scenes = [
            EvalScene(n, scannet_frames(root, n), partial(scannet.read_truth, root, n, class_count=count))
            for n in names or scannet.SCENES
        ]
        return Table(f"scannet{count}", tuple(scenes), CONCEPT_GRAPHS, MIN_POINTS, "scannet")
    scenes = [
        EvalScene(reader.name, reader.source, known.read_truth)
        for reader in find_scenes(root)
        if (reader.source / "ground_truth.json").is_file() and (not names or reader.name in names)
    ]
    if not scenes:
        raise InputError(f"no scene in {root} has a ground_truth.json beside its frames (docs/evaluation.md)")
    return Table(dataset, tuple(scenes), KNOWN, KNOWN_MIN_POINTS, dataset)


def scannet_frames(root: Path, scan: str) -> Path:
    """Return what a reader opens of a scan: its folder where frames were exported, else its .sens file."""
    folder = scannet.folder_of(root, scan)
    return folder if (folder / "color").is_dir() else folder / f"{scan}.sens"


def write_rooms(root: Path, count: int, first_seed: int, frames: int) -> tuple[str, ...]:
    """Write those of the rooms with these seeds that are not below `root` yet; return the names of all of them."""
    from core3d_search.synthetic import generate_room, write_room

    names = []
    for seed in range(first_seed, first_seed + count):
        place = root / f"room-{seed}"
        if not (place / "ground_truth.json").is_file():
            write_room(generate_room(seed), place, frames=frames)
        names.append(find_scenes(place)[0].name)
    return tuple(names)


def _class_count(count: int) -> Literal[20, 200]:
    if count not in (20, 200):
        raise InputError(f"ScanNet's benchmarks have 20 or 200 classes, got {count}")
    return cast(Literal[20, 200], count)
