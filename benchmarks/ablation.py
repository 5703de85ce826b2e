"""What each step of the method is worth, on generated rooms that nothing was trained or tuned on; and a search.

    python benchmarks/ablation.py --rooms 10 --first-seed 1000           the ablation: a row a change
    python benchmarks/ablation.py --search --first-seed 3000             gamma, delta, tau, DBSCAN on other rooms
    python benchmarks/ablation.py --confirm --first-seed 7000 --rooms 20 what the search chose, on rooms never seen

Masks of all levels are computed once a room and kept in --work, as are the results of each room and row: a run that
was stopped goes on, and a further row costs only itself. Crops are encoded once a kind and observation, so that rows
which change their weights are free. Every row is the base with one change; the table gives the mean over rooms and, of
the difference to the base in the same rooms, the 95 % bootstrap interval.

The base is the built-in profile. It takes two crops of five at equal weights, so the rows on crops start from those
two and from the paper's five at the weights of docs/method.md.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
from ablation_rows import CONFIRM, ROWS, SEARCH, Row

from core3d_search.encoders import Encoder, load_encoder
from core3d_search.evaluation.datasets.known import read_truth
from core3d_search.evaluation.labelling import class_similarities
from core3d_search.evaluation.measure import Prediction, measure
from core3d_search.evaluation.metrics.instances import instance_scores
from core3d_search.evaluation.metrics.intervals import mean_interval
from core3d_search.evaluation.metrics.retrieval import accuracy_at
from core3d_search.evaluation.metrics.semantic import semantic_scores
from core3d_search.evaluation.rules import KNOWN
from core3d_search.evaluation.truth import SceneTruth
from core3d_search.indexer import merging
from core3d_search.indexer.best_views import worth
from core3d_search.indexer.config import CropConfig, IndexConfig, resolve
from core3d_search.indexer.crops import crop_weights, embed_observations
from core3d_search.indexer.describe import embedded_members
from core3d_search.indexer.detections import Detections, PackedMask
from core3d_search.indexer.frames import Frame, SceneReader
from core3d_search.indexer.fusion import fuse
from core3d_search.indexer.journal import FrameNote
from core3d_search.indexer.lifting import Observation, lift
from core3d_search.indexer.masks.progressive import make_generator, progressive_masks
from core3d_search.indexer.perceive import SceneResult, look_for_structure, read
from core3d_search.indexer.planes import Structure
from core3d_search.indexer.readers import find_scenes
from core3d_search.indexer.report import StageClock

SMALLEST = 30
"""Points of 2.5 cm: smaller things are not judged by AP (`fusion.min_voxels`)."""
FIGURES = ("mAcc", "mIoU", "fmIoU", "A@1", "AP25", "AP50", "duplicates", "objects")
"""mAcc, mIoU, fmIoU of points over the classes of the room; A@1 of class names at a box IoU of 0.25; AP25 and AP50 of
objects without classes, trusted by their observations; objects that repeat another; objects stored for a true one."""


@dataclass
class Room:
    """One room made ready: frames, structure, truth, and what was computed of it so far."""

    reader: SceneReader
    frames: list[Frame]
    structure: Structure
    truth: SceneTruth
    kept: Path
    encoder: Encoder
    looks: dict[tuple[Any, ...], npt.NDArray[np.float32]] = field(default_factory=dict)
    lifted: dict[str, tuple[list[Observation], int]] = field(default_factory=dict)

    @classmethod
    def prepare(cls, seed: int, work: Path, scenes: Path, count: int, encoder: Encoder) -> Room:
        place = scenes / f"room-{seed}"
        if not (place / "ground_truth.json").exists():
            from core3d_search.synthetic import generate_room, write_room

            write_room(generate_room(seed), place, frames=count)
        (reader,) = find_scenes(place)
        config = resolve()
        frames = [read(reader, position, config) for position in config.frames.positions(len(reader))]
        structure = look_for_structure(reader, config, StageClock())
        return cls(reader, frames, structure, read_truth(reader), work / f"masks-{seed}", encoder)

    def candidates(self, config: IndexConfig, alone: tuple[int, ...] | None) -> list[Detections]:
        """Return the generator's masks of each frame; `alone` are levels that it is asked for instead."""
        levels = alone or config.masks.levels
        path = self.kept.with_name(f"{self.kept.name}-{''.join(map(str, levels))}.npz")
        if not path.exists():
            generator = make_generator(replace(config.masks, levels=levels)).for_scene(self.structure)
            _keep(path, [generator.generate(frame) for frame in self.frames])
        return _kept(path, self.frames)

    def observations(self, row: Row, config: IndexConfig) -> tuple[list[Observation], int]:
        """Return what is observed with the row's masks, and how many masks there were."""
        key = json.dumps([config.to_dict()["masks"], config.to_dict()["lifting"], row.alone, row.every_level])
        if key not in self.lifted:
            found: list[Observation] = []
            masks = 0
            for frame, candidates in zip(self.frames, self.candidates(config, row.alone), strict=True):
                kept = (
                    _every_level(candidates, frame, config)
                    if row.every_level
                    else progressive_masks(candidates, frame, config.masks)
                )
                masks += len(kept)
                found += lift(frame, kept, config.lifting)
            self.lifted[key] = found, masks
        return self.lifted[key]

    def look(self, members: Sequence[Observation], kind: str) -> npt.NDArray[np.float32]:
        """Return (N, D) the unit embeddings of one kind of crop of observations; each is computed once."""
        missing: dict[int, list[Observation]] = {}
        for seen in members:
            if _key(seen, kind) not in self.looks:
                missing.setdefault(seen.frame, []).append(seen)
        alone = replace(CropConfig(0, 0, 0, 0, 0), **{f"{kind}_weight": 1.0})
        sign = np.sign(crop_weights(alone)[kind])
        for frame, seen in missing.items():
            for one, vector in zip(
                seen, embed_observations(self.frames[frame], seen, self.encoder, alone), strict=True
            ):
                self.looks[_key(one, kind)] = np.float32(sign) * vector
        return np.stack([self.looks[_key(seen, kind)] for seen in members])

    def embeddings(self, members: Sequence[Observation], config: CropConfig) -> npt.NDArray[np.float64]:
        """Return (N, D) equation 4 of observations, unit."""
        weights = {kind: weight for kind, weight in crop_weights(config).items() if weight}
        total = sum(weight * self.look(members, kind).astype(np.float64) for kind, weight in weights.items())
        return np.asarray(total) / np.linalg.norm(total, axis=1, keepdims=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=1000, help="rooms have the seeds from here on")
    parser.add_argument("--frames", type=int, default=30)
    parser.add_argument("--search", action="store_true", help="the values of the search instead of the ablation")
    parser.add_argument("--confirm", action="store_true", help="what the search chose, to be asked on further rooms")
    parser.add_argument("--only", nargs="*", help="only the rows whose names hold one of these words")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "core3d-ablation")
    parser.add_argument("--scenes", type=Path, help="rooms that are written already, as room-SEED; default: in --work")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="another base")
    parser.add_argument("--markdown", type=Path, help="write the table there as well")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    rows = CONFIRM if arguments.confirm else SEARCH if arguments.search else ROWS
    if arguments.only:
        rows = [rows[0], *(row for row in rows[1:] if any(word in row.name for word in arguments.only))]
    encoder = load_encoder("built-in")
    results = [room_results(seed, rows, arguments, encoder) for seed in seeds(arguments)]
    lines = list(table(rows, results))
    print("\n".join(lines))
    if arguments.markdown:
        arguments.markdown.write_text("\n".join(lines) + "\n", encoding="utf-8")


