"""What changes is seen without a reload, and a lost connection is said and mended."""

import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.site import Site

pytestmark = pytest.mark.slow

STATE = ".link-state"


def test_a_stage_change_appears_within_two_seconds(visit: Visit, site: Site) -> None:
    """On the page of the customer and among the movements of the overview, without a reload.

    The best of three: what other processes do to the machine is not what is measured.
    """
    site.post("mover")
    site.settle()
    overview, customer = visit("/overview"), visit("/customers/mover")
    for page in (overview, customer):
        expect(page.locator(STATE)).to_have_attribute("data-state", "live")
    stage = customer.locator(".stage-heads").first
    newest = overview.get_by_role("list", name="Movements as they come").get_by_role("listitem").first
    expect(stage).to_contain_text("Awareness")
    took = []

    for event, name in [
        ("Order Completed", "Purchase"),
        ("Subscription Cancelled", "Churned"),
        ("Order Completed", "Reactivated"),
    ]:
        began = time.monotonic()
        site.post("mover", event)
        expect(stage).to_contain_text(name)
        expect(newest).to_contain_text(f"→ {name}")
        took.append(time.monotonic() - began)

    assert min(took) < 2


def test_new_figures_come_without_a_reload(visit: Visit, site: Site) -> None:
    """A new customer raises the number of customers."""
    page = visit("/overview")
    value = page.locator("dl.tile").filter(has_text="Customers").first.locator("dd.value")
    before = int(site.get("/v1/kpis")["customers"])
    expect(value).to_have_text(str(before))

    site.post("newcomer")

    expect(value).to_have_text(str(before + 1), timeout=4_000)


def test_an_alert_is_acknowledged_and_taken_back(visit: Visit, site: Site) -> None:
    """The note is stored; another reader sees it without a reload."""
    alert = site.get("/v1/alerts", customer="angry-1", state="all")["alerts"][0]
    mine, other = visit("/alerts?state=event&customer=angry-1"), visit("/alerts?state=event&customer=angry-1")
    expect(other.locator(STATE)).to_have_attribute("data-state", "live")

    mine.get_by_role("button", name="Acknowledge").click()
    mine.get_by_label("Your name").fill("Kim")
    mine.get_by_label("Note").fill("called <b>back</b>")
    mine.keyboard.press("Enter")

    for page in (mine, other):
        expect(page.locator(".alert-line")).to_contain_text("Kim looks after it: called <b>back</b>")
    stored = site.get(f"/v1/alerts/{alert['raised']['id']}")["acknowledged"]
    assert (stored["by"], stored["note"]) == ("Kim", "called <b>back</b>")
    mine.get_by_role("button", name="Take back").click()
    expect(mine.get_by_role("button", name="Acknowledge")).to_be_visible()
    expect(other.locator(".alert-line")).not_to_contain_text("Kim")


def test_an_acknowledgement_that_is_refused_is_rolled_back(visit: Visit, trouble: list[str]) -> None:
    """What was hoped for disappears again, and the server's own words say why."""
    page = visit("/alerts?state=event&customer=angry-2")
    refusal = '{"title":"Forbidden","status":403,"detail":"this token may only read"}'
    page.route(
        "**/acknowledgement",
        lambda route: route.fulfill(status=403, content_type="application/problem+json", body=refusal),
    )

    page.get_by_role("button", name="Acknowledge").click()
    page.keyboard.press("Enter")

    expect(page.get_by_role("alert")).to_contain_text("this token may only read")
    expect(page.get_by_role("button", name="Acknowledge")).to_be_visible()
    expect(page.locator(".alert-line")).not_to_contain_text("looks after it")
    assert all("403" in each for each in trouble)
    trouble.clear()


def test_a_lost_connection_is_said_and_comes_back(visit: Visit, site: Site, trouble: list[str]) -> None:
    """Disconnected, with the figures dimmed; then live again by itself, with what was missed."""
    page = visit("/overview")
    expect(page.locator(STATE)).to_have_attribute("data-state", "live")

    site.go_away()
    expect(page.locator(STATE)).to_have_attribute("data-state", "disconnected")
    expect(page.locator("#app")).to_have_class("app old")
    expect(page.locator("#announcer")).to_contain_text("Disconnected")
    site.come_back()
    site.post("while-away", "Order Completed")

    expect(page.locator(STATE)).to_have_attribute("data-state", "live", timeout=20_000)
    moves = page.get_by_role("list", name="Movements as they come")
    expect(moves.get_by_role("listitem").filter(has_text="while-away").first).to_be_visible()
    kpis = site.get("/v1/kpis")
    expect(page.locator("dl.tile").first.locator("dd.value")).to_have_text(str(kpis["customers"]))
    assert all("ERR_" in each for each in trouble)
    trouble.clear()


def test_silence_is_said_to_be_stale(visit: Visit) -> None:
    """A connection that stands but says nothing for six seconds is not passed off as live."""
    page = visit("/overview")
    expect(page.locator(STATE)).to_have_attribute("data-state", "live")

    state = page.evaluate(
        """async () => {
            const { reduce, STALE_MS } = await import("/assets/js/link.js");
            let link = reduce({ state: "connecting", since: 0, heard: 0 }, { type: "opened", at: 0 });
            link = reduce(link, { type: "beat", at: 10, behind: 0 });
            const before = reduce(link, { type: "second", at: 10 + STALE_MS }).state;
            const after = reduce(link, { type: "second", at: 11 + STALE_MS });
            const again = reduce(after, { type: "beat", at: 9_000, behind: 0 }).state;
            return [before, after.state, again];
        }"""
    )

    assert state == ["live", "stale", "live"]


def test_views_change_without_a_reload_and_back_again(visit: Visit) -> None:
    """Links change the view in place; the history goes back; the heading takes the focus."""
    page = visit("/overview")
    page.evaluate("window.kept = true")

    page.get_by_role("link", name="Health").click()
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.get_by_role("link", name="Model").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("seen v3")
    page.go_back()

    expect(page.get_by_role("heading", level=1)).to_have_text("Health")
    assert page.evaluate("window.kept") is True
    assert current(page) == "Health"


def current(page: Page) -> str:
    """Return the place that the navigation marks."""
    return page.locator(".nav a[aria-current=page]").inner_text()
