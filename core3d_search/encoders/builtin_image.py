"""The image tower of the built-in encoder: what three judges say a picture shows, as a mean of text vectors.

A network with ImageNet's weights (`Lite0`), its last blocks fine-tuned, sees the picture at 160 pixels. On its features
stand two judges: ImageNet's own layer, cut down to household classes, and one that learned other people's furniture
models and our rooms. The third is the small network that learned our generated rooms by heart; a gate on the same
features says how much a picture looks like one of those. Each judge's answer is the mean of the text vectors of its
names, weighted by its probabilities (ConSE, Norouzi et al. 2014): so pictures land among words, also where no single
name fits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

SIDE = 160
"""Pixels per side of what the large network sees."""

BATCH = 32

JUDGES = ("photos", "models", "rooms")


@dataclass(frozen=True)
class Mixture:
    """How much each judge counts: `photos` beside the models elsewhere, `photos_in_rooms` in our generated rooms.

    `rooms` is the share of the third judge in those, `sharpness` what its similarities are multiplied by.
    """

    photos: float
    photos_in_rooms: float
    rooms: float
    sharpness: float

    def of(self, said: npt.NDArray[np.float32], gate: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return (N, D) unit embeddings of what the judges said (3, N, D); `gate` (N,) is 1 in our rooms, else 0."""
        photos = (self.photos + gate * (self.photos_in_rooms - self.photos))[:, None]
        general = photos * said[0] + (1 - photos) * said[1]
        general /= np.linalg.norm(general, axis=1, keepdims=True)
        rooms = self.rooms * gate[:, None]
        total = rooms * said[2] + (1 - rooms) * general
        unit: npt.NDArray[np.float32] = (total / np.linalg.norm(total, axis=1, keepdims=True)).astype(np.float32)
        return unit


def fitted(image: npt.NDArray[np.uint8], side: int = SIDE) -> npt.NDArray[np.uint8]:
    """Return `image` (h, w, 3) scaled to `side` x `side`, centred on black.

    The longer side fills `side`; the ratio of the sides becomes its square root, so that a long crop stays long and yet
    keeps pixels.
    """
    height, width = image.shape[:2]
    longest = max(height, width)
    h, w = round(side * (height / longest) ** 0.5), round(side * (width / longest) ** 0.5)
    # Pillow's bilinear filter widens with the reduction; reducing_gap shrinks by whole factors first, for speed.
    size = (max(1, w), max(1, h))
    small = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0))
    canvas = np.zeros((side, side, 3), np.uint8)
    top, left = (side - small.shape[0]) // 2, (side - small.shape[1]) // 2
    canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    return canvas


class ImageTower:
    """Images to unit vectors in the space of the text tower.

    `tensors`: lite0.* (see Lite0); photos.weight (P, 1280) and .bias, models.weight (M, 1280) and .bias: the layers of
    two judges; rooms.* (see RoomNetwork) with rooms.names (R, D'), its unit vectors of its labels; gate.weight (1280,)
    and gate.bias (1,). `vectors`: by judge, the unit text vectors of its names: (P, D), (M, D), (R, D).
    """

    def __init__(
        self,
        tensors: Mapping[str, npt.NDArray[np.floating[Any]]],
        vectors: Mapping[str, npt.NDArray[np.float32]],
        mixture: Mixture,
        device: str | None = None,
    ) -> None:
        import torch

        from core3d_search.encoders.lite0 import Lite0
        from core3d_search.encoders.room_network import RoomNetwork

        self._device = device or ("cuda" if torch.cuda.is_available() else "cpu")

        def under(prefix: str) -> dict[str, npt.NDArray[np.floating[Any]]]:
            return {name.removeprefix(prefix): array for name, array in tensors.items() if name.startswith(prefix)}

        rooms = under("rooms.")
        self._room_names = torch.from_numpy(rooms.pop("names").astype(np.float32)).to(self._device)
        self._rooms = RoomNetwork(rooms, self._device)
        self._lite0 = Lite0.of(under("lite0.")).to(self._device, memory_format=torch.channels_last)
        self._layers = {
            name: torch.from_numpy(array.astype(np.float32)).to(self._device)
            for name, array in tensors.items()
            if name.startswith(("photos.", "models.", "gate."))
        }
        self._vectors = {judge: torch.from_numpy(vectors[judge]).to(self._device) for judge in JUDGES}
        self._mixture = mixture
        self.dimension = vectors["models"].shape[1]

    def encode(self, images: Sequence[npt.NDArray[np.uint8]]) -> npt.NDArray[np.float32]:
        """Return (N, D) unit embeddings of N images, each (h, w, 3) uint8 RGB of any size."""
        said, gate = self.judged(images)
        return self._mixture.of(said, gate)

    def judged(
        self, images: Sequence[npt.NDArray[np.uint8]]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Return what each judge says of N images, (3, N, D) unit vectors, and the gate (N,) in [0, 1]."""
        import torch

        from core3d_search.encoders.room_network import SIDE as ROOM_SIDE

        said, gates = [np.zeros((len(JUDGES), 0, self.dimension), np.float32)], [np.zeros(0, np.float32)]
        with torch.inference_mode():
            for start in range(0, len(images), BATCH):
                chunk = images[start : start + BATCH]
                vectors, gate = self._forward(self._pixels(chunk, SIDE), self._pixels(chunk, ROOM_SIDE))
                said.append(vectors.cpu().numpy())
                gates.append(gate.cpu().numpy())
        return np.concatenate(said, axis=1), np.concatenate(gates)

    def _pixels(self, images: Sequence[npt.NDArray[np.uint8]], side: int) -> Any:
        import torch

        pixels = np.stack([fitted(image, side) for image in images])
        return torch.from_numpy(pixels).to(self._device).permute(0, 3, 1, 2)  # channels last in memory

    def _forward(self, large: Any, small: Any) -> tuple[Any, Any]:
        import torch
        from torch.nn import functional

        from core3d_search.encoders.lite0 import normalised

        features = self._lite0(normalised(large))
        t = self._layers
        photos = functional.linear(features, t["photos.weight"], t["photos.bias"]).softmax(-1)
        models = functional.linear(features, t["models.weight"], t["models.bias"]).softmax(-1)
        rooms = (self._mixture.sharpness * self._rooms(small) @ self._room_names.T).softmax(-1)
        said = [
            functional.normalize(chances @ self._vectors[judge], dim=-1)
            for judge, chances in zip(JUDGES, (photos, models, rooms), strict=True)
        ]
        return torch.stack(said), torch.sigmoid(features @ t["gate.weight"] + t["gate.bias"])
