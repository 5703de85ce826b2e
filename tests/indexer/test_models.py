"""The catalogue of models: names, files, places; it says the same as the adapters that load them."""

from __future__ import annotations

from pathlib import Path

import open_clip
import pytest
from open_clip.constants import HF_SAFE_WEIGHTS_NAME

from core3d_search import plugins
from core3d_search.errors import InputError
from core3d_search.indexer.config import PROFILE_WORDS, PROFILES, resolve
from core3d_search.indexer.models import MODELS, best_profile, model_named, models_of


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of weights."""
    monkeypatch.setenv("CORE3D_WEIGHTS", str(tmp_path))
    return tmp_path


def test_names_are_unique_and_every_plugin_of_ours_has_a_model() -> None:
    assert len({model.name for model in MODELS}) == len(MODELS)
    for group, kind in (("core3d.masks", "masks"), ("core3d.encoders", "encoder")):
        assert {model.registered for model in MODELS if model.kind == kind} == set(plugins.BUILT_IN[group])


def test_semantic_sam_is_published_where_its_adapter_looks() -> None:
    from core3d_search.indexer.masks.semantic_sam.checkpoint import FILE_NAMES, RELEASE_URL

    ours = {m.options["variant"]: m.files[0] for m in MODELS if m.registered == "semantic-sam"}
    assert {variant: file.name for variant, file in ours.items()} == FILE_NAMES
    assert all(file.url == RELEASE_URL + file.name for file in ours.values())


def test_the_sams_are_published_where_their_adapters_look() -> None:
    pytest.importorskip("transformers")
    for registered in ("sam", "sam-hq", "sam2"):
        adapter = plugins.load("core3d.masks", registered)
        ours = {m.options["variant"]: m.page for m in MODELS if m.registered == registered}
        assert ours == {variant: f"https://huggingface.co/{name}" for variant, name in adapter.VARIANTS.items()}


def test_what_ships_is_here_and_what_does_not_is_not(folder: Path) -> None:
    for model in MODELS:
        if model.ships:
            assert list(model.place().glob("*.safetensors"))
            assert 0.1 < model.megabytes() < 25
            assert model.get() == model.place()
        elif model.files:
            assert model.place() is None
            assert model.megabytes() == pytest.approx(4 * model.millions)


def test_a_model_is_here_when_all_of_its_files_are(folder: Path) -> None:
    model = model_named("sam/base")
    (folder / "facebook" / "sam-vit-base").mkdir(parents=True)
    (folder / "facebook" / "sam-vit-base" / "model.safetensors").write_bytes(b"12")
    assert model.place() is None
    (folder / "facebook" / "sam-vit-base" / "config.json").write_text("{}")
    assert model.place() == folder / "facebook" / "sam-vit-base" / "model.safetensors"
    assert model.get() == model.place()
    assert model.megabytes() == pytest.approx(2e-6)


def test_an_unknown_model_lists_those_there_are() -> None:
    with pytest.raises(InputError, match="no model called 'sam/tiny'; there are: built-in-masks, .*sam2/tiny"):
        model_named("sam/tiny")


def test_a_profile_names_its_models() -> None:
    assert PROFILE_WORDS.keys() == PROFILES.keys()
    assert [m.name for m in models_of(PROFILES["built-in"])] == ["built-in-masks", "built-in-encoder"]
    assert [m.name for m in models_of(PROFILES["core3d"])] == ["semantic-sam/swint", "open_clip/EVA02-L-14"]
    large = resolve("core3d", ["masks.options.variant=swinl"])
    assert models_of(large)[0].name == "semantic-sam/swinl"
    other = resolve("core3d", ["encoder.options.model=ViT-B-32"])
    assert [m.name for m in models_of(other)] == ["semantic-sam/swint"]  # of others nothing is known


def test_the_best_profile_is_the_papers_once_both_of_its_models_are_here(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert best_profile() == "built-in"
    (folder / "swint_only_sam_many2many.pth").write_bytes(b"1")
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda repository, name: None)
    assert best_profile() == "built-in"
    asked = []

    def cached(repository: str, name: str) -> str:
        asked.append((repository, name))
        return str(folder / name)

    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", cached)
    assert best_profile() == "core3d"
    hub = open_clip.get_pretrained_cfg("EVA02-L-14", "merged2b_s4b_b131k")["hf_hub"].rstrip("/")
    assert asked == [(hub, HF_SAFE_WEIGHTS_NAME)]
