"""Metrics of a worker: every series is there from the start, moves, and ends with its partition."""

import json
import logging

import pytest
from prometheus_client import CollectorRegistry

from streams.instrumentation import log
from streams.instrumentation_worker import WorkerInstrumentation
from streams.logs import JsonLines

PHASES = ("taking_over", "running", "stopped")
VERDICTS = ("fenced", "again")


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def told(registry: CollectorRegistry) -> WorkerInstrumentation:
    return WorkerInstrumentation(phases=PHASES, verdicts=VERDICTS, transactions=True, registry=registry)


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, log.name)
    return caplog


def value(registry: CollectorRegistry, metric: str, **labels: str) -> float | None:
    return registry.get_sample_value(f"engagement_{metric}", labels)


def events(lines: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    """Return the log lines without their time."""
    found = [json.loads(JsonLines().format(record)) for record in lines.records]
    return [{name: each for name, each in line.items() if name != "at"} for line in found]


def of_partition(registry: CollectorRegistry, partition: str) -> set[str]:
    """Return the metrics that have a series of this partition."""
    return {
        sample.name
        for family in registry.collect()
        for sample in family.samples
        if sample.labels.get("partition") == partition
    }


def test_every_counter_is_there_from_the_start_at_zero(
    told: WorkerInstrumentation, registry: CollectorRegistry
) -> None:
    """Rates and alerts need the zero, of each verdict too."""
    for verdict in VERDICTS:
        assert value(registry, "flush_failures_total", verdict=verdict) == 0
    for metric in ("rebalances_total", "group_commits_refused_total", "take_over_seconds_count"):
        assert value(registry, metric) == 0


@pytest.mark.parametrize("transactions", [True, False])
def test_the_guarantee_is_a_metric(transactions: bool) -> None:
    """1 for exactly once, 0 for at least once."""
    registry = CollectorRegistry()
    WorkerInstrumentation(phases=PHASES, verdicts=VERDICTS, transactions=transactions, registry=registry)

    assert value(registry, "transactions") == int(transactions)


def test_a_partition_is_in_one_phase(told: WorkerInstrumentation, registry: CollectorRegistry) -> None:
    """Entering one leaves the others; partitions are apart."""
    told.entered(partition=1, phase="taking_over")
    told.entered(partition=2, phase="taking_over")
    told.entered(partition=1, phase="running")

    phases = {
        (number, phase): value(registry, "partition_phase", partition=number, phase=phase)
        for number in ("1", "2")
        for phase in PHASES
    }
    assert {which for which, on in phases.items() if on} == {("1", "running"), ("2", "taking_over")}
    assert None not in phases.values()


def test_a_dropped_partition_leaves_no_series(
    told: WorkerInstrumentation, registry: CollectorRegistry, lines: pytest.LogCaptureFixture
) -> None:
    """Whoever adds up over workers counts it once; one that was never recovered is dropped as well."""
    for partition in (1, 2):
        told.entered(partition=partition, phase="running")
    told.recovering(partition=1, remaining=3)

    told.partition_dropped(partition=1)

    assert of_partition(registry, "1") == set()
    assert of_partition(registry, "2") == {"engagement_partition_phase"}
    told.partition_dropped(partition=2)
    assert of_partition(registry, "2") == set()
    assert [line["event"] for line in events(lines)] == ["partition_dropped"] * 2


def test_a_take_over_shows_what_is_left_and_how_long_it_took(
    told: WorkerInstrumentation, registry: CollectorRegistry, lines: pytest.LogCaptureFixture
) -> None:
    """While it runs the records still to read, at the end none, and one line."""
    told.recovering(partition=1, remaining=1_000)
    during = value(registry, "recovery_remaining_records", partition="1")

    told.taken_over(partition=1, flushes=3, position=70, customers=20, seconds=0.3004)

    assert during == 1_000
    assert value(registry, "recovery_remaining_records", partition="1") == 0
    assert value(registry, "take_over_seconds_sum") == 0.3004
    assert value(registry, "take_over_seconds_bucket", le="0.25") == 0
    assert value(registry, "take_over_seconds_bucket", le="0.5") == 1
    assert events(lines) == [
        {
            "level": "info", "event": "taken_over", "partition": 1, "flushes": 3, "position": 70,
            "customers": 20, "seconds": 0.3,
        }
    ]  # fmt: skip


def test_a_failed_flush_is_counted_by_what_is_done_about_it(
    told: WorkerInstrumentation, registry: CollectorRegistry, lines: pytest.LogCaptureFixture
) -> None:
    """An error that somebody must look at, with its kind and the number of the attempt."""
    told.flush_failed(partition=1, verdict="again", error=TimeoutError("broker"), attempt=2)

    assert value(registry, "flush_failures_total", verdict="again") == 1
    assert value(registry, "flush_failures_total", verdict="fenced") == 0
    assert events(lines) == [
        {
            "level": "error", "event": "flush_failed", "partition": 1, "verdict": "again", "attempt": 2,
            "error": "TimeoutError: broker",
        }
    ]  # fmt: skip


def test_what_the_group_does_is_told(
    told: WorkerInstrumentation, registry: CollectorRegistry, lines: pytest.LogCaptureFixture
) -> None:
    """Assignments with what was kept; refused commits, which only show lag."""
    told.assigned(partitions=[2, 1], kept=[2], generation=4)
    told.commit_refused(error=TimeoutError("late"))

    assert value(registry, "rebalances_total") == 1
    assert value(registry, "group_commits_refused_total") == 1
    assert events(lines) == [
        {"level": "info", "event": "assigned", "partitions": [1, 2], "kept": [2], "generation": 4},
        {"level": "info", "event": "commit_refused", "error": "TimeoutError: late"},
    ]


def test_the_brokers_clock_is_held_against_ours(
    told: WorkerInstrumentation, registry: CollectorRegistry
) -> None:
    """Nothing at the start; behind is below zero; only the last comparison counts."""
    at_start = value(registry, "clock_skew_seconds")
    told.clock_compared(seconds=90.0)
    ahead = value(registry, "clock_skew_seconds")
    told.clock_compared(seconds=-0.5)

    assert (at_start, ahead, value(registry, "clock_skew_seconds")) == (0, 90, -0.5)


def test_the_last_line_of_a_process_that_hangs_says_so(
    told: WorkerInstrumentation, lines: pytest.LogCaptureFixture
) -> None:
    """What stood still, and for how long."""
    told.stuck(what="there is work, and nothing moves", seconds=90.04)

    assert events(lines) == [
        {
            "level": "critical", "event": "stuck", "what": "there is work, and nothing moves",
            "seconds": 90.0,
        }
    ]  # fmt: skip


def test_other_peoples_topics_are_counted_by_topic() -> None:
    """The series of each that is set are there from the start."""
    registry = CollectorRegistry()
    told = WorkerInstrumentation(
        phases=PHASES, verdicts=VERDICTS, transactions=True, registry=registry, foreign=["shop", "web"]
    )

    told.normalised(topic="web", touchpoints=5)

    counts = {name: value(registry, "normalised_touchpoints_total", topic=name) for name in ("shop", "web")}
    assert counts == {"shop": 0, "web": 5}
    assert value(registry, "normalise_missed_records_total", topic="shop") == 0


def test_trouble_with_somebody_elses_topic_is_told(
    told: WorkerInstrumentation, registry: CollectorRegistry, lines: pytest.LogCaptureFixture
) -> None:
    """What expired unread is lost, so somebody must look at it; a failed write is tried again."""
    told.normalise_missed(topic="web", partition=2, records=7)
    told.normalise_failed(topic="web", partition=2, verdict="again", error=OSError("gone"), attempt=1)

    assert value(registry, "normalise_missed_records_total", topic="web") == 7
    assert value(registry, "flush_failures_total", verdict="again") == 1
    assert events(lines) == [
        {"level": "error", "event": "normalise_missed", "topic": "web", "partition": 2, "records": 7},
        {
            "level": "error", "event": "normalise_failed", "topic": "web", "partition": 2,
            "verdict": "again", "attempt": 1, "error": "OSError: gone",
        },
    ]  # fmt: skip


def test_a_partition_of_such_a_topic_leaves_no_lag_behind(
    told: WorkerInstrumentation, registry: CollectorRegistry
) -> None:
    """Also one that never had any."""
    told.normalise_lagging(topic="web", partition=1, records=3)
    before = value(registry, "normalise_lag_records", topic="web", partition="1")

    for partition in (1, 2):
        told.normalise_dropped(topic="web", partition=partition)

    assert before == 3
    assert of_partition(registry, "1") == of_partition(registry, "2") == set()
