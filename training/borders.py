"""Fit the classifier of borders between image regions (core3d_search/indexer/masks/built_in/border_net.safetensors).

    python -m training.borders --out border_net.safetensors
    python -m training.borders --models MODELS --furnished 16 --out border_net.safetensors

Regions of rendered rooms are merged by the classifier so far (none in the first round); every pair of adjacent regions
that lie in one true object each becomes an example: one thing, or two? Later rounds see the regions that the classifier
of the round before made, as it will see them when used.
"""

from __future__ import annotations

import argparse
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.numpy import save_file
from torch import nn

from core3d_search.indexer.masks import built_in
from core3d_search.indexer.masks.built_in.borders import Regions, find_regions, pair_features
from core3d_search.indexer.masks.built_in.columns import Evidence
from core3d_search.indexer.masks.built_in.pixel_net import PixelEmbedder
from core3d_search.indexer.masks.built_in.region_tree import BOUND, BorderClassifier, merge_regions
from training.models import Model
from training.rendered import furnished_room, rendered_room, standing_models, worn

PURE = 0.8
"""Fraction of a region's pixels in one true object from which it makes an example."""
HIDDEN = (64, 32)
PIXEL_NET = Path(built_in.__file__).parent / "pixel_net.safetensors"
Examples = tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_], npt.NDArray[np.float32]]
"""Features (E, 42), whether the pair is two things (E,), weights (E,)."""
View = tuple[Regions, npt.NDArray[np.int64]]
"""The superpixels of a frame and its true object ids (H, W)."""


def examples(regions: Regions, instance: npt.NDArray[np.int64]) -> Examples:
    """Return the examples that `regions` make; pairs of two structure planes, which are neither, are left out."""
    ids = int(instance.max()) + 1
    codes = regions.labels.ravel() * ids + instance.ravel()
    table = np.bincount(codes, minlength=len(regions) * ids).reshape(-1, ids)
    owner, purity = table.argmax(axis=1), table.max(axis=1) / table.sum(axis=1)
    a, b = regions.pairs.T
    two_planes = (owner[a] == 0) & (owner[b] == 0) & (regions.evidence[:, Evidence.OTHER_PLANE] > 0.3 * regions.lengths)
    kept = (purity[a] > PURE) & (purity[b] > PURE) & (regions.lengths >= 2) & ~two_planes
    weights = np.sqrt(regions.lengths[kept])
    weights = (weights / max(weights.sum(), 1e-9)).astype(np.float32)
    return pair_features(regions)[kept].astype(np.float32), (owner[a] != owner[b])[kept], weights


def collect(views: list[View], classifier: BorderClassifier | None, turn: int) -> Examples:
    """Return the examples of `views`: superpixels without a classifier, else every second round of merging with it."""
    found: list[Examples] = []
    for regions, instance in views:
        if classifier is None:
            found.append(examples(regions, instance))
            continue
        stages: list[Regions] = []
        merge_regions(regions, classifier, 2.0, lambda now, _, stages=stages: stages.append(now))
        found += [examples(stage, instance) for stage in stages[turn % 2 :: 2]]
    features, different, weights = zip(*found, strict=True)
    return np.concatenate(features), np.concatenate(different), np.concatenate(weights)


