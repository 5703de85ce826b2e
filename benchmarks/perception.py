"""How well rooms that are exactly known come apart into objects: recall, predictions per match, seconds a stage.

    python benchmarks/perception.py --rooms 20 --first-seed 1000        masks of the built-in generator, and true ones
    python benchmarks/perception.py --rooms 5 --set fusion.gamma=0.25   any value of the config
    python benchmarks/perception.py --rooms 8 --models MODELS --worn    rooms of models that no training saw

With --models, a folder that extract_sh3d.py wrote, rooms are furnished with its development share; --worn shows them by
a worn camera (core3d_search/synthetic/worn.py).

True masks fed in instead of the generator's measure lifting and fusion alone.

A true object counts where at least 3 frames show at least 200 pixels of it each. It is found where a predicted box
has a 3D IoU of at least 0.25 (0.5) with its true box, which holds all of it, seen or not; each prediction matches one
object at most, best IoU first. "Predictions per match" is all predictions (duplicates, parts, walls and floors too)
over all true objects matched at 0.25, whether they count or not.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from history import add_record_option, record

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core3d_search.datatypes import Box3D
from core3d_search.geometry import box_iou
from core3d_search.indexer.config import IndexConfig, resolve
from core3d_search.indexer.detections import Detections
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.fusion import FusedObject, fuse
from core3d_search.indexer.lifting import lift
from core3d_search.indexer.masks.progressive import make_generator, progressive_masks
from core3d_search.indexer.planes import find_structure

MIN_FRAMES, MIN_PIXELS = 3, 200
TRUE_MASK_PIXELS = 50
WHAT = {
    "generated": "objects found (3D IoU 0.25), objects stored for each one found",
    "true": "the same with true masks: fusion alone",
}
"""The README's words for the figures of each kind of masks."""


@dataclass(frozen=True, eq=False)
class Truth:
    """What a room holds: label and box of each object, and whether enough of it is seen to count."""

    labels: Sequence[str]
    boxes: Sequence[Box3D]
    counts: npt.NDArray[np.bool_]


@dataclass
class Tally:
    """Sums over rooms."""

    predictions: int = 0
    matched: int = 0
    true: int = 0
    found: dict[float, int] = field(default_factory=lambda: defaultdict(int))
    by_label: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    seconds: Counter[str] = field(default_factory=Counter)
    frames: int = 0

    def add(self, truth: Truth, predicted: Sequence[Box3D]) -> None:
        overlaps = np.array([[box_iou(a, b) for b in predicted] for a in truth.boxes])
        overlaps = overlaps.reshape(len(truth.boxes), len(predicted))
        self.predictions += len(predicted)
        self.true += int(truth.counts.sum())
        for threshold in (0.25, 0.5):
            matches = greedy_matches(overlaps, threshold)
            self.found[threshold] += int(truth.counts[list(matches)].sum())
            if threshold == 0.25:
                self.matched += len(matches)
                for row in np.flatnonzero(truth.counts):
                    self.by_label[truth.labels[row]][0] += int(row) in matches
                    self.by_label[truth.labels[row]][1] += 1

    def figure(self) -> str:
        """Return recall at 0.25 and predictions per match, as the README writes them."""
        return f"{self.found[0.25] / max(self.true, 1):.2f}, {self.predictions / max(self.matched, 1):.2f}"

    def line(self, name: str) -> str:
        recall = [self.found[threshold] / max(self.true, 1) for threshold in (0.25, 0.5)]
        return (
            f"{name:28s} {self.true:5d} {recall[0]:11.3f} {recall[1]:11.3f} {self.predictions:11d} "
            f"{self.predictions / max(self.matched, 1):11.2f}"
        )


HEADER = f"{'':28s} {'true':>5s} {'recall@.25':>11s} {'recall@.5':>11s} {'predictions':>11s} {'per match':>11s}"


def greedy_matches(overlaps: npt.NDArray[np.float64], threshold: float) -> dict[int, int]:
    """Return true row -> predicted column, best IoU first, each used once."""
    matches: dict[int, int] = {}
    for flat in np.argsort(-overlaps, axis=None, kind="stable"):
        row, column = divmod(int(flat), overlaps.shape[1])
        if overlaps[row, column] < threshold:
            break
        if row not in matches and column not in matches.values():
            matches[row] = column
    return matches


def true_detections(instance: npt.NDArray[np.integer]) -> Detections:
    """Return the true masks of a frame as detections of level 2."""
    ids, counts = np.unique(instance[instance > 0], return_counts=True)
    ids = ids[counts >= TRUE_MASK_PIXELS]
    masks = instance[None] == ids[:, None, None]
    return Detections.from_masks(masks, np.ones(len(ids)), np.full(len(ids), 2))


