"""What `/metrics` shows: requests by route and status, and this process."""

from typing import Final

from prometheus_client import CollectorRegistry, Gauge, GCCollector, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.exposition import generate_latest, start_http_server

from infra.address import check_free

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


def of_this_process() -> CollectorRegistry:
    """A registry that tells of the process as such."""
    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    return registry


def serve(registry: CollectorRegistry, host: str, port: int) -> None:
    """Answer `/metrics` there for as long as the process lives.

    Raises:
        AddressUnusable: nobody can.
    """
    check_free(host, port)
    start_http_server(port, host, registry=registry)


class Metrics:
    """Counts requests. Labels are routes, methods and statuses: never a tenant, never an id."""

    def __init__(self) -> None:
        """Everything is zero."""
        self._registry = of_this_process()
        self.in_flight = Gauge("http_requests_in_flight", "Requests under way.", registry=self._registry)
        self._seconds = Histogram(
            "http_request_seconds",
            "Time from a request's headers to the end of its answer.",
            ("method", "route", "status"),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._by_labels: dict[tuple[str, str, int], Histogram] = {}

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request has been answered; `route` is a template such as `/v1/holds/{id}`."""
        labels = (method if method in _METHODS else "other", route, status)
        histogram = self._by_labels.get(labels)
        if histogram is None:
            histogram = self._by_labels[labels] = self._seconds.labels(*labels)
        histogram.observe(seconds)

    def text(self) -> bytes:
        """All of it, in Prometheus' text format."""
        return generate_latest(self._registry)
