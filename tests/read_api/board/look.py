"""What the board looks like: every view, light and dark, on three widths, for `docs/board`; and how soon it is there.

`python -m tests.read_api.board.look pictures` makes the pictures anew; `… look first-bar` prints when the first bar of
150 artists by 28 days was drawn, in milliseconds from asking for the page, over some visits with nothing cached.
Without either it does both.
"""

import asyncio
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import median
from typing import Literal

from playwright.async_api import Browser, Page

from infra.demo import make_demo
from infra.embedded import EmbeddedPostgres
from infra.migrate import migrate
from tests.read_api.board.browser import Studio, studio
from tests.read_api.board.hands import monday

PICTURES = Path(__file__).parents[3] / "docs" / "board"
WIDTHS = {1440: 900, 1024: 768, 390: 844}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
_VISITS = 15
_FIRST_BAR = """
const look = () => {
  if (document.querySelector(".row .bar")) requestAnimationFrame(() => { window.firstBar = performance.now(); });
  else requestAnimationFrame(look);
};
look();
"""


@dataclass(frozen=True)
class View:
    """Where it is, and what to click on, one after the other, before it is looked at."""

    name: str
    path: str
    clicks: tuple[str, ...] = ()


VIEWS = (
    View("sign-in", "/board/sign-in"),
    View("calendar", "/"),
    View("calendar-1-week", "/?zoom=day"),
    View("calendar-12-weeks", "/?zoom=month"),
    View("nobody", "/?skill=none"),
    View("hold", "/", (".row .bar.r2",)),
    View("hold-some-days", "/", (".row .bar.r2", "text=Only some of it")),
    View("hold-queue", "/", (".row .bar.r2", "text=Another order")),
    View("booking", "/", (".row .bar.conflict", "text=Move it out of the way")),
    View("time-off", "/", (".row .bar.off.asked",)),
    View("new-entry", "/", ("#new-entry",)),
    View("all-the-same", "/", (".row .bar.r2", "#panel [data-command$='/confirm']")),
    View("projects", "/board/projects"),
    View("project", "/board/projects", (".project a",)),
    View("dashboard", "/board/dashboard"),
)


async def look(it: Studio, tenant: str) -> None:
    """A picture of each view."""
    client = it.served.api.client("admin", tenant=tenant)
    token = client.headers["Authorization"].removeprefix("Bearer ")
    await make_demo(client.http, token)
    for view, (width, height), scheme in product(VIEWS, WIDTHS.items(), SCHEMES):
        context = await it.browser.new_context(
            base_url=it.url,
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            reduced_motion="reduce",
        )
        page = await context.new_page()
        if view.name != "sign-in":
            await page.goto(f"/board/sign-in#token={token}")
            await page.locator("#live.on").wait_for()
        await page.goto(view.path)
        for click in view.clicks:
            await page.locator(click).first.click()
            await asyncio.sleep(0.4)  # for what slides in; nothing depends on it
        await _settled(page)
        await page.screenshot(path=PICTURES / f"{view.name}-{width}-{scheme}.png")
        await context.close()


async def _settled(page: Page) -> None:
    if "sign-in" not in page.url:
        await page.locator("#live.on").wait_for()
    await page.evaluate("document.fonts.ready")


async def first_bars(it: Studio) -> list[float]:
    """Milliseconds from asking for the page until the first bar was drawn, by visit."""
    periods = [{"first_day": str(monday()), "last_day": str(monday())}]
    client = it.client
    artists = [await client.artist(name=f"Artist {n}") for n in range(149)]
    for artist in (it.artist, *artists):
        for project in it.projects.values():
            await client.hold(artist, project, periods=periods)
    page = await it.desk(f"/?from={monday()}")
    await page.locator(".row .bar").nth(299).wait_for(state="attached")
    return [await _visit(it.browser, it) for _ in range(_VISITS)]


async def _visit(browser: Browser, it: Studio) -> float:
    context = await browser.new_context(base_url=it.url, storage_state=None)
    cookie = {"name": "production_tool_token", "value": it.token, "url": it.url}
    await context.add_cookies([cookie])  # type: ignore[list-item]
    page = await context.new_page()
    await page.add_init_script(_FIRST_BAR)
    await page.goto(f"/?from={monday()}")
    await page.wait_for_function("window.firstBar !== undefined")
    took = float(await page.evaluate("window.firstBar"))
    await context.close()
    return took


async def _look(url: str, data: Path, *, at: Collection[str]) -> None:
    async with studio(url, data) as it:
        if "pictures" in at:
            await look(it, "demo")
        if "first-bar" in at:
            took = await first_bars(it)
            visits = ", ".join(f"{one:.0f}" for one in sorted(took))
            sys.stdout.write(f"first bar of 150 artists by 28 days: median {median(took):.0f} ms of {visits}\n")


def main(at: Collection[str]) -> None:
    """Look at it."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="production-tool-") as directory:
        data = Path(directory)
        data.chmod(0o755)
        with EmbeddedPostgres(data, settings={"fsync": "off"}) as url:
            migrate(url)
            asyncio.run(_look(url, data, at=at))
    if "pictures" not in at:
        return
    pictures = sorted(PICTURES.glob("*.png"))
    if smaller := shutil.which("pngquant"):
        # A third of the size, and no difference that anybody sees.
        subprocess.run([smaller, "--force", "--ext", ".png", "--speed", "1", "128", *pictures], check=True)
    size = sum(picture.stat().st_size for picture in pictures)
    sys.stdout.write(f"{len(pictures)} pictures, {size / 1024:.0f} KiB\n")


if __name__ == "__main__":
    main(sys.argv[1:] or ("pictures", "first-bar"))
