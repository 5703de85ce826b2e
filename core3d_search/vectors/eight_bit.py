"""Vectors of eight-bit steps: a quarter of float32, and inner products that are off by about a thousandth.

Each vector is int8 steps times one scale of its own. One query is multiplied in integers by SimSIMD, the processor's
own instructions for that: no number is unpacked, and the sums are the same to the last bit on every machine. Several
queries at once are a product of matrices, which BLAS does faster, a block unpacked at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import simsimd

Codes = npt.NDArray[np.int8]
Floats = npt.NDArray[np.float32]
Rows = slice | npt.NDArray[np.intp]

STEPS = 127
"""The largest step: int8 without its one number more below zero than above."""

FINER = 2 * STEPS
"""Fine steps of a query in one coarse step: what rounding to the coarse one leaves is at most half of it."""

GATHERED = 4096
"""Vectors gathered at a time for one query: 2 MB of 512 steps."""

UNPACKED = 128
"""Vectors unpacked at a time for several queries: 256 KB of 512 numbers, which stay in the processor's cache."""

SINGLE_THREADED = 262_144
"""Multiplications in a product of matrices for which OpenBLAS starts no threads (interface/gemm.c): for so little they
cost more than they save."""


def quantised(vectors: Floats) -> tuple[Codes, Floats]:
    """Return (N, D) int8 codes and (N,) scales whose products are nearest to `vectors`."""
    scales = (np.abs(vectors).max(axis=1, initial=0) / STEPS).astype(np.float32)
    steps = np.divide(vectors, scales[:, None], out=np.zeros_like(vectors), where=scales[:, None] > 0)
    return np.rint(steps).astype(np.int8), scales


def rounding(query: Floats, scales: Floats) -> float:
    """Return how far two approximate products may be out of order: six standard deviations of both roundings.

    The error of one number is uniform within half a step, so its deviation is step / sqrt(12); those of D numbers,
    independent of the query, add up to length of the query * step / sqrt(12).
    """
    return float(12 * np.linalg.norm(query) * scales.max(initial=0) / np.sqrt(12))


def rough_rounding(query: Floats, scales: Floats) -> float:
    """Return how far two rough products may be out of order: `rounding`, and that of the query to coarse steps.

    No vector is longer than the largest step in every number.
    """
    longest = STEPS * float(scales.max(initial=0)) * np.sqrt(len(query))
    return rounding(query, scales) + float(12 * longest * _coarse_step(query) / np.sqrt(12))


def products(codes: Codes, scales: Floats, rows: Rows, query: Floats) -> Floats:
    """Return the inner products of some rows of `codes` (N, D) times `scales` (N,) with `query` (D,), or with several
    (T, D): (rows,) or (rows, T)."""
    if query.ndim > 1:
        return _products_with_several(codes, rows, np.ascontiguousarray(query.T)) * scales[rows, None]
    if isinstance(rows, slice):
        blocks: Iterable[Codes] = [codes[rows]]
    else:
        blocks = (codes[rows[start : start + GATHERED]] for start in range(0, len(rows), GATHERED))
    step = _coarse_step(query)
    coarse = np.rint(query / step)
    fine = np.rint((query / step - coarse) * FINER)
    coarse_sums, fine_sums = _sums(np.array([coarse, fine], np.int8), blocks)
    return ((coarse_sums + fine_sums / FINER) * step).astype(np.float32) * scales[rows]


def rough_products(codes: Codes, scales: Floats, ranges: Sequence[slice], query: Floats) -> Floats:
    """Return the inner products of the rows in each of `ranges`, one after the other, with the coarse steps of `query`
    (D,): half the work of `products`, and off by `rough_rounding`."""
    step = _coarse_step(query)
    (sums,) = _sums(np.rint(query / step).astype(np.int8)[None], (codes[each] for each in ranges))
    return (sums * step).astype(np.float32) * np.concatenate([scales[:0], *(scales[each] for each in ranges)])


def _coarse_step(query: Floats) -> float:
    """Return the size of a coarse step of a query."""
    return float(np.abs(query).max(initial=0)) / STEPS or 1.0


def _sums(queries: Codes, blocks: Iterable[Codes]) -> npt.NDArray[np.float64]:
    """Return the sums of products (queries, rows of all blocks), which are whole numbers."""
    sums = (np.asarray(simsimd.cdist(queries, block, "inner")) for block in blocks if block.size)
    return np.concatenate([np.zeros((len(queries), 0)), *sums], axis=1)


def _products_with_several(codes: Codes, rows: Rows, vectors: Floats) -> Floats:
    """Return the products (rows, T) with `vectors` (D, T)."""
    start, stop = rows.indices(len(codes))[:2] if isinstance(rows, slice) else (0, len(rows))
    found = np.empty((stop - start, vectors.shape[1]), np.float32)
    step = min(UNPACKED, max(32, SINGLE_THREADED // vectors.size))
    unpacked = np.empty((step, codes.shape[1]), np.float32)
    for first in range(start, stop, step):
        last = min(first + step, stop)
        some = unpacked[: last - first]
        some[...] = codes[first:last] if isinstance(rows, slice) else codes[rows[first:last]]
        np.dot(some, vectors, out=found[first - start : last - start])
    return found
