"""Encoders: images and texts to unit vectors of one shared space; one adapter a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from core3d_search import plugins
from core3d_search.errors import InputError


@dataclass(frozen=True)
class Calibration:
    """How an encoder's cosine becomes a probability, by contrast with phrases that mean nothing in particular.

    score = sigmoid(scale * (similarity - max similarity to `neutral_phrases` - margin)).
    """

    scale: float
    margin: float
    neutral_phrases: tuple[str, ...]

    def probability(
        self, similarities: npt.NDArray[np.floating[Any]], neutral: npt.NDArray[np.floating[Any]]
    ) -> npt.NDArray[np.float64]:
        """Return (N,) scores in [0, 1] of `similarities` (N,), given those of the neutral phrases, `neutral` (N, M)."""
        contrast = np.asarray(similarities, np.float64) - neutral.max(axis=-1) - self.margin
        return 1.0 / (1.0 + np.exp(-np.clip(self.scale * contrast, -60, 60)))


class TextEncoder(Protocol):
    """Turns phrases into embeddings.

    `model_id` is "<registered name>/<the rest>" and, with `checksum` (SHA-256 of the weights), names the space:
    vectors of different spaces never meet. Phrases come bare ("red chair"): an encoder that wants a prompt adds it.
    """

    model_id: str
    checksum: str
    dimension: int
    calibration: Calibration

    def encode_texts(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (N, D) unit embeddings of N phrases."""


class Encoder(TextEncoder, Protocol):
    """Also turns images into embeddings; each image must give the same vector whatever it is batched with.

    `vocabulary` lists the class names that it tells apart best; empty for one that was trained on any text.
    """

    vocabulary: tuple[str, ...]

    def encode_images(self, images: Sequence[npt.NDArray[np.uint8]]) -> npt.NDArray[np.float32]:
        """Return (N, D) unit embeddings of N images, each (h, w, 3) uint8 RGB of any size."""

    @classmethod
    def from_model_id(cls, model_id: str, **options: Any) -> Encoder:
        """Return the encoder that calls itself `model_id`; raises ModelError where this version has another."""


def load_encoder(model_id: str, **options: Any) -> Encoder:
    """Return the encoder called `model_id`: a registered name ("built-in") or what a stored vector remembers.

    `options` are keyword arguments of its class. Raises InputError for an unknown name, ModelError for weights that
    are not to be had.
    """
    encoder_class = plugins.load("core3d.encoders", model_id.partition("/")[0])
    encoder: Encoder = encoder_class.from_model_id(model_id, **options) if "/" in model_id else encoder_class(**options)
    return encoder


def check_images(images: Sequence[npt.NDArray[np.uint8]]) -> None:
    """Raise InputError that names the first of `images` that is not (h, w, 3) uint8 with at least one pixel."""
    for position, image in enumerate(images):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
            raise InputError(
                f"image {position} must be (h, w, 3) uint8 RGB with at least one pixel, got {image.shape} {image.dtype}"
            )
