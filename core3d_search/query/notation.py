"""The exact notation of a query: what `str(query)` prints and `parse` reads back without any guessing.

    find [“chair”, color red, left (viewer) [“desk”], not near [“table”], 2 largest] facing [“door”] in “kitchen”

with straight quotes. Items of a phrase, in any order: a quoted noun first; `color|size|shape|material|part|use|group
WORD`; `width|depth|height|length|size < METRES`; `is PREDICATE (FRAME) PHRASE...`; `pick RANK ORDER PHRASE...`;
`number N`; `no “noun”`. `not` before an item negates it. After the phrase may stand `facing PHRASE` and the like,
`other PHRASE` (what it is compared with), `in “scene”` and `each`.
"""

from __future__ import annotations

import json
import re
from typing import Any

from core3d_search.errors import InputError
from core3d_search.query.lexicon import ORDER_NAMES, PREDICATE_NAMES
from core3d_search.query.meaning import (
    AIMS,
    VIEW_PARTS,
    Attribute,
    Measure,
    Phrase,
    Query,
    Relation,
    Selector,
    Viewpoint,
)

_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[\[\](),<>=]|[^\s\[\](),<>="]+)')

_EXACT = re.compile(rf'\s*({"|".join(AIMS)})\s*\[\s*"')


def looks_exact(text: str) -> bool:
    """Return whether `text` starts like the exact notation."""
    return _EXACT.match(text) is not None


def read(text: str) -> Query:
    """Return the query that `text` writes in the exact notation; InputError says where it stops being one."""
    return _Reader(text).query()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [m.group(1) for m in _TOKEN.finditer(text)]
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, wanted: str | None = None) -> str:
        token = self.peek()
        if token == "" or (wanted is not None and token != wanted):
            where = " ".join(self.tokens[: self.at][-6:])
            raise InputError(
                f"query notation: expected {wanted or 'more'} after {where!r}, found {token or 'the end'!r}"
            )
        self.at += 1
        return token

    def string(self) -> str:
        token = self.take()
        try:
            value: Any = json.loads(token)
        except ValueError:
            value = None
        if not isinstance(value, str):
            raise InputError(f"query notation: expected a quoted name, found {token!r}")
        return value

    def number(self) -> float:
        token = self.take()
        try:
            return float(token)
        except ValueError:
            raise InputError(f"query notation: expected a number, found {token!r}") from None

    def name(self, names: tuple[str, ...], what: str) -> str:
        token = self.take()
        if token.replace("_", " ") not in names:
            raise InputError(f"query notation: no {what} is called {token!r}; there are {', '.join(names)}")
        return token

    def query(self) -> Query:
        aim = self.take()
        target = self.phrase()
        scene = None
        view: dict[str, Phrase] = {}
        per_scene, other = False, None
        while self.peek():
            part = self.take()
            if part in VIEW_PARTS:
                view[part] = self.phrase()
            elif part == "other":
                other = self.phrase()
            elif part == "in":
                scene = self.string()
            elif part == "each":
                per_scene = True
            else:
                raise InputError(f"query notation: expected {', '.join(VIEW_PARTS)}, other, in or each, found {part!r}")
        viewpoint = Viewpoint(**view) if view else None
        return Query(target, viewpoint, scene, aim, per_scene, other, text=self.text)  # type: ignore[arg-type]

    def phrase(self) -> Phrase:
        self.take("[")
        noun = self.string()
        attributes: list[Attribute] = []
        measures: list[Measure] = []
        relations: list[Relation] = []
        selectors: list[Selector] = []
        excluded: list[str] = []
        count: int | None = None
        while self.peek() == ",":
            self.take(",")
            negated = self.peek() == "not"
            if negated:
                self.take("not")
            word = self.take()
            if word == "is":
                predicate, frame = self.name(PREDICATE_NAMES, "predicate").replace("_", " "), None
                if self.peek() == "(":
                    self.take("(")
                    frame = self.take()
                    self.take(")")
                    if frame not in ("viewer", "anchor", "room"):
                        raise InputError(f"query notation: frame must be viewer, anchor or room, not {frame!r}")
                relations.append(Relation(predicate, self.anchors(), negated, frame))  # type: ignore[arg-type]
            elif word == "pick":
                rank = int(self.number())
                order = self.name(ORDER_NAMES, "order")
                selectors.append(Selector(order, rank, self.anchors(), negated))
            elif word == "number":
                count = int(self.number())
            elif word == "no":
                excluded.append(self.string())
            elif self.peek() in ("<", ">", "="):
                comparison = self.take()
                measures.append(Measure(word, comparison, self.number(), negated))  # type: ignore[arg-type]
            else:
                attributes.append(Attribute(word, self.take().replace("_", " "), negated))
        self.take("]")
        return Phrase(
            noun, tuple(attributes), tuple(measures), tuple(relations), tuple(selectors), count, tuple(excluded)
        )

    def anchors(self) -> tuple[Phrase, ...]:
        found: list[Phrase] = []
        while self.peek() == "[":
            found.append(self.phrase())
        return tuple(found)
