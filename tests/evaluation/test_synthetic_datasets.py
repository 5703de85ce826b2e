"""Generated rooms written as Replica and as ScanNet: perfect maps score 1, known faults what is computed by hand."""

import json
import shutil

import numpy as np
import pytest
from evaluation_samples import perfect_map, store_perfect, write_replica, write_scannet

from core3d_search import plugins
from core3d_search.errors import InputError
from core3d_search.evaluation.datasets import replica, scannet
from core3d_search.evaluation.measure import measure
from core3d_search.evaluation.report import summary
from core3d_search.evaluation.rules import RULES
from core3d_search.evaluation.scan_points import scan_points
from core3d_search.evaluation.tables import table_of
from core3d_search.indexer.config import IndexConfig
from core3d_search.store import Store
from core3d_search.synthetic import generate_room

WRITERS = {"replica": write_replica, "scannet": write_scannet}
NAMES = {"replica": ("room0", "office1"), "scannet": ("scene0011_00", "scene0030_00")}


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    """Two rooms in each layout, written once."""
    made = {}
    for dataset, write in WRITERS.items():
        made[dataset] = tmp_path_factory.mktemp(dataset)
        for seed, name in enumerate(NAMES[dataset]):
            write(made[dataset], name, generate_room(60 + seed))
    return made


@pytest.fixture(autouse=True)
def encoder(monkeypatch):
    monkeypatch.setitem(plugins.BUILT_IN["core3d.encoders"], "classes", "evaluation_samples:ClassEncoder")


def figures_of(root, dataset, rules, renamed=None, class_count=20):
    measured = []
    for scene in table_of(dataset, root, NAMES[dataset], class_count).scenes:
        reader = scene.open()
        truth = scene.read_truth(reader)
        cloud = scan_points(reader, IndexConfig()) if RULES[rules].onto == "scan" else None
        measured.append(measure(truth, perfect_map(truth, renamed), RULES[rules], cloud))
    return {name: figure.value for name, figure in summary(measured, 100)[0].items()}


@pytest.mark.parametrize(
    ("dataset", "rules", "class_count"),
    [
        ("replica", "conceptgraphs", 20),
        ("replica", "conceptgraphs-6", 20),
        ("replica", "hov-sg", 20),
        ("scannet", "conceptgraphs", 20),
        ("scannet", "scannet", 20),
        ("scannet", "scannet", 200),
    ],
)
def test_a_perfect_map_scores_one_by_every_rule(roots, dataset, rules, class_count):
    values = figures_of(roots[dataset], dataset, rules, class_count=class_count)
    for name in ("mAcc", "mIoU", "fmIoU"):  # of five neighbours at a corner, most may belong to what it touches
        assert values[name] == (pytest.approx(1) if rules != "hov-sg" else pytest.approx(1, abs=0.03)), name
    assert values["AP"] == pytest.approx(1)
    assert values["AP50 of objects"] == pytest.approx(1)
    assert values["A@1"] == 1
    assert values["duplicates"] == 0


def test_the_truth_of_replica_is_that_of_the_room(roots):
    room, reader = generate_room(60), table_of("replica", roots["replica"], NAMES["replica"]).scenes[0].open()
    truth = replica.read_truth(roots["replica"], "room0", reader)
    names = {truth.class_names[number] for number in truth.present()}
    assert {"wall", "floor", "ceiling"} <= names
    beds = [thing for thing in truth.things.values() if thing.label == "bed"]
    assert len(beds) == sum(item.label == "bed" for item in room.objects)
    assert {thing.label for thing in truth.things.values()} & {"wall", "floor", "other"} == set()


def test_scannets_truth_is_turned_with_the_frames_and_back_again(roots):
    root, scan = roots["scannet"], "scene0011_00"
    reader = table_of("scannet", root, [scan]).scenes[0].open()
    truth = scannet.read_truth(root, scan, reader, 200)
    seen = scan_points(reader, IndexConfig())
    low, high = truth.points.min(axis=0), truth.points.max(axis=0)
    assert ((seen > low - 0.05) & (seen < high + 0.05)).all()
    objects = scannet.read_objects(root, scan)
    back = scannet.scan_from_world(root, scan)
    np.testing.assert_allclose(truth.points @ back[:3, :3].T + back[:3, 3], objects.points, atol=1e-5)
    room = generate_room(60)
    named = [part.label for part in room.structure] + [item.label for item in room.objects]
    assert list(objects.labels.values()) == named


