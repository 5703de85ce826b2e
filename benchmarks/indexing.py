"""Indexing from files to database: frames a second, CPU a stage, memory; beside another checkout, and the floor.

    python benchmarks/indexing.py --rooms 3                             this checkout
    python benchmarks/indexing.py --rooms 3 --against ../core3d-before  both in turn, room by room, in one run
    python benchmarks/indexing.py --every-observation                   late embedding beside that of every observation
    python benchmarks/indexing.py --scene redkitchen --repeat 2         a scan of yours, its frames given twice

Each scene is indexed in a process of its own, into a database of its own, as `core3d index` does it, files and weights
being warm from a run that does not count. "wall" and "CPU" are milliseconds a frame without the start of the process;
CPU is user and system time of all threads. Stages are seconds on all threads. The floor is what no pipeline of these
models can go below on this machine: decoding the images, and the multiplications of the networks at the rate at which
torch multiplies large matrices here. On machines where other work runs, compare CPU.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from history import add_record_option, machine, record

HERE = Path(__file__).resolve().parents[1]
WHAT = "indexing the demo rooms, seconds a frame"
"""The README's words for the figure."""
Run = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", type=int, default=3, help="rooms of the demo that are generated")
    parser.add_argument("--scene", type=Path, help="a scan to index in their place")
    parser.add_argument("--repeat", type=int, default=1, help="how often the frames of each scene are given")
    parser.add_argument("--frames", type=int, help="at most so many frames a scene")
    parser.add_argument("--against", type=Path, help="another checkout of core3d")
    parser.add_argument("--every-observation", action="store_true", help="beside it, embed all as the paper does")
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    add_record_option(parser)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(Path(options.measure[0]), int(options.measure[1]), json.loads(options.measure[2]))))
        return
    limit = [f"frames.limit={options.frames}"] if options.frames else []
    ways = {"here": (HERE, limit)}
    if options.against:
        ways["against"] = (options.against.resolve(), limit)
    if options.every_observation:
        ways["every observation"] = (HERE, [*limit, "crops.views=0"])
    runs: dict[str, list[Run]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        scenes = [options.scene.resolve()] if options.scene else demo(Path(folder), options.rooms)
        for number, scene in enumerate(scenes):
            for way, (tree, overrides) in list(ways.items())[:: 1 if number % 2 == 0 else -1]:
                runs[way].append(run(tree, scene, options.repeat, overrides))
        floor = floor_of(scenes[0])
    print(f"{machine()}; {len(scenes)} scenes, {sum(one['frames'] for one in runs['here'])} frames\n")
    print(table(runs))
    print(floor)
    if options.record:
        record({WHAT: f"{mean(runs['here'], 'wall') / 1000:.2f}"})


def demo(folder: Path, count: int) -> list[Path]:
    """Return the folders of the first `count` rooms of `core3d demo`."""
    environment = os.environ | {"PYTHONPATH": str(HERE)}
    command = [sys.executable, "-m", "core3d_search.cli", "demo", str(folder / "scenes"), "--count", str(count)]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return sorted(path for path in (folder / "scenes").iterdir() if path.is_dir())


def run(tree: Path, scene: Path, repeat: int, overrides: list[str]) -> Run:
    """Return what `measure` gives of the checkout `tree`, in a process of its own."""
    command = [sys.executable, __file__, "--measure", str(scene), str(repeat), json.dumps(overrides)]
    environment = os.environ | {"PYTHONPATH": str(tree)}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found: Run = json.loads(done.stdout.splitlines()[-1])
    return found


class Repeated:
    """A scene whose frames are given several times over."""

    def __init__(self, scene: Any, times: int) -> None:
        self._scene, self._times = scene, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._scene, name)

    def __len__(self) -> int:
        return len(self._scene) * self._times

    def __getitem__(self, position: int) -> Any:
        from dataclasses import replace

        return replace(self._scene[position % len(self._scene)], index=position)


def measure(folder: Path, repeat: int, overrides: list[str]) -> Run:
    """Index the scan in `folder`, by whichever checkout is imported; milliseconds a frame, MiB, seconds by stage."""
    from core3d_search.encoders import load_encoder
    from core3d_search.indexer.config import resolve
    from core3d_search.indexer.masks.progressive import make_generator
    from core3d_search.indexer.pipeline import index_scene
    from core3d_search.indexer.readers import find_scenes
    from core3d_search.store import Store

    config = resolve("built-in", overrides)
    (scene,) = find_scenes(folder)
    generator, encoder = make_generator(config.masks), load_encoder(config.encoder.name)
    calls = count_calls(encoder)
    with tempfile.TemporaryDirectory() as warm, Store.open(Path(warm) / "warm.db", create=True) as store:
        few = resolve("built-in", [*overrides, "frames.limit=2", "structure.frames=2"])
        index_scene(scene, store, generator, encoder, few)
    calls[0] = 0
    reader = Repeated(scene, repeat) if repeat > 1 else scene
    with tempfile.TemporaryDirectory() as place, Store.open(Path(place) / "core3d.db", create=True) as store:
        wall, cpu = time.perf_counter(), time.process_time()
        report = index_scene(reader, store, generator, encoder, config)  # type: ignore[arg-type]
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    frames = report.frames - len(report.skipped)
    return {
        "frames": frames,
        "wall": 1000 * wall / frames,
        "cpu": 1000 * cpu / frames,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "objects": report.objects,
        "crops": calls[0] / frames,
        "stages": {stage: 1000 * seconds / frames for stage, seconds in report.seconds.items()},
    }


