"""The built-in encoder, shipped inside the package: a text tower in NumPy, an image tower that torch runs.

Texts lie where a language model has them (distilled from MiniLM), less what all names share; pictures are named by
networks that saw ImageNet, other people's furniture models and our own rooms, and lie among those names. `docs/
model-card.md` says what it knows and what not; `training/README.md` how it was made. Texts need NumPy alone; torch is
imported by the first image.
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

FOLDER = Path(__file__).parent
TEXT_WEIGHTS, IMAGE_WEIGHTS = FOLDER / "builtin_text.safetensors", FOLDER / "builtin_image.safetensors"
FIRST_TEXT_WEIGHTS = FOLDER / "builtin_1_text.safetensors"

MODEL_ID = "built-in/3"
"""The number rises with every released set of weights, so that a database says which one made its vectors."""

FIRST_MODEL_ID, SECOND_MODEL_ID = "built-in/1", "built-in/2"
"""What shipped before: the text tower of the first stays, and the second had that of today, so that databases of their
vectors can be searched."""

SECOND_CHECKSUM = "c569c93587c6613f47469c57e0045766aa4bd75e8f830a94e095ad448bf2f11c"
SECOND_CALIBRATION = Calibration(11.8, 0.58, ("object", "thing"))


class BuiltinEncoder:
    """Images and phrases to unit vectors of one space, without any download.

    `folder` holds the two files that training wrote; None takes those in the package. `device` is torch's name of the
    device for images; None takes CUDA where there is one. `vocabulary` lists the names that objects are labelled with.
    The checksum is that of the text file, which carries the image file's.
    """

    def __init__(self, folder: Path | str | None = None, device: str | None = None) -> None:
        self._folder, self._device = Path(folder) if folder else FOLDER, device
        tensors, settings, self.checksum = _read(self._folder / TEXT_WEIGHTS.name)
        try:
            self._text_tower = TextTower(settings["words"], tensors)
            self.calibration = Calibration(**{**settings["calibration"], "neutral_phrases": tuple(settings["neutral"])})
            self.vocabulary: tuple[str, ...] = tuple(settings["vocabulary"])
            self.training: dict[str, Any] = settings["training"]
            self._image_settings: dict[str, Any] = settings["image"]
        except Exception as error:  # a header of another kind and a missing tensor mean the same
            raise _unreadable(self._folder / TEXT_WEIGHTS.name, error) from error
        self._image_tower: ImageTower | None = None
        self.model_id = MODEL_ID
        self.dimension = self._text_tower.dimension

    @classmethod
    def from_model_id(cls, model_id: str, **options: Any) -> BuiltinEncoder | FormerBuiltinTexts:
        """Return the encoder, or of a former one its texts; raises ModelError for any other `model_id`."""
        if model_id in (FIRST_MODEL_ID, SECOND_MODEL_ID):
            return FormerBuiltinTexts(model_id)
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
            self._image_tower = self._load_images()
        return self._image_tower.encode(images)

    def _load_images(self) -> ImageTower:
        from core3d_search.encoders.builtin_image import ImageTower, Mixture

        file = self._folder / IMAGE_WEIGHTS.name
        tensors, settings, checksum = _read(file)
        if checksum != self._image_settings["checksum"]:
            raise ModelError(f"{file} does not belong to {TEXT_WEIGHTS.name} beside it: reinstall core3d")
        vectors = {judge: self._text_tower.encode(names) for judge, names in settings["names"].items()}
        return ImageTower(tensors, vectors, Mixture(**self._image_settings["mixture"]), self._device)


class FormerBuiltinTexts:
    """The text side of a former encoder: searches databases that it embedded; it embeds no new images.

    Raises ModelError for a `model_id` that is neither built-in/1 nor built-in/2.
    """

    def __init__(self, model_id: str) -> None:
        if model_id not in (FIRST_MODEL_ID, SECOND_MODEL_ID):
            raise ModelError(f"these are the texts of {FIRST_MODEL_ID} and {SECOND_MODEL_ID}, not of {model_id}")
        first = model_id == FIRST_MODEL_ID
        tensors, settings, _ = _read(FIRST_TEXT_WEIGHTS if first else FOLDER / TEXT_WEIGHTS.name)
        self._text_tower = TextTower(settings["words"], tensors)
        self.calibration = SECOND_CALIBRATION
        if first:
            self.calibration = Calibration(**{**settings["calibration"], "neutral_phrases": tuple(settings["neutral"])})
        self.vocabulary: tuple[str, ...] = tuple(settings["vocabulary"])
        self.model_id, self.checksum = model_id, str(settings["checksum"]) if first else SECOND_CHECKSUM
        self.dimension = self._text_tower.dimension

    @classmethod
    def from_model_id(cls, model_id: str, **options: Any) -> FormerBuiltinTexts:
        """Return the texts of `model_id`."""
        return cls(model_id)

    def encode_texts(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (N, D) unit embeddings of N phrases."""
        return self._text_tower.encode(texts)

    def encode_images(self, images: Sequence[npt.NDArray[np.uint8]]) -> npt.NDArray[np.float32]:
        """Raise ModelError: the image side is gone."""
        raise ModelError(
            f"{self.model_id} embeds no more images, this version of core3d ships {MODEL_ID}: index the scenes again"
        )


def _read(file: Path) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any], str]:
    """Return the tensors of a safetensors file, the settings in its header, and the SHA-256 of the file.

    Raises ModelError where it cannot be read. The header is 8 bytes of length, then JSON.
    """
    from safetensors.numpy import load

    try:
        content = file.read_bytes()
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        settings: dict[str, Any] = json.loads(header["__metadata__"]["core3d"])
        return load(content), settings, hashlib.sha256(content).hexdigest()
    except Exception as error:  # an unreadable file and a broken header mean the same
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: Exception) -> ModelError:
    return ModelError(f"{file} holds no weights of the built-in encoder: {error!r}. Reinstall")
