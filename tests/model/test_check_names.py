"""Every name that a rule or a section refers to must be defined; a wrong one is named where it stands."""

import pytest

from tests.model.planted import MARK, SECTIONS, at_mark, model, problems, with_rule, with_score


@pytest.mark.parametrize(
    ("rule", "reason", "suggestion"),
    [
        ("score.▸engagment > 3", "no score is called engagment", "did you mean engagement?"),
        ("score.▸engagment@7d > 3", "no score is called engagment", "did you mean engagement?"),
        ("dimension.▸xyz > 3", "no dimension is called xyz", "dimensions: attention"),
        ("type.▸emotional > 0.5", "no type is called emotional", "types: cognitive, transactional"),
        ("count(▸visits, 30d) > 3", "no entry gives the signal visits", "did you mean visit?"),
        ("since(▸reply.close) > 3d", "no entry gives the signal reply.close", "did you mean reply.closed?"),
        ("answer(▸csat) > 3", "no question is called csat", "questions: nps"),
        ("seen(▸page, 30d) > 3", "no set is called page", "did you mean pages?"),
        ("follow(▸replies) == 'open'", "no follow is called replies", None),
        ("stage.▸cml == 'buyer'", "no framework is called cml", "did you mean clm?"),
        ("stage.clm == ▸'bier'", "bier is no stage of clm", "did you mean buyer?"),
        ("▸'closd' == follow(reply)", "closd is no outcome of a follow", "did you mean closed?"),
        (
            "▸p_alive > 0.5",
            "p_alive has no parameters",
            "add p_alive: {signal: purchase, r: …, alpha: …, a: …, b: …, unit: 7d}",
        ),
        ("▸attention > 3", "attention alone means a dimension in scores only", "write dimension.attention"),
        ("▸engagement > 3", "engagement alone is not a term", "write score.engagement"),
        ("▸cognitive > 0.3", "cognitive alone is not a term", "write type.cognitive"),
        ("▸clm > 3", "clm alone is not a term", "write stage.clm"),
        ("▸visit > 3", "visit is not known", "write count(visit, 30d), or ever(visit)"),
        ("▸tenur > 3", "tenur is not known", "did you mean tenure?"),
        ("▸zzzzzz > 3", "zzzzzz is not known", "dimensions: attention"),
    ],
)
def test_a_name_that_nothing_defines_is_refused(rule: str, reason: str, suggestion: str | None) -> None:
    """With the nearest name that is defined, or what there is to choose from."""
    problem = at_mark(with_rule(rule))

    assert problem.reason == reason
    assert suggestion is None or problem.suggestion == suggestion


@pytest.mark.parametrize(
    "rule",
    [
        "score.engagement > 3 and score.engagement@7d > 3 and dimension.attention > 3",
        "type.cognitive > 0.5 and count(visit, 30d) > 3 and answer(nps) > 3",
        "since(reply.closed) > 3d or since(reply.expired) > 3d or since(session) > 3d or ever(activity)",
        "seen(pages, 30d) > 3 and follow(reply) == 'closed' and stage.clm == 'dormant'",
        "stage.aarrr == 'retained' and trait.anything == 'x' and until(trait.other) < 7d",
        "tenure > 7d and rhythm > 7d and sessions(7d) > 1",
    ],
)
def test_names_that_are_defined_are_not_refused(rule: str) -> None:
    """Built-in signals and the two of every follow included; traits are the tracker's own."""
    assert problems(with_rule(rule)) == []


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("▸atention", "atention is not known"),
        ("mean(attention, ▸visit)", "visit is not known"),
        ("attention + score.▸x", "no score is called x"),
    ],
)
def test_a_score_reads_dimensions_by_their_bare_names(rule: str, reason: str) -> None:
    """And nothing else."""
    assert at_mark(with_score(rule)).reason == reason
    assert problems(with_score("mean(attention, dimension.attention)")) == []


def touchpoints(entry: str) -> str:
    """Return a model with one more entry."""
    return model(touchpoints="\n  - " + entry + SECTIONS["touchpoints"])


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("{event: A, dimensions: {▸atention: 1}}", "no dimension is called atention"),
        ("{event: A, signals: [visit, ▸activity]}", "activity is a built-in signal"),
        ("{event: A, signals: {▸session: 1}}", "session is a built-in signal"),
        ("{event: A, signals: ▸session}", "session is a built-in signal"),
        (
            "{event: A, signals: [visit], forward: [▸purchase]}",
            "this entry gives no signal purchase to forward",
        ),
    ],
)
def test_an_entry_refers_to_what_exists(entry: str, reason: str) -> None:
    """Points go to dimensions; built-in signals are not given twice; only own signals go on."""
    assert at_mark(touchpoints(entry)).reason == reason


def test_an_expression_takes_no_points() -> None:
    """A dimension is fed, or worked out from others."""
    text = model(
        dimensions="{attention: {half_life: 14d, half_at: 12}, warmth: {value: attention}}",
        touchpoints="\n  - {event: A, dimensions: {▸warmth: 1}}" + SECTIONS["touchpoints"],
    )

    assert at_mark(text).reason == "warmth is an expression and takes no points"


