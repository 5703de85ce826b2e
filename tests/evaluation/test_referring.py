"""Texts of Sr3D+, Nr3D and ScanRefer in all their files, judged over our own map and over the true boxes."""

import csv
import json

import numpy as np
import pytest
from evaluation_samples import write_scannet
from fakes import ATTIC, NounEncoder, write_objects

from core3d_search import Searcher, plugins
from core3d_search.datatypes import Box3D
from core3d_search.errors import InputError
from core3d_search.evaluation.datasets.scannet import read_objects
from core3d_search.evaluation.referring import (
    Judged,
    Utterance,
    accuracies,
    ask_own_map,
    ask_true_objects,
    queries_file,
    read_labelled,
    read_utterances,
    shifted,
    unaligned_box,
)
from core3d_search.evaluation.report import provenance
from core3d_search.evaluation.run import evaluate_referring
from core3d_search.search.grounding import LabelledObject
from core3d_search.store import Store
from core3d_search.synthetic import generate_room
from core3d_search.synthetic.mesh import turn_z


def test_every_layout_of_texts_is_read(tmp_path):
    bbq = tmp_path / "sr3d+_all_queries"
    bbq.mkdir()
    entry = {"target_id": 17, "utterance": "the table that is supporting the tv", "is_easy": True, "is_view_dep": False}
    (bbq / "scene0011_00_annotation.json").write_text(json.dumps([entry]))
    sample = tmp_path / "sample"
    sample.mkdir()
    (sample / "scene0378_00_annotation.json").write_text(json.dumps([{"target": 38, "utterance": "a shelf"}]))
    with (tmp_path / "nr3d.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["scan_id", "target_id", "utterance", "correct_guess"])
        writer.writeheader()
        writer.writerow({"scan_id": "scene0565_00", "target_id": 25, "utterance": "far chair", "correct_guess": True})
    refer = [{"scene_id": "scene0249_00", "object_id": "12", "object_name": "chair", "description": "the black chair"}]
    (tmp_path / "ScanRefer_filtered_val.json").write_text(json.dumps(refer))
    line = {"scene": "scene0702_02", "text": "the soap dish", "target_id": 15, "easy": False, "view_dependent": True}
    (tmp_path / "own.jsonl").write_text(json.dumps(line) + "\n")
    assert read_utterances(bbq) == [Utterance("scene0011_00", entry["utterance"], 17, True, False)]
    assert read_utterances(sample) == [Utterance("scene0378_00", "a shelf", 38)]
    assert read_utterances(tmp_path / "nr3d.csv") == [Utterance("scene0565_00", "far chair", 25)]
    assert read_utterances(tmp_path / "ScanRefer_filtered_val.json") == [
        Utterance("scene0249_00", "the black chair", 12)
    ]
    assert read_utterances(tmp_path / "own.jsonl") == [Utterance("scene0702_02", "the soap dish", 15, False, True)]
    assert queries_file(tmp_path, "sr3d") == bbq


def test_missing_and_broken_texts_are_refused_with_their_source(tmp_path):
    with pytest.raises(InputError, match="referit3d"):
        queries_file(tmp_path, "nr3d")
    for name, content in (("a.json", "{}"), ("b.json", '[{"utterance": "x"}]'), ("c.jsonl", "{")):
        (tmp_path / name).write_text(content)
        with pytest.raises(InputError, match=name):
            read_utterances(tmp_path / name)
    (tmp_path / "d.json").write_text('[{"utterance": "x", "scan_id": "s", "target_id": "third"}]')
    with pytest.raises(InputError, match="whole number"):
        read_utterances(tmp_path / "d.json")


def test_our_own_map_is_right_where_the_first_hits_box_meets_the_true_one(known_db):
    texts = [Utterance("s", "red chair near the window", 0), Utterance("s", "mug", 1), Utterance("s", "mug", 2)]
    moved = np.add(ATTIC[0].box.center, (0.25, 0, 0))  # half of it: IoU 1 / 3
    boxes = {0: Box3D(moved, ATTIC[0].box.extent), 1: Box3D((0, 0, 0), (1, 1, 1))}
    with Store.open(known_db) as store, Searcher.open(known_db) as searcher:
        judged = ask_own_map(searcher, store, "attic", texts, boxes, np.eye(4))
    assert [round(one.iou, 3) for one in judged] == [0.333, 0]  # the third one's target has no box
    assert accuracies(judged, 0.25) == {"overall": 0.5}
    assert accuracies(judged, 0.5) == {"overall": 0}


def test_boxes_are_compared_along_the_axes_of_the_scan():
    turned = np.eye(4)
    turned[:3, :3], turned[:3, 3] = turn_z(np.pi / 4), (1, 2, 3)
    box = unaligned_box(np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 1.0]]), turned)
    np.testing.assert_allclose(box.extent, [np.sqrt(2), np.sqrt(2), 1])
    np.testing.assert_allclose(box.center, [1, 2 + np.sqrt(0.5), 3.5])


def test_groups_are_told_apart():
    def judged(easy, dependent, iou):
        return Judged(Utterance("s", "x", 1, easy, dependent), iou)

    found = accuracies([judged(True, False, 0.3), judged(True, True, 0.1), judged(False, True, 0.0)], 0.1)
    assert found == pytest.approx(
        {"overall": 2 / 3, "easy": 1, "hard": 0, "view-dependent": 0.5, "view-independent": 1}
    )


