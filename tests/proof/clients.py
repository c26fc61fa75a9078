"""Clients who never give up: a command is sent under its key until it is answered, whatever happens to the service."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import httpx

from domain.ids import RANDOM_BITS, uuid7
from tests.proof.linear import Call
from tests.proof.service import Service

FIRST_DAY = date(2031, 1, 6)


@dataclass
class Journal:
    """What was asked and what was heard."""

    accepted: dict[str, bytes] = field(default_factory=dict)
    """By hold: the answer's bytes."""
    refused: dict[str, str] = field(default_factory=dict)
    """By hold: the problem's code."""
    unanswered: Counter[str] = field(default_factory=Counter)
    """Answers that never came, by what came instead."""
    replayed: int = 0
    contradictions: list[str] = field(default_factory=list)
    """A key that was answered in two ways."""

    @property
    def asked(self) -> int:
        """How many holds have been answered."""
        return len(self.accepted) + len(self.refused)


class Desk:
    """A coordinator at work, over one connection."""

    def __init__(self, http: httpx.AsyncClient, journal: Journal, chance: random.Random) -> None:
        self.http = http
        self.journal = journal
        self.chance = chance

    def new_id(self) -> str:
        return uuid7(0, self.chance.getrandbits(RANDOM_BITS))

    async def insist(self, path: str, body: dict[str, Any], key: str) -> httpx.Response:
        """The answer to a command, asked for until there is one."""
        return await self._until_answered("POST", path, json=body, headers={"Idempotency-Key": key})

    async def adopt(self, policy: dict[str, Any]) -> httpx.Response:
        """The answer to another policy."""
        headers = {"Idempotency-Key": f"policy {self.new_id()}"}
        return await self._until_answered("PUT", "/v1/policy", json=policy, headers=headers)

    async def read(self, path: str, token: str = "") -> httpx.Response:
        """The answer to a read that shows at least what `token`, a `Consistency-Token`, stands for."""
        return await self._until_answered("GET", path, headers={"Consistency-Token": token} if token else {})

    async def artist(self, time_zone: str) -> str:
        return await self._added("/v1/artists", time_zone)

    async def project(self, time_zone: str) -> str:
        return await self._added("/v1/projects", time_zone)

    async def hold(self, artist_id: str, project_id: str, *, days: int) -> None:
        """Place a hold; now and then ask again, as a client does whose answer was lost."""
        hold_id = self.new_id()
        day = FIRST_DAY + timedelta(days=self.chance.randrange(days))
        period = {
            "first_day": day.isoformat(),
            "last_day": (day + timedelta(days=self.chance.randrange(3))).isoformat(),
        }
        body = {"id": hold_id, "artist_id": artist_id, "project_id": project_id, "periods": [period]}
        self._note(hold_id, await self.insist("/v1/holds", body, hold_id))
        if self.chance.random() < 0.2:
            self._note(hold_id, await self.insist("/v1/holds", body, hold_id))

    async def _added(self, path: str, time_zone: str) -> str:
        id = self.new_id()
        answer = await self.insist(path, {"id": id, "name": f"It {id[-4:]}", "time_zone": time_zone}, id)
        assert answer.is_success, answer.text
        return id

    async def _until_answered(self, method: str, path: str, **what: Any) -> httpx.Response:  # noqa: ANN401 - as httpx has it
        while True:
            try:
                answer = await self.http.request(method, path, **what)
            except httpx.TransportError as error:
                self.journal.unanswered[type(error).__name__] += 1
            else:
                code = "" if answer.is_success else answer.json()["code"]
                if answer.status_code < 500 and code != "command_in_flight":
                    return answer
                self.journal.unanswered[code] += 1
            await asyncio.sleep(self.chance.uniform(0.05, 0.3))

    def _note(self, hold_id: str, answer: httpx.Response) -> None:
        journal = self.journal
        journal.replayed += answer.headers.get("Idempotent-Replayed") == "true"
        if answer.is_success:
            if journal.accepted.setdefault(hold_id, answer.content) != answer.content or hold_id in journal.refused:
                journal.contradictions.append(hold_id)
        else:
            journal.refused[hold_id] = answer.json()["code"]
            if hold_id in journal.accepted:
                journal.contradictions.append(hold_id)


async def witnessed(
    history: list[Call], what: str, hold: str, *, desk: Desk, path: str, body: dict[str, Any]
) -> httpx.Response:
    """The answer to a command about a hold, which becomes part of `history` with when it was asked and answered."""
    asked = time.time()
    answer = await desk.insist(path, body, f"{what} {hold} {desk.new_id()}")
    told = answer.json()
    said = ("ok" if what != "hold" else f"rank {told['worst_rank']}") if answer.is_success else told["code"]
    history.append(Call(what, hold, asked, time.time(), said))
    return answer


@asynccontextmanager
async def desks(service: Service, journal: Journal, *, count: int, seed: int) -> AsyncIterator[list[Desk]]:
    """So many desks of one tenant, each with a chance of its own."""
    async with httpx.AsyncClient(
        base_url=service.url,
        headers={"Authorization": f"Bearer {service.token('acme')}"},
        limits=httpx.Limits(max_connections=count),
        timeout=30,
        trust_env=False,
    ) as http:
        yield [Desk(http, journal, random.Random(f"{seed}-{n}")) for n in range(count)]
