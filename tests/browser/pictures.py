"""Take the README's pictures of the page: the demo, seen through the browser of the tests.

`python -m tests.browser.pictures [DIR]` writes them; look at them before they are committed.
"""

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from urllib.parse import quote

import httpx
from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import ARGUMENTS, find_chromium
from tests.cli.process import MAIN, environment

DIRECTORY = Path(__file__).parent.parent.parent / "docs"
HEADLESS_S = 300
CALM_SPEED = 1_800  # simulated seconds in a real one: things happen, and can be read


def main(directory: Path) -> None:
    """Start the demo, wait for its history, and take the pictures."""
    directory.mkdir(parents=True, exist_ok=True)
    arguments = ["demo", "--headless", str(HEADLESS_S), "--port", "0", "--speed", str(CALM_SPEED)]
    with subprocess.Popen(
        [sys.executable, "-c", MAIN, *arguments], stdout=subprocess.PIPE, text=True, env=environment()
    ) as demo:
        try:
            assert demo.stdout is not None
            url = next(line.split()[-1] for line in demo.stdout if "http://" in line)
            somebody = _somebody(url)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
                for name, path, size, scheme in [
                    ("overview", "/overview", (1280, 1310), "light"),
                    ("customer", f"/customers/{quote(somebody, safe='')}", (1280, 1310), "dark"),
                ]:
                    _take(browser, url + path, directory / f"{name}.png", size, scheme)
                browser.close()
        finally:
            demo.kill()


def _take(browser: Browser, address: str, path: Path, size: tuple[int, int], scheme: str) -> None:
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if scheme == "dark" else "light",
        locale="en-GB",
        timezone_id="UTC",
    )
    page.goto(address)
    page.locator(".link-state[data-state=live]").wait_for()
    page.wait_for_timeout(4_000)  # charts are drawn, what is fresh has faded
    page.screenshot(path=path)
    page.close()


def _somebody(url: str) -> str:
    """Wait until the history is played; return who moved most of those who are keen."""
    deadline = time.monotonic() + HEADLESS_S
    with httpx.Client(base_url=url, timeout=60) as api:
        started = api.get("/v1/kpis").json()
        while True:
            time.sleep(5)
            latest = api.get("/v1/kpis").json()
            if latest["customers"] and latest["customers"] < started["customers"] * 1.05:
                break
            started = latest
            assert time.monotonic() < deadline, "the history of the demo does not end"
        moves = api.get("/v1/transitions", params={"limit": 1000}).json()["transitions"]
        moved = Counter(move["customer_id"] for move in moves)
        score = next(iter(latest["scores"]))
        keen = api.get("/v1/customers", params={"score": score, "min": 60, "limit": 1000}).json()["customers"]
        return max((line["customer_id"] for line in keen), key=lambda name: moved[name])


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DIRECTORY)
