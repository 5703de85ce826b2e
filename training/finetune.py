"""Fine-tunes the last blocks of the image tower's network on features of rendered models and rooms.

    python training/finetune.py --models FEATURES ... --rooms FEATURES --out tuned.safetensors --steps 2400

What block MIDDLE gives was stored by `training/features.py`; the blocks behind it and a linear layer over all names
learn from there. The layer starts from one that learned on the frozen features (Kumar et al. 2022: else the features
are bent by a layer that knows nothing), and what ImageNet's own layer says of household classes is kept by distillation
(Hinton et al. 2015). Every `--keep` steps a checkpoint is written beside `--out`; the same command goes on from it.
`training/heads.py --tuned FILE --towards SHARE` then goes only a part of the way from the start to the end (Wortsman et
al. 2022), so that the real world is not forgotten.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import Tensor, nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core3d_search.encoders.lite0 import Lite0
from training.features import MIDDLE
from training.heads import DROPOUT, RARE, SMOOTHING, TIGHT, Views, train_layer
from training.imagenet_names import HOUSEHOLD
from training.lite0 import pretrained

SOFTNESS = 2.0
"""Temperature of the distillation."""

AVERAGE = 0.99
"""Of the running mean of all weights, a step: what is written."""


class Tuner:
    """The blocks behind MIDDLE and a linear layer over names, their teacher, and the draw of batches."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        torch.manual_seed(arguments.seed)
        self.rng = np.random.default_rng(arguments.seed)
        models = Views.joined([Views.read(folder, middle=TIGHT) for folder in arguments.models])
        rooms = Views.read(arguments.rooms, held_out_rooms=False, middle=TIGHT)
        self.views = Views.joined([models, rooms])
        self.classes = sorted(set(self.views.names))
        number = {name: i for i, name in enumerate(self.classes)}
        self.right = np.array([number[name] for name in self.views.names])
        chance = np.bincount(self.right)[self.right] ** -RARE
        self.chance = chance / chance.sum()
        self.network, imagenet = pretrained()
        household = sorted(HOUSEHOLD)
        self.photos = imagenet.weight[household], imagenet.bias[household]
        self.layer = train_layer([self.views], self.classes, arguments.layer_steps, 4e-3, self.rng)
        self.start = {name: value.clone() for name, value in self.layer.state_dict().items()}
        self.network.to(memory_format=torch.channels_last)
        self.tuned = nn.ModuleList([*self.network.blocks[MIDDLE + 1 :], self.network.head, self.layer])
        self.tuned.requires_grad_(True)
        self.mean = {name: value.clone() for name, value in self.tuned.state_dict().items()}
        self.optimizer = torch.optim.AdamW(
            [
                {"params": [*self.tuned[:-1].parameters()], "lr": arguments.learning_rate},
                {"params": [*self.layer.parameters()], "lr": 5 * arguments.learning_rate},
            ],
            weight_decay=0.02,
        )
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, [group["lr"] for group in self.optimizer.param_groups], total_steps=arguments.steps,
            pct_start=0.1,
        )  # fmt: skip

    def batch(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return what MIDDLE gave of crops (N, 112, S, S), the frozen features (N, 1280) and the classes (N,)."""
        rows = self.rng.choice(len(self.right), self.arguments.batch, p=self.chance)
        kinds = self.rng.integers(0, TIGHT, len(rows))
        middle = torch.from_numpy(self.views.middle[rows, kinds].astype(np.float32))
        pooled = torch.from_numpy(self.views.features[rows, kinds].astype(np.float32))
        return middle.contiguous(memory_format=torch.channels_last), pooled, torch.from_numpy(self.right[rows])

    def disturbed(self, middle: Tensor) -> Tensor:
        """Return maps of which some are mirrored, some have a hole, some lose channels."""
        count, channels, height, width = middle.shape
        flipped = torch.from_numpy(self.rng.random(count) < 0.5)
        middle = torch.where(flipped[:, None, None, None], middle.flip(3), middle)
        keep = np.ones((count, 1, height, width), np.float32)
        for hole in keep[self.rng.random(count) < 0.3]:
            h, w = self.rng.integers(2, min(6, height + 1), 2)
            y, x = self.rng.integers(0, height - h + 1), self.rng.integers(0, width - w + 1)
            hole[:, y : y + h, x : x + w] = 0
        kept = (self.rng.random((count, channels, 1, 1)) > 0.05).astype(np.float32)
        return middle * torch.from_numpy(keep) * torch.from_numpy(kept)

    def step(self) -> tuple[float, float]:
        """Learn from one batch; return the loss of the names and of the distillation."""
        middle, pooled, right = self.batch()
        share = float(self.rng.beta(0.3, 0.3))
        other = torch.from_numpy(self.rng.permutation(len(right)))
        middle = self.disturbed(share * middle + (1 - share) * middle[other])
        features = self.network.late(middle, MIDDLE)
        said = self.layer(functional.dropout(features, DROPOUT))
        names = share * functional.cross_entropy(said, right, label_smoothing=SMOOTHING)
        names = names + (1 - share) * functional.cross_entropy(said, right[other], label_smoothing=SMOOTHING)
        teacher = functional.linear(share * pooled + (1 - share) * pooled[other], *self.photos)
        student = functional.linear(features, *self.photos)
        kept = functional.kl_div(
            (student / SOFTNESS).log_softmax(-1), (teacher / SOFTNESS).softmax(-1), reduction="batchmean"
        )
        self.optimizer.zero_grad(set_to_none=True)
        (names + self.arguments.distillation * SOFTNESS**2 * kept).backward()
        nn.utils.clip_grad_norm_(self.tuned.parameters(), 5.0)
        self.optimizer.step()
        self.schedule.step()
        with torch.no_grad():
            for name, value in self.tuned.state_dict().items():
                self.mean[name].lerp_(value, 1 - AVERAGE)
        return float(names.detach()), float(kept.detach())

    def network_tensors(self) -> dict[str, np.ndarray]:
        """Return the averaged weights: of Lite0 as lite0.*, of the layer as models.*, and where it began as start.*."""
        whole = Lite0()
        whole.load_state_dict(self.network.state_dict())
        tuned = nn.ModuleList([*whole.blocks[MIDDLE + 1 :], whole.head])
        count = len(tuned)
        tuned.load_state_dict({k: v for k, v in self.mean.items() if not k.startswith(f"{count}.")})
        tensors = {f"lite0.{name}": value.contiguous().numpy() for name, value in whole.state_dict().items()}
        tensors |= {f"start.{name}": value.numpy() for name, value in self.start.items()}
        return tensors | {f"models.{name}": self.mean[f"{count}.{name}"].numpy() for name in ("weight", "bias")}

    def save(self, file: Path) -> None:
        """Write the averaged weights, and beside them all that is needed to go on."""
        save_file({k: np.ascontiguousarray(v) for k, v in self.network_tensors().items()}, file)
        state = {
            "tuned": self.tuned.state_dict(), "mean": self.mean, "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(), "rng": self.rng.bit_generator.state,
            "dropout": torch.get_rng_state(),
        }  # fmt: skip
        torch.save(state, file.with_suffix(".partial"))
        file.with_suffix(".partial").rename(file.with_suffix(".state"))

    def restore(self, file: Path) -> int:
        """Go on from what `save` wrote; return the steps done."""
        state = torch.load(file.with_suffix(".state"), weights_only=True)
        self.tuned.load_state_dict(state["tuned"])
        self.mean = state["mean"]
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        self.rng.bit_generator.state = state["rng"]
        torch.set_rng_state(state["dropout"])
        return int(self.schedule.last_epoch)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, nargs="+", required=True, help="features of scenes of models")
    parser.add_argument("--rooms", type=Path, required=True, help="features of our rooms")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--learning-rate", type=float, default=4e-4)
    parser.add_argument("--distillation", type=float, default=0.5, help="weight of keeping ImageNet's answers")
    parser.add_argument("--layer-steps", type=int, default=1500, help="of the layer on frozen features, before")
    parser.add_argument("--keep", type=int, default=200, help="steps between checkpoints")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    tuner = Tuner(arguments)
    done = tuner.restore(arguments.out) if arguments.out.with_suffix(".state").exists() else 0
    print(f"{len(tuner.right)} views, {len(tuner.classes)} names, from step {done}", flush=True)
    started, losses = time.perf_counter(), []
    for step in range(done + 1, arguments.steps + 1):
        losses.append(tuner.step())
        if step % 50 == 0:
            names, kept = np.mean(losses[-50:], axis=0)
            print(f"{step} names {names:.3f} kept {kept:.4f} {time.perf_counter() - started:.0f} s", flush=True)
        if step % arguments.keep == 0 or step == arguments.steps:
            tuner.save(arguments.out)


if __name__ == "__main__":
    main()
