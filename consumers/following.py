"""What follows from a decision on other artists' calendars is carried out, one calendar after another.

The decisions come from the read model `following`, in each tenant in their order. A decision's steps are commands of
their own, repeated under the same keys until all of them are done; only then does the process move past it. Killed
anywhere it takes up the decision where it was, and what has been done is not done again. Two of them harm nobody.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final, NamedTuple

import structlog
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from commands.context import Context
from commands.following import Following, follow, of_group
from commands.log import CommandInFlight, Log, LogUnavailable
from consumers import positions
from consumers.positions import Fenced, Step
from domain.errors import DomainError, VersionConflict
from domain.groups import GroupDecided
from domain.project import ProjectCancelled
from projections.following import PROJECTION
from read_api.freshness import Notice

ACTOR: Final = "following"
DONE: Final = "following.done"
"""The name of its positions: up to which seq everything that follows has been done."""

_AT_ONCE: Final = 64
"""Steps under way at once; they share their commits."""
_PAGE: Final = 100
"""Decisions of a tenant that are looked at together."""
_BREATH: Final = 0.05
"""Seconds between two looks, and before what somebody else got in the way of is tried again."""

_log = structlog.get_logger()


class Decision(NamedTuple):
    """A decision from which something follows; `was` is the seq up to which everything has been done before it."""

    tenant_id: str
    was: int
    seq: int
    event_id: str
    type: str
    subject_id: str
    correlation_id: str
    decided: dict[str, Any]


class Follower:
    """Carries out what follows from decisions.

    `failpoint` is called between any two side effects with a name of its own.
    """

    def __init__(
        self,
        *,
        log: Log,
        pool: AsyncConnectionPool[AsyncConnection[Any]],
        notices: AsyncIterator[str],
        failpoint: Callable[[str], None],
    ) -> None:
        """`pool` gives connections in the role `production_tool_projector`; `notices` are those of the projectors."""
        self._log = log
        self._pool = pool
        self._notices = notices
        self._failpoint = failpoint

    async def run(self) -> None:
        """Carry out until cancelled, whenever the read model has moved."""
        async for notice in self._notices:
            reached = Notice.model_validate_json(notice) if notice else None
            if reached is None:
                await self.carry_out(await self._tenants())
            elif reached.projection == PROJECTION.name:
                await self.carry_out(list(reached.reached))

    async def carry_out(self, tenants: Sequence[str]) -> None:
        """Do everything that follows from what these tenants have decided so far."""
        while decisions := await self._undone(tenants):
            self._failpoint("following.after_select")
            by_tenant = dict[str, list[Decision]]()
            for decision in decisions:
                by_tenant.setdefault(decision.tenant_id, []).append(decision)
            done = await asyncio.gather(*map(self._in_order, by_tenant.values()))
            tenants = [tenant_id for tenant_id, all_ in zip(by_tenant, done, strict=True) if all_]

    async def _in_order(self, decisions: Sequence[Decision]) -> bool:
        """Whether all of a tenant's decisions could be followed; what comes after one that cannot has to wait."""
        for decision in decisions:
            try:
                await self._do(decision)
            except DomainError as refused:
                # Whatever has ended needs no ending, and nothing else is refused: this is a defect of the rules. The
                # decision stays undone, to be tried again when the tenant has moved or by the next process.
                _log.exception("decision_stuck", tenant_id=decision.tenant_id, seq=decision.seq, code=refused.code)
                return False
            self._failpoint("following.before_mark")
            await self._mark(decision)
            self._failpoint("following.after_mark")
        return True

    async def _do(self, decision: Decision) -> None:
        following = await self._following(decision)
        steps = list(following.steps())
        stood = 0
        for start in range(0, len(steps), _AT_ONCE):
            some = steps[start : start + _AT_ONCE]
            stood += sum(await asyncio.gather(*[self._take(decision, step) for step in some]))
        _log.info("decision_followed", tenant_id=decision.tenant_id, seq=decision.seq, steps=len(steps), stood=stood)

    async def _take(self, decision: Decision, step: Following) -> int:
        while True:
            try:
                stood = await follow(self._log, _context(decision), step)
            except (VersionConflict, LogUnavailable, CommandInFlight):
                await asyncio.sleep(_BREATH)
            else:
                self._failpoint("following.after_step")
                return stood

    async def _following(self, decision: Decision) -> Following:
        if decision.type == GroupDecided.stored_as:
            return of_group(GroupDecided.model_validate(decision.decided))
        return await self._contents(decision)

    async def _contents(self, decision: Decision) -> Following:
        """All that is in a cancelled project. Nothing is placed into it any more."""
        ids: dict[str, list[str]] = {"hold": [], "booking": [], "job": []}
        async with self._pool.connection() as connection, connection.transaction():
            await _name(connection, [decision.tenant_id])
            cursor = await connection.execute(
                """
                SELECT kind, id::text
                FROM project_contents
                WHERE tenant_id = %s AND project_id = %s
                ORDER BY id
                """,
                [decision.tenant_id, decision.subject_id],
            )
            for kind, id in await cursor.fetchall():
                ids[kind].append(id)
        reason = ProjectCancelled.model_validate(decision.decided).reason
        return Following("project_cancelled", tuple(ids["hold"]), tuple(ids["booking"]), reason, tuple(ids["job"]))

    async def _tenants(self) -> list[str]:
        """Every tenant of which the read model knows anything."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT tenant_id::text FROM positions WHERE projection = %s", [PROJECTION.name]
            )
            return [tenant_id for (tenant_id,) in await cursor.fetchall()]

    async def _undone(self, tenants: Sequence[str]) -> list[Decision]:
        """What these tenants have decided and nobody has followed, in each tenant in order."""
        async with self._pool.connection() as connection, connection.transaction():
            await _name(connection, tenants)
            cursor = await connection.execute(
                """
                SELECT asked.tenant_id::text, coalesce(done.seq, 0), d.seq, d.event_id::text, d.type,
                       d.subject_id::text, d.correlation_id, d.decided
                FROM unnest(%s::uuid[]) AS asked (tenant_id)
                LEFT JOIN positions done ON done.tenant_id = asked.tenant_id AND done.projection = %s
                CROSS JOIN LATERAL (
                    SELECT seq, event_id, type, subject_id, correlation_id, decided
                    FROM decisions
                    WHERE tenant_id = asked.tenant_id AND seq > coalesce(done.seq, 0)
                    ORDER BY seq
                    LIMIT %s
                ) AS d
                ORDER BY asked.tenant_id, d.seq
                """,
                [list(tenants), DONE, _PAGE],
            )
            rows = [Decision(*row) for row in await cursor.fetchall()]
        return [
            one._replace(was=before.seq) if before and before.tenant_id == one.tenant_id else one
            for before, one in zip([None, *rows], rows, strict=False)
        ]

    async def _mark(self, decision: Decision) -> None:
        """Move past a decision, unless another process has."""
        step = Step(decision.tenant_id, DONE, decision.was, decision.seq)
        async with self._pool.connection() as connection, connection.transaction():
            await _name(connection, [decision.tenant_id])
            await positions.open_missing(connection.cursor(), [step])
            fence = connection.cursor()
            await positions.advance(fence, [step])
            try:
                positions.refuse_if_fenced(fence, [step])
            except Fenced as fenced:
                _log.info("already_followed", tenant_id=decision.tenant_id, seq=decision.seq, reason=str(fenced))


async def _name(connection: AsyncConnection[Any], tenants: Sequence[str]) -> None:
    await connection.execute("SELECT set_config('app.tenants', %s::uuid[]::text, true)", [list(tenants)])


def _context(decision: Decision) -> Context:
    return Context(
        tenant_id=decision.tenant_id,
        actor=ACTOR,
        permissions=frozenset(),
        key=f"{ACTOR}/{decision.event_id}",
        fingerprint=hashlib.sha256(decision.event_id.encode()).digest(),
        correlation_id=decision.correlation_id,
        causation_id=decision.event_id,
    )
