"""What makes a network that answers clicks a mask generator of core3d: its device, and its records as detections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import torch
from torch import nn

from core3d_search.errors import InputError
from core3d_search.indexer.detections import Detections

from .candidates import MaskRecord

Model = TypeVar("Model", bound=nn.Module)


def detections(records: Sequence[MaskRecord], size: tuple[int, int]) -> Detections:
    """Return `records` of an image of `size` (h, w) as detections; predicted IoUs are clipped to [0, 1]."""
    if not records:
        return Detections.empty(*size)
    return Detections.from_masks(
        np.stack([record.mask for record in records]),
        np.clip([record.predicted_iou for record in records], 0, 1),
        [record.level for record in records],
    )


def on_device(model: Model, device: str | None) -> Model:
    """Return `model` on `device`, or on the first of CUDA, MPS and CPU that this machine has; raises InputError."""
    if device is None:
        has_mps = torch.backends.mps.is_available()
        device = "cuda" if torch.cuda.is_available() else "mps" if has_mps else "cpu"
    try:
        return model.to(device)
    except (RuntimeError, AssertionError) as error:  # torch raises either where CUDA is absent
        reason = str(error).partition("\n")[0]
        raise InputError(f"the device {device!r} cannot be used ({reason}); leave it out to take the best") from error
