"""A folder with ground_truth.json: what its truth is, and what perfect and corrupted predictions score on it."""

import json

import numpy as np
import pytest
from evaluation_samples import LABELS, perfect, write_table_scene
from PIL import Image

from core3d_search.errors import InputError
from core3d_search.evaluation.datasets.known import read_truth
from core3d_search.evaluation.labelling import class_similarities, label_points, most_similar, phrase
from core3d_search.evaluation.measure import measure
from core3d_search.evaluation.metrics.instances import instance_scores
from core3d_search.evaluation.metrics.retrieval import accuracy_at
from core3d_search.evaluation.metrics.semantic import semantic_scores
from core3d_search.evaluation.rules import KNOWN, RULES, rules_named
from core3d_search.indexer.readers import find_scenes


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    (reader,) = find_scenes(write_table_scene(tmp_path_factory.mktemp("known") / "table"))
    return read_truth(reader)


def test_points_carry_what_the_frames_show(truth):
    assert truth.class_names == ("mug", "stool", "table")
    assert {truth.things[key].label for key in truth.things} == set(LABELS.values())
    table = truth.points[truth.classes == 2]
    assert table[:, 2].max() == pytest.approx(0.5, abs=0.01)
    assert np.abs(table[:, 0]).max() <= 0.61
    floor = truth.points[truth.instances == 0]
    assert np.median(floor[:, 2]) == pytest.approx(0, abs=0.01)
    assert (truth.classes[truth.instances == 0] == -1).all()


def test_what_is_hardly_seen_is_not_asked_for(truth):
    counted = {thing.label: thing.counts for thing in truth.things.values()}
    assert counted["table"]
    assert not counted["mug"]  # 6 cm wide: below 200 pixels


def test_perfect_objects_score_one_everywhere(truth):
    measured = measure(truth, perfect(truth), KNOWN)
    assert list(semantic_scores(measured.confusion).to_dict().values()) == [1, 1, 1]
    for scene in (measured.instances, measured.agnostic):
        assert instance_scores([scene], 3, 20).ap == 1
    assert (measured.duplicates.rate, measured.duplicates.density) == (0, 1)
    assert accuracy_at(measured.answers, 1, 0.5) == 1


def test_a_stool_called_table_costs_what_a_hand_computation_says(truth):
    measured = measure(truth, perfect(truth, {"stool": "table"}), KNOWN)
    mug, stool, table = (int((truth.classes == number).sum()) for number in range(3))
    scores = semantic_scores(measured.confusion)
    assert scores.mean_accuracy == pytest.approx((1 + 0 + 1) / 3)
    assert scores.mean_iou == pytest.approx((1 + 0 + table / (table + stool)) / 3)
    assert scores.weighted_iou == pytest.approx((mug + table * table / (table + stool)) / (mug + stool + table))


def test_a_table_in_two_halves_is_a_duplicate(truth):
    whole = perfect(truth)
    number = [thing.label for thing in truth.things.values()].index("table")
    table = whole.points[number]
    left = table[:, 0] < 0
    halves = type(whole)(
        [*whole.points[:number], table[left], table[~left], *whole.points[number + 1 :]],
        [*whole.boxes[:number], whole.boxes[number], *whole.boxes[number:]],
        np.insert(whole.similarities, number, whole.similarities[number], axis=0),
        np.full(4, 5),
    )
    measured = measure(truth, halves, KNOWN)
    assert measured.duplicates.rate == pytest.approx(1 / 4)
    assert semantic_scores(measured.confusion).mean_iou == 1


def test_no_object_at_all_scores_zero(truth):
    nothing = type(perfect(truth))([], [], np.zeros((0, 3), np.float32), np.zeros(0, np.int64))
    measured = measure(truth, nothing, KNOWN)
    assert semantic_scores(measured.confusion).mean_iou == 0
    assert accuracy_at(measured.answers, 1, 0.25) == 0


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / "instance" / "00002.png").unlink(), "one image of object ids for each of the 5"),
        (lambda folder: (folder / "ground_truth.json").write_text("{}"), "no list of 'objects'"),
        (lambda folder: (folder / "ground_truth.json").write_text('{"objects": [{"id": 1}]}'), "needs a whole number"),
        (
            lambda folder: (folder / "ground_truth.json").write_text('{"objects": [{"id": 1, "label": "x"}]}'),
            "does not list|needs a box",
        ),
        (
            lambda folder: Image.new("I;16", (10, 10)).save(folder / "instance" / "00001.png"),
            "its frame",
        ),
    ],
)
def test_what_is_missing_or_wrong_is_named(tmp_path, damage, said):
    folder = write_table_scene(tmp_path / "table")
    damage(folder)
    with pytest.raises(InputError, match=said):
        read_truth(find_scenes(folder)[0])


def test_the_checksum_is_that_of_the_truth(tmp_path, truth):
    folder = write_table_scene(tmp_path / "table")
    assert read_truth(find_scenes(folder)[0]).checksum == truth.checksum
    document = json.loads((folder / "ground_truth.json").read_text())
    (folder / "ground_truth.json").write_text(json.dumps(document | {"more": 1}))
    assert read_truth(find_scenes(folder)[0]).checksum != truth.checksum


class Axes:
    """An encoder of texts whose space has an axis for each of these words."""

    words = ("wall cabinet", "tv screen", "chair")

    def encode_texts(self, texts):
        return np.array([[text == word for word in self.words] for text in texts], np.float32)


def test_classes_are_said_as_people_say_them():
    assert phrase("wall-cabinet") == "wall cabinet"
    similarities = class_similarities(np.eye(3, dtype=np.float32), ["tv-screen", "chair", "Wall-Cabinet"], Axes())
    assert most_similar(similarities).tolist() == [2, 0, 1]
    assert most_similar(similarities, np.array([0, 1])).tolist() == [0, 0, 1]
    assert most_similar(similarities, np.array([], int)).tolist() == [-1, -1, -1]
    with pytest.raises(InputError, match="no class"):
        class_similarities(np.eye(3), [], Axes())


def test_points_far_from_every_object_have_no_label():
    labels = label_points(np.array([[0, 0, 0], [0, 0, 9.0]]), [np.zeros((0, 3)), np.zeros((2, 3))], np.array([4, 7]), 1)
    assert labels.objects.tolist() == [1, -1]
    assert labels.classes.tolist() == [7, -1]


def test_rules_leave_out_what_their_authors_leave_out():
    names = ["other", "wall", "wall-cabinet", "chair", "door"]
    assert RULES["conceptgraphs"].judged(names) == [1, 2, 3, 4]
    assert RULES["conceptgraphs-6"].judged(names) == [2, 3]
    assert RULES["hov-sg"].judged(names) == [0, 3]  # by part of the name: wall-cabinet too
    assert RULES["scannet"].judged(names) == [0, 1, 2, 3, 4]
    with pytest.raises(InputError, match="conceptgraphs-6"):
        rules_named("mine")
