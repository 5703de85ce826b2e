"""A small picture of each object: its best view cut out with what surrounds it, the edges of its box drawn lightly."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Box3D
from core3d_search.errors import InputError
from core3d_search.indexer.config import FrameConfig, ThumbnailConfig
from core3d_search.indexer.describe import embedded_members
from core3d_search.indexer.drawing import box_edges, scan_of
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.perceive import SceneResult
from core3d_search.indexer.readers import fingerprint
from core3d_search.indexer.report import StageClock
from core3d_search.store import Store, Thumbnail

if TYPE_CHECKING:
    from PIL import Image

LINE = (255, 214, 10), 0.75
"""Colour and opacity of the box's edges; `HALO` is the dark rim that sets them off from a bright ground."""
HALO = (0, 0, 0), 0.35
SMOOTH = 2
"""Edges are drawn so many times larger and scaled down, for PIL's lines have steps."""
ENCODER_EFFORT = 2
"""WebP's method, 0 fast to 6 small: 4 takes twice as long and saves 3 %."""


class Thumbnails:
    """Makes the pictures of a scene's objects while its frames come by.

    `made` has one an object of `result`, in its order; None until the frame with its best view was taken.
    """

    def __init__(self, result: SceneResult, config: ThumbnailConfig, clock: StageClock) -> None:
        self.made: list[Thumbnail | None] = [None] * len(result.objects)
        self._config, self._clock, self._result = config, clock, result
        self._best: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for number, fused in enumerate(result.objects if config.enabled else ()):
            (member,) = embedded_members(fused, result, 1)
            self._best[result.observations[member].frame].append((number, member))

    def take(self, frame: Frame) -> None:
        """Make the pictures of the objects whose best view is in `frame`, given in the size in which it was masked."""
        if frame.index not in self._best:
            return
        with self._clock("thumbnails"):
            for number, member in self._best[frame.index]:
                seen, box = self._result.observations[member].box, self._result.objects[number].box
                self.made[number] = thumbnail(frame, seen, box, self._config)


def thumbnail(frame: Frame, seen: npt.ArrayLike, box: Box3D, config: ThumbnailConfig) -> Thumbnail:
    """Return the picture of an object that fills the pixels `seen` (4,) xyxy of `frame` and has the world `box`."""
    from PIL import Image

    x0, y0, x1, y1 = cut_out(np.asarray(seen, np.float64), frame.rgb.shape[1], frame.rgb.shape[0], config)
    scale = config.longest_side_px / max(x1 - x0, y1 - y0)
    size = max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale))
    picture = Image.fromarray(frame.rgb).resize(size, Image.Resampling.BICUBIC, box=(x0, y0, x1, y1), reducing_gap=2.0)
    # What is projected counts from the middle of the first pixel, a cut-out from its corner.
    edges = [[((x + 0.5 - x0) * scale, (y + 0.5 - y0) * scale) for x, y in edge] for edge in box_edges(frame, box)]
    for (color, opacity), width in ((HALO, 3.0), (LINE, 1.5)):
        picture.paste(color, mask=_lines(edges, size, width * config.longest_side_px / 256, opacity))
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=config.quality, method=ENCODER_EFFORT)
    return Thumbnail(file.getvalue(), *size)


def cut_out(
    seen: npt.NDArray[np.float64], width: int, height: int, config: ThumbnailConfig
) -> tuple[float, float, float, float]:
    """Return the xyxy pixels to show of an image: a square about `seen` (4,), moved and cut to lie inside."""
    side = max(*(seen[2:] - seen[:2]) * config.scale, config.min_share * max(width, height))
    sides = np.minimum(side, (width, height))
    low = np.clip((seen[:2] + seen[2:] - sides) / 2, 0, np.array([width, height]) - sides)
    return float(low[0]), float(low[1]), float(low[0] + sides[0]), float(low[1] + sides[1])


def _lines(edges: list[list[tuple[float, float]]], size: tuple[int, int], width: float, opacity: float) -> Image.Image:
    """Return the mask, a PIL image, of smooth lines."""
    from PIL import Image, ImageDraw

    large = Image.new("L", (size[0] * SMOOTH, size[1] * SMOOTH))
    draw = ImageDraw.Draw(large)
    for edge in edges:
        ends = [(x * SMOOTH, y * SMOOTH) for x, y in edge]
        draw.line(ends, fill=round(255 * opacity), width=max(1, round(width * SMOOTH)))
    return large.reduce(SMOOTH)


def add_missing(store: Store, config: ThumbnailConfig, scene: str) -> int:
    """Make pictures of those objects of `scene` that have none, from the scan; return how many.

    For databases of before there were any, and scenes indexed without. The view is the first of those that are kept
    of an object. Raises InputError where the scan is gone or has changed since it was indexed.
    """
    generation = store.scene(scene).generation
    lacking = {item.id: item for item in store.objects(scene) if item.views}
    for key in store.thumbnails(scene):
        lacking.pop(key, None)
    if not lacking:
        return 0
    scan, apart = scan_of(store, scene)
    run = [run for run in store.runs(scene) if run.status == "complete"][-1]
    if fingerprint(scan) != run.fingerprint:
        raise InputError(f"the scan of {scene!r} has changed since; index it again, which makes the pictures too")
    longest = run.config.get("frames", {}).get("longest_side_px", FrameConfig().longest_side_px)
    made: dict[int, Thumbnail] = {}
    for position, keys in _by_frame({key: item.views[0].frame for key, item in lacking.items()}):
        frame = scan[position].fitted(longest)
        for key in keys:
            item = lacking[key]
            made[key] = thumbnail(frame, item.views[0].box, item.box.moved(apart), config)
    store.add_thumbnails(scene, made, generation)
    return len(made)


def _by_frame(frames: dict[int, int]) -> Iterator[tuple[int, list[int]]]:
    """Yield each frame, in order, with the ids of the objects in it, so that it is read once."""
    for position in sorted(set(frames.values())):
        yield position, [key for key, frame in frames.items() if frame == position]