def test_scales_of_one_question_do_not_differ() -> None:
    """An average over 1-7 and 0-10 means nothing."""
    entry = "{event: A, answers: {nps: {value: properties.x, scale: 1-7}}}"
    text = touchpoints(entry).replace(
        "answers: {nps: {value: properties.score", "answers: {▸nps: {value: properties.score"
    )

    assert at_mark(text).reason == "another entry answers nps from 1 to 7"
    assert problems(touchpoints("{event: A, answers: {nps: {value: properties.x, scale: 0-10}}}")) == []


@pytest.mark.parametrize(
    ("framework", "reason"),
    [
        ("{kind: ladder, hard: [visit, ▸buy], stages: {a: {}}}", "no entry gives the signal buy"),
        ("{kind: ladder, hard: ▸buy, stages: {a: {}}}", "no entry gives the signal buy"),
        ("{kind: free, stages: {a: {upon: ▸buy}}}", "no entry gives the signal buy"),
        (
            "{kind: ladder, stages: {a: {}}, exits: {x: {from: [▸b], when: 'ever(visit)'}}}",
            "b is no other stage of extra",
        ),
        (
            "{kind: ladder, stages: {a: {}}, exits: {x: {from: [a, ▸x], when: 'ever(visit)'}}}",
            "x is no other stage of extra",
        ),
    ],
)
def test_a_framework_refers_to_what_exists(framework: str, reason: str) -> None:
    """Hard signals, upon signals, and the stages that an exit is left from."""
    text = model(frameworks=SECTIONS["frameworks"] + f"  extra: {framework}\n")

    assert at_mark(text).reason == reason


def test_a_follow_and_p_alive_refer_to_signals() -> None:
    """A signal that nothing gives would leave them silent for ever."""
    opens = "{reply: {open: ▸visits, close: purchase, within: 7d}}"
    closes = "{reply: {open: visit, close: ▸buy, within: 7d}}"
    p_alive = "{signal: ▸buy, r: 1, alpha: 1, a: 1, b: 1, unit: 7d}"

    assert at_mark(model(follow=opens)).reason == "no entry gives the signal visits"
    assert at_mark(model(follow=closes)).reason == "no entry gives the signal buy"
    rule = with_rule("p_alive < 0.2") + f"p_alive: {p_alive}\n"
    assert at_mark(rule).reason == "no entry gives the signal buy"
    assert problems(rule.replace("buy", "purchase").replace(MARK, "")) == []


@pytest.mark.parametrize(
    ("upon", "reason"),
    [
        ("▸visits", "no signal and no question is called visits"),
        ("{signal: ▸visits}", "no signal and no question is called visits"),
        ("{question: ▸csat}", "no question is called csat"),
        ("{transition: ▸cml}", "no framework is called cml"),
        ("{transition: clm, to: [buyer, ▸byer]}", "byer is no stage of clm"),
        ("{transition: clm, except_to: [▸byer]}", "byer is no stage of clm"),
        ("{transition: clm, from: ▸byer}", "byer is no stage of clm"),
        (
            "{transition: clm, to: [buyer], except_to: ▸[buyer, engaged]}",
            "every stage in to is excepted again",
        ),
    ],
)
def test_an_event_alert_hangs_on_what_exists(upon: str, reason: str) -> None:
    """A signal, a question, or a transition between stages of a framework."""
    alert = f"  extra: {{kind: event, upon: {upon}, cooldown: 1d, message: m}}\n"

    assert at_mark(model(alerts=SECTIONS["alerts"] + alert)).reason == reason


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("{customer} {▸custmer}", "nothing fills {custmer}"),
        ("{score.engagement} {▸score.x}", "nothing fills {score.x}"),
        ("{▸customer.__class__}", "nothing fills {customer.__class__}"),
        ("{answer(nps)} {▸answer(csat)}", "nothing fills {answer(csat)}"),
        ("{▸from_stage}", "nothing fills {from_stage}"),
        ("{stage.clm} {▸stage.aarrr}", "nothing fills {stage.aarrr}"),
        ("{▸dimension.attention}", "nothing fills {dimension.attention}"),
        ("{▸}", "nothing fills {}"),
    ],
)
def test_a_message_names_only_what_can_be_filled_in(message: str, reason: str) -> None:
    """Customers, scores, stages of one at a time, and what the alert's own rule reads."""
    alert = (
        "  extra: {kind: event, upon: nps, when: 'answer(nps) > 3', cooldown: 1d, message: \""
        + message
        + '"}\n'
    )

    assert at_mark(model(alerts=SECTIONS["alerts"] + alert)).reason == reason


def test_a_message_may_name_all_that_can_be_filled_in() -> None:
    """Stages of a transition only where there is one."""
    alert = """  extra:
    kind: event
    upon: {transition: clm}
    when: "answer(nps) > 3"
    cooldown: 1d
    message: "{ customer } {alert} {score.engagement} {stage.clm} {from_stage}
      {to_stage} {answer(nps)} }{"
"""

    assert problems(model(alerts=SECTIONS["alerts"] + alert)) == []
