"""Ties are ordered as documented, and told."""

from relations.known_room import ROOM, thing

from core3d_search import ground
from core3d_search.search.ties import NEAR_TIE, with_ties

SIZE = (0.5, 0.5, 0.9)


def told(hits):
    return [reason.text for hit in hits for reason in hit.reasons if reason.kind == "tie"]


def test_of_equal_ones_the_larger_is_first_and_the_reasons_say_so():
    hits = ground("box", [thing(1, "box", 0, 0, 0, (0.3, 0.3, 0.3)), thing(2, "box", 2, 0, 0, SIZE)])
    assert [hit.object_id for hit in hits] == [2, 1]
    assert told(hits) == ["as good as box #1; first because it is larger"]


def test_of_equal_relations_the_nearer_is_first():
    table = thing(9, "table", 0, 0, 0, (1, 1, 0.7))
    boxes = [thing(1, "box", 0.7, 0.3, 0, SIZE), thing(2, "box", 0.7, 0, 0, SIZE)]
    hits = ground("box touching the table", [table, *boxes])
    assert hits[0].object_id == 2
    assert told(hits) == ["as good as box #1; first because it is nearer to what was named"]


def test_of_what_is_alike_in_everything_the_lowest_number_is_first():
    boxes = [thing(k, "box", k, 0, 0, SIZE) for k in (3, 1, 2)]
    hits = ground("box", boxes)
    assert [hit.object_id for hit in hits] == [1, 2, 3]
    assert told(hits) == ["as good as box #2, box #3; first because it has the lowest number"]


def test_a_near_tie_is_told_and_a_clear_answer_tells_none():
    near = ground(
        "the tallest chair", [thing(1, "chair", 0, 0, 0, SIZE), thing(2, "chair", 2, 0, 0, (0.5, 0.5, 0.901))]
    )
    assert told(near) == ["hardly better than chair #1"]
    assert told(ground("the red chair closest to the door", ROOM)) == []
    assert near[1].score >= (1 - NEAR_TIE) * near[0].score


def test_what_is_told_changes_no_score_and_no_hit_is_lost():
    hits = ground("chair", ROOM)
    assert [hit.score for hit in with_ties(hits, 2)] == [hit.score for hit in hits[:2]]
    assert with_ties([]) == []
