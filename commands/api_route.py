"""How a command is declared as a route, and the one way in which all of them run.

    @router.command("/v1/holds/{id}/release", HoldAnswer, tag="holds")
    async def release(ask: Annotated[Ask, May(Permission.PLACE_HOLDS)], id: Id, command: ReleaseHold) -> Outcome:

FastAPI reads the signature and describes it in the OpenAPI document. It does not run it: solving dependencies and
building responses for any kind of route costs more than the log, so `CommandRoute` does what commands need and no more.
"""

import inspect
import re
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, get_args

from fastapi import APIRouter
from fastapi.routing import APIRoute
from pydantic import BaseModel

from commands.api_documents import PARAMETERS, responses
from commands.api_request import ClientGone, Headers, Receive, Scope, Send, body_in, headers_in, parsed
from commands.context import Context
from commands.feed import FeedKey
from commands.log import Log, Outcome
from commands.own_calendar import OwnCalendar
from domain.consistency import Seen, encode
from domain.errors import NotAllowed, NotFound
from domain.permission import Permission, Who

UUID: Final = "[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_UUID: Final = re.compile(UUID)


@dataclass(frozen=True, slots=True)
class May:
    """In a route's signature: what the caller must be allowed to do."""

    permission: Permission


@dataclass(frozen=True, slots=True)
class Ask:
    """What a route hands to its handler beside ids and body."""

    log: Log
    context: Context
    feed_key: FeedKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One command as it came in, alone or in a batch."""

    who: Who
    correlation_id: str
    headers: Headers
    path: str
    ids: Sequence[str]
    body: bytes
    feed_key: FeedKey


Endpoint = Callable[..., Coroutine[Any, Any, Outcome]]


class CommandRoute(APIRoute):
    """A route whose endpoint takes `Ask`, the ids of its path in their order, and a body."""

    def __init__(self, path: str, endpoint: Endpoint, **declared: Any) -> None:  # noqa: ANN401 - FastAPI's options
        """Reads what is needed at run time off the signature of `endpoint`, once."""
        signature = inspect.signature(endpoint, eval_str=True)
        ask, *others = signature.parameters.values()
        self._run = endpoint
        self._permission: Permission = next(one for one in get_args(ask.annotation) if isinstance(one, May)).permission
        self._body: type[BaseModel] = others[-1].annotation

        super().__init__(path, _described(endpoint, others), **declared, openapi_extra=_extra(self._permission))
        self.app = self._answer

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = scope["state"]
        who: Who = state["who"]
        try:
            self._check(who)
            incoming = Incoming(
                who=who,
                correlation_id=state["correlation_id"],
                headers=headers_in(scope["headers"]),
                path=scope["path"],
                ids=tuple(scope["path_params"].values()),
                body=await body_in(receive),
                feed_key=scope["app"].state.feed_key,
            )
        except ClientGone:
            return
        outcome = await self.outcome(scope["app"].state.log, incoming)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(outcome.body))]
        for name, value in headers_of(outcome, who.tenant_id).items():
            headers.append((name.lower().encode("ascii"), value.encode("ascii")))
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": outcome.body})

    async def outcome(self, log: Log, incoming: Incoming) -> Outcome:
        """Run the command.

        Raises:
            NotAllowed, NotFound, Invalid: it was not understood, or not from this caller.
            Exception: what `Log.decide` raises.
        """
        who = incoming.who
        self._check(who)
        if not all(map(_UUID.fullmatch, incoming.ids)):
            raise NotFound("There is none.")
        ids = [id.lower() for id in incoming.ids]
        command = parsed(self._body, incoming.body)
        context = Context(
            tenant_id=who.tenant_id,
            actor=who.actor,
            permissions=who.permissions,
            key=incoming.headers.key,
            fingerprint=self._fingerprint(incoming.path, command),
            expected_version=incoming.headers.expected_version,
            correlation_id=incoming.correlation_id,
        )
        own = log if who.artist_id is None else OwnCalendar(log, who.artist_id)
        return await self._run(Ask(own, context, incoming.feed_key), *ids, command)

    def _check(self, who: Who) -> None:
        if self._permission not in who.permissions:
            raise NotAllowed(f"This needs the permission {self._permission}.", permission=self._permission)

    def _fingerprint(self, path: str, command: BaseModel) -> bytes:
        """The same however the command was written down: in another order of members, with or without defaults."""
        said = command.__pydantic_serializer__.to_json(command, exclude_defaults=True)
        return sha256(b"%b %b" % (path.lower().encode(), said)).digest()


def headers_of(outcome: Outcome, tenant_id: str) -> dict[str, str]:
    """What an answer says in its headers."""
    seen = Seen(tenant_id=tenant_id, seq=outcome.seq, incarnation=outcome.incarnation)
    headers = {"Consistency-Token": encode(seen), "ETag": f'"{outcome.version}"'}
    if outcome.replayed:
        headers["Idempotent-Replayed"] = "true"
    return headers


def _described(endpoint: Endpoint, parameters: Sequence[inspect.Parameter]) -> Endpoint:
    """What FastAPI looks at instead of `endpoint`: the parameters that a client can see."""

    async def described() -> Outcome:
        raise AssertionError("only looked at")

    described.__name__, described.__doc__ = endpoint.__name__, endpoint.__doc__
    described.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return described


def _extra(permission: Permission) -> dict[str, Any]:
    return {"parameters": PARAMETERS, "x-permission": permission}


class CommandRouter(APIRouter):
    """Routes of commands, each declared once."""

    @property
    def commands(self) -> list[CommandRoute]:
        """Those declared so far."""
        return [route for route in self.routes if isinstance(route, CommandRoute)]

    def command(
        self, path: str, answer: type[BaseModel], *, tag: str, status: int = 200, method: str = "POST"
    ) -> Callable[[Endpoint], Endpoint]:
        """Declare a command; `answer` describes what it answers."""

        def declare(endpoint: Endpoint) -> Endpoint:
            head, *tail = endpoint.__name__.split("_")
            route = CommandRoute(
                path,
                endpoint,
                methods=[method],
                status_code=status,
                tags=[tag],
                operation_id=head + "".join(map(str.capitalize, tail)),
                response_model=answer,
                responses=responses(status),
            )
            self.routes.append(route)
            return endpoint

        return declare
