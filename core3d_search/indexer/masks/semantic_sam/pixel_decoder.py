"""The pixel decoder: backbone maps to four maps that saw each other, and a fine map for the masks.

Source: docs/semantic-sam.md, section 4. Module names are those of the official checkpoints.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .chunks import in_chunks
from .deformable import MultiScaleDeformableAttention
from .positions import sine_map

CHANNELS = 256
GROUPS = 32
FEEDFORWARD = 2048
LAYERS = 6
LEVELS = 4


class PixelDecoder(nn.Module):
    """[res2, res3, res4, res5] to (four maps of strides 8, 16, 32, 64; mask features of stride 4), all 256 channels."""

    def __init__(self, stage_channels: Sequence[int]) -> None:
        super().__init__()
        res2, res3, res4, res5 = stage_channels
        self.input_proj = nn.ModuleList(
            [
                *(nn.Sequential(nn.Conv2d(c, CHANNELS, 1), nn.GroupNorm(GROUPS, CHANNELS)) for c in (res3, res4, res5)),
                nn.Sequential(nn.Conv2d(res5, CHANNELS, 3, stride=2, padding=1), nn.GroupNorm(GROUPS, CHANNELS)),
            ]
        )
        self.transformer = Transformer()
        self.adapter_1 = NormedConv(res2, kernel_size=1)
        self.layer_1 = NormedConv(CHANNELS, kernel_size=3)
        self.mask_features = nn.Conv2d(CHANNELS, CHANNELS, 1)

    def forward(self, maps: Sequence[Tensor]) -> tuple[list[Tensor], Tensor]:
        res2, res3, res4, res5 = maps
        sources = (res3, res4, res5, res5)
        levels = self.transformer([project(x) for project, x in zip(self.input_proj, sources, strict=True)])
        coarse = F.interpolate(levels[0], size=res2.shape[-2:], mode="bilinear", align_corners=False)
        fine = F.relu(self.layer_1(self.adapter_1(res2) + coarse))
        return levels, self.mask_features(fine)


class NormedConv(nn.Conv2d):
    """A size-preserving convolution without bias, followed by GroupNorm."""

    def __init__(self, channels: int, kernel_size: int) -> None:
        super().__init__(channels, CHANNELS, kernel_size, padding=kernel_size // 2, bias=False)
        self.norm = nn.GroupNorm(GROUPS, CHANNELS)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(super().forward(x))


class Transformer(nn.Module):
    """Six layers in which every token of every level samples all levels."""

    def __init__(self) -> None:
        super().__init__()
        self.level_embed = nn.Parameter(torch.zeros(LEVELS, CHANNELS))
        self.encoder = nn.Module()
        self.encoder.layers = nn.ModuleList(EncoderLayer() for _ in range(LAYERS))

    def forward(self, levels: Sequence[Tensor]) -> list[Tensor]:
        """`levels` and the result: (B, 256, h, w) per level, fine to coarse."""
        sizes = [(level.shape[2], level.shape[3]) for level in levels]
        tokens = torch.cat([level.flatten(2).transpose(1, 2) for level in levels], dim=1)
        positions = torch.cat(
            [
                sine_map(h, w, tokens.device).flatten(0, 1) + embed
                for (h, w), embed in zip(sizes, self.level_embed, strict=True)
            ]
        )
        reference = torch.cat([token_centres(h, w, tokens.device) for h, w in sizes])[None, :, None]
        for layer in self.encoder.layers:
            tokens = layer(tokens, positions, reference, sizes)
        split = tokens.transpose(1, 2).split([h * w for h, w in sizes], dim=2)
        return [part.reshape(len(tokens), CHANNELS, h, w) for part, (h, w) in zip(split, sizes, strict=True)]


class EncoderLayer(nn.Module):
    """Deformable self-attention and feed-forward, each followed by a LayerNorm of the sum."""

    def __init__(self) -> None:
        super().__init__()
        self.self_attn = MultiScaleDeformableAttention(CHANNELS)
        self.norm1 = nn.LayerNorm(CHANNELS)
        self.linear1 = nn.Linear(CHANNELS, FEEDFORWARD)
        self.linear2 = nn.Linear(FEEDFORWARD, CHANNELS)
        self.norm2 = nn.LayerNorm(CHANNELS)

    def forward(self, x: Tensor, positions: Tensor, reference: Tensor, sizes: Sequence[tuple[int, int]]) -> Tensor:
        x = self.norm1(x + self.self_attn(x + positions, reference, self.self_attn.values(x, sizes)))
        return self.norm2(x + in_chunks(lambda part: self.linear2(F.relu(self.linear1(part))), x))


def token_centres(height: int, width: int, device: torch.device) -> Tensor:
    """Return (height * width, 2): (x, y) in [0, 1] of every token's centre, row-major."""
    y = (torch.arange(height, device=device) + 0.5) / height
    x = (torch.arange(width, device=device) + 0.5) / width
    return torch.stack([x.expand(height, width), y[:, None].expand(height, width)], dim=-1).flatten(0, 1)
