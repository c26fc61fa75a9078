"""`production-tool bench`: that its figures are what they say, and that it can say no."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest
import typer
from rich.console import Console

from infra.bench import project
from infra.bench.append import measure
from infra.bench.clerk import Clerk
from infra.bench.command import MEASURES, bench, measures
from infra.bench.end_to_end import end_to_end_rows
from infra.bench.http import Round, all_accepted, latency_row, lost, one_round, running, throughput_row
from infra.bench.http_client import drive, request
from infra.bench.markdown import markdown
from infra.bench.processes import BenchFailed, served
from infra.bench.project import project_rows
from infra.bench.reads import reads_rows
from infra.bench.relay import relay_rows
from infra.bench.rows import Row, percentiles, show
from infra.bench.servers import commit_milliseconds, server
from infra.bench.workload import new_id, tenants

_HOLD = b'"artist_id":"0192f0c1-2b7a-7000-8000-000000000001"}'


@pytest.fixture(scope="module")
def bench_server() -> Iterator[str]:
    with server() as url:
        yield url


@pytest.fixture(scope="module")
def round_over_http(bench_server: str) -> Round:
    with running(bench_server) as servers:
        return one_round(servers, 4, 0.3, tenants=2, artists=2)


@pytest.fixture
def only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that have several rounds have one."""
    monkeypatch.setattr(project, "_ROUNDS", {0: 1})


