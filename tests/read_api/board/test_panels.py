"""What can be done about what stands on a calendar: part of it, other time, another order, all the same."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from tests.flow.office import days
from tests.read_api.board.browser import Studio
from tests.read_api.board.hands import bars, draw, hold, monday, some, stretch, tab_to

# Browsers are slow enough once: which Postgres it is makes no difference to what they show.
pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("postgres_url", [None], indirect=True, ids=["embedded"])]


async def test_who_may_does_it_all_the_same_and_says_why(at_work: Studio) -> None:
    off = await at_work.client.add(f"/v1/artists/{at_work.artist}/time-off", {"periods": days(str(monday()))})
    await at_work.client.send(f"/v1/time-off/{off}/approve")
    page = await at_work.desk(f"/?from={monday()}")
    await expect(page.locator(".bar.off")).to_have_count(1)
    await draw(page, 1, 3)
    await page.locator("dialog input[name=first_day]").fill(str(monday()))
    await hold(page, "Whale")
    why = page.get_by_role("dialog", name="Do it all the same?")
    await expect(why).to_contain_text("on time off")
    await expect(why.locator(".accepts")).to_contain_text("Ana time off")
    await why.get_by_role("button", name="Let it be").click()
    await expect(page.get_by_role("alert")).to_contain_text("time off")
    await expect(bars(page, "hold")).to_have_count(0)

    await draw(page, 1, 1)
    await page.locator("dialog input[name=first_day]").fill(str(monday()))
    await hold(page, "Whale")
    await expect(why.get_by_label("Why")).to_be_focused()
    await page.keyboard.type("she agreed")
    await tab_to(page, why.get_by_role("button", name="Do it all the same"))
    await page.keyboard.press("Enter")
    await expect(bars(page, "blocked", "Whale")).to_have_count(1)
    (placed,) = await at_work.events("hold.placed.v1")
    assert placed["overrides"] == [{"permission": "over_time_off", "reason": "she agreed", "accepts": [off]}]


async def test_a_queue_is_put_into_another_order_by_hand(at_work: Studio) -> None:
    held = {
        name: await at_work.client.hold(at_work.artist, project, periods=days(str(monday())))
        for name, project in at_work.projects.items()
    }
    page = await at_work.desk(f"/?from={monday()}")
    await bars(page, "r2", "Seal").click()
    panel = page.locator("#panel")
    await panel.get_by_text("Another order").click()
    await panel.get_by_role("button", name="Put them so").click()  # refused by the browser: it wants a reason
    await panel.get_by_role("button", name="Seal up").focus()
    await page.keyboard.press("Enter")
    await panel.get_by_label("Why; everyone passed over is told").fill("their shoot moved")
    await page.keyboard.press("Enter")
    await expect(bars(page, "r1", "Seal")).to_have_count(1)
    await expect(bars(page, "r2", "Whale")).to_have_count(1)
    (said,) = await at_work.events("calendar.reordered.v1")
    assert (said["order"], said["passed_over"]) == ([held["Seal"], held["Whale"]], [held["Whale"]])


async def test_a_queue_is_put_into_another_order_by_drawing(at_work: Studio) -> None:
    for project in at_work.projects.values():
        await at_work.client.hold(at_work.artist, project, periods=days(str(monday())))
    page = await at_work.desk(f"/?from={monday()}")
    await bars(page, "r2", "Seal").click()
    panel = page.locator("#panel")
    await panel.get_by_text("Another order").click()
    entries = panel.locator(".order li")
    await entries.nth(1).drag_to(entries.nth(0), target_position={"x": 20, "y": 2})
    await expect(entries.nth(0)).to_contain_text("Seal")
    await panel.get_by_label("Why; everyone passed over is told").fill("their shoot moved")
    await panel.get_by_role("button", name="Put them so").click()
    await expect(bars(page, "r1", "Seal")).to_have_count(1)
    await expect(bars(page, "r2", "Whale")).to_have_count(1)


async def test_what_somebody_fills_in_stays_when_others_change_what_it_is_about(at_work: Studio) -> None:
    first = await at_work.client.hold(at_work.artist, at_work.projects["Whale"], periods=stretch(0, 4))
    page = await at_work.desk(f"/?from={monday()}")
    await bars(page, "r1").click()
    await some(page, 1)
    await at_work.client.hold(at_work.artist, at_work.projects["Seal"], periods=stretch(0, 1))
    panel = page.locator("#panel")
    await expect(panel.get_by_role("status")).to_contain_text("Something has changed here meanwhile.")
    await expect(panel.locator(".parts :checked")).to_have_count(1)
    await panel.get_by_role("button", name="Show it").click()
    await expect(panel.locator(".queue li", has_text="Seal").first).to_be_attached()
    await expect(panel.get_by_role("status")).not_to_be_visible()
    await at_work.client.send(f"/v1/holds/{first}/extend")
    await expect(panel.locator(".history")).to_contain_text("Extended it")


async def test_some_days_of_a_hold_are_released_moved_and_booked(at_work: Studio) -> None:
    page = await at_work.desk(f"/?from={monday()}")
    await at_work.client.hold(at_work.artist, at_work.projects["Whale"], periods=stretch(0, 4))
    await bars(page, "r1").click()
    await some(page, 4)
    await page.get_by_role("button", name="Release these").click()
    await expect(bars(page, "r1")).to_have_class(re.compile(r"\bc1 s8\b"))

    await bars(page, "r1").click()
    await page.get_by_text("Hold other dates").click()
    await page.locator("#panel details[open] [name=last_day]").fill(str(monday() + timedelta(days=2)))
    await page.get_by_role("button", name="Hold these").click()
    await expect(bars(page, "r1")).to_have_class(re.compile(r"\bc1 s6\b"))

    await bars(page, "r1").focus()
    await page.keyboard.press("Enter")
    await tab_to(page, page.get_by_text("Only some of it"))
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Confirm these").click()  # refused by the browser: of which days?
    await expect(bars(page, "booking")).to_have_count(0)
    await page.keyboard.press("Space")
    await tab_to(page, page.get_by_role("button", name="Confirm these"))
    await page.keyboard.press("Enter")
    await expect(bars(page, "booking")).to_have_class(re.compile(r"\bc1 s2\b"))
    await expect(bars(page, "r1")).to_have_class(re.compile(r"\bc3 s4\b"))


async def test_somebody_answers_for_a_freelancer(at_work: Studio) -> None:
    artist = await at_work.client.artist(name="Bo", time_zone="Europe/Berlin", consent="freelancer")
    await at_work.client.hold(artist, at_work.projects["Whale"], periods=stretch(0, 1))
    page = await at_work.desk(f"/?from={monday()}")
    await bars(page, "r1").click()
    panel = page.locator("#panel")
    await panel.get_by_text("Offer other time for the artist").click()
    for name, day in (("first_day", 7), ("last_day", 8)):
        await panel.locator(f"details[open] [name={name}]").first.fill(str(monday() + timedelta(days=day)))
    await panel.get_by_role("button", name="Offer it").click()
    await expect(panel).not_to_be_visible()
    await bars(page, "r1").click()
    await expect(panel).to_contain_text("the artist offers other time")
    await panel.get_by_role("button", name="Take what is offered").click()
    await expect(bars(page, "r1")).to_have_class(re.compile(r"\bc15 s4\b"))
    await bars(page, "r1").click()
    await expect(panel).to_contain_text("the artist accepted")
    await panel.get_by_role("button", name="Decline for the artist").click()
    await expect(page.locator(".row .bar")).to_have_count(0)


async def test_a_booking_clashes_is_moved_is_postponed_and_is_a_hold_again(at_work: Studio) -> None:
    page = await at_work.desk(f"/?from={monday()}")
    panel = page.locator("#panel")
    await draw(page, 0, 1)
    await page.locator("dialog [value=booking]").check()
    await page.locator("dialog select[name=project_id]").select_option(label="Whale")
    await page.get_by_role("button", name="Book", exact=True).click()
    await expect(bars(page, "booking", "Whale")).to_have_count(1)

    await draw(page, 1, 4)
    await page.locator("dialog [value=time_off]").check()
    await page.get_by_role("button", name="Ask for time off").click()
    await page.locator(".bar.off.asked:not(.pending)").click(position={"x": 90, "y": 20})
    await panel.get_by_role("button", name="Approve").click()
    await expect(bars(page, "conflict")).to_have_count(1)

    await bars(page, "conflict").click()
    await panel.get_by_text("Move it out of the way").click()
    for name, day in (("first_day", 7), ("last_day", 8)):
        await panel.locator(f"details[open] [name={name}]").fill(str(monday() + timedelta(days=day)))
    await panel.get_by_role("button", name="Book these days instead").click()
    await expect(bars(page, "booking")).to_have_class(re.compile(r"\bc15 s4\b"))
    await expect(bars(page, "conflict")).to_have_count(0)

    page.once("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
    await bars(page, "booking").click()
    href = await bars(page, "booking").get_attribute("href")
    await panel.get_by_role("button", name="Postpone").click()
    await expect(page.locator(".row .bar.booking")).to_have_count(0)

    other = await page.context.new_page()
    await other.goto(href or "")
    await other.get_by_text("Book it again").click()
    await other.locator("[name=last_day]").fill(str(monday() + timedelta(days=7)))
    await other.get_by_role("button", name="Book these").click()
    await expect(bars(page, "booking")).to_have_class(re.compile(r"\bc15 s2\b"))
    await bars(page, "booking").click()
    await panel.get_by_role("button", name="Make it a hold again").click()
    await expect(bars(page, "r1", "Whale")).to_have_count(1)


async def test_a_day_of_a_booking_is_cancelled_and_what_has_begun_is_done(at_work: Studio) -> None:
    today = datetime.now(UTC).date()
    page = await at_work.desk(f"/?from={today - timedelta(days=today.weekday())}")
    booked = {"artist_id": at_work.artist, "project_id": at_work.projects["Whale"]}
    periods = days(str(today - timedelta(days=1)), str(today + timedelta(days=1)))
    await at_work.client.add("/v1/bookings", {**booked, "periods": periods})
    panel = page.locator("#panel")
    await bars(page, "booking").first.click()
    await panel.get_by_text("Cancel some of it").click()
    await panel.locator(".parts label").last.click()
    async with page.expect_response("**/cancel"):
        await panel.get_by_role("button", name="Cancel these").click()
    await expect(panel).not_to_be_visible()
    (cancelled,) = await at_work.events("booking.cancelled.v1")
    assert cancelled["by"] == "client"

    await bars(page, "booking").first.click()
    await expect(panel.get_by_role("heading", name="Cancelled")).to_be_visible()
    async with page.expect_response("**/complete"):
        await panel.get_by_role("button", name="It is done").click()
    await expect(panel).not_to_be_visible()
    assert len(await at_work.events("booking.completed.v1")) == 1
