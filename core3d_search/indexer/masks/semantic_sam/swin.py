"""The Swin backbone in the flavour of Mask2Former: fixed window size, pad first, then shift.

Source: SPEC section 3 (Semantic-SAM at commit e11f8b5); Liu et al., "Swin Transformer", ICCV 2021. Module names are
those of the official checkpoints.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .chunks import in_chunks

MLP_RATIO = 4
HEAD_DIM = 32
WINDOWS_AT_ONCE = 128  # bounds memory: the bias of one window alone is (heads, tokens, tokens)
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
        return self.norm(self.proj(image).permute(0, 2, 3, 1))


class Stage(nn.Module):
    """Blocks at one stride, every second one with shifted windows; then the step to the next stride."""

    def __init__(self, channels: int, depth: int, heads: int, window: int, downsample: bool) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(channels, heads, window, shift=(window // 2) * (i % 2)) for i in range(depth))
        self.downsample = PatchMerging(channels) if downsample else nn.Identity()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return this stage's output and the input of the next one, both (B, h, w, C)."""
        for block in self.blocks:
            x = block(x)
        return x, self.downsample(x)


class Block(nn.Module):
    """Window attention and MLP, each behind a LayerNorm and added to its input."""

    def __init__(self, channels: int, heads: int, window: int, shift: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(channels)
        self.attn = WindowAttention(channels, heads, window, shift)
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = Mlp(channels)

    def forward(self, x: Tensor) -> Tensor:
        """`x` (B, h, w, C)."""
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


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

    def forward(self, x: Tensor) -> Tensor:
        """`x` (B, h, w, C)."""
        batch, height, width, channels = x.shape
        order = window_order(height, width, self.window, self.shift, x.device)
        index = relative_position_index(self.window, x.device)
        bias = self.relative_position_bias_table[index].permute(2, 0, 1)[None]
        qkv = in_chunks(self.qkv, x).view(batch, height * width, 3 * channels)
        outputs = []
        for tokens in qkv:
            found = []
            for start in range(0, len(order.token), WINDOWS_AT_ONCE):
                part = slice(start, start + WINDOWS_AT_ONCE)
                windows = tokens[order.token[part]]
                windows[order.padding[part]] = self.qkv.bias.to(windows.dtype)  # what a token of zeros becomes
                q, k, v = windows.unflatten(-1, (3, self.heads, HEAD_DIM)).permute(2, 0, 3, 1, 4)
                mask = bias if order.regions is None else bias + order.regions[part, None]
                found.append(F.scaled_dot_product_attention(q, k, v, attn_mask=mask.to(q.dtype)).transpose(1, 2))
            outputs.append(torch.cat(found).reshape(-1, channels)[order.place])
        return in_chunks(self.proj, torch.stack(outputs)).view(x.shape)


class Mlp(nn.Module):
    """Linear, exact GELU, linear."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, MLP_RATIO * channels)
        self.fc2 = nn.Linear(MLP_RATIO * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return in_chunks(lambda part: self.fc2(F.gelu(self.fc1(part))), x)


class PatchMerging(nn.Module):
    """Every 2x2 tokens to one of twice the channels: (B, h, w, C) to (B, ceil(h/2), ceil(w/2), 2C)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * channels)
        self.reduction = nn.Linear(4 * channels, 2 * channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = F.pad(x, (0, 0, 0, x.shape[2] % 2, 0, x.shape[1] % 2))
        corners = [x[:, row::2, column::2] for row, column in ((0, 0), (1, 0), (0, 1), (1, 1))]
        return self.reduction(self.norm(torch.cat(corners, dim=-1)))


@lru_cache(maxsize=4)
def relative_position_index(window: int, device: torch.device) -> Tensor:
    """Return (tokens, tokens) int64: the row of the bias table for a query token (first) and a key token (second)."""
    position = torch.arange(window, device=device)
    difference = position[:, None] - position[None, :] + window - 1
    index = (2 * window - 1) * difference[:, None, :, None] + difference[None, :, None, :]
    return index.reshape(window**2, window**2)


class WindowOrder(NamedTuple):
    """Where the tokens of a map stand once it is cut into windows.

    `token` (windows, tokens) int64: the map's token at each place, 0 where there is padding; `padding` (windows,
    tokens) bool; `place` (h * w,) int64: the place of each token of the map among all places; `regions` (windows,
    tokens, tokens) float32 or None: OTHER_REGION between tokens that were no neighbours before the shift.
    """

    token: Tensor
    padding: Tensor
    place: Tensor
    regions: Tensor | None


@lru_cache(maxsize=16)
def window_order(height: int, width: int, window: int, shift: int, device: torch.device) -> WindowOrder:
    """Return the order of a map of (height, width) tokens, padded on the right and bottom, then rolled by `shift`."""
    rows, columns = -(-height // window), -(-width // window)

    def windows(plane: Tensor) -> Tensor:
        return plane.view(rows, window, columns, window).transpose(1, 2).reshape(rows * columns, window**2)

    def region(count: int) -> Tensor:
        position = torch.arange(count * window, device=device)
        return (position >= position.numel() - window).int() + (position >= position.numel() - shift).int()

    numbers = torch.arange(1, height * width + 1, device=device).view(height, width)
    padded = F.pad(numbers, (0, columns * window - width, 0, rows * window - height))
    numbers = windows(padded.roll((-shift, -shift), dims=(0, 1)))
    place = numbers.flatten().argsort()[-height * width :]
    regions = None
    if shift:
        ids = windows(3 * region(rows)[:, None] + region(columns)[None, :])
        regions = torch.where(ids[:, :, None] == ids[:, None, :], 0.0, OTHER_REGION)
    return WindowOrder((numbers - 1).clamp(min=0), numbers == 0, place, regions)
