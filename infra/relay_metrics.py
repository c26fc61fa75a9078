"""How the relay does, for Prometheus, on a port of its own."""

from prometheus_client import Counter, Gauge

from infra.metrics import of_this_process


class RelayMetrics:
    """`consumers.relay.Meter`. No label names a tenant."""

    def __init__(self) -> None:
        """Everything is zero."""
        self.registry = of_this_process()
        self._relayed = Counter(
            "relay_events", "Events that Kafka has acknowledged, and that are marked.", registry=self.registry
        )
        self._lag = Gauge("relay_lag_events", "Events recorded and not yet marked.", registry=self.registry)
        self._shards = Gauge("relay_shards", "Shards of the tenants that are this relay's.", registry=self.registry)
        self._connected = Gauge(
            "relay_connected", "1 while Kafka takes what this relay sends, else 0.", registry=self.registry
        )
        self._given_up = Counter(
            "relay_producers_discarded", "Producers that were thrown away.", registry=self.registry
        )

    def relayed(self, events: int) -> None:
        """See `consumers.relay.Meter`."""
        self._relayed.inc(events)

    def lags(self, events: int) -> None:
        """See `consumers.relay.Meter`."""
        self._lag.set(events)

    def holds(self, shards: int) -> None:
        """See `consumers.relay.Meter`."""
        self._shards.set(shards)

    def connected(self) -> None:
        """See `consumers.relay.Meter`."""
        self._connected.set(1)

    def gave_up(self) -> None:
        """See `consumers.relay.Meter`."""
        self._connected.set(0)
        self._given_up.inc()
