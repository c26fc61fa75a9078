"""Signing in and out: the browser keeps the token in a cookie that no script can read."""

import hmac
from base64 import urlsafe_b64decode
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit, urlunsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic_core import from_json

from domain.errors import DomainError, NotAllowed, NotFound
from domain.permission import Permission, Who
from read_api.board.page import PageRoute, page

router = APIRouter(prefix="/board", include_in_schema=False, route_class=PageRoute)

COOKIE: Final = "production_tool_token"
STATE: Final = "production_tool_sign_in"
_LONGEST: Final = 10_000
_PATIENCE: Final = 600
"""Seconds that somebody may take at an issuer's page."""


@router.get("/sign-in")
async def get_sign_in(request: Request) -> Response:
    """Where a token goes; one behind `#` in the address signs in by itself, and never reaches a log on its way."""
    return page(request, "sign_in.html", issuers=request.app.state.sign_in_at, refused=None)


@router.get("/sign-in/at")
async def leave_for_issuer(issuer: str, request: Request) -> Response:
    """To an issuer's page, with a secret of this browser's which has to come back with the token."""
    url = next((str(one.sign_in_url) for one in request.app.state.sign_in_at if one.issuer == issuer), None)
    if url is None:
        raise NotFound("Nobody of that name signs people in here.")
    state = token_urlsafe(32)
    answer = RedirectResponse(_with(url, state=state, nonce=_nonce(state)), status_code=303)
    answer.set_cookie(STATE, state, max_age=_PATIENCE, **_for_sign_in(request))
    return answer


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Keep a token that is believed; the cookie lasts as long as the browser, and is good as long as the token."""
    _must_come_from_here(request)
    form = parse_qs((await request.body())[:_LONGEST].decode("latin-1"))
    said = {name: values[0].strip() for name, values in form.items()}
    token = said.get("token", "")
    try:
        who: Who = await request.app.state.verify(token.encode())
        if said.get("came") == "by link":
            _must_be_asked_for(request, token, said.get("state", ""))
        if Permission.READ not in who.permissions:
            raise NotAllowed("The board is for those who may read everything; this token may not.")
    except DomainError as error:
        return page(request, "sign_in.html", status=403, issuers=request.app.state.sign_in_at, refused=error.detail)
    answer = RedirectResponse("/", status_code=303)
    answer.set_cookie(COOKIE, token, **_kept(request))
    answer.delete_cookie(STATE, **_for_sign_in(request))
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


def _for_sign_in(request: Request) -> dict[str, Any]:
    return {**_kept(request), "path": "/board/sign-in"}


def _with(url: str, **more: str) -> str:
    """`url` with these parameters, instead of any of their names that it has."""
    scheme, host, path, query, _ = urlsplit(url)
    said = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name not in more]
    return urlunsplit((scheme, host, path, urlencode([*said, *more.items()]), ""))


def _nonce(state: str) -> str:
    """What an issuer writes into a token: it tells nobody who sees the token what the state was."""
    return sha256(state.encode()).hexdigest()


def _must_be_asked_for(request: Request, token: str, state: str) -> None:
    """A verified token of an issuer that signs people in here comes back to the browser that has asked, with its state.

    What others make for links, such as `production-tool up`, was asked for on a terminal.

    Raises:
        NotAllowed: somebody else would have this browser signed in.
    """
    claims = from_json(urlsafe_b64decode(token.split(".")[1] + "=="))
    if all(one.issuer != claims["iss"] for one in request.app.state.sign_in_at):
        return
    kept = request.cookies.get(STATE, "")
    nonce = claims.get("nonce", _nonce(kept))
    if not kept or not hmac.compare_digest(kept.encode(), state.encode()) or nonce != _nonce(kept):
        raise NotAllowed("This browser has not asked for that token, or too long ago. Sign in from here.")


def _must_come_from_here(request: Request) -> None:
    """No other site signs anybody in or out: browsers say where a form was."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise NotAllowed("That form was on another site.")
