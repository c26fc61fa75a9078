from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings

from domain.calendar import CALENDAR
from domain.queue import stretches
from domain.spans import whole_days
from read_api.explained import causes
from read_api.past import Past, folded
from tests.flow.office import catch_up, days
from tests.given import uid
from tests.projections.test_agreement import STORY, Told, told
from tests.read_api.scene import Scene

pytestmark = pytest.mark.anyio


async def queue(scene: Scene, day: str, **query: Any) -> Any:  # noqa: ANN401
    return await scene.see(f"/v1/artists/{scene.artist}/queue", day=day, **query)


def order(shown: Any) -> list[list[str]]:  # noqa: ANN401
    return [[entry["hold_id"] for entry in stretch["entries"]] for stretch in shown["stretches"]]


async def last_seq(scene: Scene) -> int:
    events = await scene.answer("/v1/events", scene.auditor, limit=200)
    return int(events.json()["items"][-1]["seq"])


async def test_a_day_shows_who_is_1st_and_2nd_on_it(scene: Scene) -> None:
    first = await scene.office.hold(scene.artist, scene.project, days("2031-03-03", "2031-03-05"))
    second = await scene.office.hold(scene.artist, scene.project, days("2031-03-05", "2031-03-06"))
    assert order(await queue(scene, "2031-03-05")) == [[first, second]]
    shown = await queue(scene, "2031-03-06")
    assert order(shown) == [[second]]
    (entry,) = shown["stretches"][0]["entries"]
    assert (entry["rank"], entry["state"], entry["project_id"]) == (1, "live", scene.project)
    assert entry["deadline"]["rule"] == "14 days after placing"
    assert "because" not in entry
    assert (await queue(scene, "2031-03-07"))["stretches"] == []


async def test_a_booking_on_that_time_is_named_and_everybody_stands_by(scene: Scene) -> None:
    booking = await scene.office.book(scene.artist, scene.project, days("2031-03-03"))
    await scene.office.hold(scene.artist, scene.project, days("2031-03-03"))
    (stretch,) = (await queue(scene, "2031-03-03"))["stretches"]
    assert stretch["booking_ids"] == [booking]
    assert stretch["entries"][0]["state"] == "standby"


async def test_as_of_a_seq_the_queue_is_what_it_was(scene: Scene) -> None:
    first = await scene.office.hold(scene.artist, scene.project, days("2031-03-03"))
    second = await scene.office.hold(scene.artist, scene.project, days("2031-03-03"))
    then = await last_seq(scene)
    await scene.office.release(first)
    await scene.office.hold(scene.artist, scene.project, days("2031-03-03"))
    shown = await queue(scene, "2031-03-03", as_of=then)
    assert order(shown) == [[first, second]]
    assert order(await queue(scene, "2031-03-03", as_of=1)) == []
    assert order(await queue(scene, "2031-03-03", as_of=shown["as_of"])) == [[first, second]]


async def test_as_of_an_instant_deadlines_are_applied_at_that_instant(scene: Scene) -> None:
    await scene.office.hold(scene.artist, scene.project, days("2031-03-03"))
    ahead = datetime.now(UTC) + timedelta(days=10)
    assert len(order(await queue(scene, "2031-03-03", as_of=ahead.isoformat()))) == 1
    late = ahead + timedelta(days=10)
    assert order(await queue(scene, "2031-03-03", as_of=late.isoformat())) == []
    assert order(await queue(scene, "2031-03-03", as_of="2020-01-01T00:00:00Z")) == []


async def test_the_calendar_has_its_past_too(scene: Scene) -> None:
    hold = await scene.office.hold(scene.artist, scene.project, days("2031-03-03"))
    then = await last_seq(scene)
    await scene.office.confirm(hold)
    path, march = f"/v1/artists/{scene.artist}/calendar", {"from": "2031-03-01", "until": "2031-04-01"}
    before = await scene.see(path, as_of=then, **march)
    after = await scene.see(path, **march)
    assert ([one["id"] for one in before["holds"]], before["bookings"]) == ([hold], [])
    assert (after["holds"], len(after["bookings"])) == ([], 1)
    assert "as_of" not in after
    answer = await scene.answer(path, scene.itself(scene.artist), as_of=str(then), **march)
    assert len(answer.json()["taken"]) == 1
    assert scene.project not in answer.text


