"""The event log: commits, keys, chain, what is decided ahead."""

from tests.proof.mutants.mutant import Mutant

EVENT_LOG = "tests/infra/test_event_log.py"
ISOLATION = "tests/infra/test_isolation.py"
SCHEMA = "infra/migrations/0001_event_log.sql"

MUTANTS = (
    Mutant(
        "a command is acknowledged before its commit",
        "infra/decide_ahead.py",
        "        answer.add_done_callback(self._land)\n",
        "        answer.add_done_callback(self._land)\n        self.landed(flight)\n",
        (EVENT_LOG,),
    ),
    Mutant(
        "no idempotency row is looked up",
        "infra/lock_first.py",
        "known=known.get)",
        "known=lambda key: None)",
        (EVENT_LOG,),
    ),
    Mutant(
        "decided ahead without looking at the heads",
        "infra/append.py",
        "SELECT 1 / (count(*) = cardinality($1::uuid[]))::integer",
        "SELECT 1 / (count(*) >= 0)::integer",
        (EVENT_LOG,),
    ),
    Mutant(
        "decided ahead with an eye on the number of events alone",
        "infra/append.py",
        "            USING (tenant_id, seq, hash)\n",
        "            USING (tenant_id, seq)\n",
        (EVENT_LOG,),
    ),
    Mutant(
        "what another process wrote is not followed",
        "infra/lock_first.py",
        "            self._follow(tenants, tails)\n",
        "",
        (EVENT_LOG,),
    ),
    Mutant(
        "a failed batch is not taken back",
        "infra/decide_ahead.py",
        "            self.cache.undo(flight.batch.changes)\n",
        "            pass\n",
        (EVENT_LOG,),
    ),
    Mutant(
        "an assumed empty stream is believed without proof",
        "infra/batch.py",
        "            raise Unproven from None\n",
        "            raise\n",
        (EVENT_LOG,),
    ),
    Mutant(
        "the process's clock decides",
        "infra/lock_first.py",
        "self.clock.read(append.instant(clock.get_value(0, 0)))",
        "self.clock.read(append.instant(clock.get_value(0, 0)) + 3_600_000_000)",
        (EVENT_LOG,),
    ),
    Mutant(
        "the log can be rewritten",
        SCHEMA,
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events",
        "CREATE TRIGGER append_only BEFORE TRUNCATE ON events",
        (ISOLATION,),
    ),
    Mutant(
        "the chain leaves the hash before it out",
        "infra/chain.py",
        "sha256(previous + record.encode() + data)",
        "sha256(record.encode() + data)",
        ("tests/infra/test_chain.py",),
    ),
    Mutant(
        "a batch does not wait for what it builds on",
        "commands/in_turn.py",
        "        await self._earlier_ended(waits)\n",
        "",
        ("tests/commands/test_in_turn.py",),
    ),
)
