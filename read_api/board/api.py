"""The routes of the board: pages, parts of pages, and files."""

from typing import Final

from fastapi import APIRouter

from read_api.board import accepted, assets, booking, dashboard, grid, hold, projects, rows, session

router: Final = APIRouter()

for routes in (
    grid.router,
    rows.router,
    hold.router,
    booking.router,
    dashboard.router,
    projects.router,
    session.router,
    accepted.router,
    assets.router,
):
    router.include_router(routes)
