"""Commands on both sides of a deadline, over HTTP, while the log now and then stops or loses its connection.

The clock is the database's own, moved ahead to just before the deadlines of many races; from there it goes on as it
does. `PROOF_ROUNDS` is how often; `make proof` makes it large.
"""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from tests.database_time import DatabaseTime
from tests.proof.clients import Desk, Journal, desks, witnessed
from tests.proof.figures import told_in_figures
from tests.proof.linear import Call, Day, explained
from tests.proof.service import Service, running

ROUNDS = int(os.environ.get("PROOF_ROUNDS", "1"))
SEED = int(os.environ.get("PROOF_SEED", "20261125"))
RACES, ZONE = 40, "Europe/London"
DAY = [{"first_day": "2150-06-01", "last_day": "2150-06-01"}]
DELAYS = "log.after_decide=stop:0.03:0.05,log.before_commit=stop:0.03:0.05,log.after_commit=cut:0.005"
BEFORE: Final = 1.5
"""Seconds before the first deadline at which the clock is set."""
AROUND: Final = 0.75
"""Seconds before and after a deadline at which commands are sent."""
LATE: Final = 2.0
"""Seconds after which nobody may be told anything that was true before the deadline."""
TOO_LATE: Final = 0.2
"""How many of the challenged answer only then."""

pytestmark = pytest.mark.anyio


@dataclass
class Race:
    """One artist's one day: who is first and second there, and what was asked about them."""

    desk: Desk
    artist: str
    project: str
    first: str
    second: str
    deadline: datetime
    challenge: str = ""
    history: list[Call] = field(default_factory=list)

    async def ask(self, what: str, hold: str, path: str, body: dict[str, Any], *, at: float) -> None:
        """Send a command at an instant of this machine's clock."""
        await asyncio.sleep(at - time.time())
        await witnessed(self.history, what, hold, desk=self.desk, path=path, body=body)

    async def confirm(self, hold: str, *, at: float) -> None:
        await self.ask("confirm", hold, f"/v1/holds/{hold}/confirm", {}, at=at)

    def around(self, deadline: float) -> float:
        return deadline + self.desk.chance.uniform(-AROUND, AROUND)


async def hold(desk: Desk, artist: str, project: str) -> dict[str, Any]:
    id = desk.new_id()
    body = {"id": id, "artist_id": artist, "project_id": project, "periods": DAY}
    answer = await desk.insist("/v1/holds", body, id)
    assert answer.is_success, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def two_in_line(everybody: list[Desk], clock: DatabaseTime) -> list[Race]:
    """A race for each desk: the first hold's deadline is an hour before the second's."""
    film, spot = await everybody[0].project(ZONE), await everybody[0].project(ZONE)
    artists = await asyncio.gather(*[desk.artist(ZONE) for desk in everybody])
    firsts = await asyncio.gather(*[hold(*one, film) for one in zip(everybody, artists, strict=True)])
    clock.move(timedelta(hours=1))
    seconds = await asyncio.gather(*[hold(*one, spot) for one in zip(everybody, artists, strict=True)])
    return [
        Race(desk, artist, film, first["id"], second["id"], _instant(first["deadline"]["at"]))
        for desk, artist, first, second in zip(everybody, artists, firsts, seconds, strict=True)
    ]


async def challenged(everybody: list[Desk], clock: DatabaseTime) -> list[Race]:
    """The same, with the first hold challenged by the second: the deadline is that of the answer."""
    races = await two_in_line(everybody, clock)

    async def raise_challenge(race: Race) -> None:
        path, race.challenge = f"/v1/holds/{race.second}/challenge", race.desk.new_id()
        answer = await race.desk.insist(path, {"id": race.challenge}, race.challenge)
        assert answer.is_success, answer.text
        race.deadline = _instant(answer.json()["answer_by"]["at"])

    await asyncio.gather(*map(raise_challenge, races))
    return races


async def run_races(
    database: str,
    data: Path,
    line_up: Callable[[list[Desk], DatabaseTime], Awaitable[list[Race]]],
    race: Callable[[Race, float], Awaitable[None]],
) -> None:
    """Round after round, a race for each desk; `race` is told the deadline by this machine's clock."""
    clock, races = DatabaseTime(database), list[Race]()
    async with (
        running(database, data, failpoints=DELAYS) as service,
        desks(service, Journal(), count=RACES, seed=SEED) as everybody,
    ):
        for _ in range(ROUNDS):
            started = await line_up(everybody, clock)
            clock.move_to(min(one.deadline for one in started) - timedelta(seconds=BEFORE))
            ahead = clock.ahead()
            await asyncio.gather(*[race(one, (one.deadline - ahead).timestamp()) for one in started])
            races += started
        await _all_is_well(service, races)


async def test_a_confirmation_just_before_a_deadline_against_others_just_after_it(database: str, data: Path) -> None:
    """The first confirms, the second confirms, a third one places a hold, all about when the first one lapses."""

    async def race(one: Race, deadline: float) -> None:
        body = {"id": (third := one.desk.new_id()), "artist_id": one.artist, "project_id": one.project, "periods": DAY}
        await asyncio.gather(
            one.confirm(one.first, at=one.around(deadline)),
            one.confirm(one.second, at=one.around(deadline)),
            one.ask("hold", third, "/v1/holds", body, at=one.around(deadline)),
        )
        await one.confirm(one.second, at=deadline + LATE + AROUND)
        lapse = Call("lapse", one.first, deadline, deadline + LATE, "ok")
        assert explained([*one.history, lapse], Day((one.first, one.second))), (deadline, one)

    await run_races(database, data, two_in_line, race)


async def test_a_challenge_answered_at_its_deadline(database: str, data: Path) -> None:
    """The first one would book, or lets go, and the challenger confirms, about when silence loses; or well after it."""

    async def race(one: Race, deadline: float) -> None:
        what, answers_at = one.desk.chance.choice(["book", "release"]), one.around(deadline)
        if one.desk.chance.random() < TOO_LATE:
            answers_at = deadline + LATE + AROUND
        body = {"hold_id": one.first, "answer": "confirm" if what == "book" else "release"}
        await asyncio.gather(
            one.ask(what, one.first, f"/v1/challenges/{one.challenge}/answer", body, at=answers_at),
            one.confirm(one.second, at=one.around(deadline)),
        )
        await one.confirm(one.second, at=deadline + LATE + 2 * AROUND)
        silence = Call("silence", one.first, deadline, deadline + LATE, "ok")
        assert explained([*one.history, silence], Day((one.first, one.second), challenged=one.first)), (deadline, one)

    await run_races(database, data, challenged, race)


async def _all_is_well(service: Service, races: list[Race]) -> None:
    """In each race one has won, and the log contradicts no promise."""
    winners = [
        {call.hold for call in race.history if call.what in {"confirm", "book"} and call.said == "ok"} for race in races
    ]
    said = Counter(f"{call.what}: {call.said}" for race in races for call in race.history)
    status, lines = await service.verify()
    firsts = sum(winner == {race.first} for race, winner in zip(races, winners, strict=True))
    violations = [f"{race} was won by {w}" for race, w in zip(races, winners, strict=True) if len(w) != 1]
    told_in_figures(
        operations=f"{len(races):,} races of {said.total():,} commands, {firsts:,} won by the first, {dict(said)}",
        faults=service.faults,
        violations=len(violations),
        seed=SEED,
        verify=lines,
    )
    assert violations == []
    assert status == 0, lines


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
