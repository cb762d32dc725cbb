"""A model shown as YAML and loaded again is the same model; a diff says what differs, thing by thing."""

from pathlib import Path

import pytest
import yaml

from streams.model.diff import Change, diff
from streams.model.load import load_model, load_model_text
from streams.model.pieces import scalar
from streams.model.show import show
from tests.model.planted import SECTIONS, model

MODELS = Path(__file__).parent / "models"
EVERYTHING = model(
    currency="'€'",
    types="{half_life: 10d}",
    answers="{nps: {window: 90d, invert: true}}",
    dimensions="{attention: {half_life: 14d, half_at: 12}, warmth: {value: 'attention / 2'}}",
    p_alive="{signal: purchase, r: 0.5, alpha: 1, a: 1, b: 2, unit: 7d}",
    levels="{involvement: {low: {when: 'ever(visit)', stay: always}}}",
    segments="[plan, 'yes', '3']",
    goals="{nps: {target: 40.5}, 'time to value': {target: 3, direction: down}}",
    settings="{grace: 90m, min_change: 0.5}",
    touchpoints=SECTIONS["touchpoints"]
    + """  - event: "A: b # c"
    where: {properties.a: 'x*', properties.b: [1, 'two', true, 'no'], properties.c: {ge: 1, lt: 3.5},
            properties.d: {exists: false}, properties.e: "it's \\"so\\" \\\\ \\a", channel: web,
            properties.f: '4', properties.g: 'a "b"'}
    signals: {purchase: [properties.a, properties.b], visit: -1}
    forward: [visit]
    activity: false
    tag: care
    daily_cap: 3
    type: cognitive
""",
    frameworks=SECTIONS["frameworks"]
    + """  more:
    kind: free
    dwell: 36h
    hard: [purchase]
    stages:
      loyal: {upon: purchase, when: "count(visit, 30d) >= 2"}
      near: {when: "score.engagement >= 20", hysteresis: 5}
    exits:
      back: {from: [gone], when: "since(activity) < 24h", for: 24h}
      gone: {when: "since(activity) > 60d and trait.x == \\"a\\" or trait.x == 'it'", stay: "p_alive < 0.2"}
""",
    alerts=SECTIONS["alerts"]
    + """  t:
    kind: event
    upon: {transition: clm, direction: back, from: [buyer], to: [engaged], except_to: [dormant]}
    daily_cap: 2
    cooldown: 1d
    message: "x"
  y: {kind: event, upon: {every: 365d}, severity: critical, cooldown: 0d, message: "x: {customer}"}
  s: {kind: event, upon: {signal: visit}, cooldown: 0d, message: x}
  c: {kind: state, when: "ever(visit)", clear: "since(visit) > 1d", cooldown: 1d, message: x}
""",
)


@pytest.mark.parametrize(
    "text",
    [
        model(),
        EVERYTHING,
        "model: a\n",
        *(path.read_text(encoding="utf-8") for path in sorted(MODELS.glob("*.yaml"))),
    ],
)
def test_what_is_shown_is_the_same_model(text: str) -> None:
    """What `show` prints can be saved and used."""
    loaded = load_model_text(text)

    again = load_model_text(show(loaded))

    assert again.digest == loaded.digest
    assert diff(loaded, again) == ()


def test_the_starter_model_shown_is_the_starter_model() -> None:
    """Shown once more, it is the same text."""
    starter = load_model("starter")

    text = show(starter)

    assert load_model_text(text).digest == starter.digest
    assert show(load_model_text(text)) == text
    assert "  clm:\n    kind: ladder\n    dwell: 1d\n    hard: [purchase, cancellation]\n" in text
    assert 'stay: "score.engagement >= 15 or channels(30d) >= 2 or days_active(30d) >= 4"' in text


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "two words",
        "yes",
        "null",
        "3",
        "1-5",
        "it's",
        'a "b"',
        "a: b",
        "# c",
        "\x85",
        "\U0001f600 \t",
        "é",
        "{a}",
        "on",
    ],
)
def test_a_text_is_quoted_where_yaml_would_take_it_for_something_else(text: str) -> None:
    """Any reader of YAML gets the text back."""
    assert yaml.safe_load(f"x: {scalar(text)}") == {"x": text}


def changed(text: str) -> list[Change]:
    """Return what differs from the clean model."""
    return list(diff(load_model_text(model()), load_model_text(text)))


