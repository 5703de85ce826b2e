"""Words, spelling and names of things."""

import pytest

from core3d_search.query.nouns import canonical, likeness
from core3d_search.query.words import Speller, singular, tokenise


@pytest.mark.parametrize(
    ("many", "one"),
    [("chairs", "chair"), ("boxes", "box"), ("shelves", "shelf"), ("glass", "glass"), ("trolleys", "trolley"),
     ("berries", "berry"), ("couches", "couch"), ("bus", "bus"), ("people", "person"), ("tv", "tv")],
)  # fmt: skip
def test_singular(many, one):
    assert singular(many) == one


def test_tokens_are_lower_case_words_and_marks():
    assert tokenise("It's the L-shaped COUCH, w/ 2 pillows!") == [
        "it", "is", "the", "l", "shaped", "couch", ",", "with", "2", "pillows", "!"
    ]  # fmt: skip


def test_speller_corrects_one_slip_and_leaves_known_and_short_words():
    speller = Speller(["chair", "desk", "table", "form"])
    assert [speller.correct(w) for w in ("chiar", "chairr", "chai", "from", "tables", "xyzzy")] == [
        "chair", "chair", "chai", "from", "tables", "xyzzy"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("a", "b"),
    [("sofa", "couch"), ("TV".lower(), "television"), ("garbage cans", "trash can"), ("fridge", "refrigerator")],
)
def test_synonyms_have_one_name(a, b):
    assert canonical(a) == canonical(b)
    assert likeness(a, b) == 1.0


def test_likeness_falls_from_kinds_over_shared_heads_to_strangers():
    assert likeness("bin", "trash can") > 0.4
    assert (
        likeness("chair", "office chair")
        > likeness("massage chair", "office chair")
        > likeness("chair", "window")
        == 0.0
    )
