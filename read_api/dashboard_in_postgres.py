"""The dashboard from the rows: every claim that stands is looked at. For as long as Redis has no answer."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from domain.calendar import Calendar
from domain.claims import BookingClaim, HoldClaim
from domain.clocks import Clock
from domain.queue import ranks, worst_rank
from domain.stored_claim import Claim, calendar_of, claim_from
from domain.worked import runs
from read_api.dashboard_shown import SHOWN, SOON, DashboardShown, DeadlineShown, monday_of, shown
from read_api.tenant import Connection, Tenant

_WEEKEND: Final = 5
"""The number of Saturday."""
_ONE_DAY: Final = timedelta(days=1)


async def dashboard(tenant: Tenant) -> DashboardShown:
    """See `read_api.dashboard`.

    Raises:
        ForeignToken, ReadModelBehind, StreamParked: see `Tenant.connection`.
    """
    of = {"tenant_id": tenant.who.tenant_id}
    async with tenant.connection() as connection:
        calendars = await _calendars(connection, of)
        counted = await connection.row(
            """
            SELECT (SELECT count(*)
                    FROM jobs
                    WHERE tenant_id = %(tenant_id)s AND status = 'open' AND booked < quantity) AS jobs,
                   (SELECT count(*) FROM artists WHERE tenant_id = %(tenant_id)s) AS artists
            """,
            of,
        )
        now = connection.now
    counted = counted or {"jobs": 0, "artists": 0}
    monday = monday_of(now)
    deadlines = sorted(_deadlines(calendars, now), key=lambda one: (one.at, one.what))
    days = [_days_in(booking, monday) for at in calendars.values() for booking in at.bookings.values()]
    return shown(
        answered_by="postgres",
        ranks=_ranks(calendars.values(), now),
        deadlines=deadlines[:SHOWN],
        within_24h=len(deadlines),
        challenges=sum(one.answer_by.at > now for at in calendars.values() for one in at.challenges.values()),
        monday=monday,
        bookings=sum(bool(some) for some in days),
        jobs=counted["jobs"],
        booked_days=sum(day.weekday() < _WEEKEND for some in days for day in some),
        artists=counted["artists"],
    )


async def _calendars(connection: Connection, of: dict[str, str]) -> dict[str, Calendar]:
    """By artist, whatever stands there now."""
    rows = await connection.rows(
        """
        SELECT artist_id, claim_id, kind, claim
        FROM artist_calendar
        WHERE tenant_id = %(tenant_id)s AND (ends_by IS NULL OR ends_by > %(now)s)
        """,
        {**of, "now": connection.now},
    )
    claims: dict[str, list[Claim]] = {}
    for row in rows:
        claims.setdefault(row["artist_id"], []).append(claim_from(row["kind"], row["claim_id"], row["claim"]))
    return {artist_id: calendar_of(some) for artist_id, some in claims.items()}


def _ranks(calendars: Any, now: datetime) -> Counter[int]:  # noqa: ANN401 - any iterable of them
    worst = (worst_rank(ranks(calendar, id, now)) for calendar in calendars for id in calendar.holds)
    return Counter(rank for rank in worst if rank is not None)


def _deadlines(calendars: dict[str, Calendar], now: datetime) -> Iterator[DeadlineShown]:
    for artist_id, calendar in calendars.items():
        for hold in calendar.holds.values():
            if hold.alive_spans(now):
                for what, clock in _clocks(hold):
                    if now < clock.at <= now + SOON:
                        yield _shown(what, clock, artist_id, hold.project_id, hold_id=hold.hold_id)
        for challenge in calendar.challenges.values():
            if now < (clock := challenge.answer_by).at <= now + SOON:
                yield _shown("challenge", clock, artist_id, challenge.project_id, challenge_id=challenge.challenge_id)


def _clocks(hold: HoldClaim) -> set[tuple[Any, Clock]]:
    found: set[tuple[Any, Clock]] = {("deadline", hold.deadline)}
    if hold.respond_by is not None:
        found.add(("no_response", hold.respond_by))
    for span in hold.spans:
        parts = (("first_refusal", span.first_refusal), ("commitment", span.commitment))
        found |= {(what, clock) for what, clock in parts if clock is not None}
    return found


def _shown(what: Any, clock: Clock, artist_id: str, project_id: str, **whose: str) -> DeadlineShown:  # noqa: ANN401
    return DeadlineShown(
        what=what, artist_id=artist_id, project_id=project_id, at=clock.at, rule=clock.rule, zone=clock.zone, **whose
    )


def _days_in(booking: BookingClaim, monday: date) -> Sequence[date]:
    """The days of the week from `monday` on which there is work."""
    week = [monday + n * _ONE_DAY for n in range(7)]
    work = runs(booking.spans)
    return [day for day in week if any(run.first_day <= day <= run.last_day for run in work)]
