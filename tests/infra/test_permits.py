import asyncio
import csv
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from domain.ids import tenant_id
from infra.permit_file import NotPermits, Permit, odd_times, period, read, weeks_ahead
from infra.permits import import_permits
from infra.verify import verify

HEADER = "EventID,StartDateTime,EndDateTime,Category,ZipCode(s)"
ROWS = [
    '30,3/9/19 4:00,3/9/19 11:00,Television,"10036, 10105"',
    "10,3/8/19 22:00,3/9/19 6:00,Film,10036",
    "20,3/11/19 7:00,3/14/19 21:00,Television,N/A",
]
TENANT = tenant_id("test", "film office")
WEEK = timedelta(weeks=1)


@pytest.fixture
def permits(tmp_path: Path) -> Path:
    return file_of(tmp_path, *ROWS)


def file_of(directory: Path, *rows: str, header: str = HEADER) -> Path:
    file = directory / "permits.csv"
    file.write_text("\n".join([header, *rows]))
    return file


def events(database: str, *columns: str) -> list[tuple[Any, ...]]:
    """Columns of the events of holds, in order of seq."""
    with psycopg.connect(database) as connection:
        select = f"SELECT {', '.join(columns)} FROM events WHERE event_type = 'hold.placed.v1' ORDER BY seq"  # noqa: S608
        return connection.execute(select.encode()).fetchall()


@pytest.mark.anyio
async def test_a_permit_is_one_hold_for_each_of_its_zips(database: str, permits: Path) -> None:
    report = await import_permits(database, TENANT, permits)

    assert (report.permits, report.holds, report.accepted, report.refused) == (3, 4, 4, [])
    artists, notes = zip(*events(database, "data->>'artist_id'", "data->>'note'"), strict=True)
    assert notes == ("permit 10", "permit 20", "permit 30", "permit 30")
    assert len(set(artists)) == 3
    assert all([verdict.ok async for verdict in verify(database, lambda *_: None) if verdict.name != "V8"])


@pytest.mark.anyio
async def test_importing_again_changes_nothing(database: str, permits: Path) -> None:
    first = await import_permits(database, TENANT, permits)

    again = await import_permits(database, TENANT, permits)

    assert (again.accepted, again.there, again.refused) == (0, first.accepted, [])
    assert again.moved == first.moved
    assert again.seq_before == again.seq_after == first.seq_after
    assert "nothing has changed" in str(again)


@pytest.mark.anyio
async def test_an_import_that_was_interrupted_is_taken_up(database: str, tmp_path: Path) -> None:
    permits = file_of(tmp_path, *[f"{n},3/9/19 4:00,3/9/19 11:00,Film,{n % 7}" for n in range(600)])

    def interrupt(done: int, _: int) -> None:
        if done == 5:
            importing.cancel()

    importing = asyncio.ensure_future(
        import_permits(database, TENANT, permits, max_depth=100, progress=interrupt),
    )
    with pytest.raises(asyncio.CancelledError):
        await importing
    report = await import_permits(database, TENANT, permits, max_depth=100)

    assert report.there >= 5
    assert report.accepted > 0
    assert report.there + report.accepted == len(events(database, "seq")) == 600


@pytest.mark.anyio
async def test_the_policy_of_the_tenant_refuses_and_the_report_says_so(database: str, tmp_path: Path) -> None:
    permits = file_of(tmp_path, *[f"{n},3/9/19 4:00,3/9/19 11:00,Film,10036" for n in range(8)])

    report = await import_permits(database, TENANT, permits)
    report.write_refused(tmp_path / "refused.csv")

    assert report.accepted == 5
    assert Counter(refusal.code for refusal in report.refused) == {"queue_full": 3}
    assert "queue_full: 3" in str(report)
    with (tmp_path / "refused.csv").open(newline="") as file:
        assert [row["EventID"] for row in csv.DictReader(file)] == ["5", "6", "7"]


@pytest.mark.anyio
async def test_deeper_queues_are_a_policy_of_the_tenant(database: str, tmp_path: Path) -> None:
    permits = file_of(tmp_path, *[f"{n},3/9/19 4:00,3/9/19 11:00,Film,10036" for n in range(8)])

    first = await import_permits(database, TENANT, permits, max_depth=8)
    again = await import_permits(database, TENANT, permits, max_depth=8)

    assert (first.accepted, first.refused) == (8, [])
    assert again.seq_after == first.seq_after
    with psycopg.connect(database) as connection:
        adopted = connection.execute("SELECT data #>> '{policy,max_depth}' FROM events WHERE stream LIKE 'tenant/%'")
        assert adopted.fetchall() == [("8",)]


