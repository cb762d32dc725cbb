"""A guarded server: who is not let in signs in, on the page, with a token that becomes a cookie."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.site import Site, people

pytestmark = pytest.mark.slow

TOKEN = "a token of enough characters"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server that asks for a token."""
    serving = Site(tmp_path_factory.mktemp("guarded"), token=TOKEN)
    try:
        serving.post_all(people())
        serving.settle()
        yield serving
    finally:
        serving.close()


def test_who_is_not_let_in_signs_in_and_out(visit: Visit, trouble: list[str]) -> None:
    """A wrong token is refused in the server's words; the right one opens what was asked for; out is out."""
    page = visit("/customers/ada")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    expect(page.get_by_label("Access token")).to_be_focused()
    assert page.locator(".nav").is_hidden()

    page.keyboard.type("a guess")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("token")
    page.get_by_label("Access token").fill(TOKEN)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("ada")
    expect(page.locator(".link-state")).to_have_attribute("data-state", "live")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("ada")
    page.get_by_role("button", name="Sign out").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert all(re.search("401|403", each) for each in trouble)
    assert TOKEN not in page.evaluate("document.cookie + JSON.stringify({ ...localStorage })")
    trouble.clear()
