"""The routes of reads: all of them, in the order in which the documentation shows them."""

from typing import Final

from fastapi import APIRouter

from read_api import (
    activity,
    artist_calendar,
    bookings,
    directory,
    events,
    history,
    holds,
    jobs,
    live,
    policy,
    project_board,
    queue,
)

router: Final = APIRouter()

for routes in (
    holds.router,
    bookings.router,
    artist_calendar.router,
    queue.router,
    directory.router,
    project_board.router,
    jobs.router,
    policy.router,
    activity.router,
    history.router,
    events.router,
    live.router,
):
    router.include_router(routes)
