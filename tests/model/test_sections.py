"""Every section of a model file is read into its struct; what does not fit is refused at its place."""

import pytest

from streams.model.definition import (
    Alert,
    Amount,
    AnswerSource,
    Condition,
    Follow,
    Goal,
    Model,
    PAlive,
    Question,
    Settings,
    TransitionPattern,
)
from streams.model.load import load_model_text
from tests.model.planted import SECTIONS, at_mark, checked, model, place, problems, reasons

DAY = 86_400_000


def load(**sections: str) -> Model:
    """Load the model with some of its sections replaced; nothing may be found in it."""
    text = model(**sections)

    assert problems(text) == []
    return load_model_text(text)


def touchpoints(*entries: str) -> str:
    """Return a touchpoint map of these entries and what the rest of the model reads."""
    return "".join(f"\n  - {entry}" for entry in entries) + SECTIONS["touchpoints"]


def stages(text: str) -> str:
    """Return the frameworks of the model and one more, with these stages."""
    return (
        SECTIONS["frameworks"] + f"  extra:\n    kind: ladder\n    stages:\n      low: {{}}\n      {text}\n"
    )


def alert(text: str) -> str:
    """Return the alerts of the model and one more."""
    return SECTIONS["alerts"] + f"  extra: {text}\n"


def test_a_model_without_faults_has_no_problems() -> None:
    """The model that faults are planted in is itself clean; otherwise those tests would prove nothing."""
    assert problems(model()) == []


def test_an_entry_says_what_a_touchpoint_means() -> None:
    """Constants, paths, lists of paths, lists of signals, answers, sets, caps and tags."""
    loaded = load(
        touchpoints=touchpoints(
            "{event: A, signals: {purchase: [properties.a, properties.b], visit: 2}, "
            "dimensions: {attention: -0.5}}",
            "{event: B, signals: [visit, purchase], activity: false, tag: care, forward: [visit]}",
            "{event: C, signals: visit, dimensions: {attention: properties.seconds}, daily_cap: 3}",
            "{event: D, answers: {nps: {value: traits.nps, scale: 0 - 10}}, seen: {pages: channel}}",
        )
    )

    first, second, third, fourth = loaded.touchpoints[:4]
    assert first.signals == (
        ("purchase", Amount(paths=("properties.a", "properties.b"))),
        ("visit", Amount(constant=2.0)),
    )
    assert first.dimensions == (("attention", Amount(constant=-0.5)),)
    assert second.signals == (("visit", Amount(constant=1.0)), ("purchase", Amount(constant=1.0)))
    assert (second.activity, second.tag, second.forward, second.line) == (False, "care", ("visit",), 5)
    assert (third.signals, third.daily_cap) == ((("visit", Amount(constant=1.0)),), 3)
    assert third.dimensions == (("attention", Amount(paths=("properties.seconds",))),)
    assert fourth.answers == (AnswerSource(question="nps", path="traits.nps", low=0.0, high=10.0),)
    assert fourth.seen == (("pages", "channel"),)


