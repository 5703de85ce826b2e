"""A query as plain values and back: what an LLM has to answer, checked word by word."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import asdict
from typing import Any, TypeVar

from core3d_search.errors import InputError
from core3d_search.query import lexicon as lex
from core3d_search.query.affordances import USES
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
from core3d_search.query.parts import PARTS

_KINDS: dict[str, Collection[str]] = {
    "color": lex.COLORS, "size": lex.SIZES, "shape": lex.SHAPES, "material": lex.MATERIALS, "part": PARTS, "use": USES,
    "group": lex.GROUPS,
}  # fmt: skip
_DIMENSIONS = ("width", "depth", "height", "length", "size")
_DEEPEST = 6

T = TypeVar("T")


def to_plain(query: Query) -> dict[str, Any]:
    """Return the meaning of `query` as dicts, lists, texts and numbers."""
    whole = asdict(query)
    return {name: whole[name] for name in ("target", "viewpoint", "scene", "aim", "per_scene", "other")}


def from_plain(value: Any, text: str = "") -> Query:
    """Return the query that plain values describe; missing fields are empty. Raises InputError naming what is wrong."""
    data = _checked(value, dict, "the query")
    _known(data, {"target", "viewpoint", "scene", "aim", "per_scene", "other"}, "the query")
    view = data.get("viewpoint")
    if view is not None:
        _known(_checked(view, dict, "viewpoint"), set(VIEW_PARTS), "viewpoint")
        parts = {name: _phrase(view[name], 1) for name in VIEW_PARTS if view.get(name) is not None}
        view = Viewpoint(**parts) if any(parts.values()) else None
    scene = data.get("scene")
    if scene is not None:
        _checked(scene, str, "scene")
    aim = _one_of(data.get("aim", "find"), AIMS, "aim")
    per_scene = _checked(data.get("per_scene", False), bool, "per_scene")
    other = None if data.get("other") is None else _phrase(data["other"], 0)
    return Query(_phrase(data.get("target"), 0), view, scene or None, aim, per_scene, other, text=text)  # type: ignore[arg-type]


def _phrase(value: Any, depth: int) -> Phrase:
    if depth > _DEEPEST:
        raise InputError(f"a query nests at most {_DEEPEST} phrases")
    data = _checked(value, dict, "a phrase")
    fields = {"noun", "attributes", "measures", "relations", "selectors", "number", "excluded"}
    _known(data, fields, "a phrase")
    noun = _checked(data.get("noun", ""), str, "noun").strip().lower()
    number = data.get("number")
    if number is not None and (not isinstance(number, int) or isinstance(number, bool) or not 0 < number < 1000):
        raise InputError(f"number must be a count from 1 to 999, got {number!r}")
    return Phrase(
        noun,
        _each(data, "attributes", _attribute),
        _each(data, "measures", _measure),
        _each(data, "relations", lambda item: _relation(item, depth)),
        _each(data, "selectors", lambda item: _selector(item, depth)),
        number,
        _each(data, "excluded", lambda item: _checked(item, str, "excluded").strip().lower()),
    )


def _attribute(item: Any) -> Attribute:
    data = _checked(item, dict, "an attribute")
    kind = _one_of(data.get("kind"), tuple(_KINDS), "attribute kind")
    value = _checked(data.get("value"), str, "attribute value").lower()
    if value not in _KINDS[kind]:
        usual = lex.ADJECTIVES.get(value, ("", ""))
        if usual[0] != kind:
            raise InputError(f"unknown {kind} {value!r}: one of {', '.join(_KINDS[kind])}")
        value = usual[1]
    return Attribute(kind, value, _flag(data))


def _measure(item: Any) -> Measure:
    data = _checked(item, dict, "a measure")
    metres = data.get("metres")
    if not isinstance(metres, (int, float)) or isinstance(metres, bool) or not 0 < metres < 1000:
        raise InputError(f"metres must be between 0 and 1000, got {metres!r}")
    comparison = _one_of(data.get("comparison"), ("<", ">", "="), "comparison")
    dimension = _one_of(data.get("dimension"), _DIMENSIONS, "dimension")
    return Measure(dimension, comparison, float(metres), _flag(data))  # type: ignore[arg-type]


def _relation(item: Any, depth: int) -> Relation:
    data = _checked(item, dict, "a relation")
    predicate = _one_of(data.get("predicate"), PREDICATE_NAMES, "predicate")
    frame = data.get("frame")
    if frame is not None:
        _one_of(frame, ("viewer", "anchor", "room"), "frame")
    anchors = _each(data, "anchors", lambda anchor: _phrase(anchor, depth + 1))
    return Relation(predicate, anchors, _flag(data), frame)


def _selector(item: Any, depth: int) -> Selector:
    data = _checked(item, dict, "a selector")
    rank = data.get("rank", 1)
    if not isinstance(rank, int) or isinstance(rank, bool) or not (-100 < rank < 100) or rank == 0:
        raise InputError(f"rank must be a place from 1, or negative from the end, got {rank!r}")
    anchors = _each(data, "anchors", lambda anchor: _phrase(anchor, depth + 1))
    return Selector(_one_of(data.get("order"), ORDER_NAMES, "order"), rank, anchors, _flag(data))


def _each(data: dict[str, Any], name: str, read: Callable[[Any], T]) -> tuple[T, ...]:
    items = data.get(name)
    return tuple(read(item) for item in _checked([] if items is None else items, (list, tuple), name))


def _flag(data: dict[str, Any]) -> bool:
    return bool(_checked(data.get("negated", False), bool, "negated"))


def _checked(value: Any, kind: type | tuple[type, ...], name: str) -> Any:
    if not isinstance(value, kind):
        raise InputError(f"{name} has the wrong type {type(value).__name__}: {str(value)[:60]!r}")
    return value


def _known(data: dict[str, Any], names: set[str], where: str) -> None:
    unknown = set(data) - names
    if unknown:
        raise InputError(f"{where} has unknown fields {', '.join(sorted(map(str, unknown)))}")


def _one_of(value: Any, names: tuple[str, ...], what: str) -> str:
    if value not in names or not isinstance(value, str):
        raise InputError(f"unknown {what} {str(value)[:40]!r}: one of {', '.join(names)}")
    return value


def schema() -> dict[str, Any]:
    """Return the JSON schema of `to_plain`'s values, for structured output."""
    text, flag = {"type": "string"}, {"type": "boolean"}
    phrase: dict[str, Any] = {"$ref": "#/$defs/phrase"}
    phrases = {"type": "array", "items": phrase}

    def record(**fields: Any) -> dict[str, Any]:
        return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}

    def either(names: Any) -> dict[str, Any]:
        return {"type": "string", "enum": list(names)}

    def many(items: dict[str, Any]) -> dict[str, Any]:
        return {"type": "array", "items": items}

    def maybe(item: dict[str, Any]) -> dict[str, Any]:
        return {"anyOf": [item, {"type": "null"}]}

    attribute = record(kind=either(_KINDS), value=either(sorted({v for t in _KINDS.values() for v in t})), negated=flag)
    measure = record(dimension=either(_DIMENSIONS), comparison=either("<>="), metres={"type": "number"}, negated=flag)
    relation = record(
        predicate=either(PREDICATE_NAMES),
        anchors=phrases,
        negated=flag,
        frame=maybe(either(("viewer", "anchor", "room"))),
    )
    selector = record(order=either(ORDER_NAMES), rank={"type": "integer"}, anchors=phrases, negated=flag)
    described = record(
        noun=text, attributes=many(attribute), measures=many(measure), relations=many(relation),
        selectors=many(selector), number=maybe({"type": "integer"}), excluded=many(text),
    )  # fmt: skip
    whole = record(
        target=phrase, viewpoint=maybe(record(**dict.fromkeys(VIEW_PARTS, maybe(phrase)))), scene=maybe(text),
        aim=either(AIMS), per_scene=flag, other=maybe(phrase),
    )  # fmt: skip
    return whole | {"$defs": {"phrase": described}}
