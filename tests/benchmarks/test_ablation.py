"""The ablation's rows are settings that exist, what it keeps comes back as it was, and its figures are the method's."""

import sys
from pathlib import Path

import numpy as np
import pytest
from evaluation_samples import write_table_scene

from core3d_search.encoders import load_encoder
from core3d_search.evaluation.run import predict
from core3d_search.indexer import merging
from core3d_search.indexer.config import resolve
from core3d_search.indexer.pipeline import index_scenes
from core3d_search.indexer.readers import find_scenes
from core3d_search.store import Store

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

import ablation
from ablation_rows import ROWS, SEARCH, Row


@pytest.mark.parametrize("rows", [ROWS, SEARCH], ids=["ablation", "search"])
def test_every_row_is_one_change_that_the_config_knows(rows):
    assert len({row.name for row in rows}) == len(rows)
    assert rows[0] == Row(rows[0].name)
    plain = [(resolve(overrides=row.settings).to_dict(), row.to_dict() | {"settings": ()}) for row in rows]
    for changed in plain[1:]:
        assert changed != plain[0]


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    work = tmp_path_factory.mktemp("work")
    write_table_scene(work / "room-7")
    return ablation.Room.prepare(7, work, work, 5, load_encoder("built-in"))


def test_masks_come_back_from_the_file_as_they_were(room):
    config = resolve()
    first = room.candidates(config, None)
    (kept,) = room.kept.parent.glob("masks-7-*.npz")
    made = kept.stat().st_mtime_ns
    again = room.candidates(config, None)
    assert kept.stat().st_mtime_ns == made
    generator = ablation.make_generator(config.masks).for_scene(room.structure)
    for frame, one, other in zip(room.frames, first, again, strict=True):
        fresh = generator.generate(frame)
        for name in ("masks", "boxes", "scores", "levels"):
            assert (getattr(one, name) == getattr(fresh, name)).all()
            assert (getattr(other, name) == getattr(fresh, name)).all()


def test_crops_that_are_kept_add_up_to_what_the_pipeline_embeds(room):
    config = resolve("built-in", [f"crops.{kind}_weight=0.2" for kind in ("large", "surroundings")])
    observations, _ = room.observations(ROWS[0], config)
    of_frame = [seen for seen in observations if seen.frame == 0]
    whole = ablation.embed_observations(room.frames[0], of_frame, room.encoder, config.crops)
    np.testing.assert_allclose(room.embeddings(of_frame, config.crops), whole, atol=1e-5)


def test_the_base_is_what_indexing_makes(room, tmp_path):
    with Store.open(tmp_path / "db", create=True) as store:
        (outcome,) = index_scenes(find_scenes(room.reader.source), store, resolve())
        assert outcome.error is None
        stored = predict(store, "room-7", room.truth.class_names, room.encoder)
    figures = ablation.figures(room, ROWS[0], resolve())
    assert figures["objects"] * 3 == pytest.approx(len(stored.points))
    assert figures["mIoU"] == pytest.approx(_miou(room, stored), abs=5e-3)


def _miou(room, found):
    return ablation.semantic_scores(ablation.measure(room.truth, found, ablation.KNOWN).confusion).mean_iou


def test_another_test_of_merging_is_in_place_only_while_it_is_asked_for():
    before, config = merging.agree, resolve().fusion
    with ablation._merging("one-sided"):
        assert merging.agree(50, 50, 1000, config)
    with ablation._merging("iou"):
        assert not merging.agree(50, 50, 1000, config)
    assert merging.agree is before
    assert not merging.agree(50, 50, 1000, config)


def test_the_table_tells_the_change_against_the_base_in_the_same_rooms():
    rows = [Row("base"), Row("worse")]
    results = [
        {"base": dict.fromkeys(ablation.FIGURES, level), "worse": dict.fromkeys(ablation.FIGURES, level - 0.1)}
        for level in (0.5, 0.7, 0.9)
    ]
    lines = list(ablation.table(rows, results))
    assert "0.700 (0.500 to 0.900)" in lines[2]
    assert "0.600 **(-0.100 to -0.100)**" in lines[3]
