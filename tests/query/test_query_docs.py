"""docs/search-language.md says what the code does."""

import re
from pathlib import Path

import pytest

from core3d_search.query import lexicon as lex
from core3d_search.query import parse
from core3d_search.relations import PREDICATES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "search-language.md"


@pytest.fixture(scope="module")
def page() -> str:
    if not PAGE.is_file():
        pytest.skip("the documentation is not part of an installed package")
    return PAGE.read_text()


def test_examples_are_read_as_shown(page):
    examples = re.findall(r"^\| (.+?) \| `((?:find|count) .+)` \|$", page, re.MULTILINE)
    assert len(examples) > 10
    for text, notation in examples:
        assert str(parse(text)) == notation


def test_every_predicate_order_and_colour_is_listed(page):
    for name, predicate in PREDICATES.items():
        assert re.search(rf"^\| {name} \|.*\| {predicate.threshold:.3g} {predicate.unit} \|", page, re.MULTILINE), name
    for name in (*lex.SELECTOR_WORDS, "loneliest"):
        assert f"\n| {name} | " in page
    for name in (*lex.COLORS, *lex.SIZES, *lex.SHAPES, *lex.MATERIALS):
        assert name in page
