"""Which thing a text asks for, wherever it stands, and what view its clauses set."""

import pytest

from core3d_search.query import parse
from core3d_search.query.plain import from_plain, to_plain

TARGETS = [
    # the scene is set first
    (
        "The fridge should be left in your view and the chair is straight back",
        'find ["chair", pick 1 backmost] left ["fridge"]',
    ),
    (
        "In front of the cabinet with the sink is a tan rug.",
        'find ["rug", color beige, is front ["cabinet", is with ["sink"]]]',
    ),
    ("Under the desk there is a bin", 'find ["bin", is below ["desk"]]'),
    ("to the left of the bed is a lamp", 'find ["lamp", is left ["bed"]]'),
    # "it is the", "the ... is the item"
    (
        "There is a shelf next to two doors. It is the door on the left.",
        'find ["door", is near ["shelf"], pick 1 leftmost]',
    ),
    ("not the table its the chair near the bed", 'find ["chair", is near ["bed"], no "table"]'),
    ("a lamp is near the bed. The bed is the item we are looking for", 'find ["bed", is near ["lamp"]]'),
    (
        "there are pictures on the wall. the picture we want is the large one",
        'find ["picture", size large, is on ["wall"]]',
    ),
    # instructions
    (
        "the room has a bed. You will find this shelf on your left",
        'find ["shelf", is near ["room", is with ["bed"]], pick 1 leftmost]',
    ),
    ("we are looking for the lamp on the desk", 'find ["lamp", is on ["desk"]]'),
    ("go to the chair near the window", 'find ["chair", is near ["window"]]'),
    ("Face the couch and walk to the seat next to it", 'find ["seat", is near ["couch"]] facing ["couch"]'),
    ("There is a table. Bring me the mug", 'find ["mug", is near ["table"]]'),
    # what is said of others
    ("Two of the three chairs are next to each other. Choose the chair by itself", 'find ["chair", pick 1 loneliest]'),
    ("the bin by itself, ignore the bins next to each other", 'find ["bin", not is near ["bin"], pick 1 loneliest]'),
    (
        "the black chair near the bed, not the black chair near the desk",
        'find ["chair", color black, is near ["bed"], not is near ["desk"]]',
    ),
    ("There is no lamp above this desk", 'find ["desk", not is below ["lamp"]]'),
    # names
    ("it 's got two drawers and it 's a light colored cabinet", 'find ["cabinet", color bright, part drawers]'),
    ("Next to it stands a lamp. I want the lamp", 'find ["lamp"]'),
    ("a sofa or an armchair near the window", 'find ["sofa or armchair", is near ["window"]]'),
    ("whatever is on the desk", 'find ["whatever", is on ["desk"]]'),
    ("a mounted red shelf", 'find ["shelf", color red]'),
]  # fmt: skip


@pytest.mark.parametrize(("text", "notation"), TARGETS)
def test_the_target_is_what_is_asked_for_wherever_it_stands(text, notation):
    assert str(parse(text)) == notation


VIEWS = [
    (
        "when facing the wall with two whiteboards, so that the door is at your right, the second chair from the left",
        'find ["chair", pick 2 leftmost] facing ["wall", is with ["whiteboard", number 2]] right ["door"]',
    ),
    ("with your back to the window, the lamp on your left", 'find ["lamp", pick 1 leftmost] behind ["window"]'),
    ("With the door to your right, choose the chair on the left", 'find ["chair", pick 1 leftmost] right ["door"]'),
    ("with the bed behind you, the lamp on the right", 'find ["lamp", pick 1 rightmost] behind ["bed"]'),
    ("so that the tv is in front of you, the left chair", 'find ["chair", pick 1 leftmost] facing ["tv"]'),
    ("I stand at the door and look at the sofa. Give me the chair", 'find ["chair"] standing ["door"] facing ["sofa"]'),
    ("the lamp on your left", 'find ["lamp", pick 1 leftmost]'),  # says where the lamp is, not how to stand
    ("the chair with a lamp on your left", 'find ["chair", is with ["lamp"], pick 1 leftmost]'),
]


@pytest.mark.parametrize(("text", "notation"), VIEWS)
def test_a_clause_that_says_what_is_seen_where_sets_the_view(text, notation):
    query = parse(text)
    assert str(query) == notation
    assert parse(notation) == query == from_plain(to_plain(query))
