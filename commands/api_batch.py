"""`POST /v1/batch`: many commands in one request, each with a fate of its own."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi.routing import APIRoute
from pydantic import Field, JsonValue
from pydantic_core import to_json

from commands.api_answers import BatchAnswer
from commands.api_documents import batch_responses
from commands.api_paths import CommandPaths
from commands.api_request import ClientGone, Headers, Receive, Scope, Send, body_in, headers_in, validated
from commands.api_route import CommandRoute, Incoming, headers_of
from commands.body import Body
from commands.in_turn import InTurn, Turns
from domain.errors import NotFound
from domain.permission import Who

_MOST: Final = 1000
_JSON: Final = (b"content-type", b"application/json")


class BatchCommand(Body):
    """What would have been a request of its own."""

    route: str = Field(max_length=200, examples=["/v1/holds"])
    body: JsonValue = Field(default_factory=dict)
    idempotency_key: str = Field(min_length=1, max_length=255, pattern="^[ -~]+$")


class Batch(Body):
    """Commands in the order in which they take effect; one that is refused does not stop those behind it."""

    commands: Annotated[tuple[BatchCommand, ...], Field(min_length=1, max_length=_MOST)]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error as a client sees it."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Refuse = Callable[[Exception], Refusal]
"""What a client sees of an error; a crash is logged on the way. `app.state.refuse` is one."""


async def run_batch(batch: Batch) -> BatchAnswer:  # noqa: ARG001 - only described: see `BatchRoute`
    """Send up to 1,000 commands at once; each is accepted or refused alone, as if it had come by itself.

    They take effect in their order. What does not depend on one another is committed together.
    """
    raise AssertionError("only looked at")


class BatchRoute(APIRoute):
    """Runs `commands`, the routes of all commands, for those that a batch names."""

    def __init__(self, path: str, commands: Sequence[CommandRoute]) -> None:
        """A batch itself is none of `commands`."""
        super().__init__(
            path,
            run_batch,
            methods=["POST"],
            tags=["batch"],
            operation_id="runBatch",
            responses=batch_responses(),
        )
        self._paths = CommandPaths(commands)
        self.app = self._answer

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers_in(scope["headers"], keyed=False)
        try:
            batch = validated(Batch, await body_in(receive))
        except ClientGone:
            return
        state, app = scope["state"], scope["app"].state
        turns = Turns(app.log)
        items = await asyncio.gather(
            *[
                self._item(command, turns.next(), state["who"], state["correlation_id"], app)
                for command in batch.commands
            ]
        )
        body = b'{"items":[%b]}' % b",".join(items)
        headers = [_JSON, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _item(self, command: BatchCommand, turn: InTurn, who: Who, correlation_id: str, app: Any) -> bytes:  # noqa: ANN401 - Starlette's state
        refuse: Refuse = app.refuse
        try:
            route, ids = self._named(command.route)
            incoming = Incoming(
                who=who,
                correlation_id=correlation_id,
                headers=Headers(key=command.idempotency_key, expected_version=None),
                path=command.route,
                ids=ids,
                body=to_json(command.body),
                feed_key=app.feed_key,
            )
            outcome = await route.outcome(turn, incoming)
        except Exception as error:  # noqa: BLE001 - the fate of this command, and not of its neighbours
            refusal = refuse(error)
            return _item(refusal.status, refusal.headers, refusal.body)
        else:
            return _item(route.status_code or 200, headers_of(outcome, who.tenant_id), outcome.body)
        finally:
            await turn.end()

    def _named(self, path: str) -> tuple[CommandRoute, list[str]]:
        found = self._paths.find(path)
        if found is None:
            raise NotFound("There is no such command.")
        return found


def _item(status: int, headers: Mapping[str, Any], body: bytes) -> bytes:
    return b'{"status":%d,"headers":%b,"body":%b}' % (status, to_json(headers), body)