def test_where_knows_equality_patterns_lists_bounds_and_presence() -> None:
    """Texts in quotes are texts; true and numbers without quotes are what they look like."""
    loaded = load(
        touchpoints=touchpoints(
            "{event: A, where: {properties.a: x, properties.b: 'y*', properties.c: [x, 2, true], "
            "properties.d: {ge: 4, lt: 8}, properties.e: {exists: false}, direction: out, "
            "properties.f: '4', properties.g: false, campaign.source: -1.5, traits.plan: {exists: true}}}"
        )
    )

    assert loaded.touchpoints[0].where == (
        Condition("properties.a", "eq", "x"),
        Condition("properties.b", "glob", "y*"),
        Condition("properties.c", "any", ("x", 2.0, True)),
        Condition("properties.d", "ge", 4.0),
        Condition("properties.d", "lt", 8.0),
        Condition("properties.e", "exists", False),
        Condition("direction", "eq", "out"),
        Condition("properties.f", "eq", "4"),
        Condition("properties.g", "eq", False),
        Condition("campaign.source", "eq", -1.5),
        Condition("traits.plan", "exists", True),
    )


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("▸just a text", "an entry must be keys and values"),
        ("▸{type: x}", "an entry must name its event"),
        ("{event: ▸[a]}", "event must be a text"),
        ("{event: ▸''}", "event must be a text"),
        ("{event: A, ▸wehre: {properties.a: 1}}", "wehre is not a key of an entry"),
        ("{event: A, where: ▸x}", "where must be keys and values"),
        ("{event: A, where: {▸path: x}}", "path is not a path into a touchpoint"),
        ("{event: A, where: {▸properties..a: x}}", "properties..a is not a path into a touchpoint"),
        ("{event: A, where: {▸timestamp.x: x}}", "timestamp.x is not a path into a touchpoint"),
        ("{event: A, where: {properties.a: ▸[]}}", "an empty list matches nothing"),
        ("{event: A, where: {properties.a: [▸{b: c}]}}", None),
        ("{event: A, where: {properties.a: [x, ▸~, z]}}", None),
        ("{event: A, where: {properties.a: ▸null, properties.b: 1}}", None),
        ("{event: A, where: {properties.a: {▸equals: 4}}}", "equals is not a key of a condition"),
        ("{event: A, where: {properties.a: {ge: ▸x}}}", "ge compares with a number"),
        ("{event: A, where: {properties.a: {ge: ▸'4'}}}", "ge compares with a number"),
        ("{event: A, where: {properties.a: {exists: ▸maybe}}}", "exists must be true or false"),
        ("{event: A, signals: {▸two words: 1}}", "two words is not a name for a signal"),
        ("{event: A, signals: {▸if: 1}}", "if is a word of the language and cannot name a signal"),
        ("{event: A, signals: [▸[a]]}", "a signal must be a text"),
        ("{event: A, signals: {visit: ▸revenue}}", "revenue is not a path into a touchpoint"),
        ("{event: A, signals: {visit: ▸channel}}", "channel is not a path into a touchpoint"),
        ("{event: A, signals: {visit: ▸[]}}", "an empty list holds no amount"),
        ("{event: A, signals: {visit: ▸{a: b}}}", "a path must be a text"),
        ("{event: A, dimensions: ▸attention}", "dimensions must be keys and values"),
        ("{event: A, answers: {▸nps: {value: properties.x}}}", "the answer nps lacks scale"),
        (
            "{event: A, answers: {▸n-p: {value: properties.x, scale: 0-10}}}",
            "n-p is not a name for a question",
        ),
        ("{event: A, answers: {nps: {value: ▸x, scale: 0-10}}}", "x is not a path into a touchpoint"),
        ("{event: A, answers: {nps: {value: properties.x, scale: ▸ten}}}", None),
        ("{event: A, answers: {nps: {value: properties.x, scale: ▸10-0}}}", None),
        ("{event: A, answers: {nps: {value: properties.x, scale: ▸[0, 10]}}}", None),
        ("{event: A, seen: {▸a b: properties.x}}", "a b is not a name for a set"),
        ("{event: A, seen: {pages: ▸x}}", "x is not a path into a touchpoint"),
        ("{event: A, type: t, daily_cap: ▸0}", "daily_cap must lie between 1 and 511"),
        ("{event: A, type: t, daily_cap: ▸1.5}", "daily_cap must be a whole number"),
        ("{event: A, type: t, daily_cap: ▸many}", "daily_cap must be a number"),
        ("{event: A, activity: ▸yes}", "activity must be true or false"),
        ("{event: A, tag: ▸c a r e}", "c a r e is not a name for a tag"),
        ("{event: A, type: ▸" + "x" * 65 + "}", None),
        ("{event: A, type: ▸__}", "__ is not a name for a type"),
    ],
)
def test_an_entry_that_does_not_fit_is_refused(entry: str, reason: str | None) -> None:
    """At the character where it goes wrong, and nowhere else."""
    problem = at_mark(model(touchpoints=touchpoints(entry)))

    assert reason is None or problem.reason == reason


def test_a_map_that_is_no_list_is_refused() -> None:
    """The order of entries carries meaning, so keys and values will not do."""
    assert at_mark("model: a\ntouchpoints: ▸{a: b}\n").reason == "touchpoints must be a list"


@pytest.mark.parametrize("word", ["yes", "No", "on", "OFF"])
def test_words_that_yaml_takes_for_true_or_false_are_warned_about(word: str) -> None:
    """Norway is a country: the text is kept, and said to be one."""
    entry = "{event: A, where: {properties.country: ▸" + word + "}}"

    at_mark(model(touchpoints=touchpoints(entry)), severity="warning")

    assert (
        problems(model(touchpoints=touchpoints("{event: A, where: {properties.country: '" + word + "'}}")))
        == []
    )


