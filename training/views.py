"""Rendered rooms as training views: what a mask shows, as the five crops of the pipeline, imperfect as real ones."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from core3d_search.encoders.builtin_image import fitted
from core3d_search.encoders.room_network import SIDE
from core3d_search.indexer.config import CropConfig
from core3d_search.indexer.crops import KINDS, scaled_box
from core3d_search.indexer.detections import tight_boxes
from training.phrases import Facts

Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

MIN_AREA_FRACTION = 0.001
"""Of the image: smaller views are dropped, as the pipeline drops smaller masks."""

CROPS = CropConfig()
SCALES = {
    "mask": 1.0,
    "box": 1.0,
    "large": CROPS.large_scale,
    "huge": CROPS.huge_scale,
    "surroundings": CROPS.surroundings_scale,
}


def crops_of(image: Pixels, mask: Mask, kinds: Sequence[str] = KINDS, rng: np.random.Generator | None = None) -> Pixels:
    """Return (K, SIDE, SIDE, 3): crops of `mask`, one of each of `kinds`.

    `rng` makes mask and box as imperfect as a segmenter's, and mirrors some crops.
    """
    if rng is not None:
        mask = imperfect(mask, rng)
    height, width = mask.shape
    box = tight_boxes(mask[None])[0]
    if rng is not None and rng.random() < 0.5:
        sides = np.array([box[2] - box[0], box[3] - box[1]] * 2)
        moved = box + rng.normal(0, 0.04, 4).astype(np.float32) * sides
        box = np.array([*np.minimum(moved[:2], box[2:] - 4), *np.maximum(moved[2:], box[:2] + 4)], np.float32)
    crops = np.zeros((len(kinds), SIDE, SIDE, 3), np.uint8)
    for crop, kind in zip(crops, kinds, strict=True):
        x0, y0, x1, y1 = scaled_box(box, SCALES[kind], width, height)
        part = image[y0:y1, x0:x1]
        if kind in ("mask", "surroundings"):
            shown = mask[y0:y1, x0:x1]
            part = part * (shown if kind == "mask" else ~shown)[..., None]
        crop[:] = fitted(np.ascontiguousarray(part), SIDE)
    return crops if rng is None or rng.random() < 0.5 else crops[:, :, ::-1]


def imperfect(mask: Mask, rng: np.random.Generator) -> Mask:
    """Return `mask` as a segmenter might draw it: a ragged outline, sometimes only a part."""
    x0, y0, x1, y1 = scaled_box(tight_boxes(mask[None])[0], 1.15, mask.shape[1], mask.shape[0])
    tight = mask[y0:y1, x0:x1]
    h, w = tight.shape
    drawn = tight
    if rng.random() < 0.6:
        coarse = Image.fromarray(tight.astype(np.float32)).resize((40, 40), Image.Resampling.BILINEAR)
        ragged = Image.fromarray(rng.normal(0, 1, (9, 9)).astype(np.float32)).resize((40, 40), Image.Resampling.BICUBIC)
        outline = np.asarray(coarse) + rng.uniform(0.1, 0.45) * np.asarray(ragged) + rng.uniform(-0.2, 0.2)
        drawn = np.asarray(Image.fromarray(outline).resize((w, h), Image.Resampling.BILINEAR)) > 0.5
    if rng.random() < 0.25:
        # Keep one side of a random line: a segmenter often finds a seat without its legs.
        angle, keep = rng.uniform(0, 2 * np.pi), rng.uniform(0.4, 0.9)
        rows, columns = np.indices((h, w))
        along = columns * np.cos(angle) + rows * np.sin(angle)
        if drawn.any():
            drawn = drawn & (along <= np.quantile(along[drawn], keep))
    if drawn.sum() < 0.25 * tight.sum():
        return mask
    result = np.zeros_like(mask)
    result[y0:y1, x0:x1] = drawn
    return result


def weathered(crops: Tensor, rng: np.random.Generator) -> Tensor:
    """Return (N, K, S, S, 3) crops in [0, 255] under other light and a worse lens, alike for all K of one object.

    Colours keep their names, and what is blacked out stays black.
    """
    count = len(crops)

    def draw(objects: int, low: float, high: float, channels: int = 1) -> Tensor:
        return torch.from_numpy(rng.uniform(low, high, (objects, 1, 1, 1, channels)).astype(np.float32))

    shown = crops.amax(dim=-1, keepdim=True) >= 1
    x = (crops / 255).pow(draw(count, 0.88, 1.14)) * (draw(count, 0.78, 1.22) * draw(count, 0.96, 1.04, 3))
    noisy = np.flatnonzero(rng.random(count) < 0.35)
    grain = torch.from_numpy(rng.standard_normal(x[noisy].shape, np.float32))
    x[noisy] += draw(len(noisy), 0.004, 0.03) * grain
    soft = np.flatnonzero(rng.random(count) < 0.3)
    flat = x[soft].flatten(0, 1).permute(0, 3, 1, 2)
    blurred = functional.avg_pool2d(flat, 3, stride=1, padding=1, count_include_pad=False).permute(0, 2, 3, 1)
    x[soft] = torch.lerp(x[soft], blurred.reshape(x[soft].shape), draw(len(soft), 0.3, 1.0))
    return torch.where(shown, x.clamp(1 / 255, 1), 0) * 255


@dataclass(frozen=True)
class View:
    """One object, or a piece of wall or floor, in one frame: `facts` are its label, colour and material."""

    frame: int
    instance: int
    facts: Facts
    window: tuple[slice, slice]
    """Rows and columns of the frame that its crops may show."""


class Views:
    """Every view of rendered rooms that a mask generator might propose; all frames stay in memory."""

    def __init__(self, frames: Sequence[RoomFrames]) -> None:
        self._pixels = np.concatenate([room.pixels for room in frames])
        self._instances = np.concatenate([room.instances for room in frames])
        self.items: list[View] = []
        first = 0
        for room in frames:
            for position, instances in enumerate(room.instances):
                areas = np.bincount(instances.ravel())
                for number in np.flatnonzero(areas >= MIN_AREA_FRACTION * instances.size).tolist():
                    box = tight_boxes((instances == number)[None])[0]
                    x0, y0, x1, y1 = scaled_box(box, 1.2 * CROPS.huge_scale, *instances.shape[::-1])
                    window = slice(y0, y1), slice(x0, x1)
                    self.items.append(View(first + position, number, room.facts[number], window))
            first += len(room.instances)

    @classmethod
    def render(cls, seeds: Iterable[int], frames: int, width: int, height: int, cache: Path) -> Views:
        """Return the views of the rooms of `seeds`; each room is rendered once and kept in `cache`."""
        return cls([RoomFrames.of(seed, frames, width, height, cache) for seed in seeds])

    def picture(self, index: int, rng: np.random.Generator) -> tuple[Pixels, Mask]:
        """Return the surroundings and the mask of a view; of a wall or floor some patch, drawn anew each time."""
        item = self.items[index]
        mask = self._instances[item.frame][item.window] == item.instance
        return self._pixels[item.frame][item.window], mask if item.instance else patch_of(mask, rng)

    def fingerprint(self) -> str:
        """Return a SHA-256 of all pixels and masks."""
        digest = hashlib.sha256(np.ascontiguousarray(self._pixels).data)
        digest.update(np.ascontiguousarray(self._instances).data)
        return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class RoomFrames:
    """Frames of one room: `pixels` (F, H, W, 3) uint8, `instances` (F, H, W) uint8, `facts` by instance number."""

    pixels: Pixels
    instances: npt.NDArray[np.uint8]
    facts: tuple[Facts, ...]

    @classmethod
    def of(cls, seed: int, frames: int, width: int, height: int, cache: Path) -> RoomFrames:
        """Return the room of `seed`, from `cache` where it is there."""
        from core3d_search.synthetic import generate_room, render_room

        file = cache / f"{seed}-{frames}x{width}x{height}.npz"
        if not file.exists():
            room = generate_room(seed)
            rendered = list(render_room(room, frames=frames, width=width, height=height))
            facts = [("", "", ""), *((thing.label, thing.color, thing.material) for thing in room.objects)]
            cache.mkdir(parents=True, exist_ok=True)
            partial = file.with_suffix(".partial.npz")
            np.savez(
                partial,
                pixels=np.stack([frame.rgb for frame in rendered]),
                instances=np.stack([frame.instance for frame in rendered]).astype(np.uint8),
                facts=np.array(facts),
            )
            partial.rename(file)
        with np.load(file, allow_pickle=False) as saved:
            facts = tuple((str(a), str(b), str(c)) for a, b, c in saved["facts"])
            return cls(saved["pixels"], saved["instances"], facts)


def patch_of(mask: Mask, rng: np.random.Generator) -> Mask:
    """Return an elliptic or rectangular piece of `mask`, as a segmenter may cut from a wall."""
    height, width = mask.shape
    rows, columns = np.nonzero(mask)
    pick = rng.integers(len(rows))
    half_height, half_width = rng.uniform(0.04, 0.3) * height, rng.uniform(0.04, 0.3) * width
    y = (np.arange(height)[:, None] - rows[pick]) / half_height
    x = (np.arange(width)[None] - columns[pick]) / half_width
    inside = np.maximum(abs(x), abs(y)) < 1 if rng.random() < 0.5 else x**2 + y**2 < 1
    patch: Mask = mask & inside
    return patch
