from uuid import uuid4

import pytest

from commands.booking_changes import CancelBooking, cancel_booking
from commands.job import OpenJob, open_a_job
from tests.flow.office import days
from tests.read_api.scene import Scene

pytestmark = pytest.mark.anyio

RATE = {"amount": "450.00", "currency": "EUR"}
WEEK = days("2031-03-03", "2031-03-07")


async def test_a_board_adds_up_hours_and_money_by_job_and_in_all(scene: Scene) -> None:
    office = scene.office
    await office.policy(cancellation={"bands": [{"below": 8784, "percent": 50}]})
    project = await office.project("Seal", budget={"amount": "5000.00", "currency": "EUR"})
    job = (await office.ask(open_a_job, project, OpenJob, role="compositor", periods=WEEK, quantity=2))["id"]
    others = [await office.artist(name) for name in ("Bo", "Jo", "Flo")]
    await office.hold(scene.artist, project, days("2031-03-03"), job_id=job)
    await office.hold(scene.artist, project, days("2031-03-04"))
    await office.book(others[0], project, WEEK, job_id=job, rate=RATE)
    await office.book(others[1], project, days("2031-03-03"), rate={"amount": "600.00", "currency": "USD"})
    gone = await office.book(others[2], project, days("2027-03-03", "2027-03-04"), job_id=job, rate=RATE)
    await office.ask(cancel_booking, gone, CancelBooking)
    await office.book(others[2], scene.project, WEEK, rate=RATE)
    board = await scene.see(f"/v1/projects/{project}/board")
    assert (board["project"]["name"], board["next_cursor"]) == ("Seal", None)
    (line,) = board["jobs"]
    assert [line["job"][name] for name in ("needed", "held", "booked", "open")] == [2, 1, 1, 1]
    assert (line["sums"]["bookings"], line["sums"]["booked_hours"], line["sums"]["held_hours"]) == (1, 40.0, 8.0)
    assert line["sums"]["cost"] == [{"amount": "2250.00", "currency": "EUR"}]
    assert line["sums"]["fees"] == [{"amount": "450.00", "currency": "EUR"}]
    without = board["without_job"]
    assert (without["holds"], without["booked_days"]) == (1, 1)
    assert without["cost"] == [{"amount": "600.00", "currency": "USD"}]
    assert (board["total"]["holds"], board["total"]["booked_hours"]) == (2, 48.0)
    assert {one["currency"]: one["amount"] for one in board["total"]["cost"]} == {"EUR": "2250.00", "USD": "600.00"}
    assert board["left"] == {"amount": "2300.00", "currency": "EUR"}


async def test_a_board_over_its_budget_says_by_how_much(scene: Scene) -> None:
    project = await scene.office.project("Seal", budget={"amount": "2000.00", "currency": "EUR"})
    await scene.office.book(scene.artist, project, WEEK, rate=RATE)
    assert (await scene.see(f"/v1/projects/{project}/board"))["left"]["amount"] == "-250.00"


async def test_sums_are_as_large_as_they_get(scene: Scene) -> None:
    booking = await scene.office.book(
        scene.artist, scene.project, WEEK, rate={"amount": "999999999999.99", "currency": "JPY"}
    )
    board = await scene.see(f"/v1/projects/{scene.project}/board")
    assert board["total"]["cost"] == [{"amount": "4999999999999.95", "currency": "JPY"}]
    assert "left" not in board
    assert (await scene.see(f"/v1/bookings/{booking}"))["cost"]["amount"] == "4999999999999.95"


async def test_a_boards_jobs_come_in_pages_and_its_sums_whole(scene: Scene) -> None:
    jobs = [
        (await scene.office.ask(open_a_job, scene.project, OpenJob, role="painter", periods=WEEK))["id"]
        for _ in range(3)
    ]
    await scene.office.book(scene.artist, scene.project, WEEK, job_id=jobs[2])
    path = f"/v1/projects/{scene.project}/board"
    first = await scene.see(path, limit=2)
    second = await scene.see(path, limit=2, cursor=first["next_cursor"])
    assert [line["job"]["id"] for line in (*first["jobs"], *second["jobs"])] == jobs
    assert first["total"] == second["total"]
    assert first["total"]["bookings"] == 1


async def test_an_unknown_project_and_another_tenants_answer_alike(scene: Scene) -> None:
    await scene.not_there(f"/v1/projects/{scene.project}/board", f"/v1/projects/{uuid4()}/board")
