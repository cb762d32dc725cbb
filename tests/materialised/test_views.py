"""A customer as the topics tell of it."""

from datetime import timedelta

from schemas.views import RecentChange
from streams.materialised import views
from tests.materialised.building import BECAUSE, NOON, STATES, Bench, move, raised, resolved, scores, told


def test_a_customer_is_what_its_outputs_say(bench: Bench) -> None:
    """Scores and stages of the last update, alerts that are open, changes newest first; the rest is empty."""
    bench.take(
        told(move(1)), told(raised(2)), told(resolved(2)), told(raised(90)), told(move(91, "bob")),
        told(scores(92, held=["buyer"], engagement=12.5)),
    )  # fmt: skip

    with bench.file.reading() as connection:
        view = views.customer(connection, "ada", bench.intake.customers, states=STATES)
        nobody = views.customer(connection, "nobody", bench.intake.customers, states=STATES)

    assert nobody is None
    assert view is not None
    assert (view.as_of, view.first, view.last) == (NOON + timedelta(seconds=92), None, None)
    assert view.scores == {"engagement": 12.5, "churn": None}
    assert view.stages == {"clm": "engagement", "habits": ["buyer"]}
    assert [(each.alert, each.since) for each in view.open_alerts] == [("drop", NOON + timedelta(seconds=90))]
    assert [each.kind for each in view.recent] == ["alert_raised", "alert_resolved", "alert_raised", "stage"]
    assert view.recent[-1] == RecentChange(
        at=NOON + timedelta(seconds=1), kind="stage", what="clm", to="engagement"
    )


def test_why_is_what_the_rules_read_at_the_last_move(bench: Bench) -> None:
    """Of each framework the last move counts; a framework without one is left out."""
    bench.take(
        told(move(1)),
        told(move(5, to="dormant")),
        told(raised(6)),
        told(scores(7, stage="dormant", engagement=2.0)),
    )

    with bench.file.reading() as connection:
        why = views.why(connection, "ada", bench.intake.customers, states=STATES)
        nobody = views.why(connection, "nobody", bench.intake.customers, states=STATES)

    assert nobody is None
    assert why is not None
    assert list(why.stages) == ["clm"]
    stage = why.stages["clm"]
    assert (stage.stage, stage.since, stage.rule) == ("dormant", NOON + timedelta(seconds=5), BECAUSE.rule)
    assert stage.values == BECAUSE.values
    assert why.scores["engagement"].value == 2.0
    assert why.alerts["drop"].holds
