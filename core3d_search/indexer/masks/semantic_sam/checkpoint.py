"""Weights from files: the official checkpoints, read without running any code they may hold, and safetensors.

Source: docs/semantic-sam.md, section 1.
"""

from __future__ import annotations

import os
import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

RELEASE_URL = "https://github.com/UX-Decoder/Semantic-SAM/releases/download/checkpoint/"
FILE_NAMES = {"swint": "swint_only_sam_many2many.pth", "swinl": "swinl_only_sam_many2many.pth"}
CHANNELS_TO_VARIANT = {96: "swint", 192: "swinl"}  # of the first convolution

PREFIX = "model."
NETWORK = ("backbone.", "sem_seg_head.")  # anything else in a file (training losses, counters) is no part of it
PREDICTOR = "sem_seg_head.predictor."
UNUSED = {PREDICTOR + name for name in ("class_embed", "class_embed_part", "lang_mapper")}
BOX_HEADS = tuple(f"{PREDICTOR}{owner}bbox_embed.{i}." for owner in ("", "decoder.") for i in range(9))


class CheckpointError(Exception):
    """A weights file that is not what it should be; the message names the file or the keys, and what to do."""


def network_weights(state: Mapping[str, Any], expected: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return float32 CPU tensors for exactly the keys of `expected`, whose shapes they must have.

    Where any key of `state` carries the prefix `model.`, keys without it are ignored, as in the official files. Entries
    without effect on inference are ignored too. Raises CheckpointError that names every offending key.
    """
    if any(key.startswith(PREFIX) for key in state):
        state = {key.removeprefix(PREFIX): value for key, value in state.items() if key.startswith(PREFIX)}
    given = {key: value for key, value in state.items() if key.startswith(NETWORK) and not ignored(key)}
    aliases = {key: given.pop(key) for key in list(given) if canonical(key) != key}
    problems = [f"missing: {key}" for key in expected if key not in given]
    problems += [f"unknown: {key}" for key in given if key not in expected]
    weights = {}
    for key in expected.keys() & given.keys():
        value = as_tensor(given[key])
        if value is None:
            problems.append(f"no array of floats: {key}")
        elif value.shape != expected[key].shape:
            problems.append(f"shape {tuple(value.shape)} instead of {tuple(expected[key].shape)}: {key}")
        else:
            weights[key] = value
    for key, other in aliases.items():
        value, main = as_tensor(other), weights.get(canonical(key))
        if main is not None and (value is None or not torch.equal(value, main)):
            problems.append(f"differs from {canonical(key)}, of which it is a second name: {key}")
    if problems:
        shown = "\n  ".join(sorted(problems)[:20])
        more = f"\n  and {len(problems) - 20} more" if len(problems) > 20 else ""
        raise CheckpointError(
            f"these are not the weights of this network; {len(problems)} keys are wrong:\n  {shown}{more}"
        )
    return weights


def ignored(key: str) -> bool:
    """Return whether the entry has no effect on inference, or is recomputed."""
    return key in UNUSED or key.endswith(".relative_position_index")


def canonical(key: str) -> str:
    """Return the key under which the network holds the entry; official files store some under several names."""
    for head in BOX_HEADS:
        if key.startswith(head):
            return f"{PREDICTOR}_bbox_embed.{key.removeprefix(head)}"
    return key.replace(f"{PREDICTOR}decoder.norm.", f"{PREDICTOR}decoder_norm.")


def as_tensor(value: Any) -> Tensor | None:
    """Return `value` as a float32 CPU tensor, or None where it is no array of floats."""
    if not isinstance(value, Tensor):
        array = np.asarray(value)
        value = (
            torch.from_numpy(array.astype(np.float32)) if array.dtype.kind == "f" else torch.zeros(0, dtype=torch.int)
        )
    return value.detach().to("cpu", torch.float32) if value.is_floating_point() else None


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Return the state of a `.safetensors` file or an official `.pth` file, on the CPU.

    No code in the file is run. Raises CheckpointError for a file that is absent, damaged, or wants code to be run.
    """
    if not path.is_file():
        raise CheckpointError(f"there is no weights file {path}")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file can fail anywhere in the two parsers
        raise CheckpointError(f"{path} {why_unreadable(error)}") from error
    state = content.get("model", content) if isinstance(content, Mapping) else content
    if not isinstance(state, Mapping):
        raise CheckpointError(f"{path} holds a {type(state).__name__} where a dictionary of weights was expected")
    return {key: value for key, value in state.items() if isinstance(key, str)}


def why_unreadable(error: Exception) -> str:
    """Return the end of the sentence that begins with the path of a file on which torch.load or safetensors failed."""
    wanted = re.search(r"GLOBAL (\S+)", str(error))
    if wanted:
        return (
            f"asks to run {wanted[1]} while it is read, which weights have no need of: refused, nothing was run. Fetch "
            f"it from {RELEASE_URL}. If you trust where it came from, convert it on a machine that holds nothing of "
            "value: safetensors.torch.save_file({key: value.clone() for key, value in "
            "torch.load(path, weights_only=False)['model'].items()}, 'converted.safetensors')"
        )
    reason = str(error).partition("\n")[0] or type(error).__name__
    if isinstance(error, pickle.UnpicklingError):
        reason = "its content is no list of tensors"
    return f"cannot be read as weights ({reason}), nothing in it was run; it may be cut short: fetch it again"


def variant_of(state: Mapping[str, Any]) -> str:
    """Return "swint" or "swinl", told by the first convolution; raises CheckpointError for any other network."""
    first = "backbone.patch_embed.proj.weight"
    value = state.get(PREFIX + first, state.get(first))
    channels = getattr(value, "shape", (None,))[0]
    if channels not in CHANNELS_TO_VARIANT:
        raise CheckpointError(f"these are no Semantic-SAM weights: {first} is absent or of unknown size ({channels})")
    return CHANNELS_TO_VARIANT[channels]


def write_safetensors(state: Mapping[str, Tensor], target: Path, variant: str) -> None:
    """Write `state` to `target` at once: an interrupted write leaves no half file under that name."""
    part = target.with_name(target.name + ".part")
    save_file({key: value.contiguous() for key, value in state.items()}, part, metadata={"variant": variant})
    os.replace(part, target)
