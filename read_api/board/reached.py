"""How far what a page shows is, so that the page can be told what comes after it."""

from read_api.tenant import Connection, Tenant


async def reached(connection: Connection, tenant: Tenant) -> int:
    """The last seq that all read models of the page have applied."""
    row = await connection.row(
        """
        SELECT coalesce(min(seq), 0) AS seq
        FROM positions
        WHERE tenant_id = %(tenant_id)s AND projection = ANY (%(projections)s)
        """,
        {"tenant_id": tenant.who.tenant_id, "projections": sorted(tenant.projections)},
    )
    return 0 if row is None else int(row["seq"])
