"""What people do at the board, and what they look at."""

from datetime import UTC, date, datetime, timedelta

from playwright.async_api import Locator, Page, expect

from tests.flow.office import days


def monday() -> date:
    """Of the week after the next one."""
    today = datetime.now(UTC).date()
    return today + timedelta(days=14 - today.weekday())


def bars(page: Page, kind: str, project: str = "") -> Locator:
    return page.locator(f".row .bar.{kind}:not(.pending)", has_text=project)


async def draw(page: Page, first: int, last: int) -> None:
    """Draw over some days of the only row, counted from the first one that is shown."""
    start, end = await middles(page, first, last)
    await page.mouse.move(*start)
    await page.mouse.down()
    await page.mouse.move(*end, steps=4)
    await page.mouse.up()


async def middles(page: Page, *days: int) -> list[tuple[float, float]]:
    """Where the mouse has to be for these days of the only row, counted from the first one that is shown."""
    # A row that has just changed is another element.
    while (box := await page.locator(".track").bounding_box()) is None:
        await expect(page.locator(".track")).to_be_visible()
    return [(box["x"] + box["width"] * (day + 0.5) / 28, box["y"] + box["height"] - 3) for day in days]


def stretch(first: int, last: int) -> list[dict[str, str]]:
    """Days counted from the first one that is shown."""
    return days(str(monday() + timedelta(days=first)), str(monday() + timedelta(days=last)))


async def some(page: Page, *parts: int) -> None:
    """Tick some parts of what the panel shows."""
    await page.get_by_text("Only some of it").click()
    for part in parts:
        await page.locator("#panel .parts label").nth(part).click()


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
