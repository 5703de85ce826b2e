"""The exact notation: what is printed is read back as the same query, whatever the text was."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core3d_search.errors import InputError
from core3d_search.query import Attribute, Measure, Phrase, Query, Relation, Selector, Viewpoint, parse
from core3d_search.query import lexicon as lex
from core3d_search.query.lexicon import ORDER_NAMES, PREDICATE_NAMES
from core3d_search.query.plain import from_plain, to_plain

WORDS = [
    *sorted(lex.KNOWN_WORDS)[::7],
    "chair",
    "table",
    "lamp",
    "coffee table",
    "window",
    "zorgle",
    "Größe",
    "🪑",
    ".",
    ",",
]
NOUNS = st.text(max_size=12)
COLORS = st.sampled_from(sorted(lex.COLORS))


def phrases(depth: int = 2) -> st.SearchStrategy[Phrase]:
    inner = phrases(depth - 1) if depth else st.builds(Phrase, noun=NOUNS)
    anchors = st.lists(inner, max_size=2).map(tuple)
    frames = st.sampled_from([None, "viewer", "anchor", "room"])
    return st.builds(
        Phrase,
        noun=NOUNS,
        attributes=st.lists(st.builds(Attribute, st.just("color"), COLORS, st.booleans()), max_size=2).map(tuple),
        measures=st.lists(
            st.builds(Measure, st.just("width"), st.sampled_from("<>="), st.floats(0.01, 9.0), st.booleans()),
            max_size=1,
        ).map(tuple),
        relations=st.lists(
            st.builds(Relation, st.sampled_from(PREDICATE_NAMES), anchors, st.booleans(), frames), max_size=2
        ).map(tuple),
        selectors=st.lists(
            st.builds(Selector, st.sampled_from(ORDER_NAMES), st.integers(-3, 9).filter(bool), anchors, st.booleans()),
            max_size=1,
        ).map(tuple),
        number=st.none() | st.integers(1, 9),
        excluded=st.lists(NOUNS, max_size=1).map(tuple),
    )


QUERIES = st.builds(
    Query,
    phrases(),
    st.none() | st.builds(Viewpoint, st.builds(Phrase, noun=NOUNS), st.none() | st.builds(Phrase, noun=NOUNS)),
    st.none() | st.text(min_size=1, max_size=8),
    st.sampled_from(["find", "count", "exists", "where", "most"]),
    st.booleans(),
)


@settings(max_examples=150, deadline=None)
@given(QUERIES)
def test_every_query_is_printed_and_read_back(query):
    assert parse(str(query)) == query


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read_and_its_reading_read_back(text):
    query = parse(text)
    assert 0.0 <= query.certainty <= 1.0
    assert parse(str(query)) == query


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join))
def test_any_heap_of_known_words_is_read_and_read_back(text):
    query = parse(text)
    assert parse(str(query)) == query


@settings(max_examples=50, deadline=None)
@given(phrases(1))
def test_plain_values_keep_the_meaning(phrase):
    clean = parse("the red chair left of the two lamps, not near a bed, second from the left")
    assert from_plain(to_plain(clean)) == clean
    assert set(to_plain(Query(phrase))) == {"target", "viewpoint", "scene", "aim", "per_scene", "other"}


@pytest.mark.parametrize(
    "broken",
    [
        'find ["a", is orbiting ["b"]]',
        'find ["a", pick 1 nicest]',
        'find ["chair"',
        'find ["chair", is near (nobody) ["x"]]',
        'find ["chair"] wearing',
    ],
)
def test_broken_notation_says_where(broken):
    with pytest.raises(InputError, match="query notation"):
        parse(broken)


def test_free_text_that_looks_like_notation_only_at_first_is_free_text():
    assert parse("find [the chair]").target.noun == "chair"
