"""What schemathesis cannot read off a schema: rules between members, and texts that only this API can have written."""

import itertools
from base64 import b64decode
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter
from typing import Any
from zoneinfo import available_timezones

import schemathesis
from hypothesis import strategies
from pydantic import TypeAdapter
from schemathesis import Case, HookContext

from commands.working_days import known_countries

_ZONES = strategies.sampled_from(sorted(available_timezones() - {"localtime"}))
_DAYS = strategies.dates(date(1971, 1, 1), date(2198, 12, 31))
_INSTANTS = strategies.datetimes(datetime(1971, 1, 2), datetime(2198, 12, 30), timezones=strategies.just(UTC))  # noqa: DTZ001
_MOMENT: TypeAdapter[date | datetime] = TypeAdapter(date | datetime)
_LONGEST = timedelta(days=3 * 365)

schemathesis.openapi.format("iana-time-zone", _ZONES)
schemathesis.openapi.format("date", _DAYS.map(date.isoformat))
schemathesis.openapi.format("date-time", _INSTANTS.map(datetime.isoformat))

_NOBODY = "00000000-0000-4000-8000-000000000000"

_fresh = itertools.count(1)
_used = set[str]()
_BEGINNINGS = {
    "/v1/imports/calendar": "BEGIN:VEVENT\n",
    "/v1/imports/artists": "name,email\n",
    "/v1/imports/projects": "name,time_zone\n",
    "/v1/imports/bookings": "artist,project\n",
}
"""Of a file that is one of that kind; what comes behind is anything."""
_MADE = {"/v1/artists": "artist_id", "/v1/projects": "project_id"}
_made: dict[tuple[str | None, str], str] = {}
"""By whoever made it, and what it is."""


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Make what is meant to be accepted acceptable; what is meant to be refused stays as it is."""
    if case.meta is None or case.meta.generation.mode.is_negative:
        return
    _name_once(case)
    if "/" not in _decoded(case.headers.get("Consistency-Token", "")):
        case.headers.pop("Consistency-Token", None)
    case.query.pop("cursor", None)
    case.query.pop("as_of", None)
    if case.operation.path == "/v1/live":  # of which events there are, nobody knows beforehand
        case.query.pop("after", None)
        case.headers.pop("Last-Event-ID", None)
    if "from" not in case.query:
        case.query.pop("until", None)
    if case.query.get("as") == "booking" and "project_id" not in case.query:  # bookings need one
        case.query.pop("as")
    case.body = _with_integers(case.body)
    if isinstance(case.body, str) and (beginning := _BEGINNINGS.get(case.operation.path)):
        case.body = beginning + case.body
    for found in list(_objects(case.body)):
        _follow_the_rules(case, found)
    for within, first, last in _bounds(case):
        if not _in_order(within[first], within[last]):
            within[last] = _after(within[first])


@schemathesis.hook
def after_call(context: HookContext, case: Case[Any], response: schemathesis.Response) -> None:
    """Remember whom and what can be held."""
    if response.status_code == 201 and case.operation.path in _MADE:
        _made[case.auth_identity, _MADE[case.operation.path]] = response.json()["id"]


def _follow_the_rules(case: Case[Any], said: dict[str, Any]) -> None:
    for name in _MADE.values():
        if isinstance(said.get(name), str) and (case.auth_identity, name) in _made:
            said[name] = _made[case.auth_identity, name]
    if "artist_id" in said:  # a job of that project, and a group of that job, would have to be there
        said.pop("job_id", None)
        said.pop("group", None)
    if "shows" in said or case.operation.path == "/v1/feeds":
        said["artist_id"], said["project_id"] = _made.get((case.auth_identity, "artist_id"), _NOBODY), None
    if case.operation.path.endswith("/queue/reorder") and "hold_ids" in said:
        said["overrides"] = [{"permission": "jump_queue", "reason": "agreed", "accepts": []}]
    if said.get("subdivision") not in known_countries().get(said.get("country", ""), ()):
        said.pop("country", None)
        said.pop("subdivision", None)
    if said.get("unit") == "hours" or "unit" not in said:
        said.pop("cut_off", None)
    if isinstance(said.get("bands"), list):
        said["bands"] = sorted({band["below"]: band for band in said["bands"]}.values(), key=itemgetter("below"))


def _name_once(case: Case[Any]) -> None:
    """No two commands under one key, no two things of one id, and no version of what is not there yet."""
    if (key := case.headers.get("Idempotency-Key")) is None:
        return
    case.headers.pop("If-Match", None)
    if key in _used:
        case.headers["Idempotency-Key"] = f"key {next(_fresh)}"
    _used.add(key)
    if isinstance(case.body, dict) and isinstance(id := case.body.get("id"), str):
        if id in _used:
            del case.body["id"]
        _used.add(id)


def _with_integers(body: Any) -> Any:  # noqa: ANN401 - any JSON
    """To JSON Schema 2.0 is an integer; here whoever means one writes 2."""
    match body:
        case float() if body.is_integer():
            return int(body)
        case dict():
            return {name: _with_integers(member) for name, member in body.items()}
        case list():
            return [_with_integers(item) for item in body]
        case _:
            return body


def _decoded(token: str) -> str:
    """A real `Consistency-Token` says something; whatever else was made up says nothing."""
    with suppress(ValueError):
        return b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode()
    return ""


def _bounds(case: Case[Any]) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Wherever there are a beginning and an end: in what, and their names."""
    if isinstance(case.query.get("from"), str) and isinstance(case.query.get("until"), str):
        yield case.query, "from", "until"
    for found in _objects(case.body):
        for first, last in (("first_day", "last_day"), ("starts_at", "ends_at")):
            if isinstance(found.get(first), str) and isinstance(found.get(last), str):
                yield found, first, last


def _objects(body: object) -> Iterator[dict[str, Any]]:
    match body:
        case dict():
            yield body
            for member in body.values():
                yield from _objects(member)
        case list():
            for item in body:
                yield from _objects(item)
        case _:
            pass


def _in_order(first: str, last: str) -> bool:
    begins, ends = _instant(first), _instant(last)
    return begins < ends <= begins + _LONGEST


def _after(first: str) -> str:
    later = _instant(first) + timedelta(days=1)
    return later.date().isoformat() if len(first) == len("2027-03-01") else later.isoformat()


def _instant(said: str) -> datetime:
    moment = _MOMENT.validate_python(said)
    return moment if isinstance(moment, datetime) else datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
