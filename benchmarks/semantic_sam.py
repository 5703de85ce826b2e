"""Seconds and peak memory of every stage of Semantic-SAM, for both variants at 640 and 1024 pixels, beside the
published seconds of the official code (docs/semantic-sam.md, section 9: 640 x 640, two threads, best of several; its
machine class).

    python benchmarks/semantic_sam.py --variants swint --sides 640 --threads 2

Weights are generated, unless --weights names a file: neither seconds nor memory depend on their values as long as the
filters are off, which is also the worst case for memory. Every row is measured in a process of its own that loads the
model, makes the stage's input and runs the stage, so its peak is what a program that does just this would need: in one
process for all rows it would be the peak of everything so far, on a heap that the rows before have fragmented.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

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
    parser.add_argument("--repeats", type=int, default=3, help="the best of so many runs counts; grids run once")
    parser.add_argument("--weights", type=Path, help="an official or converted file; only with one variant")
    parser.add_argument("--no-grid", action="store_true", help="leave the whole grid out")
    parser.add_argument("--row", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.row:
        variant, side, stage = options.row
        print(json.dumps(measure(Case(variant, int(side), options), stage)))
        return
    environment = os.environ | {"OMP_NUM_THREADS": str(options.threads)}
    for variant in options.variants:
        for side in options.sides:
            print(f"\n{variant}, {side} x {side}, {options.device}, {options.threads} threads")
            print(f"{'stage':<44}{'wall s':>9}{'CPU s':>9}{'official s':>12}{'peak GiB':>10}{'load':>6}")
            for stage in stages(options):
                command = [sys.executable, __file__, *sys.argv[1:], "--row", variant, str(side), stage]
                done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
                row = json.loads(done.stdout)
                official = "-"
                if side == 640 and options.device == "cpu":
                    official = OFFICIAL_SECONDS.get(stage, ("-", "-"))[variant == "swinl"]
                seconds = f"{row['wall']:>9.2f}{row['cpu']:>9.2f}{official:>12}"
                print(f"{stage:<44}{seconds}{row['peak']:>10.2f}{row['load']:>6.1f}", flush=True)


class Case:
    """A variant and an image; every method prepares one stage and returns what is to be timed."""

    def __init__(self, variant: str, side: int, options: argparse.Namespace) -> None:
        import torch

        torch.set_num_threads(options.threads)
        self.variant, self.options = variant, options
        self.device = torch.device(options.device)
        y, x, c = np.ogrid[:side, :side, :3]
        self.rgb = ((y * (5 + c) + x * 3 + ((y // 64 + x // 80) % 2) * 90) % 256).astype(np.uint8)
        self.clicks = np.random.default_rng(0).uniform(0, 1, (200, 4))
        self.clicks[:, 2:] = 0.005

    @cached_property
    def model(self) -> Any:
        return self.load()()

    @cached_property
    def features(self) -> Any:
        return self.model.encode(self.rgb, resize=False)

    def load(self) -> Callable[[], Any]:
        from generated_weights import generated_state

        from core3d_search.indexer.masks.semantic_sam import SemanticSam

        if self.options.weights:
            return lambda: SemanticSam.from_file(self.options.weights, self.variant).to(self.device)
        return lambda: SemanticSam.from_state_dict(self.variant, generated_state(self.variant)).to(self.device)

    def backbone(self) -> Callable[[], Any]:
        import torch

        from core3d_search.indexer.masks.semantic_sam.model import normalised

        image = normalised(torch.from_numpy(self.rgb[None]).to(self.device))
        return partial(self.model.backbone, image)

    def pixel_decoder(self) -> Callable[[], Any]:
        return partial(self.model.sem_seg_head.pixel_decoder, self.backbone()())

    def value_maps(self) -> Callable[[], Any]:
        return partial(self.model.sem_seg_head.predictor.values, self.features.multi_scale)

    def decoder(self, prompts: int) -> Callable[[], Any]:
        return partial(self.model.decode, self.features, self.clicks[:prompts])

    def masks(self, *levels: int) -> Callable[[], Any]:
        generator = self.generator(levels, filters=False)
        features = self.features
        return lambda: list(generator._candidates_at(features, self.clicks))

    def click(self) -> Callable[[], Any]:
        model = self.model
        return lambda: model.predict(model.encode(self.rgb, resize=False), self.clicks[:1])

    def grid(self, filters: bool) -> Callable[[], Any]:
        return partial(self.generator(self.options.levels, filters).generate_from_features, self.features)

    def generator(self, levels: tuple[int, ...], filters: bool) -> Any:
        from core3d_search.indexer.masks.semantic_sam import SemanticSamGenerator

        off: dict[str, Any] = {"pred_iou_threshold": 0, "stability_threshold": 0, "box_nms_threshold": 1.0}
        off["min_mask_region_area"] = 0
        return SemanticSamGenerator(self.model, self.options.points, levels=levels, **({} if filters else off))


def stages(options: argparse.Namespace) -> dict[str, Callable[[Case], Callable[[], Any]]]:
    """Return, by the name of its row, how each stage is prepared."""
    grid = f"{options.points} x {options.points} points x {len(options.levels)} levels"
    rows = {
        "load": Case.load,
        "backbone": Case.backbone,
        "pixel decoder": Case.pixel_decoder,
        "value maps of the decoder": Case.value_maps,
        "decoder, 1 prompt": lambda case: case.decoder(1),
        "decoder, 64 prompts": lambda case: case.decoder(64),
        "decoder, 200 prompts": lambda case: case.decoder(200),
        "masks, 200 prompts x 1 level": lambda case: case.masks(3),
        "masks, 200 prompts x 6 levels": lambda case: case.masks(1, 2, 3, 4, 5, 6),
        "one click on a new image": Case.click,
        f"{grid}, usual filters": lambda case: case.grid(filters=True),
        f"{grid}, no filters": lambda case: case.grid(filters=False),
    }
    return {name: stage for name, stage in rows.items() if not (options.no_grid and name.startswith(grid))}


def measure(case: Case, stage: str) -> dict[str, float]:
    """Return the seconds of the best run of `stage`, the peak memory of this process, and the machine's load."""
    import torch

    best = (float("inf"), float("inf"))
    with torch.inference_mode():
        run = stages(case.options)[stage](case)
        for _ in range(1 if "points x" in stage else case.options.repeats):
            wall, cpu = time.perf_counter(), time.process_time()
            run()
            if case.device.type == "cuda":
                torch.cuda.synchronize()
            best = min(best, (time.perf_counter() - wall, time.process_time() - cpu))
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return {"wall": best[0], "cpu": best[1], "peak": peak_memory(case.device), "load": load}


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
