"""Texts in German, French, Spanish or Chinese, put into the English of the search language word by word.

Nouns, looks, relations and a little grammar are translated by the tables of translations.py, the longest phrase
first; what is not in them stays as it is, so that the parser lists it as not understood. Adjectives after their noun
are put before it; a Chinese phrase is turned round at its 的.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache

from core3d_search.query import lexicon as lex
from core3d_search.query.nouns import NOUNS as ENGLISH_NOUNS
from core3d_search.query.translations import GRAMMAR, LANGUAGES, LOOKS, NOUNS, RELATIONS
from core3d_search.query.words import singular

Table = dict[tuple[str, ...], tuple[str, str]]
_ENDINGS = {
    "de": (("ern", ""), ("er", ""), ("en", ""), ("es", ""), ("em", ""), ("e", ""), ("n", ""), ("s", "")),
    "fr": (("eaux", "eau"), ("aux", "al"), ("es", ""), ("s", ""), ("x", ""), ("e", "")),
    "es": (("ones", "ón"), ("es", ""), ("s", ""), ("as", "o"), ("os", "o"), ("a", "o")),
}
"""Endings of plurals, cases and genders, and what stands in the table instead."""
_UMLAUTS = str.maketrans("äöü", "aou")


@lru_cache(maxsize=len(LANGUAGES))
def words_of(language: str) -> Table:
    """Return words of a language -> (English, what kind of word: noun, look, relation, grammar)."""
    place = LANGUAGES.index(language)
    table: Table = {}
    kinds = (("noun", NOUNS), ("look", LOOKS), ("relation", RELATIONS), ("grammar", GRAMMAR))
    for kind, lines in kinds:
        for line in lines.strip().replace("\n    ", " ").splitlines():
            english, others = line.split(" = ")
            for word in others.split(" / ")[place].split(","):
                if word.strip() != "-":
                    table.setdefault(tuple(_split(word)), (english, kind))
    return table


def _split(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text).lower().replace("’", "'").replace("¿", "").replace("¡", "")
    return re.findall(r"[^\W_]+(?:-[^\W_]+)*'?|[.,;:!?()\"]", plain)


def detect(text: str, names: Collection[str] = ()) -> str | None:
    """Return the language that knows more words of `text` than English does, None for English or none of them."""
    if re.search(r"[\u4e00-\u9fff]", text):
        return "zh"
    words = [word for word in _split(text) if word[0].isalpha()]
    if not words:
        return None
    own = {word for name in names for word in name.split()}
    english = sum(w in lex.KNOWN_WORDS or w in own or singular(w) in ENGLISH_NOUNS for w in words)
    if english == len(words):  # nobody can know more: the tables of the others need not be read
        return None
    best, most = None, english
    for language in ("de", "fr", "es"):
        known = sum(length for length, _, _ in _found(words, language) if length)
        if known > most:
            best, most = language, known
    return best


def to_english(text: str, language: str) -> str:
    """Return `text` in the English of the search language; words that no table knows stay."""
    if language == "zh":
        return _from_chinese(text)
    parts = [(english, kind) for _, english, kind in _found(_split(text), language)]
    if language in ("fr", "es"):
        parts = _adjectives_first(parts)
    return " ".join(english for english, _ in parts)


def _found(words: list[str], language: str) -> list[tuple[int, str, str]]:
    """Return (number of words, 0 where unknown; English; kind) of each part of a text, in order."""
    table, longest, parts, k = words_of(language), _longest(language), [], 0
    while k < len(words):
        for length in range(min(longest.get(words[k], 1), len(words) - k), 0, -1):
            meant = _meaning(table, tuple(words[k : k + length]), language)
            if meant is not None:
                parts.append((length, *meant))
                k += length
                break
        else:
            parts.append((0, words[k], "mark" if not words[k][0].isalnum() else "unknown"))
            k += 1
    return parts


@lru_cache(maxsize=len(LANGUAGES))
def _longest(language: str) -> dict[str, int]:
    """Return first word -> words of the longest entry that begins with it."""
    longest: dict[str, int] = {}
    for first, *rest in words_of(language):
        longest[first] = max(longest.get(first, 1), 1 + len(rest))
    return longest


def _meaning(table: Table, phrase: tuple[str, ...], language: str) -> tuple[str, str] | None:
    if phrase in table:
        return table[phrase]
    *front, last = phrase
    for ending, instead in _ENDINGS[language]:
        if last.endswith(ending) and len(last) > len(ending) + 2:
            stem = last[: -len(ending)] + instead
            for form in (stem, stem.translate(_UMLAUTS) if language == "de" else stem):
                meant = table.get((*front, form))
                if meant is not None and meant[1] in ("noun", "look"):
                    return meant
    return None


def _adjectives_first(parts: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the parts with looks that follow their noun put before it: "chaise rouge" is a red chair."""
    ordered: list[tuple[str, str]] = []
    for part in parts:
        at = len(ordered)
        if part[1] == "look":
            while at and ordered[at - 1][1] == "look":
                at -= 1
            at = at - 1 if at and ordered[at - 1][1] == "noun" else len(ordered)
        ordered.insert(at, part)
    return ordered


