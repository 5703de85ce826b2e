"""mAcc, mIoU and fmIoU: by hand, against scikit-learn's matrix, and against a plain reading of the definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix as sklearn_matrix
from sklearn.metrics import jaccard_score, recall_score

from core3d_search.evaluation.metrics.semantic import confusion_matrix, semantic_scores

labels = st.lists(st.tuples(st.integers(-1, 4), st.integers(-1, 4)), min_size=1, max_size=80)


def test_a_case_counted_by_hand():
    # 4 chairs (3 right, 1 called table), 2 tables (1 right, 1 without a label), 1 point that is not judged
    matrix = confusion_matrix([0, 0, 0, 0, 1, 1, -1], [0, 0, 0, 1, 1, -1, 2], 3)
    assert matrix.tolist() == [[3, 1, 0, 0], [0, 1, 0, 1], [0, 0, 0, 0]]
    scores = semantic_scores(matrix)
    assert scores.mean_accuracy == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert scores.mean_iou == pytest.approx((3 / 4 + 1 / 3) / 2)  # table: 1 right of 2 true and 1 chair called so
    assert scores.weighted_iou == pytest.approx((4 * 3 / 4 + 2 * 1 / 3) / 6)
    assert scores.averaged.tolist() == [True, True, False]
    assert np.isnan(scores.iou[2])


def test_what_is_all_right_scores_one_and_what_is_all_wrong_zero():
    right = semantic_scores(confusion_matrix([0, 1, 2, 2], [0, 1, 2, 2], 3))
    wrong = semantic_scores(confusion_matrix([0, 1, 2, 2], [1, 2, 0, -1], 3))
    assert list(right.to_dict().values()) == [1, 1, 1]
    assert list(wrong.to_dict().values()) == [0, 0, 0]


def test_a_class_that_only_predictions_hold_counts_by_scannets_rule_alone():
    matrix = confusion_matrix([0, 0], [0, 1], 2)
    assert semantic_scores(matrix).mean_iou == pytest.approx(0.5)
    assert semantic_scores(matrix, also_predicted=True).mean_iou == pytest.approx(0.25)


def test_no_true_point_gives_no_number():
    assert np.isnan(semantic_scores(confusion_matrix([-1], [0], 2)).mean_iou)


@given(labels)
def test_the_matrix_is_that_of_scikit_learn(pairs):
    true, predicted = np.array(pairs).T
    known = true >= 0
    ours = confusion_matrix(true, predicted, 5)
    if known.any():
        theirs = sklearn_matrix(true[known], predicted[known], labels=[0, 1, 2, 3, 4, -1])
        assert (ours == theirs[:5]).all()
    assert ours.sum() == known.sum()


@given(labels)
def test_the_scores_are_those_of_scikit_learn(pairs):
    true, predicted = np.array(pairs).T
    true, predicted = true[true >= 0], predicted[true >= 0]
    if not len(true):
        return
    present = np.unique(true)
    scores = semantic_scores(confusion_matrix(true, predicted, 5))
    jaccard = {"labels": present, "average": "macro", "zero_division": 0}
    assert scores.mean_iou == pytest.approx(jaccard_score(true, predicted, **jaccard))
    assert scores.mean_accuracy == pytest.approx(recall_score(true, predicted, **jaccard))
    weighted = jaccard_score(true, predicted, labels=present, average="weighted", zero_division=0)
    assert scores.weighted_iou == pytest.approx(weighted)


@given(labels)
def test_the_scores_are_what_the_definitions_say(pairs):
    present = sorted({true for true, _ in pairs if true >= 0})
    ious, recalls, weights = [], [], []
    judged = [(true, predicted) for true, predicted in pairs if true >= 0]
    for one in present:
        both = sum(true == one and predicted == one for true, predicted in judged)
        either = sum(true == one or predicted == one for true, predicted in judged)
        mine = sum(true == one for true, _ in judged)
        ious.append(both / either)
        recalls.append(both / mine)
        weights.append(mine / len(judged))
    scores = semantic_scores(confusion_matrix(*np.array(pairs).T, 5))
    if present:
        assert scores.mean_iou == pytest.approx(np.mean(ious))
        assert scores.mean_accuracy == pytest.approx(np.mean(recalls))
        assert scores.weighted_iou == pytest.approx(np.dot(ious, weights))


@pytest.mark.parametrize(("true", "predicted"), [([0, 1], [0]), ([2], [0]), ([0], [5]), ([-2], [0])])
def test_classes_outside_the_list_are_refused(true, predicted):
    with pytest.raises(ValueError, match="classes must"):
        confusion_matrix(true, predicted, 2)
