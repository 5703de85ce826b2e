"""Segment Anything, SAM-HQ and SAM 2 as mask generators: the networks of transformers, our own grid and filters.

A click gives three masks; ranked by area they are the whole, a part and a sub-part. Sources: Kirillov et al., "Segment
Anything", ICCV 2023; Ke et al., "Segment Anything in High Quality", NeurIPS 2023; Ravi et al., "SAM 2", 2024.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
import transformers
from PIL import Image
from torch import Tensor

from core3d_search.errors import InputError, ModelError
from core3d_search.indexer.detections import Detections
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.planes import Structure
from core3d_search.weights import Progress, PublishedWeights, find_weights, sha256_of

from .click_grid.adapter import detections, on_device
from .click_grid.candidates import STABILITY_OFFSET, Candidates, allocate_packed, certain
from .click_grid.filters import grid_points
from .click_grid.imagenet import MEAN, STD

WHOLE, PART, SUB_PART = LEVELS = (2, 4, 6)  # on the scale of Semantic-SAM, 1 coarse to 6 fine
MASKS_AT_ONCE = 8  # at full resolution: 32 MiB at 1024 x 1024
HUB = "https://huggingface.co/{repository}/resolve/main/{file}"
FILES = ("config.json", "model.safetensors")


class SamMaskGenerator:
    """Masks of Segment Anything from clicks on a regular grid.

    `variant` is one of `VARIANTS`; `weights` is a folder with a model in the format of transformers (config.json,
    model.safetensors), otherwise it is found or downloaded as `core3d_search.weights.find_weights` says. `levels` picks
    from 2 (whole), 4 (part), 6 (sub-part); duplicates are removed within each. Thresholds are those of the official
    generators, 0 switching one off. Raises ModelError where the weights are absent, damaged or another network's.
    """

    name: ClassVar[str] = "sam"
    leaves_structure_out: ClassVar[bool] = False
    VARIANTS: ClassVar[dict[str, str]] = {size: f"facebook/sam-vit-{size}" for size in ("base", "large", "huge")}
    NETWORK: ClassVar[str] = "SamModel"

    def __init__(
        self,
        *,
        variant: str | None = None,
        weights: Path | str | None = None,
        levels: Sequence[int] = LEVELS,
        device: str | None = None,
        points_per_side: int = 32,
        points_per_batch: int = 64,
        pred_iou_threshold: float = 0.88,
        stability_threshold: float = 0.95,
        box_nms_threshold: float = 0.7,
        min_mask_region_area: int = 0,
        progress: Progress | None = None,
    ) -> None:
        if not levels or not set(levels) <= set(LEVELS):
            raise InputError(f"{self.name} has the levels {LEVELS} (whole, part, sub-part), not {tuple(levels)}")
        self.levels = tuple(levels)
        self.points_per_side, self.points_per_batch = points_per_side, points_per_batch
        self.pred_iou_threshold, self.stability_threshold = pred_iou_threshold, stability_threshold
        self.box_nms_threshold, self.min_mask_region_area = box_nms_threshold, min_mask_region_area
        self.weights = self._published(variant, progress) if weights is None else Path(weights).expanduser()
        self.checksum = checksum(self.weights)
        self.network = on_device(load_network(self.NETWORK, self.weights), device)
        side = self.network.config.prompt_encoder_config.image_size  # pixels of the square the network sees
        self.side: int = side if isinstance(side, int) else side[0]

    def for_scene(self, structure: Structure) -> SamMaskGenerator:
        """Return itself: it looks at the image alone."""
        return self

    def generate(self, frame: Frame) -> Detections:
        """Return the masks of `frame`: levels in the order given, the best predicted IoU first within each."""
        with torch.inference_mode():
            found = Candidates.concatenate(list(self._candidates(frame.rgb)))
        width = frame.rgb.shape[1]
        groups = [found[found.levels == level] for level in self.levels]
        kept = [group.distinct(width, self.box_nms_threshold, self.min_mask_region_area) for group in groups]
        return detections([record for group in kept for record in group.records(width)], frame.rgb.shape[:2])

    def _candidates(self, rgb: npt.NDArray[np.uint8]) -> Iterator[Candidates]:
        """Yield the masks that pass the certainty filters, click by click."""
        size = (rgb.shape[0], rgb.shape[1])
        yield Candidates.empty()
        features = self.encode(rgb)
        height, width = self.seen_size(size)
        grid = grid_points(self.points_per_side)
        for start in range(0, len(grid), self.points_per_batch):
            clicks = grid[start : start + self.points_per_batch]
            pixels = torch.from_numpy(clicks * [width, height]).float()[None, :, None].to(self.network.device)
            labels = torch.ones(pixels.shape[:3], dtype=torch.long, device=pixels.device)
            output = self.network(**features, input_points=pixels, input_labels=labels, multimask_output=True)
            logits, ious = output.pred_masks[0].float(), output.iou_scores[0].float()
            levels = levels_by_area(logits).flatten()
            kept = certain(ious.flatten().cpu().numpy(), self.pred_iou_threshold)
            kept = kept[np.isin(levels[kept], self.levels)]
            points = np.pad(clicks, ((0, 0), (0, 2))).repeat(len(LEVELS), axis=0)
            for first in range(0, len(kept), MASKS_AT_ONCE):
                chosen = kept[first : first + MASKS_AT_ONCE]
                storage = allocate_packed(len(chosen), size)
                full = self.full_size(logits.flatten(0, 1)[torch.from_numpy(chosen).to(logits.device)], size)
                chosen_ious = ious.flatten().cpu().numpy()[chosen]
                found = Candidates.stable(
                    full,
                    chosen_ious,
                    points[chosen],
                    levels[chosen],
                    self.stability_threshold,
                    STABILITY_OFFSET,
                    storage,
                )
                del full  # before the next storage is allocated
                yield found

    def encode(self, rgb: npt.NDArray[np.uint8]) -> dict[str, Any]:
        """Return the arguments of the network that hold what all clicks on `rgb` (H, W, 3) share."""
        return {"image_embeddings": self.network.get_image_embeddings(self.normalised(rgb))}

    def normalised(self, rgb: npt.NDArray[np.uint8]) -> Tensor:
        """Return (1, 3, side, side) float32: `rgb` resized, and padded with zeros on the right and bottom."""
        height, width = self.seen_size(rgb.shape[:2])
        resized = np.array(Image.fromarray(rgb).resize((width, height), Image.Resampling.BILINEAR))
        x = torch.from_numpy(resized).to(self.network.device).float()
        x = ((x - x.new_tensor(MEAN)) / x.new_tensor(STD)).permute(2, 0, 1)[None]
        return F.pad(x, (0, self.side - width, 0, self.side - height))

    def seen_size(self, size: tuple[int, ...]) -> tuple[int, int]:
        """Return the (h, w) in which the network sees an image of `size` (h, w): the long side fills the square."""
        scale = self.side / max(size)
        return int(size[0] * scale + 0.5), int(size[1] * scale + 0.5)

    def full_size(self, logits: Tensor, size: tuple[int, int]) -> Tensor:
        """Bring `logits` (M, s, s) of the padded square to (M, *size)."""
        height, width = self.seen_size(size)
        square = F.interpolate(logits[None], (self.side, self.side), mode="bilinear", align_corners=False)
        seen = square[:, :, :height, :width]
        return F.interpolate(seen, size, mode="bilinear", align_corners=False)[0]

    def _published(self, variant: str | None, progress: Progress | None) -> Path:
        """Return the folder with the files of `variant`, downloaded where they are not at hand."""
        variant = next(iter(self.VARIANTS)) if variant is None else variant
        if variant not in self.VARIANTS:
            raise InputError(f"{self.name} has no variant {variant!r}; there are: {', '.join(self.VARIANTS)}")
        repository = self.VARIANTS[variant]
        paths = [
            find_weights(
                PublishedWeights(f"{repository}/{file}", HUB.format(repository=repository, file=file)), None, progress
            )
            for file in FILES
        ]
        return paths[0].parent


class SamHqMaskGenerator(SamMaskGenerator):
    """Masks of SAM-HQ: as Segment Anything, with finer borders."""

    name = "sam-hq"
    VARIANTS: ClassVar[dict[str, str]] = {
        size: f"syscv-community/sam-hq-vit-{size}" for size in ("base", "large", "huge")
    }
    NETWORK = "SamHQModel"

    def encode(self, rgb: npt.NDArray[np.uint8]) -> dict[str, Any]:
        embeddings, intermediate = self.network.get_image_embeddings(self.normalised(rgb))
        return {"image_embeddings": embeddings, "intermediate_embeddings": intermediate}


class Sam2MaskGenerator(SamMaskGenerator):
    """Masks of SAM 2 on single images; it sees the image stretched to a square."""

    name = "sam2"
    VARIANTS: ClassVar[dict[str, str]] = {
        size: f"facebook/sam2.1-hiera-{size}" for size in ("small", "tiny", "base-plus", "large")
    }
    NETWORK = "Sam2Model"

    def seen_size(self, size: tuple[int, ...]) -> tuple[int, int]:
        return self.side, self.side

    def full_size(self, logits: Tensor, size: tuple[int, int]) -> Tensor:
        return F.interpolate(logits[None], size, mode="bilinear", align_corners=False)[0]


def levels_by_area(logits: Tensor) -> npt.NDArray[np.int64]:
    """Return (N, 3) levels for `logits` (N, 3, s, s): a click's largest mask is the whole, its smallest a sub-part."""
    areas = (logits > 0).sum(dim=(2, 3)).cpu().numpy()
    rank = np.argsort(np.argsort(-areas, axis=1, kind="stable"), axis=1)
    return np.array(LEVELS)[rank]


