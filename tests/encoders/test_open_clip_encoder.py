"""The OpenCLIP adapter on a tiny model with a seeded checkpoint: no network, no published weights."""

from __future__ import annotations

import json
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core3d_search.encoders import load_encoder
from core3d_search.encoders.open_clip import OpenClipEncoder
from core3d_search.errors import ModelError
from core3d_search.testing.encoders import EncoderContract, pictures

TINY = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 64, "head_width": 32, "patch_size": 16},
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 1, "layers": 1},
}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Register the architecture "core3d-tiny" and return a checkpoint of it with seeded weights."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("tiny")
    (folder / "core3d-tiny.json").write_text(json.dumps(TINY))
    open_clip.add_model_config(folder / "core3d-tiny.json")
    torch.manual_seed(0)
    model = open_clip.create_model("core3d-tiny", pretrained=None)
    file = folder / "tiny.safetensors"
    save_file(model.state_dict(), file)
    torch.save(model.state_dict(), folder / "tiny.pt")
    return file


@pytest.fixture(scope="module")
def encoder(checkpoint: Path) -> OpenClipEncoder:
    return OpenClipEncoder("core3d-tiny", weights=checkpoint, device="cpu", batch_size=4)


class TestOpenClipEncoder(EncoderContract):
    pass


def test_a_vector_is_what_open_clip_itself_gives(encoder: OpenClipEncoder, checkpoint: Path) -> None:
    import open_clip
    import torch
    from PIL import Image

    model, _, preprocess = open_clip.create_model_and_transforms("core3d-tiny", str(checkpoint))
    model.eval()
    tokens = open_clip.get_tokenizer("core3d-tiny")(["an image of red chair"])
    image = pictures(1)[0]
    with torch.no_grad():
        text_vector = model.encode_text(tokens, normalize=True).numpy()
        image_vector = model.encode_image(preprocess(Image.fromarray(image))[None], normalize=True).numpy()
    np.testing.assert_allclose(encoder.encode_texts(["red chair"]), text_vector, atol=1e-5)
    np.testing.assert_allclose(encoder.encode_images([image]), image_vector, atol=1e-5)


def test_model_id_names_the_checkpoint_and_the_temperature_is_the_models_own(
    encoder: OpenClipEncoder, checkpoint: Path
) -> None:
    assert encoder.model_id == f"open_clip/core3d-tiny/{checkpoint}"
    assert encoder.calibration.scale == pytest.approx(1 / 0.07, rel=1e-4)  # CLIP's initial temperature


def test_pt_and_safetensors_of_the_same_weights_give_the_same_vectors(
    encoder: OpenClipEncoder, checkpoint: Path
) -> None:
    other = OpenClipEncoder("core3d-tiny", weights=checkpoint.with_suffix(".pt"), device="cpu")
    np.testing.assert_array_equal(other.encode_texts(["lamp"]), encoder.encode_texts(["lamp"]))
    assert other.checksum != encoder.checksum


def test_the_prompt_can_be_changed(encoder: OpenClipEncoder, checkpoint: Path) -> None:
    bare = OpenClipEncoder("core3d-tiny", weights=checkpoint, prompt="{}", device="cpu")
    np.testing.assert_allclose(bare.encode_texts(["an image of lamp"]), encoder.encode_texts(["lamp"]), atol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "ViT-B-32", "pretrained": None}, "needs trained weights"),
        ({"model": "ViT-B-32", "pretrained": "no_such_tag"}, "its tags are: openai, .*laion2b_s34b_b79k"),
        ({"model": "ViT-Z-99"}, "no model 'ViT-Z-99'"),
        ({"model": "ViT-B-32", "weights": "/no/such/file.pt"}, "no weights file /no/such/file.pt"),
    ],
)
def test_refuses_to_run_without_trained_weights(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        OpenClipEncoder(**options)


def test_refuses_a_checkpoint_of_another_architecture(checkpoint: Path) -> None:
    with pytest.raises(ModelError, match=r"tiny\.safetensors could not be loaded as open_clip model 'ViT-S-32-alt'"):
        OpenClipEncoder("ViT-S-32-alt", weights=checkpoint)


def test_offline_without_weights_says_at_once_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import huggingface_hub
    from huggingface_hub import constants

    def no_download(*args: object, **options: object) -> None:
        raise AssertionError("the hub's client was asked, which retries for a minute")

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")  # the discard port: refused at once
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", no_download)
    with pytest.raises(ModelError) as caught:
        OpenClipEncoder("ViT-B-32", "laion2b_s34b_b79k")
    for part in ("ViT-B-32/laion2b_s34b_b79k are not on this machine", "127.0.0.1:9", "weights=FILE", "built-in"):
        assert part in str(caught.value)

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE forbids downloads"):
        load_encoder("open_clip/ViT-B-32/laion2b_s34b_b79k")


def test_weights_of_an_earlier_download_are_used_without_asking_the_network(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, checkpoint: Path
) -> None:
    import open_clip
    from huggingface_hub import constants

    snapshot = tmp_path / "models--someone--tiny" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (snapshot.parents[1] / "refs").mkdir()
    (snapshot.parents[1] / "refs" / "main").write_text("abc")
    os.link(checkpoint, snapshot / "open_clip_model.safetensors")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setitem(open_clip.pretrained._PRETRAINED, "core3d-tiny", {"seeded": {"hf_hub": "someone/tiny/"}})
    encoder = load_encoder("open_clip/core3d-tiny/seeded", device="cpu")
    assert encoder.model_id == "open_clip/core3d-tiny/seeded"
    assert encoder.encode_texts(["lamp"]).shape == (1, 32)


class Malice:
    """Unpickling this writes a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.write_text, (self.target, "executed"))


@pytest.mark.parametrize("layout", ["pickle", "torch zip"])
def test_a_checkpoint_that_carries_code_is_refused_and_not_executed(
    tmp_path: Path, checkpoint: Path, layout: str
) -> None:
    file, executed = tmp_path / "evil.pt", tmp_path / "executed.txt"
    code = pickle.dumps({"state_dict": {"weight": Malice(executed)}})
    if layout == "pickle":
        file.write_bytes(code)
    else:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("evil/data.pkl", code)
            archive.writestr("evil/version", "3\n")
    with pytest.raises(ModelError, match=r"evil\.pt is not a plain checkpoint"):
        OpenClipEncoder("core3d-tiny", weights=file)
    assert not executed.exists()
    pickle.loads(code)
    assert executed.exists(), "the test's own pickle must be able to execute"
