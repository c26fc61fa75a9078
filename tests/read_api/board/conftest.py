"""The API without a browser, and somebody at work with one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.clients import Api, Client, api
from tests.read_api.board.browser import Studio, studio


@pytest.fixture
async def at_work(database: str, tmp_path: Path) -> AsyncIterator[Studio]:
    async with studio(database, tmp_path) as it:
        yield it


@pytest.fixture
async def running(database: str, tmp_path: Path) -> AsyncIterator[Api]:
    async with api(tmp_path, database=database) as it:
        yield it


@pytest.fixture
def client(running: Api) -> Client:
    return running.client("admin")
