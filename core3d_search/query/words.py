"""Text to words: one spelling for each, whatever the punctuation, contraction, plural or slip of a finger."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cached_property, lru_cache

LONGEST_TEXT, MOST_WORDS = 1000, 200
"""Characters and words that are read; the rest of a longer text is reported as not understood."""

_WORD = re.compile(r"[^\W_]+(?:[_'./][^\W_]+)*|[.,;:!?()\"]", re.UNICODE)
_MEASURE = re.compile(r"(\d+(?:\.\d+)?)(mm|cm|m|ft|in|inch|inches|feet|metres?|meters?)")
_LONE_S = re.compile(r"\s+'s\b")  # "it 's"
_IT_HAS = re.compile(r"\b(it|that|which)'s got\b")
_ITS = re.compile(r"\bits(?=\s+(?:the|a|an|on|in|at|next|near|not|located|right next)\b)")  # "its the chair" is "it is"
_CONTRACTIONS = {
    "it's": "it is", "that's": "that is", "there's": "there is", "they're": "they are",
    "isn't": "is not", "aren't": "are not", "doesn't": "does not", "don't": "do not", "won't": "will not",
    "you're": "you are", "i'm": "i am", "i'll": "i will", "what's": "what is", "where's": "where is", "isnt": "is not",
    "doesnt": "does not", "dont": "do not", "cannot": "can not", "can't": "can not", "hasn't": "has not",
    "haven't": "have not", "you've": "you have", "we're": "we are", "wasn't": "was not", "let's": "let us",
    "w/": "with", "w/o": "without", "inbetween": "in between", "ontop": "on top", "nextto": "next to",
    "infront": "in front", "alot": "a lot", "ot": "to", "teh": "the", "hte": "the", "fo": "of", "od": "of",
}  # fmt: skip
_IRREGULAR = {
    "shelves": "shelf", "bookshelves": "bookshelf", "knives": "knife", "people": "person", "men": "man",
    "women": "woman", "feet": "foot", "children": "child", "leaves": "leaf", "loaves": "loaf", "halves": "half",
    "mice": "mouse", "dishes": "dish", "boxes": "box", "couches": "couch", "benches": "bench", "brushes": "brush",
    "glasses": "glasses", "stairs": "stairs", "blinds": "blinds", "clothes": "clothes", "scissors": "scissors",
    "headphones": "headphones", "papers": "paper", "drapes": "drapes", "pants": "pants", "shorts": "shorts",
    "stoves": "stove", "sleeves": "sleeve", "ottomans": "ottoman", "vases": "vase", "series": "series",
    "shoes": "shoe", "canoes": "canoe", "cookies": "cookie", "movies": "movie", "ties": "tie", "pies": "pie",
    "axes": "axe", "caches": "cache", "canvas": "canvas", "atlas": "atlas", "mattress": "mattress", "lens": "lens",
}  # fmt: skip


def tokenise(text: str) -> list[str]:
    """Return lower-case words and punctuation marks of the first `LONGEST_TEXT` characters."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST_TEXT]).lower()
    plain = plain.replace("’", "'").replace("`", "'").replace("w/o ", "without ").replace("w/ ", "with ")
    plain = _LONE_S.sub("'s", plain)
    plain = _ITS.sub("it is", _IT_HAS.sub(r"\1 has", plain))
    tokens: list[str] = []
    for word in _WORD.findall(plain):
        if word in _CONTRACTIONS:
            tokens.extend(_CONTRACTIONS[word].split())
        elif word.endswith("'s") and len(word) > 2:
            tokens.extend((word[:-2], "'s"))
        elif (measure := _MEASURE.fullmatch(word)) is not None:  # "1.2m"
            tokens.extend((measure[1], "inches" if measure[2] == "in" else measure[2]))
        else:
            tokens.append(word)
    return tokens[:MOST_WORDS]


def singular(word: str) -> str:
    """Return the singular of an English noun by spelling alone ("boxes" -> "box", "glass" stays)."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses", "zes")):
        return word[:-2]
    return word[:-1]


class Speller:
    """Finds the one known word that differs from an unknown word by a single slip.

    Slips are a letter too many, too few, another one, or two neighbours swapped. Words shorter than five letters are
    left alone: too many real words are one slip apart. The index of deletions makes a look-up independent of the
    size of the vocabulary (the SymSpell idea: compare deletions instead of generating insertions): 4 µs a word,
    where a scan with rapidfuzz's edit distance takes 67 µs and also takes "bridge" for a fridge.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self.correct = lru_cache(maxsize=8192)(self._correct)
        self.words = frozenset(words)

    @cached_property
    def _deletions(self) -> dict[str, str]:
        """Known words of five letters or more by what is left of them without one letter; built for the first slip."""
        found: dict[str, str] = {}
        for word in sorted(self.words):
            if len(word) >= 5:
                for cut in _deletions(word):
                    found.setdefault(cut, word)
        return found

    def _correct(self, word: str) -> str:
        """Return `word` if it is known or nothing is one slip away, else the known word."""
        if word in self.words or singular(word) in self.words or len(word) < 5 or len(word) > 24 or not word.isalpha():
            return word
        if word in self._deletions:
            return self._deletions[word]
        for cut in _deletions(word):
            if cut in self.words and len(cut) >= 4:
                return cut
        for cut in _deletions(word):
            near = self._deletions.get(cut)
            if near is not None and len(near) == len(word) and near[0] == word[0]:
                return near
        return word


def _deletions(word: str) -> list[str]:
    return [word[:i] + word[i + 1 :] for i in range(len(word))]
