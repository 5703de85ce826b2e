"""The built-in encoder: small towers that we trained on our own rendered rooms, shipped inside the package.

It knows the furniture, colours and materials of those rooms and little else. `training/builtin_encoder.py` made it.
Texts need NumPy alone; torch is imported by the first image.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core3d_search.encoders import Calibration, check_images
from core3d_search.encoders.builtin_text import TextTower
from core3d_search.errors import ModelError

if TYPE_CHECKING:
    from core3d_search.encoders.builtin_image import ImageTower

WEIGHTS = Path(__file__).with_name("builtin.safetensors")

MODEL_ID = "built-in/1"
"""The number rises with every released set of weights, so that a database says which one made its vectors."""


class BuiltinEncoder:
    """Images and phrases to unit vectors of one space, without any download.

    `weights` is a file that training wrote; None takes the one in the package. `device` is torch's name of the device
    for images; None takes CUDA where there is one. `vocabulary` lists the category names that it was trained on.
    """

    def __init__(self, weights: Path | str | None = None, device: str | None = None) -> None:
        from safetensors.numpy import load

        self._file, self._device = Path(weights) if weights else WEIGHTS, device
        try:
            content = self._file.read_bytes()
            self._tensors = load(content)
            settings = _metadata(content)
            self._text_tower = TextTower(settings["words"], _under("text.", self._tensors))
            self.calibration = Calibration(**{**settings["calibration"], "neutral_phrases": tuple(settings["neutral"])})
            self.vocabulary: tuple[str, ...] = tuple(settings["vocabulary"])
            self.training: dict[str, Any] = settings["training"]
        except Exception as error:  # an unreadable file, a broken header and a missing tensor all mean the same
            raise ModelError(f"{self._file} holds no weights of the built-in encoder: {error!r}. Reinstall") from error
        self._image_tower: ImageTower | None = None
        self.model_id = MODEL_ID
        self.checksum = hashlib.sha256(content).hexdigest()
        self.dimension = self._text_tower.dimension

    @classmethod
    def from_model_id(cls, model_id: str, **options: Any) -> BuiltinEncoder:
        """Return the encoder; raises ModelError where this version of core3d ships another than `model_id`."""
        if model_id != MODEL_ID:
            raise ModelError(
                f"this version of core3d ships {MODEL_ID}, the vectors were made by {model_id}: index the scenes again"
            )
        return cls(**options)

    def encode_texts(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (N, D) unit embeddings of N phrases."""
        return self._text_tower.encode(texts)

    def encode_images(self, images: Sequence[npt.NDArray[np.uint8]]) -> npt.NDArray[np.float32]:
        """Return (N, D) unit embeddings of N images, each (h, w, 3) uint8 RGB of any size."""
        check_images(images)
        if self._image_tower is None:
            from core3d_search.encoders.builtin_image import ImageTower

            self._image_tower = ImageTower(_under("image.", self._tensors), self._device)
        return self._image_tower.encode(images)


def _under(prefix: str, tensors: dict[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _metadata(content: bytes) -> dict[str, Any]:
    """Return the settings in the header of a safetensors file: 8 bytes of length, then JSON."""
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    settings: dict[str, Any] = json.loads(header["__metadata__"]["core3d"])
    return settings
