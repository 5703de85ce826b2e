"""Orders among uncertain candidates, and what looks say."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core3d_search.relations import ObjectTable, looks, orders


def test_first_place_goes_to_the_largest_value():
    scores = orders.place_probability(np.array([1.0, 3.0, 2.0]), np.ones(3), 1, 0.01)
    assert scores == pytest.approx([0.0, 1.0, 0.0], abs=0.02)


@pytest.mark.parametrize(("rank", "winner"), [(1, 1), (2, 2), (3, 0), (-1, 0), (-3, 1)])
def test_ranks_count_from_either_end(rank, winner):
    scores = orders.place_probability(np.array([1.0, 3.0, 2.0]), np.ones(3), rank, 0.01)
    assert np.argmax(scores) == winner
    assert scores[winner] > 0.98


def test_an_unlikely_rival_takes_little():
    certain = orders.place_probability(np.array([1.0, 3.0]), np.array([1.0, 0.1]), 1, 0.01)
    assert certain[0] == pytest.approx(0.9, abs=0.01)


def test_ties_share():
    scores = orders.place_probability(np.array([1.0, 1.0]), np.ones(2), 1, 0.1)
    assert scores.tolist() == [0.5, 0.5]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0.05, 0.95), min_size=2, max_size=5), st.integers(1, 4), st.integers(0, 10_000))
def test_place_probability_is_the_poisson_binomial_law(weights, rank, seed):
    values = np.random.default_rng(seed).permutation(len(weights)).astype(float)
    fast = orders.place_probability(values, np.array(weights), rank, 1e-6)
    for i in range(len(values)):
        ahead = [w for w, v in zip(weights, values, strict=True) if v > values[i]]
        law = sum(
            np.prod([w if k else 1 - w for w, k in zip(ahead, which, strict=True)])
            for which in itertools.product((0, 1), repeat=len(ahead))
            if sum(which) == rank - 1
        )
        assert fast[i] == pytest.approx(law, abs=1e-6)


def test_better_named_rivals_count_fully_and_worse_named_little():
    rivals = orders.rival_weights(np.array([1.0, 0.5]), np.array([1.0, 0.5]))
    assert rivals[1, 0] == 1.0
    assert rivals[0, 1] < 0.2


def colored(*rgb):
    return ObjectTable(
        np.arange(len(rgb)), np.zeros((len(rgb), 3)), np.ones((len(rgb), 3)), colors=np.array(rgb, float)
    )


@pytest.mark.parametrize(
    ("word", "rgb"),
    [("red", (190, 30, 30)), ("green", (40, 140, 50)), ("blue", (40, 60, 180)), ("yellow", (220, 200, 40)),
     ("black", (20, 20, 20)), ("white", (240, 240, 240)), ("gray", (128, 128, 128)), ("brown", (110, 70, 35))],
)  # fmt: skip
def test_colour_words_prefer_their_colour(word, rgb):
    others = [c for c in ((190, 30, 30), (40, 140, 50), (40, 60, 180), (20, 20, 20), (240, 240, 240)) if c != rgb]
    scores = looks.color_score(colored(rgb, *others), np.arange(len(others) + 1), word)
    assert np.argmax(scores) == 0
    assert scores[0] > 0.6


def test_unknown_colour_says_nothing():
    table = ObjectTable(np.arange(1), np.zeros((1, 3)), np.ones((1, 3)))
    assert looks.color_score(table, np.array([0]), "red").tolist() == [0.5]


def test_lab_of_white_gray_and_red():
    lab = looks.lab(np.array([[255, 255, 255], [119, 119, 119], [255, 0, 0]]))
    assert lab[0] == pytest.approx([100, 0, 0], abs=0.05)
    assert lab[1] == pytest.approx([50, 0, 0], abs=0.6)
    assert lab[2] == pytest.approx([53.2, 80.1, 67.2], abs=0.3)


def test_bounds_on_measures():
    values = np.array([0.5, 1.0, 2.0])
    assert (looks.measure_score(values, ">", 1.0) > 0.5).tolist() == [False, False, True]
    assert (looks.measure_score(values, "<", 1.0) > 0.5).tolist() == [True, False, False]
    assert np.argmax(looks.measure_score(values, "=", 1.0)) == 1


def test_dimensions_follow_an_oriented_box():
    turn = np.array([[0.6, -0.8, 0], [0.8, 0.6, 0], [0, 0, 1]])
    table = ObjectTable(np.arange(1), np.zeros((1, 3)), np.array([[2.0, 0.5, 1.0]]), rotations=turn[None])
    measured = {
        name: float(looks.dimension(table, np.array([0]), name)[0]) for name in ("width", "depth", "height", "size")
    }
    assert measured == pytest.approx({"width": 2.0, "depth": 0.5, "height": 1.0, "size": 2.0})
