"""CPU time and quality of the mask generator on rooms that are exactly known, beside those of another checkout.

    python benchmarks/masks.py --rooms 4                             this checkout
    python benchmarks/masks.py --rooms 4 --against ../core3d-before  both in turn, room by room, in one run

Masks are compared with the truth as they leave the progressive granularity: for every thing that a frame shows by at
least 200 pixels the best IoU of any mask; "small" are those below 2000 pixels. Each room is measured in its own process
on one thread; CPU time is that of the process. Rooms 3000 and up are for tuning, 1000 to 1019 for reports.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

MIN_PIXELS, SMALL_PIXELS = 200, 2000
HERE = Path(__file__).resolve().parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", type=int, default=4)
    parser.add_argument("--first-seed", type=int, default=3000)
    parser.add_argument("--frames", type=int, default=30, help="frames a room, 480 x 360")
    parser.add_argument("--every", type=int, default=5, help="only each so many frames are measured")
    parser.add_argument("--against", type=Path, help="another checkout of core3d")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure)))
        return
    trees = {"here": HERE} | ({"against": options.against.resolve()} if options.against else {})
    found: dict[str, list[dict[str, list[float]]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(options.first_seed, options.first_seed + options.rooms):
            file = Path(folder) / f"{seed}.npz"
            write_room(seed, options.frames, options.every, file)
            for name, tree in trees.items():
                environment = os.environ | {"PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"}
                command = [sys.executable, __file__, "--measure", str(file)]
                done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
                found[name].append(json.loads(done.stdout))
    heads = f"{'':8s} {'generate':>9s} {'progressive':>12s} {'CPU ms':>7s} {'masks':>6s}"
    print(f"{heads} {'IoU':>6s} {'small':>6s} {'>.5':>6s}")
    for name, rooms in found.items():
        print(line(name, {key: np.concatenate([room[key] for room in rooms]) for key in rooms[0]}))


def line(name: str, rows: dict[str, npt.NDArray[np.float64]]) -> str:
    """Return the row of the table that `rows`, one value a frame or a thing, make."""
    generate, progressive = 1e3 * rows["generate"].mean(), 1e3 * rows["progressive"].mean()
    small = rows["iou"][rows["pixels"] < SMALL_PIXELS]
    return (
        f"{name:8s} {generate:9.0f} {progressive:12.0f} {generate + progressive:7.0f} {rows['masks'].mean():6.1f} "
        f"{rows['iou'].mean():6.3f} {small.mean():6.3f} {(rows['iou'] > 0.5).mean():6.3f}"
    )


def write_room(seed: int, frames: int, every: int, file: Path) -> None:
    """Write each `every`-th of the `frames` of room `seed`, what they truly show, and all that tells the structure."""
    from core3d_search.synthetic import generate_room, render_room

    rendered = list(render_room(generate_room(seed), frames=frames))
    np.savez(
        file,
        rgb=np.stack([r.rgb for r in rendered]),
        depth=np.stack([r.depth for r in rendered]),
        poses=np.stack([r.world_from_camera for r in rendered]),
        intrinsics=rendered[0].intrinsics,
        instance=np.stack([r.instance for r in rendered]),
        every=every,
    )


def measure(file: Path) -> dict[str, list[float]]:
    """Return what `line` wants of the room in `file`, by whichever checkout is imported."""
    import torch

    from core3d_search.indexer.config import resolve
    from core3d_search.indexer.frames import Frame
    from core3d_search.indexer.masks.progressive import make_generator, progressive_masks
    from core3d_search.indexer.planes import find_structure

    torch.set_num_threads(1)
    config = resolve("built-in")
    with np.load(file) as room:
        instances, every, columns = room["instance"], int(room["every"]), (room["rgb"], room["depth"], room["poses"])
        rows = enumerate(zip(*columns, strict=True))
        frames = [Frame(i, rgb, depth, room["intrinsics"], pose) for i, (rgb, depth, pose) in rows]
    chosen = np.unique(np.linspace(0, len(frames) - 1, config.structure.frames).round().astype(int))
    structure = find_structure([frames[i] for i in chosen], (0, 0, 1), config.structure.tolerance_m)
    generator = make_generator(config.masks)
    if hasattr(generator, "for_scene"):
        generator = generator.for_scene(structure)
    else:  # checkouts before generators could be told of a scene
        generator.structure = structure
    generator.generate(frames[0])  # imports and first allocations are no frame's
    found: dict[str, list[float]] = defaultdict(list)
    for frame, instance in list(zip(frames, instances, strict=True))[::every]:
        started = time.process_time()
        proposed = generator.generate(frame)
        between = time.process_time()
        masks = progressive_masks(proposed, frame, config.masks).masks
        found["generate"].append(between - started)
        found["progressive"].append(time.process_time() - between)
        found["masks"].append(len(masks))
        flat = masks.reshape(len(masks), -1)
        areas = flat.sum(axis=1)
        for number, pixels in zip(*np.unique(instance[instance > 0], return_counts=True), strict=True):
            if pixels >= MIN_PIXELS:
                shared = flat[:, (instance == number).ravel()].sum(axis=1)
                found["iou"].append(float((shared / (areas + pixels - shared)).max(initial=0)))
                found["pixels"].append(int(pixels))
    return found


if __name__ == "__main__":
    main()
