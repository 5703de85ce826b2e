"""Crops of rendered scenes and rooms, through the frozen early part of the image tower, once for all later stages.

    python training/features.py --scenes CACHE --out FEATURES [--rooms]

One file a scene: `middle` (V, K, 112, S/16, S/16) float16, what block `MIDDLE` gives; `pooled` (V, K, 1280) float16,
the features of the pretrained network; `names` (V,), `keys` (V,) the model of each view, `areas` (V,) shares of the
image. Files that are there are kept; `--follow` waits for scenes that are still being rendered.
"""

from __future__ import annotations

import argparse
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core3d_search.encoders.builtin_image import fitted
from core3d_search.encoders.lite0 import Lite0, normalised
from core3d_search.indexer.config import CropConfig
from core3d_search.indexer.crops import scaled_box
from core3d_search.indexer.detections import tight_boxes
from core3d_search.synthetic.worn import photographed
from training.lite0 import pretrained
from training.views import imperfect, patch_of

KINDS = ("mask", "box", "large")
"""The crops that training sees; the others matter little and share their looks with `large`."""

MIDDLE = 10
"""The last block of the frozen part."""

MIN_AREA = 0.0015
MIN_SIDE = 12


def views(
    pixels: npt.NDArray[np.uint8],
    instances: npt.NDArray[np.uint8],
    rng: np.random.Generator | None,
    background: float = 0.0,
) -> Iterator[tuple[int, float, list[npt.NDArray[np.uint8]]]]:
    """Yield instance, share of the image and crops of each thing in one frame; `rng` adds the camera's effects.

    With the chance `background` a piece of wall or floor comes too, as instance 0.
    """
    image = pixels if rng is None else photographed(pixels, rng)
    numbers, areas = np.unique(instances, return_counts=True)
    for number, area in zip(numbers.tolist(), areas.tolist(), strict=True):
        share = area / instances.size
        if share < MIN_AREA:
            continue
        mask = instances == number
        if number == 0:
            if rng is None or rng.random() >= background:
                continue
            mask = patch_of(mask, rng)
            if mask.sum() < MIN_AREA * mask.size:
                continue
        box = tight_boxes(mask[None])[0]
        if min(box[2] - box[0], box[3] - box[1]) < MIN_SIDE:
            continue
        yield number, share, crops(image, mask, rng)


def crops(
    image: npt.NDArray[np.uint8], mask: npt.NDArray[np.bool_], rng: np.random.Generator | None
) -> list[npt.NDArray[np.uint8]]:
    """Return the crops of `KINDS`, (SIDE, SIDE, 3) each."""
    if rng is not None:
        mask = imperfect(mask, rng)
    box = tight_boxes(mask[None])[0]
    if rng is not None and rng.random() < 0.5:
        sides = np.array([box[2] - box[0], box[3] - box[1]] * 2)
        moved = box + rng.normal(0, 0.04, 4).astype(np.float32) * sides
        box = np.array([*np.minimum(moved[:2], box[2:] - 4), *np.maximum(moved[2:], box[:2] + 4)], np.float32)
    mirrored = rng is not None and rng.random() < 0.5
    result = []
    height, width = mask.shape
    for kind in KINDS:
        x0, y0, x1, y1 = scaled_box(box, CropConfig().large_scale if kind == "large" else 1.0, width, height)
        part = image[y0:y1, x0:x1]
        if kind == "mask":
            part = part * mask[y0:y1, x0:x1, None]
        if mirrored:
            part = part[:, ::-1]
        result.append(fitted(np.ascontiguousarray(part)))
    return result


@torch.inference_mode()
def through(network: Lite0, pixels: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.float16], npt.NDArray[np.float16]]:
    """Return what block MIDDLE gives and the pooled features of crops (N, S, S, 3)."""
    middle, pooled = [], []
    for start in range(0, len(pixels), 48):
        x = normalised(torch.from_numpy(pixels[start : start + 48]).permute(0, 3, 1, 2))
        # bfloat16 is 2.7 times as fast where the processor has it, and its errors are far below those of a camera
        x = network.early(x.bfloat16().contiguous(memory_format=torch.channels_last), MIDDLE)
        middle.append(x.float().contiguous().numpy().astype(np.float16))
        pooled.append(network.late(x, MIDDLE).float().numpy().astype(np.float16))
    return np.concatenate(middle), np.concatenate(pooled)


def extract(file: Path, out: Path, network: Lite0, clean: bool, every: int = 1) -> None:
    """Write the features of one rendered file; `clean` leaves the pictures as they were rendered."""
    with np.load(file, allow_pickle=False) as arrays:
        pixels, instances = arrays["pixels"][::every], arrays["instances"][::every]
        if "names" in arrays:
            names, keys = arrays["names"], arrays["keys"]
        else:
            names = arrays["facts"][:, 0]
            keys = np.array([f"room-{file.stem}-{number}" for number in range(len(names))])
    rng = None if clean else np.random.default_rng([zlib.crc32(file.stem.encode()), 5])
    found = [view for p, i in zip(pixels, instances, strict=True) for view in views(p, i, rng, 0.3)]
    if not found:
        return
    stack = np.stack([crop for _, _, own in found for crop in own])
    middle, pooled = through(network, stack)
    count = len(found)
    numbers = [number for number, _, _ in found]
    partial = out.with_suffix(".partial.npz")
    np.savez(
        partial,
        middle=middle.reshape(count, len(KINDS), *middle.shape[1:]),
        pooled=pooled.reshape(count, len(KINDS), -1),
        names=names[numbers],
        keys=keys[numbers],
        areas=np.array([area for _, area, _ in found], np.float32),
    )
    partial.rename(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--clean", action="store_true", help="no camera effects: for measuring")
    parser.add_argument("--follow", type=float, default=0, help="seconds without a new scene after which to stop")
    parser.add_argument("--every", type=int, default=1, help="use each n-th frame")
    parser.add_argument("--shard", type=int, nargs=2, default=(0, 1), metavar=("I", "N"), help="every N-th file from I")
    arguments = parser.parse_args()
    shard, shards = arguments.shard
    arguments.out.mkdir(parents=True, exist_ok=True)
    network = pretrained()[0].bfloat16().to(memory_format=torch.channels_last)
    idle = time.monotonic()
    while True:
        waiting = [
            file
            for file in sorted(arguments.scenes.glob("*.npz"))
            if "partial" not in file.name
            if zlib.crc32(file.name.encode()) % shards == shard and not (arguments.out / file.name).exists()
        ]
        for file in waiting:
            extract(file, arguments.out / file.name, network, arguments.clean, arguments.every)
            idle = time.monotonic()
        if not waiting and time.monotonic() - idle >= arguments.follow:
            break
        if not waiting:
            time.sleep(5)


if __name__ == "__main__":
    main()
