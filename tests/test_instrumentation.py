"""Metrics: the sums hold, every series is there from the start, and nobody can be found in them."""

import json
import logging
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from prometheus_client import CollectorRegistry

from schemas.dead_letter import DeadLetter, DeadLetterReason, LateTouchpoint
from schemas.outputs import (
    AlertRaised,
    AlertResolved,
    Because,
    MoveDirection,
    Severity,
    StageChanged,
    Trigger,
)
from streams.instrumentation import (
    FORMER,
    NONE,
    Instrumentation,
    Refusal,
    Source,
    log,
)
from streams.ledger import OUTCOMES
from streams.logs import JsonLines
from streams.model.definition import Alert, Framework, Model, Stage
from streams.runtime.record import Record
from streams.runtime.suspects import ProcessingFailed

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BECAUSE = Because(rule="", values={}, touchpoints=[], trigger=Trigger(kind="time"))
CUSTOMER = "ada@example.org"
RECORDS = [Record(offset, 0, CUSTOMER.encode(), CUSTOMER.encode()) for offset in (5, 6)]
MODEL = Model(
    name="starter",
    version=3,
    digest="d1",
    frameworks=(
        Framework(
            name="clm",
            kind="ladder",
            stages=(Stage(name="awareness"), Stage(name="purchase")),
            exits=(Stage(name="dormant"),),
        ),
    ),
    alerts=(Alert(name="drop", kind="state", severity="warning"),),
)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def told(registry: CollectorRegistry) -> Instrumentation:
    return Instrumentation(MODEL, build="1.2.3", registry=registry)


def value(registry: CollectorRegistry, metric: str, **labels: str) -> float:
    found = registry.get_sample_value(f"engagement_{metric}", labels)
    assert found is not None, f"no series {metric} {labels}"
    return found


def total(registry: CollectorRegistry, metric: str) -> float:
    return sum(
        sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == f"engagement_{metric}_total"
    )


def moved(framework: str, before: str | None, after: str | None) -> StageChanged:
    return StageChanged(
        id="1",
        customer_id=CUSTOMER,
        at=NOON,
        model="starter",
        model_version=3,
        framework=framework,
        from_stage=before,
        to_stage=after,
        direction=MoveDirection.FORWARD,
        dwell_ms=0,
        because=BECAUSE,
    )


def raised(alert: str) -> AlertRaised:
    return AlertRaised(
        id="1",
        customer_id=CUSTOMER,
        at=NOON,
        model="starter",
        model_version=3,
        alert=alert,
        severity=Severity.WARNING,
        message=f"{CUSTOMER} drops",
        because=BECAUSE,
    )


def resolved(alert: str) -> AlertResolved:
    return AlertResolved(
        id="2",
        customer_id=CUSTOMER,
        at=NOON,
        model="starter",
        model_version=3,
        alert=alert,
        raised_id="1",
        because=BECAUSE,
    )


def letters(*reasons: DeadLetterReason) -> list[DeadLetter]:
    return [DeadLetter(reason=reason, message="why", value=CUSTOMER.encode()) for reason in reasons]


