"""The pure modules of the page, called in the browser that they are written for."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.site import Site

pytestmark = pytest.mark.slow

DAY_MS = 86_400_000


@pytest.fixture(scope="module")
def page(chromium: Browser, site: Site) -> Iterator[Page]:
    """A page of the server's own, on which nothing else runs."""
    opened = chromium.new_page(locale="en-GB")
    opened.goto(f"{site.url}/assets/icon.svg")
    yield opened
    opened.close()


def call(page: Page, module: str, name: str, *arguments: Any) -> Any:
    """Call a function of a module; a Map comes back as a list of pairs."""
    return page.evaluate(
        """async ([module, name, args]) => {
            const found = (await import(`/assets/js/${module}.js`))[name](...args);
            return found instanceof Map ? [...found] : found;
        }""",
        [module, name, list(arguments)],
    )


def kpis(**figures: Any) -> dict[str, Any]:
    """Figures at noon of 2 March."""
    return {"as_of": "2026-03-02T12:00:00Z", "customers": 10, "stages": {}, "outcomes": {}} | figures


def point(start: str, **figures: Any) -> dict[str, Any]:
    return {"start": start, "kpis": kpis(**figures)}


def test_text_that_cannot_be_seen_is_made_visible(page: Page) -> None:
    """Controls and marks that turn the order round; letters of other scripts stay what they are."""
    shown = call(page, "text", "visible", "a\u0000\u202eb\u200b\ufeffש")

    assert shown == "a␀⟨U+202E⟩b⟨U+200B⟩⟨U+FEFF⟩ש"


def test_names_of_the_model_become_labels(page: Page) -> None:
    """Short names of frameworks and questions are abbreviations."""
    assert call(page, "text", "label", "post_purchase") == "Post purchase"
    assert call(page, "text", "title", "clm") == "CLM"
    assert call(page, "text", "title", "journey") == "Journey"
    assert call(page, "text", "stagesText", []) == "none"


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (None, "–"),
        (0, "0 s"),
        (999, "under 1 s"),
        (1_000, "1 s"),
        (59_999, "59 s"),
        (60_000, "1 min"),
        (3_661_000, "1 h 1 min"),
        (DAY_MS + 3_600_000, "1 d 1 h"),
        (30 * DAY_MS + 3_600_000, "30 d"),
    ],
)
def test_a_length_of_time_is_written_with_its_largest_units(page: Page, ms: int | None, text: str) -> None:
    """From nothing to months, on both sides of each unit."""
    assert call(page, "format", "duration", ms) == text


def test_what_a_rule_read_is_written_by_its_term(page: Page) -> None:
    """Terms that are lengths of time are told in milliseconds; what is absent says so."""
    assert call(page, "format", "reading", "since(purchase)", 7 * DAY_MS) == "7 d"
    assert call(page, "format", "reading", "count(purchase)", 7) == "7"
    assert call(page, "format", "reading", "answer(nps)", None) == "absent"


@pytest.mark.parametrize(
    ("figure", "high", "values", "shown"),
    [
        ("nps", 10, {"10": 2, "9": 1, "8": 4, "7": 1, "6": 1, "0": 1}, 10),
        ("top_two", 5, {"5": 1, "4": 2, "3": 1}, 0.75),
        ("mean", 7, {"7": 1, "1": 1}, 4),
    ],
)
def test_answers_are_summed_up_in_their_own_way(
    page: Page, figure: str, high: int, values: dict[str, int], shown: float
) -> None:
    """Promoters less detractors, the two best, the mean; nothing without answers."""
    question = {"figure": figure, "high": high}
    total = sum(int(value) * times for value, times in values.items())
    figures = {"answers": sum(values.values()), "sum": total, "values": values}

    assert call(page, "figures", "answersFigure", question, figures) == pytest.approx(shown)
    assert call(page, "figures", "answersFigure", question, {"answers": 0, "sum": 0, "values": {}}) is None


def test_outcomes_of_today_are_totals_less_those_of_the_last_day_before(page: Page) -> None:
    """Counts that tell more about some records are no outcomes; without history all is of today."""
    now = kpis(outcomes={"applied": 10, "late": 3, "unmapped": 5, "internal": 0})
    days = [
        point("2026-02-28T00:00:00Z", outcomes={"applied": 1}),
        point("2026-03-01T00:00:00Z", outcomes={"applied": 4, "late": 3}),
        point("2026-03-02T00:00:00Z", outcomes={"applied": 9, "late": 3}),
    ]

    assert call(page, "figures", "outcomesToday", now, days) == {"applied": 6}
    assert call(page, "figures", "outcomesToday", now, []) == {"applied": 10, "late": 3}


def test_figures_are_compared_with_the_same_hour_a_day_ago_or_with_midnight(page: Page) -> None:
    """Not with an hour that is two away, nor with an older day; then there is nothing to compare with."""
    hours = [point(f"2026-03-01T{hour:02}:00:00Z", customers=hour) for hour in (8, 10, 11, 12, 13)]

    days = [point("2026-02-28T00:00:00Z", customers=1), point("2026-03-01T00:00:00Z", customers=2)]

    def compared(**history: Any) -> tuple[int, str] | None:
        found = call(page, "figures", "before", kpis(), {"hours": [], "days": []} | history)
        return found and (found["kpis"]["customers"], found["since"])

    assert compared(hours=hours, days=days) == (12, "in a day")
    assert compared(hours=hours[:2], days=days) == (2, "since midnight")
    assert compared(hours=hours[:2], days=days[:1]) is None


