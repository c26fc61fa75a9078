from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from commands.job import CloseJob, OpenJob, close_job, open_a_job
from tests.flow.office import days
from tests.read_api.scene import Scene

pytestmark = pytest.mark.anyio


async def job(scene: Scene, first: str = "2031-03-03", last: str = "2031-03-07", *, quantity: int = 2) -> str:
    said = {"role": "compositor", "periods": days(first, last), "quantity": quantity, "skills": ["nuke"]}
    return str((await scene.office.ask(open_a_job, scene.project, OpenJob, **said))["id"])


async def test_a_job_says_how_many_it_needs_and_who_is_held_and_booked_for_it(scene: Scene) -> None:
    wanted = await job(scene)
    other = await scene.office.artist("Bo")
    hold = await scene.office.hold(scene.artist, scene.project, days("2031-03-03", "2031-03-04"), job_id=wanted)
    booking = await scene.office.book(other, scene.project, days("2031-03-03", "2031-03-07"), job_id=wanted)
    shown = await scene.see(f"/v1/jobs/{wanted}")
    assert [shown[name] for name in ("needed", "held", "booked", "open")] == [2, 1, 1, 1]
    assert [shown[name] for name in ("needed_hours", "held_hours", "booked_hours")] == [80.0, 16.0, 40.0]
    assert shown["hold_ids"] == [hold]
    assert shown["bookings"] == [{"booking_id": booking, "artist_id": other, "hours": 40.0}]
    assert (shown["role"], shown["skills"], shown["project_id"]) == ("compositor", ["nuke"], scene.project)
    assert shown["version"] == 2


async def test_a_day_without_anybody_leaves_a_place_open(scene: Scene) -> None:
    wanted = await job(scene, quantity=1)
    await scene.office.book(scene.artist, scene.project, days("2031-03-03", "2031-03-06"), job_id=wanted)
    shown = await scene.see(f"/v1/jobs/{wanted}")
    assert (shown["booked"], shown["open"], shown["booked_hours"]) == (0, 1, 32.0)


async def test_a_hold_past_its_deadline_is_not_held_for_a_job_though_no_lapse_is_recorded(scene: Scene) -> None:
    wanted = await job(scene)
    await scene.office.hold(scene.artist, scene.project, days("2031-03-03"), job_id=wanted)
    await scene.see("/v1/jobs")
    scene.run_out(datetime.now(UTC) - timedelta(hours=1))
    assert (await scene.see(f"/v1/jobs/{wanted}"))["held"] == 0
    board = await scene.see(f"/v1/projects/{scene.project}/board")
    assert (board["jobs"][0]["job"]["held"], board["total"]["holds"]) == (0, 0)


async def test_jobs_are_found_by_project_status_and_whether_they_want_somebody(scene: Scene) -> None:
    wanting, full, closed = await job(scene), await job(scene, quantity=1), await job(scene)
    await scene.office.book(scene.artist, scene.project, days("2031-03-03", "2031-03-07"), job_id=full)
    await scene.office.ask(close_job, closed, CloseJob)
    assert await scene.ids("/v1/jobs") == [wanting, full, closed]
    assert await scene.ids("/v1/jobs", wanting=True) == [wanting]
    assert await scene.ids("/v1/jobs", wanting=False) == [full, closed]
    assert await scene.ids("/v1/jobs", status="closed") == [closed]
    assert await scene.ids("/v1/jobs", project_id=str(uuid4())) == []
    first = await scene.see("/v1/jobs", limit=2, project_id=scene.project)
    second = await scene.see("/v1/jobs", limit=2, project_id=scene.project, cursor=first["next_cursor"])
    assert [one["id"] for one in (*first["items"], *second["items"])] == [wanting, full, closed]
    shown = await scene.see(f"/v1/jobs/{closed}")
    assert (shown["status"], shown["open"]) == ("closed", 0)


async def test_a_job_is_for_staff_of_its_tenant(scene: Scene) -> None:
    wanted = await job(scene)
    await scene.not_there(f"/v1/jobs/{wanted}", f"/v1/jobs/{uuid4()}")
    for path in ("/v1/jobs", f"/v1/jobs/{wanted}", f"/v1/projects/{scene.project}/board"):
        assert (await scene.answer(path, scene.itself(scene.artist))).status_code == 403
