"""Trains the text tower of the built-in encoder on what MiniLM says of a wide vocabulary.

    python training/text_tower.py --targets TARGETS.npz --out text.safetensors

The space is MiniLM's, less its common mean, in its first `--dimension` principal axes over household names: what all
names share says nothing. MiniLM never sees the colours that training puts before names: colours are measured from
pixels, and only the noun should reach the encoder, so the tower learns to pass over them.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.numpy import save_file
from torch import nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core3d_search.encoders.builtin_text import words_of
from core3d_search.synthetic.surfaces import COLOR_SYNONYMS, COLORS
from training.phrases import TEMPLATES, TONES
from training.towers import TextNetwork
from training.vocabulary import own_nouns

Vectors = npt.NDArray[np.float32]

PAINTS = sorted({*COLORS, *(word for group in COLOR_SYNONYMS.values() for word in group)})
COLOR_WORDS = frozenset({*PAINTS, *TONES})


def colored(text: str, rng: np.random.Generator) -> str:
    """Return `text`, sometimes with a colour before it and in a phrase, which change nothing of what it means."""
    if len(text) > 40 or text in COLOR_WORDS:
        return text
    if rng.random() < 0.35:
        text = f"{rng.choice(PAINTS)} {text}"
        if rng.random() < 0.15:
            text = f"{rng.choice(TONES)} {text}"
    return str(rng.choice(TEMPLATES)).format(text) if rng.random() < 0.25 else text


def space_of(household: Vectors, dimension: int) -> tuple[Vectors, Vectors]:
    """Return the mean (384,) of household names and their first principal axes (`dimension`, 384)."""
    mean = household.mean(axis=0)
    _, _, axes = np.linalg.svd(household - mean, full_matrices=False)
    return mean, axes[:dimension]


def projected(vectors: Vectors, mean: Vectors, axes: Vectors) -> Vectors:
    """Return unit vectors (N, D) of MiniLM's (N, 384)."""
    inside = (vectors - mean) @ axes.T
    unit: Vectors = (inside / np.linalg.norm(inside, axis=1, keepdims=True)).astype(np.float32)
    return unit


def read_targets(files: Sequence[Path]) -> tuple[list[str], Vectors]:
    """Return the texts of all shards and what MiniLM says of them (N, 384)."""
    texts: list[str] = []
    parts = []
    for file in files:
        with np.load(file, allow_pickle=False) as saved:
            texts += saved["texts"].tolist()
            parts.append(saved["embeddings"].astype(np.float32))
    return texts, np.concatenate(parts)


def known_words(texts: Sequence[str], household: Sequence[str], most: int) -> list[str]:
    """Return the words that get a row of their own: those of household names first, then the commonest."""
    first = {word for noun in household for word in words_of(noun)}
    counts: dict[str, int] = {}
    for text in texts:
        for word in words_of(text):
            counts[word] = counts.get(word, 0) + 1
    rest = sorted((word for word in counts if word not in first), key=lambda word: (-counts[word], word))
    return sorted([*first, *rest[: max(0, most - len(first))]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--targets", type=Path, nargs="+", required=True, help="what text_targets.py wrote, all shards")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--dimension", type=int, default=192)
    parser.add_argument("--width", type=int, default=112)
    parser.add_argument("--words", type=int, default=16000)
    parser.add_argument("--table", type=int, default=6144)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--learning-rate", type=float, default=3e-3)
    parser.add_argument("--forget", type=float, default=0.15, help="share of known words that only n-grams show")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    rng = np.random.default_rng(arguments.seed)
    texts, targets = read_targets(arguments.targets)
    at = {text: row for row, text in enumerate(texts)}
    household = [noun for noun in own_nouns() if noun in at]
    mean, axes = space_of(targets[[at[noun] for noun in household]], arguments.dimension)
    goals = torch.from_numpy(projected(targets, mean, axes))
    words = known_words(texts, household, arguments.words)
    network = TextNetwork(words, arguments.dimension, arguments.width, 384, arguments.table)
    start_words(network, words, at, goals)
    important = np.array([1.0] * len(texts))
    important[[at[noun] for noun in household]] = 25.0
    important /= important.sum()
    optimizer = torch.optim.AdamW(network.parameters(), lr=arguments.learning_rate, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, arguments.learning_rate, total_steps=arguments.steps, pct_start=0.05
    )
    started, losses = time.perf_counter(), []
    for step in range(1, arguments.steps + 1):
        chosen = rng.choice(len(texts), arguments.batch, p=important)
        goal = goals[chosen]
        found = network([colored(texts[i], rng) for i in chosen], forget=arguments.forget)
        apart = functional.mse_loss(found @ found.T, goal @ goal.T)
        loss = (1 - (found * goal).sum(1)).mean() + 2 * apart
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(float(loss.detach()))
        if step % 200 == 0:
            print(f"{step} {np.mean(losses[-200:]):.4f} {time.perf_counter() - started:.0f} s", flush=True)
    network.eval()
    with torch.no_grad():
        near = (network(household) * goals[[at[noun] for noun in household]]).sum(1)
    print(f"household names: cosine to MiniLM {near.mean():.3f}, worst tenth {near.quantile(0.1):.3f}")
    record = {key: value for key, value in vars(arguments).items() if key not in ("targets", "out")}
    record |= {"texts": len(texts), "loss": float(np.mean(losses[-200:]))}
    settings = {"words": words, "training": record}
    save_file(network.tensors(), arguments.out, {"core3d": json.dumps(settings)})
    np.savez(arguments.out.with_suffix(".space.npz"), mean=mean, axes=axes)


def start_words(network: nn.Module, words: Sequence[str], at: dict[str, int], goals: torch.Tensor) -> None:
    """Start the word table from the goals of the single words, so that little is left to learn."""
    width = network.words.embedding_dim
    with torch.no_grad():
        for row, word in enumerate(words, start=1):
            if word in at:
                network.words.weight[row] = goals[at[word], :width] * 3
        network.linear.weight.zero_()
        network.linear.weight[:width, :width] = torch.eye(width)


if __name__ == "__main__":
    main()
