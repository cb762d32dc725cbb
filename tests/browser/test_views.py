"""Every view, by its address, with the figures of the API."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.site import Site

pytestmark = pytest.mark.slow

VIEWS = {
    "/": "Overview",
    "/overview": "Overview",
    "/frameworks": "CLM",
    "/frameworks/journey": "Journey",
    "/frameworks/aarrr": "AARRR",
    "/customers": "Customers",
    "/customers/ada": "ada",
    "/alerts": "Alerts",
    "/model": "seen v3",
    "/health": "Health",
}


@pytest.mark.parametrize("width", [390, 1280])
def test_every_view_is_reached_by_its_address(visit: Visit, site: Site, width: int) -> None:
    """It says what it is, in its heading and its title, and nothing is wider than the screen."""
    page = visit("/", width=width)

    for path, heading in VIEWS.items():
        page.goto(site.url + path)
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        assert page.title() == f"{'Model' if path == '/model' else heading} · Rapport"
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_the_overview_shows_the_figures_of_the_api(visit: Visit, site: Site) -> None:
    """Customers, those of each stage, open alerts: as the API says them."""
    kpis = site.get("/v1/kpis")
    page = visit("/overview")

    expect(tile(page, "Customers")).to_have_text(str(kpis["customers"]))
    expect(tile(page, "New today")).to_have_text(str(kpis["new_today"]))
    expect(tile(page, "NPS")).to_be_visible()
    for stage, count in kpis["stages"]["clm"].items():
        name = stage.replace("_", " ").capitalize()
        rows = page.get_by_role("list", name="Customers by stage").get_by_role("listitem")
        row = rows.filter(has=page.get_by_text(name, exact=True))
        expect(row.locator(".count")).to_have_text(str(count))


def test_charts_are_drawn_and_have_a_table(visit: Visit, site: Site) -> None:
    """The Sankey diagram of moves, and the same as a table for those who do not see it."""
    flows = site.get("/v1/frameworks/clm/flows", days=7)["flows"]
    page = visit("/overview")
    moves = page.locator("section").filter(has=page.get_by_role("heading", name="Moves between stages"))

    expect(moves.locator(".sankey-link")).to_have_count(len(flows))
    moves.get_by_text("As a table").click()

    expect(moves.locator("tbody tr")).to_have_count(len(flows))
    expect(moves.locator(".chart-box")).to_have_attribute("aria-label", re.compile(r"\d+ moves; most often"))


def test_the_overview_is_there_within_a_second(visit: Visit) -> None:
    """From the request to the first figures, the best of three: other processes are not measured."""
    page = visit("/overview")
    took = []

    for _ in range(3):
        began = time.monotonic()
        page.reload(wait_until="commit")
        expect(tile(page, "Customers")).not_to_have_text("–")
        took.append(time.monotonic() - began)

    assert min(took) < 1


def test_a_framework_is_explained(visit: Visit, site: Site) -> None:
    """Stages with their figures, the rules in plain text, another period by a click and in the address."""
    page = visit("/frameworks/clm")
    stages = page.get_by_role("region", name="Stages", exact=True)

    expect(stages.get_by_role("row").filter(has_text="Purchase").first).to_contain_text(
        str(site.get("/v1/kpis")["stages"]["clm"]["purchase"])
    )
    expect(page.locator(".rules")).to_contain_text("since(purchase) < 7d")
    page.get_by_role("button", name="90 days").click()

    expect(page).to_have_url(re.compile(r"days=90"))


def test_the_model_is_drawn_and_says_what_never_came(visit: Visit) -> None:
    """Each kind of framework as a diagram; lines of the map with their matches."""
    page = visit("/model")

    expect(page.locator("svg.diagram")).to_have_count(3)
    page.get_by_role("button", name=re.compile("Never matched")).click()

    rows = page.locator("table.map tbody tr")
    expect(rows.first).to_contain_text("never")
    expect(page.locator("table.map")).not_to_contain_text("Product Shared")


def test_health_adds_up(visit: Visit, site: Site) -> None:
    """The outcomes sum to the records read, as the API counts them."""
    names = ("applied", "duplicate", "late", "suppressed", "dead_letter", "internal")
    outcomes = site.get("/v1/status")["outcomes"]
    page = visit("/health")

    expect(page.get_by_text("records read")).to_contain_text(f"= {sum(outcomes[name] for name in names):,}")
    expect(page.get_by_text("ready", exact=True)).to_be_visible()


def test_the_document_of_the_api_is_shown_offline(visit: Visit, site: Site) -> None:
    """Every route of the OpenAPI document has its place on the page."""
    paths = site.get("/v1/openapi.json")["paths"]
    page = visit("/docs")

    expect(page.get_by_role("heading", level=1)).to_have_text("Rapport API")
    expect(page.locator(".docs-nav li")).to_have_count(
        sum(len({"get", "post", "put", "delete"} & set(item)) for item in paths.values())
    )


def test_what_is_not_there_is_said(visit: Visit, trouble: list[str]) -> None:
    """An unknown customer and an unknown framework, each with a way on."""
    unknown = visit("/customers/nobody%2Fhere")
    expect(unknown.get_by_text("Nothing is known about this customer.")).to_be_visible()
    framework = visit("/frameworks/nothing")
    expect(framework.get_by_text("The model has no framework of this name.")).to_be_visible()

    assert [each for each in trouble if "404" not in each] == []
    trouble.clear()


def tile(page: Page, name: str) -> "object":
    """Return the value of a tile."""
    return page.locator("dl.tile").filter(has=page.get_by_text(name, exact=True)).locator("dd.value")
