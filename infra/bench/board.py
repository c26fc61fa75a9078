"""The board's grid: 150 artists by 28 days, as a browser's first visit gets it, and what an update brings.

The time until a browser has drawn the first bar is measured by `python -m tests.read_api.board.look`.
"""

import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import httpx

from infra.bench.append import Progress
from infra.bench.live import running
from infra.bench.processes import BenchFailed
from infra.bench.rows import Row, percentiles
from infra.bench.workload import new_id
from infra.built_in_issuer import make_token
from read_api.board.session import COOKIE

ARTISTS: Final = 150
_DAYS: Final = 28
_HOLDS: Final = 5
"""Of each artist."""
_TENANT: Final = "board bench"
_PATIENCE: Final = 60.0
_BEHIND: Final = 503
_ASSET: Final = re.compile(r'(?:href|src)="(/board/static/[^"]+)"')


def board_rows(seconds: float, progress: Progress) -> list[Row]:
    """The rows about the grid; it is asked for during `seconds`.

    Raises:
        BenchFailed: a server did not start, refused something, or did not come as far as was written.
    """
    progress(f"the board: {ARTISTS} artists")
    with running() as (api, data, url):
        token = make_token(data, tenant=_TENANT, role="producer")
        with (
            _projector(url),
            httpx.Client(base_url=f"http://127.0.0.1:{api.port}", trust_env=False, timeout=_PATIENCE) as http,
        ):
            desk = Desk(http, token)
            monday = _monday()
            artist = desk.fill(monday, ARTISTS)
            return [*page_rows(desk, monday, seconds), *update_rows(desk, artist, monday, seconds)]


class Desk:
    """Somebody with a browser, who also fills the calendars."""

    def __init__(self, http: httpx.Client, token: str) -> None:
        """`token` goes into the cookie as into the header."""
        self._http = http
        self._headers = {"Authorization": f"Bearer {token}"}
        self._cookie = {"Cookie": f"{COOKIE}={token}", "Accept-Encoding": "gzip"}
        self._seen = ""
        self._project = new_id()

    def fill(self, monday: date, artists: int) -> str:
        """Artists with holds on the days from `monday`; answers one of them."""
        chance = random.Random(1)  # noqa: S311 - the same calendars in every run
        ids = [new_id() for _ in range(artists)]
        named = {"time_zone": "Europe/Berlin"}
        self._batch(
            [("/v1/projects", {"id": self._project, "name": "Whale", **named})]
            + [("/v1/artists", {"id": id, "name": f"Artist {n}", **named}) for n, id in enumerate(ids)]
        )
        self._batch([("/v1/holds", self._hold(id, monday, chance)) for id in ids for _ in range(_HOLDS)])
        self._wait()
        return ids[0]

    def hold(self, artist: str, monday: date) -> dict[str, Any]:
        """What a command that places one more hold is answered."""
        body = self._hold(artist, monday, random.Random(2))  # noqa: S311 - the same one in every run
        headers = {**self._headers, "Idempotency-Key": new_id()}
        answer = self._expect(self._http.post("/v1/holds", json=body, headers=headers))
        self._seen = answer.headers["Consistency-Token"]
        return dict(answer.json())

    def get(self, path: str) -> tuple[str, int]:
        """A page, and how many bytes of it were sent; one that waits for what this desk has written."""
        headers = {**self._cookie, "Consistency-Token": self._seen}
        with self._http.stream("GET", path, headers=headers) as answer:
            answer.read()
            self._expect(answer)
            return answer.text, answer.num_bytes_downloaded

    def told(self, after: int, count: int) -> int:
        """How many bytes the notices of so many events take."""
        size = 0
        params: dict[str, str | int] = {"after": after, "data": "false", "type": "calendar"}
        with self._http.stream("GET", "/v1/live", params=params, headers=self._headers) as answer:
            for line in answer.iter_lines():
                if line.startswith("data: ") and '"type"' in line:
                    size += len(line) + len("id: \n\n\n") + len(str(after))
                    count -= 1
                if not count:
                    return size
        raise BenchFailed("a stream of events has ended")

    def _wait(self) -> None:
        """Until the read models show what this desk has written; the projector may only just begin."""
        until = time.monotonic() + _PATIENCE
        headers = {**self._headers, "Consistency-Token": self._seen}
        while self._http.get("/v1/holds?limit=1", headers=headers).status_code == _BEHIND:
            if time.monotonic() > until:
                raise BenchFailed("the projector does not come as far as was written")

    def _hold(self, artist: str, monday: date, chance: random.Random) -> dict[str, Any]:
        first = monday + timedelta(days=chance.randrange(_DAYS - 5))
        last = first + timedelta(days=chance.randrange(1, 6))
        periods = [{"first_day": str(first), "last_day": str(last)}]
        return {"id": new_id(), "artist_id": artist, "project_id": self._project, "periods": periods}

    def _batch(self, commands: list[tuple[str, dict[str, Any]]]) -> None:
        all_ = [{"route": route, "body": body, "idempotency_key": new_id()} for route, body in commands]
        answer = self._expect(self._http.post("/v1/batch", json={"commands": all_}, headers=self._headers))
        items = answer.json()["items"]
        self._seen = items[-1]["headers"]["Consistency-Token"]

    def _expect(self, answer: httpx.Response) -> httpx.Response:
        if not answer.is_success:
            raise BenchFailed(f"{answer.request.url.path} answers {answer.status_code}: {answer.text[:500]}")
        return answer


