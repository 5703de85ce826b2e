"""EfficientNet-Lite0 (Tan and Le 2019) with its batch norms folded in, as a torch module; features only.

Padding is TensorFlow's 'SAME', activations are ReLU6, pixels come as (x - 127) / 128.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

BLOCKS = (
    (3, 1, 1, 32, 16),
    (3, 2, 6, 16, 24), (3, 1, 6, 24, 24),
    (5, 2, 6, 24, 40), (5, 1, 6, 40, 40),
    (3, 2, 6, 40, 80), (3, 1, 6, 80, 80), (3, 1, 6, 80, 80),
    (5, 1, 6, 80, 112), (5, 1, 6, 112, 112), (5, 1, 6, 112, 112),
    (5, 2, 6, 112, 192), (5, 1, 6, 192, 192), (5, 1, 6, 192, 192), (5, 1, 6, 192, 192),
    (3, 1, 6, 192, 320),
)  # fmt: skip
"""Kernel, stride, expansion, channels in and out of each block: the paper's table 1, without squeeze and excitation."""

FEATURES = 1280


def normalised(pixels: Tensor) -> Tensor:
    """Return 8-bit pixels as the floats that the network was trained on."""
    return (pixels.float() - 127) / 128


class Convolution(nn.Module):
    """A convolution with bias, 'SAME' padding and, where `active`, ReLU6."""

    def __init__(
        self, wide: int, wider: int, kernel: int, stride: int = 1, groups: int = 1, active: bool = True
    ) -> None:
        super().__init__()
        self.stride, self.active = stride, active
        self.inner = nn.Conv2d(wide, wider, kernel, stride, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        """Return the convolution of x (N, C, H, W)."""
        kernel = self.inner.kernel_size[0]
        pads = [max((-(-size // self.stride) - 1) * self.stride + kernel - size, 0) for size in x.shape[-2:]]
        inner = self.inner
        if any(pad % 2 for pad in pads):  # a pixel more after than before
            x = functional.pad(x, (pads[1] // 2, pads[1] - pads[1] // 2, pads[0] // 2, pads[0] - pads[0] // 2))
            pads = [0, 0]
        around = (pads[0] // 2, pads[1] // 2)
        x = functional.conv2d(x, inner.weight, inner.bias, inner.stride, around, groups=inner.groups)
        return functional.hardtanh(x, 0, 6, inplace=not x.requires_grad) if self.active else x


class Block(nn.Module):
    """Widen, look around by channel, narrow; beside a shortcut where the shapes agree (Sandler et al. 2018)."""

    def __init__(self, kernel: int, stride: int, expansion: int, wide: int, wider: int) -> None:
        super().__init__()
        inner = wide * expansion
        self.expand = Convolution(wide, inner, 1) if expansion > 1 else None
        self.depthwise = Convolution(inner, inner, kernel, stride, inner)
        self.project = Convolution(inner, wider, 1, active=False)
        self.shortcut = stride == 1 and wide == wider

    def forward(self, x: Tensor) -> Tensor:
        """Return x (N, C, H, W) looked around in."""
        y = x if self.expand is None else self.expand(x)
        y = self.project(self.depthwise(y))
        return x + y if self.shortcut else y


class Lite0(nn.Module):
    """`pixels` (N, 3, S, S), normalised, to (N, 1280) features."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = Convolution(3, 32, 3, 2)
        self.blocks = nn.ModuleList(Block(*shape) for shape in BLOCKS)
        self.head = Convolution(320, FEATURES, 1)

    def early(self, pixels: Tensor, last: int) -> Tensor:
        """Return what block `last` gives."""
        x = self.stem(pixels)
        for block in self.blocks[: last + 1]:
            x = block(x)
        return x

    def late(self, x: Tensor, last: int) -> Tensor:
        """Return the features (N, 1280) of what block `last` gave."""
        for block in self.blocks[last + 1 :]:
            x = block(x)
        mean: Tensor = self.head(x).mean(dim=(2, 3))
        return mean

    def forward(self, pixels: Tensor) -> Tensor:
        """Return features (N, 1280) of normalised pixels."""
        return self.late(self.stem(pixels), -1)

    @classmethod
    def of(cls, tensors: Mapping[str, npt.NDArray[np.floating[Any]]]) -> Lite0:
        """Return the network with the weights of a state dict of arrays, of any float type, ready to run."""
        network = cls()
        network.load_state_dict({name: torch.from_numpy(array.astype(np.float32)) for name, array in tensors.items()})
        return network.eval().requires_grad_(False)
