"""Trains the judges of the image tower on features of rendered models and rooms; writes the image tower.

    python training/heads.py --models FEATURES --rooms FEATURES --out image.safetensors \
        --first core3d_search/encoders/builtin_image.safetensors

The large network stays as ImageNet left it; what is learned is one linear layer over the names of models and rooms, and
the gate that tells renders of our rooms from others. `--first` gives the third judge, the network of generated rooms.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.numpy import load_file, save_file
from torch import nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core3d_search.encoders.builtin_text import TextTower
from training.imagenet_names import HOUSEHOLD
from training.lite0 import pretrained
from training.models import class_name
from training.phrases import room_names
from training.vocabulary import header_of

BACKGROUND = "wall"
"""The class of pieces of wall, floor and ceiling."""

DROPOUT, SMOOTHING, RARE = 0.2, 0.05, 0.55
"""Of the features; of the labels; power of a class's count by which its views are drawn less often."""


GATE_GAIN, GATE_DOUBT = 4.0, 4.0
"""The gate's log odds times 4, less 4: chosen on held-out rooms and models; a doubtful picture is no room."""


@dataclass(frozen=True, eq=False)
class Views:
    """`features` (V, K, 1280) float16 by crop kind, `names` (V,) of classes, `keys` (V,) of models or rooms.

    `middle` (V, M, 112, S, S) float16: what the network gave before its last blocks, of the first M kinds.
    """

    features: npt.NDArray[np.float16]
    names: npt.NDArray[np.str_]
    keys: npt.NDArray[np.str_]
    middle: npt.NDArray[np.float16]

    @classmethod
    def read(cls, folder: Path, held_out_rooms: bool | None = None, middle: int = 0) -> Views:
        """Return the views of all files in `folder`; of rooms only those held out (every tenth seed), or the others."""
        features, names, keys, middles = [], [], [], []
        for file in sorted(folder.glob("*.npz")):
            if "partial" in file.name:
                continue
            if held_out_rooms is not None and (int(file.stem.split("-")[0]) % 10 == 0) != held_out_rooms:
                continue
            with np.load(file, allow_pickle=False) as saved:
                features.append(saved["pooled"])
                middles.append(saved["middle"][:, :middle] if middle else np.zeros((len(features[-1]), 0), np.float16))
                keys += saved["keys"].tolist()
                names += [
                    class_name(name, key) or BACKGROUND
                    for name, key in zip(saved["names"].tolist(), saved["keys"].tolist(), strict=True)
                ]
        return cls(np.concatenate(features), np.array(names), np.array(keys), np.concatenate(middles))

    @classmethod
    def joined(cls, parts: Sequence[Views]) -> Views:
        """Return all views of `parts`."""
        return cls(
            *(np.concatenate([getattr(part, f) for part in parts]) for f in ("features", "names", "keys", "middle"))
        )


