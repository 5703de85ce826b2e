"""Real pictures end to end: 16 questions about 7-Scenes RedKitchen, and 8 things that it does not hold.

    python benchmarks/kitchen_questions.py REDKITCHEN --db kitchen.db [--set KEY=VALUE]

REDKITCHEN is indexed into --db unless that is there. The questions were written from looking at the pictures alone,
before any answer was seen. The first hit at the default threshold is right where its points, seen by the colour camera
of one of the named frames, fill a rectangle that has an IoU of 0.25 or more with one drawn there by hand.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from kitchen_boxes import BOXES

from core3d_search import Searcher
from core3d_search.datatypes import Floats
from core3d_search.encoders import load_encoder
from core3d_search.indexer.config import resolve
from core3d_search.indexer.frames import Frame, SceneReader
from core3d_search.indexer.masks.progressive import make_generator
from core3d_search.indexer.pipeline import index_scene
from core3d_search.indexer.readers import find_scenes
from core3d_search.indexer.readers.kinect import color_pixels
from core3d_search.store import Store

Rectangle = tuple[int, int, int, int]
"""x0, y0, x1, y1 in pixels of the picture."""
Regions = dict[int, list[Rectangle]]
"""By frame."""

MIN_IOU = 0.25


def named(*names: str) -> Regions:
    """Return the rectangles that kitchen_boxes.py calls by one of `names`."""
    found = {frame: [box[:4] for box in boxes if box[4] in names] for frame, boxes in BOXES.items()}
    return {frame: boxes for frame, boxes in found.items() if boxes}


PURPLE: Regions = {
    0: [(494, 255, 602, 342)], 280: [(264, 352, 404, 462)], 350: [(14, 248, 164, 326)], 480: [(94, 394, 242, 479)],
}  # fmt: skip
WHITE_MUG: Regions = {
    0: [(362, 163, 401, 202)], 200: [(332, 378, 388, 438)], 280: [(104, 262, 152, 314)], 480: [(84, 264, 124, 308)],
    780: [(290, 372, 372, 462)],
}  # fmt: skip
SINK: Regions = {160: [(410, 130, 639, 216)], 200: [(140, 150, 330, 196)], 280: [(66, 110, 200, 158)]}
SHELF: Regions = {280: [(400, 146, 639, 166)], 420: [(150, 34, 535, 134)], 860: [(94, 148, 400, 202)]}
TV: Regions = named("tv") | {860: [(108, 0, 388, 98)]}
OUTLETS: Regions = named("power outlet") | {160: [(56, 70, 210, 104), (120, 78, 154, 104), (56, 70, 92, 98)]}

QUESTIONS: dict[str, Regions] = {
    "chair": named("chair"),
    "wooden table": named("dining table"),
    "mug": named("mug"),
    "white mug": WHITE_MUG,
    "red game controller": named("game controller"),
    "tv": TV,
    "red kitchen cabinet": named("kitchen cabinet"),
    "kitchen counter": named("kitchen counter"),
    "purple magazine on the table": PURPLE,
    "plastic box on the table": named("tray"),
    "keyboard": named("keyboard"),
    "something to sit on": named("chair"),
    "sink": SINK,
    "book on the shelf": named("book"),
    "shelf below the tv": SHELF,
    "power outlet": OUTLETS,
}
ABSENT = ("bed", "toilet", "bathtub", "bicycle", "piano", "sofa", "refrigerator", "umbrella")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--db", type=Path, required=True)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="settings of the index")
    arguments = parser.parse_args()
    (scan,) = find_scenes(arguments.folder)
    if not arguments.db.exists():
        index(scan, arguments.db, arguments.set)
    numbers = sorted(int(file.name[6:12]) for file in arguments.folder.glob("frame-*.color.*"))
    cameras = {number: scan[numbers.index(number)] for number in {n for found in QUESTIONS.values() for n in found}}
    right = found = 0
    with Searcher.open(arguments.db) as searcher:
        print(f"{searcher.store.scenes()[0].object_count} objects")
        for text, regions in QUESTIONS.items():
            hits = searcher.search(text, k=1)
            said = "silent"
            if hits:
                points = searcher.store.object(hits[0].object_id).points
                fits = is_right(points, regions, cameras)
                right += fits
                said = f"{'right' if fits else 'wrong'}  #{hits[0].object_id} {hits[0].label} {hits[0].score:.2f}"
            print(f"{text:32s} {said}")
        for text in ABSENT:
            hits = searcher.search(text, k=1)
            found += bool(hits)
            print(f"{text:32s} {f'found  #{hits[0].object_id} {hits[0].score:.2f}' if hits else 'silent'}")
    print(f"{right} of {len(QUESTIONS)} right, {found} of {len(ABSENT)} absent things found")


def index(scan: SceneReader, db: Path, overrides: Sequence[str]) -> None:
    """Index the scan into a new database."""
    config = resolve(overrides=overrides)
    with Store.open(db, create=True) as store:
        encoder = load_encoder(config.encoder.name, **config.encoder.options)
        index_scene(scan, store, make_generator(config.masks), encoder, config)


def is_right(points: Floats, regions: Regions, cameras: dict[int, Frame]) -> bool:
    """Return whether `points` (P, 3) world metres fill one of the `regions` of the frames `cameras`."""
    for number, rectangles in regions.items():
        seen = seen_rectangle(points, cameras[number])
        if seen is not None and any(iou(seen, rectangle) >= MIN_IOU for rectangle in rectangles):
            return True
    return False


def seen_rectangle(points: Floats, frame: Frame) -> Rectangle | None:
    """Return what `points` (P, 3) world metres fill of the frame's picture; None where fewer than 5 are in it."""
    height, width = frame.depth.shape
    camera_from_world = np.linalg.inv(frame.world_from_camera)
    local = points @ camera_from_world[:3, :3].T + camera_from_world[:3, 3]
    local = local[local[:, 2] > 0.1]
    pixels = color_pixels(local, frame.intrinsics)
    inside = pixels[((pixels >= 0) & (pixels < (width, height))).all(axis=1)]
    if len(inside) < 5:
        return None
    (x0, y0), (x1, y1) = inside.min(axis=0), inside.max(axis=0)
    return int(x0), int(y0), int(x1), int(y1)


def iou(a: Rectangle, b: Rectangle) -> float:
    """Return intersection over union of two rectangles; 0 where both are empty."""
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    common = max(wide, 0) * max(high, 0)
    both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common
    return common / both if both else 0.0


if __name__ == "__main__":
    main()