def seeds(arguments: argparse.Namespace) -> range:
    return range(arguments.first_seed, arguments.first_seed + arguments.rooms)


def room_results(
    seed: int, rows: Sequence[Row], arguments: argparse.Namespace, encoder: Encoder
) -> dict[str, dict[str, float]]:
    """Return the figures of each row in one room, from the kept file where it has them."""
    path = arguments.work / f"results-{seed}.json"
    known: dict[str, dict[str, float]] = json.loads(path.read_text()) if path.exists() else {}
    keys = {row.name: json.dumps([row.to_dict(), arguments.set], sort_keys=True) for row in rows}
    missing = [row for row in rows if keys[row.name] not in known]
    if missing:
        room = Room.prepare(
            seed, arguments.work, arguments.scenes or arguments.work / "scenes", arguments.frames, encoder
        )
        for row in missing:
            started = time.process_time()
            known[keys[row.name]] = figures(room, row, resolve("built-in", [*arguments.set, *row.settings]))
            path.write_text(json.dumps(known, indent=1))
            print(f"  room {seed}: {row.name}: {time.process_time() - started:.1f} s of CPU time", flush=True)
    return {row.name: known[keys[row.name]] for row in rows}


def figures(room: Room, row: Row, config: IndexConfig) -> dict[str, float]:
    """Return what the method, changed by `row`, is worth in one room."""
    observations, mask_count = room.observations(row, config)
    if config.fusion.min_similarity > -1:
        looks = room.embeddings(observations, config.crops).astype(np.float32)
        observations = [replace(seen, embedding=look) for seen, look in zip(observations, looks, strict=True)]
    cameras = {frame.index: frame.world_from_camera for frame in room.frames}
    with _merging(row.merging):
        objects = fuse(observations, cameras, config.fusion, room.structure.up, room.structure)
    result = SceneResult(room.structure, [FrameNote.of(f.index, f) for f in room.frames], observations, objects)
    vectors = []
    for one in objects:
        members = [observations[member] for member in embedded_members(one, result, config.crops.views)]
        weights = worth(members) if row.weighted_views else np.ones(len(members))
        total = weights @ room.embeddings(members, config.crops)
        vectors.append(total / np.linalg.norm(total))
    matrix = np.array(vectors, np.float32).reshape(len(objects), room.encoder.dimension)
    found = Prediction(
        [one.points for one in objects],
        [one.box for one in objects],
        class_similarities(matrix, room.truth.class_names, room.encoder),
        np.array([one.observation_count for one in objects], np.int64),
    )
    measured = measure(room.truth, found, KNOWN)
    instances = instance_scores([measured.agnostic], 1, SMALLEST)
    return {
        **semantic_scores(measured.confusion).to_dict(),
        "A@1": accuracy_at(measured.answers, 1, 0.25),
        "AP25": instances.ap25,
        "AP50": instances.ap50,
        "duplicates": measured.duplicates.rate,
        "objects": measured.duplicates.density,
        "masks": mask_count / len(room.frames),
        "crops": float(sum(min(config.crops.views or 10**9, one.observation_count) for one in objects)),
    }


