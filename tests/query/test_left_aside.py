"""Nothing is dropped in silence: every content word has a part in the reading, or is listed as left aside."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core3d_search.query import lexicon as lex
from core3d_search.query import parse
from core3d_search.query.affordances import USE_WORDS
from core3d_search.query.left_aside import MOST_TRIED, content, unused
from core3d_search.query.parts import PART_WORDS
from core3d_search.query.words import singular

SAID = st.sampled_from(
    [
        "the red chair near the window", "second largest table", "something to sit on", "chair without arms",
        "the mug on the table next to the lamp", "facing the door, the desk on the left", "how many chairs are there",
        "the lamp between the bed and the wardrobe", "wooden table wider than 1 m", "the desk with a monitor on it",
    ]
)  # fmt: skip
VOCABULARY = sorted(
    {w for phrase in (*lex.RELATION_PHRASES, *lex.SELECTOR_PHRASES) for w in phrase} | {*lex.ADJECTIVES, *PART_WORDS}
    | {w for phrase in list(USE_WORDS)[::9] for w in phrase}
)  # fmt: skip
NOISE = st.from_regex(r"[bdfgkpt][aou]{2}[bkpt]{1,2}[aou]z", fullmatch=True)


def reading(words):
    query = parse(" ".join(words))
    return str(query), query.unparsed


@settings(max_examples=150, deadline=None)
@given(SAID, NOISE, st.integers(0, 20))
def test_noise_anywhere_is_listed_or_is_the_name_of_something(text, noise, at):
    words = text.split()
    words.insert(at % (len(words) + 1), noise)
    query = parse(" ".join(words))
    assert noise in query.unparsed or noise in str(query)
    if noise in query.unparsed:
        assert query.certainty < 1.0


@settings(max_examples=150, deadline=None)
@given(SAID, st.sampled_from(VOCABULARY), st.integers(0, 20))
def test_a_word_of_the_vocabulary_anywhere_changes_the_reading_or_is_listed(text, word, at):
    words = text.replace(",", " ,").split()
    if word in words or word in lex.FILLERS:
        return
    at = at % (len(words) + 1)
    longer = [*words[:at], word, *words[at:]]
    query = parse(" ".join(longer))
    if word in query.unparsed:
        assert query.certainty < 1.0
        return
    helps = not unused([word], "", lambda _: True)  # a helper ("side", "hand") never says anything alone
    said = {word, singular(word), lex.ADJECTIVES.get(word, ("", word))[1]}  # "crimson" says once more what "red" says
    read = set(re.findall(r"\w+", str(query).replace("_", " ")))
    assert helps or str(query) != str(parse(" ".join(words))) or said & read


def test_a_part_that_only_repeats_is_not_held_against_a_text():
    assert parse("the soap dispenser. The dispenser is near the sink").unparsed == ()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("the chair with a stripe", ("stripe",)),
        ("the ergonomic chair", ("ergonomic",)),
        ("quantum table", ("quantum",)),
    ],
)
def test_what_nobody_can_measure_is_listed(text, left):
    query = parse(text)
    assert query.unparsed == left
    assert query.certainty < 1.0


def test_so_many_doubtful_words_are_tried_at_most():
    tried = []
    unused([f"word{k}" for k in range(60)], "", lambda k: bool(tried.append(k)))
    assert len(tried) == MOST_TRIED
    assert len(content(["the", "chair", ",", "zorgle"])) == 2
