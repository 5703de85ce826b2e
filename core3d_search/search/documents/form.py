"""The form of every document: dataclasses, written as JSON objects that begin with the version of the schema."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

SCHEMA_VERSION = 1
"""Raised when a key is taken away or comes to mean something else; new keys may come without."""

Vector3 = tuple[float, float, float]
Rectangle = tuple[float, float, float, float]


class Document:
    """How pydantic reads a document: descriptions are the docstrings of its fields, keys it does not know are left."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"use_attribute_docstrings": True}


@dataclass(frozen=True, kw_only=True)
class Versioned(Document):
    """A document that stands by itself."""

    schema_version: int = SCHEMA_VERSION
    """Of the JSON shape (docs/json.md)."""


class Request:
    """How pydantic reads a request: every key is known, no value is bent into another type: slips are told."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {
        "use_attribute_docstrings": True,
        "extra": "forbid",
        "strict": True,
    }


def versioned(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return `values` as a document that has no class of its own: the version first."""
    return {"schema_version": SCHEMA_VERSION, **values}


def to_json(value: Any, indent: int | None = None) -> str:
    """Return `value` as JSON: dataclasses become objects, times ISO 8601. Raises ValueError for NaN and infinity."""
    return json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False, default=_plain)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
