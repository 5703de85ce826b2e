"""The five crops of a mask and the embedding they add up to (paper section 3.2, equation 4)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core3d_search.encoders import Encoder
from core3d_search.errors import InputError
from core3d_search.indexer.config import CropConfig
from core3d_search.indexer.detections import Detections
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.lifting import Observation

Image = npt.NDArray[np.uint8]

KINDS = ("mask", "box", "large", "huge", "surroundings")
"""The crops, in the order of equation 4."""


def crop_weights(config: CropConfig) -> dict[str, float]:
    """Return the signed weight of each kind of crop: the surroundings are subtracted."""
    weights = {kind: float(getattr(config, f"{kind}_weight")) for kind in KINDS}
    weights["surroundings"] *= -1
    return weights


def crop_images(frame: Frame, detections: Detections, config: CropConfig) -> dict[str, list[Image]]:
    """Return, by kind, one crop (h, w, 3) uint8 a detection; a kind with weight 0 is left out.

    Raises InputError that names the frame where a detection's box is empty or outside the image.
    """
    scales = {"large": config.large_scale, "huge": config.huge_scale, "surroundings": config.surroundings_scale}
    crops: dict[str, list[Image]] = {}
    for kind, weight in crop_weights(config).items():
        if weight:
            scale = scales.get(kind, 1.0)
            crops[kind] = [_crop(frame, detections, row, kind, scale) for row in range(len(detections))]
    return crops


def _crop(frame: Frame, detections: Detections, row: int, kind: str, scale: float) -> Image:
    x0, y0, x1, y1 = scaled_box(detections.boxes[row], scale, frame.rgb.shape[1], frame.rgb.shape[0])
    if x1 <= x0 or y1 <= y0:
        raise InputError(f"frame {frame.index}: detection {row} has an empty box {detections.boxes[row].tolist()}")
    image = frame.rgb[y0:y1, x0:x1]
    if kind in ("mask", "surroundings"):
        shown = detections.masks[row, y0:y1, x0:x1]
        image = np.where((shown if kind == "mask" else ~shown)[..., None], image, np.uint8(0))
    return np.ascontiguousarray(image)


def scaled_box(box: npt.NDArray[np.float32], scale: float, width: int, height: int) -> tuple[int, int, int, int]:
    """Return the xyxy pixel box with sides `scale` times those of `box`, about its centre, clipped to the image."""
    x0, y0, x1, y1 = (float(value) for value in box)
    grow_x, grow_y = (scale - 1) * (x1 - x0) / 2, (scale - 1) * (y1 - y0) / 2
    low_x, low_y = int(np.floor(x0 - grow_x + 0.5)), int(np.floor(y0 - grow_y + 0.5))
    high_x, high_y = int(np.floor(x1 + grow_x + 0.5)), int(np.floor(y1 + grow_y + 0.5))
    return max(low_x, 0), max(low_y, 0), min(high_x, width), min(high_y, height)


def embed_observations(
    frame: Frame, observations: Sequence[Observation], encoder: Encoder, config: CropConfig
) -> npt.NDArray[np.float32]:
    """Return (N, D) the embeddings of observations in `frame`, which is given in the size in which it was masked."""
    height, width = frame.depth.shape
    masks = [seen.mask.in_image(height, width) for seen in observations]
    detections = Detections(
        np.stack(masks) if masks else np.zeros((0, height, width), bool),
        np.array([seen.box for seen in observations], np.float32).reshape(-1, 4),
        np.array([seen.score for seen in observations], np.float32),
        np.array([seen.level for seen in observations], np.int64),
    )
    return embed_detections(frame, detections, encoder, config)


def embed_detections(
    frame: Frame, detections: Detections, encoder: Encoder, config: CropConfig
) -> npt.NDArray[np.float32]:
    """Return (N, D) unit embeddings: the weighted sum of the unit embeddings of each detection's crops (equation 4).

    Raises InputError that names the frame where every weight is 0 or a sum vanishes.
    """
    weights = crop_weights(config)
    crops = crop_images(frame, detections, config)
    if not crops:
        raise InputError("every crop weight is 0: set at least one of crops.*_weight")
    total = np.zeros((len(detections), encoder.dimension), np.float64)
    images = [(kind, row, image) for kind, column in crops.items() for row, image in enumerate(column)]
    for start in range(0, len(images), config.batch):
        part = images[start : start + config.batch]
        vectors = np.asarray(encoder.encode_images([image for _, _, image in part]), np.float64)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        for (kind, row, _), vector in zip(part, vectors, strict=True):
            total[row] += weights[kind] * vector
    lengths = np.linalg.norm(total, axis=1, keepdims=True)
    if not (lengths > 1e-9).all():
        raise InputError(f"frame {frame.index}: crop embeddings of a detection cancel out or are not finite")
    embeddings: npt.NDArray[np.float32] = (total / lengths).astype(np.float32)
    return embeddings
