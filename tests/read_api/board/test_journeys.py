"""People at work on the board: with the mouse, by keyboard, two at once, and with the network cut."""

import asyncio
from datetime import timedelta

import pytest
from playwright.async_api import expect

from read_api.board import rows
from tests.flow.office import days
from tests.read_api.board.browser import Studio
from tests.read_api.board.hands import bars, draw, hold, middles, monday, stretch, tab_to

# Browsers are slow enough once: which Postgres it is makes no difference to what they show.
pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("postgres_url", [None], indirect=True, ids=["embedded"])]


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
    await expect(ben.locator("#panel .queue > ol > li")).to_have_count(2)
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
    page = await at_work.desk(f"/?from={monday()}", "producer")
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


async def test_who_draws_goes_on_when_the_row_changes_meanwhile(at_work: Studio) -> None:
    page = await at_work.desk(f"/?from={monday()}")
    across = await middles(page, 1, 4)
    await page.mouse.move(*across[0])
    await page.mouse.down()
    await at_work.client.hold(at_work.artist, at_work.projects["Whale"], periods=stretch(10, 11))
    await expect(bars(page, "r1", "Whale")).to_have_count(1)
    await page.mouse.move(*across[1], steps=4)
    await page.mouse.up()
    drawn = [await page.locator(f"dialog [name={name}]").input_value() for name in ("first_day", "last_day")]
    assert drawn == [str(monday() + timedelta(days=day)) for day in (1, 4)]


async def test_an_artist_who_is_added_shows_by_itself(at_work: Studio) -> None:
    page = await at_work.desk()
    empty = await at_work.desk(tenant="beginners")
    await expect(empty.get_by_role("heading", name="Nobody here yet")).to_be_visible()
    await at_work.client.artist(name="Bo")
    await at_work.served.api.client("admin", tenant="beginners").artist(name="Cy")
    await expect(page.locator(".row .name b")).to_have_text(["Ana", "Bo"])
    await expect(page.locator("#count")).to_have_text("2 artists")
    await expect(empty.locator(".row .name b")).to_have_text(["Cy"])


async def test_further_artists_come_when_they_are_scrolled_to(at_work: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "PAGE", 40)
    names = [f"Artist {n}" for n in range(100)]
    page = await at_work.desk(f"/?from={monday()}")
    last = [await at_work.client.artist(name=name) for name in names][-1]
    await expect(page.locator("#count")).to_have_text("101 artists")
    await page.goto(f"/?from={monday()}")
    await expect(page.locator("#count")).to_have_text("40+ artists")
    await page.locator("#more").focus()
    await expect(page.locator("#count")).to_have_text("80+ artists")
    await expect(page.get_by_role("group", name="Artist 39: days")).to_be_focused()
    await page.locator("#grid").evaluate("grid => grid.scrollTo(0, grid.scrollHeight)")
    await expect(page.locator("#count")).to_have_text("101 artists")
    await expect(page.locator(".row .name b")).to_have_text(["Ana", *names])
    await at_work.client.hold(last, at_work.projects["Whale"], periods=stretch(0, 1))
    await expect(bars(page, "r1", "Whale")).to_have_count(1)
