"""`production-tool import-ics` and `import-csv`: files from elsewhere, through the same handlers as over HTTP."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Final
from uuid import uuid4

from commands.context import Context
from commands.importing import ImportReport
from commands.log import Log
from infra.catalogue import EVENTS
from infra.event_log import EventLog
from infra.mapper import Mapper
from infra.postgres import check_database

_EXAMPLES: Final = 20

Work = Callable[[Log, Context], Awaitable[ImportReport]]


async def import_file(url: str, tenant_id: str, actor: str, work: Work) -> ImportReport:
    """Let `work` import into a tenant's log.

    Raises:
        NoTable, NoCalendar, NotFound: the file, or whose it is said to be.
        LogUnavailable: the database does not answer; run it again to go on.
        RoleRefused, SchemaMismatch
    """
    await check_database(url)
    log = EventLog(url, Mapper(EVENTS))
    context = Context(
        tenant_id=tenant_id,
        actor=actor,
        permissions=frozenset(),
        key="import",
        fingerprint=b"",
        correlation_id=f"{actor} {uuid4().hex}",
    )
    try:
        return await work(log, context)
    finally:
        await log.close()


def lines_of(report: ImportReport) -> Iterator[str]:
    """The report for people."""
    counts = f"{report.accepted:,} accepted, {report.there:,} were there already, {len(report.refused):,} refused"
    yield f"{report.rows:,} rows: {counts}"
    for one in report.refused[:_EXAMPLES]:
        yield f"  row {one.row}{f' ({one.what})' if one.what else ''}: {one.code}: {one.detail}"
    if len(report.refused) > _EXAMPLES:
        yield f"  and {len(report.refused) - _EXAMPLES:,} more; --refused FILE has them all"
