"""Runs a function over many tokens piece by piece: less memory, and what it makes in between stays in the cache."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

TOKENS_AT_ONCE = 2048


def in_chunks(function: Callable[[Tensor], Tensor], tokens: Tensor) -> Tensor:
    """Return `function(tokens)` for a function of single tokens; `tokens` (..., C)."""
    parts = tokens.reshape(-1, tokens.shape[-1]).split(TOKENS_AT_ONCE)
    return torch.cat([function(part) for part in parts]).view(*tokens.shape[:-1], -1)