def test_dimensions_scores_and_questions_are_read() -> None:
    """Half-lives and windows become milliseconds."""
    loaded = load(
        dimensions="{attention: {half_life: 14d, half_at: 12}, warmth: {value: 2 * attention}}",
        answers="{nps: {window: 90d, invert: true}}",
        types="{half_life: 10d}",
        currency="EUR",
        segments="[plan, channel]",
        goals="{nps: {target: 40}, churn: {target: 0.05, direction: down}}",
    )

    points, expression = loaded.dimensions
    assert (points.half_life_ms, points.half_at, points.value) == (14 * DAY, 12.0, None)
    assert expression.value is not None
    assert (expression.value.text, expression.half_life_ms) == ("2 * attention", 0)
    assert loaded.questions == (Question(name="nps", window_ms=90 * DAY, invert=True),)
    assert (loaded.types_half_life_ms, loaded.currency, loaded.segments) == (
        10 * DAY,
        "EUR",
        ("plan", "channel"),
    )
    assert loaded.goals == (Goal(name="nps", target=40.0), Goal(name="churn", target=0.05, direction="down"))


def test_settings_have_defaults() -> None:
    """What is not said keeps its default; grace may be nothing, a session gap may not."""
    text = (
        "{grace: 0d, timer_grace: 5s, future_tolerance: 1m, session_gap: 10m, score_interval: 0s, "
        "min_change: 0.5}"
    )

    assert load().settings == Settings()
    assert load(settings=text).settings == Settings(0, 5_000, 60_000, 600_000, 0, 0.5)


def test_p_alive_and_follows_are_read() -> None:
    """With all of their parameters."""
    loaded = load(
        p_alive="{signal: purchase, r: 0.24, alpha: 4.41, a: 0.79, b: 2.43, unit: 7d}",
        alerts=alert("{kind: state, when: 'p_alive < 0.2', cooldown: 1d, message: m}"),
    )

    assert loaded.p_alive == PAlive("purchase", 0.24, 4.41, 0.79, 2.43, 7 * DAY)
    assert loaded.follows == (Follow("reply", "visit", "purchase", 7 * DAY),)


def test_a_question_that_only_an_entry_names_stands_for_ninety_days() -> None:
    """It is allowed, and said."""
    entry = "{event: CSAT, answers: ▸{csat: {value: properties.x, scale: 1-5}}}"

    at_mark(model(touchpoints=touchpoints(entry)), severity="warning")

    found = checked(model(touchpoints=touchpoints(entry))).model
    assert found is not None
    assert [(question.name, question.window_ms) for question in found.questions] == [
        ("nps", 90 * DAY),
        ("csat", 90 * DAY),
    ]


@pytest.mark.parametrize(
    ("section", "text", "reason"),
    [
        ("▸touchpoint", "[]", "touchpoint is not a key of a model"),
        ("▸on", "x", "on is not a key of a model"),
        (
            "dimensions",
            "{attention: {half_life: 14d, half_at: 12}, ▸a b: {value: 1}}",
            "a b is not a name for a dimension",
        ),
        (
            "dimensions",
            "{attention: {half_life: 14d, half_at: 12}, ▸x: {half_at: 1}}",
            "the dimension x lacks half_life",
        ),
        (
            "dimensions",
            "{attention: {half_life: ▸14, half_at: 12}}",
            "half_life must be a duration with its unit",
        ),
        (
            "dimensions",
            "{attention: {half_life: ▸a while, half_at: 12}}",
            "half_life must be a duration with its unit",
        ),
        (
            "dimensions",
            "{attention: {half_life: ▸[14d], half_at: 12}}",
            "half_life must be a duration with its unit",
        ),
        ("dimensions", "{attention: {half_life: ▸0d, half_at: 12}}", None),
        ("dimensions", "{attention: {half_life: ▸0.1ms, half_at: 12}}", None),
        ("dimensions", "{attention: {half_life: ▸36526d, half_at: 12}}", None),
        ("dimensions", "{attention: {half_life: 14d, half_at: ▸0}}", "half_at must be above 0"),
        ("dimensions", "{attention: {half_life: 14d, half_at: ▸.inf}}", "half_at must be a number"),
        ("dimensions", "{attention: {half_life: 14d, half_at: ▸1e999}}", "half_at must be a number"),
        (
            "dimensions",
            "{▸attention: {half_life: 14d, half_at: 12, value: 3}}",
            "attention is points or an expression, not both",
        ),
        (
            "scores",
            "{engagement: attention, ▸rhythm: attention}",
            "rhythm is a word of the language and cannot name a score",
        ),
        ("scores", "{engagement: ▸[attention]}", "a score must be a text"),
        ("types", "{half_life: ▸30}", "half_life must be a duration with its unit"),
        ("answers", "{nps: {window: 90d}, ▸n p: {window: 1d}}", "n p is not a name for a question"),
        ("follow", "{▸reply: {open: visit, close: purchase}}", "reply lacks within"),
        (
            "follow",
            "{reply: {open: visit, close: purchase, within: ▸7}}",
            "within must be a duration with its unit",
        ),
        ("p_alive", "▸{signal: purchase, r: 1, alpha: 1, a: 1, b: 1}", "p_alive lacks unit"),
        ("p_alive", "{signal: purchase, r: 1, alpha: ▸0, a: 1, b: 1, unit: 7d}", "alpha must be above 0"),
        ("goals", "{▸nps: {direction: up}}", "the goal nps has no target"),
        ("goals", "{nps: {target: 40, direction: ▸upp}}", "upp is not a direction"),
        ("segments", "[plan, ▸{a: b}]", "segments must be a text"),
        ("settings", "{min_change: ▸101}", "min_change must lie between 0 and 100"),
        ("settings", "{session_gap: ▸0m}", None),
        ("settings", "{grace: ▸24}", "grace must be a duration with its unit"),
        ("settings", "▸none", "settings must be keys and values"),
    ],
)
def test_a_section_that_does_not_fit_is_refused(section: str, text: str, reason: str | None) -> None:
    """At the character where it goes wrong, before anything that follows from it."""
    whole = model(**{section: text})

    first = next(problem for problem in problems(whole) if problem.severity == "error")

    assert (first.line, first.column) == place(whole)
    assert reason is None or first.reason == reason


