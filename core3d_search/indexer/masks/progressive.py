"""Masks of all levels to the masks of a frame: novelty, filters and the 3D split (paper section 3.1)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search import plugins
from core3d_search.errors import InputError
from core3d_search.indexer.config import MaskConfig
from core3d_search.indexer.detections import Detections
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.masks import Download, MaskGenerator, MaskGeneratorClass
from core3d_search.indexer.masks.split import split_in_3d
from core3d_search.indexer.planes import Structure
from core3d_search.indexer.surfaces import back_project, to_world


def make_generator(config: MaskConfig, progress: Download | None = None) -> MaskGenerator:
    """Return the configured generator, not yet told of any scene; `progress` hears of weights that are downloaded.

    Raises InputError for an unknown name or an option that it does not have, MissingDependencyError and ModelError as
    the generator does.
    """
    kind: MaskGeneratorClass = plugins.load("core3d.masks", config.generator)
    arguments: dict[str, Any] = {"levels": config.levels, "progress": progress} | dict(config.options)
    try:
        return kind(**arguments)
    except TypeError as error:
        raise InputError(f"masks.options do not fit {config.generator!r}: {error}") from error


def progressive_masks(
    detections: Detections, frame: Frame, config: MaskConfig, structure: Structure | None = None
) -> Detections:
    """Return the masks of `frame`: the union over the configured levels of what each finds that is new.

    Works on the detections of any generator. Bare `structure`, too small, too large and border masks are dropped,
    then masks that cover separate things in 3D are split. Raises InputError that names the frame where the masks are
    not of its size.
    """
    if detections.masks.shape[1:] != frame.depth.shape:
        raise InputError(f"frame {frame.index}: masks {detections.masks.shape[1:]} for a {frame.depth.shape} image")
    kept = np.flatnonzero(np.isin(detections.levels, config.levels) & (detections.scores >= config.min_score))
    pixels = mask_pixels(detections)
    kept = kept[_plausible(pixels[kept], frame.depth.shape, config)]
    if structure is not None:
        kept = kept[_bare_fractions(pixels[kept], frame, structure) <= config.max_structure]
    kept = kept[novel(pixels[kept], detections.levels[kept], config)]
    found = detections[kept]
    return split_in_3d(found, frame, config) if config.split else found


def mask_pixels(detections: Detections) -> Any:
    """Return the masks as a sparse matrix (N, H * W) of ones: what is cheap on masks is a product of such."""
    from scipy.sparse import csr_matrix

    height, width = detections.masks.shape[1:]
    indices = [np.zeros(0, np.int64)]
    for mask, box in zip(detections.masks, detections.boxes, strict=True):
        x0, y0, x1, y1 = (int(value) for value in box)
        rows, columns = np.nonzero(mask[y0:y1, x0:x1])
        indices.append((rows + y0) * width + columns + x0)
    indptr = np.cumsum([len(part) for part in indices])
    flat = np.concatenate(indices)
    return csr_matrix((np.ones(len(flat), np.int32), flat, indptr), shape=(len(detections), height * width))


def novel(pixels: Any, levels: npt.NDArray[np.int64], config: MaskConfig) -> npt.NDArray[np.int64]:
    """Return, coarse to fine, the rows of which no single earlier-level mask covers as much as the level's novelty.

    |m and m'| / |m| < tau_k for every kept mask m' of an earlier level: the denominator is the NEW mask's area.
    """
    kept = np.zeros(0, np.int64)
    for position, level in enumerate(config.levels):
        rows = np.flatnonzero(levels == level)
        if len(kept) and len(rows):
            shared = (pixels[rows] @ pixels[kept].T).max(axis=1).toarray().ravel()
            rows = rows[shared < config.novelty[position - 1] * np.diff(pixels[rows].indptr)]
        kept = np.concatenate([kept, rows])
    return kept


def _plausible(pixels: Any, shape: tuple[int, ...], config: MaskConfig) -> npt.NDArray[np.bool_]:
    """Return (N,) which masks have a plausible area and do not lie whole in the margin at the image border."""
    areas = np.diff(pixels.indptr)
    total = shape[0] * shape[1]
    keep = (areas > 0) & (areas >= config.min_area_fraction * total) & (areas <= config.max_area_fraction * total)
    if config.border_px > 0:
        inner = np.zeros(shape, np.int32)
        inner[config.border_px : -config.border_px, config.border_px : -config.border_px] = 1
        keep &= pixels @ inner.ravel() > 0
    plausible: npt.NDArray[np.bool_] = keep
    return plausible


def _bare_fractions(pixels: Any, frame: Frame, structure: Structure) -> npt.NDArray[np.float64]:
    """Return (N,) how much of each mask, of its pixels with depth, is bare floor, wall or ceiling; 0 without depth."""
    points = to_world(back_project(frame.depth, frame.intrinsics), frame.world_from_camera)
    valid = frame.depth > 0
    bare = structure.bare(points, frame.rgb, frame.depth) & valid
    fractions: npt.NDArray[np.float64] = (pixels @ bare.ravel().astype(np.int32)) / np.maximum(
        pixels @ valid.ravel().astype(np.int32), 1
    )
    return fractions