def test_true_boxes_ask_the_language_engine_alone():
    things = [
        LabelledObject(1, "chair", (0, 0, 0.5), (0.5, 0.5, 1)),
        LabelledObject(2, "chair", (4, 0, 0.5), (0.5, 0.5, 1)),
        LabelledObject(3, "table", (4.8, 0, 0.4), (1, 1, 0.8)),
    ]
    texts = [Utterance("s", "the chair near the table", 2), Utterance("s", "the chair near the table", 1)]
    assert [one.iou for one in ask_true_objects(texts, things)] == [1, 0]


def test_an_outcome_has_each_threshold_its_groups_and_an_interval():
    texts = [Judged(Utterance(f"s{k}", "x", 1, True), 0.2 if k % 2 else 0.0) for k in range(8)]
    by_scene = {one.utterance.scene: [one] for one in texts}
    outcome = evaluate_referring("sr3d", by_scene, "built-in", provenance({}, {}), (0.1, 0.25))
    assert outcome.figures["A@0.1"].value == 0.5
    assert outcome.figures["A@0.1"].low < 0.5 < outcome.figures["A@0.1"].high
    assert outcome.figures["A@0.25"].value == 0
    assert outcome.groups["A@0.1"]["easy"] == 0.5
    table = outcome.markdown("sr3d")
    assert "| CORE-3D | 0.418 | 0.356 |" in table
    with pytest.raises(InputError, match="no text"):
        evaluate_referring("sr3d", {"s": []}, "built-in", {}, (0.1,))


def test_true_objects_come_from_the_scan_or_from_a_list(tmp_path):
    room = generate_room(61)
    write_scannet(tmp_path, "scene0011_00", room)
    labels = [part.label for part in room.structure] + [item.label for item in room.objects]
    found = read_labelled(tmp_path, "scene0011_00")
    assert [(one.id, one.label) for one in found] == list(enumerate(labels))
    assert sorted(shifted(read_objects(tmp_path, "scene0011_00").boxes())) == list(range(len(labels)))
    listed = {"scene0011_00": {"objects": [
        {"id": 4, "label": "desk", "center": [0, 0, 1], "extent": [1, 1, 1], "obb": [0, 0, 1], "front_point": [0, 2, 1]}
    ]}}  # fmt: skip
    (tmp_path / "scenes.json").write_text(json.dumps(listed))
    (desk,) = read_labelled(tmp_path, "scene0011_00")
    assert (desk.id, desk.label, tuple(desk.front)) == (4, "desk", (0, 1, 0))
    with pytest.raises(InputError, match="no scene"):
        read_labelled(tmp_path, "scene9")


def test_the_command_asks_our_own_map_of_a_scan(core3d, tmp_path, monkeypatch):
    monkeypatch.setitem(plugins.BUILT_IN["core3d.encoders"], "nouns", "fakes:NounEncoder")
    root = tmp_path / "data"
    root.mkdir()
    write_scannet(root, "scene0011_00", generate_room(61))
    target = shifted(read_objects(root, "scene0011_00").boxes())
    key = next(key for key, box in target.items() if box.extent.max() < 1.5)
    texts = [{"scan_id": "scene0011_00", "utterance": "the mug", "target_id": key}]
    (root / "sr3d+.csv").write_text("scan_id,utterance,target_id\nscene0011_00,the mug," + str(key) + "\n")
    assert [one.text for one in read_utterances(root / "sr3d+.csv")] == [text["utterance"] for text in texts]
    with Store.open(tmp_path / "maps.db", create=True) as store:
        write_objects(store, "scene0011_00", ATTIC, (0, 0, 1))
    code, out, err = core3d(
        "eval", "sr3d", root, "--scene", "scene0011_00", "--indexed", "--db", tmp_path / "maps.db",
        "--profile", "built-in", "--out", tmp_path / "out",
    )  # fmt: skip
    assert code == 0, err
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert result["texts"] == 1
    assert result["figures"]["A@0.1"]["value"] in (0, 1)
    assert "| BBQ |" in out
    assert NounEncoder.model_id == result["weights"]["encoder"]["name"]


def test_the_command_asks_true_boxes_without_a_map(core3d, tmp_path):
    box = {"center": [0, 0, 0.5], "extent": [0.5, 0.5, 1]}
    objects = [{"id": 0, "label": "chair", **box}, {"id": 1, "label": "lamp", **box}]
    (tmp_path / "scenes.json").write_text(json.dumps({"s1": {"objects": objects}}))
    lines = [{"scene": "s1", "text": "the lamp", "target_id": 1}, {"scene": "s1", "text": "the lamp", "target_id": 0}]
    (tmp_path / "nr3d.jsonl").write_text("\n".join(map(json.dumps, lines)))
    code, out, err = core3d("eval", "nr3d", tmp_path, "--true-boxes", "--out", tmp_path / "out", "--json")
    assert code == 0, err
    assert json.loads(out)["figures"]["accuracy"]["value"] == 0.5
    assert "| LaSP, no VLM | 0.657 |" in (tmp_path / "out" / "table.md").read_text()
