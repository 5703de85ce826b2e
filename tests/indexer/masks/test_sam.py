"""SAM, SAM-HQ and SAM 2 through transformers, with tiny random networks saved as their publishers do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core3d_search.errors import InputError, ModelError
from core3d_search.indexer.frames import Frame
from core3d_search.plugins import load
from core3d_search.weights import sha256_of

transformers = pytest.importorskip("transformers", reason="the extra 'sam' is not installed")
sam = pytest.importorskip("core3d_search.indexer.masks.sam")

UNFILTERED: dict[str, Any] = {"pred_iou_threshold": 0, "stability_threshold": 0, "box_nms_threshold": 1.0}
PROMPTS = {"hidden_size": 16, "image_size": 64, "patch_size": 8, "mask_input_channels": 8}
DECODER = {"hidden_size": 16, "mlp_dim": 32, "num_attention_heads": 2, "iou_head_hidden_dim": 16}
VIT = {
    "hidden_size": 32,
    "output_channels": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": 64,
    "patch_size": 8,
    "window_size": 4,
    "global_attn_indexes": [1],
    "mlp_dim": 64,
    "num_pos_feats": 8,
}
HIERA = {
    "model_type": "sam2_hiera_det_model",
    "hidden_size": 16,
    "image_size": [64, 64],
    "blocks_per_stage": [1, 1, 2, 1],
    "embed_dim_per_stage": [16, 32, 64, 128],
    "num_attention_heads_per_stage": [1, 2, 4, 8],
    "window_size_per_stage": [4, 2, 2, 2],
    "global_attention_blocks": [3],
    "window_positional_embedding_background_size": [4, 4],
}
PYRAMID = {
    "backbone_config": HIERA,
    "backbone_channel_list": [128, 64, 32, 16],
    "backbone_feature_sizes": [[16, 16], [8, 8], [4, 4]],
    "fpn_hidden_size": 16,
}


def tiny(name: str) -> Any:
    """Return the tiny network that stands in for the one published under `name`."""
    torch.manual_seed(7)
    vision: dict[str, Any] = PYRAMID if name == "sam2" else VIT
    prompts = PROMPTS | {"patch_size": 16} if name == "sam2" else PROMPTS
    decoder = DECODER | {"vit_dim": 32} if name == "sam-hq" else DECODER
    parts = {"vision_config": vision, "prompt_encoder_config": prompts, "mask_decoder_config": decoder}
    network, config = {
        "sam": (transformers.SamModel, transformers.SamConfig),
        "sam-hq": (transformers.SamHQModel, transformers.SamHQConfig),
        "sam2": (transformers.Sam2Model, transformers.Sam2Config),
    }[name]
    return network(config(**parts))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The tiny networks on disk, by registered name, with weights large enough for masks of both signs."""
    root = tmp_path_factory.mktemp("sam")
    for name in ("sam", "sam-hq", "sam2"):
        network = tiny(name)
        for parameter in network.parameters():
            torch.nn.init.normal_(parameter, std=0.2)
        network.save_pretrained(root / name)
    return {path.name: path for path in root.iterdir()}


