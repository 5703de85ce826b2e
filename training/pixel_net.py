"""Train the pixel network of the built-in masks (core3d_search/indexer/masks/built_in/pixel_net.safetensors).

    python -m training.pixel_net --workdir views --steps 3000 --out pixel_net.safetensors
    python -m training.pixel_net --workdir views --models MODELS --start pixel_net.safetensors --rate 1e-3 ...

With --models, rooms furnished with other people's models stand beside the generated ones, and both are seen by worn
cameras, two frames of three. Rooms are rendered once and kept below --workdir (400 rooms: 13 GB). A run that was
stopped goes on from OUT with the ending .state.

Pairs of pixels, near and far, are drawn from each image: in the network's space those of one object come together,
others part. What a pixel shows (its category, or the structure of the room) is asked besides, for that makes whole
things out of parts; only the structure's answer is kept.
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from core3d_search.indexer.masks.built_in.frame_surfaces import FrameSurfaces
from core3d_search.indexer.masks.built_in.pixel_net import WIDTHS, InputChannel, PixelNet, network_input
from core3d_search.synthetic import CATEGORIES
from training.models import Model
from training.rendered import RenderedRoom, furnished_room, rendered_room, standing_models, worn

HEIGHT, WIDTH = 352, 480
"""Pixels of what the network trains on; multiples of 32."""
PAIRS = 24_000
"""Of pixels, drawn from each image."""
FARTHEST = 80
"""Pixels at half the image's sides between the two of a pair; each octave of distances is as likely."""
CATEGORY_WEIGHT, STRUCTURE_WEIGHT = 0.15, 0.3
UNKNOWN = -1
"""The category of a thing that the generator does not know."""
WORN_SHARE = 2 / 3
"""Of frames that a worn camera takes, where models are trained on."""


@dataclass(frozen=True, eq=False)
class RoomViews:
    """`inputs` (N, 11, H, W) int8, 127 is 1; `instances` (N, H, W) true ids; `categories` of the ids, 0 structure."""

    inputs: npt.NDArray[np.int8]
    instances: npt.NDArray[np.uint16]
    categories: npt.NDArray[np.int64]


def room_views(seed: int, count: int, folder: Path, *, worn_camera: bool = False) -> RoomViews:
    """Return `count` views of the generated room `seed`, rendered unless `folder` holds them."""
    file = folder / f"{seed}{'-worn' * worn_camera}.npz"
    return _kept(file) or _stored(file, rendered_room(seed, count), seed, worn_camera=worn_camera)


def furnished_views(models: list[Model], seed: int, count: int, folder: Path) -> RoomViews:
    """Return `count` views by a worn camera of the room `seed` furnished with `models`, as `room_views` does."""
    file = folder / f"furnished-{seed}.npz"
    return _kept(file) or _stored(file, furnished_room(models, seed, count), seed, worn_camera=True)


def _kept(file: Path) -> RoomViews | None:
    if not file.exists():
        return None
    with np.load(file) as stored:
        return RoomViews(stored["x"], stored["inst"], stored["cat"])


def _stored(file: Path, rendered: RenderedRoom, seed: int, *, worn_camera: bool) -> RoomViews:
    rng = np.random.default_rng([seed, 23])
    inputs = []
    for frame in rendered.frames:
        taken = worn(frame, rng) if worn_camera and rng.random() < WORN_SHARE else frame
        seen = network_input(taken, FrameSurfaces.of(taken, rendered.structure, smooth=False))
        inputs.append(np.round(np.moveaxis(seen, -1, 0) * 127).astype(np.int8))
    numbers = {name: number for number, name in enumerate(CATEGORIES, 1)}
    categories = np.array([0, *(numbers.get(item.label, UNKNOWN) for item in rendered.room.objects)])
    views = RoomViews(np.stack(inputs), np.stack(rendered.instances), categories)
    partial = file.with_suffix(".partial.npz")
    np.savez(partial, x=views.inputs, inst=views.instances, cat=views.categories)
    partial.rename(file)
    return views


