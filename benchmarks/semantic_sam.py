"""Seconds and peak memory of every stage of Semantic-SAM, for both variants at 640 and 1024 pixels, beside the
published seconds of the official code (SPEC section 9: 640 x 640, two threads, best of several; its machine class).

    python benchmarks/semantic_sam.py --variants swint --sides 640 --threads 2

Weights are generated, unless --weights names a file: neither seconds nor memory depend on their values as long as the
filters are off, which is also the worst case for memory. Every case runs in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

OFFICIAL_SECONDS = {  # at 640 x 640 on two cores: (Swin-T, Swin-L), best to worst of the official runs
    "backbone": ("0.57", "4.2-4.7"),
    "pixel decoder": ("2.0-2.6", "2.0-2.6"),
    "decoder, 1 prompt": ("0.12", "0.12"),
    "decoder, 64 prompts": ("0.55", "0.55"),
    "decoder, 200 prompts": ("1.7-2.0", "1.7-2.0"),
    "masks, 200 prompts x 1 level": ("2.0-2.4", "2.0-2.4"),
    "masks, 200 prompts x 6 levels": ("4.2-4.4", "4.2-4.4"),
    "one click on a new image": ("3.3", "6.5"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variants", nargs="+", default=["swint", "swinl"], choices=["swint", "swinl"])
    parser.add_argument("--sides", nargs="+", type=int, default=[640, 1024], help="pixels of the square image")
    parser.add_argument("--points", type=int, default=32, help="points per side of the grid")
    parser.add_argument("--levels", nargs="+", type=int, default=[2, 4, 6])
    parser.add_argument("--device", default="cpu", help="cpu, cuda or mps")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3, help="the best of so many runs counts")
    parser.add_argument("--weights", type=Path, help="an official or converted file; only with one variant")
    parser.add_argument("--no-grid", action="store_true", help="leave the whole grid out")
    parser.add_argument("--case", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(measure(options.case[0], int(options.case[1]), options)))
        return
    for variant in options.variants:
        for side in options.sides:
            command = [sys.executable, __file__, *sys.argv[1:], "--case", variant, str(side)]
            environment = os.environ | {"OMP_NUM_THREADS": str(options.threads)}
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
            show(variant, side, options, json.loads(done.stdout))


def show(variant: str, side: int, options: argparse.Namespace, rows: list[dict[str, Any]]) -> None:
    """Print one case as a table."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"\n{variant}, {side} x {side}, {options.device}, {options.threads} threads (load average {load:.1f})")
    print(f"{'stage':<40}{'wall s':>9}{'CPU s':>9}{'official s':>12}{'peak GiB':>10}")
    for row in rows:
        official = "-"
        if side == 640 and options.device == "cpu":
            official = OFFICIAL_SECONDS.get(row["stage"], ("-", "-"))[variant == "swinl"]
        print(f"{row['stage']:<40}{row['wall']:>9.2f}{row['cpu']:>9.2f}{official:>12}{row['peak']:>10.2f}")


def measure(variant: str, side: int, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return seconds and the process's peak memory so far after every stage."""
    import numpy as np
    import torch

    from core3d_search.indexer.masks.semantic_sam import SemanticSam, SemanticSamGenerator
    from core3d_search.indexer.masks.semantic_sam.generated import generated_state
    from core3d_search.indexer.masks.semantic_sam.model import normalised

    torch.set_num_threads(options.threads)
    device = torch.device(options.device)
    rows = []

    def stage(name: str, function: Callable[[], Any], repeats: int = options.repeats) -> Any:
        best = (float("inf"), float("inf"))
        for _ in range(repeats):
            wall, cpu = time.perf_counter(), time.process_time()
            result = function()
            if device.type == "cuda":
                torch.cuda.synchronize()
            best = min(best, (time.perf_counter() - wall, time.process_time() - cpu))
        rows.append({"stage": name, "wall": best[0], "cpu": best[1], "peak": peak_memory(device)})
        return result

    def load() -> SemanticSam:
        if options.weights:
            return SemanticSam.from_file(options.weights, variant).to(device)
        return SemanticSam.from_state_dict(variant, generated_state(variant)).to(device)

    model = stage("load", load, 1)
    y, x, c = np.ogrid[:side, :side, :3]
    rgb = ((y * (5 + c) + x * 3 + ((y // 64 + x // 80) % 2) * 90) % 256).astype(np.uint8)
    clicks = np.random.default_rng(0).uniform(0, 1, (200, 4))
    clicks[:, 2:] = 0.005
    with torch.inference_mode():
        image = normalised(torch.from_numpy(rgb[None]).to(device))
        maps = stage("backbone", lambda: model.backbone(image))
        head = model.sem_seg_head
        levels, _ = stage("pixel decoder", lambda: head.pixel_decoder(maps))
        stage("value maps of the decoder", lambda: head.predictor.values(levels))
    features = model.encode(rgb, resize=False)
    for count, noun in ((1, "prompt"), (64, "prompts"), (200, "prompts")):
        stage(f"decoder, {count} {noun}", lambda count=count: model.decode(features, clicks[:count]))
    unfiltered = {
        "pred_iou_threshold": 0,
        "stability_threshold": 0,
        "box_nms_threshold": 1.0,
        "min_mask_region_area": 0,
    }
    for chosen, noun in (((3,), "level"), ((1, 2, 3, 4, 5, 6), "levels")):
        generator = SemanticSamGenerator(model, levels=chosen, **unfiltered)
        name = f"masks, 200 prompts x {len(chosen)} {noun}"
        stage(name, lambda generator=generator: list(generator._candidates_at(features, clicks)), 1)
    stage("one click on a new image", lambda: model.predict(model.encode(rgb, resize=False), clicks[:1]), 1)
    if not options.no_grid:
        grid = f"{options.points} x {options.points} points x {len(options.levels)} levels"
        usual = SemanticSamGenerator(model, options.points, levels=options.levels)
        stage(f"{grid}, usual filters", lambda: usual.generate_from_features(features), 1)
        every = SemanticSamGenerator(model, options.points, levels=options.levels, **unfiltered)
        stage(f"{grid}, no filters", lambda: every.generate_from_features(features), 1)
    return rows


def peak_memory(device: Any) -> float:
    """Return GiB: of the device if it is a GPU, else of this process."""
    if device.type == "cuda":
        import torch

        return torch.cuda.max_memory_allocated() / 2**30
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**30 if sys.platform == "darwin" else 2**20)


if __name__ == "__main__":
    main()
