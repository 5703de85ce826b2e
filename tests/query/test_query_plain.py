"""Plain values are checked before they become a query."""

import pytest

from core3d_search.errors import InputError
from core3d_search.query import Relation, parse
from core3d_search.query.plain import from_plain, schema, to_plain


def test_missing_fields_are_empty():
    query = from_plain(
        {"target": {"noun": "Chair", "relations": [{"predicate": "near", "anchors": [{"noun": "bed"}]}]}}
    )
    assert query == parse('find ["chair", is near ["bed"]]')


def test_color_words_become_usual():
    query = from_plain({"target": {"noun": "chair", "attributes": [{"kind": "color", "value": "grey"}]}})
    assert query.target.attributes[0].value == "gray"


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        {"target": "chair"},
        {"target": {"noun": 3}},
        {"target": {"noun": "chair", "size": "big"}},
        {"target": {"noun": "chair", "number": True}},
        {"target": {"noun": "chair", "relations": [{"predicate": "orbits", "anchors": []}]}},
        {"target": {"noun": "chair", "relations": [{"predicate": "near", "frame": "moon"}]}},
        {"target": {"noun": "chair", "selectors": [{"order": "largest", "rank": 0}]}},
        {"target": {"noun": "chair", "measures": [{"dimension": "width", "comparison": ">", "metres": -1}]}},
        {"target": {"noun": "chair"}, "aim": "buy"},
    ],
)
def test_what_is_no_query_is_refused(wrong):
    with pytest.raises(InputError):
        from_plain(wrong)


def test_endless_nesting_is_refused():
    phrase = {"noun": "chair"}
    for _ in range(20):
        phrase = {"noun": "chair", "relations": [{"predicate": "near", "anchors": [phrase]}]}
    with pytest.raises(InputError, match="nests"):
        from_plain({"target": phrase})


def test_schema_names_every_field_and_predicate():
    plain = to_plain(parse("red chair near the bed, second from the left, wider than 1 m"))
    described = schema()["$defs"]["phrase"]["properties"]
    assert set(plain["target"]) == set(described)
    assert "near" in described["relations"]["items"]["properties"]["predicate"]["enum"]
    assert Relation.__dataclass_fields__.keys() == described["relations"]["items"]["properties"].keys()
