"""Trains the small network of generated rooms, the third judge of the built-in encoder (it was `built-in/1`).

    python training/room_network.py --out first.safetensors
    python training/room_network.py --start first.safetensors --steps 1900 --learning-rate 1e-3 --small-part 0 \
        --out room_network.safetensors

The second run goes on from the first at full size: 30 + 21 minutes on one core, after 12 for the rooms, which are
rendered once into `--cache` (the first run of the shipped weights had neither the choice among pairs nor the worst
object in its loss). Room seeds start at `--first-seed`; seeds 1000 to 1999 are kept for evaluation and refused here.
Settings, a fingerprint of the data and the final loss go into the header of the file. `training/heads.py --first` takes
the image side of it.
"""

from __future__ import annotations

import argparse
import copy
import dataclasses
import hashlib
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from torch import Tensor
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core3d_search.encoders import Calibration
from core3d_search.encoders.builtin_image import fitted
from core3d_search.encoders.builtin_text import TextTower
from core3d_search.encoders.room_network import SIDE, RoomNetwork
from core3d_search.indexer.crops import KINDS, crop_weights
from training.calibration import fit_calibration
from training.losses import ContrastWithNeutral, pairs_of
from training.objects import seen_objects
from training.phrases import NEUTRAL, Facts, Meaning, Names, Phrasebook, room_names
from training.towers import ImageNetwork, TextNetwork
from training.views import CROPS, Views, crops_of, weathered
from training.vocabulary import header_of

EVALUATION_SEEDS = range(1000, 2000)
CACHE = Path(tempfile.gettempdir()) / "core3d-rooms"

KIND_WEIGHTS = {"combined": 1.0, "mask": 0.3, "box": 0.3, "large": 0.1, "huge": 0.05, "surroundings": 0.0}
"""How much each embedding of an object counts in the loss; the surroundings learn through the sum alone."""

FORGET = 0.1
"""Chance that a known word counts as unknown, so that its n-grams learn to stand for it."""


@dataclasses.dataclass(frozen=True)
class Settings:
    """Everything that decides the result, beside the rooms themselves."""

    rooms: int = 320
    held_out_rooms: int = 20
    first_seed: int = 10_000
    frames: int = 6
    width: int = 480
    height: int = 360
    steps: int = 2800
    crops: int = 256
    """Crops in a batch."""
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    dimension: int = 128
    widths: tuple[int, ...] = (32, 64, 128, 256)
    """Channels behind the stem and each stage of the image tower."""
    small_side: int = 48
    """Pixels per side in the first `small_part` of the steps: most is learned there at half the cost."""
    small_part: float = 0.7
    seed: int = 0