def page_rows(desk: Desk, monday: date, seconds: float) -> list[Row]:
    """How long the page takes, and how much of everything is sent for a first visit."""
    path = f"/?from={monday}"
    page, size = desk.get(path)
    size += sum(desk.get(asset)[1] for asset in _ASSET.findall(page))
    found = percentiles(_times(desk, path, seconds))
    name = f"the board, {ARTISTS} artists by {_DAYS} days"
    bars = page.count('class="bar ')
    return [
        Row(name=f"{name}, page p99", value=found["p99 ms"], unit="ms", must=500, aim=150, at_most=True, more=found),
        Row(
            name=f"{name}, sent for a first visit",
            value=round(size / 1024, 1),
            unit="KiB",
            must=150,
            aim=60,
            at_most=True,
            more={"bars": bars},
        ),
    ]


def update_rows(desk: Desk, artist: str, monday: date, seconds: float) -> list[Row]:
    """What somebody's hold sends to a browser that shows its artist: the notice of an event, and the row."""
    seq = desk.hold(artist, monday)["seq"]
    notice = desk.told(seq - 1, 1)
    path = f"/board/rows/{artist}?from={monday}&zoom=week"
    _, row = desk.get(path)
    found = percentiles(_times(desk, path, seconds))
    sent: dict[str, float] = {"notice": notice, "row": row}
    name = "an update of the board"
    return [
        Row(
            name=f"{name}, sent to a client",
            value=notice + row,
            unit="bytes",
            must=1024,
            aim=800,
            at_most=True,
            more=sent,
        ),
        Row(name=f"{name}, its row, p50", value=found["p50 ms"], unit="ms", must=5, aim=3, at_most=True, more=found),
    ]


def _times(desk: Desk, path: str, seconds: float) -> list[float]:
    """How long it takes to get `path`, over and over for so long."""
    times, until = list[float](), time.perf_counter() + seconds
    while not times or time.perf_counter() < until:
        begins = time.perf_counter()
        desk.get(path)
        times.append(time.perf_counter() - begins)
    return times


def _monday() -> date:
    today = datetime.now(UTC).date()
    return today + timedelta(days=7 - today.weekday())


@contextmanager
def _projector(url: str) -> Iterator[None]:
    command = [sys.executable, "-m", "infra.cli", "project"]
    environment = {"DATABASE_URL": url, "PRODUCTION_TOOL_LOG_LEVEL": "error"}
    with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()