def test_a_funnel_keeps_the_order_of_the_model(page: Page) -> None:
    """Shares sum to one, the longest bar is the fullest stage, the change is against the day before."""
    stages = [{"name": "a", "exit": False}, {"name": "b", "exit": False}, {"name": "x", "exit": True}]
    framework = {"name": "f", "kind": "ladder", "stages": stages}
    now, before = kpis(stages={"f": {"x": 5, "a": 15}}), kpis(stages={"f": {"a": 18}})

    rows = call(page, "figures", "funnel", framework, now, before)

    assert [(row["name"], row["count"], row["change"]) for row in rows] == [
        ("a", 15, -3),
        ("b", 0, 0),
        ("x", 5, 5),
    ]
    assert [row["share"] for row in rows] == [0.75, 0, 0.25]
    assert [row["width"] for row in rows] == [1, 0, pytest.approx(1 / 3)]


def test_a_ranking_sums_up_the_rest(page: Page) -> None:
    """The largest first, and nothing is left out of the total."""
    rows = call(page, "figures", "ranked", {"a": 1, "b": 5, "c": 3, "d": 1, "e": 0}, 3)

    assert [(row["name"], row["count"]) for row in rows] == [("b", 5), ("c", 3), (None, 2)]


def test_days_without_figures_count_nothing(page: Page) -> None:
    """From the first day that is known, at most 28, today last."""
    script = """async (days) => {
        const { byDay } = await import("/assets/js/figures.js");
        return byDay(days, { as_of: "2026-03-02T12:00:00Z", customers: 3 }, (kpis) => kpis.customers);
    }"""

    days = page.evaluate(script, [point("2026-02-27T00:00:00Z", customers=9)])

    assert days == [["2026-02-27", 9], ["2026-02-28", 0], ["2026-03-01", 0], ["2026-03-02", 3]]


def test_a_sankey_has_all_moves_between_two_sides(page: Page) -> None:
    """From the left to the right, in the order of the model, so that no circle can be."""
    flows = [
        {"from_stage": None, "to_stage": "a", "moves": 3},
        {"from_stage": "b", "to_stage": "a", "moves": 1},
        {"from_stage": "a", "to_stage": "b", "moves": 2},
        {"from_stage": "b", "to_stage": "c", "moves": 0},
    ]

    shape = call(page, "flows", "sankey", flows, ["a", "b", "c"])

    assert shape["total"] == sum(link["moves"] for link in shape["links"]) == 6
    assert [(node["name"], node["moves"]) for node in shape["nodes"]] == [
        ("", 3),
        ("a", 2),
        ("b", 1),
        ("a", 4),
        ("b", 2),
    ]
    assert [(link["source"], link["target"]) for link in shape["links"]] == [(0, 3), (2, 3), (1, 4)]
    left = [node["y"] for node in shape["nodes"][:3]]
    assert left == sorted(left)


def test_a_ribbon_covers_the_time_between_transitions(page: Page) -> None:
    """What was before the oldest is known from it; each part ends where the next begins."""
    moves = [
        {"from_stage": "b", "to_stage": "c", "at": "1970-01-01T00:00:08Z", "dwell_ms": 3_000},
        {"from_stage": "a", "to_stage": "b", "at": "1970-01-01T00:00:05Z", "dwell_ms": 9_000},
    ]

    parts = call(page, "ribbons", "segments", moves, {"from": 1_000, "to": 10_000})

    assert [(part["stage"], part["start"], part["end"]) for part in parts] == [
        ("a", 1_000, 5_000),
        ("b", 5_000, 8_000),
        ("c", 8_000, 10_000),
    ]


def test_flags_have_a_ribbon_each(page: Page) -> None:
    """On from its coming to its going; one that is on is so until now."""
    moves = [
        {"from_stage": "x", "to_stage": None, "at": "1970-01-01T00:00:08Z", "dwell_ms": 3_000},
        {"from_stage": None, "to_stage": "y", "at": "1970-01-01T00:00:06Z", "dwell_ms": 0},
        {"from_stage": None, "to_stage": "x", "at": "1970-01-01T00:00:05Z", "dwell_ms": 0},
    ]

    rows = dict(call(page, "ribbons", "flagSegments", moves, {"from": 0, "to": 10_000}))

    assert {flag: [(part["start"], part["end"]) for part in parts] for flag, parts in rows.items()} == {
        "x": [(5_000, 8_000)],
        "y": [(6_000, 10_000)],
    }


def test_waiting_for_a_connection_grows_and_is_bounded(page: Page) -> None:
    """Half a second, doubled each time, a quarter of a minute at most."""
    waits = [call(page, "link", "wait", tries) for tries in (1, 2, 3, 20)]

    assert waits == [500, 1_000, 2_000, 15_000]


def test_an_address_of_the_page_finds_its_view(page: Page) -> None:
    """Ids are decoded once; what is no UTF-8, and what is nowhere, is not there."""
    script = """async (paths) => {
        const { match } = await import("/assets/js/router.js");
        const routes = [["/customers", 1], ["/customers/:id", 2], ["", 0]];
        return paths.map((path) => match(routes, path)).map((m) => [m.load, m.parameters.id ?? null]);
    }"""
    paths = ["/customers/", "/customers/a%2Fb", "/customers/%FF", "/customers/a/b", "/elsewhere"]

    assert page.evaluate(script, paths) == [[1, None], [2, "a/b"], [0, None], [0, None], [0, None]]


def test_labels_of_charts_hold_no_markup(page: Page) -> None:
    """Plotly reads some markup in labels; none is left for it."""
    assert call(page, "parts/chart", "plain", "<b>a</b> &amp; \u202eb") == (
        "&lt;b&gt;a&lt;/b&gt; &amp;amp; ⟨U+202E⟩b"
    )
