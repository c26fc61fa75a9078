"""The commands that run the product: all of it, or one part."""

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli_options import Data, WithParent, plainly, settings_with

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from infra.settings import Settings

Host = Annotated[
    str | None, typer.Option("--host", metavar="ADDRESS", help="Where to listen.", show_default="127.0.0.1")
]
Port = Annotated[int | None, typer.Option("--port", help="On which port; 0 is any free one.", show_default="8000")]
MetricsPort = Annotated[
    int | None, typer.Option("--metrics-port", min=1, help="Answer /metrics on that port of --host.")
]


def up(port: Port = None, data: Data = None) -> None:
    """Run the whole product on this machine, with a tenant to try it, until Ctrl-C.

    Brings the database to the schema of this version first. Prints the addresses and a token when all is ready.
    """
    settings = settings_with(port=port, data=data)
    # Ctrl-C while it begins; later on it is a wish that `run_all` fulfils.
    with suppress(KeyboardInterrupt), plainly():
        from infra.address import check_free
        from infra.database import server
        from infra.migrate import migrate
        from infra.redis_server import redis_server
        from infra.up import run_all

        check_free(settings.host, settings.port)
        with server(settings) as url, redis_server(settings, always=True) as redis_url:
            migrate(url)
            run_all(settings, url, redis_url)


def migrate(data: Data = None) -> None:
    """Bring the database to the schema of this version; safe to repeat."""
    from infra.database import server
    from infra.migrate import migrate as run_missing

    settings = settings_with(data=data)
    with plainly(), server(settings) as url:
        ran = run_missing(url)
    typer.echo("\n".join(ran) if ran else "nothing to do")


def api(host: Host = None, port: Port = None, data: Data = None, *, with_parent: WithParent = False) -> None:
    """Answer requests over HTTP, until told to stop; any number of processes may."""
    from infra.address import check_free
    from infra.database import database
    from infra.redis_server import redis_server
    from infra.serve import serve

    settings = settings_with(host=host, port=port, data=data)
    _begin(settings, with_parent=with_parent)
    check_free(settings.host, settings.port)
    with plainly(), database(settings) as url, redis_server(settings) as redis_url:
        serve(settings, url, redis_url)


def project(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME…]", help="Which read models.", show_default="all")
    ] = None,
    data: Data = None,
    metrics_port: Annotated[
        int | None,
        typer.Option("--metrics-port", min=1, help="Answer /metrics, /readyz and /livez on that port of --host."),
    ] = None,
    host: Host = None,
    *,
    with_parent: WithParent = False,
) -> None:
    """Keep read models up with the log, until told to stop; one process is enough for all of them."""
    from infra.database import database
    from infra.kafka import kafka_of
    from infra.parts import run_until_told
    from infra.projecting import named
    from infra.projecting import project as keep_up
    from infra.projector_health import ProjectorHealth
    from infra.redis_server import redis_server

    settings = settings_with(data=data, host=host)
    projections = named(names or ())
    _begin(settings, with_parent=with_parent)
    health = ProjectorHealth()
    if metrics_port is not None:
        health.serve(settings.host, metrics_port)
    with plainly(), database(settings) as url, redis_server(settings) as redis_url:
        run_until_told(keep_up(url, projections, redis_url=redis_url, kafka=kafka_of(settings), health=health))


def relay(
    data: Data = None,
    metrics_port: MetricsPort = None,
    host: Host = None,
    *,
    with_parent: WithParent = False,
) -> None:
    """Bring every event to Kafka, until told to stop; several processes share the tenants."""
    from infra.cannot_run import CannotRun
    from infra.database import database
    from infra.kafka import kafka_of
    from infra.parts import run_until_told
    from infra.relay_metrics import RelayMetrics
    from infra.relaying import relay as bring_to_kafka

    settings = settings_with(data=data, host=host)
    _begin(settings, with_parent=with_parent)
    kafka = kafka_of(settings)
    if kafka is None:
        raise CannotRun("set KAFKA_BOOTSTRAP_SERVERS to where the brokers are, such as kafka:9092")
    metrics = RelayMetrics()
    _answer_metrics(metrics.registry, settings, metrics_port)
    with plainly(), database(settings) as url:
        run_until_told(bring_to_kafka(url, kafka, shards=settings.relay_shards, meter=metrics))


def clock(
    data: Data = None,
    metrics_port: MetricsPort = None,
    host: Host = None,
    *,
    with_parent: WithParent = False,
) -> None:
    """Record what falls due and carry out what follows from decisions, until told to stop; one process is enough."""
    from infra.clock_metrics import ClockMetrics
    from infra.database import database
    from infra.keeping_time import keep_time
    from infra.parts import run_until_told

    settings = settings_with(data=data, host=host)
    _begin(settings, with_parent=with_parent)
    metrics = ClockMetrics()
    _answer_metrics(metrics.registry, settings, metrics_port)
    with plainly(), database(settings) as url:
        run_until_told(keep_time(url, metrics))


def _begin(settings: "Settings", *, with_parent: bool) -> None:
    """What each part of the product does first."""
    from infra.logging import configure_logging
    from infra.parts import end_with_parent

    configure_logging(settings.log_level)
    if with_parent:
        end_with_parent()


def _answer_metrics(registry: "CollectorRegistry", settings: "Settings", port: int | None) -> None:
    from infra.metrics import serve

    if port is not None:
        serve(registry, settings.host, port)
