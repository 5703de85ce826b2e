"""A contact sheet: the small pictures of a scene's objects, each with its label and id."""

from __future__ import annotations

import io
from math import ceil, sqrt
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core3d_search.errors import NotFoundError
from core3d_search.store import Store

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

CELL_PX, CAPTION_PX, GAP_PX = 224, 26, 8
PAPER, INK, FAINT = "#ffffff", "#1c1c1e", "#f2f2f7"


def contact_sheet(store: Store, scene: str) -> npt.NDArray[np.uint8]:
    """Return (h, w, 3) uint8 RGB: the objects of `scene` by label, then id, row by row.

    Raises NotFoundError where none has a picture, StoreError for an unknown scene.
    """
    from PIL import Image, ImageDraw, ImageFont

    pictures = store.thumbnails(scene)
    if not pictures:
        raise NotFoundError(f"no object of {scene!r} has a picture; `core3d db thumbnails {scene}` makes them")
    shown = sorted(store.objects(scene), key=lambda item: (item.label or "", item.id))
    columns = ceil(sqrt(len(shown)))
    rows = ceil(len(shown) / columns)
    width, height = CELL_PX + GAP_PX, CELL_PX + CAPTION_PX + GAP_PX
    sheet = Image.new("RGB", (columns * width + GAP_PX, rows * height + GAP_PX), PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=15)
    for place, item in enumerate(shown):
        corner = GAP_PX + place % columns * width, GAP_PX + place // columns * height
        _paste(sheet, draw, pictures.get(item.id), corner)
        caption = _fitting(draw, font, item.label or "object", f" #{item.id}")
        draw.text((corner[0], corner[1] + CELL_PX + 4), caption, fill=INK, font=font)
    return np.asarray(sheet)


def _paste(sheet: Image.Image, draw: ImageDraw.ImageDraw, picture: bytes | None, corner: tuple[int, int]) -> None:
    """Put a picture in the middle of its cell; a cell without one stays grey."""
    from PIL import Image

    x, y = corner
    draw.rectangle((x, y, x + CELL_PX - 1, y + CELL_PX - 1), fill=FAINT)
    if picture is None:
        return
    with Image.open(io.BytesIO(picture)) as opened:
        small = opened.convert("RGB")
        small.thumbnail((CELL_PX, CELL_PX))
        sheet.paste(small, (x + (CELL_PX - small.width) // 2, y + (CELL_PX - small.height) // 2))


def _fitting(draw: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, name: str, end: str) -> str:
    """Return name and end, the name cut so that both fit under a picture."""
    while draw.textlength(name + end, font=font) > CELL_PX and len(name) > 1:
        name = name.rstrip("…")[:-1] + "…"
    return name + end
