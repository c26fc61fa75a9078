"""What several proofs begin with."""

from collections.abc import AsyncIterator

import pytest

from infra.kafka import Kafka
from tests.infra.sending import relaying
from tests.infra.topics import fresh


@pytest.fixture(params=["from the log", "through Kafka"])
async def topic(request: pytest.FixtureRequest, database: str) -> AsyncIterator[Kafka | None]:
    """Where projectors follow the log, with a relay that brings it there; nowhere if they follow the log itself."""
    if request.param == "from the log":
        yield None
        return
    topic = fresh(request.getfixturevalue("kafka"))
    async with relaying(database, topic):
        yield topic
