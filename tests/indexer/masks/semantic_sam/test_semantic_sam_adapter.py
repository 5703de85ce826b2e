"""Semantic-SAM as a mask generator of core3d: by name, with weights from a file, on a real frame."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core3d_search.errors import InputError, ModelError
from core3d_search.indexer.frames import Frame
from core3d_search.indexer.masks.semantic_sam.adapter import SemanticSamMaskGenerator, convert_checkpoint
from core3d_search.plugins import load
from core3d_search.weights import sha256_of

REDKITCHEN = Path(__file__).resolve().parents[5] / "shared" / "data" / "redkitchen"


@pytest.fixture
def real_frame() -> Frame:
    """A frame of the 7-Scenes red kitchen at a quarter of its size, which the network then enlarges."""
    path = REDKITCHEN / "frame-000150.color.jpg"
    if not path.is_file():
        pytest.skip(f"the real frame {path} is not here")
    rgb = np.array(Image.open(path).convert("RGB").resize((160, 120)))
    return Frame(150, rgb, np.ones(rgb.shape[:2], np.float32), np.eye(3), np.eye(4))


def test_a_real_frame_gives_detections_in_its_own_pixels(
    official_file: Path, real_frame: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core3d_search.indexer.masks.semantic_sam.model.SHORT_SIDE", 160)  # 640 takes too long here
    generator: SemanticSamMaskGenerator = load("core3d.masks", "semantic-sam")(
        weights=official_file, levels=(2, 4, 6), device="cpu", points_per_side=4, pred_iou_threshold=0.5
    )
    assert generator.name == "semantic-sam"
    assert generator.checksum == sha256_of(official_file)
    found = generator.generate(real_frame)
    assert len(found) > 0
    assert found.masks.shape[1:] == (120, 160)
    assert found.masks.any(axis=(1, 2)).all()
    assert set(found.levels.tolist()) <= {2, 4, 6}
    assert (np.diff(found.levels) >= 0).all()
    assert found.scores.min() > 0.5
    assert found.scores.max() <= 1
    again = generator.generate(real_frame)
    np.testing.assert_array_equal(again.masks, found.masks)
    generator.precision = "bfloat16"
    rough = generator.generate(real_frame)
    assert len(rough) > 0
    assert not np.array_equal(rough.scores, found.scores)


def test_weights_come_from_the_weights_folder(
    official_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CORE3D_WEIGHTS", str(official_file.parent))
    assert SemanticSamMaskGenerator(points_per_side=2).weights == official_file
    monkeypatch.setenv("CORE3D_WEIGHTS", str(tmp_path))
    target = tmp_path / "swint_only_sam_many2many.safetensors"
    assert convert_checkpoint(official_file, target) == "swint"
    assert SemanticSamMaskGenerator(points_per_side=2).weights == target


def test_what_is_wrong_with_the_weights_is_said(official_file: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no weights at .*releases/download/checkpoint/swint_only_sam_many2many\.pth"):
        SemanticSamMaskGenerator(weights=tmp_path / "absent.pth")
    with pytest.raises(ModelError, match="holds the weights of swint, not of swinl"):
        SemanticSamMaskGenerator(weights=official_file, variant="swinl")
    with pytest.raises(InputError, match="the device 'warp' cannot be used"):
        SemanticSamMaskGenerator(weights=official_file, device="warp")
    with pytest.raises(InputError, match="levels must be"):
        SemanticSamMaskGenerator(weights=official_file, levels=(7,))
    with pytest.raises(InputError, match="no variant 'swinb'"):
        SemanticSamMaskGenerator(weights=official_file, variant="swinb")  # type: ignore[arg-type]
    damaged = tmp_path / "damaged.pth"
    damaged.write_bytes(official_file.read_bytes()[:1000])
    with pytest.raises(ModelError, match=r"damaged\.pth cannot be read as weights"):
        SemanticSamMaskGenerator(weights=damaged)
    with pytest.raises(ModelError, match="must be called"):
        convert_checkpoint(official_file, tmp_path / "converted.pth")


def test_importing_the_package_does_not_load_torch() -> None:
    code = "import sys, core3d_search.indexer.masks.semantic_sam; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_the_network_imports_nothing_from_the_rest_of_core3d() -> None:
    own = Path(sys.modules[SemanticSamMaskGenerator.__module__].__file__ or "").parent
    assert {path.name for path in (own.parent / "click_grid").glob("*.py")} >= {"filters.py", "candidates.py"}
    for folder in (own, own.parent / "click_grid"):
        for path in folder.glob("*.py"):
            if path.name != "adapter.py":
                lines = [line for line in path.read_text().splitlines() if "import" in line and "core3d" in line]
                assert lines == [], path


def test_segment_anything_does_without_the_insides_of_semantic_sam() -> None:
    masks = Path(sys.modules[SemanticSamMaskGenerator.__module__].__file__ or "").parents[1]
    assert "semantic_sam." not in (masks / "sam.py").read_text()
    for path in (masks / "click_grid").glob("*.py"):
        assert "semantic_sam" not in path.read_text(), path


def test_every_section_that_the_code_cites_is_there() -> None:
    root = Path(__file__).resolve().parents[4]
    headings = set(re.findall(r"^##+ ([0-9.]+)\. ", (root / "docs" / "semantic-sam.md").read_text(), re.MULTILINE))
    cited = set()
    for folder in ("core3d_search/indexer/masks", "tests/indexer/masks/semantic_sam", "benchmarks"):
        for path in (root / folder).rglob("*.py"):
            for sections in re.findall(
                r"semantic-sam\.md, sections? ([0-9.]+(?: (?:to|and) [0-9.]+)?)", path.read_text()
            ):
                cited |= {number.rstrip(".") for number in re.findall(r"[0-9.]+", sections)}
    assert {"1", "4.1", "8", "11"} <= cited <= headings
