"""The routes of the board: pages, parts of pages, and files."""

from typing import Final

from fastapi import APIRouter

from read_api.board import assets, booking, dashboard, grid, hold, projects, session

router: Final = APIRouter()

for routes in (
    grid.router,
    hold.router,
    booking.router,
    dashboard.router,
    projects.router,
    session.router,
    assets.router,
):
    router.include_router(routes)
