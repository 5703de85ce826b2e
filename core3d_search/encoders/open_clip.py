"""Any OpenCLIP model with published weights or a local checkpoint; never random weights, never unpickled code."""

from __future__ import annotations

import hashlib
import os
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.encoders import Calibration, check_images
from core3d_search.errors import ModelError

NEUTRAL_PHRASES = ("object", "things", "stuff", "texture")
"""The canonical phrases of LERF (Kerr et al. 2023, section 3.4), whose relevancy score is our calibration's shape."""

PROBE_SECONDS = 5.0


class OpenClipEncoder:
    """CLIP towers by OpenCLIP; the default is the model of the CORE-3D paper (EVA02-L, 768-d).

    `model` and `pretrained` are OpenCLIP's names of an architecture and a set of published weights. `weights` is a
    local checkpoint (.safetensors, or .pt/.bin without pickled code) of `model`, used instead of a download;
    `pretrained` then only tells how its images were normalised. `prompt` is wrapped around every phrase. `device` is
    torch's name of a device; None takes CUDA where there is one. `batch_size` images or phrases go through at once.

    Raises ModelError where the weights are unknown, missing, unsafe or of another architecture.
    """

    def __init__(
        self,
        model: str = "EVA02-L-14",
        pretrained: str | None = "merged2b_s4b_b131k",
        weights: Path | str | None = None,
        prompt: str = "an image of {}",
        device: str | None = None,
        batch_size: int = 32,
    ) -> None:
        import open_clip
        import torch

        if model not in open_clip.list_models():
            raise ModelError(f"open_clip has no model {model!r}; `open_clip.list_models()` lists them")
        published = open_clip.get_pretrained_cfg(model, pretrained) if pretrained else {}
        file = Path(weights).expanduser().resolve() if weights else _published_weights(model, pretrained, published)
        self.model_id = f"open_clip/{model}/{file if weights else pretrained}"
        self.checksum = _sha256(file)
        self.device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self.prompt = prompt
        self.batch_size = batch_size
        self.vocabulary: tuple[str, ...] = ()

        _refuse_unsafe(file)
        normalisation = published or _any_published(model)
        try:
            self._model, self._preprocess = open_clip.create_model_from_pretrained(
                model,
                pretrained=str(file),
                device=self.device,
                force_quick_gelu=published.get("quick_gelu", False),
                image_mean=normalisation.get("mean"),
                image_std=normalisation.get("std"),
                image_interpolation=normalisation.get("interpolation"),
                image_resize_mode=normalisation.get("resize_mode"),
            )
            self._tokenizer = open_clip.get_tokenizer(model)
        except Exception as error:  # open_clip lets KeyError, RuntimeError, OSError and more through
            raise ModelError(f"{file} could not be loaded as open_clip model {model!r}: {error}") from error
        self._model.eval()
        self.dimension = self.encode_texts(["object"]).shape[1]
        # The model's own temperature turns the contrast with a rival phrase into its own two-way softmax.
        self.calibration = Calibration(float(self._model.logit_scale.detach().exp()), 0.0, NEUTRAL_PHRASES)

    @classmethod
    def from_model_id(cls, model_id: str, **options: Any) -> OpenClipEncoder:
        """Return the encoder that calls itself `model_id`: "open_clip/<model>/<tag or checkpoint path>"."""
        import open_clip

        _, model, source = (*model_id.split("/", 2), "", "")[:3]
        if open_clip.is_pretrained_cfg(model, source):
            return cls(model, source, **options)
        return cls(model, **{"weights": source or None, "pretrained": None, **options})

    def encode_texts(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return (N, D) unit embeddings of N phrases, each put into the prompt."""
        chunks = [list(texts[i : i + self.batch_size]) for i in range(0, len(texts), self.batch_size)]
        return self._encode(
            self._model.encode_text, (self._tokenizer([self.prompt.format(text) for text in chunk]) for chunk in chunks)
        )

    def encode_images(self, images: Sequence[npt.NDArray[np.uint8]]) -> npt.NDArray[np.float32]:
        """Return (N, D) unit embeddings of N images, each (h, w, 3) uint8 RGB of any size."""
        import torch
        from PIL import Image

        check_images(images)
        chunks = [images[i : i + self.batch_size] for i in range(0, len(images), self.batch_size)]
        return self._encode(
            self._model.encode_image,
            (torch.stack([self._preprocess(Image.fromarray(image)) for image in chunk]) for chunk in chunks),
        )

    def _encode(self, tower: Any, batches: Any) -> npt.NDArray[np.float32]:
        import torch

        # Half precision only where it is fast: on a CPU it measured four times slower than float32.
        precision = torch.autocast("cuda", dtype=torch.float16) if self.device.startswith("cuda") else nullcontext()
        parts = []
        with torch.no_grad(), precision:
            for batch in batches:
                embeddings = tower(batch.to(self.device)).float()
                parts.append(torch.nn.functional.normalize(embeddings, dim=-1).cpu().numpy())
        return np.concatenate(parts) if parts else np.zeros((0, self.dimension), np.float32)


def fetch_weights(model: str, pretrained: str) -> Path:
    """Return the published weights `pretrained` of `model`, downloaded if they are not at hand; raises ModelError."""
    import open_clip

    return _published_weights(model, pretrained, open_clip.get_pretrained_cfg(model, pretrained) or {})


def _published_weights(model: str, pretrained: str | None, published: dict[str, Any]) -> Path:
    """Return the file of published weights: from the cache of an earlier download, else downloaded now."""
    import open_clip

    if not pretrained:
        raise ModelError(
            f"open_clip model {model!r} needs trained weights: name a tag (pretrained=) or a file (weights=)"
        )
    if not published:
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(model)) or "none"
        raise ModelError(f"open_clip has no weights {pretrained!r} for {model!r}; its tags are: {tags}")
    cached = _cached(published)
    if cached is not None:
        return cached
    advice = (
        f"On a machine with network run `python -c \"import open_clip; open_clip.create_model('{model}', "
        f"'{pretrained}')\"` and copy its Hugging Face cache (~/.cache/huggingface) here; or pass a checkpoint file "
        "(weights=FILE); or take the built-in encoder, which needs no download."
    )
    reason = _why_unreachable()
    if reason is not None:
        raise ModelError(f"the weights open_clip/{model}/{pretrained} are not on this machine and {reason}. {advice}")
    try:
        return Path(open_clip.download_pretrained(published))
    except Exception as error:  # whatever the download raised, the user can do the same things about it
        raise ModelError(f"the weights open_clip/{model}/{pretrained} did not download: {error}. {advice}") from error


def _cached(published: dict[str, Any]) -> Path | None:
    """Return the weights file of an earlier download, without touching the network (open_clip would ask the hub)."""
    from huggingface_hub import try_to_load_from_cache
    from open_clip.constants import HF_SAFE_WEIGHTS_NAME, HF_WEIGHTS_NAME

    repository, name = os.path.split(published.get("hf_hub", ""))
    if not repository:
        return None
    names = [f"{os.path.splitext(name)[0]}.safetensors", name] if name else [HF_SAFE_WEIGHTS_NAME, HF_WEIGHTS_NAME]
    found = (try_to_load_from_cache(repository, candidate) for candidate in names)
    return next((Path(file) for file in found if isinstance(file, str)), None)


def _why_unreachable() -> str | None:
    """Return why the model hub cannot be asked, None where it answers; the hub's own client retries for a minute."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE forbids downloads"
    try:
        with urllib.request.urlopen(constants.ENDPOINT, timeout=PROBE_SECONDS):
            return None
    except urllib.error.HTTPError:
        return None  # it answered
    except OSError as error:
        return f"{constants.ENDPOINT} cannot be reached ({error})"


def _any_published(model: str) -> dict[str, Any]:
    """Return the configuration of the model's first published weights: nearly all of a model's share normalisation."""
    import open_clip

    tags = open_clip.list_pretrained_tags_by_model(model)
    return dict(open_clip.get_pretrained_cfg(model, tags[0])) if tags else {}


def _refuse_unsafe(file: Path) -> None:
    """Raise ModelError unless `file` holds tensors alone.

    OpenCLIP falls back to an unrestricted load where the restricted one raises TypeError; a restricted load before it
    (memory-mapped where the format allows, so cheap) closes that door on every version of torch.
    """
    import zipfile

    import torch

    if file.suffix == ".safetensors":
        return
    try:
        torch.load(file, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(file))
    except Exception as error:  # the unpickler raises what the file makes it raise
        raise ModelError(
            f"{file} is not a plain checkpoint of tensors and was not executed: {error}. "
            "Save it as .safetensors, or as a state dict with torch.save."
        ) from error


def _sha256(file: Path) -> str:
    if not file.is_file():
        raise ModelError(f"there is no weights file {file}")
    with file.open("rb") as stream:
        digest = hashlib.sha256()
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
