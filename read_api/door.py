"""How a route says what it reads and who may: `tenant: Annotated[Tenant, Reading("holds", may=Permission.READ)]`."""

from typing import Annotated, Any, Final

from fastapi import Depends, Header, Request

from domain.consistency import decode
from domain.errors import NotAllowed
from domain.permission import Permission, Who
from read_api.tenant import Reads, Tenant

STAFF: Final = (Permission.READ,)
ARTISTS_TOO: Final = (Permission.READ, Permission.READ_OWN)


def only_artist(who: Who) -> str | None:
    """The one artist whose time `who` may see, and nobody's name; None for staff, who see everybody.

    Raises:
        NotAllowed: neither.
    """
    if Permission.READ in who.permissions:
        return None
    if who.artist_id is None:
        raise NotAllowed("This needs the permission read.", permission=Permission.READ)
    return who.artist_id


def reading(*projections: str, may: tuple[Permission, ...]) -> Any:  # noqa: ANN401 - as FastAPI types its own
    """The tenant of a request, for a route that reads these read models and is open to any of these permissions."""

    async def door(
        request: Request,
        consistency_token: Annotated[
            str | None,
            Header(
                description="What a command answered: the read shows at least that, or answers 503 after 2 seconds."
            ),
        ] = None,
    ) -> Tenant:
        who: Who = request.scope["state"]["who"]
        if who.permissions.isdisjoint(may):
            raise NotAllowed(f"This needs the permission {may[0]}.", permission=may[0])
        reads: Reads = request.app.state.reads
        seen = None if consistency_token is None else decode(consistency_token, who.tenant_id)
        return Tenant(who=who, reads=reads, projections=frozenset(projections), seen=seen)

    return Depends(door)
