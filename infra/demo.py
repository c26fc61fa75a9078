"""What the tenant of `production-tool up` begins with: a small company at work, so that there is something to look at.

Everything goes through the command API under keys of its own, so that it is there once however often it is asked for.
The days are counted from the Monday of the week in which it began, which is the first day of the first project.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import httpx

from domain.ids import derived_id

_OF: Final = "5f0e7a52-6d1a-5c1e-8a2f-1d5b7c9e0a11"
"""The ids of the demo are derived from this one."""
_ARTISTS: Final = (
    ("Ana", "Europe/Berlin", ("compositing", "roto"), "520.00"),
    ("Ben", "Europe/London", ("compositing",), "480.00"),
    ("Chiara", "Europe/Rome", ("animation", "rigging"), "560.00"),
    ("Dev", "Asia/Kolkata", ("lighting",), "430.00"),
    ("Elif", "Europe/Istanbul", ("fx", "lighting"), "610.00"),
    ("Femi", "Europe/London", ("animation",), "540.00"),
    ("Greta", "Europe/Stockholm", ("matte painting",), "590.00"),
    ("Hugo", "America/Montreal", ("fx",), "620.00"),
    ("Imani", "America/Los_Angeles", ("compositing", "supervision"), "750.00"),
    ("Jonas", "Europe/Berlin", ("editing",), "450.00"),
    ("Kei", "Asia/Tokyo", ("animation", "layout"), "500.00"),
    ("Luz", "Europe/Madrid", ("sound",), "470.00"),
    ("Edit suite", "Europe/Berlin", ("room",), "200.00"),
)
_PROJECTS: Final = (
    ("Lighthouse", 0, 55, "90000.00"),
    ("Paper Boats", 0, 41, "64000.00"),
    ("Tin Robot", 7, 27, "38000.00"),
    ("North Wind", 14, 69, "120000.00"),
)
"""Name, first and last day, budget."""
_JOBS: Final = (
    ("Lighthouse", "Compositor", 4, 18, 3, "compositing"),
    ("Lighthouse", "FX artist", 8, 18, 2, "fx"),
    ("Paper Boats", "Animator", 2, 11, 2, "animation"),
    ("Paper Boats", "Editor", 2, 11, 1, "editing"),
    ("Tin Robot", "Lighter", 7, 11, 2, "lighting"),
    ("North Wind", "Matte painter", 14, 25, 1, "matte painting"),
    ("North Wind", "Animator", 21, 32, 3, "animation"),
)
"""Project, role, first and last day, how many, skill."""
_HOLDS: Final = (
    ("Ana", "Lighthouse", "Compositor", 2, 11, "heavy"),
    ("Ana", "Tin Robot", "", 7, 15, "normal"),
    ("Ana", "North Wind", "", 9, 18, "soft"),
    ("Ben", "Lighthouse", "Compositor", 4, 18, "normal"),
    ("Ben", "Paper Boats", "", 14, 22, "soft"),
    ("Chiara", "Paper Boats", "Animator", 1, 11, "heavy"),
    ("Chiara", "North Wind", "Animator", 21, 32, "normal"),
    ("Dev", "Tin Robot", "Lighter", 7, 15, "normal"),
    ("Dev", "Lighthouse", "", 9, 13, "normal"),
    ("Elif", "Lighthouse", "FX artist", 7, 18, "heavy"),
    ("Elif", "Tin Robot", "Lighter", 7, 11, "soft"),
    ("Elif", "North Wind", "", 14, 25, "soft"),
    ("Femi", "Paper Boats", "Animator", 2, 18, "normal"),
    ("Femi", "North Wind", "Animator", 16, 32, "normal"),
    ("Greta", "North Wind", "Matte painter", 14, 25, "normal"),
    ("Hugo", "Lighthouse", "FX artist", 8, 20, "normal"),
    ("Hugo", "North Wind", "", 15, 27, "soft"),
    ("Imani", "Lighthouse", "Compositor", 3, 25, "heavy"),
    ("Imani", "North Wind", "", 14, 25, "normal"),
    ("Jonas", "Paper Boats", "Editor", 2, 11, "normal"),
    ("Kei", "Paper Boats", "", 4, 11, "soft"),
    ("Kei", "North Wind", "Animator", 21, 39, "heavy"),
    ("Luz", "Tin Robot", "", 21, 25, "soft"),
    ("Edit suite", "Paper Boats", "", 2, 11, "normal"),
    ("Edit suite", "Lighthouse", "", 9, 13, "normal"),
)
"""Artist, project, role, first and last day, strength; in this order."""
_CONFIRMED: Final = (5, 12, 17, 19, 23)
"""Holds, by their place above."""
_CHALLENGES: Final = (1, 13)
_TIME_OFF: Final = (("Ben", 23, 30, True), ("Greta", 3, 7, True), ("Hugo", 24, 32, True), ("Kei", 14, 18, False))
"""Artist, first and last day, whether it is approved."""
_CONFLICT: Final = ("Jonas", 9, 11)


async def make_demo(http: httpx.AsyncClient, token: str) -> None:
    """See to it that the demo is there; `http` speaks to an API that answers.

    What a rule refuses by now, such as a hold whose days have gone by, stays away.
    """
    bearer = {"Authorization": f"Bearer {token}"}
    began = await _began(http, bearer)
    commands = [
        {"route": route, "body": body, "idempotency_key": f"demo {n}"}
        for n, (route, body) in enumerate(_commands(began))
    ]
    answer = await http.post("/v1/batch", json={"commands": commands}, headers=bearer, timeout=60)
    answer.raise_for_status()


async def _began(http: httpx.AsyncClient, bearer: Mapping[str, str]) -> date:
    """The Monday from which its days are counted: of the week in which it was made, once it has been."""
    first = await http.get(f"/v1/history/project/{_id(_PROJECTS[0][0])}", headers=bearer)
    if first.is_success:
        return date.fromisoformat(first.json()["items"][0]["data"]["first_day"])
    today = datetime.now(UTC).date()
    return today - timedelta(days=today.weekday())


def _commands(began: date) -> Iterator[tuple[str, dict[str, Any]]]:
    def days(first: int, last: int) -> list[dict[str, str]]:
        return [{"first_day": str(began + timedelta(days=first)), "last_day": str(began + timedelta(days=last))}]

    for name, zone, skills, rate in _ARTISTS:
        money = {"amount": rate, "currency": "EUR"}
        yield "/v1/artists", {"id": _id(name), "name": name, "time_zone": zone, "skills": skills, "day_rate": money}
    for name, first, last, budget in _PROJECTS:
        (when,) = days(first, last)
        money = {"amount": budget, "currency": "EUR"}
        yield "/v1/projects", {"id": _id(name), "name": name, "time_zone": "Europe/Berlin", "budget": money, **when}
    for project, role, first, last, quantity, skill in _JOBS:
        body = {"role": role, "periods": days(first, last), "quantity": quantity, "skills": [skill]}
        yield f"/v1/projects/{_id(project)}/jobs", {"id": _id(f"{project} {role}"), **body}
    for n, (artist, project, role, first, last, strength) in enumerate(_HOLDS):
        hold: dict[str, Any] = {"id": _id(f"hold {n}"), "artist_id": _id(artist), "project_id": _id(project)}
        if role:
            hold["job_id"] = _id(f"{project} {role}")
        yield "/v1/holds", {**hold, "periods": days(first, last), "strength": strength}
    for n in _CONFIRMED:
        rate = next(rate for name, _, _, rate in _ARTISTS if name == _HOLDS[n][0])
        yield f"/v1/holds/{_id(f'hold {n}')}/confirm", {"rate": {"amount": rate, "currency": "EUR"}}
    for n in _CHALLENGES:
        yield f"/v1/holds/{_id(f'hold {n}')}/challenge", {"id": _id(f"challenge {n}")}
    for artist, first, last, approved in _TIME_OFF:
        yield from _away(artist, days(first, last), approved=approved)
    artist, first, last = _CONFLICT
    yield from _away(artist, days(first, last), approved=True)


def _away(artist: str, periods: list[dict[str, str]], *, approved: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    id = _id(f"time off {artist} {periods}")
    yield f"/v1/artists/{_id(artist)}/time-off", {"id": id, "periods": periods}
    if approved:
        yield f"/v1/time-off/{id}/approve", {}


def _id(name: str) -> str:
    return derived_id(_OF, name)
