"""Regions, their features and their merging, against plain oracles and by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core3d_search.indexer.masks.built_in.borders import FEATURES, Regions, find_regions, pair_features
from core3d_search.indexer.masks.built_in.columns import Evidence, Moment
from core3d_search.indexer.masks.built_in.pixel_net import PixelEmbedder
from core3d_search.indexer.masks.built_in.region_tree import BOUND, BorderClassifier, merge_regions
from core3d_search.indexer.masks.built_in.regions import PIXEL_NET

FLOOR = ((-3.0, -3.0, -0.1), (3.0, 3.0, 0.0), (150, 140, 130))
BOX = ((-0.3, -0.3, 0.0), (0.3, 0.3, 0.5), (130, 90, 50))
COLORED = ((0.5, -0.3, 0.0), (0.9, 0.1, 0.01), (30, 90, 150))


def row_of(lightness: list[float]) -> Regions:
    """Regions side by side, of one square metre each."""
    count = len(lightness)
    moments = np.zeros((count, Moment.COUNT))
    moments[:, Moment.AREA] = 1
    moments[:, Moment.LAB.start] = lightness
    pairs = np.stack([np.arange(count - 1), np.arange(1, count)], axis=1)
    labels = np.arange(count)[None]
    return Regions(
        labels, moments, np.zeros((count, 2)), pairs, np.ones(count - 1), np.zeros((count - 1, len(Evidence)))
    )


def contrast(regions: Regions) -> np.ndarray:
    """A classifier that looks at lightness only; 3 is even odds."""
    lightness = regions.moments[:, Moment.LAB.start] / regions.moments[:, Moment.AREA]
    return np.abs(np.diff(lightness[regions.pairs], axis=1))[:, 0] - 3


@pytest.fixture(scope="module")
def seen(draw: Callable[..., Any]) -> Regions:
    return find_regions(draw([FLOOR, BOX, COLORED], (1.2, -1.6, 1.3), (0.2, 0, 0.1))[0], None, PixelEmbedder(PIXEL_NET))


def test_the_most_alike_join_first_and_means_are_classified_anew() -> None:
    tree = merge_regions(row_of([0, 1, 5, 5.5]), contrast)
    # 2 and 3 differ by 0.5, 0 and 1 by 1; then their means, 0.5 and 5.25.
    assert tree.parents.tolist() == [5, 5, 4, 4, 6, 6, -1]
    assert tree.heights.tolist() == [-np.inf] * 4 + [-2.5, -2, 1.75]
    assert tree.cut(-2.2).tolist() == [0, 1, 4, 4]
    assert tree.cut(0).tolist() == [5, 5, 4, 4]
    assert tree.cut(9).tolist() == [6, 6, 6, 6]
    sigmoid = 1 / (1 + np.exp(-np.array([2.5, -2, 2, 1.75, -1.75])))
    expected = [sigmoid[0] * sigmoid[3], sigmoid[2] * sigmoid[3], sigmoid[4]]
    assert tree.certainty()[4:].tolist() == pytest.approx(expected)


def test_merging_stops_where_it_is_told_to() -> None:
    tree = merge_regions(row_of([0, 1, 5, 5.5]), contrast, highest=0)
    assert tree.parents.tolist() == [5, 5, 4, 4, -1, -1]


def test_heights_never_fall_towards_the_root() -> None:
    rng = np.random.default_rng(0)
    tree = merge_regions(row_of(rng.uniform(0, 9, 60).tolist()), contrast)
    inner = tree.parents >= 0
    assert (tree.heights[tree.parents[inner]] >= tree.heights[inner]).all()
    assert (tree.parents[inner] > np.flatnonzero(inner)).all()
    assert (tree.parents == -1).sum() == 1


def test_borders_are_counted_pixel_by_pixel(seen: Regions) -> None:
    group = np.arange(len(seen)) % 7
    joined = seen.joined(group)
    assert np.array_equal(joined.labels, group[seen.labels])
    across = np.stack([joined.labels[:, :-1], joined.labels[:, 1:]], -1).reshape(-1, 2)
    down = np.stack([joined.labels[:-1], joined.labels[1:]], -1).reshape(-1, 2)
    for (a, b), length in zip(joined.pairs, joined.lengths, strict=True):
        both = np.concatenate([across, down])
        assert length == ((both == (a, b)).all(axis=1) | (both == (b, a)).all(axis=1)).sum()
    assert joined.moments.sum(axis=0) == pytest.approx(seen.moments.sum(axis=0))
    assert joined.heights[:, 0].min() == seen.heights[:, 0].min()


def test_features_do_not_depend_on_the_numbering(seen: Regions) -> None:
    turned = seen.joined(np.arange(len(seen))[::-1])
    features = {tuple(pair): row for pair, row in zip(seen.pairs.tolist(), pair_features(seen), strict=True)}
    assert pair_features(seen).shape == (len(seen.pairs), FEATURES)
    for (a, b), row in zip(turned.pairs.tolist(), pair_features(turned), strict=True):
        if turned.moments[a, Moment.AREA] == turned.moments[b, Moment.AREA]:
            continue  # neither is the smaller one
        assert row == pytest.approx(features[(len(seen) - 1 - b, len(seen) - 1 - a)], abs=1e-6)


def test_evidence_is_where_things_meet(draw: Callable[..., Any]) -> None:
    frame, owner = draw([FLOOR, BOX, COLORED], (1.2, -1.6, 1.3), (0.2, 0, 0.1), size=(240, 320))
    regions = find_regions(frame, None, PixelEmbedder(PIXEL_NET))
    counts = np.stack([np.bincount(regions.labels.ravel(), (owner == n).ravel(), len(regions)) for n in range(3)])
    main = np.where(counts.max(axis=0) > 0.9 * counts.sum(axis=0), counts.argmax(axis=0), -1)
    pairs = main[regions.pairs]
    mean = regions.evidence / regions.lengths[:, None]
    inside = (pairs == 0).all(axis=1)
    mat, box = (np.sort(pairs, axis=1) == (0, 2)).all(axis=1), (np.sort(pairs, axis=1) == (0, 1)).all(axis=1)
    assert np.median(mean[mat, Evidence.COLOR]) > 1 > 5 * np.median(mean[inside, Evidence.COLOR])  # colour
    step, crease = mean[:, Evidence.OFF_TANGENT], mean[:, Evidence.CONCAVE]
    assert np.median(np.maximum(step, crease)[box]) > 1 > 5 * np.median(step[inside])


def test_the_network_is_what_its_numbers_say() -> None:
    rng = np.random.default_rng(2)
    arrays = {
        "mean": rng.normal(size=FEATURES),
        "scale": np.full(FEATURES, 2.0),
        "weight0": rng.normal(size=(FEATURES, 4)),
        "bias0": rng.normal(size=4),
        "weight1": rng.normal(size=(4, 1)),
        "bias1": np.array([0.5]),
    }
    regions = row_of([10, 60, 40])
    x = (pair_features(regions) - arrays["mean"]) / 2
    hidden = np.clip(x @ arrays["weight0"] + arrays["bias0"], 0, None)
    expected = (hidden @ arrays["weight1"] + 0.5)[:, 0]
    assert BorderClassifier.from_arrays(arrays)(regions) == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_a_feature_far_beyond_all_training_says_no_more_than_the_farthest_in_it() -> None:
    arrays = {"mean": np.zeros(FEATURES), "scale": np.ones(FEATURES), "weight0": np.ones((FEATURES, 1))}
    arrays["bias0"] = np.zeros(1)
    regions = row_of([10, 60])
    far = replace(regions, evidence=regions.evidence + 1e6)
    near = replace(regions, evidence=regions.evidence + BOUND)
    classify = BorderClassifier.from_arrays(arrays)
    assert classify(far)[0] == classify(near)[0] > classify(regions)[0]
