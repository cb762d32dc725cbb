"""Customers: ten thousand without lag, one explained, and names that mean harm."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.site import CROWD, HOSTILE, MARKUP, Site, crowd

pytestmark = pytest.mark.slow


def test_ten_thousand_customers_are_scrolled_without_lag(visit: Visit, site: Site) -> None:
    """Whatever was read, only the rows in sight exist; a step takes a moment."""
    site.post_all(crowd())
    site.settle()
    page = visit("/customers?prefix=crowd-")
    window = page.get_by_role("region", name="Customers")
    expect(window.get_by_role("link", name="crowd-00000")).to_be_visible()

    seen = page.evaluate(
        """async () => {
            const box = document.querySelector(".window");
            const steps = [];
            let rows = 0;
            const until = performance.now() + 15_000;
            while (performance.now() < until) {
                box.scrollTop = box.scrollHeight;
                const began = performance.now();
                await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
                steps.push(performance.now() - began);
                rows = Math.max(rows, box.querySelectorAll("tbody tr").length);
                if (box.querySelector("table").getAttribute("aria-rowcount") !== "-1") break;
            }
            return { step: steps.sort((a, b) => a - b)[Math.floor(steps.length / 2)], rows };
        }"""
    )

    page.evaluate("document.querySelector('.window').scrollTop = 1e9")
    expect(window.get_by_role("link", name=f"crowd-{CROWD - 1:05}")).to_be_visible()
    assert seen["rows"] < 100
    assert seen["step"] < 100
    expect(window.get_by_role("table")).to_have_attribute("aria-rowcount", str(CROWD + 1))


def test_customers_are_found_by_id_stage_and_score(visit: Visit, site: Site) -> None:
    """What is typed narrows the list and is kept in the address."""
    page = visit("/customers")
    window = page.get_by_role("region", name="Customers")

    page.get_by_label("Customer", exact=True).fill("ad")
    expect(window.get_by_role("link")).to_have_text(["ada"])
    page.get_by_label("Stage").select_option(label="CLM · Purchase")
    expect(window.get_by_role("link")).to_have_text(["ada"])
    page.get_by_label("Engagement from").fill("99")

    expect(page.get_by_text("No customer is like this.")).to_be_visible()
    assert "stage=purchase" in page.url


def test_the_search_of_the_frame_goes_to_a_customer(visit: Visit, trouble: list[str]) -> None:
    """`/` leads to it from anywhere; a whole id to its page, a beginning to the list."""
    page = visit("/health")
    page.get_by_role("heading", level=1).wait_for()

    page.keyboard.press("/")
    page.keyboard.type("ada")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("ada")
    page.keyboard.press("/")
    page.keyboard.type("angry-")
    page.keyboard.press("Enter")

    expect(page.get_by_role("region", name="Customers").get_by_role("link")).to_have_count(6)
    assert all("404" in each for each in trouble)
    trouble.clear()


def test_a_customer_is_explained(visit: Visit, site: Site) -> None:
    """Where it is, the rule and what it read, what contributed, what it did; why it is not elsewhere."""
    page = visit("/customers/ada")
    why = page.locator("section").filter(has=page.get_by_role("heading", name="Why", exact=True))
    said = site.get("/v1/customers/ada/why")["stages"]["clm"]

    expect(page.locator(".stage-heads").first).to_contain_text(said["stage"].capitalize())
    expect(why.locator("code.rule").first).to_have_text(said["rule"])
    expect(why.locator(".readings").first).to_contain_text(next(iter(said["values"])))
    why.get_by_text("Why not another stage").first.click()
    expect(why.locator(".why-not").first).to_be_visible()
    expect(page.get_by_role("list", name="What Engagement is made of, in points")).to_contain_text(
        "Product Shared"
    )
    expect(page.get_by_role("list", name="Touchpoints")).to_contain_text("Order Completed")
    expect(page.locator(".ribbon").first).to_have_attribute("aria-label", re.compile("Purchase from"))
    expect(page.locator(".scatterlayer .js-line, .scatterlayer .point").first).to_be_attached()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_shown_as_text(visit: Visit, name: str) -> None:
    """Markup, slashes, characters that turn the text round: they are read, and do nothing."""
    page = visit(f"/customers/{quote(name, safe='')}")
    shown = name.replace("\u202e", "⟨U+202E⟩").replace("\u200b", "⟨U+200B⟩")

    expect(page.get_by_role("heading", level=1)).to_have_text(shown)
    expect(page.get_by_role("list", name="Touchpoints")).to_contain_text(
        "NPS Answered" if name == HOSTILE[0] else MARKUP
    )
    assert page.locator("main img").count() == 0
    assert page.title() == f"{shown} · Rapport"


def test_hostile_names_lead_from_the_list_to_their_customer(visit: Visit) -> None:
    """A link to an id with a slash, a hash or markup finds that customer, and no other."""
    page = visit("/customers")
    window = page.get_by_role("region", name="Customers")

    for name in (HOSTILE[0], MARKUP):
        window.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        expect(page.get_by_role("list", name="Touchpoints")).to_be_visible()
        page.go_back()
        expect(page.get_by_role("heading", level=1)).to_have_text("Customers")
