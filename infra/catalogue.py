"""What the product consists of: its deciders, the events that they store, and its read models."""

from typing import Any, Final

from domain.artist import ARTIST
from domain.booking import BOOKING
from domain.calendar import CALENDAR
from domain.challenge import CHALLENGE
from domain.decider import Decider
from domain.event import Event
from domain.feed import FEED
from domain.hold import HOLD
from domain.job import JOB
from domain.project import PROJECT
from domain.tenant import TENANT
from domain.time_off import TIME_OFF
from projections import (
    activity,
    artist_calendar,
    availability,
    bookings,
    challenges,
    dashboard,
    deadlines,
    directory,
    feeds,
    following,
    holds,
    jobs,
    overdue,
    project_board,
    time_off,
    utilisation,
)
from projections.keyed import KeyedProjection
from projections.projection import Projection

DECIDERS: Final[tuple[Decider[Any], ...]] = (
    TENANT,
    ARTIST,
    PROJECT,
    JOB,
    CALENDAR,
    HOLD,
    BOOKING,
    CHALLENGE,
    TIME_OFF,
    FEED,
)
EVENTS: Final[tuple[type[Event], ...]] = tuple(event for decider in DECIDERS for event in decider.events)
PROJECTIONS: Final[tuple[Projection, ...]] = (
    holds.PROJECTION,
    artist_calendar.PROJECTION,
    bookings.PROJECTION,
    jobs.PROJECTION,
    project_board.PROJECTION,
    challenges.PROJECTION,
    time_off.PROJECTION,
    utilisation.PROJECTION,
    activity.PROJECTION,
    directory.PROJECTION,
    overdue.PROJECTION,
    following.PROJECTION,
    feeds.PROJECTION,
)
KEYED: Final[tuple[KeyedProjection, ...]] = (
    dashboard.PROJECTION,
    availability.PROJECTION,
    deadlines.PROJECTION,
)
"""Those that are kept in Redis."""
