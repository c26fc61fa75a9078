"""Nobody is kept out: what axe finds on every page, in every panel and every dialog, in light and in dark."""

from datetime import timedelta
from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Page, expect

from tests.flow.office import days
from tests.read_api.board.browser import Studio
from tests.read_api.board.hands import monday, stretch

# Browsers are slow enough once: which Postgres it is makes no difference to what they show.
pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("postgres_url", [None], indirect=True, ids=["embedded"])]


async def test_no_page_keeps_anybody_out(at_work: Studio) -> None:
    client, artist = at_work.client, at_work.artist
    periods = days(str(monday()), str(monday() + timedelta(days=9)))
    job = {"role": "Diver", "periods": periods, "quantity": 2, "skills": ["diving"]}
    job_id = await client.add(f"/v1/projects/{at_work.projects['Whale']}/jobs", job)
    first = await client.hold(artist, at_work.projects["Whale"], periods=periods, job_id=job_id)
    second = await client.hold(artist, at_work.projects["Seal"], periods=periods, strength="soft")
    await client.send(f"/v1/holds/{second}/challenge")
    booking = {"artist_id": artist, "project_id": at_work.projects["Whale"]}
    later = days(str(monday() + timedelta(days=14)), str(monday() + timedelta(days=15)))
    await client.add("/v1/bookings", {**booking, "periods": later})
    off = await client.add(f"/v1/artists/{artist}/time-off", {"periods": later})
    await client.send(f"/v1/time-off/{off}/approve")
    await client.add(f"/v1/artists/{artist}/time-off", {"periods": stretch(20, 22)})
    page = await at_work.desk(f"/?from={monday()}")
    found = [
        *await _looked_through(page, at_work, first, "light"),
        *await _looked_through(page, at_work, first, "dark"),
    ]
    assert [one for one in found if one] == []


async def _looked_through(page: Page, at_work: Studio, hold_id: str, scheme: Literal["light", "dark"]) -> list[str]:
    """What axe finds on each page, in each panel with all that unfolds in it, and in each dialog."""
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await page.goto(f"/?from={monday()}")
    await expect(page.locator(".row .bar")).to_have_count(5)
    found = [await _wrong(page)]
    await page.get_by_role("button", name="New entry").click()
    for kind in ("hold", "booking", "time_off"):
        await page.locator(f"dialog [value={kind}]").check()
        found.append(await _wrong(page))
    await page.keyboard.press("Escape")
    for bar in ("a.r1", "a.r2", "a.booking", "a.off:not(.asked)", "a.off.asked"):
        await page.locator(f".row {bar}").first.focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("#panel-title")).to_have_text("Ana")
        await page.evaluate("for (const more of document.querySelectorAll('#panel details')) more.open = true")
        found.append(await _wrong(page))
        await page.keyboard.press("Escape")
    await page.get_by_role("button", name="New entry").click()
    await page.locator("dialog [value=hold]").check()
    for name in ("first_day", "last_day"):
        await page.locator(f"dialog [name={name}]").fill(str(monday() + timedelta(days=14)))
    await page.get_by_role("button", name="Place the hold").click()
    await expect(page.locator("#why .accepts li")).to_have_count(1)
    found.append(await _wrong(page))
    project = f"/board/projects/{at_work.projects['Whale']}"
    others = ("/board/projects", project, "/board/dashboard", "/?skill=none", "/board/holds/none", "/board/sign-in")
    for path in (f"/board/holds/{hold_id}", *others):
        await page.goto(path)
        found.append(await _wrong(page))
    return found


async def _wrong(page: Page) -> str:
    """What axe finds on a page; nothing when it is accessible."""
    results = await Axe().run(page)
    return "" if results.violations_count == 0 else f"{page.url}\n{results.generate_report()}"
