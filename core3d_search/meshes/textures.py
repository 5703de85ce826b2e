"""All textures of a model in one array, each with smaller copies of itself, to be looked up for many pixels at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core3d_search.meshes.model import Floats, Material

LEVELS = 11
"""From the full size (1024 pixels at most) down to a single pixel."""


class TextureBank:
    """The textures of `materials`, to be read at (material, uv, level): level 0 is the full size, each next half."""

    def __init__(self, materials: Sequence[Material]) -> None:
        kinds = len(materials)
        self.textured = np.array([material.texture is not None for material in materials], bool)
        self._first = np.zeros((kinds, LEVELS), np.int64)
        self._size = np.ones((kinds, LEVELS, 2), np.int32)
        stored: dict[int, int] = {}
        texels = [np.full((1, 4), 255, np.uint8)]  # what materials without a texture read
        count = 1
        for number, material in enumerate(materials):
            if material.texture is None:
                continue
            twin = stored.setdefault(id(material.texture), number)
            if twin != number:
                self._first[number], self._size[number] = self._first[twin], self._size[twin]
                continue
            image = material.texture
            for level in range(LEVELS):
                self._first[number, level], self._size[number, level] = count, image.shape[:2]
                texels.append(image.reshape(-1, 4))
                count += len(texels[-1])
                image = _halved(image)
        self._texels = np.concatenate(texels)

    def density(self, material: npt.NDArray[np.int32], uvs: Floats, areas: Floats) -> Floats:
        """Return for triangles with `uvs` (T, 3, 2) and world `areas` (T,) how many texels a metre holds, (T,)."""
        along, across = uvs[:, 1] - uvs[:, 0], uvs[:, 2] - uvs[:, 0]
        covered = np.abs(along[:, 0] * across[:, 1] - along[:, 1] * across[:, 0]) / 2
        texels = covered * self._size[material, 0].prod(-1)
        return np.sqrt(texels / np.maximum(areas, 1e-12)).astype(np.float32)

    def read(self, material: npt.NDArray[np.int32], uv: Floats, texels_a_pixel: Floats) -> Floats:
        """Return colour and opacity in [0, 1], (N, 4), at `uv` (N, 2); textures repeat."""
        level = np.clip(np.log2(np.maximum(texels_a_pixel, 1)) + 0.5, 0, LEVELS - 1).astype(np.int32)
        height, width = self._size[material, level].T
        column = ((uv[:, 0] % 1) * width).astype(np.int64) % width
        row = ((-uv[:, 1] % 1) * height).astype(np.int64) % height
        return self._texels[self._first[material, level] + row * width + column].astype(np.float32) / 255


def _halved(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return the image at half its size, each pixel the mean of those that it replaces, weighted by their opacity."""
    height, width = image.shape[:2]
    tall, wide = max(1, height // 2), max(1, width // 2)
    rows, columns = min(2, height), min(2, width)
    blocks = image[: tall * rows, : wide * columns].reshape(tall, rows, wide, columns, 4).astype(np.float32)
    weight = blocks[..., 3:] + 1e-3
    color = (blocks[..., :3] * weight).sum((1, 3)) / weight.sum((1, 3))
    return np.concatenate([color, blocks[..., 3:].mean((1, 3))], -1).round().astype(np.uint8)
