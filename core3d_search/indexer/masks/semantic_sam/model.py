"""The whole network: an image to features once, then any number of prompts to masks.

Source: docs/semantic-sam.md, sections 2 to 7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from ..click_grid.imagenet import MEAN, STD
from .checkpoint import CheckpointError, network_weights, read_checkpoint, variant_of, write_safetensors
from .decoder import Decoded, Predictor
from .pixel_decoder import PixelDecoder
from .swin import VARIANTS, Swin

SHORT_SIDE = 640  # pixels, of the official helper
SIZE_DIVISOR = 32  # pixels; the padded sides are multiples of it
CLICK_SIZE = 0.005  # width and height of a click, relative to the image
Mode = Literal["joint", "isolated"]


class BackboneMaps(NamedTuple):
    """Maps of strides 4, 8, 16, 32, (1, C, h, w) float32 each; by attribute, position or name (`maps["res2"]`)."""

    res2: Tensor
    res3: Tensor
    res4: Tensor
    res5: Tensor

    def __getitem__(self, key: Any) -> Any:
        return getattr(self, key) if isinstance(key, str) else tuple.__getitem__(self, key)

    def keys(self) -> tuple[str, ...]:
        return self._fields

    def values(self) -> tuple[Tensor, ...]:
        return tuple(self)

    def items(self) -> Iterator[tuple[str, Tensor]]:
        return zip(self._fields, self, strict=True)


@dataclass(frozen=True, eq=False)
class Features:
    """All that the prompts of one image share; float32 tensors on the model's device.

    `multi_scale`: maps of strides 8, 16, 32, 64, (1, 256, h, w); `mask_features` (1, 256, h, w) of stride 4;
    `values`: the decoder's projections of `multi_scale`, per layer and level. `image_size` (h, w) is the resized,
    unpadded image in pixels, `original_size` (h, w) the image as given.
    """

    backbone: BackboneMaps
    multi_scale: tuple[Tensor, ...]
    mask_features: Tensor
    values: list[list[Tensor]]
    image_size: tuple[int, int]
    original_size: tuple[int, int]

    @property
    def padded_size(self) -> tuple[int, int]:
        """(h, w) in pixels, multiples of 32."""
        return padded_size(self.image_size)


class SemanticSam(nn.Module):
    """Semantic-SAM (Li et al., "Semantic-SAM: Segment and Recognize Anything at Any Granularity", ECCV 2024).

    Build it with `from_state_dict` or `from_file`; it is always in evaluation mode and records no gradients. The
    pixel decoder and everything after it run in float32 whatever autocast says, as in the official code.
    """

    def __init__(self, variant: str) -> None:
        super().__init__()
        if variant not in VARIANTS:
            raise ValueError(f"no variant {variant!r}; there are: {', '.join(VARIANTS)}")
        self.variant = variant
        self.backbone = Swin(VARIANTS[variant])
        self.sem_seg_head = nn.Module()
        self.sem_seg_head.pixel_decoder = PixelDecoder(VARIANTS[variant].stage_channels)
        self.sem_seg_head.predictor = Predictor()

    @classmethod
    def from_state_dict(cls, variant: str, state: Mapping[str, Any]) -> SemanticSam:
        """Return the network `variant` ("swint" or "swinl") with the weights of `state`, on the CPU.

        `state` maps official keys, with or without the prefix `model.`, to arrays or tensors; float32 tensors are
        taken over, not copied. Raises CheckpointError that names every key that is missing, misshapen or unknown.
        """
        with torch.device("meta"):
            model = cls(variant)
        model.load_state_dict(network_weights(state, model.state_dict()), assign=True)
        return model.eval().requires_grad_(False)

    @classmethod
    def from_file(cls, path: Path, variant: str | None = None) -> SemanticSam:
        """Return the network of an official `.pth` file or a converted `.safetensors` file, on the CPU.

        Raises CheckpointError for a file that is absent, damaged, wants code to be run, or is not of `variant`.
        """
        state = read_checkpoint(path)
        found = variant_of(state)
        if variant not in (None, found):
            raise CheckpointError(f"{path} holds the weights of {found}, not of {variant}")
        return cls.from_state_dict(found, state)

    @property
    def device(self) -> torch.device:
        return self.sem_seg_head.predictor.mask_tokens.weight.device

    def encode(self, rgb: npt.NDArray[np.uint8], resize: bool = True) -> Features:
        """Return the features of `rgb` (H, W, 3) uint8; `resize=False` skips bringing the short side to 640 pixels."""
        return self.encode_many([rgb], resize)[0]

    @torch.inference_mode()
    def encode_many(self, images: Sequence[npt.NDArray[np.uint8]], resize: bool = True) -> list[Features]:
        """Return the features of every image; images of one size go through the network as one batch.

        Memory grows with the number of images: about 0.3 GiB each at 640 x 853 pixels while the batch runs.
        """
        prepared = [short_side_to(image, SHORT_SIDE) if resize else checked_image(image) for image in images]
        by_size: dict[tuple[int, ...], list[int]] = {}
        for position, image in enumerate(prepared):
            by_size.setdefault(image.shape[:2], []).append(position)
        features: dict[int, Features] = {}
        for positions in by_size.values():
            batch = self._encode_batch([prepared[i] for i in positions], [images[i].shape[:2] for i in positions])
            features.update(zip(positions, batch, strict=True))
        return [features[i] for i in range(len(images))]

    def _encode_batch(self, images: list[npt.NDArray[np.uint8]], sizes: list[tuple[int, int]]) -> list[Features]:
        height, width = images[0].shape[:2]
        padded = normalised(torch.from_numpy(np.stack(images)).to(self.device))
        maps = [stage.float() for stage in self.backbone(padded)]
        with torch.autocast(self.device.type, enabled=False):
            levels, mask_features = self.sem_seg_head.pixel_decoder(maps)
            one_by_one = [slice(i, i + 1) for i in range(len(images))]
            return [
                Features(
                    backbone=BackboneMaps(*(stage[one] for stage in maps)),
                    multi_scale=tuple(level[one] for level in levels),
                    mask_features=mask_features[one],
                    values=self.sem_seg_head.predictor.values([level[one] for level in levels]),
                    image_size=(height, width),
                    original_size=size,
                )
                for one, size in zip(one_by_one, sizes, strict=True)
            ]

    @torch.inference_mode()
    def predict(self, features: Features, points: Any, mode: Mode = "joint") -> tuple[Tensor, Tensor, Tensor]:
        """Return (mask logits, IoUs, boxes) of N prompts, six tokens each in raw order.

        `points` (N, 4): cx cy w h relative to the unpadded image, a click being (x, y, 0.005, 0.005). In mode
        "joint" all prompts of a call attend to each other (official generator), in "isolated" each stands alone
        (as trained). Logits (N, 6, h, w) are of stride 4 of the padded image, > 0 inside the mask; IoUs (N, 6) are
        predicted and may leave [0, 1]; boxes (N, 6, 4) are cx cy w h relative to the padded image.
        """
        decoded = self.decode(features, points, mode)
        logits = self.mask_logits(features, decoded.embeddings.flatten(0, 1))
        return logits.unflatten(0, decoded.ious.shape), decoded.ious, decoded.boxes

    @torch.inference_mode()
    def decode(self, features: Features, points: Any, mode: Mode = "joint") -> Decoded:
        """Return what `predict` does, with the factors of the masks in place of the masks."""
        if mode not in ("joint", "isolated"):
            raise ValueError(f"mode must be 'joint' or 'isolated', got {mode!r}")
        prompts = torch.as_tensor(points, dtype=torch.float32).to(self.device)
        if prompts.ndim != 2 or prompts.shape[1] != 4:
            raise ValueError(f"points must have shape (N, 4), cx cy w h, got {tuple(prompts.shape)}")
        (height, width), (padded_height, padded_width) = features.image_size, features.padded_size
        prompts = prompts * prompts.new_tensor([width / padded_width, height / padded_height] * 2)
        with torch.autocast(self.device.type, enabled=False):
            return self.sem_seg_head.predictor(prompts, features.values, isolated=mode == "isolated")

    @torch.inference_mode()
    def mask_logits(self, features: Features, embeddings: Tensor) -> Tensor:
        """Return (M, h, w) logits at stride 4 of the padded image for `embeddings` (M, 256) of `decode`."""
        with torch.autocast(self.device.type, enabled=False):
            return torch.einsum("mc,chw->mhw", embeddings, features.mask_features[0])


def convert_checkpoint(source: Path, target: Path) -> str:
    """Write the official file `source` as the safetensors file `target`; return the variant, "swint" or "swinl".

    Only what inference needs is written, each entry once. Raises CheckpointError as `SemanticSam.from_file` does.
    """
    if target.suffix != ".safetensors":
        raise CheckpointError(f"the converted file must be called *.safetensors, not {target.name}")
    model = SemanticSam.from_file(source)
    write_safetensors(model.state_dict(), target, model.variant)
    return model.variant


def upsample(logits: Tensor, features: Features) -> Tensor:
    """Bring `logits` (M, h, w) of stride 4 to the pixels of the resized, unpadded image: (M, H, W)."""
    height, width = features.image_size
    full = F.interpolate(logits[None], size=features.padded_size, mode="bilinear", align_corners=False)[0]
    return full[:, :height, :width]


def padded_size(size: tuple[int, int]) -> tuple[int, int]:
    """Round (h, w) up to multiples of 32."""
    return (size[0] + -size[0] % SIZE_DIVISOR, size[1] + -size[1] % SIZE_DIVISOR)


def normalised(images: Tensor) -> Tensor:
    """Turn (B, H, W, 3) uint8 into (B, 3, Hp, Wp) float32, padded on the right and bottom with zeros."""
    x = images.float()
    x = ((x - x.new_tensor(MEAN)) / x.new_tensor(STD)).permute(0, 3, 1, 2)
    height, width = padded_size((x.shape[2], x.shape[3]))
    return F.pad(x, (0, width - x.shape[3], 0, height - x.shape[2]))


def short_side_to(rgb: npt.NDArray[np.uint8], side: int) -> npt.NDArray[np.uint8]:
    """Resize `rgb` bicubically so that its short side has `side` pixels and its long side the floor of its share."""
    height, width = checked_image(rgb).shape[:2]
    short = min(height, width)
    if short == side:
        return rgb
    size = (side * width // short, side * height // short)
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BICUBIC))


def checked_image(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return `rgb`; raises ValueError unless it is (H, W, 3) uint8 with at least one pixel."""
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or rgb.size == 0:
        raise ValueError(f"an image must be (H, W, 3) uint8, got {rgb.shape} {rgb.dtype}")
    return rgb
