from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from commands.booking_changes import (
    CancelBooking,
    CompleteBooking,
    PostponeBooking,
    RescheduleBooking,
    UnconfirmBooking,
    cancel_booking,
    complete_booking,
    postpone_booking,
    reschedule_booking,
    unconfirm_booking,
)
from commands.time_off import ApproveTimeOff, RequestTimeOff, approve_time_off, request_time_off
from tests.flow.office import days
from tests.read_api.scene import Scene

pytestmark = pytest.mark.anyio

RATE = {"amount": "450.00", "currency": "EUR"}


async def book(scene: Scene, first: str, last: str | None = None, **more: Any) -> str:  # noqa: ANN401
    return await scene.office.book(scene.artist, scene.project, days(first, last), **more)


async def test_a_booking_reads_with_its_time_and_what_it_costs(scene: Scene) -> None:
    booking = await book(scene, "2031-03-03", "2031-03-07", rate=RATE, note="the whale")
    shown = await scene.see(f"/v1/bookings/{booking}")
    assert (shown["status"], shown["artist_id"], shown["project_id"]) == ("confirmed", scene.artist, scene.project)
    assert [(time["first_day"], time["last_day"]) for time in shown["periods"]] == [("2031-03-03", "2031-03-07")]
    assert (shown["days"], shown["hours"]) == (5, 40.0)
    assert (shown["rate"], shown["cost"]) == (RATE, {"amount": "2250.00", "currency": "EUR"})
    assert (shown["note"], shown["made_by"], shown["version"]) == ("the whale", "ada", 1)


async def test_a_hold_that_was_confirmed_names_its_booking_and_the_booking_its_hold(scene: Scene) -> None:
    hold = await scene.office.hold(scene.artist, scene.project, days("2031-03-03", "2031-03-07"))
    booking = await scene.office.confirm(hold, periods=days("2031-03-05"))
    shown = await scene.see(f"/v1/bookings/{booking}")
    assert (shown["hold_id"], shown["days"]) == (hold, 1)
    assert "cost" not in shown


async def test_what_was_cancelled_stays_with_its_fee(scene: Scene) -> None:
    booking = await book(scene, "2031-03-03", "2031-03-07", rate=RATE)
    part = days("2031-03-06", "2031-03-07")
    await scene.office.ask(cancel_booking, booking, CancelBooking, periods=part, reason="rain")
    shown = await scene.see(f"/v1/bookings/{booking}")
    assert (shown["status"], shown["days"], shown["version"]) == ("confirmed", 3, 2)
    assert shown["cost"]["amount"] == "1350.00"
    (cancelled,) = shown["cancellations"]
    assert (cancelled["by"], cancelled["reason"], cancelled["periods"][0]["first_day"]) == (
        "client",
        "rain",
        "2031-03-06",
    )
    await scene.office.ask(cancel_booking, booking, CancelBooking, by="artist")
    shown = await scene.see(f"/v1/bookings/{booking}")
    assert (shown["status"], [one["by"] for one in shown["cancellations"]]) == ("cancelled", ["client", "artist"])
    assert shown["periods"][0]["last_day"] == "2031-03-05"
    assert "cost" not in shown


async def test_a_booking_that_moves_is_where_it_was_moved_to(scene: Scene) -> None:
    booking = await book(scene, "2031-03-03", "2031-03-07")
    await scene.office.ask(postpone_booking, booking, PostponeBooking)
    assert (await scene.see(f"/v1/bookings/{booking}"))["status"] == "postponed"
    await scene.office.ask(reschedule_booking, booking, RescheduleBooking, periods=days("2031-05-01"))
    shown = await scene.see(f"/v1/bookings/{booking}")
    assert (shown["status"], shown["periods"][0]["first_day"], shown["days"]) == ("confirmed", "2031-05-01", 1)
    again = (await scene.office.ask(unconfirm_booking, booking, UnconfirmBooking))["hold_id"]
    shown = await scene.see(f"/v1/bookings/{booking}")
    assert (shown["status"], shown["became_hold_id"]) == ("unconfirmed", again)


async def test_work_that_was_done_is_completed(scene: Scene) -> None:
    booking = await book(scene, "2021-03-03")
    await scene.office.ask(complete_booking, booking, CompleteBooking)
    assert (await scene.see(f"/v1/bookings/{booking}"))["status"] == "completed"


async def test_a_booking_on_time_off_shows_the_conflict_until_it_is_resolved(scene: Scene) -> None:
    booking = await book(scene, "2031-03-03", "2031-03-07")
    off = (await scene.office.ask(request_time_off, scene.artist, RequestTimeOff, periods=days("2031-03-07")))["id"]
    await scene.office.ask(approve_time_off, off, ApproveTimeOff)
    (conflict,) = (await scene.see(f"/v1/bookings/{booking}"))["conflicts"]
    assert (conflict["time_off_id"], conflict["periods"][0]["first_day"]) == (off, "2031-03-07")
    await scene.office.ask(reschedule_booking, booking, RescheduleBooking, periods=days("2031-03-03"))
    assert "conflicts" not in await scene.see(f"/v1/bookings/{booking}")


async def test_bookings_are_found_by_artist_project_job_status_and_time(scene: Scene) -> None:
    march, may = await book(scene, "2031-03-03"), await book(scene, "2031-05-03")
    gone = await book(scene, "2031-03-10")
    await scene.office.ask(cancel_booking, gone, CancelBooking)
    other_artist, other_project = await scene.office.artist("Bo"), await scene.office.project("Seal")
    other = await scene.office.book(other_artist, other_project, days("2031-03-03"))
    await scene.other.book(await scene.other.artist(), await scene.other.project(), days("2031-03-03"))

    found = partial(scene.ids, "/v1/bookings")
    assert await found() == [march, may, gone, other]
    assert await found(artist_id=other_artist) == await found(project_id=other_project) == [other]
    assert await found(status="cancelled") == [gone]
    assert await found(job_id=str(uuid4())) == []
    assert await found(**{"from": "2031-03-01", "until": "2031-04-01", "status": "confirmed"}) == [march, other]


async def test_a_list_is_read_page_by_page(scene: Scene) -> None:
    made = [await book(scene, f"2031-0{month}-03") for month in range(1, 6)]
    first = await scene.see("/v1/bookings", limit=3)
    second = await scene.see("/v1/bookings", limit=3, cursor=first["next_cursor"])
    assert [one["id"] for one in (*first["items"], *second["items"])] == made
    assert second["next_cursor"] is None
    foreign = await scene.answer("/v1/bookings", limit=3, cursor=first["next_cursor"], status="confirmed")
    assert foreign.status_code == 422


async def test_an_unknown_booking_and_another_tenants_answer_alike(scene: Scene) -> None:
    await scene.not_there(f"/v1/bookings/{await book(scene, '2031-03-03')}", f"/v1/bookings/{uuid4()}")


async def test_the_artist_sees_when_it_works_and_not_for_how_much(scene: Scene) -> None:
    booking = await book(scene, "2031-03-03", rate=RATE, note="secret")
    for path in (f"/v1/bookings/{booking}", "/v1/bookings"):
        answer = await scene.answer(path, scene.itself(scene.artist))
        assert answer.status_code == 200
        assert not any(secret in answer.text for secret in ("secret", "450", scene.project, '"ada"'))
    stranger = await scene.office.artist("Bo")
    assert (await scene.answer(f"/v1/bookings/{booking}", scene.itself(stranger))).status_code == 404
    for query in ({"project_id": scene.project}, {"artist_id": scene.artist}):
        assert (await scene.answer("/v1/bookings", scene.itself(stranger), **query)).status_code == 403
