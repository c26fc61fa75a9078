"""`GET /v1/live` and `/v1/ws`: the tenant's log as it grows, pushed to whoever listens."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import to_json

from domain.errors import DomainError, NotAllowed
from domain.permission import Permission, Who
from read_api.door import ARTISTS_TOO, only_artist, reading
from read_api.errors import refusals
from read_api.live_rooms import Live
from read_api.live_told import Told, Wanted
from read_api.tenant import Tenant

router = APIRouter(prefix="/v1", tags=["live"])

Listens = Annotated[Tenant, reading(may=ARTISTS_TOO)]
Place = Annotated[int, Field(ge=0, le=2**63 - 1)]
Types = Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=50)]

HEARTBEAT: Final = 15.0
"""Seconds after which a silent stream says that it is alive, and how far it is."""
LONGEST: Final = 900.0
"""Seconds after which a stream ends and its client comes back: so that a token which has expired stops reading."""
_PATIENCE: Final = 10.0
"""Seconds for the first message over a WebSocket."""
_REFUSED: Final = 1008
_COME_BACK: Final = 1012


class Subscription(BaseModel):
    """The first message over a WebSocket: who listens, from where, to what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    token: Annotated[str, Field(min_length=1, max_length=10_000)]
    after: Place | None = None
    artist_id: UUID | None = None
    project_id: UUID | None = None
    type: Types = []
    data: bool = True


_FRAME: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "pattern": "^[0-9]+$"},
        "event": {"type": "string"},
        "data": {"type": "string", "contentMediaType": "application/json"},
        "retry": {"type": "integer"},
    },
}
"""Each of the server-sent events, in the document."""


@router.get(
    "/live",
    operation_id="followLive",
    response_class=StreamingResponse,
    responses={
        **refusals(),
        200: {
            "description": "Server-sent events: `id` is the seq, `data` an event as JSON.",
            "content": {"text/event-stream": {"schema": _FRAME}},
        },
    },
)
async def follow_live(
    *,
    request: Request,
    tenant: Listens,
    last_event_id: Annotated[
        str | None, Header(description="Go on behind this seq; browsers send it by themselves.")
    ] = None,
    after: Annotated[
        Place | None, Query(description="The same, for who cannot set a header; the header counts.")
    ] = None,
    artist_id: Annotated[UUID | None, Query(description="Only what concerns this artist.")] = None,
    project_id: Annotated[UUID | None, Query(description="Only what concerns this project.")] = None,
    type: Annotated[
        Types,
        Query(
            description="Only events of these types, or about such things.", examples=[["hold.placed.v1", "booking"]]
        ),
    ] = [],  # noqa: B006 - FastAPI copies it
    data: Annotated[
        bool, Query(description="With what each event says and who said it; without, only whom it concerns.")
    ] = True,
) -> Response:
    """Every event from now on, or behind `Last-Event-ID`, in order of `seq`, without a gap and none twice.

    An event names the artists and projects that it concerns, and a `consistency_token` for reads that are to show it.
    An artist is told only that its calendar has changed. The first event, `ready`, says where the stream begins. A
    stream ends after a quarter of an hour, or when its client does not keep up: come back with `Last-Event-ID`.
    """
    place = _place(last_event_id, after)
    wanted = _wanted(tenant.who, artist_id=artist_id, project_id=project_id, types=type, data=data)
    live: Live = request.app.state.live
    steps = live.follow(tenant, place, heartbeat=HEARTBEAT)
    begins, _ = await anext(steps)  # so that a refusal is an answer of its own, and no broken stream
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_frames(steps, begins, wanted), media_type="text/event-stream", headers=headers)


@router.websocket("/ws")
async def follow_over_websocket(websocket: WebSocket) -> None:
    """The same over a WebSocket: the first message is a `Subscription`, each one back is an event or a place."""
    await websocket.accept()
    try:
        async with asyncio.timeout(_PATIENCE):
            asked = Subscription.model_validate_json(await websocket.receive_text())
        who: Who = await websocket.app.state.verify(asked.token.encode())
        if who.permissions.isdisjoint(ARTISTS_TOO):
            raise NotAllowed("This needs the permission read.", permission=Permission.READ)
        wanted = _wanted(who, artist_id=asked.artist_id, project_id=asked.project_id, types=asked.type, data=asked.data)
        tenant = Tenant(who=who, reads=websocket.app.state.reads, projections=frozenset(), seen=None)
        steps = websocket.app.state.live.follow(tenant, asked.after, heartbeat=HEARTBEAT)
        await _talk(websocket, steps, wanted)
        await websocket.close(_COME_BACK, "Come back with the last seq.")
    except (TimeoutError, ValidationError, KeyError):
        await websocket.close(_REFUSED, 'The first message says who listens: {"token": …}.')
    except DomainError as error:
        await websocket.close(_REFUSED, error.detail[:100])
    except WebSocketDisconnect:
        return


Steps = AsyncGenerator[tuple[int, Sequence[Told]], None]


async def _frames(steps: Steps, begins: int, wanted: Wanted) -> AsyncGenerator[bytes, None]:
    yield b'retry: 1000\nid: %d\nevent: ready\ndata: {"seq":%d}\n\n' % (begins, begins)
    ends = asyncio.get_running_loop().time() + LONGEST
    async with aclosing(steps):
        async for place, news in steps:
            frames = [
                b"id: %d\ndata: %b\n\n" % (told.seq, said) for told in news if (said := wanted.of(told)) is not None
            ]
            if frames:
                yield b"".join(frames)
            elif not news:
                # An id without data moves the place from which a browser comes back, and is no event.
                yield b":\nid: %d\n\n" % place
            if asyncio.get_running_loop().time() >= ends:
                return


async def _talk(websocket: WebSocket, steps: Steps, wanted: Wanted) -> None:
    """Until either side has enough; whatever else the client says is read and means nothing."""
    gone = asyncio.create_task(_gone(websocket))
    telling = asyncio.create_task(_tell(websocket, steps, wanted))
    try:
        await asyncio.wait({gone, telling}, timeout=LONGEST, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (gone, telling):
            task.cancel()
        ended = await asyncio.gather(gone, telling, return_exceptions=True)
    for error in ended:
        if isinstance(error, Exception):
            raise error


async def _gone(websocket: WebSocket) -> None:
    while True:
        await websocket.receive_text()


async def _tell(websocket: WebSocket, steps: Steps, wanted: Wanted) -> None:
    async with aclosing(steps):
        async for place, news in steps:
            said = [text for told in news if (text := wanted.of(told)) is not None]
            for text in said if news else [to_json({"seq": place})]:
                await websocket.send_text(text.decode())


def _place(header: str | None, query: int | None) -> int | None:
    """Where to go on. A header that is no seq is not from here: browsers keep one per address, not per server."""
    if header and header.isascii() and header.isdigit() and int(header) < 2**63:
        return int(header)
    return query


def _wanted(who: Who, *, artist_id: UUID | None, project_id: UUID | None, types: Sequence[str], data: bool) -> Wanted:
    only = only_artist(who)
    if only is not None and (project_id is not None or artist_id not in {None, UUID(only)}):
        raise NotAllowed("This needs the permission read.", permission=Permission.READ)
    ids: dict[str, Any] = {
        "artist_id": only or (None if artist_id is None else str(artist_id)),
        "project_id": None if project_id is None else str(project_id),
    }
    return Wanted(**ids, types=frozenset(types), with_data=data, as_artist=only is not None)
