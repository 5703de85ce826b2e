"""Semantic-SAM as a mask generator of core3d: the one file of this folder that knows the rest of the project."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import torch

from core3d_search.errors import InputError, ModelError
from core3d_search.indexer.detections import Detections
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.planes import Structure
from core3d_search.weights import Progress, PublishedWeights, find_weights, sha256_of

from ..click_grid.adapter import detections, on_device
from . import model as network
from .checkpoint import FILE_NAMES, RELEASE_URL, CheckpointError
from .generator import SemanticSamGenerator

PRECISIONS = {"float32": None, "float16": torch.float16, "bfloat16": torch.bfloat16}


class SemanticSamMaskGenerator:
    """Masks of Semantic-SAM at several levels, from clicks on a regular grid.

    `variant` is "swint" (fast) or "swinl" (accurate). `weights` is a file, or a folder that holds the published one;
    without it they are found or downloaded as `core3d_search.weights.find_weights` says, `progress` being called with
    bytes done and in all. `levels` are granularities from 1 (coarse) to 6 (fine); duplicates are removed within each
    level only, since what counts as new at a finer level is the pipeline's decision. `device` None takes the best there
    is. `precision` is that of the backbone; the decoders compute in float32. The other arguments are those of
    SemanticSamGenerator. Raises ModelError where the weights are absent, damaged or another network's, and InputError
    for an option that does not exist.
    """

    name = "semantic-sam"
    leaves_structure_out = False

    def __init__(
        self,
        *,
        variant: Literal["swint", "swinl"] = "swint",
        weights: Path | str | None = None,
        levels: Sequence[int] = (2, 4, 6),
        device: str | None = None,
        points_per_side: int = 32,
        points_per_batch: int = 200,
        pred_iou_threshold: float = 0.88,
        stability_threshold: float = 0.92,
        box_nms_threshold: float = 0.7,
        min_mask_region_area: int = 10,
        mode: network.Mode = "joint",
        precision: Literal["float32", "float16", "bfloat16"] = "float32",
        progress: Progress | None = None,
    ) -> None:
        if variant not in FILE_NAMES or precision not in PRECISIONS:
            raise InputError(
                f"no variant {variant!r} at precision {precision!r}; "
                f"there are {', '.join(FILE_NAMES)} at {', '.join(PRECISIONS)}"
            )
        published = PublishedWeights(FILE_NAMES[variant], RELEASE_URL + FILE_NAMES[variant])
        self.weights = find_weights(published, weights, progress)
        self.checksum = sha256_of(self.weights)
        self.precision = precision
        with as_core3d_errors():
            self.generator = SemanticSamGenerator(
                on_device(network.SemanticSam.from_file(self.weights, variant), device),
                points_per_side,
                points_per_batch,
                levels,
                pred_iou_threshold,
                stability_threshold,
                box_nms_threshold,
                min_mask_region_area,
                mode,
                separate_levels=True,
            )

    def for_scene(self, structure: Structure) -> SemanticSamMaskGenerator:
        """Return itself: it looks at the image alone."""
        return self

    def generate(self, frame: Frame) -> Detections:
        """Return the masks of `frame`: levels in the order given, the best predicted IoU first within each."""
        dtype = PRECISIONS[self.precision]
        device = self.generator.model.device.type
        with torch.autocast(device, dtype or torch.bfloat16, enabled=dtype is not None):
            return detections(self.generator.generate(frame.rgb), frame.rgb.shape[:2])


def convert_checkpoint(source: Path, target: Path) -> str:
    """Write the official file `source` as the safetensors file `target`; return the variant. Raises ModelError."""
    with as_core3d_errors():
        return network.convert_checkpoint(source, target)


@contextmanager
def as_core3d_errors() -> Iterator[None]:
    """Turn the errors of the self-contained part into those of core3d."""
    try:
        yield
    except CheckpointError as error:
        raise ModelError(str(error)) from error
    except ValueError as error:
        raise InputError(str(error)) from error
