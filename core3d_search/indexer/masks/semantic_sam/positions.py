"""Sine codes of map positions and boxes.

Source: docs/semantic-sam.md, sections 4 (step 2) and 6 (step 1); Vaswani et al., "Attention Is All You Need",
NeurIPS 2017, section 3.5.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

HALF = 128  # channels per coordinate
TEMPERATURE = 10000.0


def sine_code(angle: Tensor) -> Tensor:
    """Return (..., 128): sine (even channels) and cosine (odd) of `angle` (...) radians at 64 falling frequencies."""
    exponent = torch.arange(HALF // 2, dtype=torch.float32, device=angle.device) * 2 / HALF
    scaled = angle[..., None] / TEMPERATURE**exponent
    return torch.stack([scaled.sin(), scaled.cos()], dim=-1).flatten(-2)


def sine_map(height: int, width: int, device: torch.device) -> Tensor:
    """Return (height, width, 256): the codes of the row (first half) and the column (second half) of every cell."""

    def axis(count: int) -> Tensor:
        return sine_code(torch.arange(1, count + 1, dtype=torch.float32, device=device) / (count + 1e-6) * 2 * math.pi)

    rows = axis(height)[:, None].expand(height, width, HALF)
    columns = axis(width)[None].expand(height, width, HALF)
    return torch.cat([rows, columns], dim=-1)


def sine_box(boxes: Tensor) -> Tensor:
    """Return (..., 512) for `boxes` (..., 4) cx cy w h in [0, 1]; the codes stand in the order cy, cx, w, h."""
    cx, cy, w, h = boxes.unbind(-1)
    return sine_code(torch.stack([cy, cx, w, h], dim=-1) * 2 * math.pi).flatten(-2)
