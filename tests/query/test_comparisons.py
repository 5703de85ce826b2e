"""Questions about two things, questions for measures, and looks that stand after the noun."""

import pytest

from core3d_search.query import parse


@pytest.mark.parametrize(
    ("text", "notation"),
    [
        ("are there more chairs than tables?", 'more ["chair"] other ["table"]'),
        ("do you see fewer mugs than plates", 'fewer ["mug"] other ["plate"]'),
        ("do we have as many lamps as red chairs", 'equal ["lamp"] other ["chair", color red]'),
        (
            "are there more chairs taller than 1 m than tables",
            'more ["chair", height > 1.0] other ["table"]',
        ),
        (
            "how far is the chair next to the bed from the door?",
            'distance ["chair", is near ["bed"]] other ["door"]',
        ),
        ("how far is it from the sofa to the tv", 'distance ["sofa"] other ["tv"]'),
        ("how far apart are the two chairs", 'distance ["chair", number 2] other ["chair", number 2]'),
        ("distance between the bed and the wardrobe", 'distance ["bed"] other ["wardrobe"]'),
        ("how tall is the tallest chair", 'height ["chair", pick 1 tallest]'),
        ("how high are the shelves", 'height ["shelf"]'),
        ("what is the depth of the desk?", 'depth ["desk"]'),
        ("how large is the rug in scene attic", 'size ["rug"] in "attic"'),
    ],
)
def test_what_is_asked_of_two_things_or_of_a_measure(text, notation):
    query = parse(text)
    assert str(query) == notation
    assert parse(notation) == query
    assert (query.unparsed, query.fallback) == ((), False)


@pytest.mark.parametrize(
    "text", ["are there more chairs", "are there more than three chairs", "are there as many chairs", "how far is"]
)
def test_half_a_comparison_compares_nothing(text):
    assert parse(text).other is None


def test_words_that_neither_half_uses_are_left_aside():
    query = parse("are there more quickly chairs than gladly tables")
    assert {"quickly", "gladly"} <= set(query.unparsed)
    assert query.certainty < parse("are there more chairs than tables").certainty


@pytest.mark.parametrize(
    ("text", "notation"),
    [
        ("a chair in black", 'find ["chair", color black]'),
        ("the sofa in brown leather", 'find ["sofa", color brown, material leather]'),
        ("a pillow not in red", 'find ["pillow", not color red]'),
        ("chair in black near the window", 'find ["chair", color black, is near ["window"]]'),
        ("how many chairs in black", 'count ["chair", color black]'),
        ("the flowers in the black vase", 'find ["flower", is inside ["vase", color black]]'),
        ("flowers in black vase", 'find ["flower", is inside ["vase", color black]]'),
        ("a mug in the cabinet", 'find ["mug", is inside ["cabinet"]]'),
    ],
)
def test_looks_after_the_noun_are_no_place(text, notation):
    assert str(parse(text)) == notation
