"""Read models in Redis: for each tenant of a batch one script of its rows, what follows from them, and the positions.

With each position stands the life of the log that it was read from. A Redis that was emptied, or is an old copy, is
behind and catches up; one that knows another life of a tenant's log, or more of it than there is, begins that tenant
anew.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final

import structlog
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from pydantic_core import from_json
from redis.exceptions import NoScriptError

from consumers import folding
from consumers.folding import Folded
from consumers.notices import tell
from consumers.parking import Parked
from consumers.positions import Fenced, Step
from consumers.store import Share, Work, steps_of
from infra.redis import Client
from infra.redis_kept import Kept, Model
from infra.redis_keys import PARKED, POSITION, field_of, key_of
from infra.redis_made import made
from infra.redis_script import APPLY, HELD, NOWHERE, Move, Place, keys_and_arguments
from projections.keyed import KeyedProjection, Op
from projections.table import Key, Row, Table

_AGAIN: Final = 0.02
"""Seconds until a read model that somebody keeps where it is is tried again."""

_log = structlog.get_logger()

Found = Mapping[Table, Mapping[Key, Row | None]]


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
        beside: str = "",
    ) -> None:
        """`pool` gives connections in the role `production_tool_projector`: to see heads, and to tell who waits.

        With `beside` it fills that edition beside the one that is read, and tells nobody.
        """
        self.projections = projections
        self._client = client
        self._pool = pool
        self._failpoint = failpoint
        self._beside = beside
        self._heads: dict[str, Place] = {}
        """Where each tenant's log was when it was looked at."""
        self._at: dict[Model, Place] = {}
        """Where each read model is in Redis, whether or not that counts."""
        self._useless: set[Model] = set()
        """Those that are where counts for nothing; what is stored is to be thrown away."""
        self._whole_at: dict[Model, int] = {}
        """Where the log was when this process first came to each read model: from there on it only follows."""
        self._kept = Kept()
        self._script = ""

    async def positions(self) -> dict[str, dict[str, int]]:
        """See `consumers.store.Store`. What is of another life of the log, or ahead of it, counts for nothing."""
        self._script = await self._client.script_load(APPLY)
        self._kept.forget()
        await self._look()
        return self._counting()

    async def apply(self, work: Work, *, refused: str = "") -> Sequence[Parked]:
        """See `consumers.store.Store`; Redis takes every row, so that nothing is ever refused."""
        steps = steps_of(work)
        if unknown := {step.tenant_id for step in steps} - self._heads.keys():
            await self._look(unknown)
        was = {(step.tenant_id, step.projection): self._place(step) for step in steps}
        touched = folding.touched(work)
        poison = {**touched.poison, **(folding.refused(work, refused) if refused else {})}
        going_on = {model: was[model] for step in steps if step.was and (model := (step.tenant_id, step.projection))}
        standing = await self._all_parked(going_on)
        found = await self._load(work, going_on, touched.rows)
        folded = folding.fold(work, _there(found), poison, [one for some in standing.values() for one in some])
        moves = self._moves(work, folded, was)
        self._failpoint("redis.before_script")
        written = await self._send(moves)
        self._failpoint("redis.after_script")
        done = [step for step in steps if step.tenant_id in written]
        self._learn(moves, written, found, folded, standing)
        await self._tell(done)
        if len(written) != len(moves):
            raise Fenced(f"{len(moves) - len(written)} of {len(moves)} tenants have moved in Redis")
        return folded.parked

    async def parked(self, projection: str) -> list[Parked]:
        """See `consumers.store.Store`."""
        await self._look()
        asked = {(tenant, projection): self._at[tenant, projection] for tenant in self._counting()[projection]}
        found = await self._all_parked(dict(sorted(asked.items())))
        return [one for some in found.values() for one in some]

    async def retry(self, share: Share) -> Sequence[Parked]:
        """See `consumers.store.Store`."""
        self._script = await self._client.script_load(APPLY)
        model = tenant_id, projection = share.events[0].tenant_id, share.projection.name
        self._kept.forget([model])
        await self._look([tenant_id])
        place = self._at.get(model, NOWHERE)
        seqs = [one.seq for one in (await self._all_parked({model: place}))[model]]
        if model in self._useless or seqs != [recorded.seq for recorded in share.events]:
            raise Fenced(f"other events of {tenant_id} are parked in {projection} by now")
        touched = folding.touched([share])
        found = await self._load([share], {model: place}, touched.rows)
        folded = folding.fold([share], _there(found), touched.poison)
        rows, ops = made(share, folded)
        to = place._replace(retried=place.retried + 1)
        taken: list[Op] = [("HDEL", PARKED, *seqs), *ops.get(tenant_id, ())]
        move = Move(projection, place, to, self._heads[tenant_id].seq, rows.get(tenant_id, {}), taken)
        if not await self._send({tenant_id: [move]}):
            raise Fenced(f"{projection} of {tenant_id} has moved")
        return folded.parked

    def _place(self, step: Step) -> Place:
        """What has to be stored where a step begins."""
        model = step.tenant_id, step.projection
        at = self._at.get(model, NOWHERE)
        # Where the caller believes it is; if that is another place by now, the script refuses it.
        believed = at if step.was == at.seq else at._replace(seq=step.was)
        return at if model in self._useless and step.was == 0 else believed

    def _counting(self) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {projection.name: {} for projection in self.projections}
        for (tenant, projection), place in self._at.items():
            if (tenant, projection) not in self._useless:
                found[projection][tenant] = place.seq
        return found

    def _edition(self, model: Model) -> str:
        """The one that is written."""
        return self._beside or self._at.get(model, NOWHERE).edition

    async def _all_parked(self, asked: Mapping[Model, Place]) -> dict[Model, Sequence[Parked]]:
        """What is parked in these tenants by these projections, which are there, in order of seq in each."""
        found = {model: self._kept.parked(model, place) for model, place in asked.items()}
        if missing := [model for model, parked in found.items() if parked is None]:
            async with self._client.pipeline(transaction=False) as pipe:
                for model in missing:
                    pipe.hvals(key_of(*model, PARKED, self._edition(model)))
                answers = await pipe.execute()
            for model, texts in zip(missing, answers, strict=True):
                found[model] = sorted(map(_parked, texts), key=lambda one: one.seq)
        return {model: parked or () for model, parked in found.items()}

    async def _look(self, tenants: Collection[str] | None = None) -> None:
        """See where these tenants, or all, are in the log and in Redis."""
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
        for model in asked:
            self._at.pop(model, None)
        self._at |= stored
        self._useless.difference_update(asked)
        self._useless |= {
            model
            for model, place in stored.items()
            if not (place.incarnation == heads[model[0]].incarnation and place.seq <= heads[model[0]].seq)
        }

    async def _stored(self, asked: Sequence[Model]) -> dict[Model, Place]:
        """The positions that there are, of these tenants and projections."""
        if not asked:
            return {}
        async with self._client.pipeline(transaction=False) as pipe:
            for model in asked:
                pipe.hmget(key_of(*model, POSITION, self._beside), "seq", "incarnation", "edition", "retried")
            answers = await pipe.execute()
        return {
            model: Place(int(seq), incarnation.decode(), (edition or b"").decode(), int(retried or 0))
            for model, (seq, incarnation, edition, retried) in zip(asked, answers, strict=True)
            if seq is not None
        }

    async def _load(self, work: Work, at: Mapping[Model, Place], touched: Mapping[Table, Collection[Key]]) -> Found:
        """The rows that the batch touches; `at` is where their read models are."""
        found: dict[Table, dict[Key, Row | None]] = {}
        wanted = []
        for share in work:
            for table in share.projection.tables:
                rows = found[table] = {}
                for tenant, keys in _by_tenant(touched.get(table, ())).items():
                    model = tenant, share.projection.name
                    known = self._kept.rows(model, at[model], table)
                    rows |= {key: known[key] for key in keys if key in known}
                    if missing := [key for key in keys if key not in known]:
                        wanted.append((key_of(*model, table.name, self._edition(model)), table, missing))
        if wanted:
            async with self._client.pipeline(transaction=False) as pipe:
                for name, _, keys in wanted:
                    pipe.hmget(name, [field_of(key) for key in keys])
                answers = await pipe.execute()
            for (_, table, keys), texts in zip(wanted, answers, strict=True):
                found[table] |= {
                    key: None if text is None else from_json(text) for key, text in zip(keys, texts, strict=True)
                }
        return found

    def _moves(self, work: Work, folded: Folded, was: Mapping[Model, Place]) -> dict[str, list[Move]]:
        """What is to be written, by tenant."""
        moves: dict[str, list[Move]] = {}
        for share in work:
            rows, ops = made(share, folded)
            for step in share.steps:
                model = tenant, projection = step.tenant_id, step.projection
                head, begins = self._heads[tenant], was[model]
                # Something is stored, and counts for nothing.
                anew = step.was == 0 and begins != NOWHERE
                if anew:
                    _log.warning("read_model_begins_anew", tenant_id=tenant, projection=projection, was=begins.seq)
                to = begins._replace(seq=step.seq, incarnation=head.incarnation)
                if step.was == 0:
                    self._whole_at[model] = head.seq
                move = Move(
                    projection,
                    begins,
                    to,
                    self._whole_at.setdefault(model, head.seq),
                    rows.get(tenant, {}),
                    ops.get(tenant, ()),
                    anew=anew,
                    beside=self._beside,
                )
                moves.setdefault(tenant, []).append(move)
        return moves

    async def _send(self, moves: Mapping[str, Sequence[Move]]) -> set[str]:
        """Run the script for each tenant; returns those of which it has written. Waits for whoever keeps them."""
        written, left = set[str](), dict(moves)
        while left:
            answers = await self._run(left)
            written |= {tenant for tenant, answer in answers.items() if answer == 1}
            left = {tenant: some for tenant, some in left.items() if answers[tenant] == HELD}
            if left:
                await asyncio.sleep(_AGAIN)
        return written

    async def _run(self, moves: Mapping[str, Sequence[Move]]) -> dict[str, int]:
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
        return dict(zip(moves, answers, strict=True))

    def _learn(
        self,
        moves: Mapping[str, Sequence[Move]],
        written: Collection[str],
        found: Found,
        folded: Folded,
        standing: Mapping[Model, Sequence[Parked]],
    ) -> None:
        """Remember where the read models are by now, and their rows."""
        tables = {projection.name: projection.tables for projection in self.projections}
        parked: dict[Model, list[Parked]] = {}
        for one in folded.parked:
            parked.setdefault((one.tenant_id, one.projection), []).append(one)
        rows = {table: _of_tenants(found, folded, table) for some in tables.values() for table in some}
        for tenant in written:
            for move in moves[tenant]:
                model = tenant, move.projection
                self._at[model] = move.to
                self._useless.discard(model)
                left_out = [*standing.get(model, ()), *parked.get(model, ())]
                known = {table: rows[table].get(tenant, {}) for table in tables[move.projection]}
                self._kept.learn(model, was=move.was, to=move.to, rows=known, parked=left_out)

    async def _tell(self, steps: Sequence[Step]) -> None:
        """Wake the reads that wait, by the one way that there is."""
        if not steps or self._beside:
            return
        async with self._pool.connection() as connection:
            await tell(connection, steps)


def _of_tenants(found: Found, folded: Folded, table: Table) -> dict[str, dict[Key, Row | None]]:
    """The rows of a table as they were read, and as they have become, by tenant."""
    rows: dict[str, dict[Key, Row | None]] = {}
    for key, row in found.get(table, {}).items():
        rows.setdefault(key[0], {})[key] = row
    for key, _, row in folded.rows.changes(table):
        rows.setdefault(key[0], {})[key] = row
    return rows


def _there(found: Found) -> dict[Table, dict[Key, Row]]:
    """Less the rows that are known not to be there."""
    return {table: {key: row for key, row in rows.items() if row is not None} for table, rows in found.items()}


def _by_tenant(keys: Iterable[Key]) -> Mapping[str, Sequence[Key]]:
    found: dict[str, list[Key]] = {}
    for key in keys:
        found.setdefault(key[0], []).append(key)
    return found


def _parked(text: bytes) -> Parked:
    tenant_id, projection, seq, stream, event_type, touched, reason = from_json(text)
    rows = tuple((table, tuple(key)) for table, key in touched)
    return Parked(tenant_id, projection, seq, stream, event_type, rows, reason)