def _row(**more: object) -> Row:
    return Row(**{"name": "holds", "value": 100, "unit": "commands/s", **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("row", "missed"),
    [
        (_row(), False),
        (_row(must=100), False),
        (_row(must=101), True),
        (_row(must=100, at_most=True), False),
        (_row(must=99, at_most=True), True),
        (_row(must=1, lost=1), True),
    ],
)
def test_a_must_is_missed_on_its_wrong_side_or_by_any_loss(row: Row, missed: bool) -> None:  # noqa: FBT001
    assert row.missed is missed


def test_percentiles_are_in_milliseconds() -> None:
    assert percentiles([n / 1000 for n in range(1, 101)]) == {"p50 ms": 51, "p95 ms": 96, "p99 ms": 100}


def test_every_hold_that_the_api_acknowledged_is_in_the_log(round_over_http: Round) -> None:
    assert round_over_http.ours.acknowledged
    assert round_over_http.lost == 0


def test_the_stock_library_and_the_bare_insert_take_the_same_requests(round_over_http: Round) -> None:
    for beside in (round_over_http.stock, round_over_http.floor):
        assert beside.acknowledged


@pytest.mark.usefixtures("only_once")
def test_every_event_reaches_the_read_models_live_and_in_a_rebuild() -> None:
    rows = project_rows(0.1, lambda _: None, sizes=[5_000])
    assert [row.name.partition(",")[0] for row in rows] == ["live", "rebuild", "live", "rebuild", "live"]
    assert all(row.value and row.stock and row.lost == 0 for row in rows)


def test_a_round_over_http_becomes_two_rows(round_over_http: Round) -> None:
    throughput = throughput_row("0.1 ms commit", [round_over_http], must=1, aim=1e9)
    assert throughput.name == "place a hold over HTTP, 32 connections, 0.1 ms commit"
    assert throughput.value == round(round_over_http.ours.rate) > 0
    assert (throughput.unit, throughput.missed, throughput.reached_aim) == ("commands/s", False, False)
    assert list(throughput.more) == ["p50 ms", "p95 ms", "p99 ms", "CPU s / 1,000 commands"]
    losing = replace(round_over_http, lost=1)
    assert throughput_row("0.1 ms commit", [round_over_http, losing], must=1, aim=1).missed
    latency = latency_row("0.1 ms commit", [round_over_http], must=0, aim=1e9)
    assert (latency.value, latency.unit) == (throughput.more["p99 ms"], "ms")
    assert (latency.missed, latency.reached_aim) == (True, True)


def test_a_hold_that_was_acknowledged_and_not_kept_is_found(bench_server: str, round_over_http: Round) -> None:
    kept = round_over_http.ours.acknowledged
    assert lost(bench_server, kept) == 0
    assert lost(bench_server, [*kept, new_id()]) == 1


def test_an_api_that_acknowledges_without_writing_loses_everything(bench_server: str) -> None:
    with _answering(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}") as port:
        answered = drive(port, [request("t", _HOLD)], connections=2, seconds=0.1)
    assert answered.acknowledged
    assert lost(bench_server, answered.acknowledged) == len(answered.acknowledged)


def test_an_api_that_refuses_ends_the_benchmark_with_what_it_says() -> None:
    with _answering(b"HTTP/1.1 409 Conflict\r\ncontent-length: 4\r\n\r\nfull") as port:
        answered = drive(port, [request("t", _HOLD)], connections=2, seconds=0.1)
    assert (answered.acknowledged, answered.rate) == ([], 0)
    with pytest.raises(BenchFailed, match=r"(?s)the API has refused [0-9,]+ holds.*409 Conflict.*full"):
        all_accepted("the API", answered)


def test_a_server_that_hangs_up_ends_the_benchmark() -> None:
    with _answering(b"") as port, pytest.raises(BenchFailed, match="hung up"):
        drive(port, [request("t", _HOLD)], connections=1, seconds=0.1)


def test_a_server_that_does_not_start_ends_the_benchmark() -> None:
    with pytest.raises(BenchFailed, match="nothing does not start"), served("nothing", "this", environment={}):
        raise AssertionError("it runs")


def test_what_is_appended_is_in_the_log(bench_server: str) -> None:
    measured = measure(bench_server, tenants(2, 2), Clerk, 8, 0.2)
    assert measured.rate > 0
    assert measured.lost == 0
    assert len(measured.times) >= 8
    assert measured.cpu > 0


def test_the_past_is_asked_for_over_http_in_a_log_of_so_many_events() -> None:
    said = list[str]()
    (row,) = reads_rows(0.2, said.append, events=1_000, tenants=3)
    assert row.name == "queue as of a seq over HTTP, 1,000 events"
    assert (row.unit, row.must, row.at_most) == ("ms", 50, True)
    assert row.value == row.more["p99 ms"] > 0
    assert row.more["events of the longest calendar"] > 10
    assert said[-1] == "queues as of a seq: round 3 of 3"


def test_a_commit_takes_some_time(bench_server: str) -> None:
    assert commit_milliseconds(bench_server) > 0


def test_rows_are_printed_and_kept_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "figures.json"
    row = _row(stock=1, floor=2, must=3, aim=200, more={"p99 ms": 4.5})

    def measure_it(seconds: float, progress: object) -> list[Row]:
        assert (seconds, json.loads(file.read_text())) == (0.2, [])
        progress("round 1")  # type: ignore[operator]
        return [row]

    assert bench(["it", "it"], file, 0.2, among={"it": measure_it})
    assert [Row(**found) for found in json.loads(file.read_text())] == [row]
    printed = capsys.readouterr()
    assert "holds" in printed.out.splitlines()[1]
    assert "50 % of the aim" in printed.out
    assert printed.err == "round 1\n"


def test_a_missed_must_is_the_answer_of_all(tmp_path: Path) -> None:
    among = {"fine": lambda *_: [_row(must=1)], "slow": lambda *_: [_row(must=1000)]}
    assert bench(["fine"], None, 1, among=among)
    assert not bench(["slow", "fine"], tmp_path / "figures.json", 1, among=among)
    assert len(json.loads((tmp_path / "figures.json").read_text())) == 2


def test_an_unknown_benchmark_is_a_plain_mistake(tmp_path: Path) -> None:
    assert list(MEASURES) == [
        "domain",
        "append",
        "http",
        "live",
        "board",
        "project",
        "relay",
        "end-to-end",
        "redis",
        "reads",
    ]
    with pytest.raises(
        typer.BadParameter,
        match=r"'teleport'.*there are: domain, append, http, live, board, project, relay, end-to-end, redis, reads",
    ):
        bench(["append", "teleport"], tmp_path / "figures.json", 1)
    with pytest.raises(typer.BadParameter):
        bench([], None, 1)


def test_a_log_is_as_long_as_asked_for_or_there_is_no_such_log() -> None:
    assert measures([10_000, 5_000]).keys() == MEASURES.keys()
    with pytest.raises(typer.BadParameter, match="a multiple of 5,000 events"):
        measures([10_000, 7_000])
    with pytest.raises(typer.BadParameter, match="a multiple of 5,000 events"):
        measures([0])


def test_a_file_that_cannot_be_written_is_told_before_anything_is_measured(tmp_path: Path) -> None:
    def measure_it(*_: object) -> list[Row]:
        raise AssertionError("it was measured")

    with pytest.raises(typer.BadParameter, match="No such file or directory"):
        bench(["it"], tmp_path / "nowhere" / "figures.json", 1, among={"it": measure_it})


def test_a_latency_half_way_to_its_aim_is_said_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    show([_row(unit="ms", must=100, aim=50, at_most=True)], Console(width=200))
    assert "50 % of the aim" in capsys.readouterr().out


def test_a_document_takes_the_figures_as_a_table() -> None:
    table = markdown([_row(must=1, aim=12_345, more={"p99 ms": 4.5}), _row(must=7, at_most=True)])
    assert table.splitlines()[2:] == [
        "| holds | 100 commands/s | - | - | ≥ 1 | ≥ 12,345 | 0 | p99 ms 4.5 |",
        "| holds | 100 commands/s (must missed) | - | - | ≤ 7 | - | 0 |  |",
    ]


@contextmanager
def _answering(answer: bytes) -> Iterator[int]:
    """The port of a server that says this to everybody; of one that hangs up if it says nothing."""
    loop = asyncio.new_event_loop()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while answer and await reader.readuntil(b"\r\n\r\n") and await reader.readuntil(b"}"):
                writer.write(answer)
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    listening = loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", 0))
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        listening.close()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


@pytest.mark.usefixtures("only_once")
def test_the_relay_and_what_is_behind_it_bring_everything_and_lose_nothing(
    kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka)
    (relayed,) = relay_rows(0.1, lambda _: None, sizes=(5_000,))
    assert relayed.name == "relay, one process, 5,000 events"
    assert (relayed.lost, relayed.unit) == (0, "events/s")
    assert relayed.value > 0
    without, caught_up, by_kafka = end_to_end_rows(0.2, lambda _: None, sizes=(5_000,))
    assert (caught_up.lost, caught_up.must) == (0, 25_000)
    assert (without.must, by_kafka.must) == (5, 20)
    assert all(row.more["writes"] for row in (without, by_kafka))