def fit(
    features: npt.NDArray[np.float32], different: npt.NDArray[np.bool_], weights: npt.NDArray[np.float32], epochs: int
) -> dict[str, npt.NDArray[np.float32]]:
    """Return the arrays of a network that tells the two kinds of pair apart; both kinds weigh more alike than they are
    frequent (by the square root)."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-3
    scale[scale < 2e-3] = 1  # never seen to vary: nothing is known of it
    share = float((weights * different).sum() / weights.sum())
    weights = weights / weights.mean() * np.where(different, (0.5 / share) ** 0.5, (0.5 / (1 - share)) ** 0.5)
    x = torch.tensor(np.clip((features - mean) / scale, -BOUND, BOUND))
    y, w = torch.tensor(different.astype(np.float32)), torch.tensor(weights.astype(np.float32))
    widths = (x.shape[1], *HIDDEN, 1)
    linear = [nn.Linear(a, b) for a, b in pairwise(widths)]
    net = nn.Sequential(*(part for layer in linear[:-1] for part in (layer, nn.ReLU())), linear[-1])
    batch = 2048
    optimizer = torch.optim.AdamW(net.parameters(), weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 6e-3, epochs * (len(x) // batch + 1))
    for _ in range(epochs):
        order = torch.tensor(rng.permutation(len(x)))
        for rows in order.split(batch):
            loss = nn.functional.binary_cross_entropy_with_logits(net(x[rows])[:, 0], y[rows], weight=w[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    arrays = {"mean": mean, "scale": scale}
    for number, layer in enumerate(linear):
        arrays[f"weight{number}"] = layer.weight.detach().numpy().T.copy()
        arrays[f"bias{number}"] = layer.bias.detach().numpy().copy()
    return arrays


def load_views(seeds: range, per_room: int, embedder: PixelEmbedder) -> list[View]:
    """Return `per_room` frames of each generated room; every fifth does not know its walls, as a table-top scan."""
    views: list[View] = []
    for seed in seeds:
        rendered = rendered_room(seed, 3 * per_room)
        for frame, instance in zip(rendered.frames[1::3], rendered.instances[1::3], strict=True):
            known = None if len(views) % 5 == 4 else rendered.structure
            views.append((find_regions(frame, known, embedder), instance.astype(np.int64)))
    return views


def furnished_views(models: list[Model], seeds: range, per_room: int, embedder: PixelEmbedder) -> list[View]:
    """Return `per_room` frames of each room furnished with `models`, two of three by a worn camera."""
    views: list[View] = []
    for seed in seeds:
        rng = np.random.default_rng([seed, 37])
        rendered = furnished_room(models, seed, per_room)
        for frame, instance in zip(rendered.frames, rendered.instances, strict=True):
            taken = frame if len(views) % 3 == 2 else worn(frame, rng)
            known = None if len(views) % 5 == 4 else rendered.structure
            views.append((find_regions(taken, known, embedder), instance.astype(np.int64)))
    return views


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", type=int, default=24)
    parser.add_argument("--first-seed", type=int, default=11, help="never among the reported 1000 to 1019")
    parser.add_argument("--frames", type=int, default=5, help="frames of each room")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--models", type=Path, help="folder that extract_sh3d.py wrote; one model in five is left out")
    parser.add_argument("--furnished", type=int, default=16, help="rooms furnished with them")
    parser.add_argument("--pixel-net", type=Path, default=PIXEL_NET, help="weights by training/pixel_net.py")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    embedder = PixelEmbedder(arguments.pixel_net.read_bytes())
    views = load_views(range(arguments.first_seed, arguments.first_seed + arguments.rooms), arguments.frames, embedder)
    if arguments.models:
        furnished = range(arguments.first_seed, arguments.first_seed + arguments.furnished)
        models = standing_models(arguments.models, development=False)
        views += furnished_views(models, furnished, arguments.frames, embedder)
    classifier: BorderClassifier | None = None
    bank: list[Examples] = []
    for turn in range(arguments.rounds):
        started = time.perf_counter()
        bank.append(collect(views, classifier, turn))
        features, different, weights = (np.concatenate(part) for part in zip(*bank[max(0, turn - 2) :], strict=True))
        arrays = fit(features, different, weights, arguments.epochs)
        classifier = BorderClassifier.from_arrays(arrays)
        seconds = time.perf_counter() - started
        print(f"round {turn}: {len(features)} pairs, {different.mean():.3f} of them two things, {seconds:.0f} s")
    rooms = f"{arguments.first_seed} to {arguments.first_seed + arguments.rooms - 1}"
    if arguments.models:
        rooms += f" and {arguments.furnished} furnished with models, worn cameras"
    save_file(arrays, arguments.out, {"trained_on": f"generated rooms {rooms}, {arguments.frames} frames each"})


if __name__ == "__main__":
    main()
