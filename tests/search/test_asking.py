"""Requests and their documents: pages, questions, what pydantic reads back, and what is refused."""

import json

import numpy as np
import pytest
from pydantic import TypeAdapter

from core3d_search import Searcher
from core3d_search.errors import InputError
from core3d_search.search import documents
from core3d_search.search.asking import ask, checked_request, count
from core3d_search.search.documents import CountRequest, SearchRequest
from core3d_search.search.surroundings import neighbours, plan


@pytest.fixture
def searcher(known_db):
    with Searcher.open(known_db) as opened:
        yield opened


def ids(document):
    return [hit.object_id for hit in document.hits]


def test_pages_put_together_are_the_whole_answer(searcher):
    whole = ask(searcher, SearchRequest("chair", threshold=0, k=100)).document()
    assert whole.next_offset is None
    found, offset = [], 0
    while offset is not None:
        page = ask(searcher, SearchRequest("chair", threshold=0, k=3, offset=offset)).document()
        assert len(page.hits) <= 3
        assert page.offset == offset
        found += ids(page)
        offset = page.next_offset
    assert found == ids(whole)
    assert len(found) == 8


def test_a_document_is_read_back_as_it_was_written(searcher):
    document = ask(searcher, SearchRequest("is there a red chair near the window?", explain=True)).document()
    text = documents.to_json(document)
    assert TypeAdapter(documents.SearchAnswer).validate_json(text) == document
    assert next(iter(json.loads(text))) == "schema_version"
    assert json.loads(text)["answer"]["aim"] == "exists"


def test_an_image_and_a_text_that_is_no_question(searcher):
    asked = ask(searcher, SearchRequest("", threshold=0.75), np.full((4, 4, 3), 3, np.uint8))  # 3: the axis of the mug
    assert ids(asked.document()) == [6]
    assert asked.document().answer is None
    assert asked.document().explanation is None


def test_counts(searcher):
    assert count(searcher, CountRequest("chairs")).counts == {"attic": 3, "barn": 0}
    with pytest.raises(InputError, match="what to count"):
        count(searcher, CountRequest("  "))


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"k": 0}, "k"),
        ({"text": "x" * 1001}, "text"),
        ({"threshold": 1.5}, "threshold"),
        ({"within": [1, 2, 3]}, "within"),
        ({"textt": "chair"}, "textt"),
        ({"relation_frame": "mine"}, "relation_frame"),
    ],
)
def test_a_request_that_cannot_be_is_refused_by_its_key(values, named):
    with pytest.raises(InputError, match=named):
        checked_request(SearchRequest, values)


def test_neighbours_are_the_nearest_with_what_holds_between_them(searcher):
    found = neighbours(searcher.objects("attic"), 6)  # the mug on the table
    assert (found[0].object_id, found[0].label, found[0].distance_m) == (5, "table", 0.0)
    assert found[0].relations["on"] >= 0.5
    assert [each.distance_m for each in found] == sorted(each.distance_m for each in found)
    assert len(found) == 5
    assert neighbours(searcher.objects("attic"), 6, most=2) == found[:2]


def test_a_plan_has_the_footprints_of_the_boxes_in_upright_coordinates(searcher):
    seen = plan("attic", searcher.objects("attic"))
    outlines = {each.object_id: each for each in seen.outlines}
    assert sorted(outlines[5].corners) == [(3.4, 2.6), (3.4, 3.4), (4.6, 2.6), (4.6, 3.4)]
    assert (outlines[5].low_m, outlines[5].high_m) == (0.0, 0.8)
    assert seen.low == (-0.6, -0.65)
    assert seen.high == (4.6, 3.4)
    assert seen.outlines[0].object_id == 5
    upright = plan("barn", searcher.objects("barn"))  # its scan has y up
    assert {each.object_id: each.high_m for each in upright.outlines}[8] == 0.8


def test_a_long_life_does_not_fill_the_memory_with_texts(searcher, monkeypatch):
    from core3d_search.search import spaces

    monkeypatch.setattr(spaces, "MOST_TEXTS", 8)
    first = ask(searcher, SearchRequest("chair")).document()
    for number in range(100):
        searcher.search(f"chair {number}")
    (space,) = searcher._current().spaces.values()
    assert len(space._texts) < 40
    assert ask(searcher, SearchRequest("chair")).document() == first
