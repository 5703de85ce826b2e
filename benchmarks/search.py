"""Measures the whole job on generated rooms that nothing was trained or tuned on: scans in, right object first?

    python benchmarks/search.py --rooms 20 --seed 1000

Rooms are written and indexed below --workdir (kept there, so a second run only asks). A hit is right where its box has
an IoU of 0.25 or more with the box of an object that the query describes; "by overlap" where no other object of the
room overlaps it more, "and shown" where its score reaches the threshold too. Only objects seen in 3 frames with 400
pixels in all are asked for.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from grounding import PREDICATE_WORDS
from history import add_record_option, record
from perception import true_detections
from PIL import Image

from core3d_search import Searcher
from core3d_search.datatypes import Box3D, Hit
from core3d_search.encoders import load_encoder
from core3d_search.geometry import box_iou
from core3d_search.indexer.config import resolve
from core3d_search.indexer.detections import Detections
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.masks.progressive import make_generator
from core3d_search.indexer.pipeline import index_scene
from core3d_search.indexer.planes import Structure
from core3d_search.indexer.readers import find_scenes
from core3d_search.store import Store
from core3d_search.synthetic import CATEGORIES, generate_room, write_room

NUMBERS = {9: "nine", 10: "ten", 11: "eleven", 12: "twelve"}
MIN_FRAMES, MIN_PIXELS = 3, 400
STRANGERS = (
    "giraffe, helicopter, tractor, submarine, dinosaur, waterfall, canoe, horse, traffic light, umbrella, drum kit, "
    "parachute, sailboat, cactus, skateboard, elephant, rocket, train, tent, snowman, airplane, camel, excavator, "
    "fire hydrant, anvil, penguin, motorcycle, telescope, wheelbarrow, hammock, zebra, shark, tree house, scarecrow, "
    "chainsaw, trombone, igloo, crocodile, ladder, wheelchair"
).split(", ")
"""Things that no generated room holds and no caption of the training names."""


@dataclass(frozen=True)
class Question:
    """A text asked of one room, and the ids of the true objects that answer it; none for an absent category."""

    kind: str
    text: str
    scene: str
    answers: frozenset[int]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1000, help="rooms have the seeds from here on")
    parser.add_argument("--frames", type=int, default=30)
    parser.add_argument("--threshold", type=float, default=None, help="least score of a hit; default: the Searcher's")
    parser.add_argument("--per-room", type=int, default=12, help="most questions of a kind asked of a room")
    parser.add_argument("--true-masks", action="store_true", help="index with the true masks: what is left to see")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="settings of the index")
    parser.add_argument("--workdir", type=Path, default=Path(tempfile.gettempdir()) / "core3d-benchmark")
    parser.add_argument("--show", action="store_true", help="print every wrong answer")
    add_record_option(parser)
    arguments = parser.parse_args()

    truths = dict(prepare(arguments))
    with Searcher.open(arguments.workdir / "rooms.db") as searcher:
        report(searcher, truths, arguments)


def prepare(arguments: argparse.Namespace) -> Iterator[tuple[str, dict]]:
    """Write and index the rooms that are not there yet; yield each room's name and truth."""
    folder = arguments.workdir / "scenes"
    for seed in range(arguments.seed, arguments.seed + arguments.rooms):
        place = folder / f"room-{seed}"
        if not (place / "ground_truth.json").exists():
            write_room(generate_room(seed), place, frames=arguments.frames)
        yield find_scenes(place)[0].name, json.loads((place / "ground_truth.json").read_text())
    start, frames = time.perf_counter(), 0
    with Store.open(arguments.workdir / "rooms.db", create=True) as store:
        scenes = [find_scenes(folder / f"room-{s}")[0] for s in range(arguments.seed, arguments.seed + arguments.rooms)]
        stages: dict[str, float] = defaultdict(float)
        config = resolve(overrides=arguments.set)
        encoder = load_encoder(config.encoder.name, **config.encoder.options)
        for scene in scenes:
            generator = TrueMasks(scene.source) if arguments.true_masks else make_generator(config.masks)
            report = index_scene(scene, store, generator, encoder, config)
            frames += 0 if report.unchanged else report.frames
            for stage, seconds in report.seconds.items():
                stages[stage] += seconds
    if frames:
        print(f"indexed {frames} frames in {time.perf_counter() - start:.0f} s; share of each stage:")
        print("  " + ", ".join(f"{stage} {seconds / sum(stages.values()):.0%}" for stage, seconds in stages.items()))


class TrueMasks:
    """The mask generator that knows: it reads the instance images of a generated room."""

    name, checksum, leaves_structure_out = "true masks", "", False

    def __init__(self, scene: Path) -> None:
        self.folder = scene / "instance"

    def for_scene(self, structure: Structure) -> TrueMasks:
        return self

    def generate(self, frame: Frame) -> Detections:
        return true_detections(np.asarray(Image.open(self.folder / f"{frame.index:05d}.png")))


