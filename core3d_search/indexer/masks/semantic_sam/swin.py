"""The Swin backbone in the flavour of Mask2Former: fixed window size, pad first, then shift.

Source: docs/semantic-sam.md, section 3; Liu et al., "Swin Transformer", ICCV 2021. Module names are those of the
official checkpoints.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .chunks import TOKENS_AT_ONCE, in_chunks

MLP_RATIO = 4
HEAD_DIM = 32
PLACES_AT_ONCE = 4096  # of tokens in windows: bounds memory, and keeps a part in the processor's cache
OTHER_REGION = -100.0  # added to the attention logit of two tokens that the shift brought together


@dataclass(frozen=True)
class SwinVariant:
    """Size of a backbone: channels of stride 4, blocks and heads per stage, side of the attention window in tokens."""

    channels: int
    depths: tuple[int, int, int, int]
    heads: tuple[int, int, int, int]
    window: int

    @property
    def stage_channels(self) -> tuple[int, int, int, int]:
        """Channels of res2, res3, res4, res5 (strides 4, 8, 16, 32)."""
        return (self.channels, 2 * self.channels, 4 * self.channels, 8 * self.channels)


VARIANTS = {
    "swint": SwinVariant(channels=96, depths=(2, 2, 6, 2), heads=(3, 6, 12, 24), window=7),
    "swinl": SwinVariant(channels=192, depths=(2, 2, 18, 2), heads=(6, 12, 24, 48), window=12),
}


class Swin(nn.Module):
    """Normalised image (B, 3, H, W), sides multiples of 32, to [res2, res3, res4, res5], each (B, C, h, w)."""

    def __init__(self, variant: SwinVariant) -> None:
        super().__init__()
        self.patch_embed = PatchEmbed(variant.channels)
        self.layers = nn.ModuleList(
            Stage(channels, depth, heads, variant.window, downsample=i < 3)
            for i, (channels, depth, heads) in enumerate(
                zip(variant.stage_channels, variant.depths, variant.heads, strict=True)
            )
        )
        for i, channels in enumerate(variant.stage_channels):
            self.add_module(f"norm{i}", nn.LayerNorm(channels))

    def forward(self, image: Tensor) -> list[Tensor]:
        tokens = self.patch_embed(image)
        maps = []
        for i, stage in enumerate(self.layers):
            output, tokens = stage(tokens)
            maps.append(self.get_submodule(f"norm{i}")(output).permute(0, 3, 1, 2).contiguous())
        return maps


class PatchEmbed(nn.Module):
    """One token per 4x4 pixels: (B, 3, H, W) to (B, H/4, W/4, C)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, channels, kernel_size=4, stride=4)
        self.norm = nn.LayerNorm(channels)

    def forward(self, image: Tensor) -> Tensor:
        return self.norm(self.proj(image).permute(0, 2, 3, 1)).contiguous()


class Stage(nn.Module):
    """Blocks at one stride, every second one with shifted windows; then the step to the next stride."""

    def __init__(self, channels: int, depth: int, heads: int, window: int, downsample: bool) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(channels, heads, window, shift=(window // 2) * (i % 2)) for i in range(depth))
        self.downsample = PatchMerging(channels) if downsample else nn.Identity()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return this stage's output, which is `x` overwritten, and the input of the next one, both (B, h, w, C)."""
        for block in self.blocks:
            block(x)
        return x, self.downsample(x)


class Block(nn.Module):
    """Window attention and MLP, each behind a LayerNorm and added to its input.

    A window's tokens depend on that window alone, and in the MLP every token stands alone. So both halves go through
    the map part by part and overwrite it: no other array of the map's size is made, and a part stays in the cache.
    """

    def __init__(self, channels: int, heads: int, window: int, shift: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(channels)
        self.attn = WindowAttention(channels, heads, window, shift)
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = Mlp(channels)

    def forward(self, x: Tensor) -> None:
        """Overwrite `x` (B, h, w, C), which is contiguous."""
        batch, height, width, channels = x.shape
        parts = window_parts(height, width, self.attn.window, self.attn.shift, x.device)
        bias = self.attn.bias()
        for image in x.view(batch, height * width, channels):
            for windows in parts:
                tokens = image[windows.tokens]
                image[windows.tokens] = tokens + self.attn(self.norm1(tokens), bias, windows)
            for tokens in image.split(TOKENS_AT_ONCE):
                tokens += self.mlp(self.norm2(tokens))


class WindowAttention(nn.Module):
    """Attention among the tokens of each window, with a learned bias per relative position.

    The map is padded with zeros on the right and bottom to whole windows, then rolled by `shift` tokens.
    """

    def __init__(self, channels: int, heads: int, window: int, shift: int) -> None:
        super().__init__()
        self.heads, self.window, self.shift = heads, window, shift
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * window - 1) ** 2, heads))

    def bias(self) -> Tensor:
        """Return (heads, tokens, tokens): what the places of query and key in the window add to their logit."""
        table = self.relative_position_bias_table
        return table.t()[:, relative_position_index(self.window, table.device)]

    def forward(self, tokens: Tensor, bias: Tensor, windows: Windows) -> Tensor:
        """Return (m, C) for the `tokens` (m, C) of some `windows`."""
        qkv = self.qkv(tokens)
        if windows.places is not None:
            padding = self.qkv.bias.to(qkv.dtype)  # what a token of zeros becomes
            padded = padding.repeat(windows.area, 1)
            padded[windows.places] = qkv
            qkv = padded
        q, k, v = qkv.view(-1, self.window**2, 3, self.heads, HEAD_DIM).permute(2, 0, 3, 1, 4)
        mask = bias[None] if windows.regions is None else bias + windows.regions[:, None]
        found = F.scaled_dot_product_attention(q, k, v, attn_mask=mask.to(q.dtype))
        found = found.transpose(1, 2).reshape(-1, self.heads * HEAD_DIM)
        return self.proj(found if windows.places is None else found[windows.places])