class Trainer:
    """Both towers, their averaged copies, and the draw of batches."""

    def __init__(self, settings: Settings, views: Views, names: Names, start: Path | None = None) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.views, self.names = settings, views, names
        self.rng = np.random.default_rng(settings.seed)
        self.phrasebook = Phrasebook(names)
        self.words = names.words()
        towers = torch.nn.ModuleDict(
            {
                "image": ImageNetwork(settings.dimension, settings.widths),
                "text": TextNetwork(self.words, settings.dimension, linear=False),
                "loss": ContrastWithNeutral(names),
            }
        )
        if start is not None:
            tensors = load_file(start)
            for tower in ("image", "text"):
                towers[tower].load({k.removeprefix(f"{tower}."): v for k, v in tensors.items() if k.startswith(tower)})
        towers["image"].to(memory_format=torch.channels_last)
        self.towers = towers
        self.averaged = copy.deepcopy(towers)
        decayed = [p for p in towers.parameters() if p.ndim > 1]
        others = [p for p in towers.parameters() if p.ndim <= 1]
        self.optimizer = torch.optim.AdamW(
            [{"params": decayed}, {"params": others, "weight_decay": 0.0}],
            lr=settings.learning_rate, betas=(0.9, 0.98), weight_decay=settings.weight_decay,
        )  # fmt: skip
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, settings.learning_rate, total_steps=settings.steps, pct_start=0.1
        )
        # Rare things are drawn more often than they occur, though not as often as common ones.
        counts = Counter(view.facts[0] for view in views.items)
        chance = np.array([counts[view.facts[0]] ** -0.6 for view in views.items])
        self.chance = chance / chance.sum()

    def step(self) -> dict[str, float]:
        """Learn from one batch; return the parts of its loss."""
        # Every other batch has the two tight crops alone, of more objects: they carry the most and cost the least.
        done = self.schedule.last_epoch
        kinds = KINDS if done % 2 else KINDS[:2]
        small = done < self.settings.small_part * self.settings.steps
        chosen = self.rng.choice(len(self.views.items), self.settings.crops // len(kinds), p=self.chance)
        crops = np.stack([crops_of(*self.views.picture(i, self.rng), kinds, self.rng) for i in chosen])
        facts = [self.views.items[i].facts for i in chosen]
        phrases, meanings = self._phrases(facts)
        self.towers.train()
        loss, parts = self.towers["loss"](
            self._embed(crops, kinds, self.settings.small_side if small else SIDE),
            torch.tensor([KIND_WEIGHTS[kind] for kind in ("combined", *kinds)]),
            facts,
            *self._texts(facts, phrases),
            meanings,
        )
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.towers.parameters(), 5.0)
        self.optimizer.step()
        self.schedule.step()
        average_into(self.averaged, self.towers, done)
        return parts | {"loss": float(loss.detach())}

    def _embed(self, crops: np.ndarray, kinds: Sequence[str], side: int) -> Tensor:
        """Return (1 + K, N, D): the combined embedding of equation 4, then those of the K single crops."""
        pixels = torch.from_numpy(crops).flatten(0, 1).permute(0, 3, 1, 2).float()
        if side != SIDE:
            pixels = functional.interpolate(pixels, (side, side), mode="bilinear", antialias=True)
        pixels = weathered(pixels.permute(0, 2, 3, 1).unflatten(0, crops.shape[:2]), self.rng)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            single = self.towers["image"](pixels.flatten(0, 1).permute(0, 3, 1, 2) / 127.5 - 1)
        single = single.unflatten(0, crops.shape[:2])
        weights = torch.tensor([crop_weights(CROPS)[kind] for kind in kinds])
        combined = functional.normalize((weights[:, None] * single).sum(dim=1), dim=-1)
        return torch.cat([combined[:, None], single], dim=1).transpose(0, 1)

    def _phrases(self, facts: Sequence[Facts]) -> tuple[list[str], list[Meaning]]:
        """Return phrases about the batch, about other things, and about nothing."""
        names, rng, book = self.names, self.rng, self.phrasebook
        drawn = [book.about(rng, *fact) for fact in facts if fact[0] for _ in range(2)]
        labels, colors, materials = list(names.labels), list(names.colors), list(names.materials)
        for label, color, material in (fact for fact in facts if fact[0]):
            # The right noun in a wrong colour, and the right colour on a wrong noun.
            drawn.append(book.about(rng, label, str(rng.choice(colors)), material))
            drawn.append(book.about(rng, str(rng.choice(labels)), color, str(rng.choice(materials))))
        drawn += [book.noun(rng, label) for label in labels]
        drawn += [book.nonsense(rng) for _ in range(len(facts))]
        unique = dict(drawn)
        return list(unique), list(unique.values())

    def _texts(self, facts: Sequence[Facts], phrases: list[str]) -> tuple[list[Tensor], Tensor, Tensor]:
        """Return the embeddings of all names and the batch's pairs, of the neutral phrases, and of `phrases`."""
        names = (list(self.names.labels), list(self.names.colors), list(self.names.materials), pairs_of(facts))
        groups = [*names, list(NEUTRAL), phrases]
        vectors = self.towers["text"]([text for group in groups for text in group], forget=FORGET)
        *embedded, neutral, rest = vectors.split([len(group) for group in groups])
        return embedded, neutral, rest

    def write(self, file: Path, calibration: dict[str, float], record: dict[str, object]) -> None:
        """Write the averaged towers as the package reads them."""
        towers = self.averaged
        tensors = {f"image.{name}": tensor for name, tensor in towers["image"].tensors().items()}
        tensors |= {f"text.{name}": tensor for name, tensor in towers["text"].tensors().items()}
        settings = {
            "words": self.words,
            "vocabulary": list(self.names.labels),
            "neutral": list(NEUTRAL),
            "calibration": calibration,
            "training": dataclasses.asdict(self.settings) | record,
        }
        file.parent.mkdir(parents=True, exist_ok=True)
        save_file({k: np.ascontiguousarray(v) for k, v in tensors.items()}, file, {"core3d": json.dumps(settings)})
        file.chmod(0o644)  # safetensors writes for the owner alone


