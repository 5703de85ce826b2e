"""Which words of a text have no part in its reading: nothing is dropped in silence.

A content word has a part where the reading would be another one without it. That is tried for each word whose trace
cannot be seen in the query: the text is read once more without the word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from core3d_search.query import lexicon as lex
from core3d_search.query.cursor import MARKS
from core3d_search.query.nouns import GENERIC
from core3d_search.query.words import singular

MOST_TRIED = 24
"""Words that are tried; in a text of more doubtful ones the rest is taken as understood where a step consumed it."""

_HELPERS = (
    lex.FILLERS | lex.SIDE_NOUNS | lex.BEFORE_SIDES | lex.VIEW_OPENERS | lex.VIEW_FILLERS | GENERIC | lex.CARRIED_VERBS
    | frozenset("color colour colored coloured shape shaped size sized looking most hand each every scene room".split())
)  # fmt: skip
"""Words that help others to say something and say nothing alone."""


def content(words: Sequence[str]) -> list[int]:
    """Return the positions of the words that say something."""
    return [k for k, word in enumerate(words) if word not in MARKS and word not in lex.FILLERS]


def unused(words: Sequence[str], written: str, same_without: Callable[[int], bool]) -> list[int]:
    """Return the positions of content words that have no part in the reading `written` in the exact notation.

    `same_without` reads the text again without one word and says whether the reading is the same.
    """
    said = set(re.findall(r"[^\W_]+", written.lower()))
    often = Counter(singular(word) for word in words)
    doubtful = [k for k in content(words) if words[k] not in _HELPERS and often[singular(words[k])] == 1]
    doubtful = [k for k in doubtful if not _traces(words[k]) & said]
    return [k for k in doubtful[:MOST_TRIED] if same_without(k)]


def _traces(word: str) -> set[str]:
    """Return the words of the notation that show a noun or an adjective."""
    return {word, singular(word), lex.ADJECTIVES.get(word, ("", word))[1]}
