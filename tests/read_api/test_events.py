import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from httpx import AsyncClient

from infra.chain import GENESIS, chained, envelope
from tests.flow.office import Office, days, open_log
from tests.read_api.client import asking, get, open_client

pytestmark = pytest.mark.anyio


@pytest.fixture
async def office(database: str) -> AsyncIterator[Office]:
    async with open_log(database) as log:
        office = Office(log)
        await office.hold(await office.artist("Zoë"), await office.project(), days("2031-03-10"))
        await Office(log, "other").artist()
        yield office


@pytest.fixture
async def client(database: str) -> AsyncIterator[AsyncClient]:
    async with open_client(database) as client:
        yield client


async def test_the_log_is_read_in_order_without_a_gap(office: Office, client: AsyncClient) -> None:
    auditor = asking(office.tenant_id, "auditor")
    seqs, after = [], "0"
    while after is not None:
        page = await get(client, "/v1/events", auditor, after=after, limit=3)
        seqs += [event["seq"] for event in page["items"]]
        after = page["next_cursor"]
    assert seqs == [1, 2, 3, 4]
    assert await get(client, "/v1/events", auditor, after=4) == {"items": [], "next_cursor": None}


async def test_the_data_is_what_is_stored_byte_for_byte(office: Office, client: AsyncClient, database: str) -> None:
    spaced = '{ "name" : "Zo\\u00eb", "skills":[ ] }'
    with psycopg.connect(database) as connection:
        connection.execute("ALTER TABLE events DISABLE TRIGGER append_only")
        connection.execute("UPDATE events SET data = %s WHERE seq = 1", [spaced])
    answer = await client.get("/v1/events?limit=1", headers=asking(office.tenant_id, "auditor"))
    assert f'"data":{spaced}}}' in answer.text


async def test_an_auditor_can_recompute_the_chain_from_what_is_answered(office: Office, client: AsyncClient) -> None:
    answer = await client.get("/v1/events", headers=asking(office.tenant_id, "auditor"))
    texts = re.findall(r'"data":(\{.*?\})\}(?=,\{"seq"|\],"next_cursor")', answer.text)
    previous = GENESIS
    for event, data in zip(answer.json()["items"], texts, strict=True):
        at = datetime.fromisoformat(event["recorded_at"]) - datetime(1970, 1, 1, tzinfo=UTC)
        previous = chained(
            previous,
            tenant_id=office.tenant_id,
            seq=event["seq"],
            stream=event["stream"],
            version=event["version"],
            event_id=event["event_id"],
            event_type=event["type"],
            recorded_at=at // timedelta(microseconds=1),
            envelope=envelope(
                actor=event["actor"], correlation_id=event["correlation_id"], causation_id=event["causation_id"]
            ),
            data=data.encode(),
        )
        assert previous.hex() == event["hash"]


async def test_reading_the_log_takes_the_audit_permission(office: Office, client: AsyncClient) -> None:
    for role, status in (("viewer", 403), ("producer", 403), ("artist", 403), ("auditor", 200), ("admin", 200)):
        answer = await client.get("/v1/events", headers=asking(office.tenant_id, role))  # type: ignore[arg-type]
        assert answer.status_code == status, role


@pytest.mark.parametrize("query", [{"after": "-1"}, {"after": "x"}, {"after": str(2**63)}, {"limit": "1000"}])
async def test_a_query_that_makes_no_sense_is_refused(
    office: Office, client: AsyncClient, query: dict[str, str]
) -> None:
    answer = await client.get("/v1/events", headers=asking(office.tenant_id, "auditor"), params=query)
    assert answer.status_code == 422
