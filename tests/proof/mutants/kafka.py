"""The relay, and reading back from Kafka."""

from tests.proof.mutants.mutant import Mutant

RELAY = "tests/consumers/test_relay.py"

MUTANTS = (
    Mutant(
        "the relay marks what nobody has acknowledged",
        "consumers/relay.py",
        "            acknowledged = await answer\n",
        "            acknowledged = len(batch)\n",
        (RELAY,),
    ),
    Mutant(
        "the relay's mark goes over what failed",
        "consumers/relay.py",
        "for one in batch[:acknowledged]}",
        "for one in batch}",
        (RELAY,),
    ),
    Mutant(
        "the relay skips what failed",
        "consumers/relay.py",
        "            if acknowledged < len(batch):\n",
        "            if acknowledged < 0:\n",
        (RELAY,),
    ),
    Mutant(
        "an old producer is used again after its failure",
        "consumers/relay.py",
        "            self._meter.gave_up()\n            await self._give_up_producer()\n",
        "            self._meter.gave_up()\n",
        (RELAY,),
    ),
    Mutant(
        "a relay sends on though its lease has run out",
        "consumers/relay.py",
        "                if time.monotonic() >= self._until:\n",
        "                if time.monotonic() < 0:\n",
        (RELAY,),
    ),
    Mutant(
        "marks are written without a fencing epoch",
        "consumers/relay_marks.py",
        "AS given (shard, epoch) USING (shard, epoch)",
        "AS given (shard, epoch) USING (shard)",
        (RELAY,),
    ),
    Mutant(
        "a shard changes hands under its old epoch",
        "consumers/relay_leases.py",
        "SET relay = %(relay)s, epoch = epoch + 1",
        "SET relay = %(relay)s",
        (RELAY,),
    ),
    Mutant(
        "a replaced log goes by the old log's marks",
        "consumers/relay_marks.py",
        "JOIN heads h USING (tenant_id, incarnation)",
        "JOIN heads h USING (tenant_id)",
        (RELAY,),
    ),
    Mutant(
        "the relay waits for a client that has stopped for ever",
        "infra/kafka_producer.py",
        "PATIENCE: Final = 4.0",
        "PATIENCE: Final = 60.0",
        ("tests/infra/test_relaying.py",),
    ),
    Mutant(
        "a client of Kafka that cannot be made stays open",
        "infra/kafka.py",
        "            one.close()\n",
        "            pass\n",
        ("tests/infra/test_kafka.py",),
    ),
    Mutant(
        "marks are moved before it is known whose shards they are, and stay",
        "consumers/relay_marks.py",
        "            if fence.rowcount != len(shards):\n",
        "            if fence.rowcount < 0:\n",
        ("tests/proof/test_failing_relay.py",),
    ),
    Mutant(
        "what Kafka holds no more is missed by nobody",
        "infra/kafka_feed.py",
        "                if self._due and (missing :=",
        "                if not self._due and (missing :=",
        ("tests/infra/test_kafka_feed.py::test_what_kafka_holds_no_more_comes_from_the_log",),
    ),
    Mutant(
        "a read model behind Kafka begins at the end",
        "infra/kafka_start.py",
        "                if mark is not None and seq < mark:\n",
        "                if mark is not None and mark < 0:\n",
        ("tests/infra/test_kafka_feed.py::test_what_kafka_holds_no_more_comes_from_the_log",),
    ),
    Mutant(
        "a rejoin that takes longer than a poll is forgotten",
        "infra/kafka_member.py",
        "        if coordinator.rejoining:\n",
        "        if not coordinator.rejoining:\n",
        ("tests/infra/test_kafka_member.py",),
    ),
    Mutant(
        "verify does not look at the order in Kafka",
        "infra/verify_kafka.py",
        "    if seq > held.next:\n",
        "    if seq < 0:\n",
        ("tests/infra/test_verify_kafka.py::test_an_event_that_was_left_out_is_found",),
    ),
)
