"""Generated weights and the shared reference vectors, made once per session."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.generated_weights import generated_state, write_generated_checkpoint
from core3d_search.indexer.masks.semantic_sam import SemanticSam

SHARED = Path(__file__).resolve().parents[5] / "shared" / "semantic_sam"


@pytest.fixture(scope="session")
def generated_model() -> SemanticSam:
    """The Swin-T network with generated weights."""
    return SemanticSam.from_state_dict("swint", generated_state("swint"))


@pytest.fixture(scope="session")
def official_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generated weights in the layout of the official Swin-T file."""
    path = tmp_path_factory.mktemp("weights") / "swint_only_sam_many2many.pth"
    write_generated_checkpoint("swint", path)
    return path


@pytest.fixture(scope="session")
def listing() -> Callable[[str], dict[str, Any]]:
    """Every key of the official state dict of a variant, by name: shape, dtype, alias_of."""

    def read(variant: str) -> dict[str, Any]:
        path = SHARED / f"state_dict_{variant}.json"
        if not path.is_file():
            pytest.skip(f"the official key list {path} is not here")
        return {entry["key"]: entry for entry in json.loads(path.read_text())["entries"]}

    return read


@pytest.fixture(scope="session")
def vectors() -> Callable[[str], Any]:
    """Reference vectors of the official code, by file name; skips where they are not at hand."""

    def read(name: str) -> Any:
        path = SHARED / "vectors" / f"{name}.npz"
        if not path.is_file():
            pytest.skip(f"the reference vectors {path} are not here")
        return np.load(path, allow_pickle=False)

    return read


@pytest.fixture(scope="session")
def reference_state(vectors: Callable[[str], Any]) -> dict[str, np.ndarray]:
    """The weights that the Swin-T vectors were made with, their checksum compared."""
    path = SHARED / "vectors_recipe.py"
    expected = json.loads(str(vectors("swint_points_120x150")["meta_json"]))["weights_sha256"]
    spec = importlib.util.spec_from_file_location("vectors_recipe", path)
    assert spec is not None
    assert spec.loader is not None
    recipe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)
    state: dict[str, np.ndarray] = recipe.make_state_dict(SHARED / "state_dict_swint.json")
    digest = hashlib.sha256()
    for key in sorted(state):
        digest.update(key.encode())
        digest.update(state[key].tobytes())
    assert digest.hexdigest() == expected
    return state


@pytest.fixture(scope="session")
def reference_model(reference_state: dict[str, np.ndarray]) -> SemanticSam:
    return SemanticSam.from_state_dict("swint", reference_state)
