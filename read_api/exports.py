"""`GET /v1/exports/…`: everything of a kind as one file, read page by page while it is sent, of whatever size.

A page is a snapshot of its own: a slow reader holds neither a connection nor an old snapshot of the database.
"""

import csv
import io
from collections.abc import AsyncIterator, Iterable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from domain.permission import Permission
from read_api.door import reading
from read_api.errors import refusals
from read_api.events import events_after, exact
from read_api.tenant import Found, Tenant

router = APIRouter(prefix="/v1/exports", tags=["exports"])

Audit = Annotated[Tenant, reading(may=(Permission.AUDIT,))]
Bookings = Annotated[Tenant, reading("bookings", "directory", may=(Permission.AUDIT,))]

_PAGE: Final = 500
_MARK: Final = "\ufeff"
"""Without it Excel takes UTF-8 for something else."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_COLUMNS: Final = (
    *("id", "status", "artist", "artist_id", "project", "project_id", "job_id", "starts_at", "ends_at", "periods"),
    *("days", "minutes", "rate", "currency", "note", "made_at", "made_by"),
)
_NO_304: Final = {status: refusal for status, refusal in refusals().items() if status != 304}  # noqa: PLR2004


def _file(media_type: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": "The file.", "content": {media_type: {"schema": {"type": "string"}}}}, **_NO_304}


@router.get(
    "/bookings.csv", operation_id="exportBookings", response_class=StreamingResponse, responses=_file("text/csv")
)
async def export_bookings(tenant: Bookings) -> StreamingResponse:
    """Every booking there ever was, in the order in which they were made, as a table for a spreadsheet.

    UTF-8 with a byte order mark. What a spreadsheet would take for a formula has an apostrophe before it. `periods` are
    ISO 8601 intervals with spaces between, days both included; `starts_at` and `ends_at` are the bounds of them all.
    """
    return await _streamed(_bookings(tenant), "text/csv", "bookings.csv")


@router.get(
    "/events.ndjson",
    operation_id="exportEvents",
    response_class=StreamingResponse,
    responses=_file("application/x-ndjson"),
)
async def export_events(
    tenant: Audit,
    after: Annotated[int, Query(ge=0, le=2**63 - 1, description="The last seq that is known already.")] = 0,
) -> StreamingResponse:
    """The log until now, a line an event, each exactly as `/v1/events` shows it.

    A file that broke off is continued with `after`, the seq of its last whole line.
    """
    return await _streamed(_events(tenant, after), "application/x-ndjson", "events.ndjson")


async def _streamed(pages: AsyncIterator[bytes], media_type: str, name: str) -> StreamingResponse:
    """The first page is read before the answer begins, so that what is refused has a status of its own."""
    first = await anext(pages)

    async def everything() -> AsyncIterator[bytes]:
        yield first
        async for page in pages:
            yield page

    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return StreamingResponse(everything(), media_type=media_type, headers=headers)


async def _events(tenant: Tenant, after: int) -> AsyncIterator[bytes]:
    async with tenant.connection() as connection:
        head = await connection.row(
            "SELECT seq FROM heads WHERE tenant_id = %(tenant_id)s", {"tenant_id": tenant.who.tenant_id}
        )
        rows = await events_after(connection, tenant.who.tenant_id, after, _PAGE)
    until = 0 if head is None else head["seq"]
    yield _lines(rows)
    while rows and rows[-1]["seq"] < until:
        async with tenant.connection() as connection:
            rows = await events_after(connection, tenant.who.tenant_id, rows[-1]["seq"], _PAGE)
        yield _lines(row for row in rows if row["seq"] <= until)


def _lines(rows: Iterable[Found]) -> bytes:
    return b"".join(b"%b\n" % exact(row) for row in rows)


async def _bookings(tenant: Tenant) -> AsyncIterator[bytes]:
    after, head = 0, _table([_COLUMNS], mark=_MARK)
    while True:
        async with tenant.connection() as connection:
            rows = await connection.rows(
                """
                SELECT b.seq, b.booking_id, b.status, b.artist_id, a.name AS artist, b.project_id, p.name AS project,
                       b.job_id, b.starts_at, b.ends_at, b.days, b.minutes, b.details
                FROM bookings b
                LEFT JOIN artists a ON a.tenant_id = b.tenant_id AND a.artist_id = b.artist_id
                LEFT JOIN projects p ON p.tenant_id = b.tenant_id AND p.project_id = b.project_id
                WHERE b.tenant_id = %(tenant_id)s AND b.seq > %(after)s
                ORDER BY b.seq
                LIMIT %(most)s
                """,
                {"tenant_id": tenant.who.tenant_id, "after": after, "most": _PAGE},
            )
        yield head + _table(map(_booking, rows))
        if not rows:
            return
        after, head = rows[-1]["seq"], b""


def _booking(row: Found) -> tuple[object, ...]:
    details = row["details"]
    rate = details.get("rate") or {}
    return (
        *(row["booking_id"], row["status"], row["artist"], row["artist_id"], row["project"], row["project_id"]),
        *(row["job_id"], _instant(row["starts_at"]), _instant(row["ends_at"])),
        " ".join(map(_interval, details.get("spans", ()))),
        *(row["days"], row["minutes"], rate.get("amount"), rate.get("currency"), details.get("note")),
        *(details["made_at"], details["made_by"]),
    )


def _interval(span: Found) -> str:
    if span.get("first_day"):
        return f"{span['first_day']}/{span['last_day']}"
    return f"{span['starts_at']}/{span['ends_at']}"


def _instant(at: Any) -> str | None:  # noqa: ANN401 - a datetime, or nothing
    return None if at is None else at.isoformat().replace("+00:00", "Z")


def _table(rows: Iterable[Iterable[object]], *, mark: str = "") -> bytes:
    text = io.StringIO()
    text.write(mark)
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(
        [harmless(cell) for cell in row] for row in rows
    )
    return text.getvalue().encode()


def harmless(cell: object) -> object:
    """The cell as no spreadsheet runs it, by OWASP's advice."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