def test_a_model_needs_a_name_and_a_version_that_counts() -> None:
    """The version is 1 where it is not said."""
    assert at_mark("▸version: 2\n").reason == "the model has no name"
    assert at_mark("model: a\nversion: ▸0\n").reason == "version must lie between 1 and 2.14748e+09"
    assert load_model_text("model: a\n").version == 1


def test_a_framework_is_read_with_its_stages_and_exits() -> None:
    """Dwell, hard signals, upon, latches, exits with from and for."""
    loaded = load(
        frameworks="""
  clm:
    kind: free
    dwell: 24h
    hard: [purchase]
    stages:
      loyal: {upon: purchase, when: "count(visit, 30d) >= 2"}
      there: {when: "count(visit, 30d) >= 1", stay: always}
      new: {}
    exits:
      back: {from: [gone], when: "since(activity) < 24h", for: 24h}
      gone: {when: "since(activity) > 60d", stay: "since(activity) > 30d"}
""",
        levels="{involvement: {low: {when: 'ever(visit)'}, high: {when: 'ever(purchase)'}}}",
    )

    clm, involvement = loaded.frameworks
    loyal, there, new = clm.stages
    back, gone = clm.exits
    assert (clm.kind, clm.dwell_ms, clm.hard, clm.levels, clm.line) == (
        "free",
        DAY,
        ("purchase",),
        False,
        clm.line,
    )
    assert (loyal.upon, loyal.latch, there.latch, there.stay, new.when, new.latch) == (
        "purchase",
        True,
        True,
        None,
        None,
        False,
    )
    assert (back.from_stages, back.for_ms) == (("gone",), DAY)
    assert gone.stay is not None
    assert gone.stay.text == "since(activity) > 30d"
    assert (involvement.kind, involvement.levels) == ("flags", True)
    assert [stage.name for stage in involvement.stages] == ["low", "high"]


@pytest.mark.parametrize(
    ("frameworks", "reason"),
    [
        ("{▸a b: {kind: free, stages: {x: {}}}}", "a b is not a name for a framework"),
        ("{▸x: {stages: {x: {}}}}", "the framework x does not say its kind"),
        ("{x: {kind: ▸ladr, stages: {x: {}}}}", "ladr is not a kind of framework"),
        ("{▸x: {kind: free}}", "the framework x has no stages"),
        ("{x: {kind: free, ▸levels: 3, stages: {x: {}}}}", "levels is not a key of a framework"),
        ("{x: {kind: free, ▸on: 3, stages: {x: {}}}}", "on is not a key of a framework"),
        ("{x: {kind: free, dwell: ▸24, stages: {x: {}}}}", "dwell must be a duration with its unit"),
        ("{x: {kind: free, stages: {▸a b: {}}}}", "a b is not a name for a stage"),
        ("{x: {kind: free, stages: {a: {▸from: [b]}}}}", "from is not a key of a stage"),
        ("{x: {kind: free, stages: {a: {▸wen: 'ever(visit)'}}}}", "wen is not a key of a stage"),
        ("{x: {kind: free, stages: {a: {when: ▸[b]}}}}", "when must be a text"),
        ("{x: {kind: free, stages: {a: {when: '▸ever()'}}}}", None),
    ],
)
def test_a_framework_that_does_not_fit_is_refused(frameworks: str, reason: str | None) -> None:
    """At the character where it goes wrong."""
    text = model(frameworks=frameworks)

    (found,) = [problem for problem in problems(text) if problem.severity == "error"]

    assert (found.line, found.column) == place(text)
    assert reason is None or found.reason == reason


