import pytest

from tests.flow.office import days
from tests.read_api.scene import Scene

pytestmark = pytest.mark.anyio


async def test_what_was_done_is_listed_the_latest_first(scene: Scene) -> None:
    hold = await scene.office.hold(scene.artist, scene.project, days("2031-03-03"))
    await scene.other.artist()
    shown = await scene.see("/v1/activity")
    assert [(one["what"], one["subject_id"]) for one in shown["items"]] == [
        ("hold.placed.v1", hold),
        ("project.opened.v1", scene.project),
        ("artist.added.v1", scene.artist),
    ]
    assert {one["actor"] for one in shown["items"]} == {"ada"}
    assert [one["seq"] for one in shown["items"]] == [3, 2, 1]


async def test_pages_go_back_in_time_while_more_is_done(scene: Scene) -> None:
    for name in ("Bo", "Jo", "Flo"):
        await scene.office.artist(name)
    first = await scene.see("/v1/activity", limit=3)
    await scene.office.artist("Late")
    second = await scene.see("/v1/activity", limit=3, cursor=first["next_cursor"])
    assert [one["seq"] for one in (*first["items"], *second["items"])] == [5, 4, 3, 2, 1]
    assert second["next_cursor"] is None


async def test_activity_is_found_by_who_and_by_kind(scene: Scene) -> None:
    assert [one["what"] for one in (await scene.see("/v1/activity", category="artist"))["items"]] == ["artist.added.v1"]
    assert len((await scene.see("/v1/activity", actor="ada"))["items"]) == 2
    assert (await scene.see("/v1/activity", actor="bob"))["items"] == []


@pytest.mark.parametrize("query", [{"category": "secret"}, {"actor": ""}, {"actor": "a\0b"}, {"cursor": "x"}])
async def test_a_query_that_makes_no_sense_is_refused(scene: Scene, query: dict[str, str]) -> None:
    assert (await scene.answer("/v1/activity", **query)).status_code == 422


async def test_activity_is_for_staff(scene: Scene) -> None:
    assert (await scene.answer("/v1/activity", scene.itself(scene.artist))).status_code == 403
