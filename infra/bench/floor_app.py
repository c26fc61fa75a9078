"""What HTTP would be if nothing were decided: FastAPI in front of a bare group commit, two rows a command."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from fastapi import FastAPI, Response
from psycopg.pq.abc import PGresult

from infra.bench.floor import bare_pipeline, insert
from infra.bench.plain_hold import PlainHold
from infra.pipeline import Pipeline

_IN_FLIGHT: Final = 2
"""Batches; what comes meanwhile is the next one."""
_ROWS: Final = 2
"""A command."""


@dataclass(slots=True)
class GroupCommit:
    """Rows that wait while two batches are in flight go together in the next."""

    pipeline: Pipeline
    _waiting: list["asyncio.Future[None]"] = field(default_factory=list)
    _in_flight: int = 0
    _seq: "count[int]" = field(default_factory=lambda: count(1))

    async def command(self) -> None:
        """Write the rows of one command; returns when they are committed."""
        committed = asyncio.get_running_loop().create_future()
        self._waiting.append(committed)
        self._send()
        await committed

    def _send(self) -> None:
        if not self._waiting or self._in_flight >= _IN_FLIGHT:
            return
        batch, self._waiting = self._waiting, []
        self._in_flight += 1
        numbers = [next(self._seq) for _ in range(_ROWS * len(batch))]
        self.pipeline.send(insert(numbers)).add_done_callback(lambda answer: self._landed(batch, answer))

    def _landed(self, batch: list["asyncio.Future[None]"], answer: "asyncio.Future[list[PGresult]]") -> None:
        answer.result()
        self._in_flight -= 1
        for committed in batch:
            committed.set_result(None)
        self._send()


def create_app() -> FastAPI:
    """For uvicorn's `--factory`; the database is `DATABASE_URL`."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        pipeline = await bare_pipeline(os.environ["DATABASE_URL"], "bare_commands")
        app.state.log = GroupCommit(pipeline)
        yield
        pipeline.close()

    app = FastAPI(lifespan=lifespan)

    @app.post("/v1/holds")
    async def place_hold(_: PlainHold) -> Response:
        await app.state.log.command()
        return Response(b'{"id":"-"}', 201, media_type="application/json")

    return app
