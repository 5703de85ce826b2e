"""A checksum in every row, over all its other values: a bit that flipped on disk is noticed when the row is read.

The checksum is a CRC-32, which notices every single flipped bit and every damage of up to 32 bits in a row. JSON is
covered as the text that is stored, so that checking needs no parsing.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import JSON, Column, Double, Integer, LargeBinary, Table, Text, cast
from sqlalchemy.sql import ColumnElement

NAME = "row_checksum"


@cache
def covered(table: Table) -> tuple[Column[Any], ...]:
    """Return the columns that the checksum of a row covers, in order: all but itself and keys that no one sees."""
    visible = table.dialect_options["sqlite"]["autoincrement"]
    return tuple(column for column in table.c if column.name != NAME and (column.name != "id" or visible))


@cache
def stored(table: Table) -> tuple[ColumnElement[Any], ...]:
    """Return the columns to select where rows are checked: those covered, JSON as its text, then the checksum."""
    columns = (cast(column, Text).label(column.name) if _is_json(column) else column for column in covered(table))
    return (*columns, table.c[NAME])


def sealed(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return `row` of `table` in plain types, with its checksum. What is not in `row` is null."""
    plain = {column.name: _plain(column, row.get(column.name)) for column in covered(table)}
    texts = [
        json.dumps(value) if _is_json(column) and value is not None else value
        for column, value in zip(covered(table), plain.values(), strict=True)
    ]
    return {**plain, NAME: row_checksum(texts)}


def is_whole(row: Sequence[Any]) -> bool:
    """Return whether a row of `stored` is what was written."""
    return row_checksum(row[:-1]) == row[-1]


def row_checksum(values: Sequence[Any]) -> int:
    """Return the CRC-32 of the values of one row: None, int, float, str (JSON as its text) or bytes.

    Empty columns at the end are left out, so that a nullable column added later changes no checksum.
    """
    crc = 0
    plain = list(values)
    for place, value in enumerate(plain):
        if type(value) is bytes or type(value) is memoryview:  # twice as fast as isinstance, and rows are many
            crc = zlib.crc32(value, crc)
            plain[place] = (len(value),)  # no number has this form
    while plain and plain[-1] is None:
        plain.pop()
    return zlib.crc32(repr(plain).encode("utf-8", "surrogatepass"), crc)


def _is_json(column: Column[Any]) -> bool:
    return isinstance(column.type, JSON)


def _plain(column: Column[Any], value: Any) -> Any:
    """Return `value` as the database gives it back: NumPy's numbers as Python's, -0.0 as 0.0 (as SQLite stores it)."""
    if value is None or _is_json(column):
        return value
    if isinstance(column.type, Integer):
        return int(value)
    if isinstance(column.type, Double):
        return float(value) + 0.0
    return bytes(value) if isinstance(column.type, LargeBinary) else str(value)
