"""The image tower of the built-in encoder: a small residual network on 64 x 64 pixels, run by torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

SIDE = 64
"""Pixels per side of what the network sees."""

BATCH = 256


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
    """Images to unit vectors: stem, residual stages that halve the side each, mean over pixels, one linear layer.

    `tensors`: stem, and for stage 0, 1, ... stageI.first, stageI.second, stageI.skip: convolutions with `.weight` and
    `.bias` (batch norm folded in by training, so an image never feels its batch); output.weight (D, C), output.bias.
    """

    def __init__(self, tensors: Mapping[str, npt.NDArray[np.floating]], device: str | None = None) -> None:
        import torch

        self._device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self._stages = sum(name.endswith(".first.weight") for name in tensors)
        self._tensors = {}
        for name, tensor in tensors.items():
            loaded = torch.from_numpy(tensor.astype(np.float32)).to(self._device)
            self._tensors[name] = loaded.contiguous(memory_format=torch.channels_last) if loaded.ndim == 4 else loaded
        self.dimension = len(tensors["output.weight"])

    def encode(self, images: Sequence[npt.NDArray[np.uint8]]) -> npt.NDArray[np.float32]:
        """Return (N, D) unit embeddings of N images, each (h, w, 3) uint8 RGB of any size."""
        import torch

        parts = [np.zeros((0, self.dimension), np.float32)]
        with torch.inference_mode():
            for start in range(0, len(images), BATCH):
                pixels = np.stack([fitted(image) for image in images[start : start + BATCH]])
                batch = torch.from_numpy(pixels).to(self._device).permute(0, 3, 1, 2)  # channels last in memory
                parts.append(self._forward(normalised(batch)).cpu().numpy())
        return np.concatenate(parts)

    def _forward(self, x: Any) -> Any:
        import torch
        from torch.nn import functional

        def convolve(x: Any, name: str, stride: int) -> Any:
            weight, bias = self._tensors[f"{name}.weight"], self._tensors[f"{name}.bias"]
            return functional.conv2d(x, weight, bias, stride, padding=weight.shape[-1] // 2)

        x = torch.relu(convolve(x, "stem", 2))
        for stage in range(self._stages):
            skip = convolve(functional.avg_pool2d(x, 2), f"stage{stage}.skip", 1)
            x = torch.relu(convolve(x, f"stage{stage}.first", 2))
            x = torch.relu(convolve(x, f"stage{stage}.second", 1) + skip)
        x = functional.linear(x.mean(dim=(2, 3)), self._tensors["output.weight"], self._tensors["output.bias"])
        return functional.normalize(x, dim=-1)


def normalised(pixels: Any) -> Any:
    """Return 8-bit pixels (a torch tensor) as floats about zero: black -1, white 1."""
    return pixels.float() / 127.5 - 1
