"""Puts the towers together: the vocabulary of labels, the mixture, the calibration; writes what the package ships.

    python training/assemble.py --text text.safetensors --image image.safetensors --out core3d_search/encoders \
        [--scale S --margin M]

`training/calibration.py` finds scale and margin on models and rooms that training never saw.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import sys
from pathlib import Path

from safetensors.numpy import load_file, save_file

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core3d_search.encoders.builtin import IMAGE_WEIGHTS, TEXT_WEIGHTS
from core3d_search.encoders.builtin_image import Mixture
from training.labels import LABELS
from training.vocabulary import header_of

MIXTURE = Mixture(photos=0.45, photos_in_rooms=0.1, rooms=0.7, sharpness=30.0)
"""Chosen on models and rooms that training never saw: ImageNet's judge errs in our rooms, and helps elsewhere."""

NEUTRAL = ("object", "thing")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument("--image", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder")
    parser.add_argument("--scale", type=float, default=10.0)
    parser.add_argument("--margin", type=float, default=0.3)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    image = arguments.image.read_bytes()
    text, made = header_of(arguments.text), header_of(arguments.image)
    settings = {
        "words": text["words"],
        "vocabulary": list(LABELS),
        "neutral": list(NEUTRAL),
        "calibration": {"scale": arguments.scale, "margin": arguments.margin},
        "image": {
            "checksum": hashlib.sha256(image).hexdigest(),
            "mixture": dataclasses.asdict(MIXTURE),
        },
        "training": {"text": text["training"], "image": made["training"]},
    }
    (arguments.out / IMAGE_WEIGHTS.name).write_bytes(image)
    out = arguments.out / TEXT_WEIGHTS.name
    save_file(load_file(arguments.text), out, {"core3d": json.dumps(settings)})
    for file in (out, arguments.out / IMAGE_WEIGHTS.name):
        file.chmod(0o644)  # safetensors writes for the owner alone


if __name__ == "__main__":
    main()
