"""Pictures and points of single objects, and images that are uploaded."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError, NotFoundError
from core3d_search.exports.ply import ply
from core3d_search.search.searcher import Searcher
from core3d_search.store import Store

UPLOADED = ("JPEG", "PNG", "WEBP")
LARGEST_SIDE_PX = 1024
"""Uploads are scaled down to this: encoders look at a few hundred pixels."""
QUALITY = 85


def uploaded_image(data: bytes, most_pixels: int) -> npt.NDArray[np.uint8]:
    """Return an uploaded JPEG, PNG or WebP as (h, w, 3) uint8 RGB; raises InputError for what is none or too large."""
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(data), formats=UPLOADED) as opened:
            if opened.width * opened.height > most_pixels:
                raise InputError(f"the image has more than {most_pixels} pixels: {opened.width}x{opened.height}")
            opened.draft("RGB", (LARGEST_SIDE_PX, LARGEST_SIDE_PX))  # a large JPEG is unpacked smaller
            upright = ImageOps.exif_transpose(opened).convert("RGB")
            upright.thumbnail((LARGEST_SIDE_PX, LARGEST_SIDE_PX))
            return np.asarray(upright)
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise InputError(f"the image cannot be read as one of {', '.join(UPLOADED)}: {error}") from error


def frame_picture(store: Store, object_id: int, anchor_ids: Sequence[int]) -> bytes:
    """Return a WebP of the frame that shows an object best, its box and those of its anchors in the same scene drawn.

    Raises NotFoundError where the scan is gone or the object has no view.
    """
    from core3d_search.indexer.drawing import draw_boxes, scan_of

    found = store.object(object_id)
    if not found.views:
        raise NotFoundError(f"no frame of object {object_id} is stored")
    anchors = [store.object(key) for key in dict.fromkeys(anchor_ids) if key != object_id]
    drawn = [found, *(item for item in anchors if item.scene == found.scene)]
    try:
        scan, apart = scan_of(store, found.scene)
        frame = scan[found.views[0].frame]
    except (InputError, IndexError) as error:
        raise NotFoundError(f"the scan of {found.scene!r} is not there any more") from error
    captions = [f"{item.label or 'object'} #{item.id}" for item in drawn]
    return webp(draw_boxes(frame, [item.box.moved(apart) for item in drawn], captions))


def webp(picture: npt.NDArray[np.uint8]) -> bytes:
    """Return (h, w, 3) uint8 RGB as a WebP file."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(picture).save(file, "WEBP", quality=QUALITY)
    return file.getvalue()


def points_ply(searcher: Searcher, object_id: int) -> bytes:
    """Return the points of an object as a binary PLY: x, y, z metres in the scan's own coordinates; red, green, blue.

    Coordinates are double where the scan lies far from zero, else float. Raises StoreError for an unknown object.
    """
    found = searcher.store.object(object_id)
    origin = searcher.store.scene(found.scene).origin
    return ply(found.points, found.colors, origin, f"core3d object {object_id}, metres")
