"""AP by ScanNet's rules: by hand, and against its script restated here as it was written, dictionaries and all."""

import numpy as np
import pytest

from core3d_search.evaluation.metrics.instances import THRESHOLDS, InstanceScene, instance_scores


def scene(truth, *predictions):
    """A scene of points: `truth` is (class, instance, count) runs, `predictions` (class, confidence, positions)."""
    classes = np.concatenate([np.full(n, c) for c, _, n in truth])
    instances = np.concatenate([np.full(n, i) for _, i, n in truth])
    return InstanceScene(
        classes,
        instances,
        [np.asarray(points, np.int64) for _, _, points in predictions],
        np.array([number for number, _, _ in predictions], np.int64),
        np.array([confidence for _, confidence, _ in predictions], float),
    )


TWO_CHAIRS = [(0, 1, 200), (0, 2, 200), (-1, 0, 200)]


def test_perfect_instances_score_one_at_every_threshold():
    scores = instance_scores([scene(TWO_CHAIRS, (0, 0.9, range(200)), (0, 0.8, range(200, 400)))], 1)
    assert scores.to_dict() == {"AP": 1, "AP50": 1, "AP25": 1}


def test_one_of_two_instances_found_scores_one_half_plus_the_half_steps_of_the_rule():
    scores = instance_scores([scene(TWO_CHAIRS, (0, 0.9, range(200)))], 1)
    assert scores.ap50 == pytest.approx(0.5)  # recall 0.5 at precision 1, integrated from 0.5 to 0


def test_half_of_an_instance_counts_at_25_and_not_at_50():
    scores = instance_scores([scene(TWO_CHAIRS[:1] + TWO_CHAIRS[2:], (0, 0.9, range(100)))], 1)
    assert (scores.ap25, scores.ap50, scores.ap) == (1, 0, 0)


def test_the_less_confident_of_two_on_one_instance_is_false():
    double = scene(TWO_CHAIRS[:1], (0, 0.9, range(200)), (0, 0.3, range(190)))
    sure_first = instance_scores([double], 1)
    assert sure_first.ap50 == pytest.approx(restated([double], 1)[0, 0])
    assert 0.5 < sure_first.ap50 <= 1


def test_what_lies_on_points_that_are_not_judged_is_no_error():
    outside = scene(TWO_CHAIRS, (0, 0.9, range(200)), (0, 0.8, range(200, 400)), (0, 0.95, range(400, 600)))
    assert instance_scores([outside], 1).ap == 1


def test_a_prediction_of_a_class_that_the_truth_lacks_changes_nothing():
    stray = scene(TWO_CHAIRS, (0, 0.9, range(200)), (0, 0.8, range(200, 400)), (1, 0.9, range(200)))
    scores = instance_scores([stray], 2)
    assert scores.ap == 1
    assert np.isnan(scores.per_class[1]).all()


def test_instances_below_the_smallest_size_are_not_asked_for():
    small = scene([(0, 1, 200), (0, 2, 50)], (0, 0.9, range(200)), (0, 0.8, range(200, 250)))
    assert instance_scores([small], 1).ap == 1


@pytest.mark.parametrize("seed", range(12))
def test_random_scenes_score_what_scannets_own_steps_give(seed):
    random = np.random.default_rng(seed)
    scenes = []
    for _ in range(3):
        sizes = random.integers(30, 300, 8)
        truth = [(int(random.integers(-1, 3)), k + 1, int(n)) for k, n in enumerate(sizes)]
        truth = [(c, 0 if c < 0 else i, n) for c, i, n in truth]
        total, predictions = int(sizes.sum()), []
        for start, size in zip(np.cumsum(sizes) - sizes, sizes, strict=True):
            for _ in range(int(random.integers(0, 3))):
                low = int(np.clip(start + random.integers(-40, 40), 0, total - 1))
                high = int(np.clip(low + size + random.integers(-60, 60), low + 1, total))
                predictions.append((int(random.integers(0, 3)), round(float(random.random()), 1), range(low, high)))
        scenes.append(scene(truth, *predictions))
    np.testing.assert_allclose(instance_scores(scenes, 3).per_class, restated(scenes, 3), atol=1e-12)


