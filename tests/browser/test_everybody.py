"""The page for everybody: nothing serious for axe-core, all of it by keyboard, and without motion."""

from importlib import resources
from typing import Final, Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit

pytestmark = pytest.mark.slow

AXE = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
SCHEMES: Final[list[Literal["light", "dark"]]] = ["light", "dark"]
VIEWS = [
    "/overview",
    "/frameworks/clm",
    "/frameworks/aarrr",
    "/customers",
    "/customers/ada",
    "/alerts?state=all",
    "/model",
    "/health",
    "/docs",
]


@pytest.mark.parametrize("path", VIEWS)
def test_axe_finds_nothing_serious(visit: Visit, path: str) -> None:
    """In every view: no finding that is serious or critical. Dark has the same elements in other colours."""
    page = visit(path, height=2_400)

    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator(".loading, figure:not([hidden]) > .chart-box:not(:has(svg))")).to_have_count(0)

        assert serious(page, only=None if scheme == "light" else ["color-contrast"]) == []


def test_axe_finds_what_is_planted(visit: Visit) -> None:
    """The check above sees a button without a name and a text that is too pale."""
    page = visit("/health")
    page.get_by_role("heading", level=1).wait_for()
    page.evaluate(
        """() => {
            const main = document.querySelector("main");
            main.append(document.createElement("button"));
            const pale = document.createElement("p");
            pale.textContent = "hardly seen";
            pale.style.color = "#ccc";
            main.append(pale);
        }"""
    )

    assert {name for name, _ in serious(page)} == {"button-name", "color-contrast"}


def test_everything_is_reached_by_keyboard(visit: Visit) -> None:
    """Skip link, navigation, a filter, a form and back, without a mouse and with the focus in sight."""
    page = visit("/overview")
    page.get_by_role("heading", level=1).wait_for()

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    tab_to(page, "Alerts", back=True)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.get_by_role("heading", level=1)).to_have_text("Alerts")
    tab_to(page, "Events")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Events")).to_have_attribute("aria-pressed", "true")
    tab_to(page, "Acknowledge")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your name")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Acknowledge").first).to_be_focused()
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) == "solid"


def test_the_theme_is_chosen_kept_and_given_back_to_the_system(visit: Visit) -> None:
    """A choice outlives a reload; turning back follows the system again."""
    page = visit("/health", scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)

    page.get_by_role("button", name="Dark theme").click()
    dark = page.evaluate(ground)
    page.reload()
    kept = page.evaluate(ground)
    page.get_by_role("button", name="Dark theme").click()

    assert dark == kept != light
    expect(page.get_by_role("button", name="Dark theme")).to_have_attribute("aria-pressed", "false")
    assert page.evaluate(ground) == light
    assert page.evaluate("localStorage.length") == 0


def test_who_wants_no_motion_sees_none(visit: Visit) -> None:
    """Bars change at once, fresh lines do not fade."""
    page = visit("/overview")
    page.emulate_media(reduced_motion="reduce")
    page.locator(".bars .fill").first.wait_for(state="attached")

    assert page.evaluate("getComputedStyle(document.querySelector('.bars .fill')).transitionDuration") == "0s"


def serious(page: Page, *, only: list[str] | None = None) -> list[tuple[str, list[str]]]:
    """Return the findings of axe-core that are serious or critical: the rule, and where."""
    options = {"resultTypes": ["violations"]} | ({} if only is None else {"runOnly": only})
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate("(options) => axe.run(options)", options)
    return [
        (each["id"], [node["html"][:160] for node in each["nodes"]])
        for each in found["violations"]
        if each["impact"] in {"serious", "critical"}
    ]


def tab_to(page: Page, text: str, *, back: bool = False) -> None:
    """Press Tab until something of this text has the focus."""
    for _ in range(80):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if page.evaluate("document.activeElement.innerText").strip().startswith(text):
            return
    raise AssertionError(f"{text} was not reached")
