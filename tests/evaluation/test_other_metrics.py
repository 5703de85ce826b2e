"""Duplicates, retrieval, intervals and the transfer of labels, on cases that can be counted by hand."""

import numpy as np
import pytest

from core3d_search.datatypes import Box3D
from core3d_search.evaluation.metrics.duplicates import DuplicateScores, duplicate_scores
from core3d_search.evaluation.metrics.intervals import bootstrap, mean_interval
from core3d_search.evaluation.metrics.retrieval import Answer, accuracy_at, axis_aligned_iou
from core3d_search.evaluation.transfer import majority, nearest
from core3d_search.synthetic.mesh import turn_z


def test_two_objects_on_one_thing_are_one_duplicate():
    instances = np.repeat([1, 2, 0], 10)
    objects = [range(6), range(5, 10), range(10, 20), range(20, 30), []]
    scores = duplicate_scores(instances, [np.array(points, np.int64) for points in objects])
    assert scores == DuplicateScores(objects=5, instances=2, owned=3, touched=2)
    assert scores.rate == pytest.approx(1 / 3)
    assert scores.density == 2.5
    assert (scores + scores).rate == pytest.approx(1 / 3)


def test_an_object_half_on_a_thing_owns_nothing():
    assert duplicate_scores(np.repeat([1, 0], 5), [np.arange(10)]).owned == 0


def test_the_iou_of_boxes_and_the_first_k_decide():
    target = Box3D((0, 0, 0), (2, 2, 2))
    far, near = Box3D((5, 0, 0), (1, 1, 1)), Box3D((1, 0, 0), (2, 2, 2))  # IoU 4 / 12
    answer = Answer.of([far, near], [target])
    assert answer.ious.ravel().tolist() == pytest.approx([0, 1 / 3])
    assert not answer.is_right(1, 0.25)
    assert answer.is_right(2, 0.25)
    assert not answer.is_right(2, 0.5)
    nothing = Answer.of([], [target])
    assert accuracy_at([answer, nothing], 2, 0.25) == 0.5
    assert np.isnan(accuracy_at([], 1, 0.25))


def test_a_turned_box_is_compared_by_the_upright_one_around_it():
    turned = Box3D((0, 0, 0), (2, 2, 2), turn_z(np.pi / 4))
    assert axis_aligned_iou(turned, Box3D((0, 0, 0), (np.sqrt(8), np.sqrt(8), 2))) == pytest.approx(1)
    assert Answer.of([turned], [Box3D((0, 0, 0), (2, 2, 2))], axis_aligned=True).ious[0, 0] == pytest.approx(0.5)


def test_an_interval_holds_the_mean_and_comes_again_with_its_seed():
    values = np.random.default_rng(1).normal(0.6, 0.1, 20)
    low, high = mean_interval(values, np.random.default_rng(0))
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * values.std() / np.sqrt(20), rel=0.2)
    assert (low, high) == mean_interval(values, np.random.default_rng(0))
    pooled = bootstrap(list(values), lambda drawn: float(np.mean(drawn)), np.random.default_rng(0))
    assert pooled == pytest.approx((low, high), abs=0.01)


def test_equal_scenes_leave_no_doubt_and_one_scene_says_nothing():
    assert mean_interval([0.5, 0.5, 0.5], np.random.default_rng(0)) == (0.5, 0.5)
    assert np.isnan(mean_interval([0.5], np.random.default_rng(0))).all()
    assert np.isnan(bootstrap([1], len, np.random.default_rng(0))).all()


def test_a_point_takes_the_label_of_the_nearest_within_reach():
    of, values = np.array([[0.0, 0, 0], [1, 0, 0]]), np.array([7, 8])
    points = np.array([[0.2, 0, 0], [0.9, 0, 0], [3, 0, 0]])
    assert nearest(points, of, 0.5).tolist() == [0, 1, -1]
    assert majority(points, of, values, 1, 0.5).tolist() == [7, 8, -1]
    assert majority(points, of, values).tolist() == [7, 8, 8]
    assert majority(points, np.zeros((0, 3)), np.zeros(0, np.int64)).tolist() == [-1, -1, -1]


def test_the_majority_of_neighbours_wins_and_the_nearest_breaks_ties():
    of = np.array([[0.0, 0, 0], [0.2, 0, 0], [0.3, 0, 0], [0.4, 0, 0]])
    point = np.zeros((1, 3))
    assert majority(point, of, np.array([5, 6, 6, 9]), 3).tolist() == [6]
    assert majority(point, of, np.array([5, 6, 7, 9]), 3).tolist() == [5]
    assert majority(point, of, np.array([5, 6, 6, 6]), 4, max_distance_m=0.25).tolist() == [5]


@pytest.mark.parametrize("seed", range(5))
def test_the_majority_is_what_a_plain_count_gives(seed):
    random = np.random.default_rng(seed)
    of, points, values = random.random((40, 3)), random.random((30, 3)), random.integers(0, 4, 40)
    expected = []
    for point in points:
        order = np.argsort(np.linalg.norm(of - point, axis=1))[:5]
        counts = {value: list(values[order]).count(value) for value in values[order]}
        expected.append(next(value for value in values[order] if counts[value] == max(counts.values())))
    assert majority(points, of, values, 5).tolist() == expected
