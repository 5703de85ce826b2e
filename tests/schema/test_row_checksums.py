"""Every row says whether it is what was written."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core3d_search.schema.checksums import NAME, covered, is_whole, row_checksum, sealed
from core3d_search.schema.tables import metadata, objects, scenes

VALUES = st.lists(
    st.none() | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False) | st.text() | st.binary(max_size=40),
    min_size=1,
)


@given(VALUES, st.data())
def test_one_flipped_bit_anywhere_is_noticed(values: list, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(values) - 1))
    value = values[position]
    if isinstance(value, float):
        bits = struct.unpack("<Q", struct.pack("<d", value))[0] ^ (1 << data.draw(st.integers(0, 63)))
        flipped = struct.unpack("<d", struct.pack("<Q", bits))[0]
    elif isinstance(value, int):
        flipped = value ^ (1 << data.draw(st.integers(0, 61)))
    elif isinstance(value, bytes) and value:
        at = data.draw(st.integers(0, 8 * len(value) - 1))
        flipped = (int.from_bytes(value, "big") ^ (1 << at)).to_bytes(len(value), "big")
    elif isinstance(value, str) and value:
        flipped = chr(ord(value[0]) ^ 1) + value[1:]
    else:
        flipped = 0
    other = [*values[:position], flipped, *values[position + 1 :]]
    assert row_checksum(other) != row_checksum(values)


def test_a_nullable_column_added_later_changes_no_checksum() -> None:
    assert row_checksum([1, "a", None]) == row_checksum([1, "a"]) != row_checksum([1, None, "a"])


def test_values_that_move_from_one_column_to_the_next_are_noticed() -> None:
    assert row_checksum([b"ab", b"c"]) != row_checksum([b"a", b"bc"])
    assert row_checksum([1, None]) != row_checksum([None, 1])
    assert row_checksum(["1"]) != row_checksum([1])


def test_the_format_stays_for_ever() -> None:
    """Databases hold these numbers: a change here needs a migration that writes them anew."""
    assert row_checksum([3, -1.5, "chair", b"\x00\xff", None]) == 1894106231


def test_numpy_numbers_and_negative_zero_are_sealed_as_they_come_back() -> None:
    row = sealed(scenes, {"id": np.int64(3), "name": "x", "path": "/x", "format": "f", "up": [0.0, 1.0, 0.0]})
    assert type(row["id"]) is int
    assert is_whole([3, "x", "/x", "f", "[0.0, 1.0, 0.0]", None, None, row[NAME]])
    assert sealed(objects, {"center_x": -0.0}) == sealed(objects, {"center_x": np.float32(0)})


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_every_table_of_content_carries_checksums(table) -> None:
    if table.name in ("store", "vector_indexes"):
        return  # a counter, and a cache whose file has its own checksum
    assert list(table.c)[-1].name == NAME
    assert NAME not in [column.name for column in covered(table)]
