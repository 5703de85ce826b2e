"""Weights files: the official layout loads, anything else is refused by name, and nothing in a file is ever run."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core3d_search.indexer.masks.semantic_sam import CheckpointError, SemanticSam, convert_checkpoint, read_checkpoint
from core3d_search.indexer.masks.semantic_sam.checkpoint import UNUSED, network_weights, variant_of

NORM = "sem_seg_head.predictor.decoder_norm.weight"
SECOND_NAME = "sem_seg_head.predictor.decoder.norm.weight"


@pytest.fixture
def state(generated_model: SemanticSam) -> dict[str, Any]:
    return dict(generated_model.state_dict())


@pytest.mark.parametrize("variant", ["swint", "swinl"])
def test_the_network_has_every_official_key_that_matters(
    listing: Callable[[str], dict[str, Any]], variant: str
) -> None:
    official = {
        key: tuple(entry["shape"])
        for key, entry in listing(variant).items()
        if entry["alias_of"] is None and entry["dtype"] == "float32" and key not in UNUSED
    }
    with torch.device("meta"):
        ours = {key: tuple(value.shape) for key, value in SemanticSam(variant).state_dict().items()}
    assert ours == official


def test_the_generated_file_has_the_keys_of_the_official_one(
    listing: Callable[[str], dict[str, Any]], official_file: Path
) -> None:
    floats = {"model." + key for key, entry in listing("swint").items() if entry["dtype"] == "float32"}
    assert read_checkpoint(official_file).keys() == floats | {"model.criterion.empty_weight"}


def test_an_official_file_loads_exactly(official_file: Path, generated_model: SemanticSam) -> None:
    loaded = SemanticSam.from_file(official_file)
    assert loaded.variant == "swint"
    for key, value in generated_model.state_dict().items():
        assert torch.equal(loaded.state_dict()[key], value), key


def test_conversion_to_safetensors_keeps_every_weight(
    official_file: Path, generated_model: SemanticSam, tmp_path: Path
) -> None:
    target = tmp_path / "converted.safetensors"
    assert convert_checkpoint(official_file, target) == "swint"
    assert [path.name for path in tmp_path.iterdir()] == ["converted.safetensors"]
    assert target.stat().st_size < official_file.stat().st_size
    loaded = SemanticSam.from_file(target).state_dict()
    assert all(torch.equal(loaded[key], value) for key, value in generated_model.state_dict().items())
    with pytest.raises(CheckpointError, match=r"must be called \*\.safetensors"):
        convert_checkpoint(official_file, tmp_path / "converted.pth")


def test_arrays_and_prefixed_keys_are_accepted(state: dict[str, Any]) -> None:
    prefixed = {"model." + key: value.numpy() for key, value in state.items()}
    prefixed |= {"iteration": 7, "backbone.of.something.else": np.zeros(3), "model.criterion.empty_weight": np.ones(2)}
    model = SemanticSam.from_state_dict("swint", prefixed)
    assert torch.equal(model.state_dict()[NORM], state[NORM])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({NORM: None}, f"missing: {NORM}"),
        ({NORM: torch.ones(255)}, rf"shape \(255,\) instead of \(256,\): {NORM}"),
        ({NORM: torch.ones(256, dtype=torch.int64)}, f"no array of floats: {NORM}"),
        ({NORM: "text"}, f"no array of floats: {NORM}"),
        ({"backbone.norm4.weight": torch.ones(8)}, "unknown: backbone.norm4.weight"),
        ({SECOND_NAME: torch.zeros(256)}, f"second name: {SECOND_NAME}"),
    ],
)
def test_a_wrong_entry_is_named(state: dict[str, Any], change: dict[str, Any], message: str) -> None:
    changed = {key: value for key, value in (state | change).items() if value is not None}
    with pytest.raises(CheckpointError, match=message):
        SemanticSam.from_state_dict("swint", changed)


def test_many_wrong_entries_are_counted_and_the_first_named() -> None:
    expected = {f"backbone.{i:02}": torch.ones(1) for i in range(30)}
    with pytest.raises(CheckpointError, match=r"30 keys are wrong(?s:.*)missing: backbone\.19\n  and 10 more"):
        network_weights({}, expected)


def test_half_precision_weights_become_float32(state: dict[str, Any]) -> None:
    halved = state | {NORM: state[NORM].half()}
    assert SemanticSam.from_state_dict("swint", halved).state_dict()[NORM].dtype == torch.float32


def test_the_variant_is_told_by_the_file(official_file: Path) -> None:
    with pytest.raises(CheckpointError, match="weights of swint, not of swinl"):
        SemanticSam.from_file(official_file, "swinl")
    with pytest.raises(CheckpointError, match="no Semantic-SAM weights"):
        variant_of({"backbone.patch_embed.proj.weight": torch.ones(128, 3, 4, 4)})
    with pytest.raises(ValueError, match="no variant 'swinb'"):
        SemanticSam.from_state_dict("swinb", {})


class RunsCode:
    """Unpickling this runs a command."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.witness),)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_malicious_file_is_refused_and_nothing_is_run(tmp_path: Path, zipped: bool) -> None:
    path, witness = tmp_path / "evil.pth", tmp_path / "witness"
    content = {"model": {"model.backbone.x": torch.ones(3)}, "trainer": RunsCode(witness)}
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(CheckpointError, match=r"evil\.pth asks to run \w+\.mkdir.*refused, nothing was run"):
        SemanticSam.from_file(path)
    assert not witness.exists()
    torch.load(path, weights_only=False)  # the file does what the test claims
    assert witness.exists()


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("part", [0.0, 0.2, 0.9])
def test_a_truncated_file_is_refused(tmp_path: Path, suffix: str, part: float) -> None:
    whole, cut = tmp_path / f"whole{suffix}", tmp_path / f"cut{suffix}"
    weights = {"backbone.x": torch.ones(10_000)}
    if suffix == ".pth":
        torch.save({"model": weights}, whole)
    else:
        from safetensors.torch import save_file

        save_file(weights, whole)
    content = whole.read_bytes()
    cut.write_bytes(content[: int(part * len(content))])
    with pytest.raises(CheckpointError, match=r"cut\.\w+ cannot be read as weights .*fetch it again"):
        read_checkpoint(cut)


def test_what_is_no_weights_file_is_refused(tmp_path: Path) -> None:
    page, number = tmp_path / "page.pth", tmp_path / "number.pth"
    page.write_text("<html>404</html>")
    torch.save(3, number)
    with pytest.raises(CheckpointError, match="no list of tensors"):
        read_checkpoint(page)
    with pytest.raises(CheckpointError, match="holds a int"):
        read_checkpoint(number)
    with pytest.raises(CheckpointError, match="there is no weights file"):
        read_checkpoint(tmp_path / "absent.pth")