def restated(scenes, class_count, min_size=100):
    """evaluate_matches of ScanNet's evaluate_semantic_instance.py, step by step on its own kind of records."""
    table = np.full((class_count, len(THRESHOLDS)), np.nan)
    for number in range(class_count):
        for column, threshold in enumerate(THRESHOLDS):
            y_true, y_score = np.empty(0), np.empty(0)
            hard_false_negatives, has_gt, has_pred = 0, False, False
            for one in scenes:
                gts, preds = records(one, number, min_size)
                judged = [gt for gt in gts if gt["vert_count"] >= min_size]
                has_gt |= bool(judged)
                has_pred |= bool(preds)
                visited = dict.fromkeys((pred["name"] for pred in preds), False)
                cur_true, cur_score = np.ones(len(judged)), np.full(len(judged), -np.inf)
                cur_match = np.zeros(len(judged), bool)
                for gti, gt in enumerate(judged):
                    found_match = False
                    for pred in gt["matched"]:
                        if visited[pred["name"]]:
                            continue
                        if overlap(gt, pred) > threshold:
                            if cur_match[gti]:
                                high, low = max(cur_score[gti], pred["conf"]), min(cur_score[gti], pred["conf"])
                                cur_score[gti] = high
                                cur_true, cur_score = np.append(cur_true, 0), np.append(cur_score, low)
                                cur_match = np.append(cur_match, True)
                            else:
                                found_match = cur_match[gti] = True
                                cur_score[gti] = pred["conf"]
                                visited[pred["name"]] = True
                    hard_false_negatives += not found_match
                cur_true, cur_score = cur_true[cur_match], cur_score[cur_match]
                for pred in preds:
                    ratios = [
                        s / (gt["vert_count"] + pred["vert_count"] - s) for gt in gts if (s := pred["with"][gt["id"]])
                    ]
                    if any(ratio > threshold for ratio in ratios):
                        continue
                    ignored = pred["void"] + sum(pred["with"][g["id"]] for g in gts if g["vert_count"] < min_size)
                    if ignored / pred["vert_count"] <= threshold:
                        cur_true, cur_score = np.append(cur_true, 0), np.append(cur_score, pred["conf"])
                y_true, y_score = np.append(y_true, cur_true), np.append(y_score, cur_score)
            if has_gt and has_pred and len(y_score):
                order = np.argsort(y_score)
                cumsum = np.append(np.cumsum(y_true[order]), 0)
                _, unique = np.unique(y_score[order], return_index=True)
                true_examples = cumsum[-2]
                precision, recall = np.zeros(len(unique) + 1), np.zeros(len(unique) + 1)
                for k, position in enumerate(unique):
                    below = cumsum[position - 1]
                    tp = true_examples - below
                    precision[k] = tp / (len(y_score) - position)
                    total = tp + below + hard_false_negatives
                    recall[k] = tp / total if total else 0
                precision[-1] = 1.0
                curve = np.concatenate([[recall[0]], recall, [0.0]])
                table[number, column] = precision @ np.convolve(curve, [-0.5, 0, 0.5], "valid")
            elif has_gt:
                table[number, column] = 0.0
    return table


def overlap(gt, pred):
    shared = pred["with"][gt["id"]]
    return shared / (gt["vert_count"] + pred["vert_count"] - shared)


def records(one, number, min_size):
    gts = [
        {"id": i, "vert_count": int((one.instances == i).sum()), "matched": []}
        for i in np.unique(one.instances[(one.classes == number) & (one.instances > 0)])
    ]
    preds = []
    for row, points in enumerate(one.predicted_points):
        if one.predicted_classes[row] != number or len(points) < min_size:
            continue
        pred = {"name": row, "conf": one.confidences[row], "vert_count": len(points)}
        pred["void"] = int((one.classes[points] == -1).sum())
        pred["with"] = {gt["id"]: int((one.instances[points] == gt["id"]).sum()) for gt in gts}
        for gt in gts:
            if pred["with"][gt["id"]]:
                gt["matched"].append(pred)
        preds.append(pred)
    return gts, preds
