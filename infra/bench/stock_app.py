"""What HTTP would be over the stock library: FastAPI, and `Application.save` on its Postgres recorder.

Two aggregates a command, as the product writes two streams. No token is verified, no key is kept, no rank is worked
out: all of that would make it slower.
"""

import os
from collections.abc import Sequence
from typing import Any

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate
from fastapi import FastAPI
from psycopg.conninfo import conninfo_to_dict
from pydantic_core import to_jsonable_python

from infra.bench.plain_hold import PlainHold


class Hold(Aggregate):
    """A hold."""

    def __init__(self, artist_id: str, project_id: str, periods: Sequence[Any]) -> None:
        """Placed."""
        self.artist_id = artist_id
        self.project_id = project_id
        self.periods = periods


class TimeHeld(Aggregate):
    """What the hold takes of a calendar."""

    def __init__(self, artist_id: str, periods: Sequence[Any]) -> None:
        """Taken."""
        self.artist_id = artist_id
        self.periods = periods


def create_app() -> FastAPI:
    """For uvicorn's `--factory`; the database is `DATABASE_URL`."""
    where = conninfo_to_dict(os.environ["DATABASE_URL"])
    application: Application[Any] = Application(
        {
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": str(where["dbname"]),
            "POSTGRES_HOST": str(where["host"]),
            "POSTGRES_PORT": str(where["port"]),
            "POSTGRES_USER": str(where["user"]),
            "POSTGRES_PASSWORD": str(where["password"]),
            "POSTGRES_POOL_SIZE": "32",
            "POSTGRES_MAX_OVERFLOW": "32",
        }
    )
    app = FastAPI()

    @app.post("/v1/holds", status_code=201)
    def place_hold(command: PlainHold) -> dict[str, str]:
        """`def` and not `async def`: the library blocks."""
        periods = to_jsonable_python(command.periods)
        hold = Hold(command.artist_id, command.project_id, periods)
        application.save(hold, TimeHeld(command.artist_id, periods))
        return {"id": str(hold.id)}

    return app
