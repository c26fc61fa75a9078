"""What the process of `production-tool project` says of itself: `/metrics`, `/readyz` and `/livez` on a port."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, make_server

import structlog
from prometheus_client import Gauge
from prometheus_client.exposition import generate_latest
from pydantic_core import to_json

from consumers.lag import Lag
from infra.address import check_free
from infra.metrics import CONTENT_TYPE, of_this_process

_LOOKED: Final = 15.0
"""Seconds after which what was seen last says nothing about now."""

_log = structlog.get_logger()


class ProjectorHealth:
    """Filled by `projector_watch`, read by whoever asks. Labels are read models: never a tenant, never an id."""

    def __init__(self) -> None:
        """Nothing was looked at yet."""
        self.registry = of_this_process()
        label = ("projection",)
        self._events = Gauge("projection_lag_events", "Recorded and not dealt with.", label, registry=self.registry)
        self._seconds = Gauge(
            "projection_lag_seconds", "How long the oldest of these has waited.", label, registry=self.registry
        )
        self._stuck = Gauge("projection_stuck_tenants", "Behind, and not moving.", label, registry=self.registry)
        self._stopped = Gauge(
            "projection_stopped", "1 when too much is parked to go on.", label, registry=self.registry
        )
        self._wrong: dict[str, str] = {}
        self._looked: dict[str, float] = {}

    def saw(self, lags: Mapping[str, Lag], stopped: Mapping[str, str]) -> None:
        """How things are now."""
        for name, lag in lags.items():
            self._events.labels(name).set(lag.events)
            self._seconds.labels(name).set(lag.seconds)
            self._stuck.labels(name).set(len(lag.stuck))
            self._stopped.labels(name).set(name in stopped)
            self._looked[name] = time.monotonic()
            self._judge(name, lag, stopped.get(name))

    def _judge(self, name: str, lag: Lag, stopped: str | None) -> None:
        wrong = stopped
        if wrong is None and lag.stuck:
            wrong = f"{name} does not move for {len(lag.stuck):,} tenants, and is {lag.events:,} events behind"
            if name not in self._wrong:
                _log.error("projection_stuck", projection=name, tenants=lag.stuck[:5], events=lag.events)
        if wrong is not None:
            self._wrong[name] = wrong
        elif self._wrong.pop(name, None):
            _log.info("projection_moves", projection=name)

    def not_ready(self) -> str | None:
        """What is wrong, in a sentence; None when nothing is."""
        if not self._looked:
            return "it has not begun"
        if time.monotonic() - min(self._looked.values()) > _LOOKED:
            return "it does not see how far it is: a server does not answer"
        return "; ".join(self._wrong.values()) or None

    def serve(self, host: str, port: int) -> None:
        """Answer from a thread of its own, until the process ends.

        Raises:
            AddressUnusable: nobody can.
        """
        check_free(host, port)
        server = make_server(host, port, self._answer, handler_class=_Quiet)
        threading.Thread(target=server.serve_forever, daemon=True, name="health").start()

    def _answer(self, environ: Mapping[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        wrong = self.not_ready()
        match environ["PATH_INFO"]:
            case "/metrics":
                status, kind, body = "200 OK", CONTENT_TYPE, generate_latest(self.registry)
            case "/livez":
                status, kind, body = "200 OK", "application/json", b'{"status":"alive"}'
            case "/readyz" if wrong is None:
                status, kind, body = "200 OK", "application/json", b'{"status":"ready"}'
            case "/readyz":
                status, kind = "503 Service Unavailable", "application/json"
                body = to_json({"status": "not ready", "detail": wrong})
            case _:
                status, kind, body = "404 Not Found", "application/json", b'{"status":"not found"}'
        start(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [body]


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """A probe every second is no news."""
