"""A small, readable model for tests whose answers are worked out by hand."""

from streams.model.definition import (
    Alert,
    Amount,
    AnswerSource,
    Condition,
    Dimension,
    Entry,
    Follow,
    Framework,
    Model,
    PAlive,
    Question,
    Score,
    Settings,
    Stage,
    TransitionPattern,
)
from streams.model.expression import Default, Fold
from tests.nodes import (
    DAY,
    HOUR,
    MINUTE,
    both,
    calculate,
    compare,
    duration,
    either,
    number,
    panes,
    rule,
    term,
)

ONE = Amount(constant=1.0)


def example_model() -> Model:
    """Return a model akin to `starter`: two dimensions, one score, a ladder, flags, four alerts."""
    return Model(
        name="example",
        version=1,
        digest="0" * 32,
        touchpoints=entries(),
        dimensions=(
            Dimension("attention", half_life_ms=14 * DAY, half_at=12.0),
            Dimension("enthusiasm", half_life_ms=30 * DAY, half_at=8.0),
        ),
        scores=(Score("engagement", rule(mean_of("attention", "enthusiasm"))),),
        questions=(Question("nps", window_ms=90 * DAY),),
        follows=(Follow("onboarding", open="trial", close="feature", within_ms=7 * DAY),),
        p_alive=PAlive("purchase", r=0.243, alpha=4.414, a=0.793, b=2.426, unit_ms=7 * DAY),
        frameworks=(lifecycle(), milestones()),
        alerts=alerts(),
        segments=("plan",),
        settings=Settings(
            grace_ms=DAY,
            timer_grace_ms=MINUTE,
            session_gap_ms=30 * MINUTE,
            score_interval_ms=MINUTE,
            min_change=1.0,
        ),
    )


def entries() -> tuple[Entry, ...]:
    """Return the touchpoint map."""
    return (
        Entry(
            "Order Completed",
            type="transactional",
            signals=(
                ("purchase", Amount(paths=("properties.revenue", "properties.total"))),
                ("items", Amount(paths=("properties.quantity",))),
            ),
        ),
        Entry("Subscription Cancelled", type="transactional", signals=(("cancellation", ONE),)),
        Entry(
            "Page Viewed",
            where=(Condition("properties.path", "glob", "/pricing*"),),
            type="cognitive",
            signals=(("visit", ONE), ("pricing", ONE)),
            dimensions=(("attention", Amount(constant=12.0)),),
        ),
        Entry(
            "Page Viewed",
            type="cognitive",
            signals=(("visit", ONE),),
            dimensions=(("attention", Amount(constant=6.0)),),
            daily_cap=2,
        ),
        Entry("Trial Started", type="behavioural", signals=(("trial", ONE),)),
        Entry(
            "Feature Used",
            type="behavioural",
            signals=(("feature", ONE),),
            dimensions=(("enthusiasm", Amount(paths=("properties.points",))),),
            seen=(("features", "properties.feature"),),
        ),
        Entry(
            "NPS Answered",
            type="emotional",
            signals=(("survey", ONE),),
            answers=(AnswerSource("nps", "properties.score", 0, 10),),
        ),
        Entry("Newsletter *", activity=False, signals=(("newsletter", ONE),), tag="connect"),
    )


def mean_of(*dimensions: str) -> Fold:
    """Return the mean of dimensions."""
    return Fold(op="mean", arguments=tuple(term("dimension", name) for name in dimensions))


def lifecycle() -> Framework:
    """Return a ladder with exits: aware, engaged, evaluating, customer; dormant, churned, reactivated."""
    silence = Default(operand=term("since", "activity"), fallback=term("tenure"))
    patience = Fold(
        op="max",
        arguments=(
            calculate(number(2), "*", Default(operand=term("rhythm"), fallback=duration(30 * DAY))),
            duration(14 * DAY),
        ),
    )
    return Framework(
        name="clm",
        kind="ladder",
        dwell_ms=24 * HOUR,
        hard=("purchase", "cancellation"),
        stages=(
            Stage("aware"),
            Stage(
                "engaged",
                when=rule(compare(term("score", "engagement"), ">=", 20.0)),
                stay=rule(compare(term("score", "engagement"), ">=", 15.0)),
            ),
            Stage("evaluating", when=rule(compare(term("count", "pricing", panes(30)), ">=", 1))),
            Stage("customer", when=rule(compare(term("since", "purchase"), "<", duration(7 * DAY)))),
        ),
        exits=(
            Stage("churned", when=rule(compare(term("since", "cancellation"), "<", duration(30 * DAY)))),
            Stage(
                "reactivated",
                when=rule(compare(term("since", "activity"), "<", duration(24 * HOUR))),
                from_stages=("dormant", "churned"),
                for_ms=24 * HOUR,
            ),
            Stage("dormant", when=rule(compare(silence, ">", patience))),
        ),
    )


def milestones() -> Framework:
    """Return flags: a first purchase is kept for ever, activity is not."""
    return Framework(
        name="milestones",
        kind="flags",
        stages=(
            Stage("buyer", when=rule(term("ever", "purchase")), latch=True),
            Stage("active", when=rule(compare(term("days_active", "", panes(7)), ">=", 2))),
        ),
    )


def alerts() -> tuple[Alert, ...]:
    """Return two state alerts and two event alerts."""
    before = term("score_at", "engagement", back_ms=28 * DAY)
    now = term("score", "engagement")
    dropped = both(compare(before, ">=", 10.0), compare(now, "<=", calculate(number(0.8), "*", before)))
    recovered = either(compare(now, ">=", calculate(number(0.9), "*", before)), compare(before, "<", 10.0))
    silent = compare(term("since", "activity"), ">", duration(10 * DAY))
    return (
        Alert("drop", "state", when=rule(dropped), clear=rule(recovered), cooldown_ms=28 * DAY),
        Alert("silence", "state", when=rule(silent), cooldown_ms=14 * DAY, severity="warning"),
        Alert(
            "stage_back",
            "event",
            upon_transition=TransitionPattern("clm", direction="back", except_to=("dormant", "churned")),
        ),
        Alert(
            "detractor",
            "event",
            upon_question="nps",
            when=rule(compare(term("answer", "nps"), "<=", 6)),
            cooldown_ms=DAY,
            severity="critical",
        ),
    )