def varied(views: RoomViews, rng: np.random.Generator) -> tuple[Tensor, npt.NDArray[np.int64]]:
    """Return one view (11, HEIGHT, WIDTH) as another camera and light might show it, and its ids at half size."""
    number = rng.integers(len(views.inputs))
    inputs, ids = views.inputs[number], views.instances[number].astype(np.int64)
    height, width = ids.shape
    zoom = rng.uniform(0.5, 0.75) if rng.random() < 0.4 else 1.0
    high, wide = int(min(height, HEIGHT) * zoom), int(min(width, WIDTH) * zoom)
    rows = rng.integers(height - high + 1) + np.arange(HEIGHT) * high // HEIGHT
    columns = rng.integers(width - wide + 1) + np.arange(WIDTH) * wide // WIDTH
    x, ids = torch.from_numpy(inputs[:, rows][:, :, columns].astype(np.float32) / 127), ids[rows][:, columns]
    if rng.random() < 0.5:
        x, ids = x.flip(-1), ids[:, ::-1].copy()
        x[InputChannel.RIGHT] *= -1  # left and right change places
    gain, shift = rng.uniform(0.75, 1.25, (3, 1, 1)).astype(np.float32), float(rng.uniform(-0.2, 0.2))
    x[InputChannel.COLOR] = (x[InputChannel.COLOR] + 1) * torch.from_numpy(gain) + shift - 1
    x[InputChannel.COLOR] += _grain(x[InputChannel.COLOR], rng, 0.08)
    if rng.random() < 0.15:
        x[InputChannel.COLOR] = x[InputChannel.COLOR].mean(0, keepdim=True)
    x[InputChannel.RELIEF] *= float(rng.uniform(0.6, 1.4))
    x[InputChannel.RELIEF] += _grain(x[InputChannel.RELIEF], rng, 0.12)
    if rng.random() < 0.2:
        x[InputChannel.NEARNESS] = 0
    return x.clamp(-1, 1), ids[::2, ::2]


def _grain(x: Tensor, rng: np.random.Generator, most: float) -> Tensor:
    size = rng.uniform(0, most) if rng.random() < 0.5 else 0.0
    return torch.from_numpy(rng.standard_normal(tuple(x.shape), np.float32) * np.float32(size))


