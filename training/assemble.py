"""Puts the towers together: the vocabulary of labels, the mixture, the calibration; writes what the package ships.

    python training/assemble.py --text text.safetensors --image image.safetensors --out core3d_search/encoders \
        [--scale S --margin M]

`training/calibrate.py` finds scale and margin on models and rooms that training never saw.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

from safetensors.numpy import load_file, save_file

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core3d_search.encoders.builtin import IMAGE_WEIGHTS, TEXT_WEIGHTS
from training.labels import LABELS
from training.vocabulary import header_of

PHOTOS_SHARE = 0.35
"""What ImageNet's judge counts beside that of the models; from 0.2 to 0.5 the development models hardly differ."""

SHARPNESS = 30.0
"""What similarities of the third judge are multiplied by before the softmax."""

NEUTRAL = ("object", "thing")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument("--image", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder")
    parser.add_argument("--scale", type=float, default=10.0)
    parser.add_argument("--margin", type=float, default=0.3)
    parser.add_argument("--photos-share", type=float, default=PHOTOS_SHARE)
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
            "photos_share": arguments.photos_share,
            "sharpness": SHARPNESS,
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
