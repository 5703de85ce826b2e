"""The whole job with Semantic-SAM on generated weights: meaningless masks, honest plumbing."""

import shutil

import pytest

from benchmarks.generated_weights import write_generated_checkpoint
from core3d_search.indexer.config import resolve
from core3d_search.indexer.pipeline import index_scenes
from core3d_search.indexer.readers import find_scenes
from core3d_search.store import Store


@pytest.mark.slow
def test_three_real_frames_are_indexed_and_the_weights_recorded(shared, tmp_path):
    kitchen = tmp_path / "kitchen"
    kitchen.mkdir()
    for source in (shared / "data" / "redkitchen").glob("frame-0000[012]0.*"):
        shutil.copy(source, kitchen)
    weights = tmp_path / "swint_only_sam_many2many.pth"
    write_generated_checkpoint("swint", weights)
    config = resolve(
        overrides=[
            "masks.generator=semantic-sam",
            f"masks.options.weights={weights}",
            "masks.options.points_per_side=4",
            "masks.options.pred_iou_threshold=0",
            "masks.options.stability_threshold=0",
            "structure.enabled=false",
        ]
    )
    with Store.open(tmp_path / "core3d.db", create=True) as store:
        (outcome,) = index_scenes(find_scenes(kitchen), store, config)
        assert outcome.error is None
        assert (outcome.report.frames, outcome.report.skipped) == (3, ())
        assert outcome.report.masks > 0
        (run,) = store.runs("kitchen")
    assert run.mask_generator == "semantic-sam"
    assert len(run.mask_generator_checksum) == 64