@pytest.mark.anyio
async def test_another_file_does_not_mix_with_the_first(database: str, permits: Path, tmp_path: Path) -> None:
    await import_permits(database, TENANT, permits)
    other = file_of(tmp_path, "1,3/3/19 4:00,3/3/19 11:00,Film,10036")

    with pytest.raises(NotPermits, match="another file"):
        await import_permits(database, TENANT, other)


@pytest.mark.anyio
async def test_everything_lies_in_the_future_on_the_same_days_of_the_week(database: str, permits: Path) -> None:
    report = await import_permits(database, TENANT, permits)

    assert report.moved % WEEK == timedelta(0)
    starts = [datetime.fromisoformat(text) for (text,) in events(database, "data #>> '{periods,0,starts_at}'")]
    assert WEEK <= min(starts) - datetime.now(UTC) <= 2 * WEEK + timedelta(hours=1)


@pytest.mark.parametrize("hours", [0, 1, 6 * 24, 7 * 24, 8 * 24])
def test_the_first_start_lands_between_one_and_two_weeks_ahead(hours: int) -> None:
    first = datetime(2012, 1, 1, 6)  # noqa: DTZ001 - wall time
    now = datetime(2026, 11, 24, 9, tzinfo=UTC) + timedelta(hours=hours)

    moved = weeks_ahead(first, now)

    ahead = first + moved - now.replace(tzinfo=None)
    assert moved % WEEK == timedelta(0)
    assert WEEK - timedelta(hours=5) <= ahead <= 2 * WEEK


def test_rows_that_are_no_permits_are_told_with_their_numbers(tmp_path: Path) -> None:
    file = file_of(
        tmp_path,
        ROWS[0],
        "1,yesterday,3/9/19 11:00,Film,10036",
        "2,3/9/19 11:00,3/9/19 11:00,Film,10036",
        "3,3/9/19 4:00,3/9/19 11:00,Film,",
        "4,3/9/19 4:00",
    )

    found = read(file)

    assert [permit.event_id for permit in found.permits] == ["30"]
    assert [(one.row, one.event_id) for one in found.unreadable] == [(3, "1"), (4, "2"), (5, "3"), (6, "4")]
    assert found.unreadable[1].why == "it ends before it starts"


@pytest.mark.parametrize("rows", [[], ["1,yesterday,3/9/19 11:00,Film,10036"]])
def test_a_file_without_permits_is_refused(tmp_path: Path, rows: list[str]) -> None:
    with pytest.raises(NotPermits):
        read(file_of(tmp_path, *rows))


def test_a_file_with_other_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotPermits, match="Category"):
        read(file_of(tmp_path, "1", header="EventID"))


def test_a_file_of_other_bytes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "permits.csv").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(NotPermits, match="UTF-8"):
        read(tmp_path / "permits.csv")


def test_a_zip_named_twice_is_one_artist(tmp_path: Path) -> None:
    found = read(file_of(tmp_path, '1,3/9/19 4:00,3/9/19 11:00,Film,"10036, 10036 ,11101"'))

    assert found.permits[0].zips == ("10036", "11101")


def permit(starts: str, ends: str) -> Permit:
    return Permit("1", datetime.fromisoformat(starts), datetime.fromisoformat(ends), "Film", ("10036",))


def test_times_where_the_clocks_change_are_read_as_calendars_do() -> None:
    forward, back = permit("2027-03-14T02:30", "2027-03-14T08:00"), permit("2027-11-07T01:30", "2027-11-07T08:00")

    assert period(forward, timedelta(0)) == {
        "starts_at": "2027-03-14T07:30:00+00:00",
        "ends_at": "2027-03-14T12:00:00+00:00",
    }
    assert period(back, timedelta(0)) == {
        "starts_at": "2027-11-07T05:30:00+00:00",
        "ends_at": "2027-11-07T13:00:00+00:00",
    }
    assert odd_times([forward, back], timedelta(0)) == (1, 1)
    assert odd_times([forward, back], WEEK) == (0, 0)


def test_nothing_is_left_between_two_times_that_the_gap_swaps() -> None:
    assert period(permit("2027-03-14T02:45", "2027-03-14T03:15"), timedelta(0)) is None
