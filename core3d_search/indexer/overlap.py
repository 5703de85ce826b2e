"""Work on several frames at once on one machine: a few are under way, results come in order."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
Product = TypeVar("Product")

MOST_THREADS = 8
"""Frames worked on at once at most: each takes memory."""


def thread_count() -> int:
    """Return how many frames are worked on at once: a core each, or as OMP_NUM_THREADS says where that is fewer."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    allowed = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, min(cores, MOST_THREADS, int(allowed) if allowed.isdecimal() else cores))


def in_order(work: Callable[[Item], Product], items: Iterable[Item], threads: int) -> Iterator[Product]:
    """Yield what `work` makes of each of `items`, in their order, while so many are worked on at once.

    At most one more than that is done and waits to be taken, so that memory holds a few. What `work` raises is raised
    where its product would come; what has not begun by then is left undone. With one thread everything runs here.
    """
    if threads == 1:
        yield from map(work, items)
        return
    waiting: deque[Future[Product]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="frame")
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def one_core_each(threads: int) -> Iterator[None]:
    """Keep torch to one thread in each of the `threads`, where there are several: they would fight for the cores."""
    torch = sys.modules.get("torch")
    if threads == 1 or torch is None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
