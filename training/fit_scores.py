"""Fits the powers of scoring.py: how much each kind of factor counts, from hits that are known to be right or wrong.

Then, with the powers that are in scoring.py, the calibration: the power of the whole score that makes it the share of
right first hits of benchmarks/search.py.

    python training/fit_scores.py --workdir FOLDER --seed 3000      # rooms as benchmarks/search.py writes and
    indexes them

The score is a product of powers of measured probabilities, so its logarithm is linear in them: the powers maximise the
likelihood that the score is the probability of being right, over the first `--hits` hits of every question of
benchmarks/search.py and benchmarks/questions.py. Rooms 3000 to 3009 are for this; report on others.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import search as rooms
from question_kinds import questions

from core3d_search import Searcher
from core3d_search.datatypes import Hit
from core3d_search.search import scoring

KINDS = tuple(scoring.POWERS)
LEAST, MOST = 0.05, 2.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workdir", type=Path, default=Path(tempfile.gettempdir()) / "core3d-benchmark")
    parser.add_argument("--rooms", type=int, default=10)
    parser.add_argument("--seed", type=int, default=3000)
    parser.add_argument("--frames", type=int, default=30)
    parser.add_argument("--per-room", type=int, default=12)
    parser.add_argument("--hits", type=int, default=2, help="so many of the first hits of each question")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="settings of the index")
    arguments = parser.parse_args()
    arguments.true_masks = False
    truths = {truth["name"]: truth for _, truth in rooms.prepare(arguments)}
    with Searcher.open(arguments.workdir / "rooms.db") as searcher:
        logs, right = samples(searcher, truths, arguments)
        scores, first = first_hits(searcher, truths, arguments)
    fit(logs, right)
    fit_calibration(scores, first)


def samples(
    searcher: Searcher, truths: dict[str, dict], arguments: argparse.Namespace
) -> tuple[np.ndarray, np.ndarray]:
    """Return (S, len(KINDS)) sums of the logarithms of measured factors, and (S,) whether the hit is right."""
    powers = dict(scoring.POWERS)
    logs, right = [], []
    for text, scenes, answers in asked(truths, arguments.per_room):
        for hit in searcher.search(text, k=arguments.hits, scenes=scenes, threshold=0.01):
            row = np.zeros(len(KINDS))
            for reason in (said for said in hit.reasons if said.kind in KINDS):
                kind = KINDS.index(reason.kind)
                row[kind] += np.log(np.clip(reason.score, 1e-3, 1.0)) / (powers[reason.kind] * scoring.CALIBRATION)
            logs.append(row)
            right.append((hit.scene, true_thing(hit, truths)) in answers)
    return np.array(logs), np.array(right)


def first_hits(
    searcher: Searcher, truths: dict[str, dict], arguments: argparse.Namespace
) -> tuple[np.ndarray, np.ndarray]:
    """Return (S,) scores before calibration and (S,) whether the hit is right, as benchmarks/search.py judges it."""
    scores, right = [], []
    for scene, truth in truths.items():
        for question in rooms.questions(scene, truth, arguments.per_room):
            for hit in searcher.search(question.text, k=1, scenes=[scene], threshold=0.0):
                scores.append(hit.score ** (1.0 / scoring.CALIBRATION))
                right.append(true_thing(hit, truths) in question.answers)
    return np.array(scores), np.array(right)


def fit_calibration(scores: np.ndarray, right: np.ndarray) -> None:
    print("power of the whole: log loss, and the distance of shares from scores in tenths of them")
    for power in np.arange(0.3, 1.01, 0.05):
        p = np.clip(scores**power, 1e-4, 0.999)
        loss = -np.where(right, np.log(p), np.log(1 - p)).mean()
        tenth = np.minimum((p * 10).astype(int), 9)
        error = sum(abs(p[tenth == k].sum() - right[tenth == k].sum()) for k in range(10)) / len(p)
        print(f"  {power:.2f}: {loss:.4f}, {error:.3f}")


def asked(truths: dict[str, dict], per_room: int) -> Iterator[tuple[str, list[str], frozenset[tuple[str, int]]]]:
    for scene, truth in truths.items():
        for question in rooms.questions(scene, truth, per_room):
            yield question.text, [scene], frozenset((scene, i) for i in question.answers)
        for stranger in rooms.STRANGERS:
            yield stranger, [scene], frozenset()
    for one in questions(truths):
        if one.count is None and one.yes is None and one.scene is None:
            yield one.text, list(one.scenes or truths), one.answers


def true_thing(hit: Hit, truths: dict[str, dict]) -> int:
    """Return the id of the true object that a hit overlaps most, 0 for none."""
    overlaps = {item["id"]: rooms.iou(hit, item["box"]) for item in truths[hit.scene]["objects"]}
    best = max(overlaps, key=lambda key: overlaps[key])
    return best if overlaps[best] > 0 else 0


def fit(logs: np.ndarray, right: np.ndarray) -> None:
    from scipy.optimize import minimize

    def loss(powers: np.ndarray) -> float:
        p = np.clip(np.exp(logs @ powers), 1e-4, 0.98)
        return float(-np.where(right, np.log(p), np.log(1 - p)).mean())

    start = np.array([scoring.POWERS[kind] for kind in KINDS])
    found = minimize(loss, start, bounds=[(LEAST, MOST)] * len(KINDS), method="L-BFGS-B")
    print(f"{len(right)} hits, {right.mean():.1%} right; loss {loss(start):.4f} -> {found.fun:.4f}")
    print("POWERS = {" + ", ".join(f'"{k}": {p:.2f}' for k, p in zip(KINDS, found.x, strict=True)) + "}")
    score = np.exp(logs @ found.x)
    for threshold in np.arange(0.15, 0.61, 0.05):
        shown = score >= threshold
        print(f"  threshold {threshold:.2f}: {shown.mean():6.1%} shown, {right[shown].mean():6.1%} of them right")
    for low in np.arange(0.0, 1.0, 0.1):
        inside = (score >= low) & (score < low + 0.1)
        if inside.any():
            print(f"  score {low:.1f} to {low + 0.1:.1f}: {inside.sum():5d} hits, {right[inside].mean():6.1%} right")


if __name__ == "__main__":
    main()
