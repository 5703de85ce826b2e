"""Pieces of the photographs that come with scikit-image, as features: what the gate learns that is no render.

    python training/photos.py --out FEATURES

Nobody says what they show; they stand among those features whose name is empty. Real pictures with names are kept for
measuring.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from training.features import KINDS, crops, through
from training.lite0 import pretrained

PICTURES = ("astronaut", "brick", "chelsea", "coffee", "coins", "grass", "gravel", "horse", "motorcycle_left",
            "motorcycle_right", "page", "rocket", "text", "camera", "clock_motion", "color")  # fmt: skip
PIECES = 20
"""Of each picture."""


def pieces(picture: npt.NDArray[np.uint8], rng: np.random.Generator) -> Iterator[list[npt.NDArray[np.uint8]]]:
    """Yield the crops of PIECES ellipses of a picture (H, W, 3), of any size and place."""
    height, width = picture.shape[:2]
    rows, columns = np.indices((height, width))
    for _ in range(PIECES):
        h, w = rng.uniform(0.1, 0.45, 2) * min(height, width)
        y, x = rng.uniform(h, height - h), rng.uniform(w, width - w)
        yield crops(picture, ((rows - y) / h) ** 2 + ((columns - x) / w) ** 2 < 1, rng)


def main() -> None:
    import skimage
    from PIL import Image

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    folder = Path(skimage.__file__).parent / "data"
    files = [file for name in PICTURES for file in sorted(folder.glob(f"{name}.*"))]
    pictures = [np.asarray(Image.open(file).convert("RGB")) for file in files]
    found = [piece for picture in pictures for piece in pieces(picture, rng)]
    network = pretrained()[0].to(memory_format=torch.channels_last)
    middle, pooled = through(network.bfloat16(), np.stack([crop for own in found for crop in own]))
    arguments.out.mkdir(parents=True, exist_ok=True)
    np.savez(
        arguments.out / "photos.npz",
        middle=middle.reshape(len(found), len(KINDS), *middle.shape[1:]),
        pooled=pooled.reshape(len(found), len(KINDS), -1),
        names=np.full(len(found), ""),
        keys=np.array([f"photo-{number}" for number in range(len(found))]),
        areas=np.zeros(len(found), np.float32),
    )
    print(f"{len(found)} pieces of {len(files)} pictures")


if __name__ == "__main__":
    main()