@pytest.mark.parametrize(
    ("stage", "reason"),
    [
        (
            "high: {when: 'score.engagement > 5', stay: 'score.engagement > 2', hysteresis: ▸3}",
            "hysteresis is short for stay; one of the two is enough",
        ),
        (
            "high: {when: 'ever(visit)', hysteresis: ▸3}",
            "hysteresis has nothing to relax: `when` compares no score and no dimension",
        ),
        (
            "high: {upon: visit, hysteresis: ▸3}",
            "a stage with upon stays by itself; hysteresis does nothing there",
        ),
        (
            "high: {upon: visit, stay: ▸'ever(visit)'}",
            "a stage with upon stays by itself; stay does nothing there",
        ),
        ("high: {when: 'score.engagement > 5', hysteresis: ▸0}", "a hysteresis of 0 relaxes nothing"),
        ("high: {when: 'score.engagement > 5', hysteresis: ▸5d}", "hysteresis must be a number"),
        ("high: {when: 'score.engagement > 5', hysteresis: ▸-1}", "hysteresis must lie between 0 and 100"),
        ("high: {when: 'score.engagement ▸>', hysteresis: 5}", "the rule cannot be read from here on"),
    ],
)
def test_a_stage_that_does_not_fit_is_refused(stage: str, reason: str) -> None:
    """What a stay or a hysteresis cannot mean is said where it stands."""
    text = model(frameworks=stages(stage))

    problem = next(problem for problem in problems(text) if problem.severity == "error")

    assert problem.reason == reason
    assert (problem.line, problem.column) == place(text)


def test_a_hysteresis_without_a_when_relaxes_nothing() -> None:
    """It is said beside what else is wrong with such a stage."""
    text = model(frameworks=stages("high: {hysteresis: ▸5}"))

    found = {(problem.line, problem.column): problem.reason for problem in problems(text)}

    assert found[place(text)].startswith("hysteresis has nothing to relax")


def test_alerts_hang_on_signals_questions_transitions_and_years() -> None:
    """A bare name is whichever of signal and question it names."""
    loaded = load(
        alerts=alert(
            "{kind: event, upon: {transition: clm, direction: back, from: [buyer], to: [engaged, awareness], "
            "except_to: [engaged]}, cooldown: 1d, daily_cap: 2, message: '{to_stage}'}"
        )
        + "  s: {kind: event, upon: visit, cooldown: 0d, message: m}\n"
        + "  s2: {kind: event, upon: {signal: reply.expired}, cooldown: 0d, message: m}\n"
        + "  q2: {kind: event, upon: {question: nps}, cooldown: 0d, message: m}\n"
        + "  y: {kind: event, upon: {every: 365d}, severity: critical, cooldown: 0d, message: m}\n"
        + "  c: {kind: state, when: 'ever(visit)', clear: 'since(visit) > 1d', cooldown: 1d, message: m}\n"
    )

    found = {one.name: one for one in loaded.alerts}
    assert found["detractor"].upon_question == "nps"
    assert found["extra"].upon_transition == TransitionPattern(
        "clm", "back", ("engaged", "awareness"), ("engaged",), ("buyer",)
    )
    assert (found["extra"].daily_cap, found["extra"].cooldown_ms) == (2, DAY)
    assert (found["s"].upon_signal, found["s2"].upon_signal) == ("visit", "reply.expired")
    assert found["q2"].upon_question == "nps"
    assert (found["y"].upon_every_ms, found["y"].severity) == (365 * DAY, "critical")
    assert isinstance(found["c"], Alert)
    assert found["c"].clear is not None


