"""What the server counts, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily

SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Requests by route and status, their seconds, and what the process takes; `held` gives what the database holds."""

    def __init__(self, held: Callable[[], dict[str, int]]) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "core3d_requests", "Answered requests.", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "core3d_request_seconds", "Seconds to the answer.", ["route"], registry=self.registry, buckets=SECONDS
        )
        self._under_way = Gauge("core3d_requests_under_way", "Requests not answered yet.", registry=self.registry)
        ProcessCollector(registry=self.registry)
        self._held = held
        self.registry.register(self)

    def under_way(self) -> AbstractContextManager[object]:
        """Count a request as under way inside the block."""
        return self._under_way.track_inprogress()

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request; `route` is a template, so that no client can make names."""
        method = method if method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH") else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Give what the database holds, asked for when it is read."""
        for name, count in self._held().items():
            yield GaugeMetricFamily(f"core3d_{name}", f"Number of {name} in the database.", value=count)

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Give the names alone."""
        return ()

    def text(self) -> bytes:
        """Return everything in Prometheus' text form."""
        return generate_latest(self.registry)
