"""The routes of reads: all of them, in the order in which the documentation shows them."""

from typing import Final

from fastapi import APIRouter

from read_api import (
    activity,
    artist_calendar,
    availability,
    bookings,
    challenges,
    dashboard,
    directory,
    events,
    exports,
    feeds,
    history,
    holds,
    jobs,
    live,
    policy,
    project_board,
    queue,
    time_off,
    utilisation,
)

router: Final = APIRouter()

for routes in (
    holds.router,
    bookings.router,
    artist_calendar.router,
    availability.router,
    queue.router,
    challenges.router,
    time_off.router,
    utilisation.router,
    directory.router,
    project_board.router,
    jobs.router,
    dashboard.router,
    policy.router,
    activity.router,
    history.router,
    feeds.router,
    exports.router,
    events.router,
    live.router,
):
    # As they are, since each router that includes another one is another place to look.
    router.routes += routes.routes
