from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from commands.booking_changes import RescheduleBooking, reschedule_booking
from tests.flow.office import days
from tests.read_api.scene import Scene

pytestmark = pytest.mark.anyio

MARCH = {"from": "2031-03-03", "until": "2031-03-24"}


async def use(scene: Scene, **query: Any) -> Any:  # noqa: ANN401
    return await scene.see("/v1/utilisation", **{**MARCH, **query})


async def test_each_artist_has_its_booked_and_held_hours_by_the_week(scene: Scene) -> None:
    other = await scene.office.artist("Bo")
    await scene.office.book(scene.artist, scene.project, days("2031-03-07", "2031-03-10"))
    await scene.office.hold(scene.artist, scene.project, days("2031-03-20", "2031-04-10"))
    await scene.other.book(await scene.other.artist(), await scene.other.project(), days("2031-03-07"))
    shown = await use(scene)
    assert shown["steps"] == ["2031-03-03", "2031-03-10", "2031-03-17"]
    assert [(one["artist_id"], one["booked"], one["held"]) for one in shown["items"]] == [
        (scene.artist, [24.0, 8.0, 0.0], [0.0, 0.0, 32.0]),
        (other, [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]),
    ]


async def test_days_can_be_looked_at_one_by_one_and_hours_count_as_they_are(scene: Scene) -> None:
    night = [{"starts_at": "2031-03-04T20:00:00+01:00", "ends_at": "2031-03-05T02:30:00+01:00"}]
    booking = await scene.office.book(scene.artist, scene.project, night)
    shown = await use(scene, step="day", until="2031-03-07")
    assert shown["items"][0]["booked"] == [0.0, 6.5, 0.0, 0.0]
    await scene.office.ask(reschedule_booking, booking, RescheduleBooking, periods=days("2031-03-06"))
    assert (await use(scene, step="day", until="2031-03-07"))["items"][0]["booked"] == [0.0, 0.0, 0.0, 8.0]


async def test_a_hold_past_its_deadline_is_not_held_though_no_lapse_is_recorded(scene: Scene) -> None:
    await scene.office.hold(scene.artist, scene.project, days("2031-03-04"))
    assert sum((await use(scene))["items"][0]["held"]) == 8.0
    scene.run_out(datetime.now(UTC) - timedelta(hours=1))
    assert sum((await use(scene))["items"][0]["held"]) == 0.0


async def test_artists_come_in_pages_or_alone(scene: Scene) -> None:
    others = [await scene.office.artist(name) for name in ("Bo", "Jo")]
    first = await use(scene, limit=2)
    second = await use(scene, limit=2, cursor=first["next_cursor"])
    assert [one["artist_id"] for one in (*first["items"], *second["items"])] == [scene.artist, *others]
    assert [one["name"] for one in (await use(scene, artist_id=others[1]))["items"]] == ["Jo"]
    assert (await use(scene, artist_id=str(uuid4())))["items"] == []


async def test_without_a_window_it_is_twelve_weeks_from_this_monday(scene: Scene) -> None:
    shown = await scene.see("/v1/utilisation")
    assert len(shown["steps"]) == 12
    assert datetime.fromisoformat(shown["steps"][0]).weekday() == 0


@pytest.mark.parametrize(
    "query",
    [
        {"until": "2031-03-03"},
        {"until": "2032-03-10"},
        {"from": "yesterday"},
        {"until": "2031-02-30"},
        {"step": "year"},
        {"cursor": "x"},
    ],
)
async def test_a_query_that_makes_no_sense_is_refused(scene: Scene, query: dict[str, str]) -> None:
    assert (await scene.answer("/v1/utilisation", **{**MARCH, **query})).status_code == 422


async def test_utilisation_is_for_staff(scene: Scene) -> None:
    assert (await scene.answer("/v1/utilisation", scene.itself(scene.artist))).status_code == 403
