from collections.abc import AsyncIterator

import pytest

from tests.read_api.scene import Scene, open_scene


@pytest.fixture
async def scene(database: str) -> AsyncIterator[Scene]:
    async with open_scene(database) as scene:
        yield scene
