"""Names that files gave, compared with what is asked for."""

from __future__ import annotations

import numpy as np

from core3d_search.search.given_names import ALL_WORDS, SAME, called_probability, named_probability, with_names
from core3d_search.search.ranking import PhraseMatch


def test_the_same_name_counts_most_then_all_words_then_what_people_also_call_it() -> None:
    names = ["chair", "kitchen chair", "old red kitchen chair", "sofa", None]
    found = named_probability("chair", names)
    assert found[0] == SAME
    assert SAME > found[1] > found[2] > 0.9
    assert found[3:].tolist() == [0, 0]
    assert named_probability("couches", ["sofa"])[0] == SAME
    assert named_probability("armchair", ["chair"])[0] < ALL_WORDS


def test_colours_are_measured_not_read() -> None:
    assert named_probability("red chair", ["chair", "table"]).tolist() == [SAME, 0]
    assert named_probability("red", ["red"])[0] == SAME


def test_a_name_raises_and_never_lowers_a_match() -> None:
    looks = PhraseMatch(np.array([0.2, 0.99, 0.4]), np.array([0.1, 0.5, 0.2]))
    match = with_names(looks, "chair", ["chair", "chair", "table"])
    assert match.probability.tolist() == [SAME, 0.99, 0.4]
    assert match.names == ("chair", None, None)
    assert match.similarity is looks.similarity
    assert with_names(looks, "lamp", ["chair", None, "table"]) is looks


def test_a_text_may_be_the_name_itself_whatever_its_words_mean_otherwise() -> None:
    names = ["table with tablecloth", "oak table", "table", None]
    assert called_probability("the table with tablecloth", names).tolist() == [1 - 0.2 * (1 - SAME), 0, 0, 0]
    assert called_probability("oak_table_02", names)[1] > SAME
    numbered = called_probability("mug_02", ["mug 01", "mug 02", "mug"])
    assert numbered.argmax() == 1
    found = called_probability("table", names)
    assert found[2] > max(found[:2]) >= min(found[:2]) > 0.9
    assert not called_probability("chair near the window", names).any()
