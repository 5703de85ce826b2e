"""Draws what a check saw: pairs of frames, and where their depths agree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError
from core3d_search.indexer.checks.reprojection import as_stored, residual_image
from core3d_search.indexer.checks.sample import take_sample
from core3d_search.indexer.frames import SceneReader

PAIRS = 6
AGREES, DIFFERS, UNSEEN = (52, 199, 89), (255, 59, 48), (30, 30, 34)
LEGEND = [
    (0, "green: depth agrees within 3.5 %", AGREES),
    (1, "red: differs (edges always do a little)", DIFFERS),
    (2, "dark: not seen by both frames", (170, 170, 178)),
]
CAPTION_PX = 20
Colours = npt.NDArray[np.uint8]


def draw_check(reader: SceneReader, path: Path) -> None:
    """Write a picture of a few pairs of frames, one a row: both images, then the second as the first should see it.

    There green depth agrees within 3.5 %, red differs, dark was not seen from the first frame; a line above says so,
    and one above each row which frames they are and how much of their depth agrees. Raises InputError where the
    picture cannot be written, or no two frames can be read.
    """
    from PIL import Image

    sample = take_sample(reader)
    if not len(sample.pairs):
        raise InputError(f"{reader.source}: no two frames can be read; there is nothing to draw")
    height, width = sample.frames[0].rgb.shape[:2]
    rows = [_caption(3 * width, LEGEND)]
    for first, second in sample.pairs[:: -(-len(sample.pairs) // PAIRS)]:
        share = residual_image(sample, as_stored(sample), int(first), int(second))
        seen, agreed = ~np.isnan(share), share < 1
        colours = np.where(seen[..., None], np.where(agreed[..., None], AGREES, DIFFERS), UNSEEN)
        images = [sample.frames[first].rgb, sample.frames[second].rgb, colours.astype(np.uint8)]
        a, b = (int(sample.positions[number]) for number in (first, second))
        told = f"{agreed.sum() / seen.sum():.0%} agrees" if seen.any() else "nothing is seen by both"
        rows.append(
            _caption(3 * width, [(0, f"frame {a}"), (1, f"frame {b}"), (2, f"depth of {b} as {a} saw it: {told}")])
        )
        rows.append(np.concatenate([_sized(image, (height, width)) for image in images], axis=1))
    try:
        Image.fromarray(np.concatenate(rows)).save(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be written as a picture: {error}") from error


def _caption(width: int, texts: Sequence[tuple[int, str] | tuple[int, str, tuple[int, int, int]]]) -> Colours:
    """Return a strip (CAPTION_PX, width, 3) with `texts`, each at its third of the width, in its colour or white."""
    from PIL import Image, ImageDraw, ImageFont

    strip = Image.new("RGB", (width, CAPTION_PX), (0, 0, 0))
    draw, font = ImageDraw.Draw(strip), ImageFont.load_default(size=13)
    for column, words, *colour in texts:
        draw.text((column * width // 3 + 4, 2), words, font=font, fill=colour[0] if colour else (255, 255, 255))
    return np.asarray(strip, np.uint8)


def _sized(image: npt.NDArray[np.uint8], shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    from core3d_search.indexer.readers.images import same_size

    return np.asarray(same_size(image, shape), np.uint8)