@pytest.fixture
def frame() -> Frame:
    y, x, c = np.ogrid[:48, :60, :3]
    rgb = ((y * (5 + c) + x * 3 + ((y // 11 + x // 17) % 2) * 90) % 256).astype(np.uint8)
    return Frame(0, rgb, np.ones((48, 60), np.float32), np.eye(3), np.eye(4))


@pytest.mark.parametrize("name", ["sam", "sam-hq", "sam2"])
def test_every_click_gives_whole_part_and_sub_part(
    folders: dict[str, Path], frame: Frame, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    generator = load("core3d.masks", name)(weights=folders[name], points_per_side=3, points_per_batch=4, **UNFILTERED)
    found = generator.generate(frame)
    assert capfd.readouterr() == ("", "")  # transformers would draw progress bars
    assert generator.name == name
    assert generator.checksum == sha256_of(folders[name] / "model.safetensors")
    assert found.masks.shape[1:] == (48, 60)
    assert set(found.levels.tolist()) == {2, 4, 6}
    assert (found.levels == np.sort(found.levels)).all()
    assert len(found) <= 27
    assert found.scores.min() >= 0
    assert found.scores.max() <= 1
    again = generator.generate(frame)
    np.testing.assert_array_equal(again.masks, found.masks)
    only = load("core3d.masks", name)(weights=folders[name], points_per_side=3, levels=(4,), **UNFILTERED)
    part = only.generate(frame)
    assert set(part.levels.tolist()) == {4}
    assert len(part) == (found.levels == 4).sum()


@pytest.mark.parametrize("name", ["sam", "sam-hq", "sam2"])
def test_the_masks_are_those_of_the_networks_own_processor(folders: dict[str, Path], frame: Frame, name: str) -> None:
    pytest.importorskip("torchvision")
    generator = load("core3d.masks", name)(weights=folders[name], points_per_side=1, **UNFILTERED)
    if name == "sam2":
        processor = transformers.Sam2ImageProcessor(size={"height": 64, "width": 64})
    else:
        processor = transformers.SamImageProcessor(
            size={"longest_edge": 64}, pad_size={"height": 64, "width": 64}, mask_pad_size={"height": 16, "width": 16}
        )
    prepared = processor(frame.rgb, return_tensors="pt")
    ours = generator.normalised(frame.rgb)
    torch.testing.assert_close(ours, prepared["pixel_values"], rtol=0, atol=0.02)  # a grey value of rounding
    logits = torch.randn(4, 16, 16)
    sizes = [prepared["original_sizes"]]
    if name != "sam2":
        sizes.append(prepared["reshaped_input_sizes"])
    theirs = processor.post_process_masks([logits[None]], *sizes, binarize=False)[0]
    torch.testing.assert_close(generator.full_size(logits, (48, 60)), theirs[0], rtol=0, atol=1e-4)


def test_filters_drop_what_is_uncertain(folders: dict[str, Path], frame: Frame) -> None:
    everything = sam.SamMaskGenerator(weights=folders["sam"], points_per_side=2, **UNFILTERED).generate(frame)
    nothing = sam.SamMaskGenerator(weights=folders["sam"], points_per_side=2, pred_iou_threshold=1e9).generate(frame)
    assert len(everything) > 0
    assert len(nothing) == 0
    assert nothing.masks.shape == (0, 48, 60)
    options = UNFILTERED | {"box_nms_threshold": 0.3}
    assert len(sam.SamMaskGenerator(weights=folders["sam"], points_per_side=2, **options).generate(frame)) < len(
        everything
    )


def test_levels_are_ranks_of_area() -> None:
    logits = torch.full((2, 3, 4, 4), -1.0)
    for click, mask, rows in ((0, 0, 1), (0, 1, 3), (0, 2, 2), (1, 0, 2), (1, 1, 2), (1, 2, 4)):
        logits[click, mask, :rows] = 1.0
    np.testing.assert_array_equal(sam.levels_by_area(logits), [[6, 2, 4], [4, 6, 2]])


def test_another_networks_weights_are_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"weights are wrong|cannot be read as SamHQModel"):
        sam.SamHqMaskGenerator(weights=folders["sam"])
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((folders["sam"] / name).read_bytes())
    content = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelError, match="cannot be read as SamModel"):
        sam.SamMaskGenerator(weights=tmp_path)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"holds no \*\.safetensors"):
        sam.SamMaskGenerator(weights=tmp_path)
    with pytest.raises(InputError, match="levels"):
        sam.SamMaskGenerator(weights=folders["sam"], levels=(3,))
    with pytest.raises(InputError, match="no variant 'giant'"):
        sam.SamMaskGenerator(variant="giant")


def test_published_weights_are_found_in_the_weights_folder(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CORE3D_WEIGHTS", str(tmp_path))
    (tmp_path / "facebook").mkdir()
    (tmp_path / "facebook" / "sam2.1-hiera-tiny").symlink_to(folders["sam2"])
    generator = sam.Sam2MaskGenerator(variant="tiny")
    assert generator.weights == tmp_path / "facebook" / "sam2.1-hiera-tiny"
    assert json.loads((generator.weights / "config.json").read_text())["architectures"] == ["Sam2Model"]
