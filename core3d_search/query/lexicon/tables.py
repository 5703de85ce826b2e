"""How the tables of words are written: as text, one meaning a line, `meaning: words | other words`."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """Return the words of `text`."""
    return frozenset(text.split())


def table(text: str) -> dict[str, tuple[str, ...]]:
    """Return meaning -> phrases; a line that begins with a blank continues the one before."""
    lines = text.strip().replace("\n    ", " ").splitlines()
    pairs = (line.split(":", 1) for line in lines)
    return {meaning.strip(): tuple(phrase.strip() for phrase in phrases.split("|")) for meaning, phrases in pairs}


def phrases(table: dict[str, tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    """Return phrase, word by word -> meaning."""
    return {tuple(phrase.split()): meaning for meaning, found in table.items() for phrase in found}
