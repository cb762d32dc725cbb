"""A real Chromium and a real server, one of each for every module of this directory."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.chromium import ARGUMENTS, find_chromium
from tests.browser.site import Site, people

Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser for one module: while it is open, no other test of the process can run a loop."""
    with sync_playwright() as playwright:
        expect.set_options(timeout=15_000)  # a busy machine; what must be quick says so itself
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server of the module's own, with some people."""
    serving = Site(tmp_path_factory.mktemp("site"))
    try:
        serving.post_all(people())
        serving.settle()
        yield serving
    finally:
        serving.close()


@pytest.fixture
def trouble() -> list[str]:
    """What went wrong on pages; a test that expects something takes it out."""
    return []


@pytest.fixture
def visit(chromium: Browser, site: Site, trouble: list[str]) -> Iterator[Visit]:
    """Open a page at a path; at the end nothing may have gone wrong, and nobody else been asked."""
    contexts = []

    def open_page(path: str, *, width: int = 1280, height: int = 900, scheme: str = "light") -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            locale="en-GB",
            timezone_id="Europe/Berlin",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda said: said.type in {"error", "warning"} and trouble.append(said.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("request", lambda request: _is_foreign(request.url) and trouble.append(request.url))
        page.goto(site.url + path)
        return page

    def _is_foreign(url: str) -> bool:
        return urlsplit(url).scheme in {"http", "https", "ws"} and not url.startswith(site.url)

    yield open_page
    for context in contexts:
        context.close()
    assert trouble == []
