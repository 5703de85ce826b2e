"""Names of household things are read as said: never as another thing that is spelled nearly so."""

import pytest

from core3d_search.encoders import load_encoder
from core3d_search.query import parse
from core3d_search.query.nouns import NOUNS

READ_OTHERWISE = {"can opener", "lighter", "orange", "ping-pong table", "shorts"}
"""The colour, the comparative, the adjective and "can" come first; a hyphen is a space."""


def test_each_name_that_objects_are_labelled_with_is_read_whole():
    wrong = {}
    for name in set(load_encoder("built-in").vocabulary) - READ_OTHERWISE:
        query = parse(f"the {name}")
        if query.target.noun != name or query.unparsed:
            wrong[name] = str(query)
    assert not wrong


@pytest.mark.parametrize(
    ("said", "never"),
    [("hammer", "hamper"), ("tablet", "table"), ("skirt", "shirt"), ("steak", "stack"), ("cleaver", "cleaner")],
)
def test_a_thing_is_not_taken_for_a_slip_of_the_finger_in_another(said, never):
    assert said in NOUNS
    assert parse(f"where is my {said}").target.noun == said != never