class RoomEncoder:
    """What `Trainer.write` wrote, as an encoder."""

    def __init__(self, file: Path) -> None:
        tensors, settings = load_file(file), header_of(file)
        self.text = TextTower(
            settings["words"], {k.removeprefix("text."): v for k, v in tensors.items() if k.startswith("text.")}
        )
        self.network = RoomNetwork(
            {k.removeprefix("image."): v for k, v in tensors.items() if k.startswith("image.")}, "cpu"
        )
        self.calibration = Calibration(**settings["calibration"], neutral_phrases=tuple(settings["neutral"]))
        self.model_id, self.checksum = "rooms/1", hashlib.sha256(file.read_bytes()).hexdigest()
        self.dimension = self.text.dimension

    @classmethod
    def from_model_id(cls, model_id: str, file: Path) -> RoomEncoder:
        """Return the encoder of `file`."""
        return cls(file)

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Return (N, D) unit embeddings of N phrases."""
        return self.text.encode(texts)

    def encode_images(self, images: Sequence[np.ndarray]) -> np.ndarray:
        """Return (N, D) unit embeddings of N images (h, w, 3) uint8."""
        pixels = np.stack([fitted(image, SIDE) for image in images])
        with torch.inference_mode():
            vectors: np.ndarray = self.network(torch.from_numpy(pixels).permute(0, 3, 1, 2)).numpy()
        return vectors


def average_into(average: torch.nn.Module, towers: torch.nn.Module, steps: int) -> None:
    """Move the running mean of all weights and statistics: over about 400 steps, over fewer in the beginning."""
    keep = min(0.9975, (1 + steps) / (10 + steps))
    with torch.no_grad():
        for mean, value in zip(average.state_dict().values(), towers.state_dict().values(), strict=True):
            mean.copy_(torch.lerp(value, mean, keep) if mean.is_floating_point() else value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for field in dataclasses.fields(Settings):
        many = {"type": int, "nargs": "+"} if field.name == "widths" else {"type": type(field.default)}
        parser.add_argument(f"--{field.name.replace('_', '-')}", default=field.default, **many)
    parser.add_argument("--cache", type=Path, default=CACHE, help=f"rendered rooms ({CACHE})")
    parser.add_argument("--start", type=Path, help="weights file to go on from, of the same widths and words")
    parser.add_argument("--out", type=Path, required=True, help="weights file to write")
    parser.add_argument("--every", type=int, default=1000, help="write uncalibrated weights every so many steps")
    arguments = vars(parser.parse_args())
    cache, start, out, every = (arguments.pop(name) for name in ("cache", "start", "out", "every"))
    settings = Settings(**arguments | {"widths": tuple(arguments["widths"])})
    seeds = range(settings.first_seed, settings.first_seed + settings.rooms)
    held_out = range(seeds.stop, seeds.stop + settings.held_out_rooms)
    if set(range(seeds.start, held_out.stop)) & set(EVALUATION_SEEDS):
        parser.error(f"seeds {seeds.start} to {held_out.stop - 1} touch those kept for evaluation, 1000 to 1999")

    started = time.perf_counter()
    views = Views.render(seeds, settings.frames, settings.width, settings.height, cache)
    print(f"{len(views.items)} views of {settings.rooms} rooms after {time.perf_counter() - started:.0f} s", flush=True)
    trainer = Trainer(settings, views, room_names(), start)
    history: list[dict[str, float]] = []
    uncalibrated = {"scale": 10.0, "margin": 0.0}
    for step in range(1, settings.steps + 1):
        history.append(trainer.step())
        if step % 100 == 0 or step == settings.steps:
            recent = {
                part: np.mean([losses[part] for losses in history[-100:] if part in losses]) for part in history[-1]
            }
            seconds = time.perf_counter() - started
            print(f"{step:6d} {seconds:6.0f} s  " + "  ".join(f"{k} {v:.3f}" for k, v in recent.items()), flush=True)
        if step % every == 0:
            trainer.write(out.with_suffix(".partial"), uncalibrated, {"step": step})
    record: dict[str, object] = {
        "start": hashlib.sha256(start.read_bytes()).hexdigest() if start else None,
        "data": views.fingerprint(),
        "views": len(views.items),
        "loss": float(np.mean([losses["loss"] for losses in history[-100:]])),
        "torch": torch.__version__,
    }
    trainer.write(out, uncalibrated, record)
    encoder = RoomEncoder(out)
    calibration = fit_calibration(encoder, seen_objects(encoder, held_out, settings.frames))
    trainer.write(out, calibration, record)
    seconds = time.perf_counter() - started
    print(f"wrote {out}: {out.stat().st_size / 1e6:.1f} MB, calibration {calibration}, {seconds:.0f} s")


if __name__ == "__main__":
    main()
