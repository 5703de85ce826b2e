"""The score of a hit: the product of what its reasons show, and the bound that its name sets."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from relations.known_room import ROOM

from core3d_search.query import parse
from core3d_search.query.nouns import canonical
from core3d_search.search.grounding import label_match, table_of
from core3d_search.search.ranking import PhraseMatch, rank_scenes
from core3d_search.search.scoring import POWERS, THRESHOLD, calibrated, upper_bound, weighted

TABLE = table_of(ROOM)
PROBABILITIES = st.floats(0, 1)
TEXTS = [
    "chair", "red chair", "the chair that is not red", "red chair near the rug, not near the desk", "largest lamp",
    "chair without arms", "something to sit on", "the second tallest chair closest to the door", "chair not near a bed",
    "lamp taller than the bed", "wooden table wider than 1 m", "the lamp to the left of the bed", "cup on the desk",
]  # fmt: skip


KINDS = {canonical(thing.label) for thing in ROOM}


def hits(text, match=None):
    scenes = [(TABLE, match or label_match(TABLE))]
    return rank_scenes(parse(text), scenes, threshold=0.0, powers=POWERS, kinds=KINDS)


@pytest.mark.parametrize("text", TEXTS)
def test_the_shown_factors_multiply_to_the_shown_score(text):
    found = hits(text)
    assert found
    for hit in found:
        by_hand = np.prod([float(f"{reason.score:.4f}") for reason in hit.reasons])
        assert f"{by_hand:.2f}" == f"{hit.score:.2f}"


@given(st.sampled_from(TEXTS), st.lists(PROBABILITIES, min_size=len(ROOM), max_size=len(ROOM)))
def test_no_score_exceeds_the_bound_of_its_name(text, names):
    named = np.array(names)
    best = {int(i): float(p) for i, p in zip(TABLE.ids, named, strict=True)}
    for hit in hits(text, lambda texts: [PhraseMatch(named, named) for _ in texts]):
        assert hit.score <= upper_bound(best[hit.object_id]) + 1e-9


@given(PROBABILITIES, PROBABILITIES)
def test_a_better_factor_never_counts_less(first, second):
    low, high = sorted((first, second))
    for kind in POWERS:
        assert weighted(kind, np.array(low), POWERS) <= weighted(kind, np.array(high), POWERS)


@given(st.lists(st.lists(st.integers(0, 1000), min_size=3, max_size=3), min_size=2, max_size=9))
def test_calibration_leaves_the_order_of_products_that_differ_by_more_than_its_rounding(factors):
    products = np.prod(np.array(factors) / 1000, axis=1)
    scores = np.prod(calibrated(np.array(factors) / 1000), axis=1)
    for better, worse in itertools.permutations(range(len(factors)), 2):
        if products[better] * 0.99 > products[worse]:
            assert scores[better] > scores[worse]


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_calibration_keeps_different_factors_apart(first, second):
    assert (calibrated(first / 1000) < calibrated(second / 1000)) == (first < second)


def test_the_threshold_is_what_it_was_before_calibration():
    assert calibrated(0.399) < THRESHOLD <= calibrated(0.4)


def test_one_phrase_gives_one_object_one_name_score():
    shown = {
        text: {hit.object_id: hit.reasons[0].score for hit in hits(text)}
        for text in ("chairs", "red chair", "the black chair near the desk", "chair not near the bed")
    }
    for found in shown.values():
        common = found.keys() & shown["chairs"].keys()
        assert common
        assert all(found[i] == shown["chairs"][i] for i in common)


def test_neither_negation_nor_relation_lifts_a_wrong_noun():
    for text in ("chair that is not red", "chair near the bed", "chair not near the piano", "chair on the floor"):
        assert all(hit.label == "chair" for hit in hits(text) if hit.score >= THRESHOLD)