def questions(scene: str, truth: dict, per_room: int) -> Iterator[Question]:
    """Yield what is asked of one room, in a fixed order."""
    seen = {
        item["id"]: item
        for item in truth["objects"]
        if len(item["visible_frames"]) >= MIN_FRAMES and item["pixels"] >= MIN_PIXELS
    }
    by_kind: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for item in seen.values():
        by_kind["colour category"][f"{item['color']} {item['label']}"].add(item["id"])
        by_kind["category"][item["label"]].add(item["id"])
    for fact in truth["relations"]:
        anchors = fact.get("objects", [fact["object"]])
        if {fact["subject"], *anchors} <= seen.keys():
            subject, names = seen[fact["subject"]]["label"], sorted(seen[anchor]["label"] for anchor in anchors)
            words = PREDICATE_WORDS.get(fact["predicate"], fact["predicate"])
            text = f"{subject} {words} the {' and the '.join(names)}"
            by_kind[f"X {fact['predicate']} Y"][text].add(fact["subject"])
    random = np.random.default_rng(len(truth["objects"]))
    for kind, asked in sorted(by_kind.items()):
        texts = sorted(asked)
        for position in sorted(random.permutation(len(texts))[:per_room]):
            yield Question(kind, texts[position], scene, frozenset(asked[texts[position]]))
    present = {item["label"] for item in truth["objects"]}
    absent = sorted(set(CATEGORIES) - present)
    for position in sorted(random.permutation(len(absent))[:per_room]):
        yield Question("absent here (a category of other rooms)", absent[position], scene, frozenset())


def report(searcher: Searcher, truths: dict[str, dict], arguments: argparse.Namespace) -> None:
    options = {} if arguments.threshold is None else {"threshold": arguments.threshold}
    asked: dict[str, int] = defaultdict(int)
    right: dict[str, int] = defaultdict(int)
    overlapping: dict[str, int] = defaultdict(int)
    shown: dict[str, int] = defaultdict(int)
    silent: dict[str, int] = defaultdict(int)
    scores: list[tuple[float, bool]] = []
    for scene, truth in truths.items():
        for question in questions(scene, truth, arguments.per_room):
            asked[question.kind] += 1
            best = searcher.search(question.text, k=1, scenes=[scene], threshold=0.0)
            hits = searcher.search(question.text, k=1, scenes=[scene], **options)
            silent[question.kind] += not hits
            overlaps = {item["id"]: iou(best[0], item["box"]) for item in truth["objects"]} if best else {}
            found = max(overlaps, key=lambda key: overlaps[key], default=0)
            is_right = any(overlaps.get(key, 0) >= 0.25 for key in question.answers)
            right[question.kind] += is_right
            by_overlap = found in question.answers and overlaps[found] > 0
            overlapping[question.kind] += by_overlap
            shown[question.kind] += by_overlap and bool(hits)
            scores += [(hit.score, by_overlap) for hit in best]
            if arguments.show and question.answers and not is_right:
                wrong = next((i for i in truth["objects"] if i["id"] == found), None)
                print(
                    f"  {scene}: {question.text!r} -> {best[0].label if best else None} on {wrong and wrong['label']}"
                )
    for text in STRANGERS:
        asked["absent everywhere"] += 1
        silent["absent everywhere"] += not searcher.search(text, k=1, **options)
    print(
        f"\n{'asked of one room':<42}{'queries':>8}{'right first':>13}{'by overlap':>12}{'and shown':>11}{'no hit':>9}"
    )
    for kind in sorted(asked):
        n = asked[kind]
        rates = ["" if kind.startswith("absent") else f"{found[kind] / n:.0%}" for found in (right, overlapping, shown)]
        print(f"{kind:<42}{n:>8}{rates[0]:>13}{rates[1]:>12}{rates[2]:>11}{silent[kind] / n:>9.0%}")
    reliability(scores)
    if arguments.record:
        record(readme_figures(asked, right, overlapping, silent))


def reliability(scores: list[tuple[float, bool]]) -> None:
    """Print how often first hits are right, by largest overlap, in each tenth of the score, and how far that is off."""
    score, right = np.array([s for s, _ in scores]), np.array([r for _, r in scores])
    print(f"\n{'first hits shown with':<24}{'hits':>6}{'mean score':>12}{'right':>8}")
    error = 0.0
    for low in np.arange(0, 1, 0.1):
        inside = (score >= low) & ((score < low + 0.1) | (low > 0.85))
        if inside.any():
            mean, share = float(score[inside].mean()), float(right[inside].mean())
            error += inside.mean() * abs(mean - share)
            print(f"{low:>8.1f} to {low + 0.1:<12.1f}{inside.sum():>6}{mean:>12.2f}{share:>8.0%}")
    print(f"expected calibration error {error:.3f}")


def readme_figures(
    asked: dict[str, int], right: dict[str, int], overlapping: dict[str, int], silent: dict[str, int]
) -> dict[str, str]:
    """Return the README's lines of what was asked: right first by IoU 0.25, by largest overlap."""
    words = {
        "colour category": '"red chair": right object first, by IoU 0.25 / by largest overlap',
        "X near Y": '"mug near the lamp", the same',
        "X on Y": '"mug on the desk", the same',
        "X under Y": '"trash can under the desk", the same',
    }
    figures = {}
    for kind, what in words.items():
        if asked[kind]:
            figures[what] = f"{100 * right[kind] / asked[kind]:.0f} % / {100 * overlapping[kind] / asked[kind]:.0f} %"
    related = [kind for kind in asked if kind.startswith("X ")]
    n = sum(asked[kind] for kind in related)
    if n:
        rates = [sum(found[kind] for kind in related) / n for found in (right, overlapping)]
        what = f"all {NUMBERS.get(len(related), len(related))} relations of the ground truth, {n} questions"
        figures[what] = f"{100 * rates[0]:.0f} % / {100 * rates[1]:.0f} %"
    share = 100 * silent["absent everywhere"] / asked["absent everywhere"]
    return figures | {'things that are nowhere ("giraffe"): nothing found': f"{share:.0f} %"}


def iou(hit: Hit, box: dict) -> float:
    return box_iou(hit.box, Box3D(box["center"], box["extent"], box["rotation"]))


if __name__ == "__main__":
    main()
