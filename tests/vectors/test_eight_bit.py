"""Eight-bit vectors: what their inner products are, and how far off."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core3d_search.vectors import eight_bit

ROUNDED = 5e-5
"""What the fine steps of a query of one to three numbers, unit, may be off; of more numbers it is less."""


def unit(generator: np.random.Generator, count: int, dimension: int) -> eight_bit.Floats:
    vectors = generator.normal(size=(count, dimension))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def restored(codes: eight_bit.Codes, scales: eight_bit.Floats) -> np.ndarray:
    return codes.astype(np.float64) * scales[:, None]


@pytest.mark.parametrize("dimension", [1, 3, 64, 512, 768])
def test_one_query_gives_the_products_of_the_steps_to_float32(dimension: int) -> None:
    generator = np.random.default_rng(dimension)
    codes, scales = eight_bit.quantised(unit(generator, 300, dimension))
    query = unit(generator, 1, dimension)[0]
    found = eight_bit.products(codes, scales, slice(0, 300), query)
    assert found.dtype == np.float32
    assert (
        np.abs(found - restored(codes, scales) @ query).max() < 3e-5
    )  # six deviations of the fine step, at 3 numbers or more


def test_one_query_and_several_agree_on_any_rows() -> None:
    generator = np.random.default_rng(0)
    codes, scales = eight_bit.quantised(unit(generator, 9000, 32))
    queries = unit(generator, 3, 32)
    scattered = np.sort(generator.choice(9000, 5000, replace=False))
    for rows in (slice(100, 7000), slice(0, 0), scattered, scattered[:1], scattered[:0]):
        several = eight_bit.products(codes, scales, rows, queries)
        each = [eight_bit.products(codes, scales, rows, query) for query in queries]
        assert several.shape == (len(codes[rows]), 3)
        assert np.allclose(several, np.stack(each, axis=1), atol=ROUNDED)


def test_codes_mapped_from_a_file_are_multiplied_where_they_lie(tmp_path) -> None:  # type: ignore[no-untyped-def]
    generator = np.random.default_rng(0)
    codes, scales = eight_bit.quantised(unit(generator, 50, 16))
    np.save(tmp_path / "codes.npy", codes)
    mapped = np.load(tmp_path / "codes.npy", mmap_mode="r")
    query = unit(generator, 1, 16)[0]
    inside = eight_bit.products(np.asarray(mapped), scales, slice(7, 20), query)
    assert np.array_equal(inside, eight_bit.products(codes, scales, slice(7, 20), query))


def test_products_stay_within_the_stated_rounding() -> None:
    generator = np.random.default_rng(1)
    vectors, query = unit(generator, 20_000, 128), unit(generator, 1, 128)[0]
    codes, scales = eight_bit.quantised(vectors)
    away = np.abs(eight_bit.products(codes, scales, slice(None), query) - vectors @ query)
    assert 0 < away.max() <= eight_bit.rounding(query, scales) / 2


def test_rough_products_stay_within_theirs_in_the_order_of_the_ranges() -> None:
    generator = np.random.default_rng(3)
    vectors, query = unit(generator, 20_000, 128), unit(generator, 1, 128)[0]
    codes, scales = eight_bit.quantised(vectors)
    rough = eight_bit.rough_products(codes, scales, [slice(9000, 20_000), slice(5, 5), slice(0, 10)], query)
    assert rough.shape == (11_010,)
    assert rough.dtype == np.float32
    away = np.abs(rough - np.concatenate([vectors[9000:], vectors[:10]]) @ query)
    assert 0 < away.max() <= eight_bit.rough_rounding(query, scales) / 2
    assert eight_bit.rough_rounding(query, scales) > eight_bit.rounding(query, scales)
    assert len(eight_bit.rough_products(codes, scales, [], query)) == 0


@given(arrays(np.float32, 24, elements=st.floats(-1e3, 1e3, width=32)))
def test_a_query_of_any_length_keeps_its_direction(query: eight_bit.Floats) -> None:
    codes, scales = eight_bit.quantised(unit(np.random.default_rng(2), 40, 24))
    found = eight_bit.products(codes, scales, slice(None), query)
    half_a_fine_step = np.abs(query).max() / eight_bit.STEPS / eight_bit.FINER / 2
    worst = 24**0.5 * half_a_fine_step  # Cauchy and Schwarz: unit vectors of 24 numbers
    assert np.allclose(found, restored(codes, scales) @ query, rtol=1e-4, atol=1.01 * worst + 1e-38)


def test_zero_vectors_and_zero_queries_give_zero() -> None:
    codes, scales = eight_bit.quantised(np.zeros((3, 8), np.float32))
    assert not eight_bit.products(codes, scales, slice(0, 3), np.ones(8, np.float32)).any()
    codes, scales = eight_bit.quantised(np.eye(8, dtype=np.float32))
    assert not eight_bit.products(codes, scales, slice(0, 8), np.zeros(8, np.float32)).any()
