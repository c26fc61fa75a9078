"""Commands over HTTP: headers, answers, and what is refused."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from commands.log import CommandInFlight, LogUnavailable, Outcome
from domain.consistency import decode
from domain.ids import tenant_id
from domain.permission import Permission, Role
from tests.clients import MARCH, Api, Client, api
from tests.memory_log import MemoryLog

pytestmark = pytest.mark.anyio

NOBODY = "01930000-0000-7000-8000-000000000000"


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture
async def running(log: MemoryLog, tmp_path: Path) -> AsyncIterator[Api]:
    async with api(tmp_path, log, max_body_size=200_000) as it:
        yield it


@pytest.fixture
def producer(running: Api) -> Client:
    return running.client()


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["code"] == code
    assert document["status"] == status
    assert document["type"] == f"urn:production-tool:problem:{code}"
    assert document["title"]
    assert document["detail"]
    return document


async def test_a_creation_answers_201_with_its_place_in_the_log(producer: Client) -> None:
    answer = await producer.send("/v1/artists", {"name": "Mo", "time_zone": "Europe/Berlin"})
    assert answer.status_code == 201
    assert answer.headers["etag"] == '"1"'
    body = answer.json()
    assert (body["version"], body["seq"]) == (1, 1)
    acme = tenant_id("production-tool", "acme")
    seen = decode(answer.headers["consistency-token"], acme)
    assert (seen.tenant_id, seen.seq, seen.incarnation) == (acme, 1, "memory")
    assert "idempotent-replayed" not in answer.headers


async def test_a_repeat_answers_the_same_bytes_and_says_so(producer: Client, log: MemoryLog) -> None:
    body = {"name": "Mo", "time_zone": "Europe/Berlin"}
    first = await producer.send("/v1/artists", body, key="k")
    again = await producer.send("/v1/artists", body, key="k")
    assert again.status_code == 201
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    assert len(log.recorded) == 1


async def test_the_same_command_written_in_another_way_is_a_repeat(producer: Client) -> None:
    first = await producer.send("/v1/artists", {"name": "Mo", "time_zone": "Europe/Berlin"}, key="k")
    again = await producer.send("/v1/artists", {"time_zone": "Europe/Berlin", "skills": [], "name": "Mo"}, key="k")
    assert again.content == first.content


async def test_a_key_that_was_used_for_another_command_is_refused(producer: Client) -> None:
    await producer.send("/v1/artists", {"name": "Mo", "time_zone": "Europe/Berlin"}, key="k")
    other = await producer.send("/v1/artists", {"name": "Jo", "time_zone": "Europe/Berlin"}, key="k")
    problem(other, 422, "idempotency_key_reused")
    elsewhere = await producer.send("/v1/projects", {"name": "Mo", "time_zone": "Europe/Berlin"}, key="k")
    problem(elsewhere, 422, "idempotency_key_reused")


async def test_two_tenants_may_use_the_same_key(running: Api) -> None:
    body = {"name": "Mo", "time_zone": "Europe/Berlin"}
    ours = await running.client().send("/v1/artists", body, key="k")
    theirs = await running.client(tenant="other").send("/v1/artists", body, key="k")
    assert ours.json()["id"] != theirs.json()["id"]
    assert "idempotent-replayed" not in theirs.headers


@pytest.mark.parametrize("key", ["", "ä" * 3, "x" * 256, "a\tb"])
async def test_a_key_that_is_none_is_refused(producer: Client, key: str) -> None:
    authorization = producer.headers["Authorization"].encode()
    headers = [(b"Authorization", authorization), (b"Idempotency-Key", key.encode("latin-1"))]
    answer = await producer.http.post("/v1/artists", json={}, headers=headers)
    assert problem(answer, 400, "malformed_header")["header"] == "Idempotency-Key"


async def test_a_command_without_a_key_is_refused(producer: Client) -> None:
    answer = await producer.http.post("/v1/artists", json={}, headers=producer.headers)
    problem(answer, 400, "malformed_header")


async def test_a_header_that_is_there_twice_is_refused(producer: Client) -> None:
    headers = [*producer.headers.items(), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    problem(await producer.http.post("/v1/artists", json={}, headers=headers), 400, "malformed_header")


@pytest.mark.parametrize("tag", ['"1"', '"1.3fa9"', 'W/"1"', "1"])
async def test_if_match_takes_the_version_or_the_tag_of_a_read(producer: Client, tag: str) -> None:
    project = await producer.project()
    answer = await producer.send(f"/v1/projects/{project}/close", If_Match=tag)
    assert answer.status_code == 200
    assert answer.headers["etag"] == '"2"'


async def test_another_version_than_the_expected_one_is_a_conflict(producer: Client) -> None:
    project = await producer.project()
    answer = await producer.send(f"/v1/projects/{project}/close", If_Match='"7"')
    assert problem(answer, 409, "version_conflict")["version"] == 1


@pytest.mark.parametrize("tag", ["*", '"one"', '"1", "2"', '"-1"', '"99999999999"'])
async def test_an_if_match_that_makes_no_sense_is_refused(producer: Client, tag: str) -> None:
    project = await producer.project()
    answer = await producer.send(f"/v1/projects/{project}/close", If_Match=tag)
    assert problem(answer, 400, "malformed_header")["header"] == "If-Match"


async def test_a_hold_goes_all_the_way(producer: Client) -> None:
    artist, project = await producer.artist(), await producer.project()
    placed = await producer.send("/v1/holds", {"artist_id": artist, "project_id": project, "periods": MARCH})
    assert placed.status_code == 201
    assert placed.json()["worst_rank"] == 1
    hold = placed.json()["id"]
    extended = await producer.send(f"/v1/holds/{hold}/extend", {"reason": "waiting for the client"})
    assert extended.json()["deadline"]["at"] > placed.json()["deadline"]["at"]
    confirmed = await producer.send(f"/v1/holds/{hold}/confirm")
    assert confirmed.status_code == 200
    cancelled = await producer.send(f"/v1/bookings/{confirmed.json()['booking_id']}/cancel", {"by": "client"})
    assert cancelled.json()["fees"] == []


async def test_a_business_rule_says_no_by_its_code(producer: Client) -> None:
    artist, project = await producer.artist(), await producer.project()
    hold = await producer.hold(artist, project)
    await producer.send(f"/v1/holds/{hold}/confirm")
    booking = {"artist_id": artist, "project_id": project, "periods": MARCH}
    assert problem(await producer.send("/v1/bookings", booking), 409, "double_booking")["conflicts"]


async def test_a_refusal_leaves_its_key_free(producer: Client) -> None:
    body = {"id": str(uuid4()), "name": "Mo", "time_zone": "Europe/Berlin"}
    await producer.send("/v1/artists", body)
    problem(await producer.send("/v1/artists", {**body, "name": "Jo"}, key="k"), 409, "id_taken")
    assert (await producer.send("/v1/artists", body, key="k")).status_code == 201


async def test_no_body_is_an_empty_one(producer: Client) -> None:
    project = await producer.project()
    headers = {**producer.headers, "Idempotency-Key": "k"}
    assert (await producer.http.post(f"/v1/projects/{project}/close", headers=headers)).status_code == 200


async def test_capitals_in_ids_do_not_matter(producer: Client) -> None:
    project = await producer.project()
    answer = await producer.send(f"/v1/projects/{project.upper()}/close")
    assert answer.json()["id"] == project


@pytest.mark.parametrize("id", [NOBODY, "x", "{id}", "%00", "%F0%9F%92%A5", "1", "0193-0000", "a" * 3000])
async def test_what_is_not_there_answers_alike_whatever_it_is_called(producer: Client, id: str) -> None:
    problem(await producer.send(f"/v1/projects/{id}/close"), 404, "not_found")
    problem(await producer.send(f"/v1/holds/{id}/release"), 404, "not_found")


async def test_another_tenants_id_answers_like_one_that_is_not_there(running: Api, producer: Client) -> None:
    hold = await producer.hold(await producer.artist(), await producer.project())
    other = running.client(tenant="other")
    theirs = await other.send(f"/v1/holds/{hold}/release")
    nobodys = await other.send(f"/v1/holds/{NOBODY}/release")
    assert problem(theirs, 404, "not_found") == problem(nobodys, 404, "not_found")


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ("", ["/name", "/time_zone"]),
        ("{", [""]),
        ("[]", [""]),
        ("null", [""]),
        ('"text"', [""]),
        ("{}{}", [""]),
        ("\xff", [""]),
        ('{"name": "\\ud800", "time_zone": "Europe/Berlin"}', [""]),
        ('{"name": "a\\u0000b", "time_zone": "Europe/Berlin"}', ["/name"]),
        ('{"name": "a", "time_zone": "Europe/Berlin", "skills": ["b", "\\u0000"]}', ["/skills/1"]),
        ('{"name": "a", "time_zone": "Mars/Olympus"}', ["/time_zone"]),
        ('{"name": 1, "time_zone": "Europe/Berlin"}', ["/name"]),
        ('{"name": "a", "time_zone": "Europe/Berlin", "shoe/size": 44}', ["/shoe~1size"]),
        ('{"name": "a", "time_zone": "Europe/Berlin", "day_rate": {"amount": 1, "currency": "EUR"}}',
         ["/day_rate/amount"]),
        ("[" * 5000, [""]),
    ],
)  # fmt: skip
async def test_a_body_that_makes_no_sense_is_refused_where_it_makes_none(
    producer: Client, log: MemoryLog, body: str, pointers: list[str]
) -> None:
    headers = {**producer.headers, "Idempotency-Key": "k", "Content-Type": "application/json"}
    answer = await producer.http.post("/v1/artists", content=body.encode("latin-1"), headers=headers)
    errors = problem(answer, 422, "invalid")["errors"]
    assert [error["pointer"] for error in errors] == pointers
    assert all(error["message"] for error in errors)
    assert log.recorded == []


@pytest.mark.parametrize("quantity", ['"2"', "2.5", "true", "null", "[2]"])
async def test_a_number_is_a_number(producer: Client, log: MemoryLog, quantity: str) -> None:
    period = '{"first_day": "2027-03-01", "last_day": "2027-03-05"}'
    job = f'{{"role": "gaffer", "periods": [{period}], "quantity": {quantity}}}'
    headers = {**producer.headers, "Idempotency-Key": "k", "Content-Type": "application/json"}
    answer = await producer.http.post(f"/v1/projects/{NOBODY}/jobs", content=job, headers=headers)
    assert [error["pointer"] for error in problem(answer, 422, "invalid")["errors"]] == ["/quantity"]
    assert log.recorded == []


async def test_an_escaped_backslash_before_u0000_is_text(producer: Client) -> None:
    headers = {**producer.headers, "Idempotency-Key": "k", "Content-Type": "application/json"}
    body = rb'{"name": "C:\\u0000", "time_zone": "Europe/Berlin"}'
    assert (await producer.http.post("/v1/artists", content=body, headers=headers)).status_code == 201


async def test_of_a_member_that_is_there_twice_the_last_one_counts(producer: Client, log: MemoryLog) -> None:
    headers = {**producer.headers, "Idempotency-Key": "k", "Content-Type": "application/json"}
    body = b'{"name": "Mo", "name": "Jo", "time_zone": "Europe/Berlin"}'
    assert (await producer.http.post("/v1/artists", content=body, headers=headers)).status_code == 201
    assert log.recorded[0].event.model_dump()["name"] == "Jo"


async def test_errors_in_periods_point_into_them(producer: Client) -> None:
    periods: list[Any] = [
        {"first_day": "2027-03-05", "last_day": "2027-03-01"},
        {"first_day": "tomorrow", "last_day": "2027-03-01"},
        {"first_day": "2027-03-01"},
        {"starts_at": "2027-03-01T10:00:00", "ends_at": "2027-03-01T12:00:00Z"},
        7,
    ]
    answer = await producer.send("/v1/holds", {"artist_id": NOBODY, "project_id": NOBODY, "periods": periods})
    pointers = [error["pointer"] for error in problem(answer, 422, "invalid")["errors"]]
    assert pointers == [
        "/periods/0",
        "/periods/1/first_day",
        "/periods/2/last_day",
        "/periods/3/starts_at",
        "/periods/4",
    ]


async def test_errors_do_not_repeat_what_was_sent(producer: Client) -> None:
    answer = await producer.send("/v1/artists", {"name": ["hunter2"], "time_zone": "hunter2", "hunter3": 1})
    assert "hunter2" not in answer.text


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "application/json; charset=latin-1", "x"])
async def test_a_body_that_is_not_json_is_refused(producer: Client, media_type: str) -> None:
    answer = await producer.send("/v1/artists", Content_Type=media_type)
    problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("media_type", ["application/json", "application/json; charset=UTF-8", "Application/JSON"])
async def test_json_may_be_announced_in_several_ways(producer: Client, media_type: str) -> None:
    body = {"name": "Mo", "time_zone": "Europe/Berlin"}
    assert (await producer.send("/v1/artists", body, Content_Type=media_type)).status_code == 201


async def test_a_body_that_is_too_large_is_refused(producer: Client) -> None:
    body = {"name": "x" * 200_000, "time_zone": "Europe/Berlin"}
    assert problem(await producer.send("/v1/artists", body), 413, "too_large")["most"] == 200_000


async def test_a_body_that_does_not_say_its_size_is_measured(producer: Client) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b" " * 50_000

    headers = {**producer.headers, "Idempotency-Key": "k", "Content-Type": "application/json"}
    problem(await producer.http.post("/v1/artists", content=parts(), headers=headers), 413, "too_large")


@pytest.mark.parametrize(
    ("role", "path", "permission"),
    [
        ("viewer", "/v1/holds", "place_holds"),
        ("auditor", "/v1/artists", "manage_artists"),
        ("coordinator", f"/v1/holds/{NOBODY}/confirm", "make_bookings"),
        ("coordinator", "/v1/projects", "manage_projects"),
        ("artist", "/v1/holds", "place_holds"),
        ("service", "/v1/holds", "place_holds"),
        ("producer", f"/v1/artists/{NOBODY}/queue/reorder", "jump_queue"),
    ],
)
async def test_whoever_lacks_a_permission_is_told_which(running: Api, role: Role, path: str, permission: str) -> None:
    client = running.client(role, artist_id=NOBODY if role == "artist" else None)
    assert problem(await client.send(path), 403, "permission_missing")["permission"] == permission


async def test_a_permission_comes_before_the_body(running: Api) -> None:
    problem(await running.client("viewer").send("/v1/holds", {"x": 1}), 403, "permission_missing")


async def test_a_service_may_what_its_token_says(running: Api) -> None:
    service = running.client("service", permissions=(Permission.MANAGE_ARTISTS,))
    await service.artist()
    problem(await service.send("/v1/projects"), 403, "permission_missing")


async def test_only_an_admin_adopts_a_policy(running: Api) -> None:
    body = {"preset": "arena-72h"}
    problem(await running.client().send("/v1/policy", body, method="PUT"), 403, "permission_missing")
    adopted = await running.client("admin").send("/v1/policy", body, method="PUT")
    assert adopted.status_code == 200
    assert adopted.json()["policy"]["max_depth"] == 2


async def test_an_artist_answers_for_their_own_calendar_only(running: Api, producer: Client) -> None:
    artist = await producer.artist(consent="freelancer")
    hold = await producer.hold(artist, await producer.project())
    stranger = running.client("artist", artist_id=await producer.artist(consent="freelancer"))
    problem(await stranger.send(f"/v1/holds/{hold}/accept"), 404, "not_found")
    problem(await stranger.send(f"/v1/artists/{artist}/time-off", {"periods": MARCH}), 404, "not_found")
    themselves = running.client("artist", artist_id=artist)
    assert (await themselves.send(f"/v1/holds/{hold}/accept")).status_code == 200


async def test_a_method_that_a_path_does_not_have_is_answered_with_those_it_has(producer: Client) -> None:
    answer = await producer.http.delete("/v1/holds", headers=producer.headers)
    problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, POST"


async def test_a_path_that_is_not_there_is_not_found(producer: Client) -> None:
    problem(await producer.send("/v1/nothing"), 404, "not_found")
    problem(await producer.send("/v1/holds/"), 404, "not_found")


class Failing(MemoryLog):
    """A log that is in trouble."""

    error: Exception

    async def decide(self, *_: object) -> Outcome:
        raise self.error


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (LogUnavailable(), 503, "log_unavailable"),
        (CommandInFlight(), 409, "command_in_flight"),
        (ZeroDivisionError("secret"), 500, "crashed"),
    ],
)
async def test_trouble_has_a_status(tmp_path: Path, error: Exception, status: int, code: str) -> None:
    log = Failing()
    log.error = error
    async with api(tmp_path, log) as it:
        answer = await it.client().send("/v1/artists", {"name": "Mo", "time_zone": "Europe/Berlin"})
    problem(answer, status, code)
    assert "secret" not in answer.text
    assert ("retry-after" in answer.headers) is (status == 503)


async def test_every_route_says_in_the_document_who_may_and_how_it_is_refused(running: Api) -> None:
    paths = running.app.openapi()["paths"]
    place = paths["/v1/holds"]["post"]
    assert place["x-permission"] == "place_holds"
    assert {parameter["name"] for parameter in place["parameters"]} == {"Idempotency-Key", "If-Match"}
    assert place["operationId"] == "placeHold"
    commands = [
        operation
        for methods in paths.values()
        for method, operation in methods.items()
        if method != "get" and operation["operationId"] != "runBatch"
    ]
    assert len(commands) > 20
    for operation in commands:
        assert operation["x-permission"]
        assert operation["summary"]
        assert operation["description"]
        refusals = {"400", "401", "403", "404", "409", "413", "415", "422", "429", "500", "503"}
        assert set(operation["responses"]) - refusals in ({"200"}, {"201"})
        assert refusals <= set(operation["responses"])
    assert json.dumps(running.app.openapi())