def test_equal_models_do_not_differ() -> None:
    """Whatever their files look like."""
    assert changed("# comment\n" + model()) == []


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        (model().replace("version: 1", "version: 2"), [Change("version", "", "~", "1", "2")]),
        (model(currency="EUR"), [Change("currency", "", "+", after="EUR")]),
        (
            model().replace("half_at: 12", "half_at: 20"),
            [Change("dimensions", "attention.half_at", "~", "12", "20")],
        ),
        (
            model(scores="{engagement: 2 * attention}"),
            [Change("scores", "engagement", "~", "attention", '"2 * attention"')],
        ),
        (
            model().replace("since(purchase) < 30d", "since(purchase) < 60d"),
            [
                Change(
                    "frameworks",
                    "clm.stages.buyer.when",
                    "~",
                    '"since(purchase) < 30d"',
                    '"since(purchase) < 60d"',
                )
            ],
        ),
        (
            model(goals="{nps: {target: 40}}"),
            [Change("goals", "nps", "+", after="{target: 40, direction: up}")],
        ),
        (
            model(settings="{grace: 48h}"),
            [Change("settings", "grace", "~", "1d", "2d")],
        ),
        (
            model(alerts=SECTIONS["alerts"].partition("  waiting:")[0]).replace(
                "signals: [visit]", "signals: {visit: 1}"
            ),
            [
                Change(
                    "alerts",
                    "waiting",
                    "-",
                    "{kind: state, when: \"follow(reply) == 'open' and seen(pages, 30d) >= 2\", "
                    'severity: info, cooldown: 1d, message: "{customer} waits"}',
                )
            ],
        ),
    ],
)
def test_a_difference_is_named_with_both_sides(text: str, changes: list[Change]) -> None:
    """Added, removed, or changed, at the deepest key that differs."""
    assert changed(text) == changes


def test_entries_are_compared_by_what_they_match() -> None:
    """One more, one less, one that gives more points."""
    text = model(
        touchpoints="""
  - event: Order Completed
    where: {properties.big: true}
    type: transactional
    signals: {purchase: properties.revenue}
  - {event: Page Viewed, type: cognitive, signals: [visit], dimensions: {attention: 2}}
  - event: NPS Answered
    answers: {nps: {value: properties.score, scale: 0-10}}
    seen: {pages: properties.page}
"""
    )

    assert [(change.section, change.name, change.sign) for change in changed(text)] == [
        ("touchpoints", "Order Completed", "-"),
        ("touchpoints", "Page Viewed.dimensions.attention", "~"),
        ("touchpoints", "Order Completed where {properties.big: true}", "+"),
    ]


def test_the_order_is_compared_where_it_carries_meaning() -> None:
    """Stages of a framework, and entries that can match the same touchpoint."""
    several = "  - {event: A, where: {properties.x: 1}, type: c}\n  - {event: A, type: c}\n"
    pattern = "  - {event: 'B*', type: c}\n"
    extra, moved = several + pattern, pattern + several
    before = load_model_text(
        model(touchpoints=SECTIONS["touchpoints"] + extra, scores="{engagement: attention, b: attention}")
    )
    after = load_model_text(
        model(touchpoints=SECTIONS["touchpoints"] + moved, scores="{b: attention, engagement: attention}")
    )
    swapped = SECTIONS["frameworks"].replace(
        'revenue: {when: "ever(purchase)"}', 'retained: {when: "days_active(28d) >= 4"}', 1
    )
    swapped = swapped[::-1].replace(
        'retained: {when: "days_active(28d) >= 4"}'[::-1], 'revenue: {when: "ever(purchase)"}'[::-1], 1
    )[::-1]

    assert [(change.name, change.before, change.after) for change in diff(before, after)] == [
        ('"B*"', "after A where {properties.x: 1}", "before A where {properties.x: 1}"),
        ('"B*"', "after A", "before A"),
    ]
    assert [change.name for change in changed(model(frameworks=swapped))] == ["aarrr.stages.retained"]


def test_the_order_of_levels_is_compared() -> None:
    """The level is the highest flag that is held."""
    low_first = load_model_text(
        model(levels="{l: {low: {when: 'ever(visit)'}, high: {when: 'ever(purchase)'}}}")
    )
    high_first = load_model_text(
        model(levels="{l: {high: {when: 'ever(purchase)'}, low: {when: 'ever(visit)'}}}")
    )

    assert diff(low_first, high_first) == (Change("levels", "l.high", "~", "after low", "before low"),)


def test_a_value_that_becomes_a_list_is_a_change() -> None:
    """A text and a list have no keys in common."""
    text = model().replace("purchase: properties.revenue", "purchase: [properties.revenue, properties.total]")

    assert changed(text) == [
        Change(
            "touchpoints",
            "Order Completed.signals.purchase",
            "~",
            "properties.revenue",
            "[properties.revenue, properties.total]",
        )
    ]
