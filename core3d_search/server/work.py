"""Threads for what takes time, so many at once, with an end to waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from core3d_search.server.problems import ProblemError
from core3d_search.server.settings import Limits

T = TypeVar("T")


class Work:
    """Runs functions on threads of its own; used from the event loop only.

    What is given up runs on until it ends by itself, and keeps its thread until then: so many cannot pile up.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._threads = ThreadPoolExecutor(limits.threads, thread_name_prefix="core3d")
        self._under_way = 0

    async def __call__(self, function: Callable[..., T], *arguments: Any) -> T:
        """Return what the function returns; raises a problem, 503, where too many wait or it takes too long."""
        if self._under_way >= self._limits.threads + self._limits.waiting:
            raise ProblemError(503, "too many requests at once; try again", {"Retry-After": "1"})
        future = self._threads.submit(function, *arguments)
        self._under_way += 1
        loop = asyncio.get_running_loop()
        future.add_done_callback(lambda _: _call(loop, self._done))
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self._limits.work_seconds)
        except asyncio.TimeoutError:
            seconds = self._limits.work_seconds
            raise ProblemError(503, f"given up after {seconds:g} seconds; ask for less", {"Retry-After": "5"}) from None

    def _done(self) -> None:
        self._under_way -= 1

    def close(self) -> None:
        """Drop what waits; what runs ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _call(loop: asyncio.AbstractEventLoop, function: Callable[[], None]) -> None:
    """Let the event loop call a function, if it still runs."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(function)
