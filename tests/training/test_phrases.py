"""Phrases of training mean what they say."""

from __future__ import annotations

import numpy as np
import pytest

from training.phrases import FOREIGN, Meaning, Names, Phrasebook, compare, plural, share_of, unknown_words

NAMES = Names(
    {"chair": ("chair", "seat"), "lamp": ("lamp", "desk lamp"), "floor lamp": ("floor lamp", "standing lamp")},
    {"red": ("red",), "gray": ("gray", "grey")},
    {"wood": ("wooden", "wood"), "metal": ("metal",)},
)
RED_CHAIR, GRAY_LAMP, FLOOR_LAMP = ("chair", "red", "wood"), ("lamp", "gray", "metal"), ("floor lamp", "gray", "metal")
WALL = ("", "", "")


@pytest.fixture(scope="module")
def book() -> Phrasebook:
    return Phrasebook(NAMES)


def test_a_drawn_phrase_fits_the_object_that_it_was_drawn_about(book: Phrasebook) -> None:
    rng = np.random.default_rng(0)
    for fact in (RED_CHAIR, GRAY_LAMP, FLOOR_LAMP):
        drawn = [book.about(rng, *fact) for _ in range(200)]
        fit, half_right = compare([meaning for _, meaning in drawn], [fact], NAMES)
        assert fit.min() >= 0.5
        assert not half_right.any()
        assert len({phrase for phrase, _ in drawn}) > 50


def test_compare_tells_yes_nearly_no_and_half_right() -> None:
    red_chair = Meaning(frozenset({"chair"}), frozenset({"red"}))
    lamp, red, giraffe = NAMES.nouns()["lamp"], Meaning(None, frozenset({"red"})), Meaning(known=False)
    fit, half_right = compare([red_chair, lamp, red, giraffe], [RED_CHAIR, GRAY_LAMP, FLOOR_LAMP, WALL], NAMES)
    np.testing.assert_array_equal(fit, [[1, 0, 1, 0], [0, 1, 0, 0], [0, 0.5, 0, 0], [0, 0, 0, 0]])
    gray_chair = Meaning(frozenset({"chair"}), frozenset({"gray"}))
    fit, half_right = compare([gray_chair], [RED_CHAIR, GRAY_LAMP, WALL], NAMES)
    np.testing.assert_array_equal(fit.ravel(), [0, 0, 0])
    np.testing.assert_array_equal(half_right.ravel(), [True, True, False])


def test_a_noun_nearly_means_what_carries_it_in_a_longer_name() -> None:
    nouns = NAMES.nouns()
    assert nouns["lamp"] == Meaning(frozenset({"lamp"}), nearly=frozenset({"floor lamp"}))
    assert nouns["seat"] == Meaning(frozenset({"chair"}))
    assert nouns["floor lamp"] == Meaning(frozenset({"floor lamp"}))


def test_unknown_words_are_neither_known_nor_their_kin_nor_kept_for_evaluation() -> None:
    words = unknown_words(NAMES.words())
    assert len(words) > 5000
    assert not set(words) & set(NAMES.words())
    assert not any(word.startswith(("chair", "lamp")) for word in words)
    assert {share_of(word) for word in words} == {"training"}
    assert {share_of(word) for word in FOREIGN} == {"training", "calibration", "evaluation"}


def test_nonsense_is_never_known(book: Phrasebook) -> None:
    rng = np.random.default_rng(0)
    nouns = set(NAMES.words())
    for phrase, meaning in (book.nonsense(rng) for _ in range(300)):
        assert not meaning.known
        assert set(phrase.split()) - nouns


@pytest.mark.parametrize(
    ("noun", "expected"),
    [("chair", "chairs"), ("bookshelf", "bookshelves"), ("bench", "benches"), ("tray", "trays"), ("pony", "ponies")],
)
def test_plurals(noun: str, expected: str) -> None:
    assert plural(noun) == expected
