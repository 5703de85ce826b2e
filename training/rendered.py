"""Rooms as the indexer would meet them: frames, the structure found in them, and the truth beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.planes import Structure, find_structure
from core3d_search.meshes.loading import load_model
from core3d_search.synthetic import Room, generate_room, render_room
from core3d_search.synthetic.model_rooms import Furniture, furnish_with_models, upright
from core3d_search.synthetic.worn import beside, photographed, worn_depth
from training.model_scenes import random_color
from training.models import Model, class_name, indoor_models

LARGEST_M = 2.6
"""Models with a longer side would fill the room."""
DRAWN = 30
"""Models drawn for a room; not all find a place."""


@dataclass(frozen=True, eq=False)
class RenderedRoom:
    """A room, its `frames`, the true ids (H, W) that each shows, and the structure that they show together."""

    room: Room
    frames: list[Frame]
    instances: list[npt.NDArray[np.uint16]]
    structure: Structure


def rendered_room(seed: int, count: int) -> RenderedRoom:
    """Return the generated room `seed` in `count` frames."""
    return _rendered(generate_room(seed), count)


def furnished_room(models: Sequence[Model], seed: int, count: int) -> RenderedRoom:
    """Return a room furnished with some of `models` in `count` frames; plain models are painted."""
    return _rendered(furnished(models, seed), count)


def furnished(models: Sequence[Model], seed: int) -> Room:
    """Return the room of `seed`, furnished with up to `DRAWN` of `models`; each name is about as likely."""
    rng = np.random.default_rng([seed, 17])
    names = [model.name for model in models]
    chance = np.array([names.count(name) ** -0.5 for name in names])
    drawn = rng.choice(len(models), min(DRAWN, len(models)), replace=False, p=chance / chance.sum())
    found = [_furniture(models[number], rng) for number in drawn]
    return furnish_with_models([item for item in found if item is not None], seed, count=DRAWN)


def standing_models(library: Path, development: bool) -> list[Model]:
    """Return the models of `library` that stand in rooms, of the share that training keeps out or of the others."""
    kept = (model for model in indoor_models(library) if model.development == development)
    return [model for model in kept if not model.opening and max(model.size) <= LARGEST_M]


def worn(frame: Frame, rng: np.random.Generator) -> Frame:
    """Return the frame as a worn camera might have taken it, colour and depth some pixels out of register."""
    depth = worn_depth(frame.depth, frame.rgb, float(frame.intrinsics[0, 0]), rng)
    return replace(frame, rgb=beside(photographed(frame.rgb, rng), rng), depth=depth)


def _furniture(model: Model, rng: np.random.Generator) -> Furniture | None:
    try:
        loaded = upright(load_model(model.file, scale=1, up=(0, 1, 0)))
    except InputError:
        return None
    if model.plain or rng.random() < 0.2:
        painted = []
        for material in loaded.materials:
            color = material.color.copy()
            color[:3] = random_color(rng) ** (1 / 2.2)
            painted.append(replace(material, color=color))
        loaded = replace(loaded, materials=tuple(painted))
    return Furniture(class_name(model.name, model.key), loaded)


def render_frames(room: Room, count: int) -> tuple[list[Frame], list[npt.NDArray[np.uint16]]]:
    """Return `count` frames of a room, and the true ids (H, W) that each shows."""
    rendered = list(render_room(room, frames=count))
    frames = [Frame(r.index, r.rgb, r.depth, r.intrinsics, r.world_from_camera) for r in rendered]
    return frames, [r.instance for r in rendered]


def _rendered(room: Room, count: int) -> RenderedRoom:
    frames, instances = render_frames(room, count)
    return RenderedRoom(room, frames, instances, find_structure(frames, (0, 0, 1)))
