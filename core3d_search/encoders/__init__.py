"""Encoders: images and texts to unit vectors of one shared space; one adapter a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Calibration:
    """How an encoder's cosine becomes a probability, by contrast with phrases that mean nothing in particular.

    score = sigmoid(scale * (similarity - max similarity to `neutral_phrases` - margin)).
    """

    scale: float
    margin: float
    neutral_phrases: tuple[str, ...]


class TextEncoder(Protocol):
    """Turns phrases into embeddings.

    `model_id` and `checksum` (SHA-256 of the weights) name the space: vectors of different spaces never meet.
    """

    model_id: str
    checksum: str
    dimension: int
    calibration: Calibration

    def encode_texts(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (N, D) unit embeddings of N phrases."""


class Encoder(TextEncoder, Protocol):
    """Also turns images into embeddings; each image must give the same vector whatever it is batched with."""

    def encode_images(self, images: Sequence[npt.NDArray[np.uint8]]) -> npt.NDArray[np.float32]:
        """Return (N, D) unit embeddings of N images, each (h, w, 3) uint8 RGB of any size."""
