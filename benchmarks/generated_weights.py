"""Weights made up by a formula: the same everywhere, meaningless as a model, for tests, benchmarks and dry runs."""

from __future__ import annotations

import hashlib
import math
import re
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core3d_search.indexer.masks.semantic_sam.checkpoint import BOX_HEADS, PREDICTOR, PREFIX
from core3d_search.indexer.masks.semantic_sam.model import SemanticSam

# (end of the key, mean, standard deviation) where the general rule below does not do
FIXED_SPREAD = (
    ("iou_prediction_head.layers.2.bias", 1.6, 0.0),  # brings a fair share of the masks past the usual threshold
    ("sampling_offsets.bias", 0.0, 2.0),  # pixels
    ("relative_position_bias_table", 0.0, 0.5),
    ("level_embed", 0.0, 1.0),
    ("label_enc.weight", 0.0, 1.0),
    ("pb_embedding.weight", 0.0, 1.0),
    ("mask_tokens.weight", 0.0, 1.0),
)
# (pattern of the key, gain): a matrix keeps the variance of what it multiplies, times a gain which sees to it that the
# queries stay apart, that attention is neither flat nor one-hot, and that boxes stay within the image
GAINS = (
    (r"_bbox_embed\.layers\.2", 0.25),
    (r"self_attn\.in_proj|ref_point_head", 2.0),
    (r"decoder\.layers.*(linear2|output_proj|out_proj)", 0.35),
    (r"iou_prediction_head|mask_embed", 1.8),
)


def generated_state(variant: str) -> dict[str, Tensor]:
    """Return float32 weights for every key of the network `variant`; equal on every machine."""
    with torch.device("meta"):
        shapes = {key: tuple(value.shape) for key, value in SemanticSam(variant).state_dict().items()}
    return {key: torch.from_numpy(draw(key, shape)) for key, shape in shapes.items()}


def write_generated_checkpoint(variant: str, path: Path) -> None:
    """Write generated weights in the layout of the official files, with second names and training loss."""
    state = generated_state(variant)
    box_head = f"{PREDICTOR}_bbox_embed."
    for key in [key for key in state if key.startswith(box_head)]:
        state |= {alias + key.removeprefix(box_head): state[key] for alias in BOX_HEADS}
    for end in ("weight", "bias"):
        state[f"{PREDICTOR}decoder.norm.{end}"] = state[f"{PREDICTOR}decoder_norm.{end}"]
    state |= {f"{PREDICTOR}{name}": torch.zeros(256, 512) for name in ("class_embed", "class_embed_part")}
    state |= {f"{PREDICTOR}lang_mapper": torch.zeros(512, 256), "criterion.empty_weight": torch.ones(2)}
    torch.save({"model": {PREFIX + key: value for key, value in state.items()}}, path)


def draw(key: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return float32 values uniform around the mean that suits `key`, seeded by the key's SHA-256."""
    seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "little")
    uniform = np.random.default_rng(seed).random(shape, np.float32) - np.float32(0.5)
    mean, deviation = spread(key, shape)
    values = np.float32(mean) + np.float32(deviation * math.sqrt(12)) * uniform
    if key.endswith("mask_features.weight"):
        values -= values.mean(axis=1, keepdims=True)  # mask logits of both signs
    return values


def spread(key: str, shape: tuple[int, ...]) -> tuple[float, float]:
    """Return mean and standard deviation of the values under `key`."""
    for end, mean, deviation in FIXED_SPREAD:
        if key.endswith(end):
            return mean, deviation
    if len(shape) == 1:
        return (1.0, 0.1) if key.endswith("weight") else (0.0, 0.02)  # gain of a norm, or bias
    gain = next((gain for pattern, gain in GAINS if re.search(pattern, key)), 1.0)
    return 0.0, gain / math.sqrt(math.prod(shape[1:]))
