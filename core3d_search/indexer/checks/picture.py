"""Draws what a check saw: pairs of frames, and where their depths agree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError
from core3d_search.indexer.checks.reprojection import as_stored, residual_image
from core3d_search.indexer.checks.sample import take_sample
from core3d_search.indexer.frames import SceneReader

PAIRS = 6
AGREES, DIFFERS, UNSEEN = (52, 199, 89), (255, 59, 48), (30, 30, 34)


def draw_check(reader: SceneReader, path: Path) -> None:
    """Write a picture of a few pairs of frames, one a row: both images, then the second as the first should see it.

    There green depth agrees within 3.5 %, red differs, dark was not seen from the first frame. Raises InputError where
    the picture cannot be written, or no two frames can be read.
    """
    from PIL import Image

    sample = take_sample(reader)
    if not len(sample.pairs):
        raise InputError(f"{reader.source}: no two frames can be read; there is nothing to draw")
    rows = []
    for first, second in sample.pairs[:: -(-len(sample.pairs) // PAIRS)]:
        share = residual_image(sample, as_stored(sample), int(first), int(second))
        colours = np.where(np.isnan(share)[..., None], UNSEEN, np.where((share < 1)[..., None], AGREES, DIFFERS))
        images = [sample.frames[first].rgb, sample.frames[second].rgb, colours.astype(np.uint8)]
        rows.append(np.concatenate([_sized(image, sample.frames[first].rgb.shape[:2]) for image in images], axis=1))
    try:
        Image.fromarray(np.concatenate(rows)).save(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be written as a picture: {error}") from error


def _sized(image: npt.NDArray[np.uint8], shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    from core3d_search.indexer.readers.images import same_size

    return np.asarray(same_size(image, shape), np.uint8)
