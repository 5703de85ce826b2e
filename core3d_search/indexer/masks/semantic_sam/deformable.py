"""Multi-scale deformable attention: every query looks at a few learned places of every map.

Source: docs/semantic-sam.md, section 4.1; Zhu et al., "Deformable DETR", ICLR 2021, equation 3.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

QUERIES_AT_ONCE = 1024  # bounds memory, and keeps the samples in the processor's cache


class MultiScaleDeformableAttention(nn.Module):
    """Samples `levels` maps at `points` places per head and level, and sums what it finds by learned weights."""

    def __init__(self, channels: int = 256, heads: int = 8, levels: int = 4, points: int = 4) -> None:
        super().__init__()
        self.heads, self.levels, self.points = heads, levels, points
        self.sampling_offsets = nn.Linear(channels, heads * levels * points * 2)
        self.attention_weights = nn.Linear(channels, heads * levels * points)
        self.value_proj = nn.Linear(channels, channels)
        self.output_proj = nn.Linear(channels, channels)

    def values(self, tokens: Tensor, sizes: Sequence[tuple[int, int]]) -> list[Tensor]:
        """Project `tokens` (B, sum of h * w, C), levels in the order of `sizes` (h, w), to maps ready for sampling.

        Returns per level (B * heads, C / heads, h, w). They do not depend on the queries: keep them per image.
        """
        batch, _, channels = tokens.shape
        projected = self.value_proj(tokens).split([h * w for h, w in sizes], dim=1)
        return [
            level.transpose(1, 2).reshape(batch * self.heads, channels // self.heads, h, w)
            for level, (h, w) in zip(projected, sizes, strict=True)
        ]

    def forward(self, query: Tensor, reference: Tensor, values: Sequence[Tensor]) -> Tensor:
        """Return (B, Q, C) for `query` (B, Q, C) around `reference` (B, Q, 1 or levels, 2 or 4).

        References are (x, y) or (cx, cy, w, h) in [0, 1] of the maps; `values` come from `values()`.
        """
        batch, count, _ = query.shape
        shape = (batch, count, self.heads, self.levels, self.points)
        offsets = self.sampling_offsets(query).view(*shape, 2)
        weights = self.attention_weights(query).unflatten(-1, (self.heads, -1)).softmax(-1).view(shape)
        reference = reference[:, :, None, :, None]  # broadcasts over heads and points
        if reference.shape[-1] == 4:
            locations = reference[..., :2] + offsets / self.points * reference[..., 2:] * 0.5
        else:
            sizes = [(value.shape[3], value.shape[2]) for value in values]
            locations = reference + offsets / offsets.new_tensor(sizes)[:, None]
        # one sampling grid per head and level; points before queries, so that every step below runs along memory
        grids = (2 * locations - 1).permute(0, 2, 3, 4, 1, 5).flatten(0, 1)
        weights = weights.permute(0, 2, 3, 4, 1).flatten(0, 1)
        total = query.new_zeros(batch * self.heads, query.shape[2] // self.heads, count)
        for start in range(0, count, QUERIES_AT_ONCE):
            part = slice(start, start + QUERIES_AT_ONCE)
            for level, value in enumerate(values):
                found = F.grid_sample(value, grids[:, level, :, part], "bilinear", "zeros", align_corners=False)
                for point in range(self.points):
                    total[:, :, part].addcmul_(found[:, :, point], weights[:, level, None, point, part])
        return self.output_proj(total.view(batch, query.shape[2], count).transpose(1, 2))
