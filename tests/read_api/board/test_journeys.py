"""People at work on the board: with the mouse, by keyboard, two at once, and with the network cut."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Locator, Page, expect

from tests.flow.office import days
from tests.read_api.board.browser import PATIENCE, Studio, studio

# Browsers are slow enough once: which Postgres it is makes no difference to what they show.
pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("postgres_url", [None], indirect=True, ids=["embedded"])]

expect.set_options(timeout=PATIENCE)


@pytest.fixture
async def at_work(database: str, tmp_path: Path) -> AsyncIterator[Studio]:
    async with studio(database, tmp_path) as it:
        yield it


def monday() -> date:
    """Of the week after the next one."""
    today = datetime.now(UTC).date()
    return today + timedelta(days=14 - today.weekday())


def bars(page: Page, kind: str, project: str = "") -> Locator:
    return page.locator(f".row .bar.{kind}:not(.pending)", has_text=project)


async def draw(page: Page, first: int, last: int) -> None:
    """Draw over some days of the only row, counted from the first one that is shown."""
    box = await page.locator(".track").bounding_box()
    assert box
    middles = [box["x"] + box["width"] * (day + 0.5) / 28 for day in (first, last)]
    await page.mouse.move(middles[0], box["y"] + box["height"] - 3)
    await page.mouse.down()
    await page.mouse.move(middles[1], box["y"] + box["height"] - 3, steps=4)
    await page.mouse.up()


async def tab_to(page: Page, button: Locator) -> None:
    """As somebody without a mouse gets there."""
    await expect(button).to_be_visible()
    for _ in range(20):
        if await button.evaluate("button => button === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    raise AssertionError("Tab does not lead there")


async def hold(page: Page, project: str) -> None:
    """Fill in the rest of the form for a hold, and send it."""
    await page.locator("dialog select[name=project_id]").select_option(label=project)
    await page.get_by_role("button", name="Place the hold").click()


async def test_two_people_from_signing_in_to_a_booking_that_is_cancelled(at_work: Studio) -> None:
    start = f"/?from={monday()}"
    ada = await at_work.desk(start)
    ben = await (await at_work.context()).new_page()
    await ben.goto("/")
    await ben.get_by_label("Token").fill(at_work.token)
    await ben.get_by_role("button", name="Sign in").click()
    await ben.goto(start)
    await expect(ben.locator("#live")).to_have_text("Live")

    await draw(ada, 1, 4)
    await hold(ada, "Whale")
    for page in (ada, ben):
        await expect(bars(page, "r1", "Whale")).to_have_count(1)

    await draw(ben, 1, 4)
    await hold(ben, "Seal")
    for page in (ada, ben):
        await expect(bars(page, "r2", "Seal")).to_have_count(1)

    await bars(ben, "r2", "Seal").click()
    await expect(ben.locator("#panel .queue li")).to_have_count(2)
    await ben.get_by_role("button", name="Challenge").click()
    await expect(bars(ada, "challenged", "Whale")).to_have_count(1)
    await bars(ada, "challenged").click()
    await expect(ada.locator("#panel")).to_contain_text("Challenged: answer by")
    await ada.keyboard.press("Escape")

    await asyncio.to_thread(at_work.time.move, timedelta(hours=25))
    for page in (ada, ben):
        await expect(bars(page, "r1", "Seal")).to_have_count(1)
        await expect(bars(page, "hold", "Whale")).to_have_count(0)

    await bars(ben, "r1", "Seal").click()
    await expect(ben.locator("#panel")).to_contain_text("Won the challenge")
    await ben.get_by_role("button", name="Confirm").click()
    for page in (ada, ben):
        await expect(bars(page, "booking", "Seal")).to_have_count(1)

    ada.once("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
    await bars(ada, "booking").click()
    await ada.get_by_role("button", name="Cancel", exact=True).click()
    for page in (ada, ben):
        await expect(page.locator(".row .bar")).to_have_count(0)


async def test_everything_by_keyboard_alone(at_work: Studio) -> None:
    page = await at_work.desk(f"/?from={monday()}")
    await page.locator(".track").focus()
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight"):
        await page.keyboard.press(key)
    await expect(page.locator("#said")).to_contain_text("Ana, 3 days until")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.type("Whale")
    await tab_to(page, page.get_by_role("button", name="Place the hold"))
    await page.keyboard.press("Enter")
    await expect(bars(page, "r1", "Whale")).to_have_count(1)
    await expect(page.locator(".track")).to_be_focused()
    await expect(page.locator("#said")).to_contain_text("Ana")

    await page.keyboard.press("Tab")
    await expect(bars(page, "r1")).to_be_focused()
    await page.keyboard.press("Enter")
    release = page.locator("#panel").get_by_role("button", name="Release")
    await tab_to(page, release)
    await page.keyboard.press("Enter")
    await expect(page.locator(".row .bar")).to_have_count(0)


async def test_what_is_refused_is_taken_back_and_says_why(at_work: Studio) -> None:
    day = str(monday() + timedelta(days=2))
    off = await at_work.client.add(f"/v1/artists/{at_work.artist}/time-off", {"periods": days(day)})
    await at_work.client.send(f"/v1/time-off/{off}/approve")
    page = await at_work.desk(f"/?from={monday()}")
    await expect(page.locator(".bar.off")).to_have_count(1)
    await draw(page, 1, 1)
    await page.locator("dialog input[name=last_day]").fill(day)
    await hold(page, "Whale")
    await expect(page.get_by_role("alert")).to_contain_text("time off")
    await expect(page.locator(".row .bar")).to_have_count(1)


async def test_with_the_network_cut_and_back_nothing_is_missed(at_work: Studio) -> None:
    page = await at_work.desk(f"/?from={monday()}")
    at_work.wire.cut()
    await expect(page.locator("#live")).to_have_text("Reconnecting…")
    periods = days(str(monday()), str(monday() + timedelta(days=3)))
    await at_work.client.hold(at_work.artist, at_work.projects["Whale"], periods=periods)
    at_work.wire.mend()
    await expect(bars(page, "r1", "Whale")).to_have_count(1)
    await expect(page.locator("#live")).to_have_text("Live")


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
    page = await at_work.desk(f"/?from={monday()}")
    found = [
        *await _looked_through(page, at_work, first, "light"),
        *await _looked_through(page, at_work, first, "dark"),
    ]
    assert [one for one in found if one] == []


async def _looked_through(page: Page, at_work: Studio, hold_id: str, scheme: Literal["light", "dark"]) -> list[str]:
    """What axe finds on each page and in each dialog."""
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await page.goto(f"/?from={monday()}")
    await expect(page.locator(".row .bar")).to_have_count(4)
    found = [await _wrong(page)]
    await page.get_by_role("button", name="New hold").click()
    found.append(await _wrong(page))
    await page.keyboard.press("Escape")
    await bars(page, "r1").click()
    await expect(page.locator("#panel .history li").first).to_be_visible()
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
