"""`production-tool bench live` and `bench board`: that their figures are what they say, and that they can say no."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest
import uvloop

from infra.bench.board import Desk, _projector, page_rows, update_rows
from infra.bench.live import Heard, _Listener, listen, live_row, running
from infra.bench.processes import BenchFailed, Served
from infra.built_in_issuer import make_token

MONDAY = date(2031, 3, 3)


@pytest.fixture(scope="module")
def api() -> Iterator[tuple[Served, Path, str]]:
    with running() as it:
        yield it


def test_every_client_hears_every_event_however_often_it_comes_back(api: tuple[Served, Path, str]) -> None:
    served, data, _ = api
    token = make_token(data, tenant="listeners", role="producer")
    heard = uvloop.run(listen(served, token, clients=20, seconds=1))
    assert heard.events == 10
    assert heard.came_back == 5
    assert len(heard.times) == 20 * heard.events
    assert (heard.lost, live_row(heard, 20).lost) == (0, 0)
    assert live_row(heard, 20).more["bytes an event"] > 100


@pytest.mark.parametrize(("seqs", "lost"), [((2, 3, 4), 0), ((2, 4), 1), ((2, 2, 3), 1), ((3, 2), 2)])
def test_what_is_missed_repeated_or_out_of_order_is_lost(seqs: tuple[int, ...], lost: int) -> None:
    heard = Heard()
    listener = _Listener(0, "t", heard)
    listener.ready = type("Said", (), {"set": lambda _: None})()
    listener.take(1, 0.0, ready=True)
    for seq in seqs:
        listener.take(seq, 0.0, ready=False)
    assert heard.lost == lost
    heard.times.append(0.001)
    assert live_row(heard, 1).missed is bool(lost)


def test_a_refused_command_is_nothing_to_measure(api: tuple[Served, Path, str]) -> None:
    served, data, _ = api
    viewer = make_token(data, tenant="listeners", role="viewer")
    with pytest.raises(BenchFailed, match="permission"):
        uvloop.run(listen(served, viewer, clients=1, seconds=0.1))


def test_a_first_visit_counts_what_is_sent_and_an_update_its_notice_and_its_row(api: tuple[Served, Path, str]) -> None:
    served, data, url = api
    with (
        _projector(url),
        httpx.Client(base_url=f"http://127.0.0.1:{served.port}", trust_env=False, timeout=60) as http,
    ):
        desk = Desk(http, make_token(data, tenant="board", role="producer"))
        artist = desk.fill(MONDAY, 3)
        page, sent = page_rows(desk, MONDAY, 0.1)
        update, row = update_rows(desk, artist, MONDAY, 0.1)
        whole, size = desk.get(f"/?from={MONDAY}")
    assert whole.count('data-artist="') == 3
    assert size < len(whole) / 2
    assert sent.value > size / 1024
    assert sent.more["bars"] >= 15
    assert (page.unit, page.missed) == ("ms", page.value > 500)
    assert update.value == update.more["notice"] + update.more["row"]
    assert update.more["notice"] > 200
    assert (row.unit, row.missed) == ("ms", row.value > 5)


def test_a_page_that_is_refused_is_nothing_to_measure(api: tuple[Served, Path, str]) -> None:
    served, data, _ = api
    token = make_token(data, tenant="board", role="service")
    with (
        httpx.Client(base_url=f"http://127.0.0.1:{served.port}", trust_env=False) as http,
        pytest.raises(BenchFailed, match="answers 403"),
    ):
        Desk(http, token).get("/board/projects")
