from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import uuid4

import psycopg
import pytest
from httpx import AsyncClient

from infra.event_log import EventLog
from tests.flow.office import Office, catch_up, days, open_log
from tests.read_api.client import asking, get, open_client

pytestmark = pytest.mark.anyio


@dataclass
class Scene:
    database: str
    log: EventLog
    client: AsyncClient
    office: Office
    artist: str
    project: str

    @property
    def staff(self) -> dict[str, str]:
        return asking(self.office.tenant_id)

    async def hold(self, first: str, last: str, **more: object) -> str:
        return await self.office.hold(self.artist, self.project, days(first, last), **more)

    async def later(self, instant: str) -> None:
        """Let every clock that runs for a hold have run out at an instant, as if it had been set so."""
        with psycopg.connect(self.database) as connection:
            connection.execute(
                """
                UPDATE artist_calendar
                SET ends_by = %(at)s::text::timestamptz,
                    claim = jsonb_set(claim::jsonb, '{limits,after_placing,at}', to_jsonb(%(at)s::text))
                WHERE kind = 'hold'
                """,
                {"at": instant},
            )


@pytest.fixture
async def scene(database: str) -> AsyncIterator[Scene]:
    async with open_log(database) as log, open_client(database) as client:
        office = Office(log)
        yield Scene(database, log, client, office, await office.artist(), await office.project())


async def test_a_hold_reads_with_its_periods_ranks_and_deadline(scene: Scene) -> None:
    first = await scene.hold("2031-03-03", "2031-03-05")
    second = await scene.hold("2031-03-05", "2031-03-06", note="the whale")
    await catch_up(scene.database)
    hold = await get(scene.client, f"/v1/holds/{second}", scene.staff)
    assert hold["status"] == "held"
    assert hold["project_id"] == scene.project
    assert hold["note"] == "the whale"
    assert hold["periods"] == [
        {
            "starts_at": "2031-03-04T23:00:00Z",
            "ends_at": "2031-03-06T23:00:00Z",
            "time_zone": "Europe/Berlin",
            "first_day": "2031-03-05",
            "last_day": "2031-03-06",
        }
    ]
    assert [(one["first_day"], one["rank"], one["state"]) for one in hold["ranks"]] == [
        ("2031-03-05", 2, "live"),
        ("2031-03-06", 1, "live"),
    ]
    assert hold["worst_rank"] == 2
    assert hold["deadline"]["rule"] == "14 days after placing"
    assert hold["deadline"]["zone"] == "Europe/Berlin"
    assert (await get(scene.client, f"/v1/holds/{first}", scene.staff))["worst_rank"] == 1


async def test_a_hold_past_its_deadline_reads_as_lapsed_before_the_lapse_is_recorded(scene: Scene) -> None:
    lapsed = await scene.hold("2031-03-03", "2031-03-05")
    await catch_up(scene.database)
    await scene.later("2026-01-01T00:00:00Z")
    behind = await scene.hold("2031-03-03", "2031-03-05")
    await catch_up(scene.database)
    hold = await get(scene.client, f"/v1/holds/{lapsed}", scene.staff)
    assert (hold["status"], hold["ranks"], hold["worst_rank"], hold["deadline"]) == ("lapsed", [], None, None)
    assert (hold["ended_at"], hold["ended_because"]) == ("2026-01-01T00:00:00Z", "deadline")
    assert hold["periods"][0]["first_day"] == "2031-03-03"
    assert (await get(scene.client, f"/v1/holds/{behind}", scene.staff))["worst_rank"] == 1
    assert [one["id"] for one in (await get(scene.client, "/v1/holds", scene.staff, status="lapsed"))["items"]] == [
        lapsed
    ]
    assert [one["id"] for one in (await get(scene.client, "/v1/holds", scene.staff, status="held"))["items"]] == [
        behind
    ]


