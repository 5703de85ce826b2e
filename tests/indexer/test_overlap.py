"""Frames side by side: the same as one after the other, few at once, and what fails fails where it would."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from core3d_search.indexer import overlap
from core3d_search.indexer.overlap import in_order, one_core_each, thread_count


def test_results_come_in_order_whichever_is_done_first() -> None:
    second_done = threading.Event()

    def work(number: int) -> int:
        if number == 0:
            assert second_done.wait(5)
        elif number == 1:
            second_done.set()
        return 10 * number

    assert list(in_order(work, range(6), 2)) == [0, 10, 20, 30, 40, 50]


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_no_more_is_begun_than_threads_and_one_that_waits(threads: int) -> None:
    begun: list[int] = []

    def items() -> Iterator[int]:
        for number in range(20):
            begun.append(number)
            yield number

    for taken, product in enumerate(in_order(lambda number: number, items(), threads), 1):
        assert product == taken - 1
        assert len(begun) <= taken + threads


def test_an_error_is_raised_in_its_place_and_what_has_not_begun_is_left() -> None:
    done: list[int] = []

    def work(number: int) -> int:
        if number == 3:
            raise ValueError("three")
        done.append(number)
        return number

    products = in_order(work, range(100), 2)
    assert [next(products) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="three"):
        next(products)
    assert max(done) <= 6


def test_a_core_each_unless_told_of_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlap.os, "sched_getaffinity", lambda process: set(range(6)), raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert thread_count() == 6
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert thread_count() == 2
    monkeypatch.setenv("OMP_NUM_THREADS", "64")
    assert thread_count() == 6
    monkeypatch.setattr(overlap.os, "sched_getaffinity", lambda process: set(range(96)), raising=False)
    assert thread_count() == overlap.MOST_THREADS


def test_torch_keeps_to_one_thread_beside_others_and_gets_its_own_back() -> None:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with one_core_each(2):
            assert torch.get_num_threads() == 1
        with one_core_each(1):
            assert torch.get_num_threads() == 3
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
