"""What a search text means, as checked, immutable values: the parser makes them, the ranking evaluates them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from typing import Literal, get_args

from core3d_search.query.affordances import USES
from core3d_search.query.nouns import ANYTHING, GENERIC, canonical, spoken_names

ReferenceFrame = Literal["viewer", "anchor", "room"]
"""Whose left and front: of somebody who looks at the anchor, of the anchor, or of the room (+x right, +y behind)."""


Aim = Literal[
    "find", "count", "exists", "where", "most", "more", "fewer", "equal",
    "height", "width", "length", "depth", "size", "distance",
]  # fmt: skip
"""What a text asks for."""

AIMS: tuple[Aim, ...] = get_args(Aim)


@dataclass(frozen=True)
class Attribute:
    """A property of one object: `kind` is color, size, shape, material, part, use or group, `value` a usual word
    ("red").

    A part is what a thing has ("arms", "drawers"), a use what it serves for ("sit on"), a group what it stands in
    ("row").
    """

    kind: str
    value: str
    negated: bool = False


@dataclass(frozen=True)
class Measure:
    """A bound on one dimension (width, depth, height, length or size) in metres: "wider than 1 m"."""

    dimension: str
    comparison: Literal["<", ">", "="]
    metres: float
    negated: bool = False


@dataclass(frozen=True)
class Relation:
    """`predicate` holds between the described object and `anchors` (two for "between", none for "in the corner")."""

    predicate: str
    anchors: tuple[Phrase, ...] = ()
    negated: bool = False
    frame: ReferenceFrame | None = None


@dataclass(frozen=True)
class Selector:
    """The `rank`-th object in an order among those that fit the rest: "second from the left" is ("leftmost", 2)."""

    order: str
    rank: int = 1
    anchors: tuple[Phrase, ...] = ()
    negated: bool = False


@dataclass(frozen=True)
class Phrase:
    """One described object or group: a noun ("" for any object) and everything that was said of it."""

    noun: str = ""
    attributes: tuple[Attribute, ...] = ()
    measures: tuple[Measure, ...] = ()
    relations: tuple[Relation, ...] = ()
    selectors: tuple[Selector, ...] = ()
    number: int | None = None
    excluded: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The words that an embedding can compare: colour, shape and material before the noun."""
        looks = [a.value for a in self.attributes if a.kind in ("color", "shape", "material") and not a.negated]
        return " ".join([*looks, self.noun]).strip()

    @property
    def names(self) -> tuple[str, ...]:
        """What the thing may be called: its noun and its usual name, or the kinds that serve its use; empty for any."""
        used = [kind for a in self.attributes if a.kind == "use" and not a.negated for kind in USES.get(a.value, ())]
        if used and (not self.noun or canonical(self.noun) in GENERIC):
            return tuple(used)
        return spoken_names(self.noun) if self.noun and canonical(self.noun) not in ANYTHING else ()


@dataclass(frozen=True)
class Viewpoint:
    """Where the speaker stands, and what the speaker faces or has to the left, to the right and behind; a missing part
    is supplied by the room."""

    standing: Phrase | None = None
    facing: Phrase | None = None
    left: Phrase | None = None
    right: Phrase | None = None
    behind: Phrase | None = None


VIEW_PARTS = tuple(field.name for field in fields(Viewpoint))
"""The parts of a viewpoint, in the order of the notation."""


@dataclass(frozen=True)
class Query:
    """A parsed search text.

    `aim` says what is asked: find the object, count the objects, whether there is one ("exists"), "where" it is, or
    which scene has the "most" of them; whether there are "more" or "fewer" of them than of what `other` describes, or
    an "equal" number; their "height", "width", "length", "depth" or "size", or their "distance" from `other`.
    `per_scene` asks for the first of each scene ("the largest chair in each
    scene"), where orders are otherwise taken over all scenes that are asked.

    `unparsed` lists the words that were not understood, `certainty` in [0, 1] how often readings like it meant the
    right object (certainty.py), and `fallback` says that the text as a whole became the noun. They describe the parsing
    and do not take part in comparison. `str(query)` is the exact notation, which parses to an equal query.
    """

    target: Phrase
    viewpoint: Viewpoint | None = None
    scene: str | None = None
    aim: Aim = "find"
    per_scene: bool = False
    other: Phrase | None = None
    text: str = field(default="", compare=False)
    unparsed: tuple[str, ...] = field(default=(), compare=False)
    certainty: float = field(default=1.0, compare=False)
    fallback: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        return _notation(self)


def _notation(query: Query) -> str:
    """Return the exact notation of `query`."""
    parts = [query.aim, _phrase(query.target)]
    if query.other is not None:
        parts += ["other", _phrase(query.other)]
    for name in VIEW_PARTS if query.viewpoint is not None else ():
        place = getattr(query.viewpoint, name)
        if place is not None:
            parts += [name, _phrase(place)]
    if query.scene is not None:
        parts += ["in", json.dumps(query.scene)]
    if query.per_scene:
        parts.append("each")
    return " ".join(parts)


def _phrase(phrase: Phrase) -> str:
    items = [json.dumps(phrase.noun)]
    items += [_not(a.negated) + f"{a.kind} {a.value.replace(' ', '_')}" for a in phrase.attributes]
    items += [_not(m.negated) + f"{m.dimension} {m.comparison} {m.metres!r}" for m in phrase.measures]
    for relation in phrase.relations:
        frame = f" ({relation.frame})" if relation.frame else ""
        anchors = "".join(" " + _phrase(a) for a in relation.anchors)
        items.append(_not(relation.negated) + "is " + relation.predicate.replace(" ", "_") + frame + anchors)
    for selector in phrase.selectors:
        anchors = "".join(" " + _phrase(a) for a in selector.anchors)
        items.append(_not(selector.negated) + f"pick {selector.rank} {selector.order}" + anchors)
    if phrase.number is not None:
        items.append(f"number {phrase.number}")
    items += [f"no {json.dumps(noun)}" for noun in phrase.excluded]
    return "[" + ", ".join(items) + "]"


def _not(negated: bool) -> str:
    return "not " if negated else ""
