"""`core3d models` and `core3d profiles`: what is listed, what is here, and what verifying finds."""

import json

import pytest

from core3d_search.indexer import models as catalogue
from core3d_search.weights import sha256_of


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CORE3D_WEIGHTS", str(tmp_path / "weights"))
    (tmp_path / "weights").mkdir()
    return tmp_path / "weights"


def test_the_list_has_every_model_with_size_licence_and_place(core3d, folder):
    code, out, _ = core3d("models", "list", "--json")
    listed = {model["name"]: model for model in json.loads(out)["models"]}
    assert code == 0
    assert list(listed) == [model.name for model in catalogue.MODELS]
    assert listed["semantic-sam/swint"]["place"] is None
    assert listed["semantic-sam/swint"]["megabytes"] == pytest.approx(212)
    assert listed["open_clip/EVA02-L-14"]["licence"] == "MIT"
    code, out, _ = core3d("models", "list")
    assert code == 0
    assert "with core3d" in out
    assert "not here" in out


def test_weights_that_are_here_are_listed_with_their_checksum(core3d, folder):
    file = folder / "swint_only_sam_many2many.pth"
    file.write_bytes(b"weights")
    _, out, _ = core3d("models", "list", "--json")
    (model,) = [m for m in json.loads(out)["models"] if m["name"] == "semantic-sam/swint"]
    assert (model["place"], model["sha256"]) == (str(file), sha256_of(file))
    code, out, _ = core3d("models", "get", "semantic-sam/swint")
    assert (code, out.strip()) == (0, str(file))


def test_getting_what_cannot_be_reached_says_what_to_do(core3d, folder, monkeypatch):
    from core3d_search.weights import PublishedWeights

    gone = catalogue.Model(
        "gone", "masks", "sam", {}, 1, "MIT", "x", (PublishedWeights("g.bin", "http://127.0.0.1:9/g"),)
    )
    monkeypatch.setattr(catalogue, "MODELS", (gone,))
    code, _, error = core3d("models", "get", "gone")
    assert code == 1
    assert "http://127.0.0.1:9/g could not be downloaded" in error
    assert str(folder / "g.bin") in error


@pytest.mark.parametrize("name", ["built-in-masks", "built-in-encoder"])
def test_what_is_built_in_makes_sense(core3d, name):
    code, out, error = core3d("models", "verify", name, "--json")
    assert code == 0, error
    checks = json.loads(out)["checks"]
    assert len(checks) >= 2
    assert all(check["passed"] and check["right"] >= check["wanted"] for check in checks)


def test_a_model_that_is_not_here_says_how_to_get_it(core3d, folder):
    code, _, error = core3d("models", "verify", "sam/base")
    assert code == 1
    assert "core3d models get sam/base" in error


def test_weights_that_changed_since_their_download_are_refused(core3d, folder):
    file = folder / "swint_only_sam_many2many.pth"
    file.write_bytes(b"other weights")
    (folder / (file.name + ".sha256")).write_text("ab" * 32 + f"  {file.name}\n")
    code, _, error = core3d("models", "verify", "semantic-sam/swint")
    assert code == 1
    assert f"{file} has changed since it was downloaded (SHA-256 {'ab' * 32} then)" in error


@pytest.mark.slow
def test_weights_without_training_do_not_pass(core3d, folder, monkeypatch):
    """Swin-T of Semantic-SAM with generated numbers: it loads, answers, and sees nothing."""
    from benchmarks.generated_weights import write_generated_checkpoint

    monkeypatch.setattr("core3d_search.indexer.masks.semantic_sam.model.SHORT_SIDE", 96)
    monkeypatch.setattr("core3d_search.cli.models.CLICKS", 3)
    write_generated_checkpoint("swint", folder / "swint_only_sam_many2many.pth")
    code, out, error = core3d("models", "verify", "semantic-sam/swint")
    assert code == 1
    assert "NO" in out
    assert "semantic-sam/swint does not do what it should (things that a mask shows" in error


def test_profiles_say_what_they_need_and_what_is_missing(core3d, folder):
    code, out, _ = core3d("profiles", "--json")
    found = {profile["name"]: profile for profile in json.loads(out)["profiles"]}
    assert code == 0
    assert found["built-in"]["missing"] == []
    assert "semantic-sam/swint" in found["core3d"]["missing"]
    _, out, _ = core3d("profiles")
    assert "ready" in out


def test_an_unknown_model_is_named(core3d):
    code, _, error = core3d("models", "get", "yolo")
    assert code == 1
    assert "no model called 'yolo'" in error
