"""The score of a hit, and the bound that its name sets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core3d_search.datatypes import Box3D, Hit, Reason
from core3d_search.search.scoring import comparable, upper_bound

PROBABILITIES = st.floats(0, 1)
KINDS = st.sampled_from(["attribute", "relation", "negation", "superlative"])


def hit(name, others=()):
    reasons = (Reason("target", "chair", name), *(Reason(kind, "x", score) for kind, score in others))
    product = float(np.prod([reason.score for reason in reasons]))
    return Hit("attic", 1, product, 0.0, Box3D(np.zeros(3), np.ones(3)), reasons=reasons)


@given(PROBABILITIES, st.lists(st.tuples(KINDS, PROBABILITIES), max_size=5))
def test_no_score_exceeds_the_bound_of_its_name(name, others):
    assert comparable(hit(name, others)).score <= upper_bound(name) + 1e-12


def test_a_bare_noun_keeps_its_probability():
    assert comparable(hit(0.7)).score == pytest.approx(0.7)


def test_what_contradicts_a_negation_is_bounded_by_it():
    assert comparable(hit(0.9, [("negation", 0.1)])).score == pytest.approx(0.1)


def test_the_weakest_factor_decides():
    weak, strong = hit(0.8, [("relation", 0.2), ("attribute", 0.9)]), hit(0.8, [("relation", 0.2)])
    assert comparable(weak).score == comparable(strong).score < comparable(hit(0.8, [("relation", 0.5)])).score
