"""Questions are answered in one line, over scenes that are exactly known."""

import pytest

from core3d_search.query import parse
from core3d_search.search.grounding import LabelledObject, answer_labelled


def thing(number, label, x, y, z, size, color=None, material=None):
    return LabelledObject(number, label, (x, y, z), size, color, material=material)


SCENES = {
    "kitchen-a": [
        thing(1, "stove", 0, 0, 0.45, (0.6, 0.6, 0.9)), thing(2, "refrigerator", 1, 0, 0.9, (0.6, 0.6, 1.8)),
        thing(3, "chair", 2, 2, 0.45, (0.5, 0.5, 0.9)), thing(4, "chair", 3, 2, 0.5, (0.5, 0.5, 1.0)),
        thing(5, "clock", 0, 3, 1.9, (0.3, 0.05, 0.3)), thing(6, "microwave", 4, 0, 1.05, (0.5, 0.4, 0.3)),
        thing(7, "kitchen counter", 4, 0, 0.45, (1.6, 0.6, 0.9)), thing(8, "chair", 3.9, 2, 0.5, (0.5, 0.5, 1.0)),
        thing(15, "box", 1, 3, 0.1, (0.3, 0.3, 0.2), material="wood"), thing(16, "box", 2, 3, 0.6, (1, 1, 1.2)),
    ],
    "bedroom-b": [
        thing(11, "bed", 0, 0, 0.3, (2, 1.6, 0.6)), thing(12, "chair", 3, 2, 0.6, (0.5, 0.5, 1.2)),
        thing(13, "clock", 0, 3, 2.2, (0.3, 0.05, 0.3)), thing(14, "wardrobe", 4, 0, 1, (1.2, 0.6, 2.0)),
        thing(17, "armchair", 3, 3.5, 0.5, (0.9, 0.9, 1.0)), thing(18, "stool", 1, 1.8, 0.25, (0.4, 0.4, 0.5)),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("the highest clock", 13),
        ("the second tallest chair", 4),
        ("the tallest chair in the kitchen", 4),
        ("where food is kept cold", 2),
        ("something to sleep in", 11),
        ("something to heat soup on", 1),
        ("seat without arms", 18),
        ("box bigger than the microwave", 16),
        ("box smaller than the microwave", 15),
        ("a wooden box", 15),
        ("a wardrobe or a piano", 14),
        ("I stand at the door and look at the bed. Find the chair", 12),
        ("I stand at the door and look at the stove. Find the clock", 5),
        ("a box about 1 m wide", 16),
        ("box less than 10 inches tall", 15),
    ],
)
def test_first_answer(text, first):
    answer = answer_labelled(text, SCENES)
    assert answer.hits, text
    assert answer.hits[0].object_id == first, [(h.object_id, h.score) for h in answer.hits]


def test_orders_are_global_unless_each_scene_is_asked():
    assert {h.object_id for h in answer_labelled("the tallest chair", SCENES).hits} == {12}
    assert {h.object_id for h in answer_labelled("the highest clock in each scene", SCENES).hits} == {5, 13}
    reason = answer_labelled("the highest clock", SCENES).hits[0].reasons[-1]
    assert reason.values["among"] == "2 scenes"
    assert reason.values["above_floor_m"] == pytest.approx(2.2, abs=0.01)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("is there a bed?", "yes: bed #11 in bedroom-b"),
        ("is there a piano?", "no, nothing like that here"),
        ("where is the microwave?", "microwave #6 in kitchen-a, on the kitchen counter #7"),
        ("how many chairs are there?", "4 (bedroom-b 1, kitchen-a 3)"),
        ("which scene has the most chairs?", "kitchen-a: 3"),
        ("which scene has the most clocks?", "several have as many"),
        ("which scene has the most pianos?", "none"),
        ("are there more chairs than clocks?", "yes: chair 4, clock 2"),
        ("are there fewer chairs than clocks", "no: chair 4, clock 2"),
        ("do we have as many stoves as beds?", "yes: stove 1, bed 1"),
        ("are there more boxes wider than 50 cm than clocks?", "no: box 1, clock 2"),
        ("are there more chairs than pianos in scene bedroom-b?", "yes: chair 1, piano 0"),
        ("how tall is the wardrobe?", "2.00 m high: wardrobe #14 in bedroom-b"),
        ("how wide is the kitchen counter?", "1.60 m wide: kitchen counter #7 in kitchen-a"),
        ("how deep is the kitchen counter", "0.60 m deep: kitchen counter #7"),
        ("how long is the bed?", "2.00 m long: bed #11"),
        ("how high is the wooden box?", "0.20 m high: box #15"),
        ("what is the height of the second tallest chair?", "1.00 m high: chair #4"),
        ("how big is the wardrobe?", "1.20 x 0.60 x 2.00 m (length, depth, height): wardrobe #14"),
        ("how far is the microwave from the stove?", "3.45 m apart (centres 4.04 m): microwave #6 and stove #1"),
        ("how far apart are the bed and the wardrobe?", "2.40 m apart (centres 4.06 m): bed #11 and wardrobe #14"),
        ("what is the distance between the stove and the refrigerator", "0.40 m apart"),
        ("how far is the bed from the stove?", "no scene has both"),
        ("how tall is the piano?", "nothing like that here"),
    ],
)
def test_one_line(text, line):
    answer = answer_labelled(text, SCENES)
    assert answer.text.startswith(line)
    assert answer.to_dict()["text"] == answer.text


def test_a_use_that_no_table_knows_is_left_to_the_words_as_a_whole():
    query = parse("something to juggle with")
    assert query.fallback
    assert "juggle" in query.target.noun


def test_a_row_of_chairs():
    row = [thing(k, "chair", 0.8 * k, 0, 0.5, (0.5, 0.5, 1)) for k in range(4)]
    alone = thing(9, "chair", 1, 5, 0.5, (0.5, 0.5, 1))
    hits = answer_labelled("a row of chairs", {"hall": [*row, alone]}).hits
    assert {h.object_id for h in hits} == {0, 1, 2, 3}
