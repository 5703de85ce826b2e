"""The models that core3d knows by name: what each needs, under which licence, and whether it is on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from core3d_search.errors import InputError
from core3d_search.indexer.config import PROFILES, IndexConfig
from core3d_search.weights import Progress, PublishedWeights, find_weights, weights_at_hand

SEMANTIC_SAM = "https://github.com/UX-Decoder/Semantic-SAM/releases/download/checkpoint/"
HUB = "https://huggingface.co/"


@dataclass(frozen=True)
class Model:
    """One set of trained weights.

    `kind` is what it does, `registered` the name of its plug-in, and `options` are the keyword arguments that choose it
    there. `millions` counts its numbers, in millions (0: see the files). `licence` is what its authors state.
    `page` is where they publish them. `files` are those that we download; OpenCLIP downloads its own.
    """

    name: str
    kind: Literal["masks", "encoder"]
    registered: str
    options: Mapping[str, Any]
    millions: float
    licence: str
    page: str
    files: tuple[PublishedWeights, ...] = field(default=(), repr=False)

    @property
    def ships(self) -> bool:
        """Whether the weights come with core3d."""
        return not self.page

    def place(self) -> Path | None:
        """Return where the weights are on this machine, without the network; None where they are not."""
        if self.ships:
            return _packaged(self.kind)
        if self.registered == "open_clip":
            return _in_the_hubs_cache(self.page.removeprefix(HUB))
        places = [weights_at_hand(file) for file in self.files]
        return places[-1] if all(places) else None

    def megabytes(self) -> float:
        """Return the size of the weights: of the files where they are at hand, else of so many 32-bit numbers."""
        place = self.place()
        if place is None:
            return self.millions * 4
        files = [place] if place.is_file() else list(place.glob("*.safetensors"))
        return sum(file.stat().st_size for file in files) / 1e6

    def get(self, progress: Progress | None = None) -> Path:
        """Return where the weights are, downloaded where they were not; raises ModelError that says what to do."""
        if self.ships:
            return _packaged(self.kind)
        if self.registered == "open_clip":
            from core3d_search.encoders.open_clip import fetch_weights

            return fetch_weights(self.options["model"], self.options["pretrained"])
        return [find_weights(file, None, progress) for file in self.files][-1]


def _semantic_sam(variant: str, millions: float) -> Model:
    file = f"{variant}_only_sam_many2many.pth"
    return Model(
        name=f"semantic-sam/{variant}",
        kind="masks",
        registered="semantic-sam",
        options={"variant": variant},
        millions=millions,
        licence="see its page",
        page="https://github.com/UX-Decoder/Semantic-SAM",
        files=(PublishedWeights(file, SEMANTIC_SAM + file),),
    )


def _sam(registered: str, variant: str, repository: str, millions: float) -> Model:
    files = ("config.json", "model.safetensors")
    return Model(
        name=f"{registered}/{variant}",
        kind="masks",
        registered=registered,
        options={"variant": variant},
        millions=millions,
        licence="Apache-2.0",
        page=HUB + repository,
        files=tuple(PublishedWeights(f"{repository}/{f}", f"{HUB}{repository}/resolve/main/{f}") for f in files),
    )


EVA = {"model": "EVA02-L-14", "pretrained": "merged2b_s4b_b131k"}

MODELS: tuple[Model, ...] = (
    Model("built-in-masks", "masks", "built-in", {}, 0, "Apache-2.0", ""),
    Model("built-in-encoder", "encoder", "built-in", {}, 0, "Apache-2.0", ""),
    _semantic_sam("swint", 53.0),
    _semantic_sam("swinl", 222.8),
    _sam("sam", "base", "facebook/sam-vit-base", 93.7),
    _sam("sam", "large", "facebook/sam-vit-large", 312.3),
    _sam("sam", "huge", "facebook/sam-vit-huge", 641.1),
    _sam("sam-hq", "base", "syscv-community/sam-hq-vit-base", 93.7),
    _sam("sam-hq", "large", "syscv-community/sam-hq-vit-large", 312.3),
    _sam("sam-hq", "huge", "syscv-community/sam-hq-vit-huge", 641.1),
    _sam("sam2", "tiny", "facebook/sam2.1-hiera-tiny", 38.9),
    _sam("sam2", "small", "facebook/sam2.1-hiera-small", 46.0),
    _sam("sam2", "base-plus", "facebook/sam2.1-hiera-base-plus", 80.8),
    _sam("sam2", "large", "facebook/sam2.1-hiera-large", 224.4),
    Model(
        "open_clip/EVA02-L-14", "encoder", "open_clip", EVA, 427.8, "MIT",
        f"{HUB}timm/eva02_large_patch14_clip_224.merged2b_s4b_b131k",
    ),
)  # fmt: skip
"""Counts of Semantic-SAM: docs/semantic-sam.md section 1; of the others: their papers."""


def model_named(name: str) -> Model:
    """Return the model called `name`; raises InputError that lists those there are."""
    for model in MODELS:
        if model.name == name:
            return model
    raise InputError(f"no model called {name!r}; there are: {', '.join(model.name for model in MODELS)}")


def models_of(config: IndexConfig) -> tuple[Model, ...]:
    """Return the known models that indexing with `config` loads: its mask generator's, its encoder's."""
    wanted = (
        ("masks", config.masks.generator, config.masks.options),
        ("encoder", config.encoder.name, config.encoder.options),
    )
    found = []
    for kind, registered, options in wanted:
        candidates = [m for m in MODELS if (m.kind, m.registered) == (kind, registered)]
        chosen = [m for m in candidates if all(options.get(key, m.options[key]) == m.options[key] for key in m.options)]
        found += chosen[:1]
    return tuple(found)


def best_profile() -> str:
    """Return the profile of the best models whose weights are on this machine: "core3d", else "built-in"."""
    return "core3d" if all(model.place() for model in models_of(PROFILES["core3d"])) else "built-in"


def _in_the_hubs_cache(repository: str) -> Path | None:
    """Return the weights that OpenCLIP keeps of `repository` in Hugging Face's cache, without importing OpenCLIP."""
    from huggingface_hub import try_to_load_from_cache

    names = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")  # OpenCLIP's, in its order
    found = (try_to_load_from_cache(repository, name) for name in names)
    return next((Path(file) for file in found if isinstance(file, str)), None)


def _packaged(kind: Literal["masks", "encoder"]) -> Path:
    """Return the folder of the package that holds the weights of what is built in."""
    package = Path(__file__).resolve().parents[1]
    return package / "encoders" if kind == "encoder" else package / "indexer" / "masks" / "built_in"
