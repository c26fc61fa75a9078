"""Planted bugs: each must turn the check red that claims to catch it. `make mutants`.

A check that no mutant can fail proves nothing. Each mutant changes one place in a copy of the tree and runs there the
tests that ought to notice; a mutant that survives, or whose place is gone, fails the run.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTEST = ("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:cov")
COPIED = ("pyproject.toml", "domain", "commands", "projections", "read_api", "consumers", "infra", "tests")


@dataclass(frozen=True)
class Mutant:
    """A bug: `old` becomes `new` in `file`, and `caught_by` must fail."""

    name: str
    file: str
    old: str
    new: str
    caught_by: tuple[str, ...]


EVENT_LOG = "tests/infra/test_event_log.py"
ISOLATION = "tests/infra/test_isolation.py"
RACES = "tests/proof/test_races.py"
DEADLINES = "tests/proof/test_deadline_races.py"
RELAY = "tests/consumers/test_relay.py"
TOKENS = "tests/infra/test_tokens.py"
CALENDARS = "tests/domain/test_calendar_machine.py"
CHALLENGES = "tests/domain/test_challenge_machine.py"
GROUPS = "tests/domain/test_group_machine.py"
PARKING = "tests/consumers/test_parking.py"
PROJECTOR = "tests/consumers/test_projector.py"
SCHEMA = "infra/migrations/0001_event_log.sql"
REDIS = "tests/infra/test_redis_store.py"
DASHBOARD = "tests/read_api/test_dashboard.py"

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
        "a key is not its tenant's",
        "infra/command.py",
        "self.key = (context.tenant_id, context.key)",
        'self.key = ("", context.key)',
        (EVENT_LOG,),
    ),
    Mutant(
        "the log writer's policy on events is gone",
        SCHEMA,
        "CREATE POLICY log_writer ON events TO production_tool_log_writer\n"
        "    USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])));",
        "CREATE POLICY log_writer ON events TO production_tool_log_writer USING (true);",
        (ISOLATION,),
    ),
    Mutant(
        "the reader's policy on events is gone",
        SCHEMA,
        "CREATE POLICY reader ON events FOR SELECT TO production_tool_reader\n"
        "    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);",
        "CREATE POLICY reader ON events FOR SELECT TO production_tool_reader USING (true);",
        (ISOLATION,),
    ),
    Mutant(
        "row-level security is not forced",
        SCHEMA,
        "ALTER TABLE events      ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;",
        "ALTER TABLE events      ENABLE ROW LEVEL SECURITY;",
        (ISOLATION,),
    ),
    Mutant(
        "the tenant is missing from a unique index",
        SCHEMA,
        "UNIQUE (tenant_id, stream, version)",
        "UNIQUE (stream, version)",
        (ISOLATION, EVENT_LOG),
    ),
    Mutant(
        "the log can be rewritten",
        SCHEMA,
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events",
        "CREATE TRIGGER append_only BEFORE TRUNCATE ON events",
        (ISOLATION,),
    ),
    Mutant(
        "tenants stay named after the transaction",
        "infra/append.py",
        "SELECT set_config('app.tenants', $1::uuid[]::text, true)",
        "SELECT set_config('app.tenants', $1::uuid[]::text, false)",
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
        "the algorithm is taken from the token's header",
        "infra/tokens.py",
        "algorithms=[key.algorithm]",
        'algorithms=[jwt.get_unverified_header(token)["alg"]]',
        (TOKENS,),
    ),
    Mutant(
        "the audience is not checked",
        "infra/tokens.py",
        "            _check_audience(claims, trusted.issuer.audience)\n",
        "",
        (TOKENS,),
    ),
    Mutant(
        "a remembered token never expires",
        "infra/tokens.py",
        "if self._now() >= expires_at",
        "if False",
        (TOKENS,),
    ),
    Mutant(
        "two issuers may speak for one tenant",
        "infra/claims.py",
        "tenant_id(issuer.issuer, tenant)",
        'tenant_id("", tenant)',
        (TOKENS,),
    ),
    Mutant(
        "an artist may act on any calendar",
        "commands/api_route.py",
        "log if who.artist_id is None else OwnCalendar(log, who.artist_id)",
        "log",
        ("tests/commands/test_api.py",),
    ),
    Mutant(
        "a batch does not wait for what it builds on",
        "commands/in_turn.py",
        "        await self._earlier_ended(waits)\n",
        "",
        ("tests/commands/test_in_turn.py",),
    ),
    Mutant(
        "what is overdue is not recorded before a decision",
        "commands/at_calendar.py",
        "        before = begin(turn)\n",
        "        before = turn.calendar\n",
        (DEADLINES,),
    ),
    Mutant(
        "the application's clock decides about deadlines",
        "infra/batch.py",
        "            moment = self._moment if head.recorded_at <= self._now else _moment(head.recorded_at)\n",
        "            moment = datetime.now(UTC)\n",
        (DEADLINES,),
    ),
    Mutant(
        "a challenge may be answered when its time is up",
        "domain/overdue.py",
        "        if challenge.answer_by.at <= now\n",
        "        if challenge.answer_by.at <= now and False\n",
        (DEADLINES,),
    ),
    Mutant(
        "nobody looks whether the artist is booked",
        "domain/booking_time.py",
        'if refused := overrides.refused(clashing, "double_book"):',
        'if (refused := overrides.refused(clashing, "double_book")) and False:',
        (RACES,),
    ),
    Mutant(
        "nobody looks who comes first",
        "domain/booking_time.py",
        'if refused := overrides.refused(higher, "jump_queue"):',
        'if (refused := overrides.refused(higher, "jump_queue")) and False:',
        (RACES,),
    ),
    Mutant(
        "the clock goes by a clock of its own",
        "consumers/clock.py",
        'connection.execute("SELECT clock_timestamp()")',
        'connection.execute("SELECT pg_catalog.clock_timestamp()")',
        ("tests/consumers/test_clock.py",),
    ),
    Mutant(
        "the clock takes for recorded what could not be",
        "consumers/clock.py",
        "zip(overdue, recorded, strict=True) if done}",
        "zip(overdue, recorded, strict=True) if done or True}",
        ("tests/consumers/test_clock.py",),
    ),
    Mutant(
        "the clock looks at one page only",
        "consumers/clock.py",
        "            after = page[-1]\n",
        "            after = page[-1]._replace(due_at=now + timedelta(days=1))\n",
        ("tests/consumers/test_clock.py",),
    ),
    Mutant(
        "a decision counts as followed before it is",
        "consumers/following.py",
        "        following = await self._following(decision)\n",
        "        following = await self._following(decision)\n        await self._mark(decision)\n",
        ("tests/consumers/test_following.py",),
    ),
    Mutant(
        "what follows ends the holds and forgets the rest",
        "consumers/following.py",
        'tuple(ids["booking"]), reason, tuple(ids["job"]))',
        "(), reason, ())",
        ("tests/proof/test_killed_clock.py",),
    ),
    Mutant(
        "everybody on a stretch has the same place",
        "domain/queue.py",
        'place = (cast("Held", span).place, hold_id)',
        "place = (0, hold_id)",
        (CALENDARS,),
    ),
    Mutant(
        "what was confirmed is held still, and lapses",
        "domain/booking_time.py",
        "rest = () if spans is None else union(subtract(claim.spans, spans))",
        "rest = claim.spans",
        (CALENDARS,),
    ),
    Mutant(
        "who is 1st is promoted again whenever time is freed",
        "domain/consequences.py",
        "if promoted := subtract(waited, were.get(hold_id, ())):",
        "if promoted := waited:",
        (CALENDARS,),
    ),
    Mutant(
        "who waits behind a booking is promoted",
        "domain/queue.py",
        "if sweep.order and not (sweep.booked or sweep.off):",
        "if sweep.order:",
        (CALENDARS,),
    ),
    Mutant(
        "a queue is one deeper than the policy allows",
        "domain/placing.py",
        "if deepest >= turn.policy.max_depth:",
        "if deepest > turn.policy.max_depth:",
        (CALENDARS, "tests/commands/test_holds.py"),
    ),
    Mutant(
        "a hold lives at the instant of its deadline",
        "domain/claims.py",
        "return now >= self.deadline.at or",
        "return now > self.deadline.at or",
        (CALENDARS,),
    ),
    Mutant(
        "added time keeps the hold's place",
        "domain/placing.py",
        "*(held(span, place) for span in added)",
        "*(held(span, claim.spans[0].place) for span in added)",
        (CALENDARS,),
    ),
    Mutant(
        "the queue is jumped without an override",
        "domain/booking_time.py",
        'if refused := overrides.refused(higher, "jump_queue"):',
        'if (refused := overrides.refused(higher, "jump_queue")) and hold_id is None:',
        (CALENDARS,),
    ),
    Mutant(
        "an override accepts what it does not name",
        "domain/overrides.py",
        "return [id for id in found if id not in accepted]",
        "return [id for id in found if id not in accepted and not given]",
        ("tests/commands/test_bookings.py",),
    ),
    Mutant(
        "a hold is extended once more than the policy allows",
        "domain/ending.py",
        "if hold.extensions >= turn.policy.max_extensions:",
        "if hold.extensions > turn.policy.max_extensions:",
        (CALENDARS, "tests/commands/test_holds.py"),
    ),
    Mutant(
        "what a booking becomes again always has its old place",
        "domain/rebooking.py",
        "    return not any(\n        span.place >= claim.arrived_before",
        "    return not any(\n        span.place < 0",
        (CALENDARS, "tests/commands/test_booking_changes.py"),
    ),
    Mutant(
        "a job takes one more than it needs",
        "domain/job.py",
        "    full = most >= job.opened.quantity\n    if full and",
        "    full = most > job.opened.quantity\n    if full and",
        ("tests/commands/test_bookings.py",),
    ),
    Mutant(
        "one more alternative is confirmed than was wanted",
        "domain/groups.py",
        "len(set(others.values())) >= members.group.k",
        "len(set(others.values())) > members.group.k",
        (GROUPS, "tests/commands/test_groups.py"),
    ),
    Mutant(
        "a broken run is booked all the same",
        "domain/groups.py",
        "    if members.broken:\n",
        "    if members.broken and hold_id in members.joined:\n        return\n    if members.broken:\n",
        (GROUPS,),
    ),
    Mutant(
        "what is booked of a broken run stays",
        "domain/groups.py",
        "let_go=others, cancel=bookings)",
        "let_go=others)",
        (GROUPS,),
    ),
    Mutant(
        "a booking that ended keeps its place in the group",
        "domain/groups.py",
        "in m.confirmed.items() if booking != booking_id}",
        "in m.confirmed.items()}",
        (GROUPS,),
    ),
    Mutant(
        "a challenge is answered at its deadline",
        "domain/overdue.py",
        "if challenge.answer_by.at <= now",
        "if challenge.answer_by.at < now",
        (CHALLENGES, "tests/commands/test_challenges.py"),
    ),
    Mutant(
        "a stretch is contested twice",
        "domain/challenging.py",
        "for challenge in turn.calendar.challenges.on(wanted)]:",
        "for challenge in turn.calendar.challenges.on(wanted) if wanted == challenge.spans]:",
        (CHALLENGES,),
    ),
    Mutant(
        "an answer from rank 2 binds before rank 1 has let go",
        "domain/resolving.py",
        "    first = stretch.entries[0].hold_id\n",
        "    first = next((e.hold_id for e in stretch.entries if challenge.intent(e.hold_id, stretch.starts_at)), "
        "stretch.entries[0].hold_id)\n",
        (CHALLENGES, "tests/commands/test_challenges.py"),
    ),
    Mutant(
        "a winner need not book",
        "domain/claims.py",
        "self.commitment is None or now < self.commitment.at",
        "self.commitment is None or self.commitment.at",
        (CHALLENGES, "tests/commands/test_challenges.py"),
    ),
    Mutant(
        "a limit stays where the first day was",
        "domain/ending.py",
        "    follow_the_dates(turn, claim)\n",
        "",
        ("tests/commands/test_dated_limits.py",),
    ),
    Mutant(
        "who was promoted lapses for not booking what is booked",
        "domain/consequences.py",
        "            turn.record(ClocksStopped(",
        "            list(ClocksStopped(",
        (CALENDARS,),
    ),
    Mutant(
        "a challenge goes on where somebody has booked",
        "domain/consequences.py",
        "        resolve(turn, on=union(turn.touched))\n",
        "        resolve(turn, on=union(turn.freed))\n",
        (CHALLENGES, "tests/commands/test_challenges.py"),
    ),
    Mutant(
        "verify judges calendars whose zones are read anew claim by claim",
        "infra/verify_bookings.py",
        "        if step.goes_on:\n            return\n",
        "",
        ("tests/infra/test_verify_invariants.py", "tests/infra/test_verify_bookings.py"),
    ),
    Mutant(
        "a band reaches as far as the next one",
        "domain/bands.py",
        "if notice < band.below), None)",
        "if notice <= band.below), None)",
        ("tests/domain/test_bands.py",),
    ),
    Mutant(
        "a deadline is counted in days of 24 hours",
        "domain/instants.py",
        "return (instant.astimezone(zone_named(zone)) + timedelta(days=days)).astimezone(UTC)",
        "return instant + timedelta(days=days)",
        ("tests/domain/test_summer_time.py",),
    ),
    Mutant(
        "the script in Redis does not look where it is",
        "infra/redis_script.py",
        "if (stored[1] or '0') ~= move[1] or (stored[2] or '') ~= move[2] then return 0 end",
        "",
        (REDIS,),
    ),
    Mutant(
        "the position in Redis is written behind the script",
        "infra/redis_store.py",
        '        written = await self._send(moves)\n        self._failpoint("redis.after_script")\n',
        "        written = await self._send({t: [m._replace(to=m.was) for m in some] for t, some in moves.items()})\n"
        '        self._failpoint("redis.after_script")\n'
        "        for tenant, move in ((t, m) for t, some in moves.items() for m in some):\n"
        "            name = key_of(tenant, move.projection, POSITION)\n"
        "            await self._client.hset(name, mapping={**move.to._asdict(), 'whole_at': move.whole_at})\n",
        (REDIS,),
    ),
    Mutant(
        "a projector does not see that parked events were applied meanwhile",
        "infra/redis_script.py",
        "if (stored[3] or '') ~= move[3] or (stored[4] or '0') ~= move[4] then return 0 end",
        "if (stored[3] or '') ~= move[3] then return 0 end",
        (REDIS,),
    ),
    Mutant(
        "rows of a place where a read model is no more are believed",
        "infra/redis_kept.py",
        "return known.rows.get(table, {}) if known and known.place == at else {}",
        "return known.rows.get(table, {}) if known else {}",
        ("tests/infra/test_redis_kept.py",),
    ),
    Mutant(
        "a read model in Redis is written while it is being switched",
        "infra/redis_script.py",
        "if stored[5] and tonumber(stored[5]) > tonumber(redis.call('TIME')[1]) then return 2 end",
        "",
        (REDIS,),
    ),
    Mutant(
        "an edition in Redis is switched wherever it is",
        "infra/redis_copy.py",
        "if not here[1] or here[1] ~= there[1] or here[2] ~= there[2] then return 0 end",
        "",
        ("tests/flow/test_rebuild_keys.py",),
    ),
    Mutant(
        "an edition in Redis is read before it is whole",
        "infra/redis_copy.py",
        '            await self.client.hset(self._run, mapping={"code": self.code, "edition": self.edition})\n',
        '            await self.client.hset(self._run, mapping={"code": self.code, "edition": self.edition})\n'
        "            for tenant in await self._heads():\n"
        '                await self.client.hset(self._key(tenant, POSITION), "edition", self.edition)\n',
        ("tests/flow/test_rebuild_keys.py",),
    ),
    Mutant(
        "a Redis of another life of the log is believed",
        "infra/redis_store.py",
        "if not (place.incarnation == heads[model[0]].incarnation and place.seq",
        "if not (place.seq",
        (REDIS,),
    ),
    Mutant(
        "the tenant is missing from the keys in Redis",
        "infra/redis_keys.py",
        'f"pt:{{{tenant_id}}}:{projection}:{edition}" if edition else f"pt:{{{tenant_id}}}:{projection}"',
        'f"pt:{{all}}:{projection}:{edition}" if edition else f"pt:{{all}}:{projection}"',
        (DASHBOARD,),
    ),
    Mutant(
        "the tenant is missing from what is asked together",
        "read_api/tenant.py",
        "self.reads.together.ask((self.who.tenant_id, question, *of), look)",
        "self.reads.together.ask((question, *of), look)",
        (DASHBOARD,),
    ),
    Mutant(
        "the tenant is missing from a cursor",
        "read_api/listing.py",
        "listed = (route, tenant.who.tenant_id, *asked)",
        "listed = (route, *asked)",
        ("tests/read_api/test_listing.py",),
    ),
    Mutant(
        "a clock that has run out unrecorded still counts",
        "read_api/dashboard_in_redis.py",
        "        alive = worst_ranks(holds, now)\n",
        "        alive = worst_ranks(holds)\n",
        (DASHBOARD,),
    ),
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
        "verify does not look at the order in Kafka",
        "infra/verify_kafka.py",
        "    if seq > held.next:\n",
        "    if seq < 0:\n",
        ("tests/infra/test_verify_kafka.py::test_an_event_that_was_left_out_is_found",),
    ),
    Mutant(
        "a position is committed before its rows",
        "consumers/postgres_store.py",
        "                    found, standing = await _begin(connection, steps, touched.rows)\n",
        "                    found, standing = await _begin(connection, steps, touched.rows)\n"
        '                    await connection.execute("COMMIT")\n'
        '                    await connection.execute("BEGIN")\n'
        "                    await _name(connection, {step.tenant_id for step in steps})\n",
        (PROJECTOR,),
    ),
    Mutant(
        "rows are committed and their position is not",
        "consumers/postgres_store.py",
        "        await positions.advance(fence, steps)\n",
        '        await fence.execute("SELECT generate_series(1, %s)", [len(steps)])\n',
        (PROJECTOR,),
    ),
    Mutant(
        "a projector that another has overtaken writes",
        "consumers/positions.py",
        "    if cursor.rowcount != len(steps):\n",
        "    if cursor.rowcount > len(steps):\n",
        (PROJECTOR,),
    ),
    Mutant(
        "an event is applied that is not the next one",
        "consumers/positions.py",
        "        if seq != at + 1:\n",
        "        if seq == at:\n",
        ("tests/consumers/test_positions.py",),
    ),
    Mutant(
        "an event that cannot be applied is skipped",
        "consumers/folding.py",
        "        raise _CannotBeApplied(projection, recorded, said(error)) from error\n",
        "        del error\n",
        (PARKING,),
    ),
    Mutant(
        "what is of a parked event's stream goes on",
        "consumers/parking.py",
        "        ahead = self._streams.get((recorded.tenant_id, recorded.stream))\n",
        "        ahead = None\n",
        (PARKING,),
    ),
    Mutant(
        "what touches a parked event's rows goes on",
        "consumers/parking.py",
        "next((self._rows[row] for row in touched if row in self._rows), None)",
        "None",
        (PARKING,),
    ),
    Mutant(
        "a list is shown though something of it is parked",
        "read_api/tenant.py",
        "                opened.vouch_for(*parked)\n",
        "                pass\n",
        ("tests/flow/test_parked.py",),
    ),
    Mutant(
        "a projector that falls asleep keeps its locks",
        "consumers/postgres_store.py",
        '    await connection.execute("SELECT")\n',
        "    pass\n",
        ("tests/proof/test_failing_projector.py",),
    ),
    Mutant(
        "a rebuilt read model is switched to before it is whole",
        "consumers/rebuild.py",
        "            async for _ in _fill(copy, history, after, switch.live):\n                pass\n",
        "",
        ("tests/flow/test_rebuild.py",),
    ),
    Mutant(
        "the tenant is missing from a read model's key",
        "infra/migrations/0003_holds.sql",
        "PRIMARY KEY (tenant_id, hold_id)",
        "PRIMARY KEY (hold_id)",
        ("tests/projections/test_tables.py",),
    ),
)


def survives(mutant: Mutant, tree: Path) -> str | None:
    """Why the mutant was not caught, or None."""
    place = tree / mutant.file
    text = place.read_text()
    if text.count(mutant.old) != 1:
        return f"its place is in {mutant.file} {text.count(mutant.old)} times"
    place.write_text(text.replace(mutant.old, mutant.new))
    try:
        run = subprocess.run(
            [sys.executable, *PYTEST, *mutant.caught_by],
            cwd=tree,
            env={**os.environ, "PROOF_ANY_STORY": "yes", "PROOF_STORIES": os.environ.get("PROOF_STORIES", "300")},
            capture_output=True,
            text=True,
            timeout=1800,
            check=False,
        )
    finally:
        place.write_text(text)
    if run.returncode == 0:
        return f"{', '.join(mutant.caught_by)} stayed green"
    # 1 is failing tests; anything else is a run that did not get as far.
    return None if run.returncode in {1, 70} else f"the tests did not run:\n{run.stdout[-2000:]}{run.stderr[-2000:]}"


def say(line: str) -> None:
    """Print it now: a run takes minutes."""
    print(line, flush=True)  # noqa: T201


def main(wanted: Sequence[str]) -> int:
    """Try the mutants whose names contain one of `wanted`, or all."""
    chosen = [m for m in MUTANTS if not wanted or any(word in m.name for word in wanted)]
    alive = 0
    with tempfile.TemporaryDirectory(prefix="production-tool-mutants-") as directory:
        tree = Path(directory)
        tree.chmod(0o755)
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, tree / name)
        for mutant in chosen:
            reason = survives(mutant, tree)
            alive += reason is not None
            say(f"caught    {mutant.name}" if reason is None else f"SURVIVED  {mutant.name}: {reason}")
    say(f"{len(chosen) - alive} of {len(chosen)} mutants caught")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