class Mlp(nn.Module):
    """Linear, exact GELU, linear."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, MLP_RATIO * channels)
        self.fc2 = nn.Linear(MLP_RATIO * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class PatchMerging(nn.Module):
    """Every 2x2 tokens to one of twice the channels: (B, h, w, C) to (B, ceil(h/2), ceil(w/2), 2C)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * channels)
        self.reduction = nn.Linear(4 * channels, 2 * channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = F.pad(x, (0, 0, 0, x.shape[2] % 2, 0, x.shape[1] % 2))
        corners = [x[:, row::2, column::2] for row, column in ((0, 0), (1, 0), (0, 1), (1, 1))]
        return in_chunks(lambda part: self.reduction(self.norm(part)), torch.cat(corners, dim=-1))


@lru_cache(maxsize=4)
def relative_position_index(window: int, device: torch.device) -> Tensor:
    """Return (tokens, tokens) int64: the row of the bias table for a query token (first) and a key token (second)."""
    position = torch.arange(window, device=device)
    difference = position[:, None] - position[None, :] + window - 1
    index = (2 * window - 1) * difference[:, None, :, None] + difference[None, :, None, :]
    return index.reshape(window**2, window**2)


class Windows(NamedTuple):
    """Some of the windows of a map.

    `area`: places for tokens in all of them; `tokens` (m,) int64: the map's tokens there, window by window; `places`
    (m,) int64: the places of these, or None where no place is padding; `regions` (windows, n, n) float32 over the n
    places of a window: OTHER_REGION between those that were no neighbours before the shift, or None where all were.
    """

    area: int
    tokens: Tensor
    places: Tensor | None
    regions: Tensor | None


@lru_cache(maxsize=16)
def window_parts(height: int, width: int, window: int, shift: int, device: torch.device) -> tuple[Windows, ...]:
    """Cut a map of (height, width) tokens, padded on the right and bottom, then rolled by `shift`, into windows.

    Windows without padding, whose tokens were all neighbours, come first: most parts then need neither.
    """
    rows, columns = -(-height // window), -(-width // window)

    def cut(plane: Tensor) -> Tensor:
        return plane.view(rows, window, columns, window).transpose(1, 2).reshape(rows * columns, window**2)

    def region(count: int) -> Tensor:
        position = torch.arange(count * window)
        return (position >= position.numel() - window).int() + (position >= position.numel() - shift).int()

    numbers = torch.arange(1, height * width + 1).view(height, width)
    padded = F.pad(numbers, (0, columns * window - width, 0, rows * window - height))  # 0 is padding
    numbers = cut(padded.roll((-shift, -shift), dims=(0, 1)))
    regions = cut(3 * region(rows)[:, None] + region(columns)[None, :]) if shift else torch.zeros_like(numbers)
    whole = numbers.all(dim=1) & (regions == regions[:, :1]).all(dim=1)
    parts = []
    for part in whole.argsort(descending=True, stable=True).chunk(-(-numbers.numel() // PLACES_AT_ONCE)):
        flat, ids = numbers[part].flatten(), regions[part]
        places = flat.nonzero()[:, 0]
        apart = ids[:, :, None] != ids[:, None, :]
        parts.append(
            Windows(
                len(flat),
                (flat[places] - 1).to(device),
                places.to(device) if len(places) < len(flat) else None,
                (apart * OTHER_REGION).to(device) if apart.any() else None,
            )
        )
    return tuple(parts)