async def test_explained_each_place_comes_from_facts(scene: Scene) -> None:
    first = await scene.office.hold(scene.artist, scene.project, days("2031-03-03"))
    second = await scene.office.hold(scene.artist, scene.project, days("2031-03-03"))
    await scene.office.release(first, days("2031-03-03"))
    (stretch,) = (await queue(scene, "2031-03-03", explain=True))["stretches"]
    (entry,) = stretch["entries"]
    assert entry["hold_id"] == second
    arrived, moved_up = entry["because"]
    assert (arrived["type"], arrived["hold_id"], arrived["rank"]) == ("calendar.time_held.v1", second, 2)
    assert (moved_up["type"], moved_up["hold_id"], moved_up["rank"]) == ("calendar.time_released.v1", first, 1)
    assert (moved_up["actor"], moved_up["reason"]) == ("ada", "released")
    assert moved_up["seq"] > arrived["seq"]


async def test_explained_at_a_moment_after_a_deadline_the_clock_is_the_cause(scene: Scene) -> None:
    await scene.office.policy(lapse={"days_after_placing": 1})
    first = await scene.office.hold(scene.artist, scene.project, days("2031-03-03"))
    await scene.office.policy(lapse={"days_after_placing": 14})
    second = await scene.office.hold(scene.artist, scene.project, days("2031-03-03"))
    ahead = datetime.now(UTC) + timedelta(days=3)
    (stretch,) = (await queue(scene, "2031-03-03", explain=True, as_of=ahead.isoformat()))["stretches"]
    (entry,) = stretch["entries"]
    assert entry["hold_id"] == second
    lapse = entry["because"][-1]
    assert (lapse["seq"], lapse["type"], lapse["hold_id"]) == (None, "calendar.time_lapsed.v1", first)
    assert (lapse["reason"], lapse["rank"]) == ("deadline", 1)


@pytest.mark.parametrize("said", ["0", "-1", "yesterday", "999999", str(2**63), "2031-03-01", "٣"])
async def test_a_moment_that_is_none_of_this_log_is_refused(scene: Scene, said: str) -> None:
    answer = await scene.answer(f"/v1/artists/{scene.artist}/queue", day="2031-03-03", as_of=said)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/query/as_of"


@pytest.mark.parametrize("day", ["", "2031-3-3", "1931-03-03", "2031-02-30", "today"])
async def test_a_day_that_is_none_is_refused(scene: Scene, day: str) -> None:
    assert (await scene.answer(f"/v1/artists/{scene.artist}/queue", day=day)).status_code == 422


async def test_a_queue_is_for_staff_of_its_tenant(scene: Scene) -> None:
    path = f"/v1/artists/{scene.artist}/queue?day=2031-03-03"
    assert (await scene.answer(path, scene.itself(scene.artist))).status_code == 403
    await scene.not_there(path, f"/v1/artists/{uuid4()}/queue?day=2031-03-03")


async def test_another_tenants_seq_is_no_moment_of_this_log(scene: Scene) -> None:
    for _ in range(9):
        await scene.other.artist()
    await catch_up(scene.database)
    answer = await scene.answer(f"/v1/artists/{scene.artist}/queue", day="2031-03-03", as_of="9")
    assert answer.status_code == 422


@settings(max_examples=60, deadline=None)
@given(STORY)
def test_the_last_cause_of_each_place_is_what_it_is_now(story: Told) -> None:
    studio = told(story)
    name = CALENDAR.stream(uid("ada")).name
    events = [
        Past(one.seq, one.version, one.event.stored_as, one.event, one.recorded_at, one.actor, "c1", "{}")
        for one in studio.log.recorded
        if one.stream == name
    ]
    calendar = folded(events)
    for number in range(1, 7):
        day = whole_days(date(2027, 3, number), date(2027, 3, number), "Europe/Berlin")
        found = stretches(calendar, studio.log.now, (day,))
        because = causes(events, found, day, studio.log.now)
        for n, stretch in enumerate(found):
            for entry in stretch.entries:
                last = because[n, entry.hold_id][-1]
                assert (last.rank, last.state) == (entry.rank, entry.state)