def test_one_class_taken_for_another_costs_what_is_computed_by_hand(roots):
    root, dataset = roots["scannet"], "scannet"
    table = table_of(dataset, root, NAMES[dataset])
    counts = {}
    for scene in table.scenes:
        truth = scene.read_truth(scene.open())
        of_scene = {truth.class_names[n]: int((truth.classes == n).sum()) for n in truth.present()}
        for name, count in of_scene.items():
            counts[name] = counts.get(name, 0) + count
    wrong, right = "door", "window"
    assert {wrong, right} <= set(counts)
    values = figures_of(root, dataset, "scannet", {wrong: right})
    ious = dict.fromkeys(counts, 1.0) | {wrong: 0.0, right: counts[right] / (counts[right] + counts[wrong])}
    accuracies = dict.fromkeys(counts, 1.0) | {wrong: 0.0}
    total = sum(counts.values())
    assert values["mIoU"] == pytest.approx(np.mean(list(ious.values())))
    assert values["mAcc"] == pytest.approx(np.mean(list(accuracies.values())))
    weighted = sum(ious[name] * counts[name] for name in counts) / total
    assert values["fmIoU"] == pytest.approx(weighted)


def test_missing_files_are_named_with_their_source_and_terms(roots, tmp_path):
    root = tmp_path / "data"
    shutil.copytree(roots["replica"], root)
    (root / "room_0" / "habitat" / "mesh_semantic.ply").unlink()
    with pytest.raises(InputError) as refused:
        table_of("replica", root)
    said = str(refused.value)
    assert "room_0/habitat/mesh_semantic.ply" in said
    assert "office4/results" in said  # not one of the two that are here
    assert "facebookresearch/Replica-Dataset" in said
    assert "cvg/nice-slam" in said
    assert "research" in said
    with pytest.raises(InputError, match="terms of use"):
        table_of("scannet", root)


def test_the_command_writes_the_table_beside_published_rows(roots, tmp_path, core3d):
    table = table_of("replica", roots["replica"], NAMES["replica"])
    with Store.open(tmp_path / "maps.db", create=True) as store:
        for scene in table.scenes:
            store_perfect(store, scene.open(), scene.read_truth(scene.open()))
    line = ["eval", "replica", roots["replica"], "--indexed", "--db", tmp_path / "maps.db", "--profile", "built-in"]
    line += ["--scene", "room0", "--scene", "office1", "--note", "made by hand", "--out", tmp_path / "out"]
    code, out, err = core3d(*line)
    assert code == 0, err
    assert "**made by hand**" in out
    assert "| KeySG |" in out
    assert "arXiv 2509.24528" in out
    assert (tmp_path / "out" / "table.md").read_text().strip() == out.strip()
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert result["figures"]["mIoU"]["value"] == pytest.approx(1, abs=5e-3)  # the store keeps tenths of mm
    assert result["weights"]["encoder"] == {"name": "classes/1", "sha256": "3" * 64}
    assert result["cost"]["seconds_per_frame"] == 0.5  # 1.5 s over 3 frames
    assert {len(each["truth"]) for each in result["data"].values()} == {64}
    assert result["rules"]["name"] == "conceptgraphs"
    assert result["versions"]["numpy"] == np.__version__


def test_needs_lists_what_is_there_and_what_is_not(roots, core3d):
    code, out, _ = core3d("eval", "replica", roots["replica"], "--needs", "--json")
    listed = json.loads(out)["needs"]
    assert code == 0
    assert len(listed) == 4 * 8
    assert sum(need["here"] for need in listed) == 4 * 2
    assert "https://github.com/cvg/nice-slam" in core3d("eval", "replica", roots["replica"], "--needs")[1]
    assert core3d("eval", "replicas", roots["replica"])[0] == 2
