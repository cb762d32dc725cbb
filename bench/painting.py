"""The page in a browser: the time from asking for it to figures that somebody can read."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, sync_playwright

from bench import client, serving
from bench.figures import Figure, Row
from bench.population import written
from bench.server import Server

ROWS = [
    Row(
        "painted",
        "the page's overview over 10,000 customers, on loopback, to its figures on the screen",
        "< 1,000 ms",
        most=1_000,
    ),
    Row("first paint", "the same: first contentful paint"),
]
POSTS_S = 4.0  # of touchpoints, before the page is looked at
# The figures are there when the first tile shows a number; the browser says how long that took.
_SHOWN = "() => /[1-9]/.test(document.querySelector('.tile .value')?.textContent ?? '')"
_FIRST = "() => performance.getEntriesByName('first-contentful-paint')[0].startTime"


def measure(*, touchpoints: int, samples: int, tell: Callable[[str], None]) -> dict[str, Figure]:
    """Open the overview in a fresh browser context as often as asked for; return the medians.

    Raises:
        RuntimeError: there is no Chromium.
    """
    chromium = shutil.which("chromium")
    if chromium is None:
        raise RuntimeError("there is no Chromium: apt-get install chromium")
    path = written(min(serving.CUSTOMERS, touchpoints), 7, touchpoints=touchpoints)
    with (
        tempfile.TemporaryDirectory(prefix="rapport-bench-") as directory,
        Server(Path(directory) / "data") as server,
        sync_playwright() as player,
    ):
        serving.post(server.url, path, seconds=POSTS_S, stamp=client.now())
        serving.wait_until_processed(server)
        browser = player.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        measured = [_opened(browser, server.url) for _ in range(samples + 1)][1:]
        browser.close()
    painted, first = (sorted(column) for column in zip(*measured, strict=True))
    tell(f"page: figures after {median(painted):.0f} ms, first paint {median(first):.0f} ms")
    return {
        "painted": Figure(median(painted), f"{median(painted):.0f} ms (most {painted[-1]:.0f})"),
        "first paint": Figure(median(first), f"{median(first):.0f} ms (most {first[-1]:.0f})"),
    }


def _opened(browser: Browser, url: str) -> tuple[float, float]:
    """Open the page with an empty cache; return milliseconds to its figures and to its first paint."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(url, wait_until="commit")
    page.wait_for_function(_SHOWN, polling="raf")
    painted, first = page.evaluate("() => performance.now()"), page.evaluate(_FIRST)
    context.close()
    return float(painted), float(first)
