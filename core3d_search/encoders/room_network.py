"""The small residual network on 64 x 64 pixels that learned our generated rooms by heart (it was `built-in/1`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

SIDE = 64
"""Pixels per side of what the network sees."""


class RoomNetwork:
    """Images to unit vectors: stem, residual stages that halve the side each, mean over pixels, one linear layer.

    `tensors`: stem, and for stage 0, 1, ... stageI.first, stageI.second, stageI.skip: convolutions with `.weight` and
    `.bias` (batch norms folded in); output.weight (D, C), output.bias.
    """

    def __init__(self, tensors: Mapping[str, npt.NDArray[np.floating[Any]]], device: str) -> None:
        self._stages = sum(name.endswith(".first.weight") for name in tensors)
        self._tensors = {}
        for name, tensor in tensors.items():
            loaded = torch.from_numpy(tensor.astype(np.float32)).to(device)
            self._tensors[name] = loaded.contiguous(memory_format=torch.channels_last) if loaded.ndim == 4 else loaded

    def __call__(self, pixels: Tensor) -> Tensor:
        """Return (N, D) unit vectors of 8-bit pixels (N, 3, SIDE, SIDE)."""
        x = torch.relu(self._convolve(pixels.float() / 127.5 - 1, "stem", 2))
        for stage in range(self._stages):
            skip = self._convolve(functional.avg_pool2d(x, 2), f"stage{stage}.skip", 1)
            x = torch.relu(self._convolve(x, f"stage{stage}.first", 2))
            x = torch.relu(self._convolve(x, f"stage{stage}.second", 1) + skip)
        x = functional.linear(x.mean(dim=(2, 3)), self._tensors["output.weight"], self._tensors["output.bias"])
        return functional.normalize(x, dim=-1)

    def _convolve(self, x: Tensor, name: str, stride: int) -> Tensor:
        weight, bias = self._tensors[f"{name}.weight"], self._tensors[f"{name}.bias"]
        return functional.conv2d(x, weight, bias, stride, padding=weight.shape[-1] // 2)
