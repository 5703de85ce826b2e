"""The network without reference files: against other implementations, hand-written oracles and its own promises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.generated_weights import draw, generated_state
from core3d_search.indexer.masks.semantic_sam import Features, SemanticSam
from core3d_search.indexer.masks.semantic_sam.checkpoint import CheckpointError
from core3d_search.indexer.masks.semantic_sam.deformable import MultiScaleDeformableAttention
from core3d_search.indexer.masks.semantic_sam.model import normalised, short_side_to
from core3d_search.indexer.masks.semantic_sam.positions import sine_box, sine_map
from core3d_search.indexer.masks.semantic_sam.swin import Swin, SwinVariant

RECORDED = Path(__file__).with_name("regression.npz")
CLICKS = np.array([[0.3, 0.4, 0.005, 0.005], [0.0, 1.0, 0.005, 0.005], [0.7, 0.6, 0.5, 0.4]])


def picture(height: int, width: int) -> np.ndarray:
    """Gradients and blocks in integer arithmetic: the same everywhere."""
    y, x, c = np.ogrid[:height, :width, :3]
    return ((y * (5 + c) + x * (3 + 2 * c) + ((y // 11 + x // 17) % 2) * 90) % 256).astype(np.uint8)


def fill(module: torch.nn.Module) -> torch.nn.Module:
    """Give every parameter the generated value of its name."""
    state = {key: torch.from_numpy(draw(key, tuple(value.shape))) for key, value in module.state_dict().items()}
    module.load_state_dict(state)
    return module.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def features(generated_model: SemanticSam) -> Features:
    return generated_model.encode(picture(70, 90), resize=False)


def observed(model: SemanticSam) -> dict[str, np.ndarray]:
    """What the regression file records."""
    features = model.encode(picture(70, 90), resize=False)
    found = {"res5": features.backbone.res5, "ms0": features.multi_scale[0][:, ::32], "ms3": features.multi_scale[3]}
    found["mask_features"] = features.mask_features[:, ::32]
    for mode in ("joint", "isolated"):
        logits, ious, boxes = model.predict(features, CLICKS, mode)
        found |= {f"{mode}_logits": logits[:, :, ::2, ::2], f"{mode}_ious": ious, f"{mode}_boxes": boxes}
    arrays = {name: value.numpy() for name, value in found.items()}
    arrays["token"] = model.sem_seg_head.predictor.mask_tokens.weight[0, :8].numpy()
    return arrays


def test_results_are_those_recorded_at_parity(generated_model: SemanticSam) -> None:
    """Written by `python tests/indexer/masks/semantic_sam/test_semantic_sam_network.py`, at parity with the vectors."""
    recorded = np.load(RECORDED, allow_pickle=False)
    found = observed(generated_model)
    assert set(found) == set(recorded.files)
    np.testing.assert_array_equal(found["token"], recorded["token"], "NumPy's random stream changed: record again")
    for name in recorded.files:
        tolerance = 1e-3 if name.endswith("logits") else 5e-5
        np.testing.assert_allclose(found[name], recorded[name], rtol=0, atol=tolerance, err_msg=name)


@pytest.mark.parametrize(("window", "size"), [(7, (96, 128)), (7, (224, 32)), (12, (64, 160))])
def test_swin_equals_the_implementation_of_transformers(window: int, size: tuple[int, int]) -> None:
    transformers = pytest.importorskip("transformers")
    depths, heads = (2, 2, 4, 2), (1, 2, 4, 8)
    ours: Any = fill(Swin(SwinVariant(32, depths, heads, window)))
    config = transformers.SwinConfig(
        embed_dim=32,
        depths=depths,
        num_heads=heads,
        window_size=window,
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )
    theirs = transformers.SwinBackbone(config).eval()
    state = {their_swin_key(key): value for key, value in ours.state_dict().items() if ".qkv." not in key}
    for key, value in ours.state_dict().items():
        if ".qkv." in key:
            for part, third in zip("qkv", value.chunk(3), strict=True):
                state[their_swin_key(key).replace("attn.qkv", f"attention.{part}_proj")] = third
    missing, unexpected = theirs.load_state_dict(state, strict=False)
    assert not unexpected
    assert set(missing) == {"swin.layernorm.weight", "swin.layernorm.bias"}  # of the classifier, not of the maps
    image = torch.from_numpy(draw("image", (2, 3, *size)))
    with torch.no_grad():
        for found, expected in zip(ours(image), theirs(image).feature_maps, strict=True):
            torch.testing.assert_close(found, expected, rtol=0, atol=2e-5)


def their_swin_key(key: str) -> str:
    """Translate the official name of a backbone weight to that of transformers 5 (docs/semantic-sam.md, section 10)."""
    for ours, theirs in (
        ("patch_embed.proj", "swin.embeddings.patch_embeddings.projection"),
        ("patch_embed.norm", "swin.embeddings.norm"),
        ("layers.", "swin.encoder.layers."),
        (".norm1.", ".layernorm_before."),
        (".norm2.", ".layernorm_after."),
        (".attn.proj.", ".attention.o_proj."),
        (".attn.relative_position", ".attention.relative_position_bias.relative_position"),
    ):
        key = key.replace(ours, theirs)
    for i in range(4):
        key = key.replace(f"norm{i}.", f"hidden_states_norms.stage{i + 1}.") if key.startswith("norm") else key
    return key


def test_deformable_attention_equals_its_definition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core3d_search.indexer.masks.semantic_sam.deformable.QUERIES_AT_ONCE", 2)
    attention: Any = fill(MultiScaleDeformableAttention(channels=8, heads=2, levels=2, points=3))
    sizes = [(5, 4), (3, 6)]
    query = torch.from_numpy(draw("query", (1, 5, 8)))
    tokens = torch.from_numpy(draw("tokens", (1, 38, 8)))
    reference = torch.tensor([[0.1, 0.2, 0.5, 0.5], [0.9, 0.9, 1, 1], [0, 0.5, 0.1, 2], [0.5, 0, 0, 0], [1, 1, 0.3, 1]])
    found = attention(query, reference[None, :, None], attention.values(tokens, sizes))[0]

    values = attention.value_proj(tokens)[0].view(38, 2, 4).split([h * w for h, w in sizes])
    offsets = attention.sampling_offsets(query)[0].view(5, 2, 2, 3, 2)
    weights = attention.attention_weights(query)[0].view(5, 2, 6).softmax(-1).view(5, 2, 2, 3)
    total = torch.zeros(5, 2, 4)
    for q, head, level, point in np.ndindex(5, 2, 2, 3):
        h, w = sizes[level]
        place = reference[q, :2] + offsets[q, head, level, point] / 3 * reference[q, 2:] * 0.5
        column, row = (place * torch.tensor([w, h]) - 0.5).tolist()
        left, top = int(np.floor(column)), int(np.floor(row))
        for y, x in ((top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)):
            if 0 <= y < h and 0 <= x < w:
                share = (1 - abs(column - x)) * (1 - abs(row - y)) * weights[q, head, level, point]
                total[q, head] += share * values[level].view(h, w, 2, 4)[y, x, head]
    torch.testing.assert_close(found, attention.output_proj(total.flatten(1)), rtol=0, atol=1e-6)


def test_sine_codes_interleave_sine_and_cosine_of_each_coordinate() -> None:
    code = sine_map(3, 5, torch.device("cpu"))[1, 4]
    for half, angle in ((code[:128], 2 / 3 * 2 * np.pi), (code[128:], 2 * np.pi)):
        expected = [(np.sin, np.cos)[i % 2](angle / 10000 ** (2 * (i // 2) / 128)) for i in range(128)]
        np.testing.assert_allclose(half.numpy(), expected, atol=1e-5)
    box = sine_box(torch.tensor([0.1, 0.2, 0.3, 0.4]))
    first_sines = [float(box[128 * i]) for i in range(4)]
    np.testing.assert_allclose(first_sines, np.sin(2 * np.pi * np.array([0.2, 0.1, 0.3, 0.4])), atol=1e-6)


def test_shapes_and_sizes_of_an_uneven_image(generated_model: SemanticSam, features: Features) -> None:
    assert (features.image_size, features.padded_size) == ((70, 90), (96, 96))
    assert [tuple(stage.shape) for stage in features.backbone] == [
        (1, 96, 24, 24),
        (1, 192, 12, 12),
        (1, 384, 6, 6),
        (1, 768, 3, 3),
    ]
    assert features.backbone["res3"] is features.backbone[1] is features.backbone.res3
    assert dict(features.backbone.items()).keys() == {"res2", "res3", "res4", "res5"}
    assert [tuple(level.shape[2:]) for level in features.multi_scale] == [(12, 12), (6, 6), (3, 3), (2, 2)]
    logits, ious, boxes = generated_model.predict(features, CLICKS)
    assert (logits.shape, ious.shape, boxes.shape) == ((3, 6, 24, 24), (3, 6), (3, 6, 4))
    logits, ious, boxes = generated_model.predict(features, CLICKS[:0])
    assert (logits.shape, ious.shape, boxes.shape) == ((0, 6, 24, 24), (0, 6), (0, 6, 4))


def test_prompts_beyond_the_border_count_as_on_it(generated_model: SemanticSam, features: Features) -> None:
    inside = [[0.0, 0.5, 0.005, 0.005], [0.5, 0.0, 0.005, 0.005], [96 / 90, 96 / 70, 0.005, 0.005]]
    beyond = [[-3.0, 0.5, 0.005, 0.005], [0.5, -0.1, 0.005, 0.005], [7.0, 7.0, 0.005, 0.005]]
    for expected, found in zip(
        generated_model.predict(features, inside), generated_model.predict(features, beyond), strict=True
    ):
        assert found.isfinite().all()
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-3)


def test_only_joint_prompts_see_each_other(generated_model: SemanticSam, features: Features) -> None:
    together = generated_model.predict(features, CLICKS, mode="isolated")[1]
    alone = generated_model.predict(features, CLICKS[:1], mode="isolated")[1]
    torch.testing.assert_close(together[:1], alone, rtol=0, atol=5e-5)
    torch.testing.assert_close(generated_model.predict(features, CLICKS[:1])[1], alone, rtol=0, atol=5e-5)
    assert (generated_model.predict(features, CLICKS)[1] - together).abs().max() > 1e-2


def test_images_of_several_sizes_in_one_call_equal_one_by_one(generated_model: SemanticSam) -> None:
    images = [picture(40, 64), picture(64, 40), picture(40, 64)[::-1]]
    many = generated_model.encode_many(images, resize=False)
    assert generated_model.encode_many([]) == []
    for image, found in zip(images, many, strict=True):
        alone = generated_model.encode(image, resize=False)
        assert found.original_size == image.shape[:2]
        torch.testing.assert_close(found.mask_features, alone.mask_features, rtol=0, atol=5e-5)
        torch.testing.assert_close(found.values, alone.values, rtol=0, atol=5e-5)


def test_autocast_leaves_the_decoders_in_float32(generated_model: SemanticSam, features: Features) -> None:
    expected = generated_model.predict(features, CLICKS)
    with torch.autocast("cpu", torch.bfloat16):
        found = generated_model.predict(features, CLICKS)
        coarse = generated_model.encode(picture(70, 90), resize=False)
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))
    rounding = (coarse.backbone.res2 - features.backbone.res2).abs().max()
    assert 1e-4 < rounding < 0.2  # the backbone did compute in bfloat16
    assert {t.dtype for t in (*coarse.backbone, *coarse.multi_scale, coarse.mask_features)} == {torch.float32}


def test_the_short_side_becomes_640_pixels_and_padding_is_zero() -> None:
    assert short_side_to(picture(48, 65), 640).shape == (640, 866, 3)  # 640 * 65 / 48 = 866.67
    assert short_side_to(picture(65, 48), 640).shape == (866, 640, 3)
    image = picture(640, 700)
    assert short_side_to(image, 640) is image
    x = normalised(torch.from_numpy(picture(33, 32))[None])
    assert x.shape == (1, 3, 64, 32)
    assert not x[:, :, 33:].any()
    red = (picture(33, 32)[5, 7, 0] - 123.675) / 58.395
    assert float(x[0, 0, 5, 7]) == pytest.approx(red, abs=1e-5)


def test_what_is_no_image_or_no_prompt_is_refused(generated_model: SemanticSam, features: Features) -> None:
    with pytest.raises(ValueError, match=r"\(H, W, 3\) uint8, got \(5, 5\) uint8"):
        generated_model.encode(picture(5, 5)[..., 0])
    with pytest.raises(ValueError, match="float64"):
        generated_model.encode(picture(5, 5) / 255)
    with pytest.raises(ValueError, match=r"shape \(N, 4\), cx cy w h, got \(3, 2\)"):
        generated_model.predict(features, CLICKS[:, :2])
    with pytest.raises(ValueError, match="mode must be"):
        generated_model.predict(features, CLICKS, mode="both")  # type: ignore[arg-type]


@pytest.mark.slow
def test_swin_l_runs_and_refuses_the_weights_of_swin_t() -> None:
    model = SemanticSam.from_state_dict("swinl", generated_state("swinl"))
    logits, ious, boxes = model.predict(model.encode(picture(90, 121), resize=False), CLICKS)
    assert (logits.shape, ious.shape) == ((3, 6, 24, 32), (3, 6))
    assert all(value.isfinite().all() for value in (logits, ious, boxes))
    with pytest.raises(CheckpointError, match="missing: backbone.layers.2.blocks.10"):
        SemanticSam.from_state_dict("swinl", generated_state("swint"))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_equals_cpu(generated_model: SemanticSam) -> None:
    model = SemanticSam.from_state_dict("swint", generated_model.state_dict()).to("cuda")
    previous = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    try:
        found = model.predict(model.encode(picture(70, 90), resize=False), CLICKS)
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = previous
    expected = generated_model.predict(generated_model.encode(picture(70, 90), resize=False), CLICKS)
    for ours, theirs, tolerance in zip(found, expected, (5e-3, 5e-4, 1e-4), strict=True):
        torch.testing.assert_close(ours.cpu(), theirs, rtol=0, atol=tolerance)


if __name__ == "__main__":
    np.savez_compressed(RECORDED, **observed(SemanticSam.from_state_dict("swint", generated_state("swint"))))