def draw_pairs(ids: npt.NDArray[np.int64], rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return (2, PAIRS) flat pixels of `ids` (h, w); a thing of four times the area is drawn from twice as often."""
    height, width = ids.shape
    shown = np.bincount(ids.ravel())
    chances = np.cumsum(1 / np.sqrt(np.maximum(shown, 1))[ids.ravel()])
    first = np.minimum(np.searchsorted(chances, rng.random(PAIRS) * chances[-1]), ids.size - 1)
    reach = np.exp(rng.uniform(0, np.log(FARTHEST), PAIRS))
    angle = rng.uniform(0, 2 * np.pi, PAIRS)
    rows = np.clip(np.round(first // width + reach * np.sin(angle)), 0, height - 1).astype(np.int64)
    columns = np.clip(np.round(first % width + reach * np.cos(angle)), 0, width - 1).astype(np.int64)
    return np.stack([first, rows * width + columns])


def pair_loss(squared_distance: Tensor, same: Tensor) -> Tensor:
    """Return the mean cross-entropy of "one thing", probability 2 / (1 + exp(d^2)) (Fathi et al. 2017, eq. 1, 2)."""
    together = functional.softplus(squared_distance) - math.log(2)
    apart = -torch.log(torch.tanh(squared_distance / 2) + 1e-4)
    return torch.where(same, together, apart).mean()


class Trainee(nn.Module):
    """The network with what is asked of it in training only."""

    def __init__(self) -> None:
        super().__init__()
        self.net = PixelNet()
        self.category = nn.Linear(WIDTHS[0], 1 + len(CATEGORIES))

    def losses(
        self, x: Tensor, ids: list[npt.NDArray[np.int64]], categories: list[Tensor], rng: np.random.Generator
    ) -> Tensor:
        """Return (3,) the losses of pairs, categories and structure on images `x` (B, 11, H, W)."""
        with torch.autocast("cpu", torch.bfloat16):
            features = self.net.features(x)
        features = features.float()
        places = self.net.place(features).flatten(2).transpose(1, 2)
        built = self.net.structure(features).flatten(1)
        pixels = features.flatten(2).transpose(1, 2)
        found = []
        for number, (own, kinds) in enumerate(zip(ids, categories, strict=True)):
            first, second = torch.from_numpy(draw_pairs(own, rng))
            flat = torch.from_numpy(own.ravel())
            squared = (places[number].index_select(0, first) - places[number].index_select(0, second)).square().sum(1)
            shown = kinds[flat[first]]
            some = first[::4]
            found.append(
                torch.stack(
                    [
                        pair_loss(squared, flat[first] == flat[second]),
                        self._category_loss(pixels[number].index_select(0, some), shown[::4]),
                        functional.binary_cross_entropy_with_logits(built[number][first], (shown == 0).float()),
                    ]
                )
            )
        return torch.stack(found).mean(0)

    def _category_loss(self, pixels: Tensor, shown: Tensor) -> Tensor:
        """Return the mean cross-entropy over the pixels whose category is known."""
        total = functional.cross_entropy(self.category(pixels), shown, ignore_index=UNKNOWN, reduction="sum")
        return total / (shown != UNKNOWN).sum().clamp(min=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", type=int, default=400)
    parser.add_argument("--first-seed", type=int, default=20_000, help="never among the reported 1000 to 1019")
    parser.add_argument("--frames", type=int, default=8, help="frames of each room")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--rate", type=float, default=4e-3, help="learning rate at its peak")
    parser.add_argument("--start", type=Path, help="weights to go on from")
    parser.add_argument("--models", type=Path, help="folder that extract_sh3d.py wrote; one model in five is left out")
    parser.add_argument("--furnished", type=int, default=60, help="rooms furnished with them")
    parser.add_argument("--workdir", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.workdir.mkdir(parents=True, exist_ok=True)
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.rooms)
    rooms = []
    if arguments.models:
        models = standing_models(arguments.models, development=False)
        furnished = range(arguments.first_seed, arguments.first_seed + arguments.furnished)
        rooms += [furnished_views(models, seed, arguments.frames, arguments.workdir) for seed in furnished]
    rooms += [
        room_views(seed, arguments.frames, arguments.workdir, worn_camera=bool(arguments.models)) for seed in seeds
    ]
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    trainee = Trainee()
    if arguments.start:
        trainee.net.load_state_dict(load_file(arguments.start))
    trainee.to(memory_format=torch.channels_last)
    weights = list(trainee.parameters())
    optimizer = torch.optim.AdamW(weights, arguments.rate, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, arguments.rate, arguments.steps, pct_start=0.06)
    started, sums, done = time.perf_counter(), torch.zeros(3), 0
    state = arguments.out.with_suffix(".state")
    if state.exists():  # a stopped run goes on
        kept = torch.load(state, weights_only=False)
        trainee.load_state_dict(kept["trainee"])
        optimizer.load_state_dict(kept["optimizer"])
        schedule.load_state_dict(kept["schedule"])
        rng.bit_generator.state, done = kept["rng"], kept["step"]
    for step in range(done + 1, arguments.steps + 1):
        chosen = [rooms[number] for number in rng.integers(len(rooms), size=arguments.batch)]
        x, ids = zip(*(varied(views, rng) for views in chosen), strict=True)
        kinds = [torch.from_numpy(views.categories) for views in chosen]
        losses = trainee.losses(torch.stack(x).to(memory_format=torch.channels_last), list(ids), kinds, rng)
        optimizer.zero_grad()
        (losses * torch.tensor([1.0, CATEGORY_WEIGHT, STRUCTURE_WEIGHT])).sum().backward()
        nn.utils.clip_grad_norm_(weights, 2.0)
        optimizer.step()
        schedule.step()
        sums += losses.detach()
        if step % 100 == 0:
            shown = "  ".join(f"{value:.4f}" for value in (sums / 100).tolist())
            print(
                f"step {step}, {time.perf_counter() - started:.0f} s: pairs, categories, structure {shown}", flush=True
            )
            sums.zero_()
            save(trainee.net, arguments, step)
            parts = {"trainee": trainee, "optimizer": optimizer, "schedule": schedule}
            now = {name: part.state_dict() for name, part in parts.items()}
            torch.save({**now, "rng": rng.bit_generator.state, "step": step}, state)
    save(trainee.net, arguments, arguments.steps)


def save(net: PixelNet, arguments: argparse.Namespace, step: int) -> None:
    """Write the weights in half precision, whole numbers (counts of batches) as they are."""
    state = {name: value.half() if value.is_floating_point() else value for name, value in net.state_dict().items()}
    rooms = f"{arguments.first_seed} to {arguments.first_seed + arguments.rooms - 1}"
    if arguments.models:
        rooms += f" and {arguments.furnished} furnished with models, worn cameras"
    told = {"trained_on": f"generated rooms {rooms}, {arguments.frames} frames each, {step} steps of {arguments.batch}"}
    save_file({name: value.contiguous() for name, value in state.items()}, arguments.out, told)


if __name__ == "__main__":
    main()