def table(rows: Sequence[Row], results: Sequence[dict[str, dict[str, float]]]) -> Iterator[str]:
    """Yield a Markdown table: the mean of each figure over rooms, below it the interval of the change."""
    yield f"| row | {' | '.join(FIGURES)} |"
    yield f"|---|{'---|' * len(FIGURES)}"
    base = rows[0].name
    for row in rows:
        cells = []
        for name in FIGURES:
            values = np.array([result[row.name][name] for result in results])
            cell = f"{np.nanmean(values):.3f}"
            if row.name == base:
                low, high = mean_interval(values, np.random.default_rng(0))
                cell += f" ({low:.3f} to {high:.3f})"
            else:
                change = values - np.array([result[base][name] for result in results])
                low, high = mean_interval(change, np.random.default_rng(0))
                sure = "**" if low > 0 or high < 0 else ""
                cell += f" {sure}({low:+.3f} to {high:+.3f}){sure}"
            cells.append(cell)
        yield f"| {row.name} | {' | '.join(cells)} |"


def _every_level(candidates: Detections, frame: Frame, config: IndexConfig) -> Detections:
    """Return the masks of each level as if it were the only one, all together."""
    levels = [replace(config.masks, levels=(level,), novelty=()) for level in config.masks.levels]
    return Detections.concatenate([progressive_masks(candidates, frame, alone) for alone in levels])


def _merging(kind: str) -> AbstractContextManager[Any]:
    """Return what puts another test in the place of the paper's two-sided one while it is entered."""
    tests: dict[str, Callable[..., bool]] = {
        "one-sided": lambda shared, a, b, config: max(shared / a, shared / b) > config.gamma,
        "iou": lambda shared, a, b, config: shared / (a + b - shared) > config.gamma,
    }
    return patch.object(merging, "agree", tests[kind]) if kind else nullcontext()


def _key(seen: Observation, kind: str) -> tuple[Any, ...]:
    return kind, seen.frame, seen.mask.box, seen.mask.bits.tobytes()


def _keep(path: Path, frames: Sequence[Detections]) -> None:
    packed = [
        [PackedMask.of(mask, box) for mask, box in zip(found.masks, found.boxes, strict=True)] for found in frames
    ]
    flat = [one for part in packed for one in part]
    partial = path.with_suffix(".part.npz")
    np.savez(
        partial,
        counts=[len(part) for part in packed],
        boxes=np.array([one.box for one in flat], np.int64).reshape(-1, 4),
        bit_counts=np.array([len(one.bits) for one in flat], np.int64),
        bits=np.concatenate([one.bits for one in flat]) if flat else np.zeros(0, np.uint8),
        scores=np.concatenate([found.scores for found in frames]),
        levels=np.concatenate([found.levels for found in frames]),
    )
    partial.rename(path)


def _kept(path: Path, frames: Sequence[Frame]) -> list[Detections]:
    with np.load(path, allow_pickle=False) as file:
        kept = dict(file)
    bits = np.split(kept["bits"], np.cumsum(kept["bit_counts"])[:-1])
    found, start = [], 0
    for frame, count in zip(frames, kept["counts"].tolist(), strict=True):
        rows = range(start, start + count)
        masks = [PackedMask(tuple(kept["boxes"][row].tolist()), bits[row]).in_image(*frame.depth.shape) for row in rows]
        stacked = np.stack(masks) if masks else np.zeros((0, *frame.depth.shape), bool)
        found.append(
            Detections.from_masks(stacked, kept["scores"][start : start + count], kept["levels"][start : start + count])
        )
        start += count
    return found


if __name__ == "__main__":
    main()