def count_calls(encoder: Any) -> list[int]:
    """Return a list whose one number grows by the images that `encoder` is given."""
    calls, encode = [0], encoder.encode_images

    def counted(images: Any) -> Any:
        calls[0] += len(images)
        return encode(images)

    encoder.encode_images = counted
    return calls


def mean(runs: list[Run], key: str) -> float:
    """Return the mean of a value a frame over all frames of `runs`."""
    return float(np.average([one[key] for one in runs], weights=[one["frames"] for one in runs]))


def table(runs: dict[str, list[Run]]) -> str:
    """Return a line for each way, and what the others take of the first in ratios."""
    stages = list(dict.fromkeys(stage for one in runs.values() for stage in one[0]["stages"]))
    heads = ["frames/s", "wall ms", "CPU ms", "peak MiB", "objects", "crops", *stages]
    lines = [f"{'':18s}" + "".join(f"{head:>12s}" for head in heads)]
    for way, found in runs.items():
        weights = [one["frames"] for one in found]
        by_stage = [np.average([one["stages"].get(s, 0.0) for one in found], weights=weights) for s in stages]
        wall, cpu, crops = (mean(found, key) for key in ("wall", "cpu", "crops"))
        peak, objects = max(one["peak"] for one in found), sum(one["objects"] for one in found)
        values = [1000 / wall, wall, cpu, peak, objects, crops, *by_stage]
        lines.append(f"{way:18s}" + "".join(f"{value:12.1f}" for value in values))
    for way, found in list(runs.items())[1:]:
        wall, cpu = (mean(found, key) / mean(runs["here"], key) for key in ("wall", "cpu"))
        lines.append(f"{way}: {wall:.2f} times the wall time, {cpu:.2f} times the CPU time of here")
    return "\n".join(lines)


def floor_of(folder: Path) -> str:
    """Return what a frame of the scan in `folder` takes at least: bytes and decoding, multiplications of the networks
    and how long matrices of that many take; and the same on a GPU, where there is one."""
    import torch

    from core3d_search.encoders.lite0 import Lite0
    from core3d_search.indexer.masks.built_in.pixel_net import InputChannel, PixelNet
    from core3d_search.indexer.readers import find_scenes

    (scene,) = find_scenes(folder)
    count = min(len(scene), 10)
    started = time.process_time()
    frames = [scene[number] for number in range(count)]
    decode = 1000 * (time.process_time() - started) / count
    size = sum(file.stat().st_size for file in scene.files()) / len(scene) / 1e6
    height, width = (-(-side // 32) * 32 for side in frames[0].depth.shape)
    networks = {
        "masks, a frame": (PixelNet().eval(), torch.zeros(1, InputChannel.COUNT, height, width)),
        "embedding, a crop": (Lite0().eval(), torch.zeros(1, 3, 160, 160)),
    }
    lines = [f"\nfloor: {size:.2f} MB a frame, decoded in {decode:.1f} ms of CPU"]
    for device in ("cpu", *(["cuda"] if torch.cuda.is_available() else [])):
        rate = multiplications_per_second(device)
        for name, (network, x) in networks.items():
            work = multiplications(network, x)
            milliseconds = 1000 * work / rate
            lines.append(f"  {name}: {work / 1e9:.2f} G multiplications, {milliseconds:.2f} ms at best on {device}")
    if not torch.cuda.is_available():
        lines.append("  no CUDA GPU here: not measured on one")
    return "\n".join(lines)


def multiplications(network: Any, x: Any) -> float:
    """Return the multiplications of a network's convolutions and linear layers for the input `x`."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        network(x)
    return counter.get_total_flops() / 2


def multiplications_per_second(device: str) -> float:
    """Return how many a second torch does in float32 matrices of 1024 x 1024."""
    import torch

    a = torch.rand(1024, 1024, device=device)
    best = np.inf
    for _ in range(5):
        started = time.perf_counter()
        float((a @ a)[0, 0])
        best = min(best, time.perf_counter() - started)
    return 1024**3 / best


if __name__ == "__main__":
    main()