@pytest.mark.parametrize(
    ("text", "reason", "severity"),
    [
        ("{kind: state, cooldown: 1d, message: m}", "a state alert needs when", "error"),
        ("{kind: event, cooldown: 1d, message: m}", "an event alert needs upon", "error"),
        ("{cooldown: 1d, message: m}", "the alert extra does not say its kind", "error"),
        (
            "{kind: state, when: 'ever(visit)', message: m}",
            "without a cooldown this alert may be raised at every touchpoint",
            "warning",
        ),
        ("{kind: state, when: 'ever(visit)', cooldown: 1d}", "the alert has no message", "warning"),
    ],
)
def test_what_an_alert_lacks_is_said_at_its_name(text: str, reason: str, severity: str) -> None:
    """A missing key has no place of its own."""
    whole = model(alerts=alert(text).replace("  extra:", "  ▸extra:"))

    assert at_mark(whole, severity=severity).reason == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{kind: ▸states, when: 'ever(visit)', cooldown: 1d, message: m}", "states is not a kind of alert"),
        (
            "{kind: state, upon: ▸visit, when: 'ever(visit)', cooldown: 1d, message: m}",
            "upon belongs to event alerts",
        ),
        (
            "{kind: state, daily_cap: ▸2, when: 'ever(visit)', cooldown: 1d, message: m}",
            "daily_cap belongs to event alerts",
        ),
        (
            "{kind: event, upon: visit, clear: ▸'ever(visit)', cooldown: 1d, message: m}",
            "an event alert is never open, so it has nothing to clear",
        ),
        ("{kind: event, ▸on: visit, upon: visit, cooldown: 1d, message: m}", "on is not a key of an alert"),
        ("{kind: event, upon: ▸[visit], cooldown: 1d, message: m}", "upon must be a text"),
        (
            "{kind: event, upon: ▸{}, cooldown: 1d, message: m}",
            "upon names exactly one of signal, question, transition, every",
        ),
        (
            "{kind: event, upon: ▸{signal: visit, every: 1d}, cooldown: 1d, message: m}",
            "upon names exactly one of signal, question, transition, every",
        ),
        (
            "{kind: event, upon: {signal: visit, to: ▸[buyer]}, cooldown: 1d, message: m}",
            "to belongs to {transition: …}",
        ),
        ("{kind: event, upon: {transition: ▸[clm]}, cooldown: 1d, message: m}", "transition must be a text"),
        (
            "{kind: event, upon: {transition: clm, direction: ▸backward}, cooldown: 1d, message: m}",
            "backward is not a direction",
        ),
        (
            "{kind: event, upon: {every: ▸365}, cooldown: 1d, message: m}",
            "every must be a duration with its unit",
        ),
        ("{kind: event, upon: visit, severity: ▸fatal, cooldown: 1d, message: m}", "fatal is not a severity"),
        ("{kind: event, upon: visit, cooldown: ▸1, message: m}", "cooldown must be a duration with its unit"),
        ("{kind: event, upon: visit, cooldown: 1d, message: ▸[m]}", "message must be a text"),
    ],
)
def test_an_alert_that_does_not_fit_is_refused(text: str, reason: str) -> None:
    """At the character where it goes wrong."""
    assert at_mark(model(alerts=alert(text))).reason == reason


def test_on_is_explained_as_upon() -> None:
    """`on:` is true or false to YAML, which is why the language says `upon`."""
    text = model(alerts=alert("{kind: event, ▸on: visit, upon: visit, cooldown: 1d, message: m}"))

    assert at_mark(text).suggestion == "did you mean upon? YAML takes on for true or false"


def test_a_name_that_is_a_signal_and_a_question_must_be_said_which() -> None:
    """Guessing would change the meaning when somebody adds a signal."""
    entries = touchpoints("{event: A, signals: [nps]}")
    text = model(
        touchpoints=entries, alerts=alert("{kind: event, upon: {signal: nps}, cooldown: 1d, message: m}")
    )

    assert reasons(text) == ["nps is a signal and a question"]


def test_a_name_of_a_level_set_and_of_an_alert_must_be_one() -> None:
    """Names are what rules can say."""
    assert (
        at_mark(model(levels="{▸a b: {x: {when: 'ever(visit)'}}}")).reason
        == "a b is not a name for a set of levels"
    )
    assert at_mark(model(levels="{▸empty: {}}")).reason == "empty has no levels"
    assert (
        at_mark(
            model(
                alerts=alert("{kind: event, upon: visit, cooldown: 1d, message: m}").replace("extra", "▸a b")
            )
        ).reason
        == "a b is not a name for an alert"
    )