def load_network(name: str, folder: Path) -> Any:
    """Return the network `name` of transformers from `folder`; every weight must be there, and nothing is unpickled."""
    config = folder / "config.json"
    if not config.is_file():
        raise ModelError(f"{folder} holds no config.json: it must be a folder in the format of transformers")
    try:
        with quiet():
            network, report = getattr(transformers, name).from_pretrained(
                folder, use_safetensors=True, local_files_only=True, output_loading_info=True
            )
    except Exception as error:  # transformers fails in many ways on a file that is damaged or of another network
        raise ModelError(f"{folder} cannot be read as {name} ({error}); fetch its files again") from error
    wrong = sorted(str(key) for kind in ("missing_keys", "mismatched_keys") for key in report[kind])
    if wrong:
        architecture = json.loads(config.read_text()).get("architectures", "another network")
        raise ModelError(f"{folder} holds {architecture}, not {name}: {len(wrong)} weights are wrong, first {wrong[0]}")
    return network.eval().requires_grad_(False)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers from drawing progress bars and from warning of what `load_network` raises."""
    from transformers.utils import logging

    bars, verbosity = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def checksum(folder: Path) -> str:
    """Return one SHA-256 over the names and SHA-256s of the weights files in `folder`, of a single file its own."""
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise ModelError(f"{folder} holds no *.safetensors: it must be a folder in the format of transformers")
    if len(files) == 1:
        return sha256_of(files[0])
    return hashlib.sha256("".join(f"{file.name} {sha256_of(file)}\n" for file in files).encode()).hexdigest()
