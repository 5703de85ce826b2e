"""The words that open a question, and what it asks for."""

from __future__ import annotations

from core3d_search.query.meaning import Aim

_COUNT = "how many | number of | count the number of | count"
_EXISTS = "is there | are there | is any | are any | do you see | can you see | does it have | do we have | do i have"
_WHERE = """
where is | where are | where s | where do i find | where can i find | where do you see | in which room is | in which
scene is | which room has | which scene has | in which room are | in which scene are | where did i leave | where did
i put | where was
"""
_MOST = """
which scene has the most | which room has the most | which scene has most | which room has most | in which scene are the
most | in which room are the most | which scene contains the most | which room contains the most | where are the most
| what room has the most | what scene has the most | which of the scenes has the most
"""


def _openings(text: str, aim: Aim) -> list[tuple[tuple[str, ...], Aim]]:
    return [(tuple(opening.split()), aim) for opening in text.split("|")]


QUESTION_OPENINGS = tuple(
    [*_openings(_MOST, "most"), *_openings(_COUNT, "count"), *_openings(_EXISTS, "exists"), *_openings(_WHERE, "where")]
)
"""Opening, word by word, and the aim; the first that fits counts."""