def train_layer(
    views: Sequence[Views], classes: Sequence[str], steps: int, rate: float, rng: np.random.Generator
) -> nn.Linear:
    """Return the linear layer over `classes`."""
    features = np.concatenate([part.features for part in views])
    names = np.concatenate([part.names for part in views])
    number = {name: i for i, name in enumerate(classes)}
    right = np.array([number[name] for name in names])
    chance = np.bincount(right)[right] ** -RARE
    chance /= chance.sum()
    layer = nn.Linear(features.shape[-1], len(classes))
    nn.init.zeros_(layer.weight)
    optimizer = torch.optim.AdamW(layer.parameters(), lr=rate, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    losses = []
    for step in range(1, steps + 1):
        rows = rng.choice(len(right), 256, p=chance)
        x = torch.from_numpy(features[rows, rng.integers(0, features.shape[1], 256)].astype(np.float32))
        loss = functional.cross_entropy(
            layer(functional.dropout(x, DROPOUT)), torch.from_numpy(right[rows]), label_smoothing=SMOOTHING
        )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(float(loss.detach()))
        if step % 500 == 0:
            print(f"names, step {step}: {np.mean(losses[-500:]):.3f}", flush=True)
    return layer


def train_gate(rooms: Views, others: Views, steps: int, rng: np.random.Generator) -> nn.Linear:
    """Return the layer that gives the log odds that a picture is a render of one of our rooms."""
    gate = nn.Linear(rooms.features.shape[-1], 1)
    nn.init.zeros_(gate.weight)
    optimizer = torch.optim.AdamW(gate.parameters(), lr=1e-2, weight_decay=0.05)
    for _ in range(steps):
        picked = []
        for views in (rooms, others):
            rows = rng.integers(0, len(views.names), 128)
            picked.append(views.features[rows, rng.integers(0, views.features.shape[1], 128)].astype(np.float32))
        x = functional.dropout(torch.from_numpy(np.concatenate(picked)), DROPOUT)
        truth = torch.cat([torch.full((128,), 0.98), torch.full((128,), 0.02)])
        loss = functional.binary_cross_entropy_with_logits(gate(x)[:, 0], truth)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        for title, views in (("rooms", rooms), ("models", others)):
            share = torch.sigmoid(gate(torch.from_numpy(views.features[:, 1].astype(np.float32)))).mean()
            print(f"gate on {title}: {float(share):.3f}")
    return gate


def room_judge(first: Path, labels: Sequence[str]) -> dict[str, npt.NDArray[np.float16]]:
    """Return the tensors of the third judge, from `training/room_network.py`'s file or from an image file of ours."""
    tensors = load_file(first)
    if "rooms.names" in tensors:
        return {name: tensor for name, tensor in tensors.items() if name.startswith("rooms.")}
    text = {name.removeprefix("text."): tensor for name, tensor in tensors.items() if name.startswith("text.")}
    names = TextTower(header_of(first)["words"], text).encode(labels)
    rooms = {name.replace("image.", "rooms."): t for name, t in tensors.items() if name.startswith("image.")}
    return rooms | {"rooms.names": names.astype(np.float16)}


def half(tensor: torch.Tensor) -> npt.NDArray[np.float16]:
    return np.ascontiguousarray(tensor.detach().numpy().astype(np.float16))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, nargs="+", required=True, help="features of scenes of models")
    parser.add_argument("--rooms", type=Path, required=True, help="features of our rooms")
    parser.add_argument(
        "--first", type=Path, required=True, help="what room_network.py wrote, or an older image file of ours"
    )
    parser.add_argument("--out", type=Path, required=True, help="file to write the image tower to")
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--learning-rate", type=float, default=4e-3)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    rng = np.random.default_rng(arguments.seed)
    models = Views.joined([Views.read(folder) for folder in arguments.models])
    rooms = Views.read(arguments.rooms, held_out_rooms=False)
    classes = sorted({*models.names, *rooms.names})
    print(f"{len(models.names)} views of models, {len(rooms.names)} of rooms, {len(classes)} names")
    layer = train_layer([models, rooms], classes, arguments.steps, arguments.learning_rate, rng)
    gate = train_gate(rooms, models, 1500, rng)
    network, imagenet = pretrained()
    rows = sorted(HOUSEHOLD)
    labels = sorted(room_names().labels)
    tensors = {f"lite0.{name}": half(tensor) for name, tensor in network.state_dict().items()}
    tensors |= {"photos.weight": half(imagenet.weight[rows]), "photos.bias": half(imagenet.bias[rows])}
    tensors |= {"models.weight": half(layer.weight), "models.bias": half(layer.bias)}
    tensors |= {"gate.weight": half(GATE_GAIN * gate.weight[0]), "gate.bias": half(GATE_GAIN * gate.bias - GATE_DOUBT)}
    tensors |= room_judge(arguments.first, labels)
    names = {"photos": [HOUSEHOLD[row] for row in rows], "models": classes, "rooms": labels}
    record = {key: value for key, value in vars(arguments).items() if isinstance(value, int | float)}
    digest = hashlib.sha256(models.features.tobytes())
    digest.update(rooms.features.tobytes())
    record |= {"views": [len(models.names), len(rooms.names)], "data": digest.hexdigest(), "torch": torch.__version__}
    save_file(tensors, arguments.out, {"core3d": json.dumps({"names": names, "training": record})})
    print(f"wrote {arguments.out}: {arguments.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
