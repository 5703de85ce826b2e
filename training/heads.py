"""Puts the image tower together: the fine-tuned network, its judges, and the gate, which is trained here.

    python training/heads.py --models FEATURES --rooms FEATURES --clean FEATURES --photos FEATURES \
        --tuned tuned.safetensors --first core3d_search/encoders/builtin_image.safetensors --out image.safetensors

`--tuned` is what training/finetune.py wrote on the same `--models` and `--rooms`. The gate tells our rooms as they are
rendered (`--clean`) from models, from photographs and from rooms that a camera has worn: a real picture is never so
clean, so it stays shut there. `--first` gives the third judge, the network of generated rooms.
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
from core3d_search.encoders.lite0 import FEATURES, Lite0
from training.features import MIDDLE
from training.imagenet_names import HOUSEHOLD
from training.lite0 import pretrained
from training.models import class_name
from training.phrases import room_names
from training.vocabulary import header_of

BACKGROUND = "wall"
"""The class of pieces of wall, floor and ceiling."""

TIGHT = 2
"""The first kinds of crops of features.py, mask and box: the pipeline embeds no others."""

DROPOUT, SMOOTHING, RARE = 0.2, 0.05, 0.55
"""Of the features; of the labels; power of a class's count by which its views are drawn less often."""


GATE_GAIN, GATE_DOUBT = 3.0, 3.0
"""The gate's log odds times 3, less 3: chosen on held-out rooms and models; a doubtful picture is no room."""

GATE_BATCH = 96
"""Pictures of each side in a batch of the gate's training."""


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

    def through(self, network: Lite0) -> Views:
        """Return the same views with the features (V, M, 1280) that `network` makes of `middle`."""
        flat = self.middle.reshape(-1, *self.middle.shape[2:])
        parts = []
        with torch.inference_mode():
            for start in range(0, len(flat), 64):
                x = torch.from_numpy(flat[start : start + 64].astype(np.float32))
                parts.append(network.late(x.contiguous(memory_format=torch.channels_last), MIDDLE).numpy())
        features = np.concatenate(parts).astype(np.float16).reshape(*self.middle.shape[:2], -1)
        return Views(features, self.names, self.keys, self.middle)

    def some(self, every: int) -> Views:
        """Return each `every`-th view."""
        return Views(self.features[::every], self.names[::every], self.keys[::every], self.middle[::every])

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


def train_gate(rooms: Views, others: Sequence[Views], steps: int, rng: np.random.Generator) -> nn.Linear:
    """Return the layer that gives the log odds that a picture is a render of one of our rooms; `others` count alike."""
    gate = nn.Linear(rooms.features.shape[-1], 1)
    nn.init.zeros_(gate.weight)
    optimizer = torch.optim.AdamW(gate.parameters(), lr=5e-3, weight_decay=0.05)
    counts = [GATE_BATCH, *(GATE_BATCH // len(others) for _ in others)]
    truth = torch.cat([torch.full((counts[0],), 0.98), torch.full((sum(counts[1:]),), 0.02)])
    for _ in range(steps):
        picked = []
        for views, count in zip((rooms, *others), counts, strict=True):
            rows = rng.integers(0, len(views.names), count)
            picked.append(views.features[rows, rng.integers(0, views.features.shape[1], count)].astype(np.float32))
        x = functional.dropout(torch.from_numpy(np.concatenate(picked)), 1.5 * DROPOUT)
        loss = functional.binary_cross_entropy_with_logits(gate(x)[:, 0], truth)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    return gate


def tuned_network(file: Path, classes: Sequence[str], towards: float) -> tuple[Lite0, nn.Linear]:
    """Return the network and the layer over `classes`, a part of the way `towards` what training/finetune.py ended at.

    At 0 they are ImageNet's weights and the layer on frozen features, at 1 the tuned ones. Raises SystemExit for a file
    of other classes.
    """
    tensors = {name: torch.from_numpy(array) for name, array in load_file(file).items()}
    network, layer = pretrained()[0], nn.Linear(FEATURES, len(classes))
    if tensors["models.bias"].shape != layer.bias.shape:
        raise SystemExit(f"{file} knows {len(tensors['models.bias'])} names, these views have {len(classes)}")
    before = network.state_dict()
    network.load_state_dict({name: torch.lerp(before[name], tensors[f"lite0.{name}"], towards) for name in before})
    layer.load_state_dict(
        {name: torch.lerp(tensors[f"start.{name}"], tensors[f"models.{name}"], towards) for name in ("weight", "bias")}
    )
    return network.to(memory_format=torch.channels_last), layer


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
    parser.add_argument("--rooms", type=Path, required=True, help="features of our rooms, as a camera shows them")
    parser.add_argument("--clean", type=Path, required=True, help="features of our rooms as they are rendered")
    parser.add_argument("--photos", type=Path, required=True, help="what training/photos.py wrote")
    parser.add_argument("--tuned", type=Path, required=True, help="what training/finetune.py wrote")
    parser.add_argument(
        "--first", type=Path, required=True, help="what room_network.py wrote, or an older image file of ours"
    )
    parser.add_argument("--out", type=Path, required=True, help="file to write the image tower to")
    parser.add_argument("--towards", type=float, default=0.6, help="how far to go to the tuned weights: 0 to 1")
    parser.add_argument("--steps", type=int, default=1000, help="of the gate")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    rng = np.random.default_rng(arguments.seed)
    models = Views.joined([Views.read(folder, middle=TIGHT) for folder in arguments.models])
    rooms = Views.read(arguments.rooms, held_out_rooms=False, middle=TIGHT)
    classes = sorted({*models.names, *rooms.names})
    network, layer = tuned_network(arguments.tuned, classes, arguments.towards)
    clean = Views.read(arguments.clean, held_out_rooms=False, middle=TIGHT).through(network)
    others = [models.some(3), Views.read(arguments.photos, middle=TIGHT), rooms.some(5)]
    gate = train_gate(clean, [views.through(network) for views in others], arguments.steps, rng)
    rows = sorted(HOUSEHOLD)
    imagenet = pretrained()[1]
    labels = sorted(room_names().labels)
    tensors = {f"lite0.{name}": half(tensor) for name, tensor in network.state_dict().items()}
    tensors |= {"photos.weight": half(imagenet.weight[rows]), "photos.bias": half(imagenet.bias[rows])}
    tensors |= {"models.weight": half(layer.weight), "models.bias": half(layer.bias)}
    tensors |= {"gate.weight": half(GATE_GAIN * gate.weight[0]), "gate.bias": half(GATE_GAIN * gate.bias - GATE_DOUBT)}
    tensors |= room_judge(arguments.first, labels)
    names = {"photos": [HOUSEHOLD[row] for row in rows], "models": classes, "rooms": labels}
    record = {key: value for key, value in vars(arguments).items() if isinstance(value, int | float)}
    record |= {"views": [len(models.names), len(rooms.names)], "data": fingerprint([models, rooms])}
    record |= {"tuned": hashlib.sha256(arguments.tuned.read_bytes()).hexdigest(), "torch": torch.__version__}
    save_file(tensors, arguments.out, {"core3d": json.dumps({"names": names, "training": record})})
    print(f"wrote {arguments.out}: {arguments.out.stat().st_size / 1e6:.1f} MB")


def fingerprint(parts: Sequence[Views]) -> str:
    """Return a SHA-256 of the stored features."""
    digest = hashlib.sha256()
    for views in parts:
        digest.update(views.features.tobytes())
    return digest.hexdigest()


if __name__ == "__main__":
    main()
