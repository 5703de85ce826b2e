"""The notation of weighted phrases."""

import pytest

from core3d_search.query.mixture import Term, parse_mixture


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("2:wooden chair - office", (Term(2, "wooden chair"), Term(-1, "office"))),
        ("lamp + 0.5:table - 3 : bed", (Term(1, "lamp"), Term(0.5, "table"), Term(-3, "bed"))),
        ("2:chair", (Term(2, "chair"),)),
        ("red chair near window", ()),
        ("t-shirt", ()),
        ("chair - ", ()),
        ("16:9 screen", (Term(16, "9 screen"),)),
        ("", ()),
    ],
)
def test_terms(text, terms):
    assert parse_mixture(text) == terms
