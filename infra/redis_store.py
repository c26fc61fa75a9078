"""Read models in Redis: for each tenant of a batch one script of its rows, what follows from them, and the positions.

With each position stands the life of the log that it was read from. A Redis that was emptied, or is an old copy, is
behind and catches up; one that knows another life of a tenant's log, or more of it than there is, begins that tenant
anew.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import structlog
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from pydantic_core import from_json, to_json
from redis.exceptions import NoScriptError

from consumers import folding
from consumers.folding import Folded
from consumers.notices import CHANNEL, notices
from consumers.parking import Parked
from consumers.positions import Fenced, Step
from consumers.store import Share, Work, steps_of
from infra.redis import Client
from infra.redis_keys import PARKED, POSITION, field_of, key_of
from infra.redis_script import APPLY, NOWHERE, Move, Place, keys_and_arguments
from projections.keyed import KeyedProjection, Op
from projections.table import Key, Row, Table

_log = structlog.get_logger()

Found = Mapping[Table, Mapping[Key, Row]]


class RedisStore:
    """A `consumers.store.Store`. What is one tenant's is done as a whole or not at all.

    `failpoint` is called between any two side effects with a name of its own.
    """

    def __init__(
        self,
        *,
        client: Client,
        pool: AsyncConnectionPool[AsyncConnection[Any]],
        projections: Sequence[KeyedProjection],
        failpoint: Callable[[str], None],
    ) -> None:
        """`pool` gives connections in the role `production_tool_projector`: to see heads, and to tell who waits."""
        self.projections = projections
        self._client = client
        self._pool = pool
        self._failpoint = failpoint
        self._heads: dict[str, Place] = {}
        """Where each tenant's log was when it was looked at."""
        self._useless: dict[tuple[str, str], Place] = {}
        """By tenant and projection, positions that count for nothing; what they speak of is to be thrown away."""
        self._script = ""

    async def positions(self) -> dict[str, dict[str, int]]:
        """See `consumers.store.Store`. What is of another life of the log, or ahead of it, counts for nothing."""
        self._script = await self._client.script_load(APPLY)
        found: dict[str, dict[str, int]] = {projection.name: {} for projection in self.projections}
        for (tenant, projection), place in (await self._look()).items():
            found[projection][tenant] = place.seq
        return found

    async def apply(self, work: Work, *, refused: str = "") -> Sequence[Parked]:
        """See `consumers.store.Store`; Redis takes every row, so that nothing is ever refused."""
        steps = steps_of(work)
        if unknown := {step.tenant_id for step in steps} - self._heads.keys():
            await self._look(unknown)
        touched = folding.touched(work)
        poison = {**touched.poison, **(folding.refused(work, refused) if refused else {})}
        going_on = [step for step in steps if step.was]
        standing = await self._all_parked([(step.tenant_id, step.projection) for step in going_on])
        folded = folding.fold(work, await self._load(work, touched.rows), poison, standing)
        moves = self._moves(work, folded)
        self._failpoint("redis.before_script")
        written = await self._send(moves)
        self._failpoint("redis.after_script")
        done = [step for step in steps if step.tenant_id in written]
        for step in done:
            self._useless.pop((step.tenant_id, step.projection), None)
        await self._tell(done)
        if len(written) != len(moves):
            raise Fenced(f"{len(moves) - len(written)} of {len(moves)} tenants have moved in Redis")
        return folded.parked

    async def parked(self, projection: str) -> list[Parked]:
        """See `consumers.store.Store`."""
        places = await self._look()
        return await self._all_parked(sorted(both for both in places if both[1] == projection))

    async def retry(self, share: Share) -> Sequence[Parked]:
        """See `consumers.store.Store`."""
        self._script = await self._client.script_load(APPLY)
        tenant_id, projection = share.events[0].tenant_id, share.projection.name
        both = tenant_id, projection
        place = (await self._look([tenant_id])).get(both, NOWHERE)
        seqs = [one.seq for one in await self._all_parked([both])]
        if seqs != [recorded.seq for recorded in share.events]:
            raise Fenced(f"other events of {tenant_id} are parked in {projection} by now")
        touched = folding.touched([share])
        folded = folding.fold([share], await self._load([share], touched.rows), touched.poison)
        ops = [("UNPARK", PARKED, *seqs), *_ops(share, folded).get(tenant_id, ())]
        move = Move(projection, place, place, self._heads[tenant_id].seq, ops)
        if not await self._send({tenant_id: [move]}):
            raise Fenced(f"{projection} of {tenant_id} has moved")
        return folded.parked

    async def _all_parked(self, asked: Sequence[tuple[str, str]]) -> list[Parked]:
        """What is parked in these tenants by these projections, in order of seq in each."""
        if not asked:
            return []
        async with self._client.pipeline(transaction=False) as pipe:
            for tenant, projection in asked:
                pipe.hvals(key_of(tenant, projection, PARKED))
            answers = await pipe.execute()
        return [one for texts in answers for one in sorted(map(_parked, texts), key=lambda one: one.seq)]

    async def _look(self, tenants: Collection[str] | None = None) -> dict[tuple[str, str], Place]:
        """See where these tenants, or all, are in the log and in Redis; answers the positions that count."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                """
                SELECT tenant_id::text, seq, incarnation::text
                FROM heads
                WHERE %(all)s OR tenant_id = ANY (%(tenants)s::uuid[])
                """,
                {"all": tenants is None, "tenants": list(tenants or ())},
            )
            heads = {tenant: Place(seq, incarnation) for tenant, seq, incarnation in await cursor.fetchall()}
        self._heads |= heads
        asked = [(tenant, projection.name) for tenant in heads for projection in self.projections]
        stored = await self._stored(asked)
        counts = {
            both: place
            for both, place in stored.items()
            if place.incarnation == heads[both[0]].incarnation and place.seq <= heads[both[0]].seq
        }
        for both in asked:
            self._useless.pop(both, None)
        self._useless |= {both: place for both, place in stored.items() if both not in counts}
        return counts

    async def _stored(self, asked: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Place]:
        """The positions that there are, of these tenants and projections."""
        if not asked:
            return {}
        async with self._client.pipeline(transaction=False) as pipe:
            for tenant, projection in asked:
                pipe.hmget(key_of(tenant, projection, POSITION), "seq", "incarnation")
            answers = await pipe.execute()
        return {
            both: Place(int(seq), incarnation.decode())
            for both, (seq, incarnation) in zip(asked, answers, strict=True)
            if seq is not None
        }

    async def _load(self, work: Work, touched: Mapping[Table, Collection[Key]]) -> Found:
        """The rows that the batch touches, of the tenants that go on; whoever begins anew has none."""
        wanted = []
        for share in work:
            anew = {step.tenant_id for step in share.steps if step.was == 0}
            for table in share.projection.tables:
                for tenant, keys in _by_tenant(touched.get(table, ())).items():
                    if tenant not in anew:
                        wanted.append((key_of(tenant, share.projection.name, table.name), table, keys))
        found: dict[Table, dict[Key, Row]] = {}
        if wanted:
            async with self._client.pipeline(transaction=False) as pipe:
                for name, _, keys in wanted:
                    pipe.hmget(name, [field_of(key) for key in keys])
                answers = await pipe.execute()
            for (_, table, keys), texts in zip(wanted, answers, strict=True):
                rows = found.setdefault(table, {})
                rows |= {key: from_json(text) for key, text in zip(keys, texts, strict=True) if text is not None}
        return found

    def _moves(self, work: Work, folded: Folded) -> dict[str, list[Move]]:
        """What is to be written, by tenant."""
        moves: dict[str, list[Move]] = {}
        for share in work:
            ops = _ops(share, folded)
            for step in share.steps:
                tenant, head = step.tenant_id, self._heads[step.tenant_id]
                was = Place(step.was, head.incarnation)
                if step.was == 0:
                    was = self._useless.get((tenant, step.projection), NOWHERE)
                if step.was == 0 and was != NOWHERE:
                    _log.warning("read_model_begins_anew", tenant_id=tenant, projection=step.projection, was=was.seq)
                to = Place(step.seq, head.incarnation)
                moves.setdefault(tenant, []).append(Move(step.projection, was, to, head.seq, ops.get(tenant, ())))
        return moves

    async def _send(self, moves: Mapping[str, Sequence[Move]]) -> set[str]:
        """Run the script for each tenant; returns those of which it has written."""
        async with self._client.pipeline(transaction=False) as pipe:
            for tenant, some in moves.items():
                keys, arguments = keys_and_arguments(tenant, some)
                pipe.evalsha(self._script, len(keys), *keys, *arguments)
            answers = await pipe.execute(raise_on_error=False)
        for answer in answers:
            if isinstance(answer, NoScriptError):
                # A Redis that has begun anew meanwhile knows no script, and perhaps nothing else.
                raise Fenced("Redis was started again")
            if isinstance(answer, Exception):
                raise answer
        return {tenant for tenant, answer in zip(moves, answers, strict=True) if answer == 1}

    async def _tell(self, steps: Sequence[Step]) -> None:
        """Wake the reads that wait, by the one way that there is."""
        if not steps:
            return
        async with self._pool.connection() as connection:
            await connection.execute(
                "SELECT pg_notify(%s, notice) FROM unnest(%s::text[]) AS notice", [CHANNEL, notices(steps)]
            )


def _by_tenant(keys: Iterable[Key]) -> Mapping[str, Sequence[Key]]:
    found: dict[str, list[Key]] = {}
    for key in keys:
        found.setdefault(key[0], []).append(key)
    return found


def _ops(share: Share, folded: Folded) -> dict[str, list[Op]]:
    """The commands for what a projection's rows have become, what follows from them, and what waits, by tenant."""
    projection = share.projection
    assert isinstance(projection, KeyedProjection)  # noqa: S101 - the store was given no other
    ops: dict[str, list[Op]] = {}
    for table in projection.tables:
        for key, before, after in folded.rows.changes(table):
            if before is None and after is None:
                continue
            some = ops.setdefault(key[0], [])
            some.append(_row(table, key, after))
            some += projection.derived(table, before, after)
    parked = [one for one in folded.parked if one.projection == projection.name]
    for one in parked:
        ops.setdefault(one.tenant_id, []).append(("HSET", PARKED, one.seq, to_json(one).decode()))
    waiting = {(one.tenant_id, one.seq) for one in parked}
    for recorded in share.events:
        if (told := projection.told(recorded)) and (recorded.tenant_id, recorded.seq) not in waiting:
            ops.setdefault(recorded.tenant_id, []).extend(told)
    return ops


def _parked(text: bytes) -> Parked:
    tenant_id, projection, seq, stream, event_type, touched, reason = from_json(text)
    rows = tuple((table, tuple(key)) for table, key in touched)
    return Parked(tenant_id, projection, seq, stream, event_type, rows, reason)


def _row(table: Table, key: Key, row: Row | None) -> Op:
    if row is None:
        return ("HDEL", table.name, field_of(key))
    return ("HSET", table.name, field_of(key), to_json(row).decode())
