"""What of an answer stands out: hits in the colours of their scores, arrows to what they were measured against."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core3d_search.search.catalogue import object_card
from core3d_search.viewer.highlights import (
    ANCHOR,
    BESIDE_M,
    CHOSEN,
    LINE_M,
    MOST_NEIGHBOURS,
    SHORTEST_M,
    apart,
    highlights,
    score_color,
)
from core3d_search.viewer.room import read_room


@pytest.fixture
def attic(searcher):
    return read_room(searcher, "attic")


def test_nothing_stands_out_before_a_question(attic):
    shown = highlights(attic)
    assert (shown.marks, shown.arrows, shown.focus) == ((), (), ())


def test_hits_bear_rank_name_and_the_colour_of_their_score(attic, searcher):
    hits = searcher.search("red chair", k=3, threshold=0.0)
    shown = highlights(attic, hits)
    assert [mark.text for mark in shown.marks] == [f"{k}. chair #{hit.object_id}" for k, hit in enumerate(hits, 1)]
    assert [mark.color for mark in shown.marks] == [score_color(hit.score) for hit in hits]
    assert not any(mark.is_chosen for mark in shown.marks)
    for mark in shown.marks:
        assert mark.at[2] > attic.table.high[mark.row], "a name stands above its box"


def test_hits_of_other_scenes_keep_their_ranks_and_are_not_drawn(attic, searcher):
    hits = searcher.search("table", k=5, threshold=0.0)
    ours = [rank for rank, hit in enumerate(hits, 1) if hit.scene == "attic"]
    assert {hit.scene for hit in hits} == {"attic", "barn"}
    assert [int(mark.text.split(".")[0]) for mark in highlights(attic, hits).marks] == ours


def test_arrows_lead_from_the_chosen_hit_to_its_anchors_and_say_how_far_that_is(attic, searcher):
    hits = searcher.search("red chair near window", k=3)
    shown = highlights(attic, hits, 1)
    (arrow,) = shown.arrows
    distance = hits[0].reasons[-1].values["distance_m"]
    assert arrow.text == f"near window #4 · {distance:.2f} m"
    chair, window = attic.row(1), attic.row(4)
    assert shown.focus == (chair, window)
    assert {(mark.row, mark.is_chosen) for mark in shown.marks} == {(chair, True), (window, False)}
    assert [mark.color for mark in shown.marks if mark.row == window] == [ANCHOR]
    way = attic.table.centers[window] - attic.table.centers[chair]
    assert np.linalg.norm(np.cross(arrow.end - arrow.start, way)) < 1e-9
    assert (arrow.end - arrow.start) @ way > 0
    assert np.linalg.norm(arrow.end - arrow.start) >= SHORTEST_M


def test_an_arrow_between_distant_boxes_goes_from_face_to_face(attic, searcher):
    (hit,) = searcher.search("red chair near window", k=1)
    far = replace(hit, reasons=(replace(hit.reasons[-1], anchor_ids=(2,)),))
    (arrow,) = highlights(attic, [far], 1).arrows
    np.testing.assert_allclose(arrow.start, (0.25, 0, 0.45), atol=1e-9)
    np.testing.assert_allclose(arrow.end, (3.75, 0, 0.45), atol=1e-9)
    np.testing.assert_allclose(arrow.at, (4, 0, 0.45), atol=1e-9)


def test_an_object_that_is_no_hit_shows_how_it_stands_to_what_is_around(attic, searcher):
    neighbours = object_card(searcher, 6).neighbours
    shown = highlights(attic, (), 6, neighbours)
    assert [arrow.text for arrow in shown.arrows] == [f"{next(iter(neighbours[0].relations))} table #5 · 0.00 m"]
    assert [mark.color for mark in shown.marks if mark.is_chosen] == [CHOSEN]
    assert shown.focus == (attic.row(6),), "what is merely around is not flown to"
    many = [replace(neighbours[0], object_id=key) for key in (1, 2, 3, 4, 5)]
    assert len(highlights(attic, (), 6, many).arrows) == MOST_NEIGHBOURS
    assert highlights(attic, (), 6, [replace(neighbours[0], distance_m=3.0)]).arrows == ()
    assert highlights(attic, (), 6, [replace(neighbours[0], relations={})]).arrows == ()


def test_an_object_of_another_scene_is_not_chosen_here(attic):
    assert highlights(attic, (), 7).marks == ()


def test_the_end_of_an_arrow_has_its_name_in_the_arrow_s_text_alone(attic, searcher):
    marks = highlights(attic, searcher.search("red chair near window"), 1).marks
    assert [mark.text for mark in marks if mark.row == attic.row(4)] == [""]


def test_colours_go_from_blue_over_amber_to_red():
    assert score_color(0.0) == (37, 99, 235)
    assert score_color(0.5) == (217, 119, 6)
    assert score_color(1.0) == (220, 38, 38)
    reds = [score_color(value)[0] for value in np.linspace(0, 1, 20)]
    assert reds == sorted(reds)


places = st.lists(st.tuples(*[st.floats(-2, 2)] * 3), max_size=12)


@given(places)
def test_names_do_not_lie_on_each_other_and_are_only_raised(start):
    moved = apart([np.array(place) for place in start])
    for before, after in zip(start, moved, strict=True):
        assert (after[:2] == before[:2]).all()
        assert after[2] >= before[2]
    for k, one in enumerate(moved):
        for other in moved[:k]:
            close = np.hypot(*(one - other)[:2]) < BESIDE_M
            assert not close or abs(one[2] - other[2]) >= LINE_M - 1e-6
