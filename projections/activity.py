"""Who did what: a line for each thing that somebody did, or that a clock did for nobody, in the tenant's order.

A command records several facts; the one that says what was done is listed, not those in which it shows elsewhere.
"""

from collections.abc import Iterable
from typing import Final

from domain.artist import ArtistAdded
from domain.booking import (
    BookingCancelled,
    BookingCompleted,
    BookingMade,
    BookingPostponed,
    BookingRescheduled,
    BookingUnconfirmed,
)
from domain.calendar import ConflictFound, ConflictResolved, HoldPromoted, Reordered, TimeLapsed
from domain.challenge import AnswerGiven, ChallengeEnded, ChallengeRaised, ChallengeWithdrawn
from domain.feed import FeedOpened, FeedRevoked
from domain.groups import GroupDecided
from domain.hold import (
    HoldAccepted,
    HoldChanged,
    HoldCountered,
    HoldDeclined,
    HoldExtended,
    HoldKept,
    HoldPlaced,
    HoldReleased,
)
from domain.job import JobClosed, JobOpened
from domain.project import ProjectCancelled, ProjectClosed, ProjectOpened
from domain.rederived import BookingRederived
from domain.tenant import PolicyAdopted
from domain.time_off import TimeOffApproved, TimeOffRejected, TimeOffRequested, TimeOffWithdrawn
from projections.projection import Projection
from projections.recorded import Recorded
from projections.rows import Rows
from projections.table import Key, Table

ACTIVITY: Final = Table(
    name="activity",
    key=("tenant_id", "seq"),
    columns={
        "tenant_id": "uuid",
        "seq": "bigint",
        "recorded_at": "timestamptz",
        "actor": "text",
        "what": "text",
        "category": "text",
        "subject_id": "uuid",
    },
)
"""`what` is the event's stored name; `category` and `subject_id` say what it was done to."""

_OWN: Final = frozenset(
    {
        ArtistAdded,
        BookingCancelled,
        BookingCompleted,
        BookingMade,
        BookingPostponed,
        BookingRescheduled,
        BookingUnconfirmed,
        AnswerGiven,
        ChallengeRaised,
        ChallengeWithdrawn,
        FeedOpened,
        FeedRevoked,
        GroupDecided,
        HoldAccepted,
        HoldChanged,
        HoldCountered,
        HoldDeclined,
        HoldExtended,
        HoldKept,
        HoldPlaced,
        HoldReleased,
        JobClosed,
        JobOpened,
        ProjectCancelled,
        ProjectClosed,
        ProjectOpened,
        PolicyAdopted,
        TimeOffApproved,
        TimeOffRejected,
        TimeOffRequested,
        TimeOffWithdrawn,
    }
)
"""What was done to that whose stream it is."""
_ON_CALENDAR: Final = frozenset(
    {TimeLapsed, HoldPromoted, ChallengeEnded, ConflictFound, ConflictResolved, Reordered, BookingRederived}
)
"""What happened on a calendar and nowhere else."""


def touches(recorded: Recorded) -> Iterable[tuple[Table, Key]]:  # noqa: ARG001 - as every projection is called
    """Nothing: a line is written once and never looked at again."""
    return ()


def project(recorded: Recorded, rows: Rows) -> None:
    """One line, or none."""
    kind = type(recorded.event)
    if kind in _OWN:
        category, _, subject_id = recorded.stream.partition("/")
    elif kind in _ON_CALENDAR:
        category, subject_id = _on_calendar(recorded)
    else:
        return
    rows.put(
        ACTIVITY,
        {
            "tenant_id": recorded.tenant_id,
            "seq": recorded.seq,
            "recorded_at": recorded.recorded_at,
            "actor": recorded.actor,
            "what": recorded.type,
            "category": category,
            "subject_id": subject_id,
        },
    )


def _on_calendar(recorded: Recorded) -> tuple[str, str]:
    match recorded.event:
        case TimeLapsed() | HoldPromoted() as event:
            return "hold", event.hold_id
        case ChallengeEnded() as event:
            return "challenge", event.challenge_id
        case ConflictFound() | ConflictResolved() | BookingRederived() as event:
            return "booking", event.booking_id
        case _:
            return "artist", recorded.stream.partition("/")[2]


PROJECTION: Final = Projection(name="activity", tables=(ACTIVITY,), touches=touches, project=project)
