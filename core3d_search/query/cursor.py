"""A position in the words of a text, and the look-ups that every reading step needs."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from core3d_search.query import lexicon as lex
from core3d_search.query.affordances import USE_WORDS
from core3d_search.query.nouns import NOUNS
from core3d_search.query.words import Speller, singular, tokenise

MARKS = frozenset('.,;:!?()"')
STOPS = frozenset(".;!?:")
_LONGEST_NAME, _LONGEST_RUN = 4, 8
_AFTER_STANDS = frozenset("a an the in on at next near beside behind under by between to".split())
_Phrases = dict[tuple[str, ...], str]
Named = dict[tuple[str, ...], tuple[int, str] | None]


def _lengths(table: _Phrases) -> dict[str, int]:
    """Return first word -> length of the longest phrase that begins with it."""
    longest: dict[str, int] = {}
    for phrase in table:
        longest[phrase[0]] = max(longest.get(phrase[0], 0), len(phrase))
    return longest


_RELATION_LENGTHS = _lengths(lex.RELATION_PHRASES)
_ORDER_LENGTHS = _lengths(lex.SELECTOR_PHRASES)


@lru_cache(maxsize=1)
def _speller() -> Speller:
    names = {word for name in NOUNS for word in name.split()}
    return Speller(lex.KNOWN_WORDS | names | {word for phrase in USE_WORDS for word in phrase})


def spelled(text: str, names: Collection[str]) -> list[str]:
    """Return the words of `text`, slips of the finger corrected where they are no part of `names`."""
    own = {word for name in names for word in name.split()}
    return [w if w in own or w in MARKS else _speller().correct(w) for w in tokenise(text)]


class Cursor:
    """Words, a position `i` in them, and which of them were understood.

    `named` keeps the names that windows of words were found to begin with; readings of nearly the same words share it.
    """

    def __init__(self, words: list[str], names: Collection[str], named: Named | None = None) -> None:
        self.names = names
        self.words = words
        self.known = [False] * len(self.words)
        self.i = 0
        self._named: Named = {} if named is None else named

    def word(self, offset: int = 0) -> str:
        """Return the word `offset` after the position, "" outside the text."""
        k = self.i + offset
        try:  # asked so often that comparing with the length first shows
            return self.words[k] if k >= 0 else ""
        except IndexError:
            return ""

    def eat(self, count: int = 1) -> None:
        """Move on over understood words."""
        for k in range(self.i, min(self.i + count, len(self.words))):
            self.known[k] = True
        self.i += count

    def eat_any(self, words: Collection[str]) -> bool:
        """Move on over words of a collection, a few at most; return whether there was one."""
        start = self.i
        while self.i < start + _LONGEST_RUN and self.word() in words and self.word():
            self.eat()
        return self.i > start

    def skip(self) -> None:
        """Move on over a word that no step read; only one that never says anything itself counts as understood."""
        if self.word() in lex.FILLERS:
            self.known[self.i] = True
        self.i += 1

    def back(self, start: int) -> None:
        """Return to an earlier position."""
        for k in range(start, min(self.i, len(self.words))):
            self.known[k] = False
        self.i = start

    def at_clause_start(self, at: int) -> bool:
        """Whether nothing or a punctuation mark stands before position `at`."""
        return at == 0 or self.words[at - 1] in MARKS

    def at_clause_end(self, offset: int = 0) -> bool:
        """Whether the text or the clause ends at `offset`."""
        return self.word(offset) == "" or self.word(offset) in MARKS

    def relation_ahead(self, offset: int = 0) -> tuple[int, str] | None:
        """Return (number of words, predicate) of the longest relation phrase at `offset`."""
        return self._longest(lex.RELATION_PHRASES, _RELATION_LENGTHS, offset)

    def order_ahead(self, offset: int = 0) -> tuple[int, str] | None:
        """Return (number of words, order) of the longest order phrase at `offset`."""
        return self._longest(lex.SELECTOR_PHRASES, _ORDER_LENGTHS, offset)

    def _longest(self, table: _Phrases, lengths: dict[str, int], offset: int) -> tuple[int, str] | None:
        start = self.i + offset
        for length in range(lengths.get(self.word(offset), 0), 0, -1):
            meaning = table.get(tuple(self.words[start : start + length]))
            if meaning is not None:
                return length, meaning
        return None

    def name_ahead(self, offset: int = 0) -> tuple[int, str] | None:
        """Return (number of words, name) of the longest known name of a thing at `offset`."""
        start = self.i + offset
        if not 0 <= start < len(self.words):
            return None
        window = (self.words[start - 1] if start else "", *self.words[start : start + _LONGEST_NAME])
        if window not in self._named:
            self._named[window] = self._name_at(start)
        return self._named[window]

    def _name_at(self, start: int) -> tuple[int, str] | None:
        """Return the name at a position in the words; it depends on nothing but the word before and the next four."""
        if self.words[start] in ("can", "cans") and start and self.words[start - 1] in lex.BEFORE_CAN:
            return 1, "trash can"
        if self.words[start] == "stands" and {*self.words[start + 1 : start + 2]} & _AFTER_STANDS:
            return None  # "next to it stands a lamp"
        for length in range(min(_LONGEST_NAME, len(self.words) - start), 0, -1):
            words = self.words[start : start + length]
            for name in (" ".join(words), " ".join([*words[:-1], singular(words[-1])])):
                if name in self.names or name in NOUNS:
                    return length, name
        return None

    def is_unknown(self, word: str) -> bool:
        """Whether a word is in no table: perhaps the name of a thing."""
        return bool(word) and word not in MARKS and word not in lex.KNOWN_WORDS and not word[0].isdigit()