def perceive(
    frames: Sequence[Frame],
    up: npt.ArrayLike,
    config: IndexConfig,
    seconds: Counter[str],
    instances: Sequence[npt.NDArray[np.integer]] | None = None,
) -> list[FusedObject]:
    """Return the objects of a scene; `instances` (H, W) a frame, where given, stand in for masks."""
    structure = None
    if instances is None and config.structure.enabled:
        started = time.perf_counter()
        chosen = np.unique(np.linspace(0, len(frames) - 1, config.structure.frames).round().astype(int))
        structure = find_structure([frames[i] for i in chosen], up, config.structure.tolerance_m)
        seconds["structure"] += time.perf_counter() - started
    generator = None if instances is not None else make_generator(config.masks)
    if generator is not None and structure is not None:
        generator = generator.for_scene(structure)
    to_drop = None if generator is None or generator.leaves_structure_out else structure
    observations = []
    for position, frame in enumerate(frames):
        started = time.perf_counter()
        if instances is None:
            candidates = generator.generate(frame)
            seconds["generate"] += time.perf_counter() - started
            started = time.perf_counter()
            detections = progressive_masks(candidates, frame, config.masks, to_drop)
            seconds["progressive"] += time.perf_counter() - started
        else:
            detections = true_detections(instances[position])
        started = time.perf_counter()
        observations += lift(frame, detections, config.lifting)
        seconds["lift"] += time.perf_counter() - started
    started = time.perf_counter()
    cameras = {frame.index: frame.world_from_camera for frame in frames}
    objects = fuse(observations, cameras, config.fusion, up, structure)
    seconds["fuse"] += time.perf_counter() - started
    return objects


def visible_enough(instances: Iterable[npt.NDArray[np.integer]], count: int) -> npt.NDArray[np.bool_]:
    """Return (count,) which of objects 1 to count are seen well enough, by the rule above."""
    shown = np.zeros(count, np.int64)
    for instance in instances:
        shown += np.bincount(instance.ravel(), minlength=count + 1)[1:] >= MIN_PIXELS
    return shown >= MIN_FRAMES


def render(
    seed: int, count: int, models: Path | None = None, *, by_worn_camera: bool = False
) -> tuple[list[Frame], list[npt.NDArray[np.integer]], Truth]:
    """Return the frames, true instance images and truth of one generated room, or one of `models`."""
    from core3d_search.synthetic import generate_room
    from training.rendered import furnished, render_frames, standing_models, worn

    room = furnished(standing_models(models, development=True), seed) if models else generate_room(seed)
    frames, instances = render_frames(room, count)
    if by_worn_camera:
        rng = np.random.default_rng([seed, 29])
        frames = [worn(frame, rng) for frame in frames]
    counts = visible_enough(instances, len(room.objects))
    return frames, instances, Truth([o.label for o in room.objects], [o.box for o in room.objects], counts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", type=int, default=20, help="how many rooms")
    parser.add_argument("--first-seed", type=int, default=1000, help="seed of the first; 1000 to 1019 are reported")
    parser.add_argument("--frames", type=int, default=30, help="frames a room, 480 x 360")
    parser.add_argument("--masks", choices=("both", "generated", "true"), default="both")
    parser.add_argument("--profile", default="built-in", help="config profile")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="override a config value")
    parser.add_argument("--models", type=Path, help="folder of models to furnish the rooms with")
    parser.add_argument("--worn", action="store_true", help="a worn camera takes the frames")
    add_record_option(parser)
    arguments = parser.parse_args()
    config = resolve(arguments.profile, arguments.set)
    totals = {kind: Tally() for kind in ("generated", "true") if arguments.masks in ("both", kind)}
    print(HEADER)
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.rooms):
        frames, instances, truth = render(seed, arguments.frames, arguments.models, by_worn_camera=arguments.worn)
        for kind, total in totals.items():
            objects = perceive(frames, (0, 0, 1), config, total.seconds, instances if kind == "true" else None)
            room = Tally()
            for tally in (room, total):
                tally.add(truth, [one.box for one in objects])
            total.frames += len(frames)
            print(room.line(f"seed {seed}, {kind} masks"), flush=True)
    for kind, total in totals.items():
        print(total.line(f"all, {kind} masks"))
    if arguments.record:
        record({WHAT[kind]: total.figure() for kind, total in totals.items()})
    for kind, total in totals.items():
        stages = "  ".join(f"{stage} {value / total.frames:.3f}" for stage, value in total.seconds.items())
        print(f"\nseconds a frame, {kind} masks: {stages}\nrecall at 0.25 by category:")
        for label, (found, true) in sorted(total.by_label.items(), key=lambda item: (item[1][0] / item[1][1], item[0])):
            print(f"  {label:24s} {found:4d} of {true:4d}")


if __name__ == "__main__":
    main()
