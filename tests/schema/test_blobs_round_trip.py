"""What is packed comes back; what was damaged is refused."""

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core3d_search.schema.blobs import (
    POINT_STEP_M,
    decode_colors,
    decode_points,
    decode_vectors,
    encode_colors,
    encode_points,
    encode_vector,
)

COUNTS = st.integers(0, 40)
COORDINATES = st.floats(-50, 50, width=32)
POINTS = COUNTS.flatmap(lambda n: arrays.arrays(np.float32, (n, 3), elements=COORDINATES))
COLORS = COUNTS.flatmap(lambda n: arrays.arrays(np.uint8, (n, 3)))


@given(POINTS)
def test_points_come_back_in_order_within_half_a_step(points: np.ndarray) -> None:
    found = decode_points(encode_points(points))
    longest = float(np.ptp(points.astype(np.float64), axis=0).max()) if len(points) else 0.0
    half_step = max(POINT_STEP_M, longest / 65535) / 2
    assert (found.dtype, found.shape) == (np.float32, points.shape)
    assert np.abs(found.astype(np.float64) - points).max(initial=0) <= half_step + 4e-6  # float32 at 50 m


@given(POINTS)
def test_equal_points_give_equal_bytes(points: np.ndarray) -> None:
    assert encode_points(points) == encode_points(points.copy())


@given(COLORS)
def test_colors_come_back_exactly(colors: np.ndarray) -> None:
    assert np.array_equal(decode_colors(encode_colors(colors)), colors)


@given(POINTS, st.data())
def test_a_changed_byte_is_noticed_or_changes_nothing(points: np.ndarray, data: st.DataObject) -> None:
    blob = bytearray(encode_points(points))
    blob[data.draw(st.integers(0, len(blob) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(ValueError):
        # zlib pads its last block with up to seven bits that mean nothing
        assert np.array_equal(decode_points(bytes(blob)), decode_points(encode_points(points)))


@given(COLORS, st.data())
def test_any_missing_or_added_end_is_noticed(colors: np.ndarray, data: st.DataObject) -> None:
    blob = encode_colors(colors)
    short = blob[: data.draw(st.integers(0, len(blob) - 1))]
    for damaged in (short, blob + b"\0"):
        with pytest.raises(ValueError, match=r"header|payload"):
            decode_colors(damaged)


def test_points_are_not_taken_for_colors() -> None:
    with pytest.raises(ValueError, match=r"header is b'C3DP' version 1, expected b'C3DC'"):
        decode_colors(encode_points(np.zeros((4, 3), np.float32)))


def test_a_count_that_promises_gigabytes_is_refused_without_unpacking_them() -> None:
    blob = bytearray(encode_colors(np.zeros((2, 3), np.uint8)))
    blob[8:12] = (2**32 - 1).to_bytes(4, "little")
    with pytest.raises(ValueError, match="is not the 12884901885 bytes"):
        decode_colors(bytes(blob))


def test_points_must_be_finite() -> None:
    with pytest.raises(ValueError, match="finite"):
        encode_points(np.array([[0, np.nan, 0]], np.float32))


def test_a_surface_takes_less_than_half_of_its_float32_bytes() -> None:
    angle = np.linspace(0, 6, 20_000)
    noise = np.random.default_rng(0).normal(0, 0.002, (3, len(angle)))
    surface = (np.stack([np.cos(angle), np.sin(3 * angle), angle / 6]) + noise).T.astype(np.float32)
    assert len(encode_points(surface)) < surface.nbytes / 2


@given(st.integers(1, 30).flatmap(lambda d: arrays.arrays(np.float32, (3, d), elements=st.floats(width=32))))
def test_vectors_become_a_matrix_bit_by_bit(vectors: np.ndarray) -> None:
    found = decode_vectors([encode_vector(vector) for vector in vectors], vectors.shape[1])
    assert found.tobytes() == vectors.tobytes()


def test_vectors_of_another_dimension_are_refused() -> None:
    with pytest.raises(ValueError, match="vector 1 has 12 bytes where 4 numbers take 16"):
        decode_vectors([bytes(16), bytes(12)], 4)


def test_no_vectors_are_an_empty_matrix() -> None:
    assert decode_vectors([], 7).shape == (0, 7)
