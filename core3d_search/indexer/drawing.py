"""Draws boxes into a frame: the picture that shows an answer."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core3d_search.datatypes import Box3D, Floats, Hit
from core3d_search.errors import InputError
from core3d_search.geometry import BOX_EDGES, box_corners
from core3d_search.indexer.frames import Frame, ReadOptions, SceneReader, origin_of
from core3d_search.indexer.readers import reader_for
from core3d_search.indexer.readers.settings import checked_options
from core3d_search.indexer.write import READING
from core3d_search.store import Store

if TYPE_CHECKING:
    from PIL import ImageDraw

PALETTE = ("#ff3b30", "#34c759", "#0a84ff", "#ff9f0a", "#bf5af2", "#64d2ff", "#ffd60a")
NEAR_PLANE_M = 0.05
AROUND, LEAST_AROUND_PX = 0.6, 24
"""How much of a frame is shown around an object: shares of its size, and pixels at least."""
Segment = tuple[tuple[float, float], tuple[float, float]]


def draw_answer(store: Store, hit: Hit, path: Path) -> None:
    """Write a picture of `hit` and its anchors, in the frame that shows the hit best.

    The frame is read from the scan again. Raises InputError where the scan is gone or the picture cannot be written.
    """
    from PIL import Image

    found = store.object(hit.object_id)
    scan, apart = scan_of(store, hit.scene)
    if not found.views:
        raise InputError(f"object {hit.object_id} is stored without a view; index {hit.scene!r} again to draw it")
    anchors = [store.object(key) for key in dict.fromkeys(key for reason in hit.reasons for key in reason.anchor_ids)]
    captions = [f"{item.label or 'object'} #{item.id}" for item in (found, *anchors)]
    captions[0] += f"  {hit.score:.2f}"
    boxes = [item.box.moved(apart) for item in (found, *anchors)]
    picture = draw_boxes(scan[found.views[0].frame], boxes, captions)
    try:
        Image.fromarray(picture).save(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be written as a picture: {error}") from error


def view_of(store: Store, hit: Hit) -> npt.NDArray[np.uint8]:
    """Return what the frame that shows `hit` best has around it, (H, W, 3) uint8 RGB, the edges of its box drawn in.

    The margin is `AROUND` of the box on each side, so that relations can be seen. Where the scan is gone it is the
    small picture that was kept of the object; raises InputError where there is none either.
    """
    found = store.object(hit.object_id)
    try:
        scan, apart = scan_of(store, hit.scene)
        if not found.views:
            raise InputError(f"object {hit.object_id} is stored without a view; index {hit.scene!r} again")
        frame, box = scan[found.views[0].frame], found.box.moved(apart)
    except (InputError, OSError) as error:
        kept = store.thumbnail(hit.object_id)
        if kept is None:
            raise InputError(str(error)) from error
        return _opened(kept)
    return around(frame, box)


def around(frame: Frame, box: Box3D) -> npt.NDArray[np.uint8]:
    """Return the part of the frame's image around a world-frame `box`, its edges drawn in; all where none is seen."""
    picture = draw_boxes(frame, [box], [""])
    points = np.array([point for segment in box_edges(frame, box) for point in segment]).reshape(-1, 2)
    height, width = picture.shape[:2]
    if not len(points):
        return picture
    low, high = np.clip(points.min(axis=0), 0, (width, height)), np.clip(points.max(axis=0), 0, (width, height))
    margin = np.maximum(AROUND * (high - low), LEAST_AROUND_PX)
    (left, top), (right, bottom) = np.floor(np.maximum(low - margin, 0)).astype(int), np.ceil(high + margin).astype(int)
    return picture[top:bottom, left:right]


def _opened(webp: bytes) -> npt.NDArray[np.uint8]:
    from PIL import Image

    with Image.open(io.BytesIO(webp)) as image:
        return np.asarray(image.convert("RGB"))


def scan_of(store: Store, scene: str) -> tuple[SceneReader, Floats | None]:
    """Return the scan that a stored scene came from, and what (metres) moves stored boxes to where its frames see them.

    Both are measured from origins, which differ where frames came or went since. Raises InputError where the scan is
    gone.
    """
    record = store.scene(scene)
    reader = reader_for(Path(record.path), record.format)
    if reader is None:
        raise InputError(f"the scan of {scene!r} is not at {record.path} any more; index it again to draw from it")
    scan = reader.open(Path(record.path), read_as(store, scene))
    return scan, None if record.origin is None else np.subtract(record.origin, origin_of(scan) or (0, 0, 0))


def read_as(store: Store, scene: str) -> ReadOptions:
    """Return what was said about how the scan is read when it was indexed."""
    complete = [run for run in store.runs(scene) if run.status == "complete"]
    said = complete[-1].config.get(READING) if complete else None
    return checked_options(said if isinstance(said, dict) else {}, f"the run on {scene!r}")


def draw_boxes(frame: Frame, boxes: Sequence[Box3D], captions: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Return the frame's image (H, W, 3) uint8 with the edges of world-frame `boxes` and a caption each.

    Edges are cut at a plane 5 cm before the camera. The first box is drawn last, over the others.
    """
    from PIL import Image, ImageDraw, ImageFont

    image = Image.fromarray(frame.rgb)
    draw = ImageDraw.Draw(image)
    width = max(2, image.width // 240)
    font = ImageFont.load_default(size=max(11, image.width // 38))
    for rank, (box, caption) in reversed(list(enumerate(zip(boxes, captions, strict=True)))):
        color = PALETTE[rank % len(PALETTE)]
        segments = box_edges(frame, box)
        for segment in segments:
            draw.line(segment, fill=color, width=width)
        if segments and caption:
            _caption(draw, font, caption, color, segments, image.size)
    return np.asarray(image)


def box_edges(frame: Frame, box: Box3D) -> list[Segment]:
    """Return the edges of a world-frame `box` in pixels of `frame`, without what lies behind the near plane."""
    camera_from_world = np.linalg.inv(frame.world_from_camera)
    world = box_corners(box)
    camera = world @ camera_from_world[:3, :3].T + camera_from_world[:3, 3]
    return [segment for a, b in BOX_EDGES if (segment := _projected(camera[a], camera[b], frame.intrinsics))]


def _projected(a: Floats, b: Floats, intrinsics: Floats) -> Segment | None:
    """Return the two pixels of a camera-frame segment, None where it lies behind the near plane."""
    if a[2] > b[2]:
        a, b = b, a
    if b[2] <= NEAR_PLANE_M:
        return None
    if a[2] < NEAR_PLANE_M:
        a = a + (b - a) * (NEAR_PLANE_M - a[2]) / (b[2] - a[2])
    pixels = [intrinsics @ point for point in (a, b)]
    start, end = ((float(p[0] / p[2]), float(p[1] / p[2])) for p in pixels)
    return start, end


def _caption(
    draw: ImageDraw.ImageDraw, font: Any, caption: str, color: str, segments: list[Segment], size: tuple[int, int]
) -> None:
    """Write the caption on a plate above the topmost corner, inside the image."""
    corner = min((point for segment in segments for point in segment), key=lambda point: point[1])
    left, top, right, bottom = draw.textbbox((0, 0), caption, font=font)
    x = min(max(corner[0], 2), size[0] - (right - left) - 8)
    y = min(max(corner[1] - (bottom - top) - 10, 2), size[1] - (bottom - top) - 8)
    draw.rectangle((x, y, x + right - left + 6, y + bottom - top + 6), fill=color)
    draw.text((x + 3 - left, y + 3 - top), caption, fill="white", font=font)
