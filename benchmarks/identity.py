"""Do things keep their ids when a room is scanned again? Rooms are indexed twice, with other noise or on another walk.

    python benchmarks/identity.py --rooms 3 --frames 12
    python benchmarks/identity.py --rooms 3 --frames 12 --masks generated

A true object is found in an index where a box has a 3D IoU of at least 0.25 with its own, best first, one to one. Of
those found both times, those whose box has the same id count as kept. `other noise` is the same walk with other sensor
noise, light and holes; `another walk` has another path and another camera as well.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from perception import greedy_matches, true_detections
from PIL import Image

from core3d_search.encoders import load_encoder
from core3d_search.geometry import box_iou
from core3d_search.indexer.config import resolve
from core3d_search.indexer.detections import Detections
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.masks import MaskGenerator
from core3d_search.indexer.masks.progressive import make_generator
from core3d_search.indexer.pipeline import index_scene
from core3d_search.indexer.readers import find_scenes
from core3d_search.store import Store
from core3d_search.synthetic import generate_room
from core3d_search.synthetic.render import RenderedFrame, Renderer, pinhole
from core3d_search.synthetic.room import Room
from core3d_search.synthetic.trajectory import plan_trajectory

WIDTH, HEIGHT = 480, 360


@dataclass(frozen=True)
class TrueMasks:
    """The true masks of the frames, as if a generator had found them."""

    instances: Sequence[npt.NDArray[np.uint16]]
    name: str = "true"
    checksum: str = "0" * 64
    leaves_structure_out: bool = True

    def for_scene(self, structure: object) -> TrueMasks:
        return self

    def generate(self, frame: Frame) -> Detections:
        return true_detections(self.instances[frame.index])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=3000, help="seed of the first; 3000 to 3009 are development")
    parser.add_argument("--frames", type=int, default=12, help=f"frames a room, {WIDTH} x {HEIGHT}")
    parser.add_argument("--masks", choices=("true", "generated"), default="true")
    options = parser.parse_args()
    tally: Counter[tuple[str, str]] = Counter()
    for seed in range(options.first_seed, options.first_seed + options.rooms):
        room = generate_room(seed)
        for what, walk in (("other noise", 0), ("another walk", 1)):
            both, kept = scanned_twice(room, walk, options.frames, options.masks == "true")
            print(f"{room.name:24s} {what:14s} found both times {both:3d}, same id {kept:3d}", flush=True)
            tally[what, "both"] += both
            tally[what, "kept"] += kept
    for what in ("other noise", "another walk"):
        both, kept = tally[what, "both"], tally[what, "kept"]
        print(f"{'all':24s} {what:14s} {kept} of {both} keep their id, {100 * kept / max(both, 1):.1f} %")


def scanned_twice(room: Room, walk: int, frames: int, true_masks: bool) -> tuple[int, int]:
    """Return how many true objects are found in both indexes, and how many of them by the same id."""
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "core3d.db", create=True) as store:
        first = found(room, indexed(store, Path(folder) / "scan", room, 0, 0, frames, true_masks))
        second = found(room, indexed(store, Path(folder) / "scan", room, walk, 1, frames, true_masks))
    both = first.keys() & second.keys()
    return len(both), sum(first[number] == second[number] for number in both)


def indexed(store: Store, folder: Path, room: Room, walk: int, noise: int, frames: int, true_masks: bool) -> Store:
    """Scan the room into the folder and index it."""
    rendered = list(scan(room, walk, noise, frames))
    write(folder, rendered)
    config = resolve()
    generator: MaskGenerator
    generator = TrueMasks([frame.instance for frame in rendered]) if true_masks else make_generator(config.masks)
    (reader,) = find_scenes(folder)
    index_scene(reader, store, generator, load_encoder(config.encoder.name), config)
    return store


def found(room: Room, store: Store) -> dict[int, int]:
    """Return the id of the object that each true one is found as."""
    objects = store.object_table()
    boxes = [objects.box(position) for position in range(len(objects))]
    overlaps = np.array([[box_iou(item.box, box) for box in boxes] for item in room.objects])
    matches = greedy_matches(overlaps.reshape(len(room.objects), len(boxes)), 0.25)
    return {row: int(objects.ids[column]) for row, column in matches.items()}


def scan(room: Room, walk: int, noise: int, frames: int) -> Iterator[RenderedFrame]:
    """Yield what a camera sees on one of the walks through a room, with the noise of one of the seeds."""
    path = np.random.default_rng([room.seed, 3, walk])
    intrinsics = pinhole(WIDTH, HEIGHT, float(np.deg2rad(path.uniform(60, 70))))
    renderer = Renderer(room)
    poses = plan_trajectory(room, renderer.occluded, frames, intrinsics, (WIDTH, HEIGHT), path)
    sensor = np.random.default_rng([room.seed, 5, noise])
    for index, pose in enumerate(poses):
        yield renderer.frame(index, pose, intrinsics, (WIDTH, HEIGHT), sensor)


def write(folder: Path, rendered: Sequence[RenderedFrame]) -> None:
    for part in ("color", "depth", "pose"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for frame in rendered:
        stem = f"{frame.index:05d}"
        Image.fromarray(frame.rgb).save(folder / "color" / f"{stem}.jpg", quality=92)
        Image.fromarray(np.round(frame.depth * 1000).astype(np.uint16)).save(folder / "depth" / f"{stem}.png")
        np.savetxt(folder / "pose" / f"{stem}.txt", frame.world_from_camera)
    np.savetxt(folder / "intrinsics.txt", rendered[0].intrinsics)
    (folder / "scene.json").write_text('{"up": [0, 0, 1]}')


if __name__ == "__main__":
    main()