def exercise(told: Instrumentation) -> None:
    """Let everything happen once."""
    told.recovered(customers=1, position=1, seconds=0.5)
    told.serving(url="http://127.0.0.1:1")
    told.appended(seconds=0.1)
    told.append_failed(records=1, error=OSError("full"))
    told.flushed(number=1, position=1, size=100, seconds=0.1)
    told.processed(
        records=10,
        before={"applied": 5, "duplicate": 1},
        after={"applied": 10, "unmapped": 2, "duplicate": 3, "conflict": 1, "late": 1, "dead_letter": 2},
        seconds=0.1,
    )
    told.processing_failed(partition=0, failed=ProcessingFailed(RECORDS, ValueError("bug"), failures=1))
    told.dead_lettered(letters(DeadLetterReason.INVALID, DeadLetterReason.INVALID))
    told.dead_lettered(letters(DeadLetterReason.NOT_JSON), source=Source.EDGE)
    told.arrived_late([LateTouchpoint(customer_id=CUSTOMER, value=b"{}", late_by_ms=5)])
    told.moved(
        [moved("clm", None, "awareness"), moved("clm", "awareness", "purchase"), moved("old", "a", "b")]
    )
    told.moved([moved("clm", "renamed", "purchase")])
    told.alerted([raised("drop"), resolved("drop"), raised("old")])
    told.emitted(scores=3)
    told.received(accepted=2, refused=[DeadLetterReason.INVALID])
    told.refused(Refusal.HOST, detail="evil.example")
    told.request_failed(error=ValueError("bug"))
    told.feed_failed(error=ValueError("bug"))
    told.failed(error=ValueError("bug"))
    told.stopped(reason="SIGTERM")


def series(registry: CollectorRegistry) -> set[tuple[str, tuple[tuple[str, str], ...]]]:
    return {
        (sample.name, tuple(sorted(sample.labels.items())))
        for family in registry.collect()
        for sample in family.samples
    }


def test_records_read_are_the_sum_of_what_became_of_them(
    told: Instrumentation, registry: CollectorRegistry
) -> None:
    """The conservation law, over metrics: a record ends in exactly one outcome; parts are counted apart."""
    totals = {"applied": 0}
    for outcome in OUTCOMES:
        before, totals = totals, totals | {outcome: totals.get(outcome, 0) + 3}
        told.processed(records=3, before=before, after=totals, seconds=0.0)
    told.processed(
        records=5,
        before=totals,
        after=totals | {"applied": totals["applied"] + 5, "unmapped": 4},
        seconds=0.0,
    )

    assert total(registry, "records_read") == 3 * len(OUTCOMES) + 5
    assert total(registry, "touchpoints") == total(registry, "records_read")
    assert value(registry, "touchpoints_unmapped_total") == 4


def test_a_lost_record_would_show(told: Instrumentation, registry: CollectorRegistry) -> None:
    """The fault planted: a record that ends nowhere makes the two sums differ."""
    told.processed(records=2, before={}, after={"applied": 1}, seconds=0.0)

    assert total(registry, "touchpoints") != total(registry, "records_read")


def test_totals_from_before_a_restart_are_not_counted_again(
    told: Instrumentation, registry: CollectorRegistry
) -> None:
    """The processor's totals outlive the process; its metrics are the process's own."""
    told.processed(records=2, before={"applied": 1_000}, after={"applied": 1_002}, seconds=0.0)

    assert value(registry, "touchpoints_total", outcome="applied") == 2


def test_every_series_is_there_from_the_start_at_zero(
    told: Instrumentation, registry: CollectorRegistry
) -> None:
    """Rates and alerts need the zero: each outcome, reason, stage pair and alert is touched."""
    counters = [
        sample for family in registry.collect() if family.type == "counter" for sample in family.samples
    ]

    assert all(sample.value == 0 for sample in counters)
    for outcome in OUTCOMES:
        assert value(registry, "touchpoints_total", outcome=outcome) == 0
    for reason in DeadLetterReason:
        for source in Source:
            assert value(registry, "dead_letters_total", reason=reason, source=source) == 0
        assert value(registry, "ingest_items_total", result=reason) == 0
    for refusal in Refusal:
        assert value(registry, "requests_refused_total", reason=refusal) == 0
    for before in (NONE, "awareness", "purchase", "dormant"):
        for after in ("awareness", "purchase", "dormant"):
            if before != after:
                labels = {"framework": "clm", "from_stage": before, "to_stage": after}
                assert value(registry, "transitions_total", **labels) == 0
    assert value(registry, "alerts_raised_total", alert="drop", severity="warning") == 0
    assert value(registry, "alerts_resolved_total", alert="drop", severity="warning") == 0


