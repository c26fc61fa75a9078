"""`POST /v1/imports/…`: a calendar or a table, row by row, with a report of what was refused."""

from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request

from commands.api_documents import import_responses
from commands.api_request import Invalid, UnsupportedMediaType
from commands.body import Id, Zone
from commands.calendar_file import NoCalendar
from commands.context import Context
from commands.importing import As, ImportReport, import_calendar, import_table
from commands.log import Log
from commands.own_calendar import OwnCalendar
from commands.table_file import Kind, NoTable
from domain.errors import NotAllowed
from domain.permission import Permission, Who

router: Final = APIRouter(prefix="/v1/imports", tags=["imports"])

_TABLES: Final[dict[Kind, Permission]] = {
    "artists": Permission.MANAGE_ARTISTS,
    "projects": Permission.MANAGE_PROJECTS,
    "bookings": Permission.MAKE_BOOKINGS,
}


class _Desk:
    """Who imports, and the file."""

    def __init__(self, request: Request) -> None:
        self.who: Who = request.scope["state"]["who"]
        self._request = request

    def check(self, *permissions: Permission) -> None:
        """Raises NotAllowed unless the caller has all of them."""
        for permission in permissions:
            if permission not in self.who.permissions:
                raise NotAllowed(f"This needs the permission {permission}.", permission=permission)

    @property
    def log(self) -> Log:
        log: Log = self._request.app.state.log
        return log if self.who.artist_id is None else OwnCalendar(log, self.who.artist_id)

    @property
    def context(self) -> Context:
        """Its key and fingerprint are each row's own."""
        return Context(
            tenant_id=self.who.tenant_id,
            actor=self.who.actor,
            permissions=self.who.permissions,
            key="import",
            fingerprint=b"",
            correlation_id=self._request.scope["state"]["correlation_id"],
        )

    async def file(self, media_type: str) -> bytes:
        said = self._request.headers.get("content-type", media_type).partition(";")[0].strip().lower()
        if said != media_type:
            raise UnsupportedMediaType(f"Send {media_type}.")
        return await self._request.body()


Desk = Annotated[_Desk, Depends(_Desk)]


def _declared(media_type: str, permission: Permission) -> dict[str, Any]:
    """What the document says of an import that it cannot read off the signature."""
    body = {"required": True, "content": {media_type: {"schema": {"type": "string"}}}}
    return {
        "response_model": ImportReport,
        "responses": import_responses(),
        "openapi_extra": {"requestBody": body, "x-permission": permission},
    }


@router.post("/calendar", operation_id="importCalendar", **_declared("text/calendar", Permission.REQUEST_TIME_OFF))
async def post_calendar(
    desk: Desk,
    artist_id: Annotated[Id, Query(description="Whose time it is; times without a zone are read in theirs.")],
    as_: Annotated[As, Query(alias="as")] = "time_off",
    project_id: Annotated[Id | None, Query(description="What they are booked for; `as=booking` needs it.")] = None,
    *,
    approve: Annotated[bool, Query(description="Approve the time off at once; takes `approve_time_off`, too.")] = False,
) -> ImportReport:
    """Take the events of a calendar (.ics) as an artist's time off, or as bookings; `as=booking` takes `make_bookings`.

    An event that recurs is one thing with several periods. Send the file again to go on with an import that broke off;
    what is there already is not made twice.
    """
    if as_ == "booking":
        desk.check(Permission.MAKE_BOOKINGS)
        if project_id is None:
            raise Invalid([{"pointer": "/query/project_id", "message": "bookings need a project"}])
    else:
        desk.check(Permission.REQUEST_TIME_OFF, *([Permission.APPROVE_TIME_OFF] if approve else []))
    try:
        return await import_calendar(
            desk.log,
            desk.context,
            await desk.file("text/calendar"),
            artist_id=artist_id,
            as_=as_,
            project_id=project_id,
            approve=approve,
        )
    except NoCalendar as error:
        raise Invalid([{"pointer": "", "message": str(error).removesuffix(".")}]) from None


def _table_route(kind: Kind) -> Callable[..., Any]:
    async def post_table(
        desk: Desk,
        time_zone: Annotated[Zone | None, Query(description="For rows that say none.")] = None,
    ) -> ImportReport:
        desk.check(_TABLES[kind])
        try:
            return await import_table(desk.log, desk.context, kind, await desk.file("text/csv"), zone=time_zone)
        except NoTable as error:
            raise Invalid([{"pointer": "", "message": str(error).removesuffix(".")}]) from None

    post_table.__name__ = f"import_{kind}"
    post_table.__doc__ = _ABOUT[kind]
    return post_table


_ABOUT: Final[dict[Kind, str]] = {
    "artists": (
        "Add the artists of a table (CSV): `name`, `time_zone`, `email`, `user`, `skills` with `;` between, `day_rate`,"
        " `currency`, `consent`.\n\nThe table of people that Kitsu exports is taken as it is; give `time_zone` for it."
    ),
    "projects": (
        "Open the projects of a table (CSV): `name`, `time_zone`, `first_day`, `last_day`, `budget`, `currency`."
    ),
    "bookings": (
        "Make the bookings of a table (CSV): `artist`, `project`, `first_day` and `last_day` or `starts_at` and"
        " `ends_at`, `rate`, `currency`, `note`.\n\n`artist` and `project` are ids, or the email or name under which"
        " they were imported before."
    ),
}

for _kind, _permission in _TABLES.items():
    router.post(f"/{_kind}", operation_id=f"import{_kind.capitalize()}", **_declared("text/csv", _permission))(
        _table_route(_kind)
    )
