"""Fits the costs of core3d_search/query/certainty.py on the training utterances of Nr3D.

    python training/fit_certainty.py --data ../shared/grounding

The probability that the first answer is right is modelled as understood * exp(-sum of costs), the costs at least 0, by
maximum likelihood. Prints the costs; the utterances stay outside the project.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))
from grounding import labelled_objects

from core3d_search.query import parse
from core3d_search.query.certainty import COSTS, parts
from core3d_search.query.cursor import spelled
from core3d_search.query.left_aside import content
from core3d_search.search.grounding import ground

SHRINKAGE = 2.0
"""Weight of the squared costs beside the likelihood: what is rare costs little."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder with nr3d_train.jsonl and scenes.json")
    arguments = parser.parse_args()
    scenes = json.loads((arguments.data / "scenes.json").read_text())
    rows = [json.loads(line) for line in (arguments.data / "nr3d_train.jsonl").read_text().splitlines()]
    counts, understood, right = [], [], []
    for row in rows:
        things = scenes[row["scene"]]["objects"]
        query = parse(row["text"], vocabulary={thing["label"].lower() for thing in things})
        hits = ground(row["text"], labelled_objects(things))
        found = parts(query)
        counts.append([found[name] for name in COSTS])
        understood.append(1.0 - len(query.unparsed) / max(len(content(spelled(row["text"], ()))), 1))
        right.append(bool(hits) and hits[0].object_id == row["target_id"])
    for name, cost in zip(COSTS, fit(np.array(counts, float), np.array(understood), np.array(right)), strict=True):
        print(f'"{name}": {cost:.3f},')


def fit(counts: np.ndarray, understood: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the costs (K,) of `counts` (R, K) that make `right` (R,) likeliest."""

    def loss(costs: np.ndarray) -> float:
        p = np.clip(understood * np.exp(-counts @ costs), 1e-4, 1 - 1e-4)
        return float(-np.where(right, np.log(p), np.log1p(-p)).sum() + SHRINKAGE * (costs**2).sum())

    size = counts.shape[1]
    return minimize(loss, np.full(size, 0.1), bounds=[(0.0, 2.0)] * size, method="L-BFGS-B").x


if __name__ == "__main__":
    main()
