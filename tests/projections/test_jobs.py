from datetime import date

import pytest

from domain.event import Event
from domain.groups import GroupLeft
from domain.job import JobClosed, JobFilled, JobOpened, JobRederived, JobVacated
from domain.periods import Days
from projections import jobs
from projections.jobs import JOBS
from projections.table import Row
from tests.projections.story import ARTIST, BOOKING, HOLD, PROJECT, TENANT, projected, time

JOB = "e0000000-0000-4000-8000-000000000001"
STREAM = f"job/{JOB}"
OPENED = JobOpened(
    project_id=PROJECT,
    role="compositor",
    periods=(Days(first_day=date(2027, 3, 1), last_day=date(2027, 3, 5)),),
    spans=time(1, 5),
    quantity=2,
)
FILLED = JobFilled(booking_id=BOOKING, artist_id=ARTIST, spans=time(1, 5))


def job(*events: Event) -> Row:
    return projected(jobs.PROJECTION, *((STREAM, event) for event in (OPENED, *events)))[JOBS][TENANT, JOB]


def test_a_job_needs_so_much_work_of_each_of_so_many() -> None:
    row = job()
    assert (row["quantity"], row["booked"], row["days"], row["minutes"]) == (2, 0, 5, 5 * 480)
    assert (row["status"], row["role"], row["project_id"]) == ("open", "compositor", PROJECT)


def test_a_booking_fills_a_place_until_it_gives_it_back() -> None:
    assert job(FILLED)["booked"] == 1
    part = JobVacated(booking_id=BOOKING, spans=time(1, 2))
    row = job(FILLED, part)
    assert row["booked"] == 0
    assert row["details"]["filled"][BOOKING]["work"] == [["2027-03-01", "2027-03-02", 480]]
    assert job(FILLED, JobVacated(booking_id=BOOKING))["details"]["filled"] == {}


def test_days_that_mean_other_instants_are_as_much_work() -> None:
    row = job(FILLED, JobRederived(spans=time(2, 6)))
    assert (row["booked"], row["days"], row["details"]["spans"]) == (1, 5, time(2, 6))


def test_whatever_happens_to_it_is_a_version() -> None:
    row = job(GroupLeft(group_id=HOLD, hold_id=HOLD), JobClosed())
    assert (row["version"], row["status"]) == (3, "closed")


def test_a_job_that_was_never_opened_is_a_broken_log() -> None:
    with pytest.raises(LookupError, match=JOB):
        projected(jobs.PROJECTION, (STREAM, FILLED))
