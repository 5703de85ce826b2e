"""The prompt decoder: every prompt becomes six queries, one per granularity, that refine a box and end as masks.

Source: docs/semantic-sam.md, sections 5 to 7. Module names are those of the official checkpoints; the weights for
classification against text that they also hold are not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .deformable import MultiScaleDeformableAttention
from .positions import sine_box

CHANNELS = 256
HEADS = 8
FEEDFORWARD = 2048
LAYERS = 9
TOKENS = 6  # granularities per prompt
EPSILON = 1e-5  # keeps the inverse sigmoid finite at 0 and 1


class Decoded(NamedTuple):
    """What N prompts give: `embeddings` (N, 6, 256) to be multiplied with the mask features, `ious` (N, 6) predicted,
    unbounded, `boxes` (N, 6, 4) cx cy w h relative to the padded image. The six tokens stand in raw order."""

    embeddings: Tensor
    ious: Tensor
    boxes: Tensor


class Predictor(nn.Module):
    """Query embeddings, decoder and heads."""

    def __init__(self) -> None:
        super().__init__()
        self.label_enc = Vectors(2)
        self.pb_embedding = Vectors(2)
        self.mask_tokens = Vectors(TOKENS)
        self.decoder = nn.Module()
        self.decoder.layers = nn.ModuleList(DecoderLayer() for _ in range(LAYERS))
        self.decoder.ref_point_head = Mlp(2 * CHANNELS, CHANNELS, CHANNELS)
        self.decoder_norm = nn.LayerNorm(CHANNELS)
        self._bbox_embed = Mlp(CHANNELS, CHANNELS, CHANNELS, 4)
        self.mask_embed = Mlp(CHANNELS, CHANNELS, CHANNELS, CHANNELS)
        self.iou_prediction_head = Mlp(CHANNELS, CHANNELS, CHANNELS, 1)

    def values(self, multi_scale: Sequence[Tensor]) -> list[list[Tensor]]:
        """Project the image's maps (strides 8 to 64) once for every layer; all prompts of the image share them."""
        coarse_first = list(reversed(multi_scale))
        sizes = [(level.shape[2], level.shape[3]) for level in coarse_first]
        memory = torch.cat([level.flatten(2).transpose(1, 2) for level in coarse_first], dim=1)
        return [layer.cross_attn.values(memory, sizes) for layer in self.decoder.layers]

    def forward(self, prompts: Tensor, values: Sequence[Sequence[Tensor]], isolated: bool) -> Decoded:
        """`prompts` (N, 4) cx cy w h relative to the padded image; `values` of one image, from `values()`.

        The queries of all prompts attend to each other, or, `isolated`, only the six of one prompt.
        """
        count = len(prompts)
        # the second rows of label_enc and pb_embedding play no part in the official inference
        content = self.label_enc.weight[0] + self.pb_embedding.weight[0] + self.mask_tokens.weight
        x = content.repeat(count, 1)[None]
        box = inverse_sigmoid(prompts.repeat_interleave(TOKENS, dim=0)[None]).sigmoid()
        group = TOKENS if isolated else max(count, 1) * TOKENS
        for layer, layer_values in zip(self.decoder.layers, values, strict=True):
            entering = box
            x = layer(x, self.decoder.ref_point_head(sine_box(box)), box, layer_values, group)
            box = self.refine(x, entering)
        # normed twice: once as the output of the layer, once more before the heads (docs/semantic-sam.md, section 7)
        y = self.decoder_norm(self.decoder_norm(x))
        return Decoded(
            embeddings=self.mask_embed(y).view(count, TOKENS, CHANNELS),
            ious=self.iou_prediction_head(y).view(count, TOKENS),
            boxes=self.refine(y, entering).view(count, TOKENS, 4),
        )

    def refine(self, x: Tensor, box: Tensor) -> Tensor:
        """Return `box` moved by what the queries `x` say."""
        return (self._bbox_embed(x) + inverse_sigmoid(box)).sigmoid()


class Vectors(nn.Module):
    """Learned vectors; nn.Embedding would do, but creating one on the meta device imports half of torch's compiler."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(count, CHANNELS))


class DecoderLayer(nn.Module):
    """Self-attention of the queries, deformable attention to the image, feed-forward; each normed after its sum."""

    def __init__(self) -> None:
        super().__init__()
        self.cross_attn = MultiScaleDeformableAttention(CHANNELS)
        self.norm1 = nn.LayerNorm(CHANNELS)
        self.self_attn = SelfAttention()
        self.norm2 = nn.LayerNorm(CHANNELS)
        self.linear1 = nn.Linear(CHANNELS, FEEDFORWARD)
        self.linear2 = nn.Linear(FEEDFORWARD, CHANNELS)
        self.norm3 = nn.LayerNorm(CHANNELS)

    def forward(self, x: Tensor, position: Tensor, box: Tensor, values: Sequence[Tensor], group: int) -> Tensor:
        x = self.norm2(x + self.self_attn(x + position, x, group))
        x = self.norm1(x + self.cross_attn(x + position, box[:, :, None], values))
        return self.norm3(x + self.linear2(F.relu(self.linear1(x))))


class SelfAttention(nn.Module):
    """Multi-head attention within consecutive groups of queries, parameters packed as in nn.MultiheadAttention."""

    def __init__(self) -> None:
        super().__init__()
        self.in_proj_weight = nn.Parameter(torch.zeros(3 * CHANNELS, CHANNELS))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * CHANNELS))
        self.out_proj = nn.Linear(CHANNELS, CHANNELS)

    def forward(self, query: Tensor, value: Tensor, group: int) -> Tensor:
        """Return (1, Q, C); queries and keys are `query` (1, Q, C), and `group` divides Q."""
        both, last = 2 * CHANNELS, CHANNELS
        q, k = F.linear(query, self.in_proj_weight[:both], self.in_proj_bias[:both]).chunk(2, dim=-1)
        v = F.linear(value, self.in_proj_weight[-last:], self.in_proj_bias[-last:])
        q, k, v = (t.view(-1, group, HEADS, CHANNELS // HEADS).transpose(1, 2) for t in (q, k, v))
        out = F.scaled_dot_product_attention(q, k, v)
        return self.out_proj(out.transpose(1, 2).reshape(query.shape))


class Mlp(nn.Module):
    """Linear layers of the given widths with ReLU between them."""

    def __init__(self, *widths: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))

    def forward(self, x: Tensor) -> Tensor:
        *hidden, last = self.layers
        for layer in hidden:
            x = F.relu(layer(x))
        return last(x)


def inverse_sigmoid(p: Tensor) -> Tensor:
    """Return the logit of `p`, which is first clamped to [1e-5, 1 - 1e-5]."""
    p = p.clamp(0, 1)
    return (p.clamp(min=EPSILON) / (1 - p).clamp(min=EPSILON)).log()
