"""What projects hold at the database's now: for each of their jobs, and for none."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from domain.claims import HoldClaim
from domain.spans import Span
from domain.stored_claim import claim_from
from domain.worked import days, minutes, runs
from read_api.tenant import Connection, Tenant


class Held(NamedTuple):
    """A hold, as far as no clock has taken it."""

    claim: HoldClaim
    spans: Sequence[Span]

    @property
    def days(self) -> int:
        """On how many days it holds any time."""
        return days(runs(self.spans))

    @property
    def hours(self) -> float:
        """The work that it would be."""
        return minutes(runs(self.spans)) / 60


async def held_for(connection: Connection, tenant: Tenant, project_ids: Collection[str]) -> list[Held]:
    """Every hold of these projects that stands, in order of arrival."""
    rows = await connection.rows(
        """
        SELECT c.claim_id, c.kind, c.claim
        FROM holds h
        JOIN artist_calendar c ON c.tenant_id = h.tenant_id AND c.claim_id = h.hold_id
        WHERE h.tenant_id = %(tenant_id)s
            AND h.project_id = ANY (%(project_ids)s::uuid[])
            AND h.status = 'held'
            AND c.ends_by > %(now)s
        ORDER BY h.seq
        """,
        {"tenant_id": tenant.who.tenant_id, "project_ids": list(project_ids), "now": connection.now},
    )
    found = list[Held]()
    for row in rows:
        claim = claim_from(row["kind"], row["claim_id"], row["claim"])
        if isinstance(claim, HoldClaim) and (spans := claim.alive_spans(connection.now)):
            found.append(Held(claim, spans))
    return found


def by_job(held: Iterable[Held]) -> dict[str | None, list[Held]]:
    """The holds of each job, and under None those of none."""
    found: dict[str | None, list[Held]] = {}
    for hold in held:
        found.setdefault(hold.claim.job_id, []).append(hold)
    return found