def test_what_happens_makes_no_series_but_those_of_a_former_model(
    told: Instrumentation, registry: CollectorRegistry
) -> None:
    """Labels are closed: all that can happen moves series that were there, and one name for what is gone."""
    at_start = series(registry)

    exercise(told)

    new = {labels for _, labels in series(registry) - at_start}
    assert new
    assert all(FORMER in dict(labels).values() for labels in new)


def test_no_customer_is_in_a_label_or_a_log_line(
    told: Instrumentation, registry: CollectorRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither metrics nor logs say who it was."""
    caplog.set_level(logging.DEBUG, log.name)

    exercise(told)

    lines = [JsonLines().format(record) for record in caplog.records]
    assert len(lines) > 10
    assert not any(CUSTOMER in text for text in (*lines, *_texts(series(registry))))


def test_happenings_are_counted_where_they_belong(told: Instrumentation, registry: CollectorRegistry) -> None:
    """Each function moves its own metric, by as much as happened."""
    exercise(told)

    assert value(registry, "dead_letters_total", reason="invalid", source="log") == 2
    assert value(registry, "dead_letters_total", reason="not_json", source="edge") == 1
    assert value(registry, "transitions_total", framework="clm", from_stage=NONE, to_stage="awareness") == 1
    assert value(registry, "transitions_total", framework="clm", from_stage=FORMER, to_stage="purchase") == 1
    assert value(registry, "transitions_total", framework=FORMER, from_stage=FORMER, to_stage=FORMER) == 1
    assert value(registry, "alerts_raised_total", alert="drop", severity="warning") == 1
    assert value(registry, "alerts_raised_total", alert=FORMER, severity=FORMER) == 1
    assert value(registry, "alerts_resolved_total", alert="drop", severity="warning") == 1
    assert value(registry, "scores_emitted_total") == 3
    assert value(registry, "ingest_items_total", result="accepted") == 2
    assert value(registry, "requests_refused_total", reason="host") == 1
    assert value(registry, "processing_failures_total") == 1
    assert value(registry, "flush_bytes_total") == 100
    assert value(registry, "flush_seconds_count") == 1
    assert value(registry, "log_append_failures_total") == 1
    assert value(registry, "touchpoints_conflicting_total") == 1


def test_model_and_build_are_said(told: Instrumentation, registry: CollectorRegistry) -> None:
    """A dashboard can show which rules and which version made its figures."""
    assert value(registry, "model_info", name="starter", version="3", digest="d1") == 1
    assert value(registry, "build_info", version="1.2.3") == 1


def test_a_log_line_is_one_json_object_that_nobody_can_forge(
    told: Instrumentation, caplog: pytest.LogCaptureFixture
) -> None:
    """Line breaks and quotes that came from outside stay inside their field."""
    caplog.set_level(logging.INFO, log.name)
    forged = 'evil\n{"event": "stopped"}\u2028'

    told.refused(Refusal.HOST, detail=forged)

    [line] = [JsonLines().format(record) for record in caplog.records]
    assert len(line.splitlines()) == 1
    assert {key: each for key, each in json.loads(line).items() if key != "at"} == {
        "level": "info",
        "event": "request_refused",
        "reason": "host",
        "detail": forged,
    }


def test_a_defect_is_logged_with_its_traceback(
    told: Instrumentation, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever mends it needs the place, in the code and in the log."""
    told.request_failed(error=ValueError("bug"))
    told.processing_failed(partition=2, failed=ProcessingFailed(RECORDS, ValueError("bug"), failures=1))

    lines = [json.loads(JsonLines().format(record)) for record in caplog.records]
    assert ["ValueError: bug" in line["traceback"] for line in lines] == [True, True]
    assert lines[1] | {"partition": 2, "first": 5, "last": 6, "failures": 1} == lines[1]
    assert (lines[1]["event"], lines[1]["level"]) == ("processing_failed", "error")


def _texts(found: Iterable[object]) -> Iterable[str]:
    return map(repr, found)
