"""The relay's way into Kafka: a blocking producer behind two threads, thrown away after its first failure.

After an outage the client can stop for ever without an error: no future of it completes any more. So what counts is how
long nothing was acknowledged of what is in flight.
"""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import structlog

from consumers.relay import Message
from infra import kafka
from infra.kafka import Kafka, KafkaError, partition_of

PATIENCE: Final = 4.0
"""Seconds between two acknowledgements while there is something to acknowledge."""
_PAUSE: Final = 0.2
"""Seconds before Kafka is tried again."""

_log = structlog.get_logger()


async def make_producer(where: Kafka) -> "KafkaProducer":
    """A new one, as soon as a broker answers and the topic is there."""
    while True:
        try:
            client, partitions = await asyncio.to_thread(_open, where)
        except (KafkaError, OSError) as error:
            _log.warning("kafka_unreachable", reason=repr(error))
            await asyncio.sleep(_PAUSE)
        else:
            return KafkaProducer(client, where.topic, partitions)


def _open(where: Kafka) -> tuple[Any, int]:
    client = kafka.producer(where)
    try:
        return client, len(client.partitions_for(where.topic))
    except BaseException:
        kafka.throw_away(client)
        raise


class KafkaProducer:
    """`consumers.relay.Producer`."""

    def __init__(self, client: Any, topic: str, partitions: int) -> None:  # noqa: ANN401 - the client has no types
        """`client` is what `infra.kafka.producer` made; it is this object's to close."""
        self._client = client
        self._topic = topic
        self._partitions = partitions
        self._handing_over = ThreadPoolExecutor(1, "relay hands over")
        self._hearing = ThreadPoolExecutor(1, "relay hears")
        self._failed = threading.Event()

    async def send(self, messages: Sequence[Message]) -> asyncio.Future[int]:
        """See `consumers.relay.Producer`."""
        loop = asyncio.get_running_loop()
        given = await loop.run_in_executor(self._handing_over, self._hand_over, messages)
        return loop.run_in_executor(self._hearing, self._acknowledged, given)

    async def close(self) -> None:
        """See `consumers.relay.Producer`. Returns at once; the client may take a while to end."""
        self._failed.set()
        self._handing_over.shutdown(wait=False, cancel_futures=True)
        self._hearing.shutdown(wait=False, cancel_futures=True)
        threading.Thread(target=kafka.throw_away, args=(self._client,), name="kafka closes", daemon=True).start()

    def _hand_over(self, messages: Sequence[Message]) -> list[Any]:
        """The client's future of each message, up to the first that it did not take."""
        given = list[Any]()
        send, topic, partitions = self._client.send, self._topic, self._partitions
        for one in messages:
            if self._failed.is_set():
                # What follows a failure would overtake it.
                break
            tenant_id = one.tenant_id
            headers = [
                ("tenant", tenant_id.encode()),
                ("seq", b"%d" % one.seq),
                ("type", one.type.encode()),
                ("incarnation", one.incarnation.encode()),
                ("traceparent", one.traceparent.encode()),
                ("content-type", b"application/cloudevents+json; charset=UTF-8"),
            ]
            try:
                given.append(
                    send(
                        topic,
                        key=tenant_id.encode(),
                        value=one.value,
                        headers=headers,
                        partition=partition_of(tenant_id, partitions),
                        timestamp_ms=one.recorded_at,
                    )
                )
            except KafkaError as error:
                self._fails(error)
        return given

    def _acknowledged(self, given: Sequence[Any]) -> int:
        """How many, from the first on, were acknowledged, none of them too long after the one before."""
        for n, future in enumerate(given):
            if not future.is_done and not self._failed.is_set():
                try:
                    future.get(timeout=PATIENCE)
                except KafkaError as error:
                    self._fails(error)
            if not future.is_done or future.exception is not None:
                self._failed.set()
                return n
        return len(given)

    def _fails(self, error: Exception) -> None:
        _log.warning("kafka_send_failed", reason=repr(error))
        self._failed.set()
