"""Clients who never give up: a command is sent under its key until it is answered, whatever happens to the service."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import httpx

from domain.ids import RANDOM_BITS, uuid7

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
        while True:
            try:
                answer = await self.http.post(path, json=body, headers={"Idempotency-Key": key})
            except httpx.TransportError as error:
                self.journal.unanswered[type(error).__name__] += 1
            else:
                code = "" if answer.is_success else answer.json()["code"]
                if answer.status_code < 500 and code != "command_in_flight":
                    return answer
                self.journal.unanswered[code] += 1
            await asyncio.sleep(0.02)

    async def hold(self, artist_id: str, project_id: str, *, days: int) -> None:
        """Place a hold; now and then ask again, as a client does whose answer was lost."""
        hold_id = self.new_id()
        day = FIRST_DAY + timedelta(days=self.chance.randrange(days))
        period = {
            "first_day": day.isoformat(),
            "last_day": (day + timedelta(days=self.chance.randrange(3))).isoformat(),
        }
        body = {"id": hold_id, "artist_id": artist_id, "project_id": project_id, "periods": [period]}
        answer = await self.insist("/v1/holds", body, hold_id)
        self._note(hold_id, answer)
        if self.chance.random() < 0.2:
            self._note(hold_id, await self.insist("/v1/holds", body, hold_id))

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
