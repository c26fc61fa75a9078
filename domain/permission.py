"""Who may do what: permissions, the roles that bundle them, and the one who asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal


class Permission(StrEnum):
    """One thing that somebody may do."""

    READ = "read"
    """Everything but the whole log: holds, calendars, history, and why a rank is as it is."""
    READ_OWN = "read_own"
    """One's own calendar, without the names of others."""
    PLACE_HOLDS = "place_holds"
    """Place holds, and release, change, extend and keep them."""
    ANSWER_HOLDS = "answer_holds"
    """Accept, decline and counter holds, as the artist or the artist's agent."""
    REQUEST_TIME_OFF = "request_time_off"
    APPROVE_TIME_OFF = "approve_time_off"
    MANAGE_ARTISTS = "manage_artists"
    MANAGE_JOBS = "manage_jobs"
    MANAGE_PROJECTS = "manage_projects"
    SHARE_CALENDARS = "share_calendars"
    """Open and revoke feeds."""
    MAKE_BOOKINGS = "make_bookings"
    """Confirm holds, book directly, reschedule and complete bookings."""
    CANCEL_BOOKINGS = "cancel_bookings"
    """Cancel, postpone and un-confirm bookings, cancel a project."""
    CHALLENGE = "challenge"
    """Challenge holds, and answer challenges."""
    ADOPT_POLICY = "adopt_policy"
    AUDIT = "audit"
    """The whole log, exports and verification."""
    DOUBLE_BOOK = "double_book"
    JUMP_QUEUE = "jump_queue"
    OVER_TIME_OFF = "over_time_off"
    OVER_FILL = "over_fill"


OVERRIDES: Final = frozenset(
    {Permission.DOUBLE_BOOK, Permission.JUMP_QUEUE, Permission.OVER_TIME_OFF, Permission.OVER_FILL}
)
"""What sets a rule aside; a command that does so says why, and which conflicts it accepts."""

Role = Literal["viewer", "coordinator", "producer", "admin", "auditor", "artist", "service"]

_VIEWER: Final = frozenset({Permission.READ})
_COORDINATOR: Final = _VIEWER | {
    Permission.PLACE_HOLDS,
    Permission.ANSWER_HOLDS,
    Permission.REQUEST_TIME_OFF,
    Permission.APPROVE_TIME_OFF,
    Permission.MANAGE_ARTISTS,
    Permission.MANAGE_JOBS,
    Permission.SHARE_CALENDARS,
}
_PRODUCER: Final = _COORDINATOR | {
    Permission.MANAGE_PROJECTS,
    Permission.MAKE_BOOKINGS,
    Permission.CANCEL_BOOKINGS,
    Permission.CHALLENGE,
}

ROLES: Final[Mapping[Role, frozenset[Permission]]] = {
    "viewer": _VIEWER,
    "coordinator": _COORDINATOR,
    "producer": _PRODUCER,
    "admin": _PRODUCER | OVERRIDES | {Permission.ADOPT_POLICY, Permission.AUDIT},
    "auditor": _VIEWER | {Permission.AUDIT},
    "artist": frozenset(
        {Permission.READ_OWN, Permission.ANSWER_HOLDS, Permission.REQUEST_TIME_OFF, Permission.SHARE_CALENDARS}
    ),
    "service": frozenset(),
}
"""What each role may do; a token can add single permissions to its role, and for `service` names them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Whoever sent a request, as a verified token says it and nothing else does."""

    tenant_id: str
    actor: str
    """The token's subject."""
    role: Role | None
    """None when the token names none that is known here; then only single permissions count."""
    permissions: frozenset[str]
    """A set of `Permission`."""
    artist_id: str | None = None
    """Set for the role `artist`, and only there: the one whose calendar this is. Everybody else is staff."""
