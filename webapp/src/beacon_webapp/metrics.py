"""The metrics, in a registry of their own per application."""

import functools
import platform
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, disable_created_metrics
from prometheus_client.process_collector import ProcessCollector

from beacon_webapp import VERSION

# The pages answer in about a millisecond: most buckets lie there, the rest shows a stall.
BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5)
KNOWN_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
OTHER_METHOD: Final = "OTHER"
UNMATCHED_ROUTE: Final = "unmatched"


# They double the series and say what process_start_time_seconds says.
disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """Counts requests. Labels take a bounded set of values, whatever a client sends."""

    def __init__(self, *, commit: str) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "http_requests", "Requests answered.", ("method", "route", "status"), registry=self.registry
        )
        self.duration = Histogram(
            "http_request_duration_seconds",
            "Time from the request's arrival to its answer.",
            ("method", "route"),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.in_progress = Gauge("http_requests_in_progress", "Requests being answered now.", registry=self.registry)
        # The client library looks a label set up under a lock; there are few, so each is looked up once.
        self._children = functools.cache(self._find)
        Info("webapp", "What runs here.", registry=self.registry).info(
            {"version": VERSION, "commit": commit, "python": platform.python_version()}
        )
        ProcessCollector(registry=self.registry)

    def _find(self, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
        return self.requests.labels(method, route, str(status)), self.duration.labels(method, route)

    def announce(self, route: str) -> None:
        """Show a route as 0 before its first request, so that a rate sees that request as an increase."""
        self.requests.labels("GET", route, "200")
        self.duration.labels("GET", route)

    def count(self, *, method: str, route: str, status: int, seconds: float, trace_id: str | None) -> None:
        """Count one answered request; a trace's id becomes the exemplar."""
        label = method if method in KNOWN_METHODS else OTHER_METHOD
        exemplar = {"trace_id": trace_id} if trace_id else None
        counter, histogram = self._children(label, route, status)
        counter.inc(1, exemplar)
        histogram.observe(seconds, exemplar)