async def test_a_hold_that_ended_tells_how(scene: Scene) -> None:
    released = await scene.hold("2031-03-03", "2031-03-05")
    await scene.office.release(released)
    confirmed = await scene.hold("2031-04-03", "2031-04-05")
    booking = await scene.office.confirm(confirmed)
    await catch_up(scene.database)
    hold = await get(scene.client, f"/v1/holds/{released}", scene.staff)
    assert (hold["status"], hold["ended_because"]) == ("released", "released")
    assert hold["periods"][0]["first_day"] == "2031-03-03"
    hold = await get(scene.client, f"/v1/holds/{confirmed}", scene.staff)
    assert (hold["status"], hold["booking_ids"]) == ("confirmed", [booking])


async def test_both_sides_of_an_open_challenge_see_it(scene: Scene) -> None:
    first = await scene.hold("2031-03-03", "2031-03-05")
    second = await scene.office.hold(scene.artist, await scene.office.project("Seal"), days("2031-03-05", "2031-03-06"))
    challenge = await scene.office.challenge(second)
    await catch_up(scene.database)
    for id, role in ((first, "challenged"), (second, "challenger")):
        shown = (await get(scene.client, f"/v1/holds/{id}", scene.staff))["challenge"]
        assert (shown["id"], shown["role"], shown["periods"][0]["first_day"]) == (challenge, role, "2031-03-05")
        assert shown["answer_by"]["rule"] == "24 hours to answer"


async def test_an_unknown_hold_and_another_tenants_answer_alike(scene: Scene) -> None:
    hold = await scene.hold("2031-03-03", "2031-03-05")
    await catch_up(scene.database)
    stranger = asking(Office(scene.log, "other").tenant_id)
    others = await scene.client.get(f"/v1/holds/{hold}", headers=stranger)
    unknown = await scene.client.get(f"/v1/holds/{uuid4()}", headers=stranger)
    assert others.status_code == unknown.status_code == 404
    assert others.content == unknown.content
    assert (await get(scene.client, "/v1/holds", stranger)) == {"items": [], "next_cursor": None}