def _from_chinese(text: str) -> str:
    """Turn "窗户旁边的红色椅子" into "red chair next to window"."""
    clean = re.sub(r"[\s，。？！?!.,]", "", unicodedata.normalize("NFKC", text))
    asked = [english for words, english in _GRAMMAR_ZH if words in clean]
    for words, _ in _GRAMMAR_ZH:
        clean = clean.replace(words, "")
    *said, last = [segment for segment in clean.split("的") if segment] or [""]
    negated, looks, relations = False, list[str](), list[str]()
    for segment in said:
        parts = _chinese_parts(segment)
        negated = any(english == "not" for english, _ in parts)
        nouns = [english for english, kind in parts if kind in ("noun", "unknown")]
        related = [english for english, kind in parts if kind == "relation"]
        no = "not " if negated else ""
        if related and nouns:
            relations.append(f"{no}{related[-1]} the " + " and the ".join(_described(parts)))
        elif negated:
            relations.append("not " + " ".join(english for english, kind in parts if kind == "look"))
        else:
            looks += [english for english, kind in parts if kind != "grammar"]
    target = " ".join([*looks, *(english for english, kind in _chinese_parts(last) if kind != "grammar")])
    opening = asked[0] + " " if asked else ""
    return f"{opening}{target} {' '.join(f'that is {r}' if r.startswith('not') else r for r in relations)}".strip()


def _described(parts: list[tuple[str, str]]) -> list[str]:
    """Return each noun with the looks before it."""
    found, looks = [], list[str]()
    for english, kind in parts:
        if kind == "look":
            looks.append(english)
        elif kind in ("noun", "unknown"):
            found.append(" ".join([*looks, english]))
            looks = []
    return found


_GRAMMAR_ZH = (
    ("在哪里", "where is"),
    ("在哪儿", "where is"),
    ("哪里有", "where is"),
    ("有没有", "is there"),
    ("有多少", "how many"),
    ("多少", "how many"),
    ("几个", "how many"),
)


def _chinese_parts(segment: str) -> list[tuple[str, str]]:
    """Return (English, kind) of the longest words, left to right; runs that no table knows stay together."""
    table, parts, k = words_of("zh"), list[tuple[str, str]](), 0
    while k < len(segment):
        for length in range(min(6, len(segment) - k), 0, -1):
            meant = table.get((segment[k : k + length],))
            if meant is not None:
                parts.append(meant)
                k += length
                break
        else:
            if parts and parts[-1][1] == "unknown":
                parts[-1] = (parts[-1][0] + segment[k], "unknown")
            else:
                parts.append((segment[k], "unknown"))
            k += 1
    return parts
