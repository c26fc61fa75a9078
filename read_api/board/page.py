"""How a page of the board is made: templates, the policy that the browser enforces, and pages for what went wrong."""

from collections.abc import Callable, Coroutine
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic_core import from_json

from domain.errors import DomainError
from domain.permission import OVERRIDES, Who
from read_api.board import assets
from read_api.board.compressed import compressed
from read_api.board.words import said
from read_api.freshness import ReadModelBehind

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing from elsewhere, nothing written into the page, no frame around it."""
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)


def page(request: Request, template: str, *, status: int = 200, **shown: Any) -> Response:  # noqa: ANN401 - of any template
    """A template with what it shows, for whoever asks."""
    who: Who | None = request.scope["state"].get("who")
    can = who.permissions if who else frozenset[str]()
    body = _TEMPLATES.get_template(template).render(who=who, can=can, may=sorted(can & OVERRIDES), **shown)
    return compressed(request, body.encode(), media_type="text/html", headers=_HEADERS, status=status)


class PageRoute(APIRoute):
    """A route for people: what is refused is a page that says so, with the status that a client would get."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """See FastAPI."""
        answer = super().get_route_handler()

        async def answer_with_pages(request: Request) -> Response:
            try:
                return await answer(request)
            except (DomainError, RequestValidationError, ReadModelBehind) as error:
                refusal = request.app.state.refuse(error)
                said = from_json(refusal.body)
                shown = page(request, "error.html", status=refusal.status, title=said["title"], detail=said["detail"])
                shown.headers.update({name: value for name, value in refusal.headers.items() if name != "Content-Type"})
                return shown

        return answer_with_pages


def _day(value: date) -> str:
    """`Mon 2 March`."""
    return f"{value:%a} {value.day} {value:%B}"


def _days(first: date, last: date) -> str:
    """From the first to the last, such as Monday 2 to Friday 6 March, without saying anything twice."""
    if first == last:
        return _day(first)
    same = (first.year, first.month) == (last.year, last.month)
    begins = f"{first:%a} {first.day}" if same else _day(first)
    return f"{begins} \N{EN DASH} {_day(last)}"


def _moment(value: datetime, zone: str) -> str:
    """`Mon 2 March, 18:00 Europe/Berlin`."""
    local = value.astimezone(ZoneInfo(zone))
    return f"{_day(local.date())}, {local:%H:%M} {zone}"


def _iso(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _initials(name: str) -> str:
    return "".join(part[0] for part in name.split()[:2]).upper()


_TEMPLATES.globals["asset"] = assets.url
_TEMPLATES.filters.update(said=said, day=_day, days=_days, moment=_moment, iso=_iso, initials=_initials)
