"""What texts mean: each row is a text and the exact notation that it must be read as."""

import pytest

from core3d_search.query import parse

READINGS = [
    # targets and their looks
    ("chair", 'find ["chair"]'),
    ("the small, brown chair", 'find ["chair", size small, color brown]'),
    ("light blue bedspread", 'find ["bedspread", color blue]'),
    ("Find me the oddly shaped wooden table please", 'find ["table", material wooden]'),
    ("a chair that is not red", 'find ["chair", not color red]'),
    ("the brown door, not the white one", 'find ["door", color brown, not color white]'),
    ("recycling bins", 'find ["recycling bin"]'),
    # relations
    ("red chair near window", 'find ["chair", color red, is near ["window"]]'),
    ("the towel hanging on the door", 'find ["towel", is attached ["door"]]'),
    ("mug inside the cabinet", 'find ["mug", is inside ["cabinet"]]'),
    ("the trash can right next to the desk", 'find ["trash can", is near ["desk"]]'),
    ("the window across from the bed", 'find ["window", is opposite ["bed"]]'),
    ("two chairs facing each other", 'find ["chair", is facing ["chair"], number 2]'),
    ("lamp to the left of the bed", 'find ["lamp", is left ["bed"]]'),
    ("lamp on the right side of the bed", 'find ["lamp", is right ["bed"]]'),
    ("the chair in front of the desk", 'find ["chair", is front ["desk"]]'),
    ("the chair in the corner", 'find ["chair", is inside ["corner"]]'),
    ("the lamp between the bed and the wardrobe", 'find ["lamp", is between ["bed"] ["wardrobe"]]'),
    ("the plant between the two couches", 'find ["plant", is between ["couch", number 2] ["couch", number 2]]'),
    ("chair near the bed and the lamp", 'find ["chair", is near ["bed"], is near ["lamp"]]'),
    ("the door behind and closest to the stove", 'find ["door", is behind ["stove"], pick 1 closest ["stove"]]'),
    # nesting
    ("the mug on the table next to the window", 'find ["mug", is on ["table", is near ["window"]]]'),
    ("the mug on the table, next to the window", 'find ["mug", is on ["table"], is near ["window"]]'),
    # turned round
    ("table with a lamp on it", 'find ["table", is supports ["lamp"]]'),
    ("desk with a chair in front of it", 'find ["desk", is behind ["chair"]]'),
    ("the shelf with a plant to its immediate left", 'find ["shelf", is right ["plant"]]'),
    ("This is a chair. A lamp is above it.", 'find ["chair", is below ["lamp"]]'),
    ("there is a couch to the left of this table", 'find ["table", is right ["couch"]]'),
    # negation
    ("chair not near a table", 'find ["chair", not is near ["table"]]'),
    ("desk without a monitor", 'find ["desk", not is with ["monitor"]]'),
    ("the desk with nothing on it", 'find ["desk", not is supports [""]]'),
    ("the chair, not the one next to the door", 'find ["chair", not is near ["door"]]'),
    # orders
    ("the largest couch", 'find ["couch", pick 1 largest]'),
    ("second largest table", 'find ["table", pick 2 largest]'),
    ("the chair closest to the door", 'find ["chair", pick 1 closest ["door"]]'),
    ("the closest chair to the door", 'find ["chair", pick 1 closest ["door"]]'),
    ("farthest window from the bed", 'find ["window", pick 1 farthest ["bed"]]'),
    ("second monitor from the left", 'find ["monitor", pick 2 leftmost]'),
    ("the monitor second from the right", 'find ["monitor", pick 2 rightmost]'),
    ("the left one of the two chairs", 'find ["chair", pick 1 leftmost, number 2]'),
    ("the shelf on the top left", 'find ["shelf", pick 1 leftmost, pick 1 highest]'),
    ("the larger of the two blackboards", 'find ["blackboard", pick 1 largest]'),
    ("the trash can by itself", 'find ["trash can", pick 1 loneliest]'),
    ("the middle chair", 'find ["chair", pick 1 middle]'),
    # measures
    ("table wider than 1 m", 'find ["table", width > 1.0]'),
    ("shelves at least 50 cm tall", 'find ["shelf", height > 0.5]'),
    ("box no bigger than 30 cm", 'find ["box", size < 0.3]'),
    ("a shelf not taller than 1 m", 'find ["shelf", not height > 1.0]'),
    ("lamp under 50 cm tall", 'find ["lamp", height < 0.5]'),
    ("wardrobe over 2 m high", 'find ["wardrobe", height > 2.0]'),
    ("bed between 1 and 2 m long", 'find ["bed", length > 1.0, length < 2.0]'),
    ("desk from 80 cm to 1.2 m wide", 'find ["desk", width > 0.8, width < 1.2]'),
    # questions
    ("is the chair near the window?", 'exists ["chair", is near ["window"]]'),
    ("where are my keys", 'where ["key"]'),
    ("where is the remote control", 'where ["remote control"]'),
    # viewpoints
    ("facing the door, the desk on the left", 'find ["desk", pick 1 leftmost] facing ["door"]'),
    ("the desk on the left, when you enter the room", 'find ["desk", pick 1 leftmost] standing ["door"]'),
    (
        "if you are standing at the door looking at the windows, the far right table",
        'find ["table", pick 1 rightmost] standing ["door"] facing ["window"]',
    ),
    ("facing the sinks, it's the one on the right", 'find ["sink", pick 1 rightmost] facing ["sink"]'),
    # sentences
    (
        "There are two beds. Choose the pillow on the left.",
        'find ["pillow", is near ["bed", number 2], pick 1 leftmost]',
    ),
    ("The object you want is the lamp on the desk", 'find ["lamp", is on ["desk"]]'),
    # counts and scenes
    ("how many chairs in scene kitchen", 'count ["chair"] in "kitchen"'),
    ('chairs in "scene0011_00"', 'find ["chair"] in "scene0011_00"'),
]


