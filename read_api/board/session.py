"""Signing in and out: the browser keeps the token in a cookie that no script can read."""

from typing import Any, Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from domain.errors import DomainError, NotAllowed
from domain.permission import Permission, Who
from read_api.board.page import PageRoute, page

router = APIRouter(prefix="/board", include_in_schema=False, route_class=PageRoute)

COOKIE: Final = "production_tool_token"
_LONGEST: Final = 10_000


@router.get("/sign-in")
async def get_sign_in(request: Request) -> Response:
    """Where a token goes; one behind `#` in the address signs in by itself, and never reaches a log on its way."""
    return page(request, "sign_in.html", issuers=request.app.state.sign_in_at, refused=None)


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Keep a token that is believed; the cookie lasts as long as the browser, and is good as long as the token."""
    _must_come_from_here(request)
    token = parse_qs((await request.body())[:_LONGEST].decode("latin-1")).get("token", [""])[0].strip()
    try:
        who: Who = await request.app.state.verify(token.encode())
        if Permission.READ not in who.permissions:
            raise NotAllowed("The board is for those who may read everything; this token may not.")
    except DomainError as error:
        return page(request, "sign_in.html", status=403, issuers=request.app.state.sign_in_at, refused=error.detail)
    answer = RedirectResponse("/", status_code=303)
    answer.set_cookie(COOKIE, token, **_kept(request))
    return answer


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """Forget the token."""
    _must_come_from_here(request)
    answer = RedirectResponse("/board/sign-in", status_code=303)
    answer.delete_cookie(COOKIE, **_kept(request))
    return answer


def _kept(request: Request) -> dict[str, Any]:
    return {"httponly": True, "samesite": "strict", "secure": request.url.scheme == "https", "path": "/"}


def _must_come_from_here(request: Request) -> None:
    """No other site signs anybody in or out: browsers say where a form was."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise NotAllowed("That form was on another site.")
