"""Everything as a file: complete, page by page, and harmless."""

import csv
import io
import json
from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient

from read_api import exports
from tests.flow.office import Office, catch_up, days, open_log
from tests.read_api.client import asking, get, open_client

pytestmark = pytest.mark.anyio


@pytest.fixture
async def office(database: str) -> AsyncIterator[Office]:
    async with open_log(database) as log:
        office = Office(log)
        artist, project = await office.artist('=cmd|" /C calc"!A0'), await office.project("Wal, groß")
        for day in ("2031-03-10", "2031-03-11", "2031-03-12"):
            await office.book(artist, project, days(day), rate={"amount": "450.00", "currency": "EUR"}, note="-1")
        await Office(log, "other").artist()
        await catch_up(database)
        yield office


@pytest.fixture
async def client(database: str) -> AsyncIterator[AsyncClient]:
    async with open_client(database) as client:
        yield client


@pytest.mark.parametrize("page", [1, 2, 500])
async def test_the_log_is_exported_as_it_is_read(
    office: Office, client: AsyncClient, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "_PAGE", page)
    auditor = asking(office.tenant_id, "auditor")
    answer = await client.get("/v1/exports/events.ndjson", headers=auditor)
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines == (await get(client, "/v1/events", auditor))["items"]
    assert answer.headers["content-type"] == "application/x-ndjson"
    rest = await client.get("/v1/exports/events.ndjson?after=3", headers=auditor)
    assert [json.loads(line)["seq"] for line in rest.text.splitlines()] == [one["seq"] for one in lines[3:]]


@pytest.mark.parametrize("page", [1, 500])
async def test_bookings_are_a_table_that_no_spreadsheet_runs(
    office: Office, client: AsyncClient, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "_PAGE", page)
    answer = await client.get("/v1/exports/bookings.csv", headers=asking(office.tenant_id, "auditor"))
    assert answer.headers["content-disposition"] == 'attachment; filename="bookings.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert [row["periods"] for row in rows] == [f"2031-03-{day}/2031-03-{day}" for day in (10, 11, 12)]
    assert {(row["artist"], row["note"]) for row in rows} == {('\'=cmd|" /C calc"!A0', "'-1")}
    assert {(row["project"], row["rate"], row["days"], row["status"]) for row in rows} == {
        ("Wal, groß", "450.00", "1", "confirmed")
    }


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx"])
def test_a_cell_that_begins_like_a_formula_is_told_apart(cell: str) -> None:
    assert exports.harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", [-1, None, "", "a=1", "'=1"])
def test_any_other_cell_is_left_alone(cell: object) -> None:
    assert exports.harmless(cell) == cell


@pytest.mark.parametrize("path", ["bookings.csv", "events.ndjson"])
async def test_exports_take_the_audit_permission(office: Office, client: AsyncClient, path: str) -> None:
    for role, status in (("producer", 403), ("auditor", 200)):
        answer = await client.get(f"/v1/exports/{path}", headers=asking(office.tenant_id, role))  # type: ignore[arg-type]
        assert answer.status_code == status


async def test_a_tenant_without_anything_gets_files_with_nothing_in_them(office: Office, client: AsyncClient) -> None:
    nobody = asking("0f0e7a52-0000-5000-8000-00000000000f", "auditor")
    assert (await client.get("/v1/exports/events.ndjson", headers=nobody)).text == ""
    assert len((await client.get("/v1/exports/bookings.csv", headers=nobody)).text.splitlines()) == 1