@pytest.mark.parametrize(("text", "notation"), READINGS)
def test_text_is_read_as(text, notation):
    assert str(parse(text)) == str(parse(notation)), str(parse(text))


def test_everything_understood_is_certain():
    query = parse("the chair")
    assert (query.certainty, query.unparsed, query.fallback) == (1.0, (), False)


def test_certainty_sinks_with_all_that_is_said_and_most_with_what_is_left_aside():
    texts = (
        "chair", "red chair", "red chair near the window", "red chair near the window to the left of the bed",
        "facing the door, the blorping red chair near the window, to the left of the bed",
    )  # fmt: skip
    sure = [parse(text).certainty for text in texts]
    assert sure == sorted(sure, reverse=True)
    assert len(set(sure)) == len(sure)
    assert parse("chair near the bed with a lamp on it").certainty < parse("chair near the bed").certainty


def test_words_that_are_not_understood_are_listed_and_cost_certainty():
    query = parse("the chair blorping near the window")
    assert query.unparsed == ("blorping",)
    assert 0.5 < query.certainty < 1.0


def test_text_without_any_noun_becomes_the_phrase_as_a_whole():
    query = parse("when while of the")
    assert query.fallback
    assert query.certainty <= 0.3
    assert query.target.noun == "when while of the"


def test_unknown_word_after_an_article_is_a_noun():
    assert parse("the zorgle near the bed").target.noun == "zorgle"


def test_vocabulary_adds_names_of_several_words():
    assert parse("the flux capacitor on the desk", vocabulary={"flux capacitor"}).target.noun == "flux capacitor"


def test_known_scene_is_recognised_without_the_word_scene():
    query = parse("red chair in kitchen", scenes=["kitchen", "office"])
    assert (query.scene, query.target.noun) == ("kitchen", "chair")


@pytest.mark.parametrize(("typo", "noun"), [("chiar", "chair"), ("tabel", "table"), ("windwo", "window")])
def test_one_slip_of_the_finger_is_forgiven(typo, noun):
    assert parse(f"the {typo} by the bed").target.noun == noun


def test_end_of_a_long_text_is_reported_as_not_read():
    query = parse("the chair near the bed " * 100)
    assert query.unparsed
    assert query.target.noun == "chair"
