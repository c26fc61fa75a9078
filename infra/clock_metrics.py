"""How the clock does, for Prometheus, on a port of its own."""

from prometheus_client import Counter, Gauge

from infra.metrics import of_this_process


class ClockMetrics:
    """`consumers.clock.Meter`. No label names a tenant."""

    def __init__(self) -> None:
        """Everything is zero."""
        self.registry = of_this_process()
        self._turns = Counter("clock_turns", "Times that it went through all that was due.", registry=self.registry)
        self._recorded = Counter(
            "clock_recorded", "Calendars on which what was due was recorded.", registry=self.registry
        )
        self._due = Gauge(
            "clock_due_calendars", "Calendars on which something is due and not recorded.", registry=self.registry
        )
        self._seconds = Gauge("clock_due_seconds", "How long the oldest of it has been due.", registry=self.registry)

    def due(self, calendars: int, seconds: float) -> None:
        """See `consumers.clock.Meter`."""
        self._due.set(calendars)
        self._seconds.set(seconds)

    def recorded(self, calendars: int) -> None:
        """See `consumers.clock.Meter`."""
        self._recorded.inc(calendars)

    def turned(self) -> None:
        """See `consumers.clock.Meter`."""
        self._turns.inc()