async def test_the_tag_begins_with_the_version_and_changes_with_what_is_shown(scene: Scene) -> None:
    hold = await scene.hold("2031-03-03", "2031-03-05")
    await catch_up(scene.database)
    path = f"/v1/holds/{hold}"
    before = await scene.client.get(path, headers=scene.staff)
    assert before.headers["etag"].startswith('"1.')
    again = await scene.client.get(path, headers={**scene.staff, "If-None-Match": before.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    await scene.office.release(hold, days("2031-03-03"))
    await catch_up(scene.database)
    after = await scene.client.get(path, headers={**scene.staff, "If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert after.headers["etag"].startswith('"2.')


async def test_a_list_is_read_page_by_page_in_order_of_arrival_while_more_arrive(scene: Scene) -> None:
    placed = [await scene.hold(f"2031-0{month}-03", f"2031-0{month}-04") for month in range(1, 8)]
    await catch_up(scene.database)
    first = await get(scene.client, "/v1/holds", scene.staff, limit=3)
    placed.append(await scene.hold("2032-01-01", "2032-01-02"))
    await catch_up(scene.database)
    second = await get(scene.client, "/v1/holds", scene.staff, limit=3, cursor=first["next_cursor"])
    third = await get(scene.client, "/v1/holds", scene.staff, limit=3, cursor=second["next_cursor"])
    assert [hold["id"] for page in (first, second, third) for hold in page["items"]] == placed
    assert third["next_cursor"] is None


async def test_a_cursor_is_good_for_its_own_list_and_tenant_only(scene: Scene) -> None:
    for month in (3, 4):
        await scene.hold(f"2031-0{month}-03", f"2031-0{month}-04")
    await catch_up(scene.database)
    cursor = (await get(scene.client, "/v1/holds", scene.staff, limit=1))["next_cursor"]
    stranger = asking(Office(scene.log, "other").tenant_id)
    for headers, query in (
        (stranger, {"cursor": cursor}),
        (scene.staff, {"cursor": cursor, "status": "held"}),
        (scene.staff, {"cursor": "not a cursor"}),
        (scene.staff, {"cursor": "é"}),
        (scene.staff, {"cursor": cursor[:-4]}),
    ):
        refused = await scene.client.get("/v1/holds", headers=headers, params=query)
        assert refused.status_code == 422, query


async def test_holds_are_found_by_artist_project_and_time(scene: Scene) -> None:
    march = await scene.hold("2031-03-03", "2031-03-05")
    apart = await scene.office.hold(
        scene.artist, scene.project, [*days("2031-05-01"), *days("2031-05-20")], note="two days"
    )
    other_artist, other_project = await scene.office.artist("Bo"), await scene.office.project("Seal")
    other = await scene.office.hold(other_artist, other_project, days("2031-03-05"))
    gone = await scene.hold("2031-03-04", "2031-03-04")
    await scene.office.release(gone)
    await catch_up(scene.database)

    async def found(**query: str) -> list[str]:
        return [hold["id"] for hold in (await get(scene.client, "/v1/holds", scene.staff, **query))["items"]]

    assert await found(artist_id=other_artist) == [other]
    assert await found(project_id=scene.project) == [march, apart, gone]
    assert await found(**{"from": "2031-03-04", "until": "2031-03-06"}) == [march, other, gone]
    assert await found(**{"from": "2031-03-05", "until": "2031-03-06", "artist_id": scene.artist}) == [march]
    assert await found(**{"from": "2031-05-02", "until": "2031-05-20"}) == []
    assert await found(**{"from": "2031-05-02"}) == [apart]
    assert await found(until="2031-03-04T23:00:00Z") == [march, gone]
    assert await found(**{"from": "2031-03-05T23:00:00Z", "until": "2031-04-01"}) == []
    assert await found(status="released") == [gone]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "201"},
        {"limit": "x"},
        {"status": "open"},
        {"artist_id": "1"},
        {"from": "yesterday"},
        {"from": "2031-13-01"},
        {"until": "1700000000"},
        {"from": "2031-03-02", "until": "2031-03-02"},
        {"from": "2031-03-01T00:00:00"},
    ],
)
async def test_a_query_that_makes_no_sense_is_refused(scene: Scene, query: dict[str, str]) -> None:
    assert (await scene.client.get("/v1/holds", headers=scene.staff, params=query)).status_code == 422


async def test_the_artist_sees_its_own_rank_and_never_who(scene: Scene) -> None:
    hold = await scene.hold("2031-03-03", "2031-03-05", note="secret")
    await catch_up(scene.database)
    artist = asking(scene.office.tenant_id, "artist", scene.artist)
    shown = await scene.client.get(f"/v1/holds/{hold}", headers=artist)
    assert shown.json()["worst_rank"] == 1
    listed = await scene.client.get("/v1/holds", headers=artist)
    for answer in (shown, listed):
        assert answer.status_code == 200
        assert not {"secret", scene.project, "ada"} & set(answer.text.replace('"', " ").split())


async def test_an_artist_sees_no_other_artists_holds_and_cannot_ask_by_project(scene: Scene) -> None:
    hold = await scene.hold("2031-03-03", "2031-03-05")
    other = await scene.office.artist("Bo")
    await catch_up(scene.database)
    artist = asking(scene.office.tenant_id, "artist", other)
    assert (await scene.client.get(f"/v1/holds/{hold}", headers=artist)).status_code == 404
    assert (await get(scene.client, "/v1/holds", artist))["items"] == []
    for query in ({"project_id": scene.project}, {"artist_id": scene.artist}):
        assert (await scene.client.get("/v1/holds", headers=artist, params=query)).status_code == 403


async def test_an_artist_whose_token_names_no_artist_sees_nothing(scene: Scene) -> None:
    artist = asking(scene.office.tenant_id, "artist")
    for path in ("/v1/holds", f"/v1/artists/{scene.artist}/calendar", "/v1/artists"):
        assert (await scene.client.get(path, headers=artist)).status_code == 403


async def test_who_may_read_nothing_reads_nothing(scene: Scene) -> None:
    service = asking(scene.office.tenant_id, "service")
    for path in ("/v1/holds", f"/v1/holds/{uuid4()}", "/v1/artists", "/v1/projects", "/v1/events"):
        assert (await scene.client.get(path, headers=service)).status_code == 403
