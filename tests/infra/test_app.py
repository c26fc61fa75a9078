"""The edge: who gets in, what every answer has, and how the process says how it is."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from commands.context import Context
from commands.log import Outcome
from infra import authentication, request_context
from infra.authentication import OPEN, OPEN_BELOW
from infra.metrics import Metrics
from infra.request_context import RequestContext
from tests.clients import MARCH, Api, api
from tests.memory_log import MemoryLog

pytestmark = pytest.mark.anyio


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Api]:
    async with api(tmp_path) as it:
        yield it


async def test_every_path_is_closed_save_a_few(running: Api) -> None:
    paths = running.app.openapi()["paths"]
    closed = [path for path in paths if path not in OPEN and not path.startswith(OPEN_BELOW)]
    assert len(closed) > 20
    for path in [*closed, "/v1/nothing", "/livez/", "/LIVEZ"]:
        for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"):
            answer = await running.http.request(method, path)
            assert answer.status_code == 401, (method, path)
            assert answer.headers["www-authenticate"] == 'Bearer realm="production-tool"'
            assert answer.json()["code"] == "unauthenticated"


@pytest.mark.parametrize(
    "value", ["", "Bearer", "Bearer x", "Basic dTpw", "Bearer a b", "bearer ...", "Bearer " + "x" * 9000]
)
async def test_a_header_that_is_no_token_of_ours_is_refused(running: Api, value: str) -> None:
    answer = await running.http.get("/v1/holds", headers={"Authorization": value})
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


async def test_two_tokens_are_none(running: Api) -> None:
    good = running.client().headers["Authorization"]
    answer = await running.http.get("/v1/holds", headers=[("Authorization", good), ("Authorization", good)])
    assert answer.status_code == 401


async def test_bearer_may_be_written_in_any_way(running: Api) -> None:
    token = running.client().headers["Authorization"].removeprefix("Bearer ")
    answer = await running.http.get("/v1/nothing", headers={"Authorization": f"bEARER   {token}"})
    assert answer.status_code == 404


async def test_a_request_keeps_the_id_that_it_brings(running: Api) -> None:
    answer = await running.http.get("/livez", headers={"X-Request-ID": "abc-1.2:3_4"})
    assert answer.headers["x-request-id"] == "abc-1.2:3_4"


@pytest.mark.parametrize("id", ["", "a b", "x" * 129, "<script>"])
async def test_a_request_with_an_id_that_cannot_be_repeated_gets_another(running: Api, id: str) -> None:
    answer = await running.http.get("/livez", headers={"X-Request-ID": id})
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


async def test_the_requests_id_is_on_the_events_that_it_caused(tmp_path: Path) -> None:
    class Listening(MemoryLog):
        heard: str = ""

        async def decide(self, context: Context, *rest: Any) -> Outcome:  # noqa: ANN401 - passed on
            Listening.heard = context.correlation_id
            return await super().decide(context, *rest)

    async with api(tmp_path, Listening()) as it:
        client = it.client()
        await client.send("/v1/artists", {"name": "Mo", "time_zone": "Europe/Berlin"}, X_Request_ID="mine")
    assert Listening.heard == "mine"


async def test_refusals_have_an_id_too(running: Api) -> None:
    answer = await running.http.get("/v1/holds", headers={"X-Request-ID": "mine"})
    assert (answer.status_code, answer.headers["x-request-id"]) == (401, "mine")


async def test_a_crash_is_logged_with_the_request_and_its_tenant(tmp_path: Path) -> None:
    class Broken(MemoryLog):
        async def decide(self, *_: object) -> Outcome:
            raise ZeroDivisionError

    with capture_logs() as lines:
        async with api(tmp_path, Broken()) as it:
            answer = await it.client().send("/v1/artists", {"name": "Mo", "time_zone": "Europe/Berlin"})
    assert answer.status_code == 500
    assert answer.json()["code"] == "crashed"
    assert [line["event"] for line in lines] == ["request_crashed"]
    assert isinstance(lines[0]["exc_info"], ZeroDivisionError)


async def test_an_answer_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_context, "_PATIENCE", 0.01)
    gave_up, sent = asyncio.Event(), list[Any]()

    async def too_late(_scope: Any, _receive: Any, send: Any) -> None:  # noqa: ANN401 - plain ASGI
        async with asyncio.timeout(5):
            await gave_up.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"late"})

    async def send(message: Any) -> None:  # noqa: ANN401
        sent.append(message)
        if message["type"] == "http.response.body":
            gave_up.set()

    async def receive() -> Any:  # noqa: ANN401
        raise AssertionError("nobody asks")

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"x-request-id", b"mine")]}
    await RequestContext(too_late, Metrics())(scope, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[0]["status"] == 503
    assert {(b"x-request-id", b"mine"), (b"retry-after", b"1")} <= set(sent[0]["headers"])
    assert b"took_too_long" in sent[1]["body"]


async def test_a_tenant_with_too_much_under_way_waits_alone(running: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authentication, "_MOST_UNDER_WAY", 0)
    answer = await running.client().send("/v1/artists")
    assert answer.status_code == 429
    assert answer.json()["code"] == "too_many_requests"
    assert answer.headers["retry-after"] == "1"


async def test_feeds_wait_together(running: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authentication, "_MOST_UNDER_WAY", 0)
    assert (await running.http.get("/feeds/x.ics")).status_code == 429


async def test_alive_is_not_ready(running: Api) -> None:
    assert (await running.http.get("/livez")).json() == {"status": "alive"}
    not_ready = await running.http.get("/readyz")
    assert not_ready.status_code == 503
    assert not_ready.json()["code"] == "not_ready"


async def test_a_process_that_is_to_end_is_not_ready(running: Api) -> None:
    async def answers() -> bool:
        return True

    running.app.state.database_answers = answers
    assert (await running.http.get("/readyz")).status_code == 200
    running.app.state.stopping = True
    assert (await running.http.get("/readyz")).status_code == 503
    assert (await running.http.get("/livez")).status_code == 200


async def test_metrics_count_by_route_and_say_nothing_of_tenants(running: Api) -> None:
    client = running.client(tenant="secretive")
    artist = await client.artist()
    await client.send(f"/v1/artists/{artist}/time-off", {"periods": MARCH})
    await running.http.request("BREW", "/v1/coffee")
    text = (await running.http.get("/metrics")).text
    assert 'http_request_seconds_count{method="POST",route="/v1/artists",status="201"} 1.0' in text
    assert 'http_request_seconds_count{method="POST",route="/v1/artists/{id}/time-off",status="201"} 1.0' in text
    assert 'http_request_seconds_count{method="other",route="none",status="401"} 1.0' in text
    assert "process_cpu_seconds_total" in text
    assert artist not in text
    assert "secretive" not in text


async def test_the_docs_show_every_route_and_fetch_nothing(running: Api) -> None:
    page = await running.http.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for path in running.app.openapi()["paths"]:
        assert f"<code>{path}</code>" in page.text
    assert "<script" not in page.text
    assert "http://" not in page.text
    assert "https://" not in page.text


async def test_the_document_names_each_operation_once(running: Api) -> None:
    document = (await running.http.get("/openapi.json")).json()
    names = [one["operationId"] for path in document["paths"].values() for one in path.values()]
    assert len(names) == len(set(names))
    assert document["security"] == [{"bearer": []}]
    assert document["paths"]["/livez"]["get"]["security"] == []


async def test_a_client_that_hangs_up_gets_nothing_and_breaks_nothing(running: Api) -> None:
    token = running.client().headers["Authorization"].encode()
    headers = [(b"authorization", token), (b"idempotency-key", b"k"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/v1/artists", "headers": headers, "query_string": b""}
    messages = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])
    sent: list[Any] = []

    async def receive() -> Any:  # noqa: ANN401 - plain ASGI
        return next(messages)

    async def send(message: Any) -> None:  # noqa: ANN401
        sent.append(message)

    await running.app(scope, receive, send)
    assert sent == []
    assert 'status="499"' in (await running.http.get("/metrics")).text
