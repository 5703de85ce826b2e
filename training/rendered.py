"""Generated rooms as the indexer would meet them: frames, the structure found in them, and the truth beside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core3d_search.indexer.frames import Frame
from core3d_search.indexer.planes import Structure, find_structure
from core3d_search.synthetic import Room, generate_room, render_room


@dataclass(frozen=True, eq=False)
class RenderedRoom:
    """A room, its `frames`, the true ids (H, W) that each shows, and the structure that they show together."""

    room: Room
    frames: list[Frame]
    instances: list[npt.NDArray[np.uint16]]
    structure: Structure


def rendered_room(seed: int, count: int) -> RenderedRoom:
    """Return the generated room `seed` in `count` frames."""
    room = generate_room(seed)
    rendered = list(render_room(room, frames=count))
    frames = [Frame(r.index, r.rgb, r.depth, r.intrinsics, r.world_from_camera) for r in rendered]
    return RenderedRoom(room, frames, [r.instance for r in rendered], find_structure(frames, (0, 0, 1)))
